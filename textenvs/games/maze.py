"""Walk through a maze to the goal, with the map, with coordinates, or with eyes for the nearest walls only."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, Literal, NamedTuple

from textenvs.core.errors import check_choice, check_range
from textenvs.core.game import Distribution, Game, Levels, Random, uniform
from textenvs.core.reading import last_phrase
from textenvs.core.refusal import Refusal

Move = Literal["up", "down", "left", "right"]
Square = tuple[int, int]

_MOVES: tuple[Move, ...] = ("up", "down", "left", "right")
_WALL, _FREE = "#", "."


class MazeState(NamedTuple):
    """A maze and a place in it.

    Attributes:
        maze: the map: rows of `#` (wall) and `.` (free), joined by line feeds, all of its rim wall.
        goal: the square to reach, as an index into `maze`.
        here: the square the player is on, likewise.
        turn: moves made so far.
        bumped: whether the last move ran into a wall.
    """

    maze: str
    goal: int
    here: int
    turn: int = 0
    bumped: bool = False


@dataclass(frozen=True)
class Maze(Game[MazeState, Move]):
    """Reach the goal of a maze in as few moves as possible.

    Source:
        The layouts `double_t` and `umaze`, their goals, the rewards and the limit of 100 moves are
        those of LMRL-Gym (Abdulhai et al. 2023, arXiv:2311.18232; github.com/abdulhaim/LMRL-Gym, MIT
        licence). Random mazes are drawn by Wilson's algorithm (STOC 1996, doi:10.1145/237814.237880).
    Players and turns:
        One player, one move a turn.
    What the player sees:
        Which of the four directions are walls. With sight "position" also the coordinates of the
        player and of the goal, and with sight "full" the map too, at every turn. In LMRL-Gym's words
        "position" is fully and "local" partially observed, since the layout never changes there.
    Replies:
        `move up`, `move down`, `move left`, `move right`; other verbs (`go`, `walk` …), compass
        directions and, as the whole reply, single letters (`u`, `n` …) are understood. In a longer
        reply the last verb with a direction counts, else the last direction.
    Rules:
        A move leads to the next square. Walking into a wall is legal: the player stays there.
    Rewards:
        -1 for every move, but 0 for the one that reaches the goal. Return in -turns … 0.
    End:
        The goal is reached or `turns` moves are made. (LMRL-Gym notices the limit one reply later, so
        that a failure returns -101 there and -100 here. Its price of 4 for a reply that is no move is
        the setting `refusal_price=4`; there such a reply uses up one of the moves, here it does not.)
    Parameters:
        layout: "random", "double_t" (10 x 13 squares, goal at (8, 6)) or "umaze" (5 x 5, goal at (3, 3)).
        size: rooms along each side of a random maze, whose map is 2 x size + 1 squares wide and high
            with its walls; without effect on the other layouts.
        sight: "full", "position" or "local".
        turns: the number of moves allowed.
    Size:
        The start is uniform over the free squares other than the goal: 25 instances of `double_t`, 6
        of `umaze`. A random maze is a uniform spanning tree of the rooms, and its goal is uniform over
        the 2 x size^2 - 1 free squares; size=5 has 557,568,000 trees (OEIS A007341), each with 49 x 48
        goals and starts. At most `turns` turns.
    Known values:
        double_t with turns=100: random -85.140; optimal -171/25 = -6.84 for sight "full" and
        "position", where plan is equal and myopic -79.835; for sight "local" optimal -181/25 = -7.24
        and plan -262/25 = -10.48. umaze: optimal and plan -15/6 = -2.5, with sight "local" both -17/6.
        Random mazes of size=2 are paths of 7 squares: optimal -5/3.
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"layout": "double_t", "sight": "position"},
        "medium": {},
        "hard": {"size": 10, "sight": "position", "turns": 400},
        "extreme": {"size": 12, "sight": "local", "turns": 1_000},
    }

    layout: str = "random"
    size: int = 5
    sight: str = "full"
    turns: int = 100

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError` or `UnknownNameError`."""
        check_choice("layout", self.layout, ("random", *_LAYOUTS))
        check_range("size", self.size, 2, 50)
        check_choice("sight", self.sight, ("full", "position", "local"))
        check_range("turns", self.turns, 1, 1_000_000)

    @property
    def max_turns(self) -> int:
        return self.turns

    @property
    def return_range(self) -> tuple[float, float]:
        return (-float(self.turns), 0.0)

    def deals(self) -> Distribution[MazeState] | None:
        if self.layout == "random":
            return None
        drawing = _LAYOUTS[self.layout]
        goal = drawing.index("G")
        maze = drawing.replace("G", _FREE)
        return uniform([MazeState(maze, goal, here) for here in _free_squares(maze) if here != goal])

    def deal(self, random: Random) -> MazeState:
        if self.layout != "random":
            return super().deal(random)
        maze = _random_maze(self.size, random)
        goal, here = random.shuffled(_free_squares(maze))[:2]
        return MazeState(maze, goal, here)

    def content(self, state: MazeState) -> tuple[str, int, int]:
        return (state.maze, state.goal, state.here)

    def to_move(self, state: MazeState) -> tuple[int, ...]:
        return () if state.here == state.goal or state.turn == self.turns else (0,)

    def legal(self, state: MazeState, player: int) -> tuple[Move, ...]:
        return _MOVES

    def apply(self, state: MazeState, move: Move) -> MazeState:
        there = _next(state.maze, state.here, move)
        bumped = state.maze[there] == _WALL
        return state._replace(here=state.here if bumped else there, turn=state.turn + 1, bumped=bumped)

    def rewards(self, state: MazeState, move: Move, after: MazeState) -> tuple[float, ...]:
        return (0.0 if after.here == after.goal else -1.0,)

    def instructions(self, player: int) -> str:
        return (
            f"You are in a maze of squares. Reach the goal within {self.turns} move{'s' * (self.turns > 1)}. "
            "Each turn, reply with one of: move up, move down, move left, move right. "
            "A move takes you to the next square; if that is a wall, you stay where you are. "
            "Every move costs 1 point, except the one that reaches the goal.\n"
            f"{_SIGHT[self.sight]}\n"
            "For example, reply: move up"
        )

    def view(self, state: MazeState, player: int) -> str:
        if state.here == state.goal:
            return "You reached the goal."
        bump = "You walked into a wall. " if state.bumped else ""
        if state.turn == self.turns:
            return f"{bump}You are out of moves and have not reached the goal."
        walls = [move for move in _MOVES if state.maze[_next(state.maze, state.here, move)] == _WALL]
        return f"{self._place(state)}{bump}Walls: {', '.join(walls) or 'none'}."

    def _place(self, state: MazeState) -> str:
        if self.sight == "local":
            return ""
        here, goal = _square(state.maze, state.here), _square(state.maze, state.goal)
        place = f"You are at {here}, the goal is at {goal}. "
        return f"{_drawing(state)}\n{place}" if self.sight == "full" else place

    def say(self, state: MazeState, move: Move) -> str:
        return f"move {move}"

    def read(self, state: MazeState, player: int, text: str) -> Move | Refusal:
        letter = _LETTERS.get(text.strip().rstrip(".!").lower())
        move = letter or last_phrase(text, _VERB_PHRASES) or last_phrase(text, _DIRECTIONS)
        return move or Refusal("I read no direction in that. Reply with: move up, move down, move left or move right.")

    def progress(self, state: MazeState) -> float:
        """Minus the number of moves that the shortest path to the goal still takes."""
        return -float(_distances(state.maze, state.goal)[state.here])

    def expert(self, state: MazeState, player: int) -> Distribution[Move] | None:
        """Takes a shortest path; only where the map is shown, or fixed and the position told."""
        if self.sight == "local" or (self.sight == "position" and self.layout == "random"):
            return None
        distances = _distances(state.maze, state.goal)
        left = distances[state.here]
        return uniform([move for move in _MOVES if distances.get(_next(state.maze, state.here, move)) == left - 1])


def _width(maze: str) -> int:
    """Return how far apart in the text two squares are that lie one above the other."""
    return maze.index("\n") + 1


def _next(maze: str, square: int, move: Move) -> int:
    """Return the square that `move` leads towards, be it free or a wall."""
    if move in ("left", "right"):
        return square + (1 if move == "right" else -1)
    return square + (_width(maze) if move == "down" else -_width(maze))


def _square(maze: str, index: int) -> Square:
    """Return row and column of a square."""
    return divmod(index, _width(maze))


def _free_squares(maze: str) -> list[int]:
    return [square for square, content in enumerate(maze) if content == _FREE]


def _drawing(state: MazeState) -> str:
    """Return the map with the player and the goal in it."""
    squares = list(state.maze)
    squares[state.goal] = "G"
    squares[state.here] = "@"
    return "".join(squares)


@lru_cache(maxsize=1024)
def _distances(maze: str, goal: int) -> dict[int, int]:
    """Return for every free square the number of moves to the goal (breadth-first search)."""
    distances = {goal: 0}
    queue = deque([goal])
    while queue:
        square = queue.popleft()
        for neighbour in (_next(maze, square, move) for move in _MOVES):
            if maze[neighbour] == _FREE and neighbour not in distances:
                distances[neighbour] = distances[square] + 1
                queue.append(neighbour)
    return distances


def _random_maze(size: int, random: Random) -> str:
    """Return the map of a uniform spanning tree of `size` x `size` rooms (Wilson's algorithm)."""
    rooms = [(row, column) for row in range(1, 2 * size, 2) for column in range(1, 2 * size, 2)]
    free = {rooms[0]}
    for room in rooms:
        exits = _walk(room, free, size, random)
        while room not in free:
            free |= {room, _between(room, exits[room])}
            room = exits[room]
    sides = range(2 * size + 1)
    return "\n".join("".join(_FREE if (row, column) in free else _WALL for column in sides) for row in sides)


def _walk(room: Square, free: set[Square], size: int, random: Random) -> dict[Square, Square]:
    """Walk at random until a free room; return the last exit from each room, which skips all loops."""
    exits: dict[Square, Square] = {}
    while room not in free:
        exits[room] = random.choice(_adjacent_rooms(room, size))
        room = exits[room]
    return exits


def _adjacent_rooms(room: Square, size: int) -> list[Square]:
    row, column = room
    candidates = ((row - 2, column), (row + 2, column), (row, column - 2), (row, column + 2))
    return [(r, c) for r, c in candidates if 0 < r < 2 * size and 0 < c < 2 * size]


def _between(a: Square, b: Square) -> Square:
    return ((a[0] + b[0]) // 2, (a[1] + b[1]) // 2)


_LAYOUTS = {
    "double_t": """
#############
#.....#.....#
###.#####.###
###.#####.###
###.#####.###
###.......###
######.######
######.######
######G######
#############
""".strip(),
    "umaze": """
#####
#...#
#.#.#
#.#G#
#####
""".strip(),
}

_COORDINATES = (
    "Each turn I tell you where you and the goal are, as (row, column) counted from (0, 0) at the top left, "
    "and in which directions there is a wall next to you."
)

_SIGHT = {
    "full": f"{_COORDINATES} On the map # is a wall, . is free, @ is you and G is the goal.",
    "position": _COORDINATES,
    "local": "Each turn I tell you only in which directions there is a wall next to you.",
}

_DIRECTIONS: dict[str, Move] = {
    "up": "up", "upwards": "up", "north": "up",
    "down": "down", "downwards": "down", "south": "down",
    "left": "left", "west": "left",
    "right": "right", "east": "right",
}  # fmt: skip

_VERB_PHRASES: dict[str, Move] = {
    f"{verb} {word}": move
    for verb in ("move", "go", "walk", "step", "head", "run", "turn", "move to the", "go to the", "step to the")
    for word, move in _DIRECTIONS.items()
}

_LETTERS: dict[str, Move] = {
    "u": "up", "d": "down", "l": "left", "r": "right",
    "n": "up", "s": "down", "w": "left", "e": "right",
}  # fmt: skip
