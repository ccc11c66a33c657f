"""Facts about everyday things, written by hand for textenvs: which of the things each trait belongs to.

Things are meant as they usually are: grown, of a common kind and size, complete and on their own.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from textenvs.core.game import Random
from textenvs.core.reading import last_phrase

THINGS = (
    "dog", "car", "eagle", "apple", "cat", "guitar", "whale", "shirt", "horse", "knife", "goldfish", "oak",
    "television", "spider", "rose", "truck", "lion", "cup", "sparrow", "carrot", "flute", "crocodile", "key",
    "airplane", "zebra", "butterfly", "book", "penguin", "scissors", "orange", "elephant", "canoe", "snail", "ring",
    "tulip", "wolf", "hair dryer", "frog", "bicycle", "tiger", "chair", "dolphin", "fork", "strawberry", "cobra",
    "violin", "rabbit", "submarine", "canary", "sword", "cow", "tent", "vampire bat", "watermelon", "giraffe",
    "sandal", "herring", "house", "squirrel", "saxophone", "camel", "towel", "porcupine", "pumpkin", "bear",
    "hamster",
)  # fmt: skip
"""Names of the things, the first ones as unlike as possible."""

NAMES = {thing: thing for thing in THINGS} | {
    "plane": "airplane", "aeroplane": "airplane", "bike": "bicycle", "automobile": "car", "lorry": "truck",
    "tv": "television", "hairdryer": "hair dryer", "bat": "vampire bat", "oak tree": "oak", "sax": "saxophone",
}  # fmt: skip
"""From what a thing may be called to its name."""


class Trait(NamedTuple):
    """Something that is true of some things and false of all others.

    Attributes:
        question: asks for it, with a question mark.
        holds: says that it is true.
        fails: says that it is false.
        short: other ways of asking, without "it" and question mark.
        things: what it is true of.
    """

    question: str
    holds: str
    fails: str
    short: tuple[str, ...]
    things: frozenset[str]

    def of(self, thing: str) -> str:
        """Return the sentence that is true of `thing`."""
        return self.holds if thing in self.things else self.fails


def _is(what: str, *short: str, of: str) -> Trait:
    """Return a trait such as being an animal."""
    return Trait(f"Is it {what}?", f"It is {what}.", f"It is not {what}.", (what, *short), _set(of))


def _has(what: str, *short: str, of: str) -> Trait:
    """Return a trait such as having wings."""
    return Trait(f"Does it have {what}?", f"It has {what}.", f"It does not have {what}.", (what, *short), _set(of))


def _does(verb: str, does: str, *short: str, of: str) -> Trait:
    """Return a trait such as hatching from an egg."""
    return Trait(f"Does it {verb}?", f"It {does}.", f"It does not {verb}.", (verb, does, *short), _set(of))


def _people(verb: str, *short: str, of: str) -> Trait:
    """Return a trait such as being worn by people."""
    return Trait(f"Do people {verb}?", f"People {verb}.", f"People do not {verb}.", (verb, *short), _set(of))


def _set(names: str) -> frozenset[str]:
    return frozenset(name.strip() for name in names.split(","))


TRAITS: dict[str, Trait] = {
    "animal": _is(
        "an animal",
        "animal",
        of="dog, cat, cow, horse, camel, rabbit, hamster, elephant, lion, tiger, zebra, giraffe, wolf, bear, "
        "porcupine, squirrel, vampire bat, whale, dolphin, eagle, penguin, sparrow, canary, crocodile, cobra, "
        "frog, goldfish, herring, butterfly, spider, snail",
    ),
    "mammal": _is(
        "a mammal",
        "mammal",
        of="dog, cat, cow, horse, camel, rabbit, hamster, elephant, lion, tiger, zebra, giraffe, wolf, bear, "
        "porcupine, squirrel, vampire bat, whale, dolphin",
    ),
    "bird": _is("a bird", "bird", of="eagle, penguin, sparrow, canary"),
    "cat": _is("a member of the cat family", "in the cat family", "of the cat family", of="cat, lion, tiger"),
    "dog": _is("a member of the dog family", "in the dog family", "of the dog family", of="dog, wolf"),
    "pet": _is(
        "commonly kept as a pet or a farm animal",
        "kept as a pet",
        "a pet",
        "a farm animal",
        "pet or farm animal",
        of="dog, cat, cow, horse, camel, rabbit, hamster, canary, goldfish",
    ),
    "four legs": _is(
        "an animal with four legs",
        "four legs",
        "4 legs",
        "four-legged",
        of="dog, cat, cow, horse, camel, rabbit, hamster, elephant, lion, tiger, zebra, giraffe, wolf, bear, "
        "porcupine, squirrel, crocodile, frog",
    ),
    "no legs": _is(
        "an animal without legs",
        "no legs",
        "without legs",
        "legless",
        of="whale, dolphin, cobra, goldfish, herring, snail",
    ),
    "wings": _has("wings", of="eagle, penguin, sparrow, canary, vampire bat, butterfly, airplane"),
    "hooves": _has("hooves", "hoofs", of="cow, horse, zebra, giraffe"),
    "quills": _has("thorns or sharp quills", "thorns", "quills", of="porcupine, rose"),
    "stripes": _is("known for its stripes", "striped", "stripes", of="zebra, tiger"),
    "orange": _is(
        "mostly orange in colour",
        "orange",
        "orange in colour",
        "orange in color",
        "orange coloured",
        "orange colored",
        of="tiger, goldfish, orange, carrot, pumpkin",
    ),
    "fly": Trait(
        "Can it fly?",
        "It can fly.",
        "It cannot fly.",
        ("fly", "able to fly", "flies"),
        _set("eagle, sparrow, canary, vampire bat, butterfly, airplane"),
    ),
    "water": _does(
        "spend its whole life in water",
        "spends its whole life in water",
        "live in water",
        "lives in water",
        of="whale, dolphin, goldfish, herring",
    ),
    "egg": _does(
        "hatch from an egg",
        "hatches from an egg",
        "hatch",
        "from an egg",
        "lay eggs",
        "lays eggs",
        of="eagle, penguin, sparrow, canary, crocodile, cobra, frog, goldfish, herring, butterfly, spider, snail",
    ),
    "kilogram": _does(
        "weigh less than one kilogram",
        "weighs less than one kilogram",
        "weigh less than a kilogram",
        "weigh less than 1 kg",
        "weigh less than 1 kilogram",
        "less than one kilogram",
        "than one kilogram",
        "than a kilogram",
        of="hamster, squirrel, vampire bat, sparrow, canary, frog, goldfish, herring, butterfly, spider, snail, "
        "rose, tulip, orange, apple, strawberry, carrot, violin, flute, shirt, sandal, ring, towel, knife, "
        "fork, scissors, key, cup, hair dryer, book",
    ),
    "person": _does(
        "weigh more than a grown person",
        "weighs more than a grown person",
        "than a person",
        "than a grown person",
        of="cow, horse, camel, elephant, lion, tiger, zebra, giraffe, bear, whale, dolphin, crocodile, oak, car, "
        "truck, airplane, submarine, house",
    ),
    "car": _does(
        "weigh more than a car",
        "weighs more than a car",
        "than a car",
        of="elephant, whale, oak, truck, airplane, submarine, house",
    ),
    "plant": _is("a tree or a flower", "a tree", "a flower", "tree or flower", of="oak, rose, tulip"),
    "produce": _is(
        "a fruit or a vegetable",
        "a fruit",
        "a vegetable",
        "fruit or vegetable",
        of="orange, apple, strawberry, watermelon, carrot, pumpkin",
    ),
    "on trees": _does("grow on trees", "grows on trees", "grow on a tree", "grows on a tree", of="orange, apple"),
    "made": _is(
        "made by people",
        "man-made",
        "artificial",
        "human-made",
        of="car, truck, bicycle, airplane, canoe, submarine, guitar, violin, flute, saxophone, shirt, sandal, "
        "ring, tent, towel, chair, knife, fork, scissors, sword, key, cup, television, hair dryer, house, "
        "book",
    ),
    "vehicle": _is("a vehicle", "vehicle", of="car, truck, bicycle, airplane, canoe, submarine"),
    "engine": _has("an engine", "engine", of="car, truck, airplane, submarine"),
    "wheels": _has("wheels", of="car, truck, bicycle, airplane"),
    "instrument": _is(
        "a musical instrument", "musical instrument", "an instrument", of="guitar, violin, flute, saxophone"
    ),
    "metal": _is(
        "made mostly of metal",
        "mostly metal",
        "made of metal",
        "metal",
        of="car, truck, bicycle, airplane, submarine, flute, saxophone, ring, knife, fork, scissors, sword, key",
    ),
    "cloth": _is(
        "made mostly of cloth", "mostly cloth", "made of cloth", "made of fabric", "cloth", of="shirt, tent, towel"
    ),
    "cutting": _is("made for cutting", "for cutting", "used for cutting", "used to cut", of="knife, scissors, sword"),
    "kitchen": _people(
        "cook, eat or drink with it",
        "eat with it",
        "cook with it",
        "drink with it",
        "cook, eat or drink with",
        of="knife, fork, cup",
    ),
    "ride": _people("ride on its back", "ride on it", "ridden", of="horse, camel, elephant"),
    "wear": _people("wear it", "worn", of="shirt, sandal, ring"),
    "plug": _people(
        "plug it into the wall to use it",
        "plug it in",
        "plugged in",
        "plug it into the wall",
        of="television, hair dryer",
    ),
}
"""The traits by their keys."""


@lru_cache(maxsize=256)
def telling_traits(things: tuple[str, ...]) -> tuple[str, ...]:
    """Return the keys of traits that divide `things`, without those that divide them like an earlier one."""
    divisions: dict[tuple[bool, ...], str] = {}
    for key, trait in TRAITS.items():
        has = tuple(thing in trait.things for thing in things)
        if len(set(has)) == 2:
            divisions.setdefault(has if has[0] else tuple(not one for one in has), key)
    return tuple(divisions.values())


def draw_things(among: int, number: int, random: Random) -> tuple[str, ...]:
    """Draw `number` of the first `among` things, every choice equally likely; they keep their order."""
    drawn = sorted(random.shuffled(range(among))[:number])
    return tuple(THINGS[place] for place in drawn)


# Reading ---------------------------------------------------------------------------------------------

WITH_ARTICLE = {f"{article} {name}": thing for name, thing in NAMES.items() for article in ("a", "an", "the")}

_ANSWERS = re.compile(
    r"\b(?:guess(?:ing)?|name|answer|choose|pick|must\s+be|(it\s+is|it's|that\s+is|thing\s+is))\b([^?!;\n]{1,90})",
    re.IGNORECASE,
)
_DENIED = re.compile(r"\bnot\s+(?:(?:an?|the)\s+)?", re.IGNORECASE)
_COMPARED = re.compile(r"\b(?:than|like|as)\s+(?:an?|the)\s+(?!car\b|person\b|grown\b|kilogram\b|pet\b)", re.IGNORECASE)
_CLAUSES = 50


def last_clauses(opening: re.Pattern[str], text: str) -> list[re.Match[str]]:
    """Return the last 50 matches of `opening` in a reply, the last one first."""
    return list(opening.finditer(text))[-_CLAUSES:][::-1]


def without_comparisons(text: str) -> str:
    """Return `text` with the article left out in "like a zebra", so that a zebra is not what it names."""
    return _COMPARED.sub("than ", text)


def last_answer(text: str) -> tuple[int, str] | None:
    """Return where the last clause of a reply ends that names a thing as the answer, and the thing.

    Such are "I guess dog" and "it is a dog", but not "it is not a dog", nor "it is orange".
    """
    for clause in last_clauses(_ANSWERS, text):
        statement, rest = clause.groups()
        thing = last_phrase(_DENIED.sub("not-", rest), WITH_ARTICLE if statement else NAMES)
        if thing:
            return clause.end(), thing
    return None
