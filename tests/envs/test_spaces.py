from __future__ import annotations

import copy
import pickle
from collections import Counter
from typing import Any

import gymnasium as gym
import pytest

from textenvs.core.errors import ArgumentError
from textenvs.envs.spaces import TextSpace


def sample(space: TextSpace, n: int, seed: int = 0) -> list[str]:
    space.seed(seed)
    return [space.sample() for _ in range(n)]


@pytest.mark.parametrize("text", ["a", "", "b" * 100_000, "\x00", "\ud800", "é 我"])
def test_every_text_belongs_to_it(text: str) -> None:
    assert TextSpace(["a"]).contains(text)
    assert text in TextSpace(["a"])


@pytest.mark.parametrize("other", [None, 1, b"a", ["a"]])
def test_nothing_else_belongs_to_it(other: Any) -> None:
    assert not TextSpace(["a"]).contains(other)


def test_samples_are_seeded_and_all_occur() -> None:
    space = TextSpace(["a", "b", "c"])
    assert sample(space, 30) == sample(space, 30) == sample(TextSpace(["a", "b", "c"]), 30)
    assert sample(space, 30) != sample(space, 30, seed=1)
    counts = Counter(sample(space, 3_000))
    assert all(abs(count - 1_000) < 4 * (3_000 * 2 / 9) ** 0.5 for count in counts.values())
    assert set(counts) == {"a", "b", "c"}


def test_a_mask_names_the_texts_to_choose_from() -> None:
    space = TextSpace(["a", "b", "c"], seed=0)
    assert {space.sample(mask=["x", "y"]) for _ in range(40)} == {"x", "y"}
    with pytest.raises(ArgumentError, match="no text to choose from"):
        space.sample(mask=[])
    with pytest.raises(ArgumentError, match="no use for probability"):
        space.sample(probability=[1.0])


def test_a_space_without_samples() -> None:
    with pytest.raises(ArgumentError, match="at least one sample"):
        TextSpace([])


def test_equal_spaces() -> None:
    one, same, other = TextSpace(["a"], seed=1), TextSpace(("a",), seed=2), TextSpace(["a", "b"])
    assert one == same
    assert hash(one) == hash(same)
    assert one != other
    assert one != gym.spaces.Text(3)
    assert repr(other) == "TextSpace(2 samples)"
    assert not one.is_np_flattenable


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda space: pickle.loads(pickle.dumps(space))])
def test_a_copy_samples_on_alone(duplicate: Any) -> None:
    space = TextSpace([str(n) for n in range(1_000)], seed=3)
    space.sample()
    twin = duplicate(space)
    assert twin == space
    assert [twin.sample() for _ in range(9)] == [space.sample() for _ in range(9)]


def test_a_batch_of_it_is_a_tuple() -> None:
    batch = gym.vector.utils.batch_space(TextSpace(["a", "b"], seed=0), 3)
    assert isinstance(batch, gym.spaces.Tuple)
    assert batch.contains(("a", "anything", ""))
    assert all(text in ("a", "b") for text in batch.sample())
