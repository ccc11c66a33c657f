"""The language of Blocksworld: facts and actions in plain and in meaningless words, and reading an action."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, NamedTuple

from textenvs.core.reading import name_a
from textenvs.core.refusal import Refusal, illegal
from textenvs.games.blocksworld_towers import HAND, TABLE, Position, clear_blocks, held_block

Verb = Literal["pick up", "unstack", "put down", "stack"]
FactKind = Literal["on", "on table", "clear", "holding", "hand empty"]

NAMES = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class BlocksworldMove(NamedTuple):
    """A move: what to do with which block, and which other block it is taken off or stacked on, if any."""

    verb: Verb
    block: int
    other: int = TABLE


class Fact(NamedTuple):
    """Something that is true of the blocks: of `block`, if it is about one, and of the block it is on."""

    kind: FactKind
    block: int = TABLE
    other: int = TABLE


def support(on: Position, block: int) -> Fact:
    """Return what is true of where `block` is."""
    if on[block] == HAND:
        return Fact("holding", block)
    return Fact("on table", block) if on[block] == TABLE else Fact("on", block, on[block])


def facts_of(on: Position) -> list[Fact]:
    """Return all that is true."""
    facts = [support(on, block) for block in range(len(on))] + [Fact("clear", block) for block in clear_blocks(on)]
    return facts if HAND in on else [*facts, Fact("hand empty")]


_X, _Y = 0, 1
NEEDS: dict[Verb, tuple[Fact, ...]] = {
    "pick up": (Fact("clear", _X), Fact("on table", _X), Fact("hand empty")),
    "unstack": (Fact("on", _X, _Y), Fact("clear", _X), Fact("hand empty")),
    "put down": (Fact("holding", _X),),
    "stack": (Fact("holding", _X), Fact("clear", _Y)),
}
"""What each action needs of its blocks X and Y; it makes exactly that false."""

MAKES: dict[Verb, tuple[Fact, ...]] = {
    "pick up": (Fact("holding", _X),),
    "unstack": (Fact("holding", _X), Fact("clear", _Y)),
    "put down": (Fact("clear", _X), Fact("on table", _X), Fact("hand empty")),
    "stack": (Fact("on", _X, _Y), Fact("clear", _X), Fact("hand empty")),
}


def needed(move: BlocksworldMove) -> list[Fact]:
    """Return the facts that must be true for a move."""
    blocks = {_X: move.block, _Y: move.other, TABLE: TABLE}
    return [Fact(kind, blocks[block], blocks[other]) for kind, block, other in NEEDS[move.verb]]


@dataclass(frozen=True)
class Words:
    """How blocks are spoken of.

    Attributes:
        thing: what a block is called.
        setting: what there is besides.
        facts: the wording of each kind of fact.
        actions: the wording of each action.
        verbs: from a verb of the player's to the actions it means without and with a second block.
        pattern: matches an action, with the groups `verb`, `x` and `y`.
    """

    thing: str
    setting: str
    facts: dict[FactKind, str]
    actions: dict[Verb, str]
    verbs: dict[str, tuple[Verb | None, Verb | None]]
    pattern: str

    def fact(self, fact: Fact, names: str = NAMES) -> str:
        return self.facts[fact.kind].format(x=names[fact.block], y=names[fact.other])

    def action(self, move: BlocksworldMove, names: str = NAMES) -> str:
        return self.actions[move.verb].format(x=names[move.block], y=names[move.other])

    def rule(self, verb: Verb) -> str:
        """Return an action with what it needs and what it makes true."""
        needs, makes = (", ".join(self.fact(fact, "XY") for fact in facts[verb]) for facts in (NEEDS, MAKES))
        return f"{self.action(BlocksworldMove(verb, _X, _Y), 'XY')} - needs: {needs}; makes true: {makes}"


def _block(group: str, *others: str) -> str:
    """Return a pattern for the name of a block, or one of `others`."""
    a = name_a("from|off|on|onto|down|up|and|then|to|so|since|because|as|first|now|next|in|into")
    return rf"(?:the )?(?:block |object )?(?P<{group}>{'|'.join((*others, '[b-z]', a))})(?![\w'])"


_FROM_OR_ON = "(?:from|off|on|onto|to|in|into)(?: (?:of|on|top of))*"

PLAIN = Words(
    thing="block",
    setting=", on a table, and a hand that can hold one block. A block is clear if none is on it and it is not held",
    facts={
        "on": "{x} on {y}", "on table": "{x} on table", "clear": "{x} clear", "holding": "holding {x}",
        "hand empty": "hand empty",
    },
    actions={
        "pick up": "pick up {x}", "unstack": "unstack {x} from {y}", "put down": "put down {x}",
        "stack": "stack {x} on {y}",
    },
    verbs={
        "unstack": (None, "unstack"), "stack": (None, "stack"), "move": (None, "stack"),
        "putdown": ("put down", "stack"),
        **dict.fromkeys(("pickup", "take", "remove", "grab", "lift"), ("pick up", "unstack")),
        **dict.fromkeys(("put", "place", "set", "drop", "lay"), ("put down", "stack")),
    },
    pattern=r"(?<![\w'-])(?P<verb>pick[ -]?up|unstack|put[ -]?down|stack|take|remove|grab|lift|put|place|set|drop|lay"
    rf"|move) {_block('x', 'it')}(?: (?:up|down))?(?:,? (?:{_FROM_OR_ON} )?{_block('y', 'table')})?",
)  # fmt: skip

MYSTERY = Words(
    thing="object",
    setting="",
    facts={
        "on": "{x} craves {y}", "on table": "planet {x}", "clear": "province {x}", "holding": "pain {x}",
        "hand empty": "harmony",
    },
    actions={
        "pick up": "attack {x}", "unstack": "feast {x} from {y}", "put down": "succumb {x}",
        "stack": "overcome {x} from {y}",
    },
    verbs={
        "attack": ("pick up", None), "feast": (None, "unstack"), "succumb": ("put down", None),
        "overcome": (None, "stack"),
    },
    pattern=r"(?<![\w'-])(?P<verb>attack|feast|succumb|overcome)(?: on| to)?"
    rf" {_block('x')}(?:,? (?:{_FROM_OR_ON} )?{_block('y')})?",
)  # fmt: skip

_ONTO_TABLE: dict[Verb | None, Verb] = {"unstack": "pick up", "stack": "put down"}


def meant(words: Words, said: re.Match[str], on: Position) -> BlocksworldMove | Refusal | None:
    """Return the move that a match of the words' pattern means, None if it lacks a block."""
    alone, of_two = words.verbs[re.sub("[ -]", "", said["verb"])]
    block = held_block(on) if said["x"] == "it" else _index(said["x"])
    if block is None:
        return illegal("You hold no block.")
    if said["y"] == "table":
        return BlocksworldMove(_ONTO_TABLE[of_two], block)
    if said["y"] and of_two:
        return BlocksworldMove(of_two, block, _index(said["y"]))
    return BlocksworldMove(alone, block) if alone else None


def _index(letter: str) -> int:
    return NAMES.index(letter.upper())
