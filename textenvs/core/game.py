"""What a game is: pure rules over immutable states. Every interface is derived from this class."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import fields
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar, cast

from textenvs.core.refusal import Refusal

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

S = TypeVar("S", bound=Hashable)
M = TypeVar("M", bound=Hashable)
T = TypeVar("T")

LEVELS = ("easy", "medium", "hard", "extreme")
Levels = Mapping[str, Mapping[str, Any]]

Probability = Fraction | float
Distribution = tuple[tuple[T, Probability], ...]


class Random(Protocol):
    """The draws a game may ask for; `textenvs.envs.streams.Stream` gives them."""

    def random(self) -> float:
        """Return a float drawn uniformly from [0, 1)."""

    def below(self, n: int) -> int:
        """Return an integer drawn uniformly from 0 … n - 1."""

    def choice(self, items: Sequence[T]) -> T:
        """Return one of `items`, each equally likely."""

    def shuffled(self, items: Sequence[T]) -> tuple[T, ...]:
        """Return `items` in a uniformly random order."""


class Game(ABC, Generic[S, M]):
    """The rules of one task family. Subclasses are frozen dataclasses; their fields are the difficulty.

    States and moves are immutable, hashable, picklable plain values (NamedTuples, tuples, strings, ints).
    No method has a side effect, keeps a hidden state, or raises for anything a player wrote.

    A state belongs to one of three kinds: players are to move (`to_move` is not empty), chance is to
    move (`chance` is not empty), or the game is over (both are empty). Every play from every deal
    must end within `max_turns` accepted moves of each player.

    Class attributes and properties a subclass gives:
        players: number of players.
        levels: arguments of the named levels of difficulty (`LEVELS`); those a level leaves out have
            their defaults, `medium` is all defaults, and `easy` is small enough for exact values.
        open_ended: whether `read` understands more moves than `legal` lists, as where a move is a
            text of the player's own; `legal` then lists all that the best play and the best plan need.
        scripts: names of scripted players of the game's own (`script:NAME`), besides its expert.
        pools: named sets of opponents (names as in `textenvs.core.strategies`), such as `train` and the held-out
            `test`; `pool:NAME` draws one of them for each episode.
        perfect_information: whether two players move in turn, see everything, and win what the other loses, so
            that `minimax:D` and `perfect` apply.
        talk: the most characters of free talk beside a move; 0 where players cannot talk.
        max_turns: the most moves any one player can make in an episode.
        return_range: the lowest and highest undiscounted return any player can earn by legal play.
    """

    players: int = 1
    levels: ClassVar[Levels] = {}
    open_ended: ClassVar[bool] = False
    scripts: ClassVar[tuple[str, ...]] = ()
    pools: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    perfect_information: ClassVar[bool] = False
    talk: ClassVar[int] = 0

    @property
    @abstractmethod
    def max_turns(self) -> int:
        """The most accepted moves any one player can make in an episode."""

    @property
    @abstractmethod
    def return_range(self) -> tuple[float, float]:
        """The lowest and highest undiscounted return of any player in legal play."""

    # The opening ---------------------------------------------------------------------------------

    def deals(self) -> Distribution[S] | None:
        """Return every opening state with its probability, or None if there are too many to list."""
        return None

    def deal(self, random: Random) -> S:
        """Draw one opening state. A game gives `deals` or overrides this (or both, consistently)."""
        outcomes = self.deals()
        if outcomes is None:
            raise NotImplementedError(f"{type(self).__name__} gives neither deals() nor deal()")
        return draw(outcomes, random)

    def content(self, state: S) -> Hashable:
        """Return what makes the instance of an opening state what it is, for its content address."""
        return state

    # The rules -----------------------------------------------------------------------------------

    @abstractmethod
    def to_move(self, state: S) -> tuple[int, ...]:
        """Return the players who move now, in ascending order: several move simultaneously."""

    def chance(self, state: S) -> Distribution[M]:
        """Return the chance outcomes of a state where nature moves; empty everywhere else."""
        return ()

    @abstractmethod
    def legal(self, state: S, player: int) -> tuple[M, ...]:
        """Return the moves `player`, one of `to_move(state)`, may make: never empty, no duplicates.

        If the game is `open_ended` there may be more, which `read` returns and `apply` accepts. All states that
        `player` cannot tell apart must give the same moves.
        """

    @abstractmethod
    def apply(self, state: S, move: Any) -> S:
        """Return the state after `move`.

        Args:
            state: a state that is not over.
            move: a chance outcome; or the move of the one player to move; or, where several
                players move simultaneously, the tuple of their moves in the order of `to_move`.
        """

    @abstractmethod
    def rewards(self, state: S, move: Any, after: S) -> tuple[float, ...]:
        """Return what the transition from `state` by `move` to `after` pays, one float per player."""

    # The words -----------------------------------------------------------------------------------

    @abstractmethod
    def instructions(self, player: int) -> str:
        """Return the rules as told to `player` once, with an example reply that really parses."""

    @abstractmethod
    def view(self, state: S, player: int) -> str:
        """Return the text `player` is shown in `state`, also when waiting or when the game is over."""

    @abstractmethod
    def say(self, state: S, move: M) -> str:
        """Return the standard wording of one player's `move`; `read` understands it."""

    @abstractmethod
    def read(self, state: S, player: int, text: str) -> M | Refusal:
        """Return the legal move that `text` asks for, or the refusal that tells why there is none.

        Never raises, whatever the text. In a chatty reply the last well-formed action counts. The
        wording of a move that is legal in any state is never `malformed` in another.
        """

    # What a game may add -------------------------------------------------------------------------

    def progress(self, state: S) -> float | None:
        """Return a potential for reward shaping (any scale, higher is closer to the goal), or None."""
        return None

    def vocabulary(self) -> tuple[str, ...]:
        """Return texts with all words that only some instances use, for those who build a vocabulary."""
        return ()

    def expert(self, state: S, player: int) -> Distribution[M] | None:
        """Return a scripted player's mixed move, using only what `player` can know; None if there is none."""
        return None

    # What a game for several players may add -----------------------------------------------------

    def script(self, name: str, state: S, player: int) -> Distribution[M]:
        """Return the mixed move of the scripted player called `name`, one of `scripts`."""
        raise NotImplementedError(f"{type(self).__name__} has no scripted player {name!r}")

    def perfect(self, state: S, player: int) -> Distribution[M] | None:
        """Return the best moves where a game has a way of its own to find them, else None: they are searched for."""
        return None

    def estimate(self, state: S) -> float:
        """Return what the rest of the game is worth to player 0, for searches that stop at `state`."""
        return 0.0

    def left(self, state: S) -> tuple[int, ...]:
        """Return the players who are out of the game for good while others play on; they earn nothing more."""
        return ()

    def hears(self, state: S, player: int) -> tuple[int, ...]:
        """Return who hears what `player` says in `state`: by default all others who have not left."""
        gone = (player, *self.left(state))
        return tuple(other for other in range(self.players) if other not in gone)

    # What follows from the above -----------------------------------------------------------------

    default_opponent: ClassVar[str] = "random"

    def is_over(self, state: S) -> bool:
        """Return whether no player and no chance outcome is to move."""
        return not self.to_move(state) and not self.chance(state)

    @property
    def name(self) -> str:
        """The class name, which is also the name in ids."""
        return type(self).__name__

    @property
    def arguments(self) -> dict[str, Any]:
        """The constructor's arguments by name."""
        return {field.name: getattr(self, field.name) for field in fields(cast("DataclassInstance", self))}


def draw(outcomes: Sequence[tuple[T, Probability]], random: Random) -> T:
    """Return one outcome drawn with its stated probability (inverse of the cumulative distribution)."""
    if len(outcomes) == 1:
        return outcomes[0][0]
    target = random.random()
    total = 0.0
    for outcome, probability in outcomes:
        total += float(probability)
        if target < total:
            return outcome
    return outcomes[-1][0]  # the stated probabilities may sum to 1 - 1e-16


def uniform(items: Sequence[T]) -> Distribution[T]:
    """Return the uniform distribution over `items` with exact probabilities."""
    share = Fraction(1, max(1, len(items)))
    return tuple((item, share) for item in items)


Strategy = Callable[[Game[Any, Any], Any, int], Distribution[Any]]
"""From game, state and player to a mixed move, using only what the player can know."""
