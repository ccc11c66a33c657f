from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any, NamedTuple

import gymnasium as gym
import pytest
from gymnasium.utils.env_checker import check_env

import textenvs  # noqa: F401 - registers the games
from tests.core.test_minimax import Take
from textenvs.core.errors import ArgumentError, UnknownNameError
from textenvs.core.game import Distribution, Game, Strategy
from textenvs.core.instances import digest
from textenvs.core.refusal import Refusal
from textenvs.core.seat import OtherMove, Seat, SeatState
from textenvs.core.strategies import strategy
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.kuhn_poker import KuhnPoker
from textenvs.games.prisoners_dilemma import PrisonersDilemma
from textenvs.planning.reference import reference_values

OPPONENTS = ("random", "expert", "mixed:1/4", "mixed:0", "mixed:1")


class TrioState(NamedTuple):
    step: int = 0
    made: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Trio(Game[TrioState, int]):
    """Three players choose a digit at once, a coin is tossed, then players 1 and 2, then 0, choose again.

    The rewards spell out the moves as the digits of a number, so a move in a wrong place shows.
    """

    players = 3
    movers = ((0, 1, 2), (), (1, 2), (0,))

    @property
    def max_turns(self) -> int:
        return 2

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 3e7)

    def deals(self) -> Distribution[TrioState]:
        return ((TrioState(), Fraction(1)),)

    def to_move(self, state: TrioState) -> tuple[int, ...]:
        return self.movers[state.step] if state.step < 4 else ()

    def chance(self, state: TrioState) -> Distribution[int]:
        return ((8, Fraction(1, 3)), (9, Fraction(2, 3))) if state.step == 1 else ()

    def legal(self, state: TrioState, player: int) -> tuple[int, ...]:
        return (2 * player, 2 * player + 1)

    def apply(self, state: TrioState, move: Any) -> TrioState:
        several = len(self.to_move(state)) > 1
        assert isinstance(move, tuple) == several
        return TrioState(state.step + 1, (*state.made, *(move if several else (move,))))

    def rewards(self, state: TrioState, move: Any, after: TrioState) -> tuple[float, ...]:
        spelt = float("".join(map(str, after.made))) if after.step == 4 else 0.0
        return (spelt, 2 * spelt, 3 * spelt)

    def instructions(self, player: int) -> str:
        return "For example: 0"

    def view(self, state: TrioState, player: int) -> str:
        return f"{player} sees {state.made}"

    def say(self, state: TrioState, move: int) -> str:
        return str(move)

    def read(self, state: TrioState, player: int, text: str) -> int | Refusal:
        return int(text) if text in "012345" else Refusal("A digit, please.")


def whole_value(game: Game[Any, Any], players: tuple[Strategy, ...], state: Any) -> tuple[Fraction, ...]:
    """The expected return of each player from `state` on in the whole game, each playing its strategy."""
    movers = game.to_move(state)
    mixed = [players[player](game, state, player) for player in movers]
    outcomes: list[tuple[Any, Any]] = list(game.chance(state))
    for combination in product(*mixed) if movers else ():
        moves, chance = tuple(move for move, _ in combination), Fraction(1)
        for _, p in combination:
            chance *= Fraction(p)
        outcomes.append((moves if len(moves) > 1 else moves[0], chance))
    total = [Fraction(0)] * game.players
    for move, p in outcomes:
        after = game.apply(state, move)
        later = whole_value(game, players, after)
        for player, reward in enumerate(game.rewards(state, move, after)):
            total[player] += Fraction(p) * (Fraction(reward) + later[player])
    return tuple(total)


def seat_value(seat: Seat, own: Callable[[SeatState], Distribution[Any]], state: SeatState) -> Fraction:
    """The same for the one player of a seat, from the seat's rules alone."""
    outcomes = own(state) if seat.to_move(state) else seat.chance(state)
    total = Fraction(0)
    for move, p in outcomes:
        after = seat.apply(state, move)
        (reward,) = seat.rewards(state, move, after)
        total += Fraction(p) * (Fraction(reward) + seat_value(seat, own, after))
    return total


def opening_value(game: Game[Any, Any], value: Callable[[Any], Any]) -> Any:
    return sum((Fraction(p) * value(state) for state, p in game.deals() or ()), Fraction(0))


