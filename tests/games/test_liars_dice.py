from __future__ import annotations

import random
from collections import Counter
from fractions import Fraction
from itertools import product
from typing import Any

import pyspiel
import pytest

from textenvs.core.errors import TextenvsError
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import strategy
from textenvs.envs.solo import solo_game
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.liars_dice import Bid, LiarsDice, LiarsDiceState
from textenvs.planning.equilibrium import best_response_value, equilibrium, exploitability
from textenvs.planning.reference import reference_values
from textenvs.testing import check_no_leak, plays

EASY = LiarsDice(dice=1, faces=4)
GAME = LiarsDice()


def follow(dice: int, faces: int, seed: int) -> None:
    """Play one random game in OpenSpiel and here side by side, and compare everything."""
    generator = random.Random(seed)
    game = LiarsDice(dice, faces)
    theirs = pyspiel.load_game("liars_dice", {"numdice": dice, "dice_sides": faces}).new_initial_state()
    rolled = []
    while theirs.is_chance_node():
        rolled.append(generator.choice(theirs.legal_actions()))
        theirs.apply_action(rolled[-1])
    hands = [tuple(sorted(die + 1 for die in part)) for part in (rolled[:dice], rolled[dice:])]
    ours: Any = LiarsDiceState((hands[0], hands[1]))
    paid = (0.0, 0.0)
    while not theirs.is_terminal():
        player = theirs.current_player()
        assert game.to_move(ours) == (player,)
        meaning = {
            2 * dice * faces if move == "liar" else (move.number - 1) * faces + move.face - 1: move
            for move in game.legal(ours, player)
        }
        assert sorted(meaning) == sorted(theirs.legal_actions())
        action = generator.choice([*meaning, max(meaning)])
        theirs.apply_action(action)
        after = game.apply(ours, meaning[action])
        paid, ours = game.rewards(ours, meaning[action], after), after
    assert game.is_over(ours)
    assert list(paid) == theirs.returns()


@pytest.mark.parametrize(("dice", "faces"), [(1, 6), (1, 3), (2, 6), (5, 6), (3, 4)])
def test_games_are_those_of_open_spiel(dice: int, faces: int) -> None:
    for seed in range(150):
        follow(dice, faces, seed)


def naive_winner(hands: tuple[tuple[int, ...], ...], bid: Bid, bidder: int, faces: int, wild: bool) -> int:
    showing = 0
    for hand in hands:
        for die in hand:
            if die == bid.face or (wild and die == faces):
                showing += 1
    return bidder if showing >= bid.number else 1 - bidder


@pytest.mark.parametrize("wild", [True, False])
def test_who_wins(wild: bool) -> None:
    game = LiarsDice(dice=2, faces=3, wild=wild)
    for state, move, after in (step for play in plays(game, 200) for step in play):
        if move == "liar":
            winner = naive_winner(state.hands, state.bids[-1], (len(state.bids) - 1) % 2, 3, wild)
            assert game.rewards(state, move, after)[winner] == 1
            assert game.view(after, winner).endswith("You win.")
            assert game.view(after, 1 - winner).endswith("You lose.")
        assert sum(game.rewards(state, move, after)) == 0


def test_deals_are_those_of_single_rolls() -> None:
    game = LiarsDice(dice=2, faces=3)
    rolls = Counter((tuple(sorted(dice[:2])), tuple(sorted(dice[2:]))) for dice in product(range(1, 4), repeat=4))
    assert {state.hands: p for state, p in game.deals() or ()} == {h: Fraction(n, 81) for h, n in rolls.items()}
    drawn = Counter(game.deal(Stream(seed, Purpose.DEAL)).hands for seed in range(3_000))
    assert all(abs(drawn[hands] / 3_000 - n / 81) < 0.03 for hands, n in rolls.items())
    assert GAME.deals() is None


