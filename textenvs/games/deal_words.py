"""What players of DealOrNoDeal write: items in words, and reading a proposal, an acceptance or a refusal to go on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from textenvs.core.reading import NOT
from textenvs.core.refusal import Refusal, illegal
from textenvs.games.phrasing import count

KINDS = ("book", "hat", "ball")

Counts = tuple[int, int, int]
"""A number of items of each of `KINDS`."""


class Propose(NamedTuple):
    """The move to propose that the player gets `share`, and the other one all the rest."""

    share: Counts


Move = Propose | str
"""A proposal, `accept` or `walk away`."""


def in_words(items: Counts) -> str:
    """Return items in words, such as `2 hats and 1 ball`."""
    named = [count(n, kind) for n, kind in zip(items, KINDS, strict=True) if n]
    return f"{', '.join(named[:-1])} and {named[-1]}" if len(named) > 1 else "".join(named) or "nothing"


def rest(pool: Counts, share: Counts) -> Counts:
    """Return what is left of the pool without a share; numbers may be negative."""
    first, second, third = (all_of - taken for all_of, taken in zip(pool, share, strict=True))
    return first, second, third


def read_move(text: str, pool: Counts) -> Move | Refusal:
    """Return the last move in a reply; proposals are refused where they name more items than there are."""
    text = text.lower().replace("’", "'")
    bare = text.strip(" \n\t\"'`*.!")
    if bare in _WHOLE:
        return _WHOLE[bare]
    found = [*_decisions(text), *_proposals(text, pool)]
    if not found:
        return Refusal(
            "I read no move in that. Reply with a proposal like: propose 1, 0, 1 - or: accept - or: walk away."
        )
    move = max(found, key=lambda each: each[0])[1]
    return _checked(move, pool) if isinstance(move, Propose) else move


def _checked(move: Propose, pool: Counts) -> Move | Refusal:
    if all(0 <= n <= most for n, most in zip(move.share, pool, strict=True)):
        return move
    return illegal(f"That cannot be shared out: there are {in_words(pool)} in all.")


# Decisions -------------------------------------------------------------------------------------------

_WHOLE = {
    "accept": "accept", "accepted": "accept", "deal": "accept", "yes": "accept", "ok": "accept", "okay": "accept",
    "agreed": "accept", "walk": "walk away", "no deal": "walk away",
}  # fmt: skip
_OTHERS = r"(?<!\byou )(?<!\byou'll )(?<!\byou will )(?<!\byou can )(?<!\byou to )(?<!\bplease )"
_OWN = rf"(?:{NOT}(?:want to |going to |willing to |yet )?)?"
_ACCEPT = re.compile(
    rf"{_OTHERS}(?P<denied>{_OWN})\b"
    r"(?:accept(?:ing)?|agree|agreed|it's a deal|we have a deal|take (?:the|that|this|your) (?:deal|offer))\b"
    r"(?![^.!?\n]{0,30}\?)(?! (?:less|that you|with you that))"
)
_WALK = re.compile(
    rf"(?<!\bor )(?<!\bor i )(?<!\bor i'll )(?<!\bor i will )(?<!\byou )(?P<denied>{_OWN})"
    r"\b(?:walk(?:ing)? (?:away|out)|no (?:deal|agreement)|end the negotiation|leave the (?:table|negotiation))\b"
)


def _decisions(text: str) -> Iterator[tuple[int, str]]:
    """Yield where the player accepts or walks away, and which."""
    for pattern, move in ((_ACCEPT, "accept"), (_WALK, "walk away")):
        yield from ((match.end(), move) for match in pattern.finditer(text) if not match["denied"])


# Proposals -------------------------------------------------------------------------------------------

_CLAUSES = 50
_LONGEST = 160
_MINE = (
    r"propos(?:e|al|ing)"
    r"|(?:i|i'd|i'll|i would|i will|i should|i can|let me) (?:\w+ )?(?:get|take|keep|want|have|like|need)"
    r"|(?:give|leave) me|for me|i (?:get|take|keep|want|need)|i'd like"
)
_YOURS = (
    r"(?:you|you'll|you'd|you will|you can|you could|player_\d) (?:\w+ )?(?:get|gets|take|takes|keep|keeps|have|has)"
    r"|(?:i )?(?:give|offer|leave) (?:you|player_\d)|for you"
)
_OPENING = re.compile(rf"(?P<denied>{NOT}(?:\w+ )?)?\b(?:(?P<yours>{_YOURS})|(?P<mine>{_MINE}))\b")
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_ITEM = re.compile(
    rf"(?:(?<![\w.])(?P<n>-?\d{{1,9}}|{'|'.join(_NUMBERS)}|an?|zero|all|both|every|the|none of) )?"
    rf"(?:(?:of )?(?:the |these |those )?)?\b(?P<kind>{'|'.join(KINDS)})(?P<plural>s?)\b"
)
_TRIPLE = re.compile(r"(?<![\w.-])(\d{1,9})[ ,;/]{1,3}(?:and )?(\d{1,9})[ ,;/]{1,3}(?:and )?(\d{1,9})(?![\w%])")
_EVERYTHING = re.compile(r"\b(?:everything|all (?:the |of the |of )?(?:items|it|them))\b")
_NOTHING = re.compile(r"\bnothing\b")


class _Clause(NamedTuple):
    start: int
    end: int
    mine: bool
    share: Counts


def _proposals(text: str, pool: Counts) -> Iterator[tuple[int, Move]]:
    """Yield where the last proposal ends, and what it asks for."""
    clauses = list(_clauses(text, pool))
    if not clauses:
        if alone := _items(text[-_LONGEST:], pool):
            yield 0, Propose(alone)  # items without any verb count where nothing else does
        return
    last = clauses[-1]
    if (
        not last.mine
        and len(clauses) > 1
        and clauses[-2].mine
        and not re.search(r"[.!?\n]", text[clauses[-2].end : last.start])
    ):
        last = clauses[-2]._replace(end=last.end)  # "I get the book and you get the hats"
    yield last.end, Propose(last.share if last.mine else rest(pool, last.share))


def _clauses(text: str, pool: Counts) -> Iterator[_Clause]:
    """Yield the clauses that say who gets which items, in order."""
    openings = list(_OPENING.finditer(text))[-_CLAUSES:]
    ends = [*(opening.start() for opening in openings[1:]), len(text)][: len(openings)]
    for opening, end in zip(openings, ends, strict=True):
        said = re.split(r"[.!?\n](?!\d)", text[opening.end() : min(end, opening.end() + _LONGEST)])[0]
        share = None if opening["denied"] else _items(said, pool)
        if share:
            yield _Clause(opening.start(), opening.end() + len(said), bool(opening["mine"]), share)


def _items(said: str, pool: Counts) -> Counts | None:
    """Return the items named in a clause, None if it names none."""
    if triple := _TRIPLE.search(said):
        first, second, third = map(int, triple.groups())
        return first, second, third
    named = list(_ITEM.finditer(said))
    if named:
        found = {KINDS.index(item["kind"]): _number(item, pool[KINDS.index(item["kind"])]) for item in named}
        return found.get(0, 0), found.get(1, 0), found.get(2, 0)
    if _EVERYTHING.search(said):
        return pool
    return (0, 0, 0) if _NOTHING.search(said) else None


def _number(item: re.Match[str], most: int) -> int:
    """Return how many items are meant: "2 hats", "a ball", "the ball", "hats" (all of them)."""
    said = item["n"]
    if said is None or said == "the":
        return most if item["plural"] else 1
    if said in ("all", "both", "every"):
        return most
    if said in ("none of", "zero"):
        return 0
    if said in ("a", "an"):
        return 1
    return _NUMBERS.index(said) if said in _NUMBERS else int(said)
