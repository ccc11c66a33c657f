"""Two-player zero-sum games solved exactly: best responses, exploitability and an equilibrium.

A game is brought to its sequence form (Koller, Megiddo & von Stengel 1994, doi:10.1145/195058.195451; von
Stengel 1996, doi:10.1006/game.1996.0050). A player's *sequence* is what it has seen and done: its views
and moves in turn, ending with a move; `()` at the start. A sequence with the next view is an *information
state*. Nothing is forgotten along a sequence, so every player has perfect recall.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from textenvs.core.errors import ArgumentError, MissingExtraError, check_range
from textenvs.core.game import Game, Probability
from textenvs.core.strategies import Strategy
from textenvs.planning.errors import BrokenGameError, PeekingPolicyError, TooLargeError, UnequalMovesError

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Sequence = tuple[Hashable, ...]
InformationState = tuple[Hashable, ...]

Behaviour = Mapping[InformationState, Mapping[Any, Probability]]
"""A strategy of one player: the probability of each move in each of its information states."""

Profile = Strategy | tuple[Behaviour, Behaviour]
"""A strategy of both players: of the state (see `textenvs.core.strategies`), or a `Behaviour` for each."""

TOLERANCE = 1e-9


class Equilibrium(NamedTuple):
    """A Nash equilibrium of a zero-sum game.

    Attributes:
        value: what the first player earns on average, and the second one loses.
        strategies: how each player plays.
    """

    value: float
    strategies: tuple[Behaviour, Behaviour]


@dataclass(frozen=True)
class SequenceForm:
    """A zero-sum game as a sparse matrix over the sequences of its two players.

    Attributes:
        game: the rules.
        payoffs: for each pair of sequences with which plays can end, what the first player earns in
            these plays, times the probability of the deal and all chance outcomes.
        moves: for each player, its information states with their legal moves; a state comes after all
            earlier states of the same player's past.
        states: for each player, the states of the game that are possible in each information state.
    """

    game: Game[Any, Any]
    payoffs: dict[tuple[Sequence, Sequence], Probability] = field(default_factory=dict)
    moves: tuple[dict[InformationState, tuple[Any, ...]], ...] = ({}, {})
    states: tuple[dict[InformationState, set[Any]], ...] = ({}, {})
