from __future__ import annotations

from itertools import product

import pytest

from textenvs.core.errors import ArgumentError
from textenvs.policies.trie import Trie, Walk

END, LINE = 1, 2
WORDINGS = [(5, 7), (5, 8), (5, 8, 9), (4,)]


def all_walks(trie, closings):
    """Every sequence of ids a walk admits, found by trying all its options."""
    sequences = [()]
    complete = []
    while sequences:
        sequence = sequences.pop()
        way = Walk(trie, closings)
        for id_ in sequence:
            way.take(id_)
        sequences += [(*sequence, id_) for id_ in way.options]
        if not way.options:
            complete.append(sequence)
    return complete


def test_walks_are_the_wordings_each_closed():
    assert sorted(all_walks(Trie(WORDINGS), (END,))) == sorted((*wording, END) for wording in WORDINGS)


def test_walks_of_two_lines_are_all_pairs_of_wordings():
    pairs = [(*one, LINE, *other, END) for one, other in product(WORDINGS, repeat=2)]
    assert sorted(all_walks(Trie(WORDINGS), (LINE, END))) == sorted(pairs)


def test_options_come_in_ascending_order_and_the_end_is_one_of_them():
    way = Walk(Trie(WORDINGS), (END,))
    assert way.options == (4, 5)
    way.take(5)
    assert way.options == (7, 8)
    way.take(8)
    assert way.options == (END, 9)
    way.take(9)
    assert way.options == (END,)
    way.take(END)
    assert way.options == ()


def test_the_order_of_wordings_does_not_matter():
    assert list(Trie(WORDINGS[::-1]).children) == list(Trie(WORDINGS).children) == [4, 5]


def test_only_options_can_be_taken():
    way = Walk(Trie(WORDINGS), (END,))
    with pytest.raises(ArgumentError, match=r"9 is none of the options \(4, 5\)"):
        way.take(9)
    way.take(4)
    way.take(END)
    with pytest.raises(ArgumentError, match="none of the options"):
        way.take(END)
