"""Nim: take objects from heaps; who takes the last one wins."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from itertools import product
from operator import xor
from typing import ClassVar, NamedTuple

from textenvs.core.errors import check_flag, check_range
from textenvs.core.game import Distribution, Game, Levels, Random, uniform
from textenvs.core.reading import last_match
from textenvs.core.refusal import Refusal, illegal
from textenvs.games.phrasing import count

Move = tuple[int, int]


class NimState(NamedTuple):
    """The heaps and whose turn it is.

    Attributes:
        heaps: objects in each heap.
        player: who is to move.
    """

    heaps: tuple[int, ...]
    player: int = 0


@dataclass(frozen=True)
class Nim(Game[NimState, Move]):
    """Take any number of objects from one heap a turn; who takes the very last object wins, or loses in misère play.

    Source:
        C. L. Bouton, Nim, a Game with a Complete Mathematical Theory, Annals of Mathematics 3 (1901), 35-39,
        doi:10.2307/1967631.
    Players and turns:
        Two players take turns; player 0 begins.
    What the player sees:
        Everything: the objects in each heap.
    Replies:
        `take 2 from heap 1`; `remove 2 from heap 1`, `heap 1: 2` and `2 from 1` are understood. In a longer reply the
        last such phrase counts.
    Rewards:
        At the end, 1 for winning and -1 for losing. Zero-sum.
    End:
        All heaps are empty.
    Parameters:
        heaps: how many heaps there are.
        most: each heap begins with 1 … most objects, each number equally likely.
        misere: whether who takes the last object loses instead.
    Size:
        most ^ heaps instances: 3.2 million by default, 27 at easy. At most heaps x most turns in all, half of them of
        each player, rounded up for player 0.
    Known values:
        Perfect play leaves heaps whose sizes, written in binary and added without carrying, give 0 (Bouton); in misère
        play it does the same until a move can leave only heaps of 1, and then leaves an odd number of them. Who is to
        move with a sum that is not 0 wins. The expert is perfect, and so is the opponent `perfect`.
    Versions:
        v0: first release.
    """

    players = 2
    perfect_information = True
    default_opponent = "random"
    pools = {"train": ("random", "minimax:1", "script:greedy"), "test": ("minimax:3", "perfect")}  # noqa: RUF012
    scripts = ("greedy",)
    levels: ClassVar[Levels] = {
        "easy": {"heaps": 3, "most": 3},
        "medium": {},
        "hard": {"heaps": 8, "most": 30},
        "extreme": {"heaps": 20, "most": 40, "misere": True},
    }

    heaps: int = 5
    most: int = 20
    misere: bool = False

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("heaps", self.heaps, 1, 100)
        check_range("most", self.most, 2, 1_000)
        check_flag("misere", self.misere)

    @property
    def max_turns(self) -> int:
        return (self.heaps * self.most + 1) // 2

    @property
    def return_range(self) -> tuple[float, float]:
        return (-1.0, 1.0)

    def deals(self) -> Distribution[NimState] | None:
        if self.most**self.heaps > _LISTED:
            return None
        return uniform([NimState(heaps) for heaps in product(range(1, self.most + 1), repeat=self.heaps)])

    def deal(self, random: Random) -> NimState:
        return NimState(tuple(1 + random.below(self.most) for _ in range(self.heaps)))

    def content(self, state: NimState) -> tuple[int, ...]:
        return state.heaps

    def to_move(self, state: NimState) -> tuple[int, ...]:
        return (state.player,) if any(state.heaps) else ()

    def legal(self, state: NimState, player: int) -> tuple[Move, ...]:
        return tuple((heap, taken) for heap, size in enumerate(state.heaps) for taken in range(1, size + 1))

    def apply(self, state: NimState, move: Move) -> NimState:
        heap, taken = move
        heaps = tuple(size - taken * (place == heap) for place, size in enumerate(state.heaps))
        return NimState(heaps, 1 - state.player)

    def rewards(self, state: NimState, move: Move, after: NimState) -> tuple[float, ...]:
        if any(after.heaps):
            return (0.0, 0.0)
        first_wins = (state.player == 0) != self.misere
        return (1.0, -1.0) if first_wins else (-1.0, 1.0)

    def instructions(self, player: int) -> str:
        first = "You move" if player == 0 else "Your opponent moves"
        ends = "loses" if self.misere else "wins"
        return (
            f"You and an opponent take objects from {count(self.heaps, 'heap')}, numbered from 1. {first} first; then "
            "you take turns. In a turn you choose one heap and take at least one object from it, as many as you like. "
            f"Who takes the very last object of all {ends}: the winner gets 1 point and the loser -1.\n"
            "Reply with a number of objects and a heap, for example: take 1 from heap 1"
        )

    def view(self, state: NimState, player: int) -> str:
        if not any(state.heaps):
            lost = (state.player == player) != self.misere
            return f"All heaps are empty. You {'lose' if lost else 'win'}."
        heaps = ", ".join(f"heap {place}: {size}" for place, size in enumerate(state.heaps, 1))
        turn = "It is your turn." if state.player == player else "Your opponent is to move."
        return f"{heaps[0].upper()}{heaps[1:]}. {turn}"

    def say(self, state: NimState, move: Move) -> str:
        return f"take {move[1]} from heap {move[0] + 1}"

    def read(self, state: NimState, player: int, text: str) -> Move | Refusal:
        found = last_match(text, _TAKE, _HEAP_FIRST, _BARE)
        if not found:
            return Refusal("I read no move in that. Reply for example: take 2 from heap 1.")
        taken, heap = int(found["taken"]), int(found["heap"])
        if not 1 <= heap <= self.heaps:
            return illegal(f"There is no heap {heap}; heaps are numbered from 1 to {self.heaps}.")
        size = state.heaps[heap - 1]
        if not 1 <= taken <= size:
            return illegal(f"You cannot take {taken} from heap {heap}: it has {count(size, 'object')}; take 1 or more.")
        return (heap - 1, taken)

    def perfect(self, state: NimState, player: int) -> Distribution[Move]:
        """Return the winning moves, or all moves where there is none (Bouton 1901)."""
        legal = self.legal(state, player)
        winning = [move for move in legal if self._is_lost(self.apply(state, move).heaps)]
        return uniform(winning or legal)

    def _is_lost(self, heaps: tuple[int, ...]) -> bool:
        """Return whether the player to move loses against perfect play."""
        if self.misere and max(heaps) <= 1:
            return sum(heaps) % 2 == 1
        return reduce(xor, heaps) == 0

    def expert(self, state: NimState, player: int) -> Distribution[Move]:
        """Perfect play, each of the best moves equally likely."""
        return self.perfect(state, player)

    def script(self, name: str, state: NimState, player: int) -> Distribution[Move]:
        """`greedy` takes all of the largest heap, the first one among equals."""
        heap = max(range(self.heaps), key=lambda place: state.heaps[place])
        return uniform([(heap, state.heaps[heap])])


_LISTED = 20_000
"""More deals than these are drawn, not listed."""

_TAKE = (
    r"\b(?:take|remove|pick|draw)s?\s+(?P<taken>\d{1,4})(?:\s+\w+){0,2}?\s+(?:from|of|off)\s+"
    r"(?:the\s+)?(?:heap\s+)?(?P<heap>\d{1,4})\b"
)
_HEAP_FIRST = r"\bheap\s+(?P<heap>\d{1,4})\b[^\w\n]{0,3}(?:\s*(?:take|remove)\s+)?(?P<taken>\d{1,4})\b"
_BARE = r"\b(?P<taken>\d{1,4})\s+(?:from|of)\s+(?:heap\s+)?(?P<heap>\d{1,4})\b"
