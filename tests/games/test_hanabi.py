from __future__ import annotations

import random
import re
from typing import Any

import pyspiel
import pytest

from textenvs.core.errors import TextenvsError
from textenvs.core.game import draw
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import strategy
from textenvs.envs.solo import solo_game
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.hanabi import Card, Hanabi, HanabiState, Held
from textenvs.games.hanabi_words import Move
from textenvs.planning.reference import reference_values
from textenvs.testing import check_no_leak, plays

GAME = Hanabi()
EASY = Hanabi(**Hanabi.levels["easy"])
LETTERS = "RYGWB"


def card_of(text: str) -> Card:
    return Card(LETTERS.index(text[0]), int(text[1]))


def dealt(action: str) -> Card:
    return card_of(action.removeprefix("(Deal ").rstrip(")"))


def move_of(action: str, player: int, players: int) -> Move:
    """Return the move that OpenSpiel words so: (Play 0), (Discard 1), (Reveal player +1 color R) or (… rank 3)."""
    words = action.strip("()").split()
    if words[0] in ("Play", "Discard"):
        return Move("play" if words[0] == "Play" else "discard", int(words[1]))
    to = (player + int(words[2])) % players
    if words[3] == "color":
        return Move("colour", LETTERS.index(words[4]), to)
    return Move("rank", int(words[4]), to)


def told_by_theirs(text: str) -> dict[str, Any]:
    """Read the state that OpenSpiel prints."""
    hands = text[text.index("Hands:") + 6 : text.index("Deck size")].replace("Cur player\n", "").split("-----")
    held = re.compile(r"(\w\d) \|\| \w+\|([A-Z]+)(\d+)")
    return {
        "hands": tuple(
            tuple(
                Held(card_of(card), tuple(sorted(map(LETTERS.index, colours))), tuple(map(int, ranks)))
                for card, colours, ranks in held.findall(hand)
            )
            for hand in hands
        ),
        "lives": int(re.findall(r"Life tokens: (\d+)", text)[0]),
        "hints": int(re.findall(r"Info tokens: (\d+)", text)[0]),
        "built": tuple(int(rank) for rank in re.findall(r"[A-Z](\d)", text[text.index("Fireworks") :].split("\n")[0])),
        "deck": int(re.findall(r"Deck size: (\d+)", text)[0]),
        "discards": tuple(sorted(card_of(card) for card in text[text.index("Discards:") + 9 :].split())),
    }


def told_by_ours(state: HanabiState) -> dict[str, Any]:
    told = {name: getattr(state, name) for name in ("hands", "lives", "hints", "built", "discards")}
    return {**told, "deck": len(state.deck)}


def follow(game: Hanabi, seed: int, player_of_ours: str) -> None:
    """Play one game in OpenSpiel and here side by side, and compare everything."""
    generator, stream = random.Random(seed), Stream(seed, Purpose.POLICY)
    theirs = pyspiel.load_game(
        "hanabi",
        {
            "players": game.players, "colors": game.colours, "ranks": game.ranks, "hand_size": game.hand,
            "max_information_tokens": game.hints, "max_life_tokens": game.lives,
        },
    ).new_initial_state()  # fmt: skip
    ours = game.deal(Stream(seed, Purpose.DEAL))
    cards = [held.card for hand in ours.hands for held in hand] + list(ours.deck)
    paid = 0.0
    while True:
        while theirs.is_chance_node():
            wanted = cards.pop(0)
            theirs.apply_action(next(a for a in theirs.legal_actions() if dealt(theirs.action_to_string(a)) == wanted))
        told, known = told_by_theirs(str(theirs)), told_by_ours(ours)
        if theirs.is_terminal():  # theirs does not draw after a move that ends the game
            assert all(told[name] == known[name] for name in ("lives", "hints", "built", "discards"))
            break
        assert told == known
        player = theirs.current_player()
        assert game.to_move(ours) == (player,)
        meaning = {move_of(theirs.action_to_string(a), player, game.players): a for a in theirs.legal_actions()}
        assert set(meaning) == set(game.legal(ours, player))
        good = generator.random() < 0.7 and player_of_ours == "expert"
        move = draw(strategy("expert" if good else "random")(game, ours, player), stream)
        theirs.apply_action(meaning[move])
        after = game.apply(ours, move)
        rewards = game.rewards(ours, move, after)
        assert len(set(rewards)) == 1
        assert len(rewards) == game.players
        paid, ours = paid + rewards[0], after
    assert game.is_over(ours)
    assert paid * game.most == pytest.approx(theirs.returns()[0])