def both_values(game: Game[Any, Any], number: int, own: str, opponent: str) -> tuple[Fraction, Fraction]:
    """The value of a seat from the seat's rules, and from those of the whole game."""
    seat = Seat(game, number, opponent)
    players = tuple(strategy(own if player == number else opponent) for player in range(game.players))
    own_moves = {"random": lambda state: strategy("random")(seat, state, 0), "expert": lambda s: seat.expert(s, 0)}
    return (
        opening_value(seat, lambda state: seat_value(seat, own_moves[own], state)),  # type: ignore[arg-type]
        opening_value(game, lambda state: whole_value(game, players, state)[number]),
    )


@pytest.mark.parametrize("game", [KuhnPoker(), PrisonersDilemma(rounds=3)], ids=lambda game: game.name)
@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("own", ["random", "expert"])
@pytest.mark.parametrize("opponent", OPPONENTS)
def test_a_seat_is_worth_what_the_whole_game_says(game: Game[Any, Any], number: int, own: str, opponent: str) -> None:
    by_seat, by_game = both_values(game, number, own, opponent)
    assert by_seat == by_game


@pytest.mark.parametrize("number", [0, 1, 2])
def test_moves_of_three_players_arrive_in_their_order(number: int) -> None:
    by_seat, by_game = both_values(Trio(), number, "random", "random")
    assert by_seat == by_game > 0


def test_known_values() -> None:
    assert both_values(KuhnPoker(), 0, "expert", "expert")[0] == Fraction(-1, 18)
    assert both_values(KuhnPoker(), 1, "expert", "expert")[0] == Fraction(1, 18)
    assert both_values(KuhnPoker(), 0, "random", "random")[0] == Fraction(1, 8)
    assert both_values(PrisonersDilemma(rounds=5), 1, "expert", "expert")[0] == 15


def plays(seat: Seat, state: SeatState) -> list[tuple[SeatState, ...]]:
    """All plays from `state` on as sequences of states."""
    moves = seat.legal(state, 0) if seat.to_move(state) else [move for move, _ in seat.chance(state)]
    return [(state, *rest) for move in moves for rest in plays(seat, seat.apply(state, move))] or [(state,)]


@pytest.mark.parametrize("game", [KuhnPoker(), PrisonersDilemma(rounds=2), Trio()], ids=lambda game: game.name)
@pytest.mark.parametrize("number", [0, 1])
def test_chance_is_a_distribution_without_zeros_wherever_the_player_does_not_move(
    game: Game[Any, Any], number: int
) -> None:
    for opponent in OPPONENTS if game.name != "Trio" else ("random",):
        seat = Seat(game, number, opponent)
        for deal, _ in seat.deals() or ():
            for play in plays(seat, deal):
                for state in play:
                    chances = seat.chance(state)
                    assert all(p > 0 for _, p in chances)
                    assert sum(p for _, p in chances) == (not seat.is_over(state) and not seat.to_move(state))


def test_opponents_do_not_see_the_pending_move() -> None:
    seat = Seat(PrisonersDilemma(), 0, "mixed:1/3")
    ((opening, _),) = seat.deals() or ()
    answers = {seat.chance(seat.apply(opening, move)) for move in seat.legal(opening, 0)}
    assert answers == {((OtherMove("cooperate"), Fraction(5, 6)), (OtherMove("defect"), Fraction(1, 6)))}
    assert {seat.view(seat.apply(opening, move), 0) for move in ("cooperate", "defect")} == {"Round 1 of 10."}


def test_a_seat_has_the_instances_of_its_game() -> None:
    game = KuhnPoker()
    pairs = zip(game.deals(), Seat(game, 1).deals() or (), strict=True)
    assert all(digest(game, whole) == digest(Seat(game, 1), own) and p == q for (whole, p), (own, q) in pairs)


def test_what_a_seat_says_of_itself() -> None:
    seat = Seat(PrisonersDilemma(rounds=4), 1, "mixed:0.5")
    assert seat.name == "PrisonersDilemma"
    assert seat.arguments == {**PrisonersDilemma(rounds=4).arguments, "seat": 1, "opponent": "mixed:0.5"}
    assert (seat.players, seat.max_turns, seat.return_range) == (1, 4, (0, 20))


