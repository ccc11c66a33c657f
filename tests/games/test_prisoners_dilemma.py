from __future__ import annotations

import random
from collections.abc import Iterable
from itertools import product

import pytest

from textenvs.core.errors import ArgumentError
from textenvs.core.refusal import Refusal
from textenvs.games.prisoners_dilemma import PrisonersDilemma
from textenvs.games.repeated_matrix import RepeatedMatrixState

TABLE = {"CC": (3.0, 3.0), "CD": (0.0, 5.0), "DC": (5.0, 0.0), "DD": (1.0, 1.0)}
"""Axelrod's payoffs to both players."""

WORDS: dict[str, str] = {"C": "cooperate", "D": "defect"}


def play(game: PrisonersDilemma, first: str, second: str) -> tuple[list[tuple[float, ...]], RepeatedMatrixState]:
    """What each round pays in the game itself for moves such as "CCD", and the last state."""
    ((state, _),) = game.deals()
    paid = []
    for moves in zip(first, second, strict=True):
        assert game.to_move(state) == (0, 1)
        move = (WORDS[moves[0]], WORDS[moves[1]])
        after = game.apply(state, move)
        paid.append(game.rewards(state, move, after))
        state = after
    return paid, state


def tit_for_tat(others: str) -> str:
    """The moves of tit for tat against these moves of the other, written without the game."""
    return ("C" + others)[: len(others)]


def expert_against(game: PrisonersDilemma, others: str, player: int) -> str:
    """The moves of the game's expert in a seat, against these moves of the other."""
    ((state, _),) = game.deals()
    made = ""
    for other in others:
        ((move, p),) = game.expert(state, player)
        assert p == 1
        pair = (move, WORDS[other]) if player == 0 else (WORDS[other], move)
        state = game.apply(state, pair)
        made += "C" if move == "cooperate" else "D"
    return made


def sums(paid: Iterable[tuple[float, ...]]) -> tuple[float, ...]:
    return tuple(map(sum, zip(*paid, strict=True)))


def test_every_play_agrees_with_a_second_implementation() -> None:
    game = PrisonersDilemma(rounds=4)
    for first, second in product(product("CD", repeat=4), repeat=2):
        paid, state = play(game, "".join(first), "".join(second))
        assert paid == [TABLE[a + b] for a, b in zip(first, second, strict=True)]
        assert game.is_over(state)


def test_other_payoffs_are_paid() -> None:
    game = PrisonersDilemma(rounds=4, temptation=0.5, mutual_reward=0.25, punishment=-1.0, sucker=-2.0)
    paid, _ = play(game, "CCDD", "CDCD")
    assert paid == [(0.25, 0.25), (-2.0, 0.5), (0.5, -2.0), (-1.0, -1.0)]


def test_the_expert_is_tit_for_tat_in_both_seats() -> None:
    game = PrisonersDilemma(rounds=6)
    for others in map("".join, product("CD", repeat=6)):
        for player in (0, 1):
            assert expert_against(game, others, player) == tit_for_tat(others)


def test_the_values_against_the_expert_are_as_documented() -> None:
    game = PrisonersDilemma()
    returns = {own: sums(play(game, own, tit_for_tat(own))[0])[0] for own in map("".join, product("CD", repeat=10))}
    assert returns["C" * 10] == 30
    assert max(returns.values()) == returns["C" * 9 + "D"] == 32
    assert returns["D" * 10] == 14
    assert sum(returns.values()) / len(returns) == 24.25


def test_the_values_against_a_random_player_are_as_documented() -> None:
    """A random player does not react, so ten rounds are worth five times two."""
    game = PrisonersDilemma(rounds=2)
    moves = list(map("".join, product("CD", repeat=2)))
    values = {own: sum(sums(play(game, own, other)[0])[0] for other in moves) / 4 for own in moves}
    assert max(values.values()) == values["DD"] == 30 / 5
    assert sum(values.values()) / 4 == 22.5 / 5


def test_mutual_defection_is_the_only_equilibrium_outcome_of_two_rounds() -> None:
    """A strategy is a first move and an answer to each outcome of the first round."""
    outcomes = ("CC", "CD", "DC", "DD")
    strategies = [(first, dict(zip(outcomes, rest, strict=True)))
                  for first, *rest in product("CD", repeat=5)]  # fmt: skip

    def played(one: int, two: int) -> tuple[str, str]:
        (a, answers), (b, replies) = strategies[one], strategies[two]
        return a + answers[a + b], b + replies[b + a]

    game = PrisonersDilemma(rounds=2)
    results = {both: sums(play(game, *both)[0]) for both in product(map("".join, product("CD", repeat=2)), repeat=2)}
    numbers = range(len(strategies))
    best = [max(results[played(one, two)][0] for one in numbers) for two in numbers]
    stable = {
        played(one, two)
        for one, two in product(numbers, repeat=2)
        if results[played(one, two)] == (best[two], best[one])
    }
    assert stable == {("DD", "DD")}