@pytest.mark.parametrize("who", ["random", "expert"])
@pytest.mark.parametrize(
    "arguments",
    [
        {}, {"colours": 1, "ranks": 3, "hand": 2, "hints": 2, "lives": 1}, {"colours": 2, "ranks": 2, "hand": 3},
        {"players": 3, "colours": 5, "ranks": 5, "hand": 5, "hints": 8}, {"players": 5, "colours": 5, "hand": 3},
    ],
)  # fmt: skip
def test_games_are_those_of_open_spiel(arguments: dict[str, Any], who: str) -> None:
    game = Hanabi(**arguments, forgiving=False)
    for seed in range(12):
        follow(game, seed, who)


def test_what_a_lost_life_costs() -> None:
    for forgiving in (True, False):
        game = Hanabi(lives=1, forgiving=forgiving)
        returned = []
        for play in plays(game, 30):
            total = sum(game.rewards(*step)[0] for step in play)
            end = play[-1][-1]
            assert total == pytest.approx(sum(end.built) / 12 if end.lives or forgiving else 0.0)
            returned.append(total)
        assert max(returned) > 0


def test_the_deals_are_all_orders() -> None:
    deals = EASY.deals()
    assert deals is not None
    assert len(deals) == 60  # 6! / (3! 2! 1!)
    assert {p for _, p in deals} == {deals[0][1]}
    assert GAME.deals() is None
    state = GAME.deal(Stream(3, Purpose.DEAL))
    cards = sorted([held.card for hand in state.hands for held in hand] + list(state.deck))
    assert cards == [Card(colour, rank) for colour in range(3) for rank in (1, 1, 1, 2, 2, 3, 3, 4)]


def test_the_rulers_at_easy() -> None:
    values = reference_values(solo_game("Hanabi", level="easy"))
    assert values.cell() == "both"
    assert values.optimal.value == pytest.approx(0.816667, abs=1e-6)
    assert values.expert is not None
    assert values.expert.value == pytest.approx(2 / 3)
    assert values.random.value < 0.3 < values.plan.value


def naive_best(game: Hanabi, weighted: list[tuple[HanabiState, float]]) -> float:
    """The most that player 0 earns beside the expert from states that it cannot tell apart."""
    best = 0.0
    for move in game.legal(weighted[0][0], 0):
        earned = 0.0
        groups: dict[str, list[tuple[HanabiState, float]]] = {}
        for state, p in weighted:
            after = game.apply(state, move)
            if game.to_move(after):
                ((answer, _),) = game.expert(after, 1) or ()
                after = game.apply(after, answer)
            earned += p * (sum(after.built) - sum(state.built)) / game.most
            if game.to_move(after):
                groups.setdefault(game.view(after, 0), []).append((after, p))
        best = max(best, earned + sum(naive_best(game, group) for group in groups.values()))
    return best


def test_the_optimum_at_easy_by_brute_force() -> None:
    groups: dict[str, list[tuple[HanabiState, float]]] = {}
    for state, p in EASY.deals() or ():
        groups.setdefault(EASY.view(state, 0), []).append((state, float(p)))
    assert sum(naive_best(EASY, group) for group in groups.values()) == pytest.approx(49 / 60)


def mean(game: Hanabi, name: str, games: int = 40) -> float:
    total = 0.0
    for seed in range(games):
        state, stream = game.deal(Stream(seed, Purpose.DEAL)), Stream(seed, Purpose.POLICY)
        while movers := game.to_move(state):
            state = game.apply(state, draw(strategy(name)(game, state, movers[0]), stream))
        total += game.score(state) / game.most
    return total / games


def test_the_convention_is_worth_much() -> None:
    assert mean(GAME, "expert") > 0.75 > 0.4 > mean(GAME, "script:cautious") > 0.15
    assert mean(Hanabi(players=3, colours=5, ranks=5, hand=5, hints=8), "expert", 10) > 0.75


def consistent_swaps(state: HanabiState, player: int) -> list[HanabiState]:
    """Return the state with a card of `player`, and one of the deck that it may as well be, exchanged."""
    swapped = []
    for place, held in enumerate(state.hands[player]):
        for spot, card in enumerate(state.deck):
            if card != held.card and card.colour in held.colours and card.rank in held.ranks:
                hand = list(state.hands[player])
                hand[place] = held._replace(card=card)
                hands = list(state.hands)
                hands[player] = tuple(hand)
                deck = (*state.deck[:spot], held.card, *state.deck[spot + 1 :])
                swapped.append(state._replace(hands=tuple(hands), deck=deck))
    return swapped


