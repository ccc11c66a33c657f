"""Push boxes onto goals; a box that is pushed into a corner stays there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import permutations
from typing import ClassVar, NamedTuple

from textenvs.core.errors import ArgumentError, check_range
from textenvs.core.game import Distribution, Game, Levels, Random, uniform
from textenvs.core.refusal import Refusal
from textenvs.core.search import distances, shortest_path
from textenvs.games.cells import bits, members
from textenvs.games.directions import DIRECTIONS, Direction, read_direction


class SokobanState(NamedTuple):
    """A room and what stands in it; sets of squares are whole numbers whose bit i stands for `room[i]`.

    Attributes:
        room: rows of `#` (wall) and `-` (floor), joined by line feeds, all of its rim wall.
        goals: the squares of the goals.
        boxes: the squares of the boxes.
        here: the square the player is on, as an index into `room`.
        turn: moves made so far.
        blocked: whether the last move was not possible.
    """

    room: str
    goals: int
    boxes: int
    here: int
    turn: int = 0
    blocked: bool = False


@dataclass(frozen=True)
class Sokoban(Game[SokobanState, Direction]):
    """Push every box of a room onto a goal; boxes can be pushed but not pulled, so mistakes may be final.

    Source:
        Sokoban by Hiroyuki Imabayashi (Thinking Rabbit, 1982). The rooms are drawn for textenvs and the
        boxes pulled away from the goals, so that every level has a solution; each is checked by search.
        Signs as usual, `-` for the floor. Here a level has a limit of moves, a move that is not
        possible uses up one of them, and what counts are the boxes on goals at the end.
    Players and turns:
        One player, one move a turn.
    What the player sees:
        The map, how many boxes are on goals, and the number of the turn.
    Replies:
        `move up`, `move down`, `move left`, `move right`; other verbs (`push`, `go`, `push the box` …)
        and compass directions are understood, and as the whole reply single letters (`u`, `n` …). In a
        longer reply the last verb with a direction counts, else the last direction.
    Rules:
        A move leads to the next square. If a box is there, it is pushed one square on, provided that
        this square has neither wall nor box. Otherwise nothing moves.
    Rewards:
        At the end the share of the boxes that stand on goals; nothing before. A box pushed onto a goal
        pays nothing if it is pushed off again. At the start no box is on a goal. Return in 0 … 1.
    End:
        All boxes are on goals or `turns` moves are made. A level that can no longer be solved goes on.
    Parameters:
        size: squares along each side of the room, without the walls around it.
        boxes: the number of boxes, and of goals.
        walls: squares inside the room that are walls; the floor is always connected.
        pulls: how often a box is pulled when a level is made, at least `boxes`: more make it harder.
        turns: the number of moves allowed; every level can be solved within them.
    Size:
        Without inner walls, rooms of size 3 and 4 with one box have few levels, and all that the expert
        solves within `turns` are listed, each equally likely: 128 at easy. By default a room is one of
        2,188 with one of 231 pairs of goals, and has many levels: some 10^7 in all (estimated from
        repeated draws). At most `turns` turns.
    Known values:
        Optimal and plan are 1; the expert solves every level, with the fewest pushes possible. At easy
        myopic is 0.2801 and random 0.1515. For the level of Rosetta Code's task Sokoban, 34 moves are
        the fewest.
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"size": 3, "boxes": 1, "walls": 0, "turns": 12},
        "medium": {},
        "hard": {"size": 6, "boxes": 3, "walls": 6, "pulls": 60, "turns": 150},
        "extreme": {"size": 9, "boxes": 4, "walls": 24, "pulls": 200, "turns": 400},
    }

    size: int = 5
    boxes: int = 2
    walls: int = 3
    pulls: int = 20
    turns: int = 60

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("size", self.size, 3, 20)
        check_range("boxes", self.boxes, 1, self.size - 1)
        check_range("walls", self.walls, 0, self.size**2 // 3)
        check_range("pulls", self.pulls, self.boxes, 1_000)
        check_range("turns", self.turns, 1, 100_000)

    @property
    def max_turns(self) -> int:
        return self.turns

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 1.0)

    def deals(self) -> Distribution[SokobanState] | None:
        few = self.boxes == 1 and self.walls == 0 and self.size <= _LISTED_SIZE
        return _listed(self.size, self.turns) if few else None

    def deal(self, random: Random) -> SokobanState:
        if self.deals() is not None:
            return super().deal(random)
        for _ in range(_DRAWS_BEFORE_GIVING_UP):
            level = self._drawn(random)
            if level and _is_solved_within(level, self.turns):
                return level
        raise ArgumentError(f"found no level that can be solved in time: turns={self.turns} are too few for {self!r}")

    def _drawn(self, random: Random) -> SokobanState | None:
        """Return the farthest of some positions that boxes were pulled to, None if each has a box on a goal."""
        room = _random_room(self.size, self.walls, random)
        goals = bits(random.shuffled(members(_floor(room)))[: self.boxes])
        positions = [position for position in _pulled(room, goals, self.pulls, random) if not position[0] & goals]
        if not positions:
            return None
        boxes, region = max(positions, key=lambda position: _estimate(room, goals, position[0]))
        return SokobanState(room, goals, boxes, random.choice(members(region)))

    def content(self, state: SokobanState) -> tuple[str, int, int, int]:
        return (state.room, state.goals, state.boxes, state.here)

    def to_move(self, state: SokobanState) -> tuple[int, ...]:
        return () if state.boxes == state.goals or state.turn == self.turns else (0,)

    def legal(self, state: SokobanState, player: int) -> tuple[Direction, ...]:
        return DIRECTIONS

    def apply(self, state: SokobanState, move: Direction) -> SokobanState:
        floor, step, boxes = _floor(state.room), _steps(state.room)[move], state.boxes
        there, beyond = state.here + step, state.here + 2 * step
        if boxes >> there & 1 and floor & ~boxes & 1 << beyond:
            boxes ^= 1 << there | 1 << beyond
        blocked = not floor & ~boxes & 1 << there
        return SokobanState(state.room, state.goals, boxes, state.here if blocked else there, state.turn + 1, blocked)

    def rewards(self, state: SokobanState, move: Direction, after: SokobanState) -> tuple[float, ...]:
        return (0.0 if self.to_move(after) else _placed(after) / self.boxes,)

    def instructions(self, player: int) -> str:
        one = self.boxes == 1
        boxes, goals = ("the box", "the goal") if one else (f"the {self.boxes} boxes", f"the {self.boxes} goals")
        pay = (
            "1 point if the box is on the goal" if one else "the share of the boxes that are on goals, 1 point for all"
        )
        return (
            f"You work in a storeroom. Push {boxes} onto {goals} within {self.turns} move{'s' * (self.turns > 1)}. "
            "Each turn, reply with one of: move up, move down, move left, move right. "
            "A move takes you to the next square. If a box is there, you push it one square further, which is possible "
            "only if neither a wall nor another box is behind it. You cannot pull a box. A move that is not possible "
            "changes nothing but counts as one of your moves.\n"
            "On the map # is a wall, - is free floor, @ is you, $ is a box, . is a goal, * is a box on a goal and + is "
            f"you on a goal. The game ends when {'the box is on the goal' if one else 'all boxes are on goals'} or you "
            f"are out of moves. You are paid at the end only: {pay}.\n"
            "For example, reply: move up"
        )

    def view(self, state: SokobanState, player: int) -> str:
        told = "That move was not possible. " if state.blocked else ""
        if state.boxes == state.goals:
            ending = "You win."
        elif state.turn == self.turns:
            ending = "You are out of moves."
        else:
            ending = f"Move {state.turn + 1} of {self.turns}."
        return f"{_drawing(state)}\n{told}Boxes on goals: {_placed(state)} of {self.boxes}. {ending}"

    def say(self, state: SokobanState, move: Direction) -> str:
        return f"move {move}"

    def read(self, state: SokobanState, player: int, text: str) -> Direction | Refusal:
        move = read_direction(text, _VERBS)
        return move or Refusal("I read no direction in that. Reply with: move up, move down, move left or move right.")

    def progress(self, state: SokobanState) -> float:
        """Minus the pushes from each box to the nearest goal, as if it were alone; many for a box that is stuck."""
        return -float(_estimate(state.room, state.goals, state.boxes))

    def expert(self, state: SokobanState, player: int) -> Distribution[Direction]:
        """Solves the level with the fewest pushes; moves at random where it finds no solution any more."""
        region = _region(state.room, state.boxes, 1 << state.here)
        push = _next_push(state.room, state.goals, state.boxes, region)
        if push is None:
            return uniform(DIRECTIONS)
        square, direction = push
        moves = (*_walk(state.room, state.boxes, state.here, square), direction)
        return ((moves[0], Fraction(1)),)


