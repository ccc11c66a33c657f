from __future__ import annotations

from collections import Counter
from typing import Any

import gymnasium as gym
import pyspiel
import pytest

from tests.fresh import fresh_python
from textenvs.core.errors import ArgumentError, UnknownNameError
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import strategy
from textenvs.envs.solo import solo_game
from textenvs.envs.streams import Purpose, Stream
from textenvs.games import chess_rules
from textenvs.games.chess import Chess, ChessState
from textenvs.planning.reference import reference_values

GAME = Chess()
KIWIPETE = "r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq - 0 1"


def plays(state: ChessState, moves: int) -> int:
    """Return how many plays of so many moves there are (perft)."""
    legal = GAME.legal(state, 0)
    if moves == 1:
        return len(legal)
    return sum(plays(GAME.apply(state, move), moves - 1) for move in legal)


@pytest.mark.parametrize(
    ("fen", "published"),
    [
        ("rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1", (20, 400, 8_902)),
        (KIWIPETE, (48, 2_039)),
        ("8/2p5/3p4/KP5r/1R3p1k/8/4P1P1/8 w - - 0 1", (14, 191, 2_812)),
        ("r3k2r/Pppp1ppp/1b3nbN/nP6/BBP1P3/q4N2/Pp1P2PP/R2Q1RK1 w kq - 0 1", (6, 264)),
        ("rnbq1k1r/pp1Pbppp/2p5/8/2B5/8/PPP1NnPP/RNBQK2R w KQ - 1 8", (44, 1_486)),
        ("bqnb1rkr/pp3ppp/3ppn2/2p5/5P2/P2P4/NPP1P1PP/BQ1BNRKR w HFhf - 2 9", (21, 528)),
        ("2nnrbkr/p1qppppp/8/1ppb4/6PP/3PP3/PPP2P2/BQNNRBKR w HEhe - 1 9", (21, 807)),
    ],
)
def test_published_numbers_of_plays(fen: str, published: tuple[int, ...]) -> None:
    """As in the Chess Programming Wiki, Perft Results and Chess960 Perft Results."""
    assert tuple(plays(ChessState(fen), moves) for moves in range(1, len(published) + 1)) == published


def test_random_plays_agree_with_open_spiel() -> None:
    for seed in range(3):
        random, state = Stream(seed, Purpose.POLICY), GAME.deal(Stream(0, Purpose.DEAL))
        theirs = pyspiel.load_game("chess").new_initial_state()
        while not GAME.is_over(state):
            (player,) = GAME.to_move(state)
            assert theirs.observation_string(0).split()[:2] == state.fen.split()[:2]
            legal = {GAME.say(state, move).rstrip("+#"): move for move in GAME.legal(state, player)}
            actions = {theirs.action_to_string(a).rstrip("+#"): a for a in theirs.legal_actions()}
            assert legal.keys() == actions.keys()
            word = random.choice(sorted(legal))
            theirs.apply_action(actions[word])
            then = GAME.apply(state, legal[word])
            paid = GAME.rewards(state, legal[word], then)
            state = then
        if theirs.is_terminal():
            assert tuple(theirs.returns()) == paid[::-1], "there player 0 is Black"
        else:
            assert state.made == 80


def after(moves: str, game: Chess = GAME) -> ChessState:
    """Return the state after moves in standard notation, each as a player may write it."""
    state = game.deal(Stream(0, Purpose.DEAL))
    for word in moves.split():
        (player,) = game.to_move(state)
        move = game.read(state, player, word)
        assert not isinstance(move, Refusal), (word, move)
        state = game.apply(state, move)
    return state


def ending(state: ChessState, game: Chess = GAME) -> list[str]:
    assert game.is_over(state)
    return [game.view(state, player).splitlines()[0] for player in (0, 1)]


def test_checkmate_pays_who_gave_it() -> None:
    state = after("f3 e5 g4")
    mate = GAME.apply(state, "d8h4")
    assert GAME.rewards(state, "d8h4", mate) == (-1.0, 1.0)
    assert ending(mate) == ["Black played Qh4#. You lose.", "Black played Qh4#. You win."]
    state = after("e4 e5 Bc4 Nc6 Qh5 Nf6")
    mate = GAME.apply(state, "h5f7")
    assert GAME.rewards(state, "h5f7", mate) == (1.0, -1.0)
    assert ending(mate) == ["White played Qxf7#. You win.", "White played Qxf7#. You lose."]