@pytest.mark.parametrize("game", [GAME, Hanabi(players=3, colours=5, hand=3)])
def test_views_tell_no_secrets(game: Hanabi) -> None:
    compared = 0
    for state, _, _ in (step for play in plays(game, 4) for step in play):
        for player in game.to_move(state):
            for twin in consistent_swaps(state, player)[:6]:
                compared += 1
                assert game.view(twin, player) == game.view(state, player)
                assert game.legal(twin, player) == game.legal(state, player)
                assert game.expert(twin, player) == game.expert(state, player)
                assert game.script("cautious", twin, player) == game.script("cautious", state, player)
    assert compared > 200


def test_nobody_can_tell_more_than_it_saw() -> None:
    check_no_leak(EASY)


def state_of(*hands: str, built: tuple[int, ...] = (0, 0), deck: str = "12 11", **rest: Any) -> HanabiState:
    """Return a state with hands such as "01 12": the cards red 1 and blue 2."""
    game = Hanabi(colours=2, ranks=3, hand=2)
    cards = [[Card(int(word[0]), int(word[1])) for word in hand.split()] for hand in (*hands, deck)]
    unknown = tuple(tuple(Held(card, (0, 1), (1, 2, 3)) for card in hand) for hand in cards[:-1])
    opening = game.deal(Stream(0, Purpose.DEAL))
    return opening._replace(hands=unknown, deck=tuple(cards[-1]), built=built, **rest)


TWO = Hanabi(colours=2, ranks=3, hand=2)


def test_what_players_are_told() -> None:
    state = state_of("01 12", "11 03", deck="02 13")
    assert TWO.view(state, 0) == (
        "Built: red 0, blue 0. Discarded: nothing. Hints: 5. Lives: 3. Cards in the deck: 2.\n"
        "player_1: card 1 blue 1; card 2 red 3.\n"
        "You: card 1 any colour, any rank; card 2 any colour, any rank.\n"
        "Your move."
    )
    state = TWO.apply(state, Move("colour", 1, 1))
    assert TWO.view(state, 1) == (
        "player_0 told you: card 1 is blue.\n"
        "Built: red 0, blue 0. Discarded: nothing. Hints: 4. Lives: 3. Cards in the deck: 2.\n"
        "player_0: card 1 red 1; card 2 blue 2.\n"
        "You: card 1 blue, any rank; card 2 red, any rank.\n"
        "Your move."
    )
    state = TWO.apply(TWO.apply(state, Move("rank", 2, 0)), Move("play", 1))
    assert TWO.view(state, 0) == (
        "player_1 told you: card 2 is rank 2.\n"
        "You played card 2: blue 2. It does not fit: a life is lost.\n"
        "Built: red 0, blue 0. Discarded: blue 2. Hints: 3. Lives: 2. Cards in the deck: 1.\n"
        "player_1: card 1 blue 1 (told: blue, any rank); card 2 red 3 (told: red, any rank).\n"
        "You: card 1 any colour, rank 1 or 3; card 2 any colour, any rank.\n"
        "player_1 is to move."
    )
    state = TWO.apply(state, Move("play", 0))
    assert "player_1 played card 1: blue 1. It fits." in TWO.view(state, 0)
    assert TWO.view(state, 0).endswith("The deck is empty: this is your last move.")
    state = TWO.apply(TWO.apply(state, Move("discard", 0)), Move("play", 1))
    assert TWO.view(state, 0).endswith("All turns are played. The team scores 1 of 6.")


def test_the_convention() -> None:
    def expert(state: HanabiState, player: int) -> Move:
        ((move, p),) = TWO.expert(state, player) or ()
        assert p == 1
        return move

    state = state_of("01 12", "11 03")
    assert expert(state, 0) == Move("colour", 1, 1)  # blue: the blue 1 will be played
    state = TWO.apply(state, Move("colour", 1, 1))
    assert expert(state, 1) == Move("play", 0)
    ruled_out = TWO.apply(state_of("01 12", "11 03"), Move("rank", 3, 1))
    assert expert(ruled_out, 1) != Move("play", 1)  # a 3 cannot fit
    useless = state_of("12 12", "01 01", built=(1, 1), hints=0)
    assert expert(useless, 0) == Move("discard", 0)
    last = state_of("01 12", "11 03", deck="", hints=0, final=1)
    assert expert(last, 0) == Move("play", 0)
    assert expert(last._replace(lives=1), 0) == Move("discard", 0)
    assert expert(last._replace(hints=1), 0) == Move("play", 0)  # a hint would come too late


