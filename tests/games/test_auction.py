from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

import pytest

from textenvs.core.errors import TextenvsError
from textenvs.core.game import draw
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import strategy
from textenvs.envs.solo import solo_game
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.auction import Auction, AuctionState, Sale
from textenvs.planning.reference import reference_values
from textenvs.registry import make_game
from textenvs.testing import check_no_leak


def naive_gains(kind: str, values: tuple[int, ...], bids: tuple[int, ...]) -> list[Fraction]:
    """What each player gains in a round on average over the lots drawn, in points."""
    ranked = sorted(bids, reverse=True)
    price = ranked[0] if kind == "first" else ranked[1]
    return [
        Fraction(value - price, ranked.count(ranked[0])) if bid == ranked[0] else Fraction(0)
        for value, bid in zip(values, bids, strict=True)
    ]


def gains(game: Auction, values: tuple[int, ...], bids: tuple[int, ...]) -> list[Fraction]:
    """The same by the game, which plays the round with every lot."""
    state = AuctionState(values=values)
    assert game.to_move(state) == tuple(range(game.players))
    after = game.apply(state, bids)
    branches: list[tuple[AuctionState, Any, AuctionState, Fraction]] = [(state, bids, after, Fraction(1))]
    if after.bids:
        assert game.rewards(state, bids, after) == (0.0,) * game.players
        branches = [(after, lot, game.apply(after, lot), Fraction(p)) for lot, p in game.chance(after)]
    total = [Fraction(0)] * game.players
    for before, move, ended, chance in branches:
        assert ended.played == 1
        for player, reward in enumerate(game.rewards(before, move, ended)):
            total[player] += chance * round(reward * game.rounds * game.top)
    return total


@pytest.mark.parametrize("kind", ["first", "second"])
@pytest.mark.parametrize("players", [2, 3])
def test_every_round_pays_what_the_rules_say(kind: Any, players: int) -> None:
    game = Auction(kind, players=players, rounds=2, top=2)
    for values, bids in product(product(range(3), repeat=players), repeat=2):
        assert gains(game, values, bids) == naive_gains(kind, values, bids), (values, bids)


@pytest.mark.parametrize("players", [2, 3])
def test_no_bid_is_better_than_the_value_with_the_second_price(players: int) -> None:
    game = Auction("second", players=players, rounds=1, top=4)
    better = set()
    for value, others in product(range(5), product(range(5), repeat=players - 1)):
        values = (value, *(0,) * (players - 1))
        earned = [gains(game, values, (bid, *others))[0] for bid in range(5)]
        assert earned[value] == max(earned)
        better |= {(value, bid) for bid in range(5) if earned[bid] < earned[value]}
    assert better == {(value, bid) for value, bid in product(range(5), repeat=2) if better_somewhere(value, bid, 4)}


def better_somewhere(value: int, bid: int, top: int) -> bool:
    """Whether some highest bid of one other player makes `bid` worse than the value, by Vickrey's argument."""
    return any(
        (value - other) * win(value, other) > (value - other) * win(bid, other)
        for other in range(top + 1)
    )  # fmt: skip


def win(bid: int, other: int) -> Fraction:
    return Fraction(1, 2) if bid == other else Fraction(int(bid > other))


def regret(game: Auction) -> Fraction:
    """The most that the best bid for some value gains over the expert's, against experts with random values."""
    numbers = range(game.top + 1)
    bids = [bid_of(game, value) for value in numbers]
    odds = [chance_to_win(bid, bids, game.players - 1) for bid in numbers]
    return max(
        max((value - bid) * odds[bid] for bid in numbers) - (value - bids[value]) * odds[bids[value]]
        for value in numbers
    )


def bid_of(game: Auction, value: int) -> int:
    ((bid, _),) = game.expert(AuctionState(values=(value,) * game.players), 0)
    return bid


def chance_to_win(bid: int, bids: list[int], others: int) -> Fraction:
    """The chance that `bid` wins a lot among itself and the equal ones of `others`, who bid one of `bids` each."""
    ties = {0: Fraction(1)}  # from how many of the others bid the same to the chance that none bids more
    for _ in range(others):
        lower = Fraction(sum(other < bid for other in bids), len(bids))
        same = Fraction(bids.count(bid), len(bids))
        ties = {n: ties.get(n, Fraction(0)) * lower + ties.get(n - 1, Fraction(0)) * same for n in range(len(ties) + 1)}
    return sum((p / (n + 1) for n, p in ties.items()), Fraction(0))


@pytest.mark.parametrize("top", [1, 3, 5, 9, 21])
def test_half_of_the_value_is_an_equilibrium_of_two_with_the_first_price(top: int) -> None:
    assert regret(Auction("first", players=2, top=top)) == 0


def test_how_near_the_expert_is_to_an_equilibrium() -> None:
    found = {level: float(regret(make_game("Auction", level))) for level in ("easy", "medium", "hard", "extreme")}  # type: ignore[arg-type]
    assert found == pytest.approx({"easy": 0, "medium": 0, "hard": 0.1585, "extreme": 0.2581}, abs=1e-4)


