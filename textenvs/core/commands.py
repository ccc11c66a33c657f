r"""Commands in plain English: from what a player wrote to the last command in it, and to the things it names.

A game gives a `Grammar`: templates of what can be said, each with the verb it stands for. A template is a regular
expression over plain words, put together by `any_of`, `maybe` and `noun`:

    TAKE = any_of("take", "taking", "get", "getting", "pick up")
    grammar = Grammar([("take", f"{TAKE} {noun('coin', 'rusty key')}{maybe('from chest')}")])
    grammar.parse("I open my eyes. Don't take the coin; take the rusty key!")  # Command("take", {"noun": "rusty key"})
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from textenvs.core.refusal import Refusal, illegal

IT = "it"
"""The noun of a command that names none, as in "take it": whatever fits."""

Template = tuple[str, str]
"""A verb and an expression for what can be said; see `Grammar`."""


class Command(NamedTuple):
    """A command as written, whatever the situation.

    Attributes:
        verb: what to do.
        nouns: the words that name what it is done to, by the names of the groups in the template.
    """

    verb: str
    nouns: Mapping[str, str] = {}

    def named(self, noun: str = "noun") -> str:
        """Return the words of a noun, `IT` if there are none."""
        return self.nouns.get(noun, IT)


# Templates -------------------------------------------------------------------------------------------


def any_of(*words: str) -> str:
    """Return an expression for any one of `words`, which may be expressions themselves."""
    return f"(?:{'|'.join(words)})"


def maybe(*words: str) -> str:
    """Return an expression for a space and any one of `words`, or for nothing."""
    return f"(?: {any_of(*words)})?"


def noun(*words: str, name: str = "noun") -> str:
    """Return an expression for any one of `words` that `Command.nouns` gives under `name`."""
    return f"(?P<{name}>{'|'.join(words)})"


GO = any_of(
    "go", "going", "walk", "walking", "move", "moving", "head", "heading", "run", "travel", "proceed", "step",
    "enter", "exit", "leave", "continue", "return",
)  # fmt: skip
TOWARDS = any_of("back", "to", "towards?", "through", "into", "via", "out")
OPEN = any_of("open", "opening")
UNLOCK = any_of("unlock", "unlocking")
TRY = any_of("use", "using", "try", "insert", "turn")
TAKE = any_of("take", "taking", "get", "getting", "grab", "grabbing", "collect", "fetch", "pick", "(?:pick|picking) up")
DROP = any_of("drop", "dropping", "discard", "leave", "put down", "lay down", "throw away")
EXAMINE = any_of("examine", "inspect", "check", "search", "x", "look (?:at|in|into|inside)")
"""Verbs that most worlds have, with their synonyms."""

LOOK_AROUND = r"look around(?: room)?|(?:take )?look(?= \.|$)|(?:examine|inspect|search|describe) room"
TAKE_STOCK = r"(?:(?:check|show|list|open) )?inv(?:entory)?(?= \.|$)|what am i carrying"
"""Templates of the commands `look` and `inventory`."""


def strange(verbs: Mapping[str, str]) -> list[Template]:
    """Return templates for a known verb at the start of a sentence and the strange word behind it.

    They are to be tried where nothing else fits, so that "take the sword" is a command where no swords exist.

    Args:
        verbs: from a verb to its synonyms.
    """
    begin = r"(?:^|(?<=\. ))(?:i |i'll |i will )?"
    word = noun(r"[^\s.]+")
    return [(verb, f"{begin}{synonyms} {word}") for verb, synonyms in verbs.items()]


# Reading ---------------------------------------------------------------------------------------------


class Grammar:
    """What can be said, as lists of templates.

    A template meets words in lower case, apart by single spaces, without articles and marks; the end of a sentence
    is the word ".". It matches whole words only. Names of groups become the names of `Command.nouns`. Bounded
    repetitions only, such as `{0,2}`, keep long replies fast.

    Args:
        templates: to be tried first, all of them together.
        *fallbacks: more templates, each list to be tried where none before fits.
        short: commands by what stands for them as a whole reply, such as "n".
        numbers: whether numbers are words; else they are passed over.
    """

    def __init__(
        self,
        templates: Iterable[Template],
        *fallbacks: Iterable[Template],
        short: Mapping[str, Command] | None = None,
        numbers: bool = False,
    ) -> None:
        """Compile the templates; see above."""
        self._tiers = [[(verb, _whole_words(template)) for verb, template in tier] for tier in (templates, *fallbacks)]
        self._short = short or {}
        self._token = _TOKEN_OR_NUMBER if numbers else _TOKEN

    def parse(self, text: str) -> Command | None:
        """Return the last command in `text` that is neither denied nor put off, or None.

        Of commands that end at the same word the longest counts.
        """
        words = plain_words(text, self._token)
        if words.strip(" .") in self._short:
            return self._short[words.strip(" .")]
        return next(filter(None, (_last(tier, words) for tier in self._tiers)), None)


def _whole_words(template: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\S)(?:{template})(?!\S)")


_LONGEST_WORD = 40  # what is longer is no word of any template
_STOPS = ".!?;:\n"
_WORD = r"[^\W\d_]+(?:['-][^\W\d_]+)*"
_TOKEN = re.compile(rf"{_WORD}|[{_STOPS}]+")
_TOKEN_OR_NUMBER = re.compile(rf"{_WORD}|\d+|[{_STOPS}]+")
_ARTICLE = re.compile(
    r"(?<!\S)(?:the|an?|my|your|(?<!before )(?<!after )(?:this|that)) (?:(?:opened|open|closed|unlocked|locked) )?"
)


def plain_words(text: str, token: re.Pattern[str] = _TOKEN) -> str:
    """Return the words in lower case without articles, apart by single spaces; every end of a sentence is "."."""
    tokens = (found[:_LONGEST_WORD] for found in token.findall(text.lower().replace("’", "'")))
    return _ARTICLE.sub("", " ".join("." if token[0] in _STOPS else token for token in tokens))


def _last(templates: Sequence[tuple[str, re.Pattern[str]]], words: str) -> Command | None:
    found = [(match, verb) for verb, pattern in templates for match in pattern.finditer(words)]
    for match, verb in sorted(found, key=lambda each: (each[0].end(), -each[0].start()), reverse=True):
        if _is_for_now(words, match.start()):
            return Command(verb, {name: words for name, words in match.groupdict().items() if words})
    return None


_LONGEST_LEAD = 60
_LEAD_OF_ANOTHER_TIME = re.compile(
    r"(?<!\S)(?:"
    r"(?:\S*not|\S+n't|never|without|avoid|instead of|rather than)"
    r"(?: (?:to|be|going|want|wish|need|have|try|able|ever|just|go|walk|move|head|run)){0,4}"
    r"|(?:before|after|until|once|when|if)(?: (?:i|you|we|can|could|will|have|actually|finally)){0,4}"
    r") $"
)


def _is_for_now(words: str, start: int) -> bool:
    """Whether what begins at `start` is neither denied nor put off, as in "I do not want to …", "before I …"."""
    return not _LEAD_OF_ANOTHER_TIME.search(words, max(0, start - _LONGEST_LEAD), start)


# What is meant ---------------------------------------------------------------------------------------

UNSEEN = "You see no such thing here."


def fits(words: str, name: str) -> bool:
    """Return whether `words` may stand for the thing called `name`: they are `IT`, or all are in the name."""
    return words == IT or set(words.split()) <= set(name.split())


def the_one(words: str, *choices: Iterable[str], unseen: str = UNSEEN) -> str | Refusal:
    """Return the one name that `words` may stand for, out of the first of `choices` that has any.

    The refusal is `unseen` where there is none, and asks which one is meant where there are several.
    """
    fitting = ([name for name in names if fits(words, name)] for names in choices)
    found: list[str] = next(filter(None, fitting), [])
    if len(found) > 1:
        return illegal(f"Which one do you mean: {' or '.join(f'the {name}' for name in found)}?")
    return found[0] if found else illegal(unseen)
