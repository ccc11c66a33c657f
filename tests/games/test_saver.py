from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textenvs.core.errors import ArgumentError
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import expert_strategy
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.saver import Saver, SaverState
from textenvs.planning.forward import evaluate_strategy, sample_strategy
from textenvs.planning.reference import reference_values
from textenvs.registry import make_game

TINY = [
    Saver(seasons=seasons, most=most, per=per, purse=purse, cycle=cycle, wage=1, start=3)
    for seasons, most, per, purse, cycle in ((1, 1, 1, 4, 1), (4, 2, 1, 9, 2), (4, 3, 2, 5, 3), (5, 2, 3, 3, 1))
]


def naive_life(game: Saver, coins: int, wages: Sequence[int], spent: Sequence[int]) -> list[tuple[int, Fraction]]:
    """The rules again: coins at the end of each season and what it paid, up to the first impossible spending."""
    most_joy = sum(range(game.most + 1)) * game.seasons
    seasons = []
    for season, number in enumerate(spent):
        if number > coins or number > game.most:
            break
        joy = sum(game.most - nth for nth in range(number))
        coins -= number
        coins += sum(1 for coin in range(1, coins + 1) if coin % game.per == 0)
        coins = min(coins + wages[season % len(wages)], game.purse)
        seasons.append((coins, Fraction(joy, most_joy)))
    return seasons


def all_lives(game: Saver, coins: int, wages: Sequence[int]) -> list[Fraction]:
    """What every possible life pays."""
    lives = [naive_life(game, coins, wages, spent) for spent in product(range(game.most + 1), repeat=game.seasons)]
    return [sum((paid for _, paid in life), Fraction(0)) for life in lives if len(life) == game.seasons]


def value(game: Saver, coins: int, wages: Sequence[int], season: int, choose: Callable[[list[Any]], Any]) -> Any:
    """The value of a situation if `choose` makes one of the pairs (pays now, pays in all) of its moves."""
    if season == game.seasons:
        return Fraction(0)
    moves = []
    for number in range(min(coins, game.most) + 1):
        ((after, paid),) = naive_life(game, coins, [wages[season % len(wages)]], [number])
        moves.append((paid, paid + value(game, after, wages, season + 1, choose)))
    return choose(moves)


def mean(game: Saver, of: Callable[[int, Sequence[int]], Fraction]) -> Fraction:
    """The mean over all instances."""
    cycles = list(product(range(game.wage + 1), repeat=game.cycle))
    values = [of(coins, wages) for wages in cycles for coins in range(1, game.start + 1)]
    return sum(values, Fraction(0)) / len(values)


@pytest.mark.parametrize("game", TINY, ids=repr)
def test_every_life_agrees_with_a_second_implementation(game: Saver) -> None:
    for opening, _ in game.deals() or ():
        for spent in product(range(game.most + 1), repeat=game.seasons):
            state = opening
            life = naive_life(game, opening.coins, opening.wages, spent)
            for number, (coins, paid) in zip(spent, life, strict=False):
                assert game.read(state, 0, f"spend {number}") == number
                after = game.apply(state, number)
                assert game.rewards(state, number, after) == (pytest.approx(float(paid)),)
                assert f"You have {coins} coin{'s' * (coins != 1)}" in game.view(after, 0)
                state = after
            if len(life) < game.seasons:
                refused = game.read(state, 0, f"spend {spent[len(life)]}")
                assert isinstance(refused, Refusal)
                assert spent[len(life)] not in game.legal(state, 0)
            assert game.is_over(state) == (len(life) == game.seasons)


@pytest.mark.parametrize("game", TINY, ids=repr)
def test_the_expert_and_the_return_range_are_exact(game: Saver) -> None:
    best = mean(game, lambda coins, wages: max(all_lives(game, coins, wages)))
    assert evaluate_strategy(game, expert_strategy) == pytest.approx(float(best))
    lives = [life for state, _ in game.deals() or () for life in all_lives(game, state.coins, state.wages)]
    assert game.return_range == pytest.approx((float(min(lives)), float(max(lives))))


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_random_lives_of_the_default_game_agree(data: st.DataObject) -> None:
    game = Saver()
    state = game.deal(Stream(data.draw(st.integers(0, 10**6)), Purpose.DEAL))
    opening, spent, paid = state, [], []
    while game.to_move(state):
        spent.append(data.draw(st.sampled_from(game.legal(state, 0))))
        after = game.apply(state, spent[-1])
        paid.append(game.rewards(state, spent[-1], after)[0])
        state = after
    life = naive_life(game, opening.coins, opening.wages, spent)
    assert paid == pytest.approx([float(pay) for _, pay in life])
    assert state.coins == life[-1][0]


def test_the_rulers_of_the_easy_level() -> None:
    game = make_game("Saver", level="easy")
    values = reference_values(game)
    optimal = mean(
        game, lambda coins, wages: value(game, coins, wages, 0, lambda moves: max(total for _, total in moves))
    )
    myopic = mean(game, lambda coins, wages: value(game, coins, wages, 0, lambda moves: max(moves)[1]))
    random = mean(
        game,
        lambda coins, wages: value(game, coins, wages, 0, lambda moves: sum(total for _, total in moves) / len(moves)),
    )
    assert values.optimal.value == pytest.approx(float(optimal))
    assert values.plan.value == pytest.approx(float(optimal))
    assert values.myopic.value == pytest.approx(float(myopic))
    assert values.random.value == pytest.approx(float(random))
    assert [round(ruler.value, 3) for ruler in (values.optimal, values.myopic, values.random)] == [0.63, 0.365, 0.359]
    assert values.cell() == "foresight"


