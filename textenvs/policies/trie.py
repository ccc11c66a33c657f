"""Choosing among replies token by token: a prefix tree of their ids."""

from __future__ import annotations

from collections.abc import Iterable

from textenvs.core.errors import ArgumentError

Ids = tuple[int, ...]


class Trie:
    """A node of the prefix tree of some wordings, and with it the tree below.

    Attributes:
        children: the node that each possible next id leads to, in ascending order of the ids.
        complete: whether a wording ends here; a longer one may go on.
        choices: the ids of `children`.
    """

    __slots__ = ("children", "choices", "complete")

    def __init__(self, wordings: Iterable[Ids]) -> None:
        """Build the tree of `wordings`, each the ids of one without a closing id."""
        rests: dict[int, list[Ids]] = {}
        self.complete = False
        for wording in wordings:
            if wording:
                rests.setdefault(wording[0], []).append(wording[1:])
            else:
                self.complete = True
        self.children = {id_: Trie(rests[id_]) for id_ in sorted(rests)}
        self.choices = tuple(self.children)


class Walk:
    """A way down the tree, one id at a time, to the end of a reply of one or more wordings.

    The one rule of choosing, for sampling, for log-probabilities afterwards and for training alike: at each
    step the model's distribution is restricted to `options` and renormalised. The probability of a reply is
    the product over its steps, so over all replies the probabilities sum to 1, and a step without alternative
    has probability 1 however unlikely the model finds the id. Long replies are thereby not at a disadvantage,
    as they would be if whole replies competed by their summed log-probabilities.

    A wording that begins another one is told apart by its closing id, which is an option among the others.

    Attributes:
        options: the ids that may come next, ascending; empty when the reply is complete.
    """

    __slots__ = ("_closings", "_node", "_trie", "options")

    def __init__(self, trie: Trie, closings: Ids) -> None:
        """Start at the root.

        Args:
            trie: the wordings to choose from.
            closings: the id that closes each wording, in order: one `<end>` for a single move; for a plan a
                line feed after each line but the last. None of them may occur inside a wording.
        """
        self._trie = trie
        self._closings = closings
        self.options: Ids
        self._enter(trie)

    def take(self, id_: int) -> None:
        """Go on by one id.

        Raises:
            ArgumentError: if `id_` is none of `options`.
        """
        if id_ not in self.options:
            raise ArgumentError(f"id {id_} is none of the options {self.options}")
        child = self._node.children.get(id_)
        if child is not None:
            self._enter(child)
            return
        self._closings = self._closings[1:]
        if self._closings:
            self._enter(self._trie)
        else:
            self.options = ()

    def _enter(self, node: Trie) -> None:
        self._node = node
        self.options = tuple(sorted((*node.choices, self._closings[0]))) if node.complete else node.choices