def test_known_values() -> None:
    assert equilibrium(LiarsDice(dice=1, faces=3)).value == pytest.approx(1 / 9, abs=1e-9)
    theirs = pyspiel.load_game("liars_dice", {"dice_sides": 4})
    random_play = float(exploitability(EASY, strategy("random")))
    assert random_play == pytest.approx(pyspiel.exploitability(theirs, pyspiel.UniformRandomPolicy(theirs)))
    assert random_play == pytest.approx(0.655060, abs=1e-6)
    assert exploitability(EASY, strategy("expert")) == Fraction(3, 4)


@pytest.mark.slow
@pytest.mark.parametrize(("faces", "value"), [(4, 1 / 16), (5, 1 / 125)])
def test_known_values_with_more_faces(faces: int, value: float) -> None:
    assert equilibrium(LiarsDice(dice=1, faces=faces)).value == pytest.approx(value, abs=1e-9)


def test_the_rulers_at_easy() -> None:
    values = reference_values(solo_game("LiarsDice", level="easy"))
    assert values.optimal.value == best_response_value(EASY, strategy("expert"), 0) == 0.75
    assert values.random.value < 0 < values.plan.value < values.optimal.value
    assert values.cell() == "both"


def test_views_tell_no_secrets() -> None:
    check_no_leak(LiarsDice(dice=2, faces=2, wild=False))
    for state, _, _ in (step for play in plays(GAME, 20) for step in play):
        for player in GAME.to_move(state):
            other = GAME.deal(Stream(1, Purpose.DEAL)).hands[0]
            hands = (state.hands[0], other) if player == 0 else (other, state.hands[1])
            twin = state._replace(hands=hands)
            assert GAME.view(twin, player) == GAME.view(state, player)
            assert GAME.expert(twin, player) == GAME.expert(state, player)
            assert GAME.legal(twin, player) == GAME.legal(state, player)


def test_scripted_players() -> None:
    opening = LiarsDiceState(((1, 3), (2, 2)))
    game = LiarsDice(dice=2, faces=6)

    def move(name: str, *bids: Bid) -> Any:
        ((made, p),) = strategy(name)(game, opening._replace(bids=bids), len(bids) % 2)
        assert p == 1
        return made

    assert [move(f"script:{name}") for name in ("honest", "bluffer", "doubter")] == [Bid(1, 1)] * 3
    assert move("script:honest", Bid(1, 1)) == Bid(1, 2)
    assert move("script:honest", Bid(1, 3)) == Bid(2, 2)
    assert move("script:honest", Bid(2, 2)) == "liar"
    assert move("script:bluffer", Bid(2, 6)) == Bid(3, 1)
    assert move("script:bluffer", Bid(4, 6)) == "liar"
    assert move("script:doubter", Bid(1, 1)) == "liar"
    assert move("expert") == Bid(1, 3)  # the highest of the certain bids
    assert move("expert", Bid(1, 3)) == Bid(2, 2)  # its own dice prove it
    assert move("expert", Bid(1, 1), Bid(4, 6)) == "liar"


def test_the_expert_beats_weak_players() -> None:
    def mean(opponent: str) -> float:
        total = 0.0
        for seed in range(100):
            stream, state = Stream(seed, Purpose.POLICY), GAME.deal(Stream(seed, Purpose.DEAL))
            names = ("expert", opponent) if seed % 2 == 0 else (opponent, "expert")
            while not state.called:
                player = len(state.bids) % 2
                move = strategy(names[player])(GAME, state, player)
                chosen = move[0][0] if len(move) == 1 else stream.choice([made for made, _ in move])
                before, state = state, GAME.apply(state, chosen)
            total += GAME.rewards(before, "liar", state)[names.index("expert")]
        return total / 100

    assert mean("random") > 0.5
    assert mean("script:doubter") > 0.5


