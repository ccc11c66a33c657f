from __future__ import annotations

import random
from typing import Any

import pyspiel
import pytest

from textenvs.core.refusal import Refusal
from textenvs.core.strategies import strategy
from textenvs.games.leduc_poker import LeducPoker, LeducPokerState
from textenvs.planning.equilibrium import equilibrium, exploitability, sequence_form
from textenvs.testing import check_no_leak

GAME = LeducPoker()
FOLD, CALL, RAISE = 0, 1, 2
MEANING = {"fold": FOLD, "check": CALL, "call": CALL, "bet": RAISE, "raise": RAISE}


def follow(seed: int) -> None:
    """Play one random hand in OpenSpiel and here side by side, and compare everything."""
    generator = random.Random(seed)
    theirs = pyspiel.load_game("leduc_poker").new_initial_state()
    dealt = [generator.choice([a for a, _ in theirs.chance_outcomes()])]
    theirs.apply_action(dealt[0])
    dealt.append(generator.choice([a for a, _ in theirs.chance_outcomes()]))
    theirs.apply_action(dealt[1])
    ours: Any = LeducPokerState((dealt[0] // 2, dealt[1] // 2))
    paid = [0.0, 0.0]
    while not theirs.is_terminal():
        if theirs.is_chance_node():
            outcomes: dict[int, float] = {}
            for card, p in theirs.chance_outcomes():
                outcomes[card // 2] = outcomes.get(card // 2, 0.0) + p
            assert {card: float(p) for card, p in GAME.chance(ours)} == pytest.approx(outcomes)
            card = generator.choice([a for a, _ in theirs.chance_outcomes()])
            theirs.apply_action(card)
            ours = GAME.apply(ours, card // 2)
            continue
        player = theirs.current_player()
        assert GAME.to_move(ours) == (player,)
        legal = GAME.legal(ours, player)
        assert sorted(MEANING[move] for move in legal) == sorted(theirs.legal_actions())
        move = generator.choice(legal)
        theirs.apply_action(MEANING[move])
        after = GAME.apply(ours, move)
        paid = [one + other for one, other in zip(paid, GAME.rewards(ours, move, after), strict=True)]
        ours = after
    assert GAME.is_over(ours)
    assert paid == theirs.returns()


def test_hands_are_those_of_open_spiel() -> None:
    for seed in range(600):
        follow(seed)


def test_the_deals_are_those_of_two_cards_of_six() -> None:
    deals = dict(GAME.deals())
    assert sum(deals.values()) == 1
    assert float(deals[LeducPokerState((0, 0))]) == pytest.approx(1 / 15)
    assert float(deals[LeducPokerState((0, 2))]) == pytest.approx(2 / 15)


def test_the_known_value_and_exploitabilities() -> None:
    assert equilibrium(GAME).value == pytest.approx(-0.085606424078, abs=1e-9)
    assert float(exploitability(GAME, strategy("random"))) == pytest.approx(4.747222222 / 2)
    found = {name: float(exploitability(GAME, strategy(name))) for name in ("expert", "script:bold", "script:meek")}
    assert found == pytest.approx({"expert": 1.165625, "script:bold": 2.3666667, "script:meek": 1.0})


def test_the_number_of_information_states_is_as_documented() -> None:
    form = sequence_form(GAME)
    assert [len(form.moves[player]) for player in (0, 1)] == [144, 144]


def test_views_tell_no_secrets() -> None:
    check_no_leak(GAME)


def state(*moves: Any, cards: tuple[int, int] = (2, 1)) -> LeducPokerState:
    made = LeducPokerState(cards)
    for move in moves:
        made = GAME.apply(made, move)
    return made


def test_views_tell_the_betting_to_both() -> None:
    there = state("bet", "call", 1, "check", "bet")
    assert GAME.view(there, 0) == (
        "You hold a king. On the table: a queen. Round 1: you bet, opponent called. Round 2: you checked, opponent "
        "bet. Pot: 10 chips. Call, raise or fold?"
    )
    assert GAME.view(there, 1).endswith("Pot: 10 chips. Your opponent is to move.")
    end = GAME.apply(there, "call")
    assert GAME.view(end, 0).endswith("Pot: 14 chips. Your opponent holds a queen. You lose 7 chips.")
    assert GAME.view(end, 1).endswith("Your opponent holds a king. You win 7 chips.")


@pytest.mark.parametrize(
    ("moves", "text", "move"),
    [
        ((), "check", "check"), ((), "I will bet.", "bet"), ((), "**BET**", "bet"), ((), "checking now", "check"),
        (("bet",), "call", "call"), (("bet",), "I match the bet", "call"), (("bet",), "see", "call"),
        (("bet",), "call the bet", "call"), (("bet",), "raise", "raise"), (("bet",), "I raise your bet", "raise"),
        (("bet",), "fold", "fold"), (("bet",), "I give up", "fold"), (("bet",), "fold to the bet", "fold"),
        (("bet",), "raise? no, call", "call"),
        ((), "call", None), ((), "fold", None), (("bet",), "check", None), (("bet", "raise"), "raise", None),
        ((), "", None), ((), "hold", None),
    ],
)  # fmt: skip
def test_replies(moves: tuple[str, ...], text: str, move: str | None) -> None:
    there = state(*moves)
    read = GAME.read(there, len(moves) % 2, text)
    assert isinstance(read, Refusal) if move is None else read == move