@pytest.mark.parametrize(
    ("text", "move"),
    [
        ("play card 1", Move("play", 0)), ("Play 2!", Move("play", 1)), ("I will play my second card", Move("play", 1)),
        ("**play card 2**", Move("play", 1)), ("play the 1st card", Move("play", 0)), ("play #1", Move("play", 0)),
        ("discard card 2", Move("discard", 1)), ("throw away the first card", Move("discard", 0)),
        ("I'd like to discard my oldest card.", Move("discard", 0)), ("drop card two", Move("discard", 1)),
        ("I can't play card 1, so discard card 2", Move("discard", 1)),
        ("discard card 2 because I cannot play card 1.", Move("discard", 1)),
        ("hint player_1 blue", Move("colour", 1, 1)), ("Tell player 1 about red", Move("colour", 0, 1)),
        ("hint red", Move("colour", 0, 1)), ("give player_1 a hint about blue", Move("colour", 1, 1)),
        ("tell player_1 that card 1 is blue", Move("colour", 1, 1)), ("clue blue to player_1", Move("colour", 1, 1)),
        ("hint player_1 rank 1", Move("rank", 1, 1)), ("tell player_1 which cards are 3s", Move("rank", 3, 1)),
        ("hint 1", Move("rank", 1, 1)), ("hint threes", Move("rank", 3, 1)),
        ("give a hint: rank 1", Move("rank", 1, 1)),
        ("hint player_1 blue so that they can play card 1", Move("colour", 1, 1)),
        ("hint player_1 blue. Then player_1 can play card 1.", Move("colour", 1, 1)),
        ("```\nhint player_1 rank 3\n```", Move("rank", 3, 1)), ("play card 1? no, hint red", Move("colour", 0, 1)),
    ],
)  # fmt: skip
def test_replies(text: str, move: Move) -> None:
    state = state_of("01 12", "11 03", hints=4)
    assert TWO.read(state, 0, text) == move


@pytest.mark.parametrize(
    ("text", "kind", "told"),
    [
        ("", "malformed", "play card 1"), ("hmm", "malformed", "hint player_1 red"), ("play", "malformed", "no move"),
        ("hint player_1", "malformed", "one colour or one rank"), ("hint player_1 red 1", "malformed", "one colour"),
        ("play card 3", "illegal", "2 cards"), ("play card 0", "illegal", "2 cards"),
        ("discard card 1", "illegal", "no hint is missing"), ("hint player_0 red", "illegal", "hint to player_1"),
        ("hint player_7 red", "illegal", "hint to player_1"), ("hint player_1 rank 2", "illegal", "no card to show"),
        ("hint player_1 purple", "illegal", "no card to show with purple"),
    ],
)  # fmt: skip
def test_refusals(text: str, kind: str, told: str) -> None:
    read = TWO.read(state_of("01 12", "11 03"), 0, text)
    assert isinstance(read, Refusal)
    assert read.kind == kind
    assert told in read.text


def test_refusals_without_hints_or_names() -> None:
    read = TWO.read(state_of("01 12", "11 03", hints=0), 0, "hint player_1 red")
    assert isinstance(read, Refusal)
    assert read == Refusal("No hint is left. Play or discard a card.", "illegal")
    three = Hanabi(players=3)
    state = three.deal(Stream(0, Purpose.DEAL))
    named = three.read(state, 0, "hint red")
    assert isinstance(named, Refusal)
    assert named.text == "Say who gets the hint, like: hint player_1 red."


@pytest.mark.parametrize(
    "arguments",
    [
        {"players": 1}, {"players": 6}, {"colours": 0}, {"colours": 7}, {"ranks": 1}, {"ranks": 10}, {"hand": 0},
        {"hand": 7}, {"hints": 0}, {"lives": 0}, {"forgiving": 1}, {"colours": 1, "ranks": 2, "hand": 2},
    ],
)  # fmt: skip
def test_arguments(arguments: dict[str, Any]) -> None:
    with pytest.raises(TextenvsError):
        Hanabi(**arguments)