def test_what_a_player_is_told() -> None:
    state = LiarsDiceState(((1, 1), (3, 6)), (Bid(1, 1), Bid(2, 6)))
    game = LiarsDice(dice=2)
    assert game.view(state, 0) == "Your dice: 1, 1. Bids: you 1 one, opponent 2 sixes. A higher bid or liar?"
    assert game.view(state, 1) == "Your dice: 3, 6. Bids: opponent 1 one, you 2 sixes. Your opponent is to move."
    after = game.apply(state, "liar")
    assert game.view(after, 0).endswith(
        "You called it a lie. Your opponent's dice: 3, 6. Bid: 2 sixes. Found: 1. You win."
    )
    last = state._replace(bids=(Bid(4, 6),))
    assert game.legal(last, 1) == ("liar",)
    assert game.view(last, 1).endswith("No bid is higher: reply liar.")


@pytest.mark.parametrize(
    ("text", "move"),
    [
        ("bid 2 fives", Bid(2, 5)), ("2 fives", Bid(2, 5)), ("Two fives!", Bid(2, 5)), ("**bid 3 5s**", Bid(3, 5)),
        ("2x5", Bid(2, 5)), ("I bid 2 x 5", Bid(2, 5)), ("I would like to bid three sixes.", Bid(3, 6)),
        ("raise to 2 fours", Bid(2, 4)), ("I'll say 2 dice showing 4", Bid(2, 4)), ("bid 2 of 5", Bid(2, 5)),
        ("bid 1 six", Bid(1, 6)), ("bid: 2 fives", Bid(2, 5)), ("I have 3 twos, so I bid 4 twos", Bid(4, 2)),
        ("bid 4 twos, since I have 3 twos", Bid(4, 2)), ("You bid 1 five. I go 2 fives", Bid(2, 5)),
        ("not 3 fives but 2 fives", Bid(2, 5)), ("You are not lying, so 2 fives", Bid(2, 5)),
        ("liar", "liar"), ("Liar!", "liar"), ("I call", "liar"), ("call your bluff", "liar"), ("I doubt it", "liar"),
        ("challenge", "liar"), ("That is a lie.", "liar"), ("Bid 2 fives? No: liar", "liar"),
        ("liar, because they bid 1 five", "liar"), ("You bid 1 five and that's a lie", "liar"),
        ("I won't call it a lie; bid 2 fives", Bid(2, 5)), ("```\nbid 2 fives\n```", Bid(2, 5)),
    ],
)  # fmt: skip
def test_replies(text: str, move: Any) -> None:
    state = LiarsDiceState(((1, 2, 3, 4, 5),) * 2, (Bid(1, 5),))
    assert GAME.read(state, 1, text) == move


@pytest.mark.parametrize(
    ("bids", "text", "kind", "told"),
    [
        ((), "liar", "illegal", "no bid yet"), ((Bid(2, 5),), "bid 2 fives", "illegal", "not higher than 2 fives"),
        ((Bid(2, 5),), "bid 1 six", "illegal", "not higher"), ((), "bid 11 fives", "illegal", "10 dice"),
        ((), "bid 2 sevens", "illegal", "faces 1 to 6"), ((), "bid 0 fives", "illegal", "10 dice"),
        ((), "", "malformed", "bid 2 sixes"), ((), "hello", "malformed", "bid 2 sixes"),
        ((Bid(2, 5),), "bid 3", "malformed", "liar"), ((), "bid 2.5 fives", "malformed", "bid 2 sixes"),
    ],
)  # fmt: skip
def test_refusals(bids: tuple[Bid, ...], text: str, kind: str, told: str) -> None:
    read = GAME.read(LiarsDiceState(((1, 2, 3, 4, 5),) * 2, bids), len(bids) % 2, text)
    assert isinstance(read, Refusal)
    assert read.kind == kind
    assert told in read.text


@pytest.mark.parametrize("arguments", [{"dice": 0}, {"dice": 51}, {"faces": 1}, {"faces": 13}, {"wild": 1}])
def test_arguments(arguments: dict[str, Any]) -> None:
    with pytest.raises(TextenvsError):
        LiarsDice(**arguments)