@pytest.mark.parametrize("rounds", [1, 3, 10])
def test_the_number_of_states_is_as_documented(rounds: int) -> None:
    game = PrisonersDilemma(rounds=rounds)
    todo = [state for state, _ in game.deals()]
    seen = set(todo)
    while todo:
        state = todo.pop()
        new = {game.apply(state, pair) for pair in product(WORDS.values(), repeat=2) if game.to_move(state)} - seen
        seen |= new
        todo.extend(new)
    assert sum(bool(game.to_move(state)) for state in seen) == 4 * rounds - 3


def test_the_return_range_is_reached() -> None:
    game = PrisonersDilemma()
    paid, _ = play(game, "C" * 10, "D" * 10)
    assert sums(paid) == game.return_range == (0, 50)


@pytest.mark.slow  # importing axelrod takes half a minute
@pytest.mark.filterwarnings("ignore")
def test_scores_and_tit_for_tat_agree_with_the_axelrod_library() -> None:
    axelrod = pytest.importorskip("axelrod")
    dice = random.Random(0)
    others = [axelrod.Alternator(), axelrod.Defector(), axelrod.Grudger(), axelrod.TitFor2Tats()]
    others += [axelrod.Cycler("".join(dice.choices("CD", k=9))) for _ in range(10)]
    for other in others:
        for player in (0, 1):
            pair = (axelrod.TitForTat(), other) if player == 0 else (other, axelrod.TitForTat())
            match = axelrod.Match(pair, turns=25)
            moves = ["".join(str(move) for move in side) for side in zip(*match.play(), strict=True)]
            game = PrisonersDilemma(rounds=25)
            paid, _ = play(game, moves[0], moves[1])
            assert paid == [tuple(map(float, scores)) for scores in match.scores()]
            assert expert_against(game, moves[1 - player], player) == moves[player]


@pytest.mark.parametrize(
    ("reply", "move"),
    [
        ("cooperate", "cooperate"),
        ("  COOPERATE!\n", "cooperate"),
        ("I'll co-operate with you", "cooperate"),
        ("Let us work together", "cooperate"),
        ("I stay silent.", "cooperate"),
        ("Cooperation.", "cooperate"),
        ("defect", "defect"),
        ("I **defect**", "defect"),
        ("I betray the other", "defect"),
        ("Defecting it is", "defect"),
        ("I confess", "defect"),
        ("I cooperated so far, now I defect", "defect"),
        ("defect? No, cooperate", "cooperate"),
        ("I cooperate and do not defect", "cooperate"),
        ("I won't   cooperate", "defect"),
        ("I don’t defect", "cooperate"),
        ("never cooperate", "defect"),
        ("", None),
        ("corporate", None),
        ("defective", None),
        ("ok", None),
        ("сотрудничать", None),
        ("\x00\x1b[0m", None),
    ],
)
def test_reading(reply: str, move: str | None) -> None:
    game = PrisonersDilemma()
    for state in (RepeatedMatrixState(), RepeatedMatrixState(3, ("cooperate", "defect"))):
        for player in (0, 1):
            read = game.read(state, player, reply)
            assert read == move if move else isinstance(read, Refusal) and read.kind == "malformed"


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"rounds": 0}, "rounds"),
        ({"rounds": 2.5}, "rounds"),
        ({"temptation": "high"}, "temptation"),
        ({"sucker": -1e7}, "sucker"),
        ({"temptation": 3.0}, "temptation > mutual_reward"),
        ({"punishment": 3.5}, "mutual_reward > punishment"),
        ({"sucker": 1.0}, "punishment > sucker"),
        ({"temptation": 6.0}, "2 x mutual_reward"),
    ],
)
def test_a_bad_argument_is_named(arguments: dict[str, object], match: str) -> None:
    with pytest.raises(ArgumentError, match=match):
        PrisonersDilemma(**arguments)  # type: ignore[arg-type]


def test_views() -> None:
    game = PrisonersDilemma(rounds=2, sucker=0.5)
    ((opening, _),) = game.deals()
    _, later = play(PrisonersDilemma(rounds=2), "C", "D")
    _, end = play(game, "DD", "CD")
    for player in (0, 1):
        assert game.view(opening, player) == "Round 1 of 2."
    assert (
        game.view(later, 0)
        == "You cooperated, the other player defected: 0.5 points for you, 5 for the other. Round 2 of 2."
    )
    assert (
        game.view(later, 1)
        == "You defected, the other player cooperated: 5 points for you, 0.5 for the other. Round 2 of 2."
    )
    assert (
        game.view(end, 0)
        == "You defected, the other player defected: 1 point for you, 1 for the other. The game is over."
    )


def test_instructions_tell_the_arguments() -> None:
    assert (
        PrisonersDilemma().instructions(0)
        == PrisonersDilemma().instructions(1)
        == (
            "You and another player play 10 rounds. In each round you both choose at the same time: cooperate or "
            "defect. A round pays:\n"
            "You both cooperate: 3 points for each.\n"
            "You both defect: 1 point for each.\n"
            "You defect, the other cooperates: 5 points for you, 0 for the other.\n"
            "You cooperate, the other defects: 0 points for you, 5 for the other.\n"
            "Your score is the sum of your points. Reply with one word, for example: cooperate"
        )
    )
    assert "play 1 round. In each" in PrisonersDilemma(rounds=1).instructions(0)
