from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import cache
from itertools import product
from typing import Any

import pytest

from textenvs.core.errors import ArgumentError
from textenvs.core.refusal import Refusal
from textenvs.games.orchard import Move, Orchard, OrchardState

SMALL = [
    Orchard(seasons=seasons, delay=delay, weather=weather, lure=lure, harvest=harvest)
    for seasons, delay in ((1, 0), (4, 0), (4, 1), (5, 2), (4, 3))
    for weather in (0.0, 0.25, 1.0)
    for lure, harvest in ((0.0625, 0.5), (0.5, 0.25))
]


def seasonal_rewards(game: Orchard, moves: Sequence[str], storms: list[bool]) -> list[float]:
    """The rules again: what each season pays, if `storms[s]` tells of a storm in season s (from 0)."""
    paid = [0.0] * (game.seasons + game.delay)
    for season, move in enumerate(moves):
        if move == "eat":
            paid[season] += game.lure
        elif not (storms + [False] * game.delay)[season + game.delay]:
            paid[season + game.delay] += game.harvest
    return paid[: game.seasons]


def played(game: Orchard, moves: Sequence[Any], storms: list[bool]) -> tuple[list[float], OrchardState]:
    """What each season pays in the game itself, and the final state."""
    ((state, _),) = game.deals()
    paid = []
    for season, move in enumerate(moves):
        after = game.apply(state, move)
        paid.append(game.rewards(state, move, after)[0])
        state = after
        if game.chance(state):
            weather: Move = "storm" if storms[season] else "fine"
            after = game.apply(state, weather)
            paid[-1] += game.rewards(state, weather, after)[0]
            state = after
    return paid, state


def weathers(game: Orchard) -> Iterator[tuple[list[bool], Fraction]]:
    """Every weather of all seasons with its probability."""
    chance = Fraction(game.weather)
    for storms in product((False, True), repeat=game.seasons):
        yield list(storms), Fraction(chance ** sum(storms) * (1 - chance) ** (game.seasons - sum(storms)))


def best_value(game: Orchard, moves: tuple[str, ...], possible: list[tuple[list[bool], Fraction]]) -> Fraction:
    """The best expected sum of all rewards for a player who has seen what the seasons so far paid."""
    if len(moves) == game.seasons:
        return sum((Fraction(sum(seasonal_rewards(game, moves, storms))) * p for storms, p in possible), Fraction(0))
    values = []
    for move in ("eat", "plant"):
        seen: dict[Any, list[tuple[list[bool], Fraction]]] = {}
        now = (*moves, move)
        for storms, p in possible:
            padded = (*now, *["plant"] * (game.seasons - len(now)))
            seen.setdefault(tuple(seasonal_rewards(game, padded, storms)[: len(now)]), []).append((storms, p))
        values.append(sum((best_value(game, now, part) for part in seen.values()), Fraction(0)))
    return max(values)


def plan_values(game: Orchard) -> list[Fraction]:
    """The expected return of every fixed sequence of moves."""
    return [
        sum((Fraction(sum(seasonal_rewards(game, moves, storms))) * p for storms, p in weathers(game)), Fraction(0))
        for moves in product(("eat", "plant"), repeat=game.seasons)
    ]


@pytest.mark.parametrize("game", SMALL, ids=repr)
def test_every_play_agrees_with_a_second_implementation(game: Orchard) -> None:
    for moves in product(("eat", "plant"), repeat=game.seasons):
        for storms, p in weathers(game):
            if p == 0:
                continue
            paid, state = played(game, moves, storms)
            assert paid == seasonal_rewards(game, moves, storms)
            assert game.is_over(state)
            assert state.due == ()


@pytest.mark.parametrize("game", SMALL, ids=repr)
def test_optimal_and_plan_are_as_documented(game: Orchard) -> None:
    ripe, worth = game.seasons - game.delay, (1 - game.weather) * game.harvest
    documented = ripe * max(worth, game.lure) + game.delay * game.lure
    assert max(plan_values(game)) == pytest.approx(documented, abs=1e-12)
    assert best_value(game, (), list(weathers(game))) == pytest.approx(documented, abs=1e-12)


