"""Translate phrases into an invented language that is learned from corrections."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import islice, permutations, product
from math import perm
from typing import ClassVar, NamedTuple

from textenvs.core.errors import ArgumentError, check_range
from textenvs.core.game import Distribution, Game, Levels, Random, uniform
from textenvs.core.refusal import Refusal

Morpheme = int  # from 0 the stems: nouns, verbs, adjectives; below 0 the affixes
Word = tuple[Morpheme, ...]  # as written

PLURAL, PAST, OBJECT = -1, -2, -3


class Noun(NamedTuple):
    """A noun with what belongs to it; nouns and adjectives are stems."""

    noun: Morpheme
    is_plural: bool = False
    adjective: Morpheme | None = None


class Phrase(NamedTuple):
    """What a phrase means."""

    subject: Noun
    verb: Morpheme
    is_past: bool = False
    object: Noun | None = None


class Grammar(NamedTuple):
    """How words are put together.

    Attributes:
        order: of subject, verb and object, such as "SVO".
        adjective_first: whether adjectives stand before their noun.
        prefixed: whether the affixes for plural, past and object stand before the stem.
    """

    order: str
    adjective_first: bool
    prefixed: tuple[bool, ...]


class Tongue(NamedTuple):
    """The language to learn: its grammar, a form for each stem, and for the affixes of plural, past and object."""

    grammar: Grammar
    stems: tuple[str, ...]
    affixes: tuple[str, ...]


class LanguageState(NamedTuple):
    """The secret language, the phrases to translate, and how that went.

    Attributes:
        tongue: the language.
        phrases: all phrases of the episode.
        number: phrases answered.
        right: how many of them rightly.
        was_right: whether the last one was, None before the first.
    """

    tongue: Tongue
    phrases: tuple[Phrase, ...]
    number: int = 0
    right: int = 0
    was_right: bool | None = None


@dataclass(frozen=True)
class Language(Game[LanguageState, str]):
    """Translate English phrases into an invented language; every answer is corrected, no phrase comes twice.

    Source:
        Written for textenvs, after the learning of artificial grammars (Reber 1967,
        doi:10.1016/S0022-5371(67)80149-X) and the translation puzzles of linguistics olympiads: what is
        learned from some phrases has to be put together anew for others.
    Players and turns:
        One player, one translation a turn.
    What the player sees:
        Whether the last translation was right, if not the right one, and the next phrase. Earlier
        corrections are not repeated: they have to be remembered.
    Replies:
        `say tavo miku`, or just the words. In a longer reply what follows "say", "answer" or "translation"
        counts, else the last row of as many words as the phrase needs, else the last row of words. Hyphens
        within a word are ignored. A word is one of the stems with at most two affixes on either side; any
        row of up to 12 words may be said. The legal moves that are listed, for blind play and for
        planning, are the translations that some language of the family gives where these are at most
        1,000, else those that the corrections leave, unknown stems and affixes taken in order, and 20 that
        ignore the corrections.
    Rules:
        Each stem means one noun, verb or adjective, and all assignments are equally likely; so are those of
        forms to affixes, the positions of each affix before or after the stem, the orders of subject, verb
        and object, and those of adjective and noun. Nouns in the plural have an affix (grammar 1 and
        higher), verbs in the past too (2 and higher); there are adjectives, which never have one (3 and
        higher), and objects, whose noun has an affix outside of that for the plural (4). Singular, present
        and subject are not marked, and "the" is not translated. Phrases are uniform over all there are,
        but none comes twice.
    Rewards:
        1 / phrases for each right translation. Return in 0 … 1.
    End:
        After the last phrase.
    Parameters:
        phrases: the number of phrases to translate.
        grammar: 0 to 4, see Rules.
        nouns: the number of nouns.
        verbs: the number of verbs.
        adjectives: the number of adjectives, without effect below grammar 3.
    Size:
        With m stems and a affixes m! x 4! / (4 - a)! x 2^a x (number of orders) languages: 48 for grammar=0,
        nouns=3, verbs=1, 7 x 10^7 at the defaults. `phrases` turns.
    Known values:
        What is said changes nothing that comes later, so that greedy play by all that is known is optimal.
        grammar=0, nouns=3, verbs=1, phrases=3: optimal and myopic (1/12 + 1/4 + 1) / 3 = 4/9: at first 4 x 3
        pairs of stems may be right, then two for each order, then the last noun is the last stem. Plan and
        random 1/12. The expert is optimal there; at the defaults it returns 0.73 on average (60 seeds).
    Versions:
        v0: first release.
    """

    open_ended: ClassVar[bool] = True
    levels: ClassVar[Levels] = {
        "easy": {"phrases": 3, "grammar": 0, "nouns": 3, "verbs": 1},
        "medium": {},
        "hard": {"phrases": 40, "grammar": 4, "nouns": 6, "verbs": 4, "adjectives": 3},
        "extreme": {"phrases": 200, "grammar": 4, "nouns": 10, "verbs": 8, "adjectives": 6},
    }

    phrases: int = 15
    grammar: int = 3
    nouns: int = 4
    verbs: int = 3
    adjectives: int = 2

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("phrases", self.phrases, 1, 1_000)
        check_range("grammar", self.grammar, 0, 4)
        check_range("nouns", self.nouns, 1, len(_NOUNS))
        check_range("verbs", self.verbs, 1, len(_VERBS))
        check_range("adjectives", self.adjectives, 1, len(_ADJECTIVES))
        if self.phrases > self._number_of_phrases:
            raise ArgumentError(f"phrases must be at most {self._number_of_phrases} here, not {self.phrases}")

    @property
    def max_turns(self) -> int:
        return self.phrases

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 1.0)

    @property
    def _stems(self) -> tuple[str, ...]:
        return _STEMS[: self.nouns + self.verbs + len(self._adjectives)]

    @property
    def _adjectives(self) -> tuple[str, ...]:
        return _ADJECTIVES[: self.adjectives] if self.grammar >= 3 else ()

    @property
    def _number_of_phrases(self) -> int:
        nouns = self.nouns * (2 if self.grammar else 1) * (1 + len(self._adjectives))
        return nouns * self.verbs * (2 if self.grammar >= 2 else 1) * (nouns if self.grammar == 4 else 1)

    # The opening ---------------------------------------------------------------------------------

    def deals(self) -> Distribution[LanguageState] | None:
        grammars, affixes = _grammars(self.grammar), _number_of_affixes(self.grammar)
        tongues = len(grammars) * perm(len(self._stems)) * perm(len(_AFFIXES), affixes)
        if tongues * perm(self._number_of_phrases, self.phrases) > _LISTED:
            return None
        parts = product(grammars, permutations(self._stems), permutations(_AFFIXES, affixes))
        phrases = list(permutations(self._all_phrases(), self.phrases))
        return uniform([LanguageState(Tongue(*tongue), chosen) for tongue, chosen in product(parts, phrases)])

    def deal(self, random: Random) -> LanguageState:
        grammar = random.choice(_grammars(self.grammar))
        affixes = random.shuffled(_AFFIXES)[: _number_of_affixes(self.grammar)]
        phrases: dict[Phrase, None] = {}
        while len(phrases) < self.phrases:
            phrases[self._draw_phrase(random)] = None
        return LanguageState(Tongue(grammar, random.shuffled(self._stems), affixes), tuple(phrases))

    def content(self, state: LanguageState) -> Tongue:
        return state.tongue

    @property
    def _all_nouns(self) -> list[Noun]:
        first_adjective = self.nouns + self.verbs
        adjectives = range(first_adjective, len(self._stems))
        numbers = (False, True) if self.grammar >= 1 else (False,)
        return [Noun(*each) for each in product(range(self.nouns), numbers, (None, *adjectives))]

    def _parts_of_phrases(self) -> tuple[Sequence[Noun], Sequence[Morpheme], Sequence[bool], Sequence[Noun | None]]:
        """Return what a phrase can be made of, for each of its places."""
        tenses = (False, True) if self.grammar >= 2 else (False,)
        objects = self._all_nouns if self.grammar == 4 else (None,)
        return self._all_nouns, range(self.nouns, self.nouns + self.verbs), tenses, objects

    def _all_phrases(self) -> list[Phrase]:
        return [Phrase(*parts) for parts in product(*self._parts_of_phrases())]

    def _draw_phrase(self, random: Random) -> Phrase:
        subjects, verbs, tenses, objects = self._parts_of_phrases()
        return Phrase(random.choice(subjects), random.choice(verbs), random.choice(tenses), random.choice(objects))

    # The rules -----------------------------------------------------------------------------------

    def to_move(self, state: LanguageState) -> tuple[int, ...]:
        return () if state.number == self.phrases else (0,)

    def legal(self, state: LanguageState, player: int) -> tuple[str, ...]:
        return _sensible(self, _corrections(state), state.phrases[state.number])

    def apply(self, state: LanguageState, move: str) -> LanguageState:
        was_right = move == translation(state.tongue, state.phrases[state.number])
        return state._replace(number=state.number + 1, right=state.right + was_right, was_right=was_right)

    def rewards(self, state: LanguageState, move: str, after: LanguageState) -> tuple[float, ...]:
        return (1 / self.phrases if after.was_right else 0.0,)

    # The words -----------------------------------------------------------------------------------

    def instructions(self, player: int) -> str:
        meanings = [
            _listed("noun", [singular for singular, _ in _NOUNS[: self.nouns]]),
            _listed("verb", [present for present, _ in _VERBS[: self.verbs]]),
            *([_listed("adjective", self._adjectives)] if self._adjectives else []),
        ]
        affixes = f" Each affix is one of {', '.join(_AFFIXES)}, written directly before or after the word."
        return (
            f"Learn an invented language. Its stems are {', '.join(self._stems)}. Each of them means one of these: "
            f"{'; '.join(meanings)}. {_RULES[self.grammar]}{affixes if self.grammar else ''} "
            f'{_ORDER[self.grammar]} "The" is not translated. All else you have to find out.\n'
            f"I give you {_count(self.phrases, 'English phrase')} to translate. After each answer I tell you the right "
            f"translation. {'Each' if self.phrases > 1 else 'A'} right answer earns {_points(1 / self.phrases)}.\n"
            f"Reply with the words of your translation, for example: say {' '.join(self._stems[:2])}"
        )

    def view(self, state: LanguageState, player: int) -> str:
        news = self._news(state)
        if state.number == self.phrases:
            return f"{news}\nYou translated {state.right} of {_count(self.phrases, 'phrase')} right."
        phrase = self._english(state.phrases[state.number])
        return f"{news}\nPhrase {state.number + 1} of {self.phrases}: {phrase}".strip()

    def _news(self, state: LanguageState) -> str:
        """What came of the last answer."""
        if state.was_right is None:
            return ""
        phrase = state.phrases[state.number - 1]
        right = f'"{self._english(phrase)}" is "{translation(state.tongue, phrase)}".'
        return f"Right: {right}" if state.was_right else f"Wrong: {right}"

    def _english(self, phrase: Phrase) -> str:
        present, past = _VERBS[phrase.verb - self.nouns]
        verb = past if phrase.is_past else present if phrase.subject.is_plural else _third_person(present)
        parts = [self._english_noun(phrase.subject), verb]
        return " ".join([*parts, self._english_noun(phrase.object)] if phrase.object else parts)

    def _english_noun(self, noun: Noun) -> str:
        adjective = "" if noun.adjective is None else f"{self._adjectives[noun.adjective - self.nouns - self.verbs]} "
        return f"the {adjective}{_NOUNS[noun.noun][noun.is_plural]}"

    def say(self, state: LanguageState, move: str) -> str:
        return f"say {move}"

    def read(self, state: LanguageState, player: int, text: str) -> str | Refusal:
        text = _HYPHEN.sub("", text.lower())
        rows = [_WORD.findall(row) for row in _SAID.findall(text) or _ROW.findall(text)]
        if not rows:
            example = " ".join(self._stems[:2])
            return Refusal(
                f"I read no words of the language in that. Reply with a translation, such as: say {example}."
            )
        needed = len(words(state.tongue.grammar, state.phrases[state.number]))
        fitting = [row for row in rows if len(row) == needed]
        return " ".join((fitting or rows)[-1])

    def vocabulary(self) -> tuple[str, ...]:
        nouns = [form for forms in _NOUNS[: self.nouns] for form in forms]
        verbs = [form for present, past in _VERBS[: self.verbs] for form in (present, _third_person(present), past)]
        return (*self._stems, *_AFFIXES, *nouns, *verbs, *self._adjectives)

    def expert(self, state: LanguageState, player: int) -> Distribution[str]:
        """The likeliest translation by all corrections: optimal where only one language is left, else nearly so."""
        return ((_likeliest(self, _corrections(state), state.phrases[state.number]), Fraction(1)),)


_LISTED = 20_000
"""More deals than these are drawn, not listed."""

_NOUNS = (
    ("dog", "dogs"), ("cat", "cats"), ("king", "kings"), ("bird", "birds"), ("girl", "girls"), ("horse", "horses"),
    ("bear", "bears"), ("boy", "boys"), ("queen", "queens"), ("cow", "cows"),
)  # fmt: skip
_VERBS = (
    ("call", "called"), ("watch", "watched"), ("help", "helped"), ("pull", "pulled"), ("push", "pushed"),
    ("follow", "followed"), ("answer", "answered"), ("visit", "visited"),
)  # fmt: skip
_ADJECTIVES = ("big", "old", "red", "young", "small", "white")

_STEMS = (
    "tavo", "miku", "lesa", "gira", "pelu", "kemo", "rafi", "zeno", "budi", "nalo", "sume", "vika", "hoda", "jeru",
    "lomi", "fipa", "gusa", "deko", "wani", "tiru", "pabo", "yosa", "begi", "cuma",
)  # fmt: skip
_AFFIXES = ("ne", "bu", "ti", "xo")
_STEM_LENGTH, _AFFIX_LENGTH = 4, 2

_TWO_AFFIXES = "One affix marks nouns in the plural, another one verbs in the past."
_RULES = (
    "Stems are used as they are.",
    "An affix marks nouns in the plural.",
    _TWO_AFFIXES,
    f"{_TWO_AFFIXES} Adjectives have none.",
    f"{_TWO_AFFIXES} A third one marks the noun of the object, further away from its stem than the plural. Adjectives "
    "have none.",
)
_ORDER = (
    *["The order of subject and verb is always the same."] * 3,
    "The order of subject and verb is always the same, and so is that of adjective and noun.",
    "The order of subject, verb and object is always the same, and so is that of adjective and noun.",
)

_AFFIX = f"(?:{'|'.join(_AFFIXES)}){{0,2}}"
_WORD = re.compile(rf"{_AFFIX}(?:{'|'.join(_STEMS)}){_AFFIX}")
_ROW = re.compile(rf"\b{_WORD.pattern}(?:[\s,\"'`*]{{1,4}}{_WORD.pattern}){{0,11}}\b")
_SAID = re.compile(rf"\b(?:say|answer|translation)\b(?: is| would be| should be)?[\s:=\"'`*]{{1,5}}({_ROW.pattern})")
_HYPHEN = re.compile(r"(?<=[a-z])-(?=[a-z])")


def _count(n: int, one: str) -> str:
    return f"{n} {one}{'s' * (n != 1)}"


def _listed(kind: str, words: Sequence[str]) -> str:
    return f"the {kind}{'s' * (len(words) != 1)} {', '.join(words)}"


def _points(value: float) -> str:
    return f"{value:.3g} point{'s' * (value != 1)}"


def _third_person(verb: str) -> str:
    return f"{verb}es" if verb.endswith("ch") else f"{verb}s"


# Translating -----------------------------------------------------------------------------------------


@lru_cache(maxsize=8)
def _grammars(number: int) -> tuple[Grammar, ...]:
    """Return all grammars that the argument `grammar` allows."""
    orders = ("SVO", "SOV", "VSO", "VOS", "OSV", "OVS") if number == 4 else ("SV", "VS")
    adjective_first = (False, True) if number >= 3 else (False,)
    prefixed = product((False, True), repeat=_number_of_affixes(number))
    return tuple(Grammar(*each) for each in product(orders, adjective_first, prefixed))


def _number_of_affixes(grammar: int) -> int:
    return min(grammar, 2) + (grammar == 4)


def words(grammar: Grammar, phrase: Phrase) -> tuple[Word, ...]:
    """Return the words of a translation as morphemes, whatever their forms."""
    verb = _affixed(grammar, phrase.verb, (PAST,) if phrase.is_past else ())
    parts = {"S": _noun_words(grammar, phrase.subject, ()), "V": (verb,)}
    if phrase.object:
        parts["O"] = _noun_words(grammar, phrase.object, (OBJECT,))
    return tuple(word for part in grammar.order for word in parts[part])


def _noun_words(grammar: Grammar, noun: Noun, more: tuple[Morpheme, ...]) -> tuple[Word, ...]:
    word = _affixed(grammar, noun.noun, (PLURAL, *more) if noun.is_plural else more)
    if noun.adjective is None:
        return (word,)
    return ((noun.adjective,), word) if grammar.adjective_first else (word, (noun.adjective,))


def _affixed(grammar: Grammar, stem: Morpheme, affixes: tuple[Morpheme, ...]) -> Word:
    """Return a stem with affixes, the first one next to it."""
    word: Word = (stem,)
    for affix in affixes:
        word = (affix, *word) if grammar.prefixed[~affix] else (*word, affix)
    return word


def translation(tongue: Tongue, phrase: Phrase) -> str:
    """Return the one right translation of a phrase."""
    forms = {**dict(enumerate(tongue.stems)), **{~n: form for n, form in enumerate(tongue.affixes)}}
    return _written(words(tongue.grammar, phrase), forms)


def _written(these: Iterable[Word], forms: Mapping[Morpheme, str]) -> str:
    return " ".join("".join(map(forms.__getitem__, word)) for word in these)


# Learning --------------------------------------------------------------------------------------------

Corrections = tuple[tuple[Phrase, str], ...]
Forms = dict[Morpheme, str]


def _corrections(state: LanguageState) -> Corrections:
    """Return the phrases answered with their right translations: what the player was told."""
    return tuple((phrase, translation(state.tongue, phrase)) for phrase in state.phrases[: state.number])


def _learned(grammar: Grammar, phrase: Phrase, told: str, forms: Forms) -> Forms | None:
    """Return `forms` with those that a translation shows under a grammar, None if it cannot be of that grammar."""
    these, written = words(grammar, phrase), told.split()
    lengths = [sum(_STEM_LENGTH if morpheme >= 0 else _AFFIX_LENGTH for morpheme in word) for word in these]
    if lengths != list(map(len, written)):
        return None
    more = dict(forms)
    for word, text in zip(these, written, strict=True):
        for morpheme in word:
            length = _STEM_LENGTH if morpheme >= 0 else _AFFIX_LENGTH
            form, text = text[:length], text[length:]
            if more.setdefault(morpheme, form) != form or form not in (_STEMS if morpheme >= 0 else _AFFIXES):
                return None
    return more if len({*more.values()}) == len(more) else None


@lru_cache(maxsize=256)
def _possible(game: Language, corrections: Corrections) -> tuple[tuple[Grammar, Forms], ...]:
    """Return the grammars that agree with all corrections, each with the forms it takes them to show.

    They are equally likely, for all take the same morphemes to be shown.
    """
    possible: list[tuple[Grammar, Forms]] = [(grammar, {}) for grammar in _grammars(game.grammar)]
    for phrase, told in corrections:
        learned = ((grammar, _learned(grammar, phrase, told, forms)) for grammar, forms in possible)
        possible = [(grammar, forms) for grammar, forms in learned if forms is not None]
    return tuple(possible)


def _filled(game: Language, grammar: Grammar, forms: Forms, phrase: Phrase) -> str:
    """Return the translation under a grammar, unknown forms being the first that are free, from left to right."""
    free = [form for form in (*game._stems, *_AFFIXES) if form not in forms.values()]
    forms, these = dict(forms), words(grammar, phrase)
    for morpheme in (morpheme for word in these for morpheme in word if morpheme not in forms):
        length = _STEM_LENGTH if morpheme >= 0 else _AFFIX_LENGTH
        forms.setdefault(morpheme, next(form for form in free if len(form) == length and form not in forms.values()))
    return _written(these, forms)


@lru_cache(maxsize=1024)
def _likeliest(game: Language, corrections: Corrections, phrase: Phrase) -> str:
    """Return the translation that is right with the highest probability among those of `_filled`."""
    possible = _possible(game, corrections)

    def weight(candidate: str) -> float:
        return sum(_chance(game, grammar, forms, phrase, candidate) for grammar, forms in possible)

    return max(dict.fromkeys(_filled(game, grammar, forms, phrase) for grammar, forms in possible), key=weight)


def _chance(game: Language, grammar: Grammar, forms: Forms, phrase: Phrase, candidate: str) -> float:
    """Return the probability of a translation under a grammar with some forms known, all others equally likely."""
    learned = _learned(grammar, phrase, candidate, forms)
    if learned is None:
        return 0.0
    stems, affixes = ([m for m in learned if (m >= 0) == is_stem] for is_stem in (True, False))
    new_stems, new_affixes = (sum(m not in forms for m in kind) for kind in (stems, affixes))
    left_stems, left_affixes = len(game._stems) - len(stems), len(_AFFIXES) - len(affixes)
    return 1 / (perm(left_stems + new_stems, new_stems) * perm(left_affixes + new_affixes, new_affixes))


@lru_cache(maxsize=1024)
def _sensible(game: Language, corrections: Corrections, phrase: Phrase) -> tuple[str, ...]:
    """Return the translations to list as legal moves, see Replies on the page."""
    grammars = _grammars(game.grammar)
    morphemes = {morpheme for word in words(grammars[0], phrase) for morpheme in word}
    stems = sum(morpheme >= 0 for morpheme in morphemes)
    affixes = len(morphemes) - stems
    if len(grammars) * perm(len(game._stems), stems) * perm(len(_AFFIXES), affixes) <= _ALL_TRANSLATIONS:
        return tuple(dict.fromkeys(_all_translations(game, phrase, sorted(morphemes))))
    blind = dict.fromkeys(_filled(game, grammar, {}, phrase) for grammar in grammars)
    left = (_filled(game, grammar, forms, phrase) for grammar, forms in _possible(game, corrections))
    return tuple(dict.fromkeys((*left, *islice(blind, 20))))


_ALL_TRANSLATIONS = 1_000


def _all_translations(game: Language, phrase: Phrase, morphemes: Sequence[Morpheme]) -> Iterator[str]:
    affixes = sum(morpheme < 0 for morpheme in morphemes)
    forms = product(permutations(_AFFIXES, affixes), permutations(game._stems, len(morphemes) - affixes))
    for grammar, (some_affixes, some_stems) in product(_grammars(game.grammar), forms):
        yield _written(words(grammar, phrase), dict(zip(morphemes, (*some_affixes, *some_stems), strict=True)))
