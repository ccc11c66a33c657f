from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import permutations, product
from typing import Any

import pyspiel
import pytest

from textenvs.core.refusal import Refusal
from textenvs.core.strategies import strategy
from textenvs.games.kuhn_poker import CARDS, KuhnPoker, KuhnPokerState, Move
from textenvs.planning.equilibrium import exploitability

GAME = KuhnPoker()

# What each complete betting pays: who wins (None: the higher card) and how many chips.
PLAYS: dict[str, tuple[int | None, int]] = {
    "check check": (None, 1),
    "check bet fold": (1, 1),
    "check bet call": (None, 2),
    "bet fold": (0, 1),
    "bet call": (None, 2),
}


def chips(cards: str, betting: str) -> int:
    """The rules again: what the first player wins with cards such as "QJ"."""
    winner, stake = PLAYS[betting]
    if winner is None:
        winner = 0 if "JQK".index(cards[0]) > "JQK".index(cards[1]) else 1
    return stake if winner == 0 else -stake


def deals() -> Iterator[tuple[str, KuhnPokerState]]:
    for cards in permutations("JQK", 2):
        yield "".join(cards), KuhnPokerState(("JQK".index(cards[0]), "JQK".index(cards[1])))


def after(state: KuhnPokerState, *moves: Move) -> KuhnPokerState:
    for move in moves:
        state = GAME.apply(state, move)
    return state


def hand(cards: str, *moves: Move) -> KuhnPokerState:
    return after(dict(deals())[cards], *moves)


def positions() -> Iterator[tuple[str, str, KuhnPokerState]]:
    """Every position of every deal, with the betting as a text."""
    beginnings = {" ".join(betting.split()[:n]) for betting in PLAYS for n in range(4)}
    for cards, state in deals():
        for betting in sorted(beginnings):
            yield cards, betting, after(state, *betting.split())  # type: ignore[arg-type]


def test_all_deals_are_equally_likely() -> None:
    assert GAME.deals() == tuple((state, Fraction(1, 6)) for _, state in sorted(deals(), key=lambda deal: deal[1]))


def test_every_betting_agrees_with_a_second_implementation() -> None:
    for _, betting, state in positions():
        so_far = betting.split()
        plays = [play.split() for play in PLAYS if play.split()[: len(so_far)] == so_far and play != betting]
        movers = GAME.to_move(state)
        assert movers == ((len(so_far) % 2,) if plays else ())
        for player in movers:
            assert set(GAME.legal(state, player)) == {play[len(so_far)] for play in plays}


def test_every_payment_agrees_with_a_second_implementation() -> None:
    for cards, betting, state in positions():
        for player in GAME.to_move(state):
            for move in GAME.legal(state, player):
                paid = GAME.rewards(state, move, GAME.apply(state, move))
                whole = f"{betting} {move}".strip()
                won = chips(cards, whole) if whole in PLAYS else 0
                assert paid == (won, -won)


def compare(ours: KuhnPokerState, theirs: Any, paid: tuple[float, ...] = (0.0, 0.0)) -> int:
    """Play every way on from a position here and in OpenSpiel, compare everything, and return the number of ends."""
    assert GAME.is_over(ours) == theirs.is_terminal()
    if theirs.is_terminal():
        assert list(paid) == theirs.returns()
        return 1
    player = theirs.current_player()
    assert GAME.to_move(ours) == (player,)
    passes, bets = theirs.legal_actions()
    assert (theirs.action_to_string(passes), theirs.action_to_string(bets)) == ("Pass", "Bet")
    meaning = {"check": passes, "fold": passes, "bet": bets, "call": bets}
    assert sorted(meaning[move] for move in GAME.legal(ours, player)) == [passes, bets]
    ends = 0
    for move in GAME.legal(ours, player):
        after = GAME.apply(ours, move)
        earned = GAME.rewards(ours, move, after)
        ends += compare(after, theirs.child(meaning[move]), (paid[0] + earned[0], paid[1] + earned[1]))
    return ends


def test_every_hand_is_that_of_open_spiel() -> None:
    dealt = {}
    root = pyspiel.load_game("kuhn_poker").new_initial_state()
    for first, chance in root.chance_outcomes():
        for second, other in root.child(first).chance_outcomes():
            dealt[KuhnPokerState((first, second))] = chance * other
            assert compare(KuhnPokerState((first, second)), root.child(first).child(second)) == 5
    assert dealt == pytest.approx({state: float(p) for state, p in GAME.deals()})


