from __future__ import annotations

import builtins
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any, NamedTuple

import pytest

from textenvs.core.errors import ArgumentError, MissingExtraError
from textenvs.core.game import Distribution, Game, uniform
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import strategy
from textenvs.games.guess_number import GuessNumber
from textenvs.games.kuhn_poker import KuhnPoker
from textenvs.games.prisoners_dilemma import PrisonersDilemma
from textenvs.planning.equilibrium import best_response_value, equilibrium, exploitability, sequence_form
from textenvs.planning.errors import BrokenGameError, PeekingPolicyError, TooLargeError, UnequalMovesError

RANDOM, EXPERT = strategy("random"), strategy("expert")

# Tiny games --------------------------------------------------------------------------------------------


class MatrixState(NamedTuple):
    made: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Matrix(Game[MatrixState, int]):
    """Both players choose at once; `payoffs[row][column]` goes to the first, `other` times it to the second.

    With `in_turn` the first player moves before the second, who does not see the move.
    """

    payoffs: tuple[tuple[float, ...], ...]
    other: float = -1.0
    in_turn: bool = False

    players = 2

    @property
    def max_turns(self) -> int:
        return 1

    @property
    def return_range(self) -> tuple[float, float]:
        return (-10.0, 10.0)

    def deals(self) -> Distribution[MatrixState] | None:
        return ((MatrixState(), Fraction(1)),)

    def to_move(self, state: MatrixState) -> tuple[int, ...]:
        if self.in_turn:
            return (len(state.made),) if len(state.made) < 2 else ()
        return (0, 1) if len(state.made) < 2 else ()

    def legal(self, state: MatrixState, player: int) -> tuple[int, ...]:
        return tuple(range(len(self.payoffs if player == 0 else self.payoffs[0])))

    def apply(self, state: MatrixState, move: Any) -> MatrixState:
        return MatrixState((*state.made, *(move if isinstance(move, tuple) else (move,))))

    def rewards(self, state: MatrixState, move: Any, after: MatrixState) -> tuple[float, ...]:
        if self.to_move(after):
            return (0.0, 0.0)
        row, column = after.made
        return (self.payoffs[row][column], self.other * self.payoffs[row][column])

    def instructions(self, player: int) -> str:
        return "For example: 0"

    def view(self, state: MatrixState, player: int) -> str:
        return "Choose."

    def say(self, state: MatrixState, move: int) -> str:
        return str(move)

    def read(self, state: MatrixState, player: int, text: str) -> int | Refusal:
        return Refusal("?")


PENNIES = ((1.0, -1.0), (-1.0, 1.0))
UNEVEN_PENNIES = ((2.0, -3.0), (-3.0, 4.0))  # value -1/12, each side mixes 7/12 and 5/12
ROCK_PAPER_SCISSORS = ((0.0, -1.0, 1.0), (1.0, 0.0, -1.0), (-1.0, 1.0, 0.0))
SADDLE = ((3.0, 1.0), (0.0, -2.0))  # row 0 and column 1 dominate


class Recall(Matrix):
    """The second player chooses twice and is shown nothing new: only its own memory tells the turns apart."""

    @property
    def max_turns(self) -> int:
        return 2

    def to_move(self, state: MatrixState) -> tuple[int, ...]:
        return ((0,), (1,), (1,), ())[len(state.made)]

    def rewards(self, state: MatrixState, move: Any, after: MatrixState) -> tuple[float, ...]:
        if len(after.made) < 3:
            return (0.0, 0.0)
        hidden, first, second = after.made
        found = 1.0 if hidden in (first, second) else 0.0
        return (-found, found)

    def legal(self, state: MatrixState, player: int) -> tuple[int, ...]:
        return (0, 1, 2)


class Doubled(Matrix):
    """After both moves a die decides whether all payoffs count double; an impossible outcome is listed too."""

    def chance(self, state: MatrixState) -> Distribution[Any]:
        outcomes = (("once", Fraction(3, 4)), ("twice", Fraction(1, 4)), ("never", Fraction(0)))
        return outcomes if len(state.made) == 2 else ()

    def rewards(self, state: MatrixState, move: Any, after: MatrixState) -> tuple[float, ...]:
        if len(after.made) < 3:
            return (0.0, 0.0)
        row, column, die = after.made
        paid = self.payoffs[row][column] * {"once": 1, "twice": 2}[die]
        return (paid, -paid)


# Known values ------------------------------------------------------------------------------------------


def test_kuhn_poker_is_worth_what_kuhn_says() -> None:
    found = equilibrium(KuhnPoker())
    assert found.value == pytest.approx(-1 / 18, abs=1e-9)
    assert exploitability(KuhnPoker(), found.profile) == pytest.approx(0, abs=1e-9)


def test_the_second_player_of_kuhn_poker_has_only_one_equilibrium_strategy() -> None:
    game = KuhnPoker()
    second = equilibrium(game).profile[1]
    assert len(second) == 6
    for information, (state, *_) in sequence_form(game).states[1].items():
        expected = dict.fromkeys(game.legal(state, 1), 0.0) | {move: float(p) for move, p in game.expert(state, 1)}
        assert second[information] == pytest.approx(expected, abs=1e-9)