@pytest.mark.parametrize("game", SMALL, ids=repr)
def test_random_is_as_documented(game: Orchard) -> None:
    values = plan_values(game)
    worth = (1 - game.weather) * game.harvest
    documented = ((game.seasons - game.delay) * (worth + game.lure) + game.delay * game.lure) / 2
    assert sum(values) / len(values) == pytest.approx(documented, abs=1e-12)


@pytest.mark.parametrize("game", SMALL, ids=repr)
def test_the_return_range_is_reached_and_never_left(game: Orchard) -> None:
    returns = [
        sum(played(game, moves, storms)[0])
        for moves in product(("eat", "plant"), repeat=game.seasons)
        for storms, p in weathers(game)
        if p
    ]
    assert (min(returns), max(returns)) == game.return_range


def expected_rewards_now(game: Orchard, state: OrchardState) -> dict[str, float]:
    """What each move is expected to pay before the next move."""
    expected: dict[str, float] = {}
    for move in game.legal(state, 0):
        after = game.apply(state, move)
        expected[move] = game.rewards(state, move, after)[0]
        for weather, p in game.chance(after):
            expected[move] += float(p) * game.rewards(after, weather, game.apply(after, weather))[0]
    return expected


@pytest.mark.parametrize("game", [game for game in SMALL if game.delay], ids=repr)
def test_a_myopic_player_takes_the_lure_in_every_season(game: Orchard) -> None:
    for moves in product(("eat", "plant"), repeat=game.seasons - 1):
        _, state = played(game, moves, [False] * game.seasons)
        expected = expected_rewards_now(game, state)
        assert expected["eat"] - expected["plant"] == pytest.approx(game.lure)


def test_without_delay_a_myopic_player_is_optimal() -> None:
    game = Orchard(seasons=4, delay=0)
    ((state, _),) = game.deals()
    assert expected_rewards_now(game, state) == pytest.approx({"eat": 0.05, "plant": 0.18})


def dynamic_value(game: Orchard, state: OrchardState, choose: Callable[[dict[str, float]], float]) -> float:
    """The value of a state if `choose` makes one number of the values of the moves."""

    @cache
    def value(state: OrchardState) -> float:
        outcomes = game.chance(state)
        moves = [move for move, _ in outcomes] or (game.legal(state, 0) if game.to_move(state) else [])
        values: dict[str, float] = {}
        for move in moves:
            after = game.apply(state, move)
            values[move] = game.rewards(state, move, after)[0] + value(after)
        if outcomes:
            return sum(float(p) * values[move] for move, p in outcomes)
        return choose(values) if values else 0.0

    return value(state)


def test_the_default_values_are_as_documented() -> None:
    game = Orchard()
    ((state, _),) = game.deals()
    assert dynamic_value(game, state, lambda values: max(values.values())) == pytest.approx(1.05)
    assert dynamic_value(game, state, lambda values: sum(values.values()) / 2) == pytest.approx(0.65)
    assert dynamic_value(game, state, lambda values: values["eat"]) == pytest.approx(0.4)
    paid = [seasonal_rewards(game, ["plant"] * 5 + ["eat"] * 3, storms) for storms in ([False] * 8, [True] * 8)]
    assert [sum(seasons) for seasons in paid] == pytest.approx([1.15, 0.15])


@pytest.mark.parametrize("game", SMALL, ids=repr)
def test_the_expert_is_optimal(game: Orchard) -> None:
    ((state, _),) = game.deals()
    moves: list[str] = []
    for _ in range(game.seasons):
        ((move, _),) = game.expert(state, 0)
        moves.append(move)
        _, state = played(game, moves, [game.weather == 1.0] * game.seasons)
    value = sum(Fraction(sum(seasonal_rewards(game, moves, storms))) * p for storms, p in weathers(game))
    assert value == max(plan_values(game))


@pytest.mark.parametrize("game", SMALL, ids=repr)
def test_with_progress_added_every_planting_is_paid_at_once(game: Orchard) -> None:
    ((state, _),) = game.deals()
    for season in range(1, game.seasons + 1):
        planted = game.apply(state, "plant")
        in_time = season + game.delay <= game.seasons
        gain = game.progress(planted) - game.progress(state)
        assert gain == pytest.approx((1 - game.weather) * game.harvest * in_time)
        _, state = played(game, ["eat"] * season, [False] * game.seasons)