@pytest.mark.parametrize(
    ("fen", "move", "why"),
    [
        ("7k/8/6K1/8/8/8/8/5Q2 w - - 0 1", "f1f7", "stalemate"),
        ("7k/8/6K1/8/8/8/8/5n1Q b - - 0 1", "f1g3", ""),
        ("7k/8/5K2/8/8/8/8/5n1Q b - - 99 80", "f1g3", "50 moves of each side without capture or pawn move"),
        ("8/8/8/8/8/1k6/p7/K7 w - - 0 1", "a1a2", None),
        ("7k/8/8/8/8/8/1p6/K7 w - - 0 1", "a1b2", "neither side can mate any more"),
    ],
)
def test_draws(fen: str, move: str, why: str | None) -> None:
    state = ChessState(fen)
    if why is None:
        assert move not in GAME.legal(state, 0)
        return
    then = GAME.apply(state, move)
    assert GAME.rewards(state, move, then) == (0.0, 0.0)
    assert GAME.is_over(then) == bool(why)
    if why:
        assert all(text.endswith(f"It is a draw: {why}.") for text in ending(then))


def test_a_mate_with_the_hundredth_move_is_no_draw() -> None:
    state = ChessState("7k/8/6K1/8/8/8/8/5Q2 w - - 99 80")
    assert GAME.rewards(state, "f1f8", GAME.apply(state, "f1f8")) == (1.0, -1.0)


def test_the_third_occurrence_of_a_position_is_a_draw() -> None:
    again = "Nf3 Nf6 Ng1 Ng8 "
    state = after(again * 2)
    assert ending(state)[0].endswith("It is a draw: the same position occurred for the third time.")
    assert not GAME.is_over(after(again + "Nf3 Nf6 Ng1"))
    assert not GAME.is_over(after("e4 e5 " + again + "Nf3 Nf6 Ng1")), "pawn moves forget what was before"


def test_positions_with_other_castling_rights_are_others() -> None:
    again = "Ke2 Ke7 Ke1 Ke8 "
    state = after("e4 e5 " + again * 2)
    assert not GAME.is_over(state), "the first of the three could still castle"
    assert GAME.is_over(after("e4 e5 " + again * 2 + "Ke2 Ke7"))


def test_the_limit_of_moves_is_a_draw() -> None:
    game = Chess(moves=2)
    state = after("e4 e5 Nf3", game)
    assert game.view(state, 1).startswith("White played Nf3. It is your turn; you are Black. Move 2 of 2.\n8 r n b q")
    done = after("e4 e5 Nf3 Nc6", game)
    assert ending(done, game)[0] == "Black played Nc6. It is a draw: each side has made 2 moves."


def test_a_view_shows_the_board() -> None:
    assert GAME.view(after("e4 f5 Qh5+"), 1) == (
        "White played Qh5+. It is your turn, and you are in check; you are Black. Move 2 of 40.\n"
        "8 r n b q k b n r\n7 p p p p p . p p\n6 . . . . . . . .\n5 . . . . . p . Q\n4 . . . . P . . .\n"
        "3 . . . . . . . .\n2 P P P P . P P P\n1 R N B . K B N R\n  a b c d e f g h"
    )


