"""What the repeated games of two actions share; the prisoner's dilemma has a test of its own besides."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from typing import Any

import pytest

from textenvs.core.errors import ArgumentError
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import strategy
from textenvs.envs.solo import solo_game
from textenvs.games.battle_of_sexes import BattleOfSexes
from textenvs.games.chicken import Chicken
from textenvs.games.matching_pennies import MatchingPennies
from textenvs.games.prisoners_dilemma import PrisonersDilemma
from textenvs.games.repeated_matrix import RepeatedMatrix, RepeatedMatrixState
from textenvs.games.stag_hunt import StagHunt
from textenvs.planning.equilibrium import equilibrium, exploitability
from textenvs.planning.reference import reference_values

TABLES: dict[type[RepeatedMatrix], dict[tuple[str, str], tuple[float, float]]] = {
    StagHunt: {("stag", "stag"): (4, 4), ("stag", "hare"): (0, 3), ("hare", "stag"): (3, 0), ("hare", "hare"): (3, 3)},
    Chicken: {
        ("swerve", "swerve"): (0, 0),
        ("swerve", "straight"): (-1, 1),
        ("straight", "swerve"): (1, -1),
        ("straight", "straight"): (-10, -10),
    },
    BattleOfSexes: {
        ("opera", "opera"): (2, 1),
        ("opera", "match"): (0, 0),
        ("match", "opera"): (0, 0),
        ("match", "match"): (1, 2),
    },
    MatchingPennies: {
        ("heads", "heads"): (1, -1),
        ("heads", "tails"): (-1, 1),
        ("tails", "heads"): (-1, 1),
        ("tails", "tails"): (1, -1),
    },
}
"""Payoffs to both players as the sources print them."""

by_game = pytest.mark.parametrize("game_class", TABLES, ids=lambda each: each.__name__)


@by_game
def test_every_play_pays_what_the_table_says(game_class: type[RepeatedMatrix]) -> None:
    game, table = game_class(rounds=2), TABLES[game_class]
    for first, second in product(table, repeat=2):
        state = RepeatedMatrixState()
        for pair in (first, second):
            assert game.to_move(state) == (0, 1)
            after = game.apply(state, pair)
            assert game.rewards(state, pair, after) == table[pair]
            state = after
        assert game.is_over(state)


@by_game
def test_views_and_instructions_tell_each_seat_its_own_payoffs(game_class: type[RepeatedMatrix]) -> None:
    game = game_class(rounds=2)
    for pair, payoffs in TABLES[game_class].items():
        state = game.apply(RepeatedMatrixState(), pair)
        for player in (0, 1):
            mine, theirs = payoffs[player], payoffs[1 - player]
            points = "point" if mine == 1 else "points"
            assert f": {mine:g} {points} for you, {theirs:g} for the other. Round 2 of 2." in game.view(state, player)
            told = f"{mine:g} {points} for {'each' if mine == theirs else f'you, {theirs:g} for the other'}."
            assert told in game.instructions(player)


def pure_equilibria(table: dict[tuple[str, str], tuple[float, float]]) -> set[tuple[str, str]]:
    moves = sorted({own for own, _ in table})
    return {
        (a, b)
        for a, b in table
        if all(table[c, b][0] <= table[a, b][0] for c in moves) and all(table[a, c][1] <= table[a, b][1] for c in moves)
    }


def test_the_equilibria_of_the_pages() -> None:
    assert pure_equilibria(TABLES[StagHunt]) == {("stag", "stag"), ("hare", "hare")}
    assert pure_equilibria(TABLES[Chicken]) == {("swerve", "straight"), ("straight", "swerve")}
    assert pure_equilibria(TABLES[BattleOfSexes]) == {("opera", "opera"), ("match", "match")}
    assert pure_equilibria(TABLES[MatchingPennies]) == set()


def expected(game: RepeatedMatrix, own: str, chance_of_first: Fraction, player: int) -> Fraction:
    """What an action earns in a round against a mixed one."""
    first, second = game.legal(RepeatedMatrixState(), player)
    against_first, against_second = (Fraction(game.points(own, other, player)) for other in (first, second))
    return chance_of_first * against_first + (1 - chance_of_first) * against_second


@pytest.mark.parametrize(
    ("game", "player", "others_chance", "value"),
    [
        (StagHunt(), 0, Fraction(3, 4), Fraction(3)),
        (Chicken(), 0, Fraction(9, 10), Fraction(-1, 10)),
        (BattleOfSexes(), 0, Fraction(1, 3), Fraction(2, 3)),
        (BattleOfSexes(), 1, Fraction(2, 3), Fraction(2, 3)),
        (MatchingPennies(), 0, Fraction(1, 2), Fraction(0)),
    ],
    ids=str,
)
def test_the_mixed_equilibria_of_the_pages(
    game: RepeatedMatrix, player: int, others_chance: Fraction, value: Fraction
) -> None:
    for own in game.legal(RepeatedMatrixState(), player):
        assert expected(game, own, others_chance, player) == value


def test_the_expert_of_chicken_leaves_nothing_to_gain() -> None:
    assert dict(Chicken().expert(RepeatedMatrixState(), 0)) == {"swerve": Fraction(9, 10), "straight": Fraction(1, 10)}
    values = reference_values(solo_game("Chicken", rounds=3, opponent="expert"))
    assert values.optimal.value == pytest.approx(values.random.value) == pytest.approx(-0.3)


def test_matching_pennies_is_worth_nothing_between_perfect_players() -> None:
    game = MatchingPennies(rounds=2)
    assert equilibrium(game).value == pytest.approx(0, abs=1e-9)
    assert exploitability(game, strategy("expert")) == 0
    assert exploitability(game, strategy("script:tit_for_tat")) == 2


def replies(game: RepeatedMatrix, script: str, player: int, others: tuple[str, ...]) -> Iterator[str]:
    """The moves of a scripted player against given moves of the other."""
    state = RepeatedMatrixState()
    for other in others:
        ((own, p),) = strategy(f"script:{script}")(game, state, player)
        assert p == 1
        yield own
        state = game.apply(state, (own, other) if player == 0 else (other, own))


def naive(game: RepeatedMatrix, script: str, player: int, others: tuple[str, ...]) -> list[str]:
    table = {(a, b): pay for (a, b), pay in TABLES[type(game)].items()}
    first, second = dict.fromkeys(a for a, _ in table)
    made: list[str] = []
    for turn in range(len(others)):
        if script.startswith("always_"):
            made.append(script[7:])
        elif turn == 0:
            made.append(first)
        elif script == "tit_for_tat":
            made.append(others[turn - 1])
        else:
            mine, theirs = made[-1], others[turn - 1]
            pays = [table[pair][player] for pair in table]
            got = table[(mine, theirs) if player == 0 else (theirs, mine)][player]
            better = sum(pay > got for pay in pays) < 2 and sum(pay >= got for pay in pays) <= 2
            made.append(mine if better else second if mine == first else first)
    return made


@pytest.mark.parametrize("game_class", [Chicken, BattleOfSexes, MatchingPennies], ids=lambda each: each.__name__)
def test_scripted_players_do_what_their_names_say(game_class: type[RepeatedMatrix]) -> None:
    game = game_class(rounds=4)
    moves = game.legal(RepeatedMatrixState(), 0)
    for script, player in product(game.scripts, (0, 1)):
        for others in product(moves, repeat=4):
            assert list(replies(game, script, player, others)) == naive(game, script, player, others), (script, others)


def test_taking_turns_is_fair() -> None:
    values = reference_values(solo_game("BattleOfSexes", opponent="expert"))
    assert values.expert is not None
    assert values.expert.value == values.optimal.value == 15
    other = reference_values(solo_game("BattleOfSexes", opponent="expert", seat=1))
    assert other.expert is not None
    assert other.expert.value == 15


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("StagHunt", "feedback"),
        ("Chicken", "foresight"),
        ("BattleOfSexes", "feedback"),
        ("MatchingPennies", "feedback"),
    ],
)
def test_the_easy_level_lies_in_its_corner(name: str, cell: str) -> None:
    assert reference_values(solo_game(name, level="easy")).cell() == cell


def test_the_values_at_easy_of_the_pages() -> None:
    assert reference_values(solo_game("Chicken", level="easy")).optimal.value == pytest.approx(1)
    assert reference_values(solo_game("MatchingPennies", level="easy")).optimal.value == pytest.approx(3)


@pytest.mark.parametrize(
    ("game", "text", "move"),
    [
        (StagHunt(), "stag", "stag"),
        (StagHunt(), "I hunt the stag with you.", "stag"),
        (StagHunt(), "DEER!", "stag"),
        (StagHunt(), "hare", "hare"),
        (StagHunt(), "hunt a hare", "hare"),
        (StagHunt(), "not the stag, a hare", "hare"),
        (StagHunt(), "not stag", "hare"),
        (StagHunt(), "rabbit", "hare"),
        (StagHunt(), "hunt", None),
        (Chicken(), "swerve", "swerve"),
        (Chicken(), "I give way", "swerve"),
        (Chicken(), "turn aside", "swerve"),
        (Chicken(), "go straight", "straight"),
        (Chicken(), "I keep going", "straight"),
        (Chicken(), "**straight**", "straight"),
        (Chicken(), "never swerve", "straight"),
        (Chicken(), "brake", None),
        (Chicken(), "", None),
        (BattleOfSexes(), "opera", "opera"),
        (BattleOfSexes(), "Let us go to the opera.", "opera"),
        (BattleOfSexes(), "theatre", "opera"),
        (BattleOfSexes(), "the match", "match"),
        (BattleOfSexes(), "football", "match"),
        (BattleOfSexes(), "opera? No: match", "match"),
        (BattleOfSexes(), "stay home", None),
        (MatchingPennies(), "heads", "heads"),
        (MatchingPennies(), "I show heads", "heads"),
        (MatchingPennies(), "Head.", "heads"),
        (MatchingPennies(), "tails", "tails"),
        (MatchingPennies(), "not heads", "tails"),
        (MatchingPennies(), "show tails", "tails"),
        (MatchingPennies(), "edge", None),
    ],
    ids=str,
)
def test_replies(game: RepeatedMatrix, text: str, move: str | None) -> None:
    read = game.read(RepeatedMatrixState(), 0, text)
    assert isinstance(read, Refusal) if move is None else read == move


@pytest.mark.parametrize(
    ("game_class", "arguments"),
    [
        (StagHunt, {"hare": 5.0}),
        (StagHunt, {"rounds": 0}),
        (Chicken, {"crash": 0.0}),
        (BattleOfSexes, {"apart": 3.0}),
        (MatchingPennies, {"rounds": 1.5}),
        (PrisonersDilemma, {"temptation": 1e9}),
    ],
)
def test_arguments_out_of_range_are_refused(game_class: type[RepeatedMatrix], arguments: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=next(iter(arguments))):
        game_class(**arguments)