def test_a_thousand_seasons_are_playable() -> None:
    game = Orchard(seasons=1000, delay=500, lure=0.0001, harvest=0.002, weather=0.0)
    paid, _ = played(game, ["plant"] * 500 + ["eat"] * 500, [False] * 1000)
    assert sum(paid) == pytest.approx(1.05)
    assert game.return_range[1] == pytest.approx(1.05)


def test_the_number_of_states_is_as_documented() -> None:
    game = Orchard()
    seen = {game.deals()[0][0]}
    todo = list(seen)
    while todo:
        state = todo.pop()
        moves = game.legal(state, 0) if game.to_move(state) else [weather for weather, _ in game.chance(state)]
        new = {game.apply(state, move) for move in moves} - seen
        seen |= new
        todo.extend(new)
    assert 0 < len([state for state in seen if game.to_move(state)]) < 2**5 * 8


@pytest.mark.parametrize(
    ("reply", "move"),
    [
        ("eat", "eat"),
        ("  EAT!\n", "eat"),
        ("I eat the seed.", "eat"),
        ("Let me consume it", "eat"),
        ("swallow", "eat"),
        ("plant", "plant"),
        ("Plant it, please.", "plant"),
        ("I will **plant** the seed", "plant"),
        ("sow it", "plant"),
        ("I could eat it, but I plant it.", "plant"),
        ("Action: plant\nAction: eat", "eat"),
        ("", None),
        ("meat", None),
        ("plants", None),
        ("eat-plant-x", None),
        ("wait", None),
        ("ſow", None),
        ("植える", None),
        ("\x00\x1b[0m", None),
    ],
)
def test_reading(reply: str, move: str | None) -> None:
    game = Orchard()
    read = game.read(game.deals()[0][0], 0, reply)
    assert read == move if move else isinstance(read, Refusal) and read.kind == "malformed"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seasons", 0),
        ("seasons", 1001),
        ("delay", -1),
        ("delay", 8),
        ("delay", 1.5),
        ("lure", -0.1),
        ("lure", 1.1),
        ("weather", 1.1),
        ("weather", "bad"),
        ("harvest", -1.0),
    ],
)
def test_a_bad_argument_is_named(name: str, value: object) -> None:
    with pytest.raises(ArgumentError, match=name):
        Orchard(**{name: value})  # type: ignore[arg-type]


def view_after(game: Orchard, *moves: Move) -> str:
    ((state, _),) = game.deals()
    for move in moves:
        state = game.apply(state, move)
    return game.view(state, 0)


def test_views() -> None:
    game = Orchard(seasons=4, delay=1)
    assert view_after(game) == "Season 1 of 4. Harvests to come: none."
    assert view_after(game, "plant") == "Season 2 of 4. Harvests to come: 1, the next in season 2."
    assert (
        view_after(game, "plant", "plant", "fine")
        == "You brought in a harvest: 0.2 points. Season 3 of 4. Harvests to come: 1, the next in season 3."
    )
    assert (
        view_after(game, "plant", "eat", "storm")
        == "A storm destroyed a harvest. Season 3 of 4. Harvests to come: none."
    )
    assert view_after(game, "eat", "eat", "eat", "plant") == "The last season is over."
    assert (
        view_after(game, "eat", "eat", "plant", "eat", "fine")
        == "You brought in a harvest: 0.2 points. The last season is over."
    )


def test_instructions_tell_the_arguments() -> None:
    assert Orchard().instructions(0) == (
        "You keep an orchard for 8 seasons and get one seed each season. Each season, reply with one word:\n"
        "eat - you eat the seed, which pays 0.05 points at once.\n"
        "plant - you plant the seed; 3 seasons later its harvest pays 0.2 points, unless a storm "
        "(probability 0.1) destroys it. A harvest after season 8 is lost.\n"
        "For example, reply: eat"
    )
    calm = Orchard(seasons=1, delay=0, weather=0.0, harvest=1.0).instructions(0)
    assert "for 1 season and" in calm
    assert "plant - you plant the seed; at the end of this season its harvest pays 1 point.\n" in calm