_VERBS = ("move", "go", "walk", "step", "head", "push", "shove", "push it", "push box", "push the box", "move the box")

_LISTED_SIZE = 4
"""Levels of larger rooms are drawn, not listed."""

_DRAWS_BEFORE_GIVING_UP = 1_000

_POSITIONS = 2_000
"""Positions that the search looks at before it gives up; levels that take more are not dealt."""

# Squares are places in the text of a room, and sets of them whole numbers: bit i stands for place i.

Position = tuple[int, int]
"""The squares of the boxes, and those that the player can walk to."""

Push = tuple[int, Direction]
"""The square from which a box is pushed, and in which direction."""


@lru_cache(maxsize=4096)
def _steps(room: str) -> dict[Direction, int]:
    """Return how far apart in the text two squares are that are neighbours in each direction."""
    width = room.index("\n") + 1
    return {"up": -width, "down": width, "left": -1, "right": 1}


@lru_cache(maxsize=4096)
def _floor(room: str) -> int:
    return bits([place for place, sign in enumerate(room) if sign == "-"])


def _placed(state: SokobanState) -> int:
    return (state.boxes & state.goals).bit_count()


def _drawing(state: SokobanState) -> str:
    """Return the map with what stands in the room."""
    signs = list(state.room)
    for squares, on_floor, on_goal in ((state.goals, ".", "."), (state.boxes, "$", "*"), (1 << state.here, "@", "+")):
        for square in members(squares):
            signs[square] = on_goal if state.goals >> square & 1 else on_floor
    return "".join(signs)