@pytest.mark.parametrize("number", [-1, 2, 0.5, "first"])
def test_a_seat_that_does_not_exist_is_refused(number: Any) -> None:
    with pytest.raises(ArgumentError, match="seat must be a whole number from 0 to 1"):
        Seat(KuhnPoker(), number)


def test_an_unknown_opponent_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'expert'"):
        Seat(KuhnPoker(), 0, "expret")


def test_an_expert_that_the_game_does_not_have_is_named() -> None:
    seat = Seat(Trio(), 0, "expert")
    with pytest.raises(ArgumentError, match="Trio has no scripted expert"):
        seat.chance(seat.apply(SeatState(TrioState(), "expert"), 0))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("form", ["turns", "plan", "reply"])
@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("opponent", OPPONENTS)
@pytest.mark.parametrize("name", ["KuhnPoker", "PrisonersDilemma"])
def test_check_env(name: str, opponent: str, number: int, form: str) -> None:
    env = gym.make(f"textenvs/{name}-v0", seat=number, opponent=opponent, form=form, render_mode="ansi")
    check_env(env.unwrapped)


def bold_with_the_king_only(state: SeatState) -> Distribution[Any]:
    bold, meek = {"check": ("bet", "check"), "call": ("call", "fold")}[KuhnPoker().legal(state.state, 1)[0]]
    return ((bold if state.state.cards[1] == 2 else meek, Fraction(1)),)


def test_the_environment_pays_what_the_seat_is_worth() -> None:
    env = gym.make("textenvs/KuhnPoker-v0", seat=1, opponent="expert").unwrapped
    paid = []
    for seed in range(3000):
        env.reset(seed=seed)
        ((move, _),) = bold_with_the_king_only(env.episode.state)
        _, reward, terminated, _, _ = env.step(move)
        assert terminated
        paid.append(reward)
    seat = Seat(KuhnPoker(), 1, "expert")
    exact = opening_value(seat, lambda state: seat_value(seat, bold_with_the_king_only, state))
    assert exact == Fraction(1, 18)  # each sensible move is a best response to an equilibrium
    assert sum(paid) / len(paid) == pytest.approx(float(exact), abs=4 * 2 / 3000**0.5)


# Pools -----------------------------------------------------------------------------------------------


def test_a_pool_draws_an_opponent_for_each_episode() -> None:
    seat = Seat(Take(4), 0, "pool:train")
    assert [(state.opponent, p) for state, p in seat.deals() or ()] == [
        ("random", Fraction(1, 2)),
        ("script:greedy", Fraction(1, 2)),
    ]
    drawn = [seat.deal(Stream(seed, Purpose.DEAL)).opponent for seed in range(200)]
    assert 60 < drawn.count("random") < 140


def test_the_value_against_a_pool_is_that_of_not_knowing_whom_one_meets() -> None:
    against = {name: reference_values(Seat(Take(4), 0, name)).optimal.value for name in ("random", "script:greedy")}
    pooled = reference_values(Seat(Take(4), 0, "pool:train")).optimal.value
    assert pooled <= sum(against.values()) / 2 + 1e-9
    assert pooled == pytest.approx(naive_pool_value())


def naive_pool_value() -> float:
    """Player 0 takes 1 or 2 of 4; then the opponent moves, then player 0 takes what it wants of the rest."""

    def reply(stones: int, name: str) -> list[tuple[int, float]]:
        if name == "script:greedy":
            return [(min(2, stones), 1.0)]
        return [(taken, 1 / min(2, stones)) for taken in range(1, min(2, stones) + 1)]

    totals = []
    for first in (1, 2):
        total = 0.0
        for name in ("random", "script:greedy"):
            for taken, p in reply(4 - first, name):
                left = 4 - first - taken
                total += 0.5 * p * (-1.0 if left == 0 else 1.0)
        totals.append(total)
    return max(totals)


def test_instances_of_a_pool_are_those_of_the_game() -> None:
    seat = Seat(Take(4), 0, "pool:train")
    assert len({digest(seat, state) for state, _ in seat.deals() or ()}) == 1


@pytest.mark.parametrize(
    ("opponent", "nearest"), [("pool:trian", "train"), ("script:greed", "greedy"), ("randm", "random")]
)
def test_unknown_opponents_are_named(opponent: str, nearest: str) -> None:
    with pytest.raises(UnknownNameError, match=f"did you mean '{nearest}'"):
        Seat(Take(), 0, opponent)
