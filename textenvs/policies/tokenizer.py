"""A word-level tokenizer whose vocabulary is what the games say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from textenvs.core.errors import ArgumentError
from textenvs.core.game import Game
from textenvs.envs.episode import NO_FEEDBACK, NO_FEEDBACK_AT_THE_END, Episode
from textenvs.envs.forms import PLAN_INSTRUCTIONS
from textenvs.envs.settings import Settings
from textenvs.envs.streams import Purpose, Stream

PAD, BOS, VIEW, REPLY, END, UNK = SPECIALS = ("<pad>", "<bos>", "<view>", "<reply>", "<end>", "<unk>")

GLUE = "##"
"""Marks a piece that follows the one before it without a space (as in WordPiece, Wu et al. 2016)."""

UNREADABLE = "\ufffd"
"""How a special token reads where a text has none."""

_PIECE = re.compile(r"(?P<one_space>(?<=\S) (?=\S))|(?P<glued>(?<=\S)(?:[^\W\d_]+|\S))|[^\W\d_]+|.", re.DOTALL)
_FIXED_TEXTS = (PLAN_INSTRUCTIONS, NO_FEEDBACK, NO_FEEDBACK_AT_THE_END)
_KEPT_ENCODINGS = 100_000


class WordTokenizer:
    """Turns texts into ids and back, exactly for every text whose pieces are in the vocabulary.

    A piece is a run of letters or one other character, so digits stand one by one. A single space
    between two pieces is not a token: a piece is marked by `##` where there is no space before it. Every
    other white space (line feeds, further spaces, spaces at the start or end of a line) is a token of
    its own. So "guess 12" is `guess 1 ##2`, and "guess 1 2" is `guess 1 2`. A special token never comes
    out of a text, not even out of the text "<end>".

    Attributes:
        pieces: the token of each id; the six special tokens come first, in the order of `SPECIALS`.
        pad: id of padding, which no model ever attends to.
        bos: id that opens an episode, before the instructions.
        view: id before each text that the game shows.
        reply: id before each reply.
        end: id that closes a reply.
        unk: id of every piece outside of the vocabulary.
    """

    pad, bos, view, reply, end, unk = range(len(SPECIALS))

    def __init__(self, pieces: Sequence[str]) -> None:
        """Take the vocabulary in the order of its ids.

        Raises:
            ArgumentError: if it does not open with the special tokens or repeats a piece.
        """
        self.pieces = tuple(pieces)
        if self.pieces[: len(SPECIALS)] != SPECIALS or len(set(self.pieces)) != len(self.pieces):
            raise ArgumentError(f"a vocabulary opens with {', '.join(SPECIALS)} and has no duplicates")
        self._ids = {piece: id_ for id_, piece in enumerate(self.pieces)}
        self._encodings: dict[str, tuple[int, ...]] = {}

    @classmethod
    def from_texts(cls, texts: Iterable[str]) -> WordTokenizer:
        """Return a tokenizer that knows every piece of `texts`, and all digits, line feed and space."""
        known = {" ", "\n", *"0123456789", *(f"{GLUE}{digit}" for digit in "0123456789")}
        for text in texts:
            known.update(_pieces(text))
        return cls((*SPECIALS, *sorted(known)))

    @classmethod
    def from_games(cls, games: Iterable[Game[Any, Any]], *, episodes: int = 32) -> WordTokenizer:
        """Return a tokenizer that knows what `games` say in all forms.

        Args:
            games: the rules, with the arguments they will be played with.
            episodes: how many episodes of each scripted player (random, and the expert where there is
                one) to collect words from, with seeds from 0. The same vocabulary results on every machine.

        Returns:
            The tokenizer. Words that only longer play brings up are `<unk>` to it.
        """
        return cls.from_texts(text for game in games for text in game_texts(game, episodes))

    def __len__(self) -> int:
        """Return the number of ids."""
        return len(self.pieces)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WordTokenizer) and self.pieces == other.pieces

    def __hash__(self) -> int:
        return hash(self.pieces)

    def encode(self, text: str) -> tuple[int, ...]:
        """Return the ids of `text`, without special tokens but `<unk>`."""
        found = self._encodings.get(text)
        if found is None:
            if len(self._encodings) >= _KEPT_ENCODINGS:
                self._encodings.clear()
            found = tuple(self._ids.get(piece, self.unk) for piece in _pieces(text))
            self._encodings[text] = found
        return found

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of `ids`; every special token among them reads as U+FFFD."""
        return _joined(self.pieces[id_] if id_ >= len(SPECIALS) else UNREADABLE for id_ in ids)

    def save(self, path: Path | str) -> None:
        """Write the vocabulary as JSON."""
        Path(path).write_text(json.dumps({"pieces": self.pieces}, ensure_ascii=False, indent=0), encoding="utf-8")

    @classmethod
    def load(cls, path: Path | str) -> WordTokenizer:
        """Read what `save` wrote."""
        return cls(json.loads(Path(path).read_text(encoding="utf-8"))["pieces"])


def game_texts(game: Game[Any, Any], episodes: int) -> set[str]:
    """Return what `game` says and is told in `episodes` episodes of each scripted player, refusals included."""
    texts = {*_FIXED_TEXTS, *game.vocabulary(), *_forfeited(Episode(game, seed=0))}
    for seed in range(episodes):
        episode = Episode(game, seed=seed)
        expert = game.expert(episode.state, episode.to_move()[0]) if episode.to_move() else None
        for behaviour in ("random",) if expert is None else ("random", "expert"):
            texts |= _played(Episode(game, Settings(behaviour=behaviour), seed=seed))
    return texts


def _played(episode: Episode) -> set[str]:
    """Let the behaviour play; return all that is said, the legal wordings on the way, and answers to bad replies."""
    texts: set[str] = set()
    wordings: dict[str, None] = {}
    random = Stream(episode.seed, Purpose.POLICY)
    while waiting := episode.to_move():
        for player in waiting:
            wordings |= dict.fromkeys(episode.legal_replies(player))
            wording = random.choice(tuple(wordings))
            texts.update(_answer_to(episode, player, reply) for reply in ("", "?", wording, _too_large(wording)))
            episode.play_behaviour(player)
    return texts | set(wordings) | _said(episode)


def _forfeited(episode: Episode) -> set[str]:
    """Give empty replies to the end and return all that is said."""
    while waiting := episode.to_move():
        episode.reply(waiting[0], "")
    return _said(episode)


def _said(episode: Episode) -> set[str]:
    return {text for dialogue in episode.dialogues for _, text in dialogue}


def _answer_to(episode: Episode, player: int, reply: str) -> str:
    """Return what `reply` would be answered."""
    trial = episode.copy()
    trial.reply(player, reply)
    return trial.dialogues[player][-1].text


def _too_large(wording: str) -> str:
    """Return `wording` with numbers that are not likely to be legal."""
    return re.sub(r"\d+", "999999", wording)


def _pieces(text: str) -> Iterator[str]:
    """Yield the pieces of `text`; see `WordTokenizer`."""
    for match in _PIECE.finditer(text):
        if match.lastgroup != "one_space":
            yield GLUE * (match.lastgroup == "glued") + match.group()


def _joined(pieces: Iterable[str]) -> str:
    """Return the text that has these pieces: the inverse of `_pieces`."""
    parts: list[str] = []
    for piece in pieces:
        glued = len(piece) > len(GLUE) and piece.startswith(GLUE)
        if parts and not (glued or piece.isspace() or parts[-1].isspace()):
            parts.append(" ")
        parts.append(piece.removeprefix(GLUE) if glued else piece)
    return "".join(parts)