@pytest.mark.parametrize(
    ("text", "move"),
    [
        ("Nc4", "e5c4"), ("knight to c4", "e5c4"), ("Knight e5 to c4.", "e5c4"), ("I play Nc4!", "e5c4"),
        ("e5c4", "e5c4"), ("E5C4", "e5c4"), ("e5-c4", "e5c4"), ("e5 to c4", "e5c4"), ("nc4", "e5c4"),
        ("**Nc4**", "e5c4"), ("12. Nc4", "e5c4"), ("my move is Nc4", "e5c4"), ("N5c4?", "e5c4"), ("`Nc4`", "e5c4"),
        ("The pawn on e4 hangs, Qxh3 looks good, but I play Nc4", "e5c4"), ("move my knight from e5 to c4", "e5c4"),
        ("not Qxh3 but Nc4", "e5c4"),
        ("Nxf7", "e5f7"), ("knight takes f7", "e5f7"), ("knight takes pawn on f7", "e5f7"),
        ("Ncb1", "c3b1"), ("a4", "a2a4"), ("pawn to a4", "a2a4"), ("dxe6", "d5e6"), ("d takes e6", "d5e6"),
        ("e6", None),
        ("d5xe6", "d5e6"), ("O-O", "e1h1"), ("0-0-0", "e1a1"), ("castle kingside", "e1h1"), ("e1g1", "e1h1"),
        ("castle queenside", "e1a1"), ("I castle long", "e1a1"), ("castling on the king side", "e1h1"), ("Kf1", "e1f1"),
        ("e1c1", "e1a1"), ("king to d1", "e1d1"), ("Bxa6", "e2a6"), ("bxa6", "e2a6"), ("bb5", "e2b5"), ("Bb5", "e2b5"),
        ("Kg1", None), ("Nb1", "c3b1"), ("Rb1", "a1b1"), ("e5", None), ("Nd3", "e5d3"), ("Nd1", "c3d1"), ("", None),
        ("Ke2", None), ("I resign", None), ("Z9", None), ("knight", None), ("the best move", None), ("Qh9", None),
    ],
)  # fmt: skip
def test_replies(text: str, move: str | None) -> None:
    read = GAME.read(ChessState(KIWIPETE), 0, text)
    assert isinstance(read, Refusal) if move is None else read == move, read


@pytest.mark.parametrize(
    ("text", "move"),
    [
        ("b8=Q", "b7b8q"), ("b8", "b7b8q"),
        ("b8N", "b7b8n"), ("b7b8r", "b7b8r"), ("b8=B+", "b7b8b"), ("b8(R)", "b7b8r"),
        ("pawn to b8, promoting to a knight", "b7b8n"), ("bxc8=N", "b7c8n"), ("bxc8", "b7c8q"), ("b7xc8q", "b7c8q"),
        ("pawn takes c8 and promotes to a rook", "b7c8r"), ("b8=K", None),
    ],
)  # fmt: skip
def test_promotions(text: str, move: str | None) -> None:
    read = GAME.read(ChessState("2r4k/1P6/8/8/8/8/8/K7 w - - 0 1"), 0, text)
    assert isinstance(read, Refusal) if move is None else read == move, read


def test_refusals_say_why() -> None:
    def refusal(fen: str, text: str) -> tuple[str, str]:
        read: Any = GAME.read(ChessState(fen), 0, text)
        return read.kind, read.text

    assert refusal(KIWIPETE, "Nh5") == ("illegal", "Nh5 is no legal move now.")
    assert refusal("7k/8/8/8/8/8/1q6/K1N4N w - - 0 1", "Nd3") == (
        "illegal", "Nd3 is no legal move now. You are in check."
    )  # fmt: skip
    two = "7k/8/8/8/8/2N5/8/K5N1 w - - 0 1"
    assert refusal(two, "Ne2") == ("illegal", "That can be Nce2 or Nge2. Which do you mean?")
    assert refusal(two, "I think hard") == (
        "malformed", "I read no move in that. Reply with a move in algebraic notation, such as Nf3, exd5 or O-O."
    )  # fmt: skip


def test_castling_in_chess960() -> None:
    state = ChessState("8/8/8/4k3/8/8/8/5KR1 w G - 0 1")
    assert GAME.read(state, 0, "O-O") == "f1g1"
    assert GAME.say(state, "f1g1") == "O-O"
    assert GAME.view(GAME.apply(state, "f1g1"), 0).splitlines()[-2] == "1 . . . . . R K ."


def test_openings() -> None:
    shuffled = [state.fen for state, _ in Chess(start="chess960").deals() or ()]
    assert len(set(shuffled)) == 960
    assert shuffled[518] == chess_rules.standard_position()
    for fen in shuffled:
        row = fen.split("/")[-1].split()[0]
        assert Counter(row) == Counter("RNBQKBNR")
        assert row.index("R") < row.index("K") < row.rindex("R")
        assert (row.index("B") + row.rindex("B")) % 2 == 1
    for start, piece in (("queen", "Q"), ("rook", "R")):
        game = Chess(start=start)
        dealt = {game.deal(Stream(seed, Purpose.DEAL)) for seed in range(100)}
        assert len(dealt) > 90
        for state in dealt:
            assert sorted(filter(str.isalpha, state.fen.split()[0])) == sorted(["K", piece, "k"])
            assert not isinstance(game.read(state, 0, "Kd4"), Refusal)


