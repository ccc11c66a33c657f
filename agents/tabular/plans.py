"""Plans on an `InformationGraph`: how they are played, a policy that writes them, and its exact value.

A plan is H lines for H turns, chosen from the opening view alone. Lines are numbers of `words`: the moves that
are legal anywhere in the game. The rules are those of `textenvs.envs.forms.PlanEpisode`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from agents.tabular.table import BoolArray, Sampler, SoftmaxTable
from textenvs.envs.settings import Settings
from textenvs.planning.graph import FloatArray, InformationGraph, IntArray


class PlanPlay(NamedTuple):
    """How B plans went.

    Attributes:
        returns: float64[B]; what each scored, prices included.
        read: bool[B, H]; the lines that were read before the episode ended.
        steps: replies given to the environment: the lines read, and the empty ones after the last.
    """

    returns: FloatArray
    read: BoolArray
    steps: int


class PlanGame:
    """A game in the plan form.

    Attributes:
        words: the moves a line can hold.
        move_of: int64[N, V]; the number of a word's move in a node, -1 where it is not legal.
        word_of: int64[P]; the word of each pair.
    """

    def __init__(self, graph: InformationGraph, settings: Settings | None = None) -> None:
        """Take the game and the dials `refusal_price` and `max_refusals`."""
        self.graph = graph
        self.settings = settings or Settings(form="plan")
        self.words = tuple(dict.fromkeys(move for moves in graph.moves for move in moves))
        number = {word: index for index, word in enumerate(self.words)}
        self.word_of = np.array([number[move] for moves in graph.moves for move in moves])
        self.move_of = np.full((graph.n_nodes, len(self.words)), -1)
        self.move_of[graph.pair_node, self.word_of] = np.arange(graph.n_pairs) - graph.pair_start[graph.pair_node]

    @property
    def most_steps(self) -> int:
        """The most replies that one plan can take: its lines, and empty ones up to the forfeit."""
        return self.graph.horizon + self.settings.max_refusals

    def play(self, openings: IntArray, lines: IntArray, generator: np.random.Generator) -> PlanPlay:
        """Play plans, int64[B, H], from opening nodes, int64[B]."""
        nodes = openings.copy()
        earned, prices, refused = np.zeros(len(nodes)), np.zeros(len(nodes)), np.zeros(len(nodes), dtype=np.int64)
        read = np.zeros(lines.shape, dtype=np.bool_)
        for turn in range(self.graph.horizon):
            read[:, turn] = nodes >= 0
            moves = np.where(nodes >= 0, self.move_of[nodes, lines[:, turn]], -1)
            legal, illegal = moves >= 0, (nodes >= 0) & (moves < 0)
            rewards, nodes[legal] = self.graph.sample_step(nodes[legal], moves[legal], generator)
            earned[legal] += rewards
            prices[illegal] += self.settings.refusal_price
            refused = np.where(illegal, refused + 1, 0)
            forfeited = refused == self.settings.max_refusals
            earned[forfeited], nodes[forfeited] = self.lowest_return, -1
        left = nodes >= 0
        empty = np.where(left, self.settings.max_refusals - refused, 0)
        earned[left] = self.lowest_return
        returns = earned - prices - self.settings.refusal_price * empty
        return PlanPlay(returns, read, int(read.sum() + empty.sum()))

    @property
    def lowest_return(self) -> float:
        """What legal play earns at worst, and a forfeit always."""
        return self.graph.game.return_range[0]


class PlanTable:
    """A policy that writes plans line by line, each given the opening and the lines before.

    Each opening, and each prefix of lines met in training, has a row of V logits. All other prefixes of a length
    share a row, which training leaves alone.

    Attributes:
        game: what the plans are for.
        table: R rows: first H shared ones, by length of the prefix, then the openings, then prefixes as they are met.
        length: int64[R]; the lines in a row's prefix.
        after: int64[R, V]; the row of the prefix prolonged by a word.
        opening_row: int64[N]; the row of each opening node.
    """

    def __init__(self, game: PlanGame) -> None:
        """Start uniform."""
        horizon, openings = game.graph.horizon, game.graph.opening_node
        self.game = game
        self.table = SoftmaxTable(np.zeros(0), np.zeros(1, dtype=np.int64))
        self.length = np.zeros(0, dtype=np.int64)
        self.after = np.zeros((0, self.n_words), dtype=np.int64)
        self._append(np.zeros((horizon, self.n_words)), np.arange(horizon))
        self._append(np.zeros((len(openings), self.n_words)), np.zeros(len(openings), dtype=np.int64))
        self.opening_row = np.full(game.graph.n_nodes, -1)
        self.opening_row[openings] = horizon + np.arange(len(openings))

    @property
    def n_words(self) -> int:
        """V."""
        return len(self.game.words)

    def write(self, openings: IntArray, generator: np.random.Generator) -> IntArray:
        """Draw one plan for each opening node, int64[B]; returns int64[B, H]."""
        sampler = Sampler(self.table.start, self.table.probabilities())
        lines = np.zeros((len(openings), self.game.graph.horizon), dtype=np.int64)
        rows = self.opening_row[openings]
        for turn in range(lines.shape[1]):
            lines[:, turn] = sampler.draw(rows, generator) - self.table.start[rows]
            rows = self.after[rows, lines[:, turn]]
        return lines

    def choices(self, openings: IntArray, lines: IntArray, read: BoolArray) -> IntArray:
        """Return each line as an index into `table`, giving prefixes of lines that were read rows of their own.

        Args:
            openings: int64[B].
            lines: int64[B, H].
            read: bool[B, H]; the lines that were read.

        Returns:
            Int64[B, H]; meaningless for lines that were not read.
        """
        rows = np.zeros_like(lines)
        rows[:, 0] = self.opening_row[openings]
        for turn in range(1, lines.shape[1]):
            self._meet(rows[read[:, turn], turn - 1], lines[read[:, turn], turn - 1])
            rows[:, turn] = self.after[rows[:, turn - 1], lines[:, turn - 1]]
        return self.table.start[rows] + lines

    def _meet(self, rows: IntArray, words: IntArray) -> None:
        """Give the prefixes of `rows`, prolonged by `words`, rows of their own where they have none."""
        shared = self.after[rows, words] < self.game.graph.horizon
        keys = np.unique(rows[shared] * self.n_words + words[shared])
        parents, last = np.divmod(keys, self.n_words)
        lengths = self.length[parents] + 1
        self.after[parents, last] = len(self.length) + np.arange(len(keys))
        self._append(self.table.logits.reshape(-1, self.n_words)[lengths], lengths)

    def _append(self, logits: FloatArray, lengths: IntArray) -> None:
        """Add rows of `logits`, float64[r, V], for prefixes of some `lengths`, int64[r]."""
        longer = np.minimum(lengths + 1, self.game.graph.horizon - 1)  # after the last line no row is asked for
        self.length = np.concatenate([self.length, lengths])
        self.after = np.concatenate([self.after, np.repeat(longer[:, None], self.n_words, axis=1)])
        start = np.arange(len(self.length) + 1) * self.n_words
        self.table = SoftmaxTable(np.concatenate([self.table.logits, logits.ravel()]), start)