def _region(room: str, boxes: int, start: int) -> int:
    """Return the squares that can be walked to from the squares `start`."""
    free = _floor(room) & ~boxes
    width = _steps(room)["down"]
    reached = 0
    while reached != start:
        reached = start
        start = (reached | reached << 1 | reached >> 1 | reached << width | reached >> width) & free
    return reached


# Solving levels --------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _pushes_needed(room: str, goals: int) -> dict[int, int]:
    """Return the pushes that a box alone needs to the nearest goal, for each square from which it can get there."""
    floor = _floor(room)

    def pulled(square: int) -> Iterator[tuple[Direction, int]]:
        for direction, step in _steps(room).items():
            if floor >> square + step & 1 and floor >> square + 2 * step & 1:
                yield direction, square + step

    return distances(members(goals), pulled)


def _estimate(room: str, goals: int, boxes: int) -> int:
    """Return how many pushes are needed at least; many where a box is stuck."""
    needed = _pushes_needed(room, goals)
    return sum(needed.get(box, len(room)) for box in members(boxes))


@lru_cache(maxsize=65_536)
def _next_push(room: str, goals: int, boxes: int, region: int) -> Push | None:
    """Return the first push of a solution with the fewest pushes, None if none was found."""
    alive = bits(list(_pushes_needed(room, goals)))
    if boxes & ~alive:
        return None

    def pushes(position: Position) -> Iterator[tuple[Push, Position]]:
        boxes, region = position
        for box in members(boxes):
            for direction, step in _steps(room).items():
                if region >> box - step & 1 and alive & ~boxes & 1 << box + step:
                    after = boxes ^ (1 << box | 1 << box + step)
                    yield (box - step, direction), (after, _region(room, after, 1 << box))

    solution = shortest_path(
        (boxes, region),
        pushes,
        lambda position: position[0] == goals,
        lambda position: _estimate(room, goals, position[0]),
        limit=_POSITIONS,
    )
    return solution[0] if solution else None