def test_the_expert_of_kuhn_poker_cannot_be_exploited_at_all() -> None:
    assert exploitability(KuhnPoker(), EXPERT) == 0
    assert best_response_value(KuhnPoker(), EXPERT, 0) == Fraction(-1, 18)
    assert best_response_value(KuhnPoker(), EXPERT, 1) == Fraction(1, 18)


def test_the_exploitability_of_random_play_is_as_published() -> None:
    """11/12 is the NashConv of OpenSpiel's own test of uniform play, exploitability_test.py."""
    assert exploitability(KuhnPoker(), RANDOM) == Fraction(11, 12) / 2


@pytest.mark.parametrize("alpha", [Fraction(0), Fraction(1, 6), Fraction(1, 3), Fraction(1, 2)])
def test_kuhns_family_of_first_strategies_secures_the_value_up_to_one_third(alpha: Fraction) -> None:
    bets = (alpha, Fraction(0), min(3 * alpha, Fraction(1)))
    calls = (Fraction(0), alpha + Fraction(1, 3), Fraction(1))

    def family(_: Any, state: Any, player: int) -> Distribution[Any]:
        if state.moves:
            return (("call", calls[state.cards[player]]), ("fold", 1 - calls[state.cards[player]]))
        return (("bet", bets[state.cards[player]]), ("check", 1 - bets[state.cards[player]]))

    worth = best_response_value(KuhnPoker(), family, 1)
    assert worth == Fraction(1, 18) if alpha <= Fraction(1, 3) else worth > Fraction(1, 18)


@pytest.mark.parametrize("in_turn", [False, True])
@pytest.mark.parametrize(
    ("payoffs", "value", "first", "second"),
    [
        (PENNIES, 0, [1 / 2, 1 / 2], [1 / 2, 1 / 2]),
        (UNEVEN_PENNIES, -1 / 12, [7 / 12, 5 / 12], [7 / 12, 5 / 12]),
        (ROCK_PAPER_SCISSORS, 0, [1 / 3] * 3, [1 / 3] * 3),
        (SADDLE, 1, [1, 0], [0, 1]),
    ],
)
def test_matrix_games(payoffs: Any, value: float, first: list[float], second: list[float], in_turn: bool) -> None:
    found = equilibrium(Matrix(payoffs, in_turn=in_turn))
    assert found.value == pytest.approx(value, abs=1e-9)
    for player, chances in enumerate((first, second)):
        assert found.profile[player]["Choose.",] == pytest.approx(dict(enumerate(chances)), abs=1e-9)


def test_best_responses_in_rock_paper_scissors() -> None:
    game = Matrix(ROCK_PAPER_SCISSORS)
    rock = ({("Choose.",): {0: Fraction(1)}},) * 2
    lazy = ({("Choose.",): {0: Fraction(1, 2), 1: Fraction(1, 4), 2: Fraction(1, 4)}},) * 2
    assert exploitability(game, rock) == 1
    assert exploitability(game, lazy) == Fraction(1, 4)
    assert exploitability(game, RANDOM) == 0


def test_a_player_remembers_its_own_moves() -> None:
    """Of three hiding places the seeker looks into two: found with chance 2/3, but 1/3 without memory."""
    game = Recall(PENNIES)
    assert equilibrium(game).value == pytest.approx(-2 / 3, abs=1e-9)
    assert best_response_value(game, RANDOM, 1) == Fraction(2, 3)
    assert best_response_value(game, RANDOM, 0) == -Fraction(5, 9)


def test_chance_during_play_counts() -> None:
    found = equilibrium(Doubled(UNEVEN_PENNIES))
    assert found.value == pytest.approx(-1 / 12 * 5 / 4, abs=1e-9)
    assert best_response_value(Doubled(PENNIES), ({}, {("Choose.",): {0: Fraction(1)}}), 0) == Fraction(5, 4)


# Against brute force -----------------------------------------------------------------------------------


def kuhn_return(cards: tuple[int, int], plans: tuple[dict[Any, str], dict[Any, str]]) -> int:
    """The first player's chips when both follow pure plans, from (card, betting) to a word."""
    betting: tuple[str, ...] = ()
    while betting not in (("check", "check"),) and betting[-1:] not in (("call",), ("fold",)):
        player = len(betting) % 2
        betting = (*betting, plans[player][cards[player], betting])
    if betting[-1] == "fold":
        return 1 if len(betting) % 2 == 0 else -1
    stake = 2 if betting[-1] == "call" else 1
    return stake if cards[0] > cards[1] else -stake


def pure_plans(player: int) -> Iterator[dict[Any, str]]:
    """All 64 pure plans of a player."""
    unopened, facing = (((), ("check", "bet")), (("check",), ("bet",)))[player]
    spots = [(card, betting) for card in range(3) for betting in (unopened, facing)]
    words = [("call", "fold") if betting[-1:] == ("bet",) else ("check", "bet") for _, betting in spots]
    for chosen in product(*words):
        yield dict(zip(spots, chosen, strict=True))