@given(coins=st.integers(1, 12), seasons=st.integers(1, 6), most=st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_without_wages_and_interest_optimal_is_to_spread_the_coins_evenly(coins: int, seasons: int, most: int) -> None:
    game = Saver(seasons=seasons, most=most, per=1_000, purse=12, cycle=1, wage=0, start=12)
    share, rest = divmod(min(coins, seasons * most), seasons)
    joy = sum(range(most - share + 1, most + 1)) * seasons + (most - share) * rest
    state = SaverState((0,), coins)
    total = 0.0
    while game.to_move(state):
        ((move, _),) = game.expert(state, 0)
        after = game.apply(state, move)
        total += game.rewards(state, move, after)[0]
        state = after
    assert total == pytest.approx(joy / seasons / sum(range(most + 1)))


def test_the_known_values_of_the_page() -> None:
    game = Saver(seasons=4, most=4, per=1_000, purse=8, cycle=1, wage=0, start=8)
    lives = all_lives(game, 8, [0])
    assert max(lives) == Fraction(7, 10)
    assert naive_life(game, 8, [0], [4, 4, 0, 0])[0][1] * 2 == Fraction(1, 2)
    doubling = Saver(seasons=3, most=4, per=1, purse=8, cycle=1, wage=0, start=1)
    assert doubling.return_range[1] == pytest.approx(11 / 30)  # spend 0, then 1 of 2, then 2


def test_saving_pays_in_the_long_run() -> None:
    game = Saver()
    assert sample_strategy(game, expert_strategy, episodes=50).value > 0.8
    spends_all = sample_strategy(game, lambda game, state, _: ((max(game.legal(state, 0)), 1),), episodes=50)
    assert spends_all.value < 0.65


def test_instances_are_as_many_as_documented_and_drawn_alike() -> None:
    assert Saver().deals() is None
    easy = make_game("Saver", level="easy")
    listed = {state for state, _ in easy.deals()}
    assert len(listed) == easy.start * (easy.wage + 1) ** easy.cycle
    assert {easy.deal(Stream(seed, Purpose.DEAL)) for seed in range(300)} == listed
    assert Saver().start * (Saver().wage + 1) ** Saver().cycle == 10_485_760


@pytest.mark.parametrize(
    ("text", "move"),
    [
        ("spend 2", 2), ("2", 2), ("I will spend 2 coins.", 2), ("Pay 2", 2), ("use two coins", 2), ("SPEND: **2**", 2),
        ("spend 3? No, spend 2", 2), ("spend 2 and keep 3", 2), ("I have 3 coins, so 2", 2), ("not 3 but 2", 2),
        ("save", 0), ("I wait this season", 0), ("spend nothing", 0), ("spend no coins", 0), ("0", 0),
        ("I want to save for later, so spend 2", 2), ("spend 2 and save the rest", 2), ("spend zero", 0),
    ],
)  # fmt: skip
def test_replies(text: str, move: int) -> None:
    assert Saver().read(SaverState((0,) * 10, 3), 0, text) == move


@pytest.mark.parametrize(
    ("text", "kind", "told"),
    [
        ("spend 4", "illegal", "you have 3"), ("5", "illegal", "from 0 to 4"), ("spend -1", "illegal", "not -1"),
        ("", "malformed", "from 0 to 4"), ("spend", "malformed", "from 0 to 4"), ("2.5", "malformed", "from 0 to 4"),
        ("spend it all", "malformed", "from 0 to 4"), ("9" * 400, "malformed", "from 0 to 4"),
    ],
)  # fmt: skip
def test_refusals(text: str, kind: str, told: str) -> None:
    refused = Saver().read(SaverState((0,) * 10, 3), 0, text)
    assert isinstance(refused, Refusal)
    assert refused.kind == kind
    assert told in refused.text


def test_views_and_instructions() -> None:
    game = Saver(seasons=3, cycle=3)
    assert game.view(SaverState((2, 0, 1), 1), 0) == "Season 1 of 3. You have 1 coin. Wages from now on: 2 0 1."
    assert game.view(SaverState((2, 0, 1), 6, 3), 0) == "Season 3 of 3. You have 6 coins. Wages from now on: 1 2 0."
    assert game.view(SaverState((2, 0, 1), 6, 4), 0) == "The last season is over. You have 6 coins left."
    assert "Spending 1, 2, 3 or 4 coins in a season gives you 4, 7, 9 or 10 joy." in game.instructions(0)
    assert "every full 5 coins you have kept earn 1 coin of interest" in game.instructions(0)
    assert "the wages of this season and the next 2; then they repeat." in game.instructions(0)
    assert "the wages of this season and the next; then they repeat." in Saver(cycle=2).instructions(0)
    plain = Saver(seasons=1, most=1, per=1, cycle=1).instructions(0)
    assert "for 1 season." in plain
    assert "Spending 1 coin in a season gives you 1 joy." in plain
    assert "every coin you have kept earns 1 coin of interest" in plain
    assert "I tell you the wage of every season." in plain


def test_with_progress_keeping_coins_is_paid_at_once() -> None:
    game = Saver(wage=0)
    state = SaverState((0,) * 10, 10)
    assert game.progress(game.apply(state, 0)) > game.progress(state) > game.progress(game.apply(state, 4))


@pytest.mark.parametrize(
    ("name", "bad"),
    [("seasons", 0), ("seasons", 1_001), ("most", 0), ("per", 0), ("purse", 0), ("cycle", 21), ("wage", -1),
     ("start", 0), ("start", 31), ("seasons", 2.5), ("most", True)],
)  # fmt: skip
def test_a_bad_argument_is_named(name: str, bad: Any) -> None:
    with pytest.raises(ArgumentError, match=name):
        Saver(**{name: bad})