@lru_cache(maxsize=65_536)
def _walk(room: str, boxes: int, here: int, there: int) -> tuple[Direction, ...]:
    """Return the moves of a shortest walk to a square that can be reached."""
    free = _floor(room) & ~boxes

    def moves(square: int) -> Iterator[tuple[Direction, int]]:
        return ((way, square + step) for way, step in _steps(room).items() if free >> square + step & 1)

    return shortest_path(here, moves, lambda square: square == there) or ()


def _is_solved_within(level: SokobanState, turns: int) -> bool:
    """Return whether the expert solves a level within `turns` moves."""
    room, goals, boxes, here, *_ = level
    while boxes != goals:
        push = _next_push(room, goals, boxes, _region(room, boxes, 1 << here))
        if push is None or turns <= 0:
            return False
        square, direction = push
        turns -= len(_walk(room, boxes, here, square)) + 1
        here = square + _steps(room)[direction]
        boxes ^= 1 << here | 1 << here + _steps(room)[direction]
    return turns >= 0


# Making levels ---------------------------------------------------------------------------------------


def _empty_room(size: int) -> str:
    rim = "#" * (size + 2)
    return "\n".join([rim, *[f"#{'-' * size}#"] * size, rim])


def _random_room(size: int, walls: int, random: Random) -> str:
    """Return a room with `walls` walls in it, at random places that leave the floor connected."""
    room = _empty_room(size)
    while room.count("-") > size**2 - walls:
        square = random.choice(members(_floor(room)))
        smaller = f"{room[:square]}#{room[square + 1 :]}"
        floor = _floor(smaller)
        if _region(smaller, 0, floor & -floor) == floor:
            room = smaller
    return room


def _pulled(room: str, goals: int, pulls: int, random: Random) -> Iterator[Position]:
    """Yield the positions after each of some random pulls of boxes away from the goals, each of them new."""
    seen = {goals}
    boxes = goals
    region = _region(room, boxes, 1 << random.choice(members(_floor(room) & ~goals)))
    for _ in range(pulls):
        ways = [position for position in _pulls(room, boxes, region) if position[0] not in seen]
        if not ways:
            return
        boxes, region = random.choice(ways)
        seen.add(boxes)
        yield boxes, region


def _pulls(room: str, boxes: int, region: int) -> Iterator[Position]:
    """Yield the positions that one pull leads to."""
    free = _floor(room) & ~boxes
    for box in members(boxes):
        for step in _steps(room).values():
            if region >> box + step & 1 and free >> box + 2 * step & 1:
                after = boxes ^ (1 << box | 1 << box + step)
                yield after, _region(room, after, 1 << box + 2 * step)


@lru_cache(maxsize=16)
def _listed(size: int, turns: int) -> Distribution[SokobanState]:
    """Return all levels of an empty room with one box that the expert solves in time."""
    room = _empty_room(size)
    floor = members(_floor(room))
    levels = [
        SokobanState(room, 1 << goal, 1 << box, here)
        for goal, box in permutations(floor, 2)
        for here in floor
        if here != box
    ]
    return uniform([level for level in levels if _is_solved_within(level, turns)])
