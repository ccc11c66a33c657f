"""Choosing among replies token by token: a prefix tree of their ids."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from textenvs.core.errors import ArgumentError


class Trie:
    """A node of the prefix tree of some replies, and with it the tree below.

    Attributes:
        children: the node that each possible next id leads to, in ascending order of the ids.
        complete: whether a reply ends here; another may go on.
    """

    __slots__ = ("children", "complete")

    def __init__(self, replies: Iterable[tuple[int, ...]] = ()) -> None:
        """Build the tree of `replies`, each the ids of one reply without a closing token."""
        self.children: dict[int, Trie] = {}
        self.complete = False
        for reply in replies:
            self._add(reply)
        self._sort()

    def _add(self, reply: tuple[int, ...]) -> None:
        node = self
        for id_ in reply:
            node = node.children.setdefault(id_, Trie())
        node.complete = True

    def _sort(self) -> None:
        self.children = dict(sorted(self.children.items()))
        for child in self.children.values():
            child._sort()


class Walk:
    """A way down the tree, one token at a time, to the end of a reply.

    The one rule of choosing, for sampling, for log-probabilities afterwards and for training alike: at each
    step the model's distribution is restricted to `options` and renormalised. The probability of a reply is
    the product over its steps, so over all replies the probabilities sum to 1, and a step without alternatives
    has probability 1 however unlikely the model finds the token. Long replies are thereby not at a
    disadvantage, as they would be if whole replies competed by their summed log-probabilities.

    A reply that begins another one is told apart by its closing token, which is an option among the others.
    """

    __slots__ = ("_close", "_ends", "_node", "_root", "options")

    def __init__(self, trie: Trie, closings: tuple[int, ...]) -> None:
        """Start at the root.

        Args:
            trie: the wordings to choose from.
            closings: the id that closes each wording, in order: `(end,)` for one reply, or for a plan the
                line feed after each line but the last.
        """
        self._root = trie
        self._ends = closings
        self._enter(trie, 0)