def test_exploitability_is_that_of_open_spiel() -> None:
    theirs = pyspiel.load_game("kuhn_poker")
    random_play = float(exploitability(GAME, strategy("random")))
    assert random_play == pytest.approx(pyspiel.exploitability(theirs, pyspiel.UniformRandomPolicy(theirs)))


def test_the_numbers_of_states_are_as_documented() -> None:
    to_move = [state for _, _, state in positions() if GAME.to_move(state)]
    assert len(to_move) == 24
    for player in (0, 1):
        seen = {GAME.view(state, player) for state in to_move if GAME.to_move(state) == (player,)}
        assert len(seen) == 6


def value(first: str, second: str) -> Fraction:
    """What the first player wins on average when both follow `expert` or `random`."""
    total = Fraction(0)
    for (cards, state), betting in product(deals(), PLAYS):
        chance = Fraction(1, 6)
        now = state
        for turn, move in enumerate(betting.split()):
            by_expert = (first, second)[turn % 2] == "expert"
            chances = dict(GAME.expert(now, turn % 2)) if by_expert else {move: Fraction(1, 2)}
            chance *= Fraction(chances.get(move, 0))  # type: ignore[call-overload]
            now = after(now, move)  # type: ignore[arg-type]
        total += chance * chips(cards, betting)
    return total


def test_between_experts_the_first_player_gets_kuhns_value() -> None:
    assert value("expert", "expert") == Fraction(-1, 18)


def test_between_random_players_the_first_one_gets_an_eighth() -> None:
    assert value("random", "random") == Fraction(1, 8)


def test_against_the_expert_a_random_player_loses_a_sixth_in_either_seat() -> None:
    assert value("random", "expert") == Fraction(-1, 6)
    assert value("expert", "random") == Fraction(1, 6)


def test_the_expert_is_kuhns_equilibrium_with_alpha_one_third() -> None:
    alpha = Fraction(1, 3)
    bets = {"J": alpha, "Q": 0, "K": 3 * alpha}
    calls = ({"J": 0, "Q": alpha + Fraction(1, 3), "K": 1}, {"J": 0, "Q": Fraction(1, 3), "K": 1})
    for cards, betting, state in positions():
        for player in GAME.to_move(state):
            chances = dict(GAME.expert(state, player))
            assert sum(chances.values()) == 1
            own = cards[player]
            if betting.endswith("bet"):
                assert chances.get("call", 0) == calls[player][own]
            else:
                assert chances.get("bet", 0) == bets[own]


def naive_exploitability(script: dict[str, Move]) -> Fraction:
    """What a best response earns on average over both seats, trying every reply to each card and betting."""
    total = Fraction(0)
    for own in "JQK":
        others = [card for card in "JQK" if card != own]
        for seat in (0, 1):
            best = max(
                sum(answered(own, other, seat, dict(zip(script, plan, strict=True)), script) for other in others)
                for plan in product(("check", "bet"), ("call", "fold"))
            )
            total += Fraction(best, 6)
    return total / 2


def answered(own: str, other: str, seat: int, plan: dict[str, Move], script: dict[str, Move]) -> int:
    """What a plan earns with one card against a script with another, each from no bet or a bet to a move."""
    betting: list[str] = []
    while " ".join(betting) not in PLAYS:
        mover = plan if len(betting) % 2 == seat else script
        betting.append(mover["bet" if betting[-1:] == ["bet"] else "none"])
    won = chips(own + other if seat == 0 else other + own, " ".join(betting))
    return won if seat == 0 else -won


@pytest.mark.parametrize(
    ("name", "script", "known"),
    [
        ("bold", {"none": "bet", "bet": "call"}, Fraction(1, 3)),
        ("meek", {"none": "check", "bet": "fold"}, Fraction(1)),
    ],
)
def test_scripts_play_as_documented(name: str, script: dict[str, Move], known: Fraction) -> None:
    for _, betting, state in positions():
        for player in GAME.to_move(state):
            assert GAME.script(name, state, player) == ((script["bet" if betting.endswith("bet") else "none"], 1),)
    assert exploitability(GAME, strategy(f"script:{name}")) == naive_exploitability(script) == known


def test_only_a_showdown_tells_the_others_card() -> None:
    for cards, betting, state in positions():
        showdown = betting in PLAYS and PLAYS[betting][0] is None
        for player in (0, 1):
            own, other = (CARDS["JQK".index(cards[i])] for i in (player, 1 - player))
            view = GAME.view(state, player)
            assert own in view
            assert (other in view) == showdown