def naive_expert_mean(game: Auction) -> float:
    """What each of all experts earns, from every combination of values."""
    total = Fraction(0)
    draws = list(product(range(game.top + 1), repeat=game.players))
    for values in draws:
        bids = tuple(value if game.kind == "second" else value - -(-value // game.players) for value in values)
        total += naive_gains(game.kind, values, bids)[0]
    return float(total / len(draws) / game.top)


@pytest.mark.parametrize("kind", ["first", "second"])
def test_the_rulers_at_easy(kind: str) -> None:
    values = reference_values(solo_game("Auction", level="easy", kind=kind))
    assert values.optimal.value == values.myopic.value == pytest.approx(5 / 24)
    assert values.expert is not None
    assert values.expert.value == pytest.approx(naive_expert_mean(make_game("Auction", "easy", kind=kind)))  # type: ignore[arg-type]
    assert values.plan.value == pytest.approx(naive_plan(kind))
    assert values.cell() == "feedback"


def naive_plan(kind: str) -> float:
    """The best bid for each first value, then the best bid for an unknown one, twice."""
    earned = [
        [sum(naive_gains(kind, (value, other), (bid, other if kind == "second" else other // 2))[0] / 4
             for other in range(4)) for value in range(4)]
        for bid in range(4)
    ]  # fmt: skip
    opening = sum(max(row[value] for row in earned) for value in range(4)) / 4
    blind = max(sum(row) / 4 for row in earned)
    return float(opening + 2 * blind) / 9


def test_the_mean_of_experts_at_the_default_level() -> None:
    assert naive_expert_mean(Auction()) == pytest.approx(0.0900857)


def test_values_are_uniform_and_independent_and_drawn_anew() -> None:
    game = Auction(players=2, rounds=2, top=3)
    state = AuctionState()
    for own, other in ((3, 1), (0, 2)):
        for value in (own, other):
            assert dict(game.chance(state)) == dict.fromkeys(range(4), Fraction(1, 4))
            state = game.apply(state, value)
        assert state.values == (own, other)
        state = game.apply(state, (2, 1))
    assert game.is_over(state)


def test_equal_highest_bids_are_drawn_with_equal_chances() -> None:
    game = Auction(players=3, top=9)
    tied = game.apply(AuctionState(values=(1, 2, 3)), (4, 1, 4))
    assert dict(game.chance(tied)) == {0: Fraction(1, 2), 2: Fraction(1, 2)}
    assert game.apply(tied, 2).last == Sale(2, 4, -1)
    nobody = game.apply(AuctionState(values=(1, 2, 3)), (0, 0, 0))
    assert [winner for winner, _ in game.chance(nobody)] == [0, 1, 2]


@pytest.mark.parametrize("kind", ["first", "second"])
def test_nothing_leaks(kind: Any) -> None:
    check_no_leak(Auction(kind, players=2, rounds=2, top=1))


@pytest.mark.parametrize("kind", ["first", "second"])
def test_views_depend_on_own_value_bid_and_price_only(kind: Any) -> None:
    game = Auction(kind, players=4, rounds=3)
    random = Stream(0, Purpose.POLICY)
    for _ in range(200):
        values, bids, again = (tuple(random.below(21) for _ in range(4)) for _ in range(3))
        state = AuctionState(values=values)
        redealt = AuctionState(values=(values[0], *again[1:]))
        assert game.view(state, 0) == game.view(redealt, 0)
        lot = draw(game.chance(tied), random) if game.chance(tied := game.apply(state, bids)) else None
        views = []
        for each in (state, redealt):
            after = game.apply(each, bids)
            views.append(game.view(after if lot is None else game.apply(after, lot), 0))
        assert views[0] == views[1]


@pytest.mark.parametrize(("kind", "price"), [("first", 7), ("second", 5)])
def test_the_price_is_told_and_the_gain_to_the_buyer_only(kind: Any, price: int) -> None:
    game = Auction(kind, players=2, rounds=1, top=9)
    after = game.apply(AuctionState(values=(8, 9)), (7, 5))
    earned = "1 point" if kind == "first" else "3 points"
    assert game.view(after, 0) == f"You bought the last item for {price} and earned {earned}. The game is over."
    assert game.view(after, 1) == f"player_0 bought the last item for {price}. The game is over."
    loss = game.apply(AuctionState(values=(0, 9)), (7, 5))
    assert f"and lost {price} points." in game.view(loss, 0)


def test_scripted_players() -> None:
    state = AuctionState(values=(3, 15, 1))
    names = ("script:truthful", "script:half", "script:steady", "expert")
    bids = {name: strategy(name)(Auction(), state, 1)[0][0] for name in names}
    assert bids == {"script:truthful": 15, "script:half": 7, "script:steady": 10, "expert": 10}
    assert Auction("second").expert(state, 1) == ((15, Fraction(1)),)


@pytest.mark.parametrize(
    ("text", "bid"),
    [
        ("bid 3", 3), ("3", 3), ("I bid 3.", 3), ("My bid is 3", 3), ("offer three", 3), ("**Bid: 3**", 3),
        ("I would like to pay 3 points", 3), ("bid 2? no, bid 3", 3), ("It is worth 7 to me, so I bid 4.", 4),
        ("bid 4, since it is worth 7 to me", 4), ("bid 4, not 5", 4), ("In round 2 I am bidding 4", 4), ("pass", 0),
        ("nothing", 0), ("I bid nothing", 0), ("```\nbid 20\n```", 20),
        ("bid 21", None), ("bid -1", None), ("bid", None), ("I bid less than my value", None), ("", None),
    ],
)  # fmt: skip
def test_replies(text: str, bid: int | None) -> None:
    read = Auction().read(AuctionState(values=(7, 7, 7)), 0, text)
    assert isinstance(read, Refusal) if bid is None else read == bid


def test_what_is_refused_how() -> None:
    game, state = Auction(), AuctionState(values=(7, 7, 7))
    kinds = {text: read.kind for text in ("bid 21", "hello") if isinstance(read := game.read(state, 0, text), Refusal)}
    assert kinds == {"bid 21": "illegal", "hello": "malformed"}


@pytest.mark.parametrize("arguments", [{"kind": "third"}, {"players": 7}, {"players": 1}, {"rounds": 0}, {"top": 0}])
def test_arguments_out_of_range_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(TextenvsError, match=next(iter(arguments))):
        Auction(**arguments)