def test_white_mates_in_two_from_each_of_the_mates() -> None:
    outcomes = Chess(start="mates").deals() or ()
    assert len({state for state, _ in outcomes}) == 8
    for state, _ in outcomes:
        assert not chess_rules.mating(state.fen, 1)
        assert chess_rules.mating(state.fen, 2)


@pytest.mark.slow
def test_the_rulers_at_easy() -> None:
    values = reference_values(solo_game("Chess", level="easy"))
    assert (values.optimal.kind, values.optimal.value) == ("exact", 1)
    assert values.plan.kind == values.myopic.kind == values.random.kind == "exact"
    assert values.plan.value < 1
    assert values.random.value < values.myopic.value < 0.5
    assert values.expert is not None
    assert values.expert.value == 1
    assert values.cell() == "both"


def test_the_expert_beats_random_players() -> None:
    score, expert = 0.0, strategy("expert")
    for seed in range(4):
        random, state = Stream(seed, Purpose.POLICY), GAME.deal(Stream(0, Purpose.DEAL))
        while movers := GAME.to_move(state):
            player = movers[0]
            moves = [m for m, _ in expert(GAME, state, 0)] if player == seed % 2 else GAME.legal(state, player)
            move = random.choice(moves)
            then = GAME.apply(state, move)
            score += GAME.rewards(state, move, then)[seed % 2]
            state = then
    assert score >= 2


def test_the_expert_takes_what_is_free_and_mates() -> None:
    free = ChessState("7k/6pp/8/3q4/8/4N3/6PP/7K w - - 0 1")
    assert GAME.expert(free, 0) == (("e3d5", 1),)
    defended = ChessState("7k/6pp/2p5/3p4/8/8/3Q2PP/7K w - - 0 1")
    assert "d2d5" not in dict(GAME.expert(defended, 0))
    assert GAME.expert(ChessState("7k/8/6K1/8/8/8/8/5Q2 w - - 0 1"), 0) == (("f1f8", 1),)


def test_perfect_play_is_for_the_very_end() -> None:
    with pytest.raises(ArgumentError, match="too large for perfect play; use minimax:D"):
        strategy("perfect")(GAME, GAME.deal(Stream(0, Purpose.DEAL)), 0)
    game = Chess(start="mates", moves=1)
    state = ChessState("7k/8/6K1/8/8/8/8/5Q2 w - - 0 1")
    assert strategy("perfect")(game, state, 0) == (("f1f8", 1),)


@pytest.mark.parametrize("opponent", ["expert", "minimax:1", "random", "pool:train"])
def test_opponents(opponent: str) -> None:
    env: Any = gym.make("textenvs/Chess-v0", opponent=opponent, seat=1, moves=3).unwrapped
    env.reset(seed=1)
    over = False
    while not over:
        _, _, over, _, _ = env.step(env.legal_replies()[0])


@pytest.mark.parametrize(
    ("arguments", "error"), [({"moves": 0}, ArgumentError), ({"start": "blitz"}, UnknownNameError)]
)
def test_arguments_out_of_range_are_refused(arguments: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error, match=next(iter(arguments))):
        Chess(**arguments)


def test_without_the_extra_only_making_the_game_fails() -> None:
    code = (
        "import sys; sys.modules['chess'] = None\n"
        "import textenvs, textenvs.registry as registry\n"
        "from textenvs.core.errors import MissingExtraError\n"
        "print(registry.argument_names('Chess'), registry.game_class('Chess').players)\n"
        "try: textenvs.make_game('Chess')\n"
        "except MissingExtraError as error: print(error)"
    )
    assert fresh_python(code).splitlines() == [
        "('start', 'moves') 2", "Chess needs an extra: pip install 'textenvs[chess]'"
    ]  # fmt: skip


def test_importing_textenvs_does_not_import_the_extra() -> None:
    assert fresh_python("import sys, textenvs; print('chess' in sys.modules)") == "False\n"