@pytest.mark.parametrize(
    ("cards", "moves", "player", "view"),
    [
        ("QJ", (), 0, "You hold the queen. Check or bet?"),
        ("QJ", (), 1, "You hold the jack. Your opponent is to move."),
        ("QJ", ("check",), 1, "You hold the jack. Your opponent checked. Check or bet?"),
        ("QJ", ("check",), 0, "You hold the queen. You checked. Your opponent is to move."),
        ("QJ", ("bet",), 1, "You hold the jack. Your opponent bet. Call or fold?"),
        ("QK", ("check", "bet"), 0, "You hold the queen. You checked. Your opponent bet. Call or fold?"),
        (
            "QK", ("check", "check"), 0,
            "You hold the queen. You checked. Your opponent checked. Your opponent holds the king. You lose 1 chip.",
        ),
        (
            "QK", ("check", "bet", "call"), 1,
            "You hold the king. Your opponent checked. You bet. Your opponent called. Your opponent holds the queen. "
            "You win 2 chips.",
        ),
        ("JQ", ("bet", "fold"), 0, "You hold the jack. You bet. Your opponent folded. You win 1 chip."),
        ("JQ", ("bet", "fold"), 1, "You hold the queen. Your opponent bet. You folded. You lose 1 chip."),
    ],
)  # fmt: skip
def test_views(cards: str, moves: tuple[Move, ...], player: int, view: str) -> None:
    assert GAME.view(hand(cards, *moves), player) == view


READINGS = [
    ("check", "check", "illegal"),
    ("I check.", "check", "illegal"),
    ("Let's keep checking", "check", "illegal"),
    ("bet", "bet", "illegal"),
    ("I will BET one chip!", "bet", "illegal"),
    ("raise", "bet", "illegal"),
    ("call", "illegal", "call"),
    ("I'll match that", "illegal", "call"),
    ("I call the bet", "illegal", "call"),
    ("calling my opponent's  bet", "illegal", "call"),
    ("fold", "illegal", "fold"),
    ("**Fold**", "illegal", "fold"),
    ("I give up", "illegal", "fold"),
    ("I fold to the bet.", "illegal", "fold"),
    ("pass", "check", "fold"),
    ("I will pass", "check", "fold"),
    ("Passing.", "check", "fold"),
    ("I could bet, but I check", "check", "illegal"),
    ("Check? No: bet", "bet", "illegal"),
    ("My opponent bet, so I fold", "illegal", "fold"),
    ("Should I fold? I call", "illegal", "call"),
    ("", "malformed", "malformed"),
    ("checkmate", "malformed", "malformed"),
    ("better", "malformed", "malformed"),
    ("I hold the king", "malformed", "malformed"),
    ("ставлю", "malformed", "malformed"),
    ("\x00\x1b[0m", "malformed", "malformed"),
]


@pytest.mark.parametrize(("reply", "unopened", "facing_bet"), READINGS)
def test_reading(reply: str, unopened: str, facing_bet: str) -> None:
    for moves, expected in (
        ((), unopened),
        (("check",), unopened),
        (("bet",), facing_bet),
        (("check", "bet"), facing_bet),
    ):
        state = hand("QK", *moves)  # type: ignore[arg-type]
        read = GAME.read(state, len(moves) % 2, reply)
        assert (read.kind if isinstance(read, Refusal) else read) == expected


def test_refusals_tell_what_is_allowed() -> None:
    assert GAME.read(hand("QK"), 0, "call") == Refusal(
        "You cannot call now: there is no bet to answer. Reply check or bet.", "illegal"
    )
    assert GAME.read(hand("QK", "bet"), 1, "check") == Refusal(
        "You cannot check now: your opponent has bet. Reply call or fold.", "illegal"
    )
    assert GAME.read(hand("QK", "bet"), 1, "?") == Refusal("I read no move in that. Reply with one word: call or fold.")


def test_instructions_tell_who_moves_first() -> None:
    assert "You move first." in GAME.instructions(0)
    assert "Your opponent moves first." in GAME.instructions(1)


@pytest.mark.parametrize("moves", [(), ("check",), ("bet",), ("check", "bet")])
def test_the_example_of_each_player_is_legal_whatever_comes_first(moves: tuple[Move, ...]) -> None:
    player = len(moves) % 2
    example = GAME.instructions(player).rpartition(": ")[2]
    if player == 1 or not moves:
        assert not isinstance(GAME.read(hand("QK", *moves), player, example), Refusal)


def test_there_are_no_arguments() -> None:
    with pytest.raises(TypeError):
        KuhnPoker(cards=4)  # type: ignore[call-arg]