def test_responses_to_random_play_agree_with_all_pure_plans() -> None:
    """A uniformly random player is a uniform mixture of its 64 pure plans."""
    deals = [(a, b) for a in range(3) for b in range(3) if a != b]
    plans = [list(pure_plans(player)) for player in (0, 1)]
    table = [
        [Fraction(sum(kuhn_return(cards, (one, two)) for cards in deals), 6) for two in plans[1]] for one in plans[0]
    ]
    best_first = max(sum(row) / 64 for row in table)
    best_second = max(-sum(column) / 64 for column in zip(*table, strict=True))
    assert best_response_value(KuhnPoker(), RANDOM, 0) == best_first
    assert best_response_value(KuhnPoker(), RANDOM, 1) == best_second
    assert exploitability(KuhnPoker(), RANDOM) == (best_first + best_second) / 2


def following(cards: tuple[int, int], play: str) -> tuple[dict[Any, str], dict[Any, str]]:
    """Plans that lead through one betting."""
    plans: tuple[dict[Any, str], dict[Any, str]] = ({}, {})
    for turn, word in enumerate(play.split()):
        plans[turn % 2][cards[turn % 2], tuple(play.split()[:turn])] = word
    return plans


def test_the_sequence_form_of_kuhn_poker_holds_all_thirty_plays() -> None:
    form = sequence_form(KuhnPoker())
    deals = [(a, b) for a in range(3) for b in range(3) if a != b]
    plays = ("check check", "check bet fold", "check bet call", "bet fold", "bet call")
    returns = [kuhn_return(cards, following(cards, play)) for cards in deals for play in plays]
    assert [len(moves) for moves in form.moves] == [6, 6]
    assert sorted(form.payoffs.values()) == sorted(Fraction(won, 6) for won in returns)


# Errors ------------------------------------------------------------------------------------------------


class TooLong(Matrix):
    def to_move(self, state: MatrixState) -> tuple[int, ...]:
        return (0, 1)


class Leaky(Matrix):
    def legal(self, state: MatrixState, player: int) -> tuple[int, ...]:
        return (0, 1) if player == 0 or state.made != (1,) else (0, 1, 2)


class Unlisted(Matrix):
    def deals(self) -> None:
        return None


def test_games_that_are_not_zero_sum_are_refused() -> None:
    for game in (PrisonersDilemma(rounds=1), Matrix(PENNIES, other=1.0)):
        for call in (lambda game: equilibrium(game), lambda game: exploitability(game, RANDOM)):
            with pytest.raises(ArgumentError, match="is not zero-sum"):
                call(game)


def test_games_of_one_player_are_refused() -> None:
    with pytest.raises(ArgumentError, match="GuessNumber has 1"):
        equilibrium(GuessNumber())


@pytest.mark.parametrize(
    ("game", "error"),
    [
        (TooLong(PENNIES), BrokenGameError),
        (Leaky(PENNIES, in_turn=True), UnequalMovesError),
        (Unlisted(PENNIES), TooLargeError),
    ],
    ids=["endless", "leaky", "unlisted"],
)
def test_broken_games_are_named(game: Game[Any, Any], error: type[Exception]) -> None:
    with pytest.raises(error, match=game.name):
        equilibrium(game)


def test_too_many_plays_are_refused() -> None:
    assert equilibrium(KuhnPoker(), limit=30)
    with pytest.raises(TooLargeError, match="more than 29 plays"):
        equilibrium(KuhnPoker(), limit=29)


def test_a_peeking_strategy_is_refused() -> None:
    def peeks(game: Any, state: Any, player: int) -> Distribution[Any]:
        winning = state.cards[player] > state.cards[1 - player]
        return uniform(game.legal(state, player)[: 1 if winning else 2])

    with pytest.raises(PeekingPolicyError, match="look the same to player 1"):
        best_response_value(KuhnPoker(), peeks, 0)


@pytest.mark.parametrize("chances", [{}, {"Choose.": 1}, {0: 0.5}, {0: 0.5, 7: 0.5}, {0: 2.0}])
def test_what_is_no_distribution_over_legal_moves_is_refused(chances: dict[Any, float]) -> None:
    with pytest.raises(ArgumentError, match="a strategy is a distribution over"):
        exploitability(Matrix(PENNIES), ({("Choose.",): chances},) * 2)


@pytest.mark.parametrize("player", [-1, 2, None])
def test_a_player_who_does_not_exist_is_refused(player: Any) -> None:
    with pytest.raises(ArgumentError, match="player must be"):
        best_response_value(KuhnPoker(), RANDOM, player)


def test_without_scipy_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def no_scipy(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("scipy"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", no_scipy)
    with pytest.raises(MissingExtraError, match=r"textenvs\[benchmarks\]"):
        equilibrium(KuhnPoker())
