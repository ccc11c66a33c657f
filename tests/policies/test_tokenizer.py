from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textenvs.core.errors import ArgumentError
from textenvs.envs.episode import Episode
from textenvs.envs.forms import new_episode
from textenvs.envs.settings import Settings
from textenvs.games.assembly import Assembly
from textenvs.games.guess_number import GuessNumber
from textenvs.games.kuhn_poker import KuhnPoker
from textenvs.games.mastermind import Mastermind
from textenvs.games.maze import Maze
from textenvs.policies.tokenizer import SPECIALS, WordTokenizer

GAMES = [Assembly(), GuessNumber(high=120), KuhnPoker(), Mastermind(pegs=2, colours=3), Maze(turns=6)]


def pieces_of(text: str) -> list[str]:
    tokenizer = WordTokenizer.from_texts([text])
    return [tokenizer.pieces[id_] for id_ in tokenizer.encode(text)]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        ("guess 4", ["guess", "4"]),
        ("guess 12", ["guess", "1", "##2"]),
        ("guess 1 2", ["guess", "1", "2"]),
        ("-0.02", ["-", "##0", "##.", "##0", "##2"]),
        ("left. No", ["left", "##.", "No"]),
        ("(3, 4)", ["(", "##3", "##,", "4", "##)"]),
        ("don't", ["don", "##'", "##t"]),
        ("up\ndown", ["up", "\n", "down"]),
        ("up \n  down ", ["up", " ", "\n", " ", " ", "down", " "]),
        ("# ## ###", ["#", "#", "###", "#", "###", "###"]),
        ("<end>", ["<", "##end", "##>"]),
    ],
)
def test_texts_fall_into_pieces(text, pieces):
    assert pieces_of(text) == pieces


@given(st.text(st.sampled_from("ab1#_.é😀 \n\t\u2003"), max_size=12) | st.text(max_size=12))
def test_known_text_comes_back_exactly(text):
    tokenizer = WordTokenizer.from_texts([text])
    assert tokenizer.decode(tokenizer.encode(text)) == text


@pytest.mark.parametrize("game", GAMES, ids=lambda game: game.name)
def test_legal_replies_and_all_that_is_shown_come_back_exactly(game):
    tokenizer = WordTokenizer.from_games([game], episodes=6)
    episode = Episode(game, Settings(behaviour="random"), seed=3)
    replies = set()
    while waiting := episode.to_move():
        for player in waiting:
            replies.update(episode.legal_replies(player))
            episode.play_behaviour(player)
    shown = {text for player in range(game.players) for _, text in episode.dialogues[player]}
    for text in replies | shown:
        assert tokenizer.unk not in tokenizer.encode(text)
        assert tokenizer.decode(tokenizer.encode(text)) == text


def test_a_game_reads_the_decoded_reply():
    game = GuessNumber(high=120)
    tokenizer = WordTokenizer.from_games([game], episodes=1)
    state = Episode(game, seed=0).state
    ids = [tokenizer.pieces.index(piece) for piece in ("guess", "1", "##1", "##7")]
    assert game.read(state, 0, tokenizer.decode(ids)) == 117
    apart = [tokenizer.pieces.index(piece) for piece in ("guess", "1", "1", "7")]
    assert tokenizer.decode(apart) == "guess 1 1 7"


def test_the_words_of_all_forms_and_of_refusals_are_known():
    game = GuessNumber(high=20)
    tokenizer = WordTokenizer.from_games([game], episodes=2)
    plan = new_episode(game, Settings(form="plan"), seed=0)
    blind = Episode(game, Settings(feedback="none"), seed=0)
    refused = Episode(game, seed=0)
    blind.reply(0, "guess 1")
    for reply in ("", "guess", "guess 99"):
        refused.reply(0, reply)
    for episode in (plan, blind, refused):
        told = [text for role, text in episode.dialogues[0] if role != "assistant"]
        assert all(tokenizer.unk not in tokenizer.encode(text) for text in told)


def test_unknown_pieces_and_special_tokens_read_as_the_replacement_character():
    tokenizer = WordTokenizer.from_texts(["guess"])
    assert tokenizer.encode("guess wildly 4") == (*tokenizer.encode("guess"), tokenizer.unk, *tokenizer.encode("4"))
    assert tokenizer.decode(tokenizer.encode("guess wildly 4")) == "guess \ufffd 4"
    (guess,) = tokenizer.encode("guess")
    for special in range(len(SPECIALS)):
        assert tokenizer.decode([guess, special]) == "guess \ufffd"


def test_special_tokens_never_come_out_of_a_text():
    texts = list(SPECIALS)
    tokenizer = WordTokenizer.from_texts(texts)
    assert all(min(tokenizer.encode(text)) >= len(SPECIALS) for text in texts)
    assert [tokenizer.pieces[id_] for id_ in (0, 1, 2, 3, 4, 5)] == texts
    assert (tokenizer.pad, tokenizer.bos, tokenizer.view, tokenizer.reply, tokenizer.end, tokenizer.unk) == (*range(6),)


def test_remembered_encodings_never_change_what_comes_out(monkeypatch):
    monkeypatch.setattr("textenvs.policies.tokenizer._KEPT_ENCODINGS", 2)
    tokenizer = WordTokenizer.from_texts(["a b c d"])
    fresh = {text: WordTokenizer(tokenizer.pieces).encode(text) for text in "abcd"}
    assert [tokenizer.encode(text) for text in "abcdabcd"] == [fresh[text] for text in "abcdabcd"]


def test_a_saved_vocabulary_is_read_back(tmp_path):
    tokenizer = WordTokenizer.from_texts(['é "quoted" \\ \t 12'])
    tokenizer.save(tmp_path / "vocabulary.json")
    loaded = WordTokenizer.load(tmp_path / "vocabulary.json")
    assert loaded == tokenizer
    assert loaded.pieces == tokenizer.pieces
    assert loaded != WordTokenizer.from_texts(["other"])


@pytest.mark.parametrize("pieces", [(), ("a",), (*SPECIALS, "a", "a"), SPECIALS[::-1]])
def test_a_vocabulary_opens_with_the_special_tokens_and_repeats_nothing(pieces):
    with pytest.raises(ArgumentError, match="<pad>"):
        WordTokenizer(pieces)


def test_the_vocabulary_does_not_depend_on_the_hash_seed_or_the_order_of_games():
    script = (
        "from textenvs.policies.tokenizer import WordTokenizer as W; from textenvs.games.assembly import Assembly as A;"
        "from textenvs.games.guess_number import GuessNumber as G; import sys;"
        "print(W.from_games([A(), G()][:: int(sys.argv[1])], episodes=3).pieces)"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script, order],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, order in (("1", "1"), ("2", "-1"), ("3", "1"))
    }
    assert len(outputs) == 1
