from __future__ import annotations

from fractions import Fraction

import pytest

from textenvs.core.errors import ArgumentError
from textenvs.core.seat import Seat
from textenvs.core.strategies import strategy
from textenvs.games.connect_four import ConnectFour
from textenvs.games.kuhn_poker import KuhnPoker
from textenvs.games.nim import Nim
from textenvs.games.tic_tac_toe import TicTacToe
from textenvs.planning.equilibrium import best_response_value, exploitability, sequence_form
from textenvs.planning.errors import TooLargeError
from textenvs.planning.positions import best_response, positions
from textenvs.planning.reference import reference_values

SMALL_NIM = Nim(heaps=3, most=3)
RANDOM = strategy("random")


def everywhere(game, player):
    """The random strategy as behaviour over histories, which takes the way through the sequence form."""
    moves = sequence_form(game).moves[player]
    return {information: dict.fromkeys(legal, Fraction(1, len(legal))) for information, legal in moves.items()}


def test_tic_tac_toe_has_as_many_positions_as_are_known() -> None:
    found = positions(TicTacToe())
    assert len(set(found)) == len(found) == 5478
    assert sum(not TicTacToe().to_move(state) for state in found) == 958


def test_histories_and_positions_give_the_same_best_response() -> None:
    behaviours = everywhere(SMALL_NIM, 0), everywhere(SMALL_NIM, 1)
    for player in (0, 1):
        by_histories = best_response_value(SMALL_NIM, behaviours, player)
        assert best_response_value(SMALL_NIM, RANDOM, player) == by_histories
    assert exploitability(SMALL_NIM, RANDOM) == exploitability(SMALL_NIM, behaviours)


@pytest.mark.parametrize("player", [0, 1])
def test_it_is_the_optimal_value_of_the_seat(player: int) -> None:
    seat = Seat(TicTacToe(), seat=player, opponent="random")
    assert float(best_response(TicTacToe(), RANDOM, player)) == pytest.approx(reference_values(seat).optimal.low)


def test_perfect_play_cannot_be_exploited() -> None:
    assert exploitability(TicTacToe(), strategy("perfect")) == 0


def test_only_positions_that_tell_all_are_searched() -> None:
    for call in (positions, lambda game: best_response(game, RANDOM, 0)):
        with pytest.raises(ArgumentError, match="KuhnPoker is no game of perfect information"):
            call(KuhnPoker())


@pytest.mark.parametrize("chosen", [(), ((0, 1), (1, 1)), ((9, 1),)])
def test_strategies_that_are_no_distribution_over_legal_moves_are_refused(chosen) -> None:
    with pytest.raises(ArgumentError, match="a strategy is a distribution over"):
        best_response(TicTacToe(), lambda *_: chosen, 0)


def test_large_games_are_refused() -> None:
    for call in (positions, lambda game, limit: best_response(game, RANDOM, 0, limit=limit)):
        with pytest.raises(TooLargeError, match="more than 500 positions"):
            call(ConnectFour(), limit=500)
