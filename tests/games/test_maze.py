from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from itertools import count
from typing import Any

import pytest

from textenvs.core.errors import ArgumentError, UnknownNameError
from textenvs.core.refusal import Refusal
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.maze import Maze, MazeState

Place = tuple[int, int]

# From LMRL-Gym, llm_rl_scripts/maze/env/mazes.py (MIT licence), 1 for a wall.
DOUBLE_T = [
    [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
    [1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1],
    [1, 1, 1, 0, 1, 1, 1, 1, 1, 0, 1, 1, 1],
    [1, 1, 1, 0, 1, 1, 1, 1, 1, 0, 1, 1, 1],
    [1, 1, 1, 0, 1, 1, 1, 1, 1, 0, 1, 1, 1],
    [1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1],
    [1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1],
    [1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1],
    [1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1],
    [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
]
UMAZE = [[1, 1, 1, 1, 1], [1, 0, 0, 0, 1], [1, 0, 1, 0, 1], [1, 0, 1, 0, 1], [1, 1, 1, 1, 1]]
DIRECTIONS = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}


class Grid:
    """A second implementation: a grid of walls, a goal, and places as (row, column)."""

    def __init__(self, walls: Sequence[Sequence[int]], goal: Place) -> None:
        self.walls, self.goal = walls, goal
        self.free = {(r, c) for r, row in enumerate(walls) for c, wall in enumerate(row) if not wall}
        self.starts = sorted(self.free - {goal})

    def step(self, place: Place, direction: str) -> Place:
        row, column = place[0] + DIRECTIONS[direction][0], place[1] + DIRECTIONS[direction][1]
        return place if self.walls[row][column] else (row, column)

    def walls_around(self, place: Place) -> str:
        return ", ".join(direction for direction in DIRECTIONS if self.step(place, direction) == place) or "none"

    def walk(self, place: Place, directions: Iterable[str], turns: int) -> list[tuple[float, Place, bool]]:
        """Return reward, place and bump of every move until the goal is reached or the turns are over."""
        told: list[tuple[float, Place, bool]] = []
        for direction in directions:
            if place == self.goal or len(told) == turns:
                break
            there = self.step(place, direction)
            told.append((0.0 if there == self.goal else -1.0, there, there == place))
            place = there
        return told

    def distances(self) -> dict[Place, int]:
        """Return the moves to the goal from everywhere it can be reached from."""
        far, frontier = {self.goal: 0}, {self.goal}
        while frontier:
            frontier = {self.step(place, direction) for place in frontier for direction in DIRECTIONS} - far.keys()
            far |= dict.fromkeys(frontier, max(far.values()) + 1)
        return far


double_t, umaze = Grid(DOUBLE_T, (8, 6)), Grid(UMAZE, (3, 3))


def grid_of(state: MazeState) -> tuple[Grid, Place]:
    """Return the grid of a state and the player's place in it."""
    rows = state.maze.split("\n")
    wide = len(rows[0]) + 1
    walls = [[int(square == "#") for square in row] for row in rows]
    return Grid(walls, (state.goal // wide, state.goal % wide)), (state.here // wide, state.here % wide)


def dealt(game: Maze, seed: int) -> MazeState:
    return game.deal(Stream(seed, Purpose.DEAL))


@pytest.mark.parametrize("sight", ["full", "position", "local"])
@pytest.mark.parametrize("layout", ["random", "double_t", "umaze"])
def test_random_walks_agree_with_a_second_implementation(layout: str, sight: str) -> None:
    for seed in range(30):
        turns = 1 + seed * 7
        game = Maze(layout, size=2 + seed % 3, sight=sight, turns=turns)
        state = dealt(game, seed)
        grid, place = grid_of(state)
        policy = Stream(seed, Purpose.POLICY)
        moves: list[Any] = [policy.choice(tuple(DIRECTIONS)) for _ in range(turns)]
        expected = grid.walk(place, moves, turns)
        for (reward, there, bumped), move in zip(expected, moves, strict=False):
            assert game.to_move(state) == (0,)
            after = game.apply(state, move)
            assert game.rewards(state, move, after) == (reward,)
            assert grid_of(after)[1] == there
            state = after
            if not game.is_over(state):
                told = "You walked into a wall. " * bumped + f"Walls: {grid.walls_around(there)}."
                assert game.view(state, 0).endswith(told)
                assert (f"You are at {there}, the goal is at {grid.goal}." in game.view(state, 0)) == (sight != "local")
        assert game.is_over(state)
        assert state.turn == len(expected)


@pytest.mark.parametrize(("layout", "grid"), [("double_t", double_t), ("umaze", umaze)])
def test_layouts_are_the_published_ones(layout: str, grid: Grid) -> None:
    deals = Maze(layout).deals()
    assert deals is not None
    assert [grid_of(state)[1] for state, _ in deals] == grid.starts
    assert {p for _, p in deals} == {Fraction(1, len(grid.starts))}
    for state, _ in deals:
        assert (grid_of(state)[0].walls, grid_of(state)[0].goal) == (grid.walls, grid.goal)


def optimal_value(game: Maze) -> Fraction:
    """The mean return of the shortest paths from every start, by breadth-first search in the game itself."""
    deals = game.deals()
    assert deals is not None
    total = Fraction(0)
    for start, p in deals:
        places, moves = {start.here: start}, 0
        while start.goal not in places:
            places = {
                after.here: after for s in places.values() for m in game.legal(s, 0) for after in [game.apply(s, m)]
            }
            moves += 1
        total += Fraction(p) * -(moves - 1)
    return total


def test_the_optimal_mean_return_is_the_published_one() -> None:
    assert len(double_t.starts) == 25
    assert optimal_value(Maze("double_t")) == Fraction("-6.84")
    assert optimal_value(Maze("umaze")) == Fraction("-2.5")


def test_progress_is_minus_the_distance() -> None:
    game = Maze("double_t")
    far = double_t.distances()
    for state, _ in game.deals() or ():
        assert game.progress(state) == -far[grid_of(state)[1]]


@pytest.mark.parametrize(
    "game", [Maze(), Maze(size=9), Maze("double_t"), Maze("double_t", sight="position"), Maze("umaze")], ids=repr
)
def test_the_expert_takes_a_shortest_path(game: Maze) -> None:
    for seed in range(20):
        state = dealt(game, seed)
        grid, place = grid_of(state)
        moves = 0
        while not game.is_over(state):
            choices = game.expert(state, 0)
            assert choices
            state = game.apply(state, Stream(seed + moves, Purpose.POLICY).choice(choices)[0])
            moves += 1
        assert moves == min(grid.distances()[place], game.turns)


@pytest.mark.parametrize("game", [Maze("double_t", sight="local"), Maze(sight="position"), Maze(sight="local")])
def test_there_is_no_expert_who_would_have_to_know_the_hidden_map(game: Maze) -> None:
    assert game.expert(dealt(game, 0), 0) is None


def stepwise_value(grid: Grid, turns: int, choose: Callable[[Place], Sequence[str]]) -> float:
    """The mean return of the policy that chooses uniformly among `choose(place)`."""
    values = dict.fromkeys(grid.free, 0.0)
    for _ in range(turns):
        new = {grid.goal: 0.0}
        for place in grid.starts:
            reached = [grid.step(place, direction) for direction in choose(place)]
            new[place] = sum((there != grid.goal) * (values[there] - 1) for there in reached) / len(reached)
        values = new
    return sum(values[place] for place in grid.starts) / len(grid.starts)


def test_random_and_myopic_values_are_as_documented() -> None:
    def anything(_: Place) -> Sequence[str]:
        return tuple(DIRECTIONS)

    def greedy(place: Place) -> Sequence[str]:
        return [d for d in DIRECTIONS if double_t.step(place, d) == double_t.goal] or anything(place)

    assert stepwise_value(double_t, 100, anything) == pytest.approx(-85.140, abs=5e-4)
    assert stepwise_value(double_t, 100, greedy) == pytest.approx(-79.835, abs=5e-4)


def seen_apart(grid: Grid, places: Iterable[Place]) -> list[frozenset[Place]]:
    """Split the places where the player may be by the walls seen there; those at the goal have left."""
    parts: dict[str, set[Place]] = {}
    for place in places:
        if place != grid.goal:
            parts.setdefault(grid.walls_around(place), set()).add(place)
    return [frozenset(part) for part in parts.values()]


def best_local_cost(grid: Grid, turns: int) -> int:
    """The least sum over all starts of the moves that cost 1, for a player who sees only walls."""
    openings = seen_apart(grid, grid.starts)
    after: dict[frozenset[Place], list[list[frozenset[Place]]]] = {}
    todo = list(openings)
    while todo:
        belief = todo.pop()
        if belief not in after:
            after[belief] = [seen_apart(grid, (grid.step(place, d) for place in belief)) for d in DIRECTIONS]
            todo += [part for parts in after[belief] for part in parts]
    costs = dict.fromkeys(after, 0)
    for _ in range(turns):
        costs = {b: min(sum(len(x) + costs[x] for x in parts) for parts in after[b]) for b in after}
    return sum(costs[belief] for belief in openings)


def best_blind_cost(grid: Grid, starts: Iterable[Place]) -> int:
    """The same for one fixed sequence of moves from all of `starts`: A* over the numbers of walkers by place."""
    distances = grid.distances()
    walkers = tuple((place, 1) for place in starts)
    paid, tie = {walkers: 0}, count()
    queue = [(0, next(tie), walkers)]
    while queue[0][2]:
        walkers = heapq.heappop(queue)[2]
        for direction in DIRECTIONS:
            moved: dict[Place, int] = {}
            for place, number in walkers:
                there = grid.step(place, direction)
                if there != grid.goal:
                    moved[there] = moved.get(there, 0) + number
            after, cost = tuple(sorted(moved.items())), paid[walkers] + sum(moved.values())
            if cost < paid.get(after, 10**6):
                paid[after] = cost
                least = cost + sum((distances[place] - 1) * number for place, number in after)
                heapq.heappush(queue, (least, next(tie), after))
    return paid[()]


@pytest.mark.parametrize(("grid", "optimal", "plan"), [(double_t, 181, 262), (umaze, 17, 17)])
def test_local_values_are_as_documented(grid: Grid, optimal: int, plan: int) -> None:
    assert best_local_cost(grid, turns=100) == optimal
    assert sum(best_blind_cost(grid, sorted(group)) for group in seen_apart(grid, grid.starts)) == plan


def test_mazes_of_size_2_are_paths_of_seven_squares() -> None:
    for seed in range(20):
        grid, _ = grid_of(dealt(Maze(size=2), seed))
        assert len(grid.free) == 7
        assert sorted(grid.walls_around(place).count(",") for place in grid.free) == [1, 1, 1, 1, 1, 2, 2]
    gaps = [abs(a - b) - 1 for a in range(7) for b in range(7) if a != b]
    assert Fraction(-sum(gaps), len(gaps)) == Fraction(-5, 3)


@pytest.mark.parametrize("size", [2, 3, 5, 12])
def test_random_mazes_are_trees_that_connect_all_rooms(size: int) -> None:
    for seed in range(10):
        grid, place = grid_of(dealt(Maze(size=size), seed))
        assert place in grid.starts
        assert len(grid.free) == 2 * size**2 - 1
        assert {(r, c) for r in range(1, 2 * size, 2) for c in range(1, 2 * size, 2)} <= grid.free
        assert set(grid.distances()) == grid.free


def test_all_192_mazes_of_size_3_are_equally_likely() -> None:
    game, draws = Maze(size=3), 4000
    drawn = [dealt(game, seed).maze for seed in range(draws)]
    counts = [drawn.count(maze) for maze in set(drawn)]
    assert len(counts) == 192
    chi_squared = sum((n - draws / 192) ** 2 for n in counts) / (draws / 192)
    assert 191 - 4 * (2 * 191) ** 0.5 < chi_squared < 191 + 4 * (2 * 191) ** 0.5


def spanning_trees(size: int) -> Fraction:
    """The number of spanning trees of a square grid: a minor of its Laplacian (Kirchhoff)."""
    rooms = [(r, c) for r in range(size) for c in range(size)]
    near = {room: [x for x in rooms if abs(x[0] - room[0]) + abs(x[1] - room[1]) == 1] for room in rooms}
    matrix = [[Fraction(len(near[a]) if a == b else -(b in near[a])) for b in rooms[1:]] for a in rooms[1:]]
    product = Fraction(1)
    for i, row in enumerate(matrix):  # elimination needs no pivoting: the matrix is positive definite
        product *= row[i]
        for other in matrix[i + 1 :]:
            factor = other[i] / row[i]
            other[i:] = [x - factor * y for x, y in zip(other[i:], row[i:], strict=True)]
    return product


def test_the_number_of_mazes_is_as_documented() -> None:
    assert [spanning_trees(size) for size in (2, 3, 5)] == [4, 192, 557_568_000]
    game = Maze()
    assert len({game.content(dealt(game, seed)) for seed in range(300)}) == 300


def test_start_and_goal_are_spread_over_all_squares() -> None:
    game, draws = Maze(size=2), 6000
    pairs = [grid_of(dealt(game, seed)) for seed in range(draws)]
    corner_starts = sum(place == (1, 1) for _, place in pairs)
    corner_goals = sum(grid.goal == (1, 1) for grid, _ in pairs)
    assert corner_starts == pytest.approx(draws / 7, abs=4 * (draws * 6 / 49) ** 0.5)
    assert corner_goals == pytest.approx(draws / 7, abs=4 * (draws * 6 / 49) ** 0.5)


@pytest.mark.parametrize(
    ("reply", "move"),
    [
        ("move up", "up"),
        ("up", "up"),
        ("U", "up"),
        ("go north", "up"),
        ("N.", "up"),
        ("Head upwards!", "up"),
        ("move  DOWN\n", "down"),
        ("walk south", "down"),
        ("s", "down"),
        ("d", "down"),
        ("walk left", "left"),
        ("I go to the left.", "left"),
        ("west", "left"),
        ("w", "left"),
        ("**move right**", "right"),
        ("step east", "right"),
        (" e ", "right"),
        ("I move up, since there is a wall on the right.", "up"),
        ("Right, the goal is below, so I move down.", "down"),
        ("move up? No: move left", "left"),
        ("left or right... right", "right"),
        ("", None),
        ("move", None),
        ("let's see", None),
        ("I'd wait", None),
        ("upset", None),
        ("nn", None),
        ("move to (3, 4)", None),
        ("ſouth", None),
        ("向上", None),
        ("\x00\ud800", None),
    ],
)
def test_reading(reply: str, move: str | None) -> None:
    game = Maze("umaze")
    read = game.read(dealt(game, 0), 0, reply)
    assert read == move if move else isinstance(read, Refusal) and read.kind == "malformed"


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("layout", "triple_t", UnknownNameError),
        ("sight", "blind", UnknownNameError),
        ("size", 1, ArgumentError),
        ("size", 51, ArgumentError),
        ("size", 2.5, ArgumentError),
        ("turns", 0, ArgumentError),
    ],
)
def test_a_bad_argument_is_named(name: str, value: object, error: type[Exception]) -> None:
    with pytest.raises(error, match=name):
        Maze(**{name: value})  # type: ignore[arg-type]


def umaze_view(sight: str, *moves: Any, turns: int = 100) -> str:
    """The view after moves from (3, 1), the start farthest from the goal."""
    game = Maze("umaze", sight=sight, turns=turns)
    state = next(state for state, _ in game.deals() or () if grid_of(state)[1] == (3, 1))
    for move in moves:
        state = game.apply(state, move)
    return game.view(state, 0)


def test_views() -> None:
    place = "You are at (3, 1), the goal is at (3, 3). Walls: down, left, right."
    assert umaze_view("full") == f"#####\n#...#\n#.#.#\n#@#G#\n#####\n{place}"
    assert umaze_view("position") == place
    assert umaze_view("local") == "Walls: down, left, right."
    assert umaze_view("local", "left") == "You walked into a wall. Walls: down, left, right."
    assert umaze_view("local", "left", "up") == "Walls: left, right."
    assert (
        umaze_view("position", "right")
        == "You are at (3, 1), the goal is at (3, 3). You walked into a wall. Walls: down, left, right."
    )
    assert umaze_view("full", "up", "up", "right", "right", "down", "down") == "You reached the goal."
    assert umaze_view("local", "up", turns=1) == "You are out of moves and have not reached the goal."


def test_a_room_without_walls_says_so() -> None:
    maze = "#####\n##.##\n#...#\n##.##\n#####"
    state = MazeState(maze, goal=maze.index("."), here=2 * 6 + 2)
    assert Maze(sight="local").view(state, 0) == "Walls: none."


def test_reaching_the_goal_with_the_last_move_counts() -> None:
    game = Maze("umaze", turns=1)
    state = next(state for state, _ in game.deals() or () if grid_of(state)[1] == (2, 3))
    after = game.apply(state, "down")
    assert game.rewards(state, "down", after) == (0.0,)
    assert game.view(after, 0) == "You reached the goal."


def test_instructions_tell_the_arguments() -> None:
    assert Maze(turns=1, sight="local").instructions(0) == (
        "You are in a maze of squares. Reach the goal within 1 move. Each turn, reply with one of: move up, "
        "move down, move left, move right. A move takes you to the next square; if that is a wall, you stay "
        "where you are. Every move costs 1 point, except the one that reaches the goal.\n"
        "Each turn I tell you only in which directions there is a wall next to you.\n"
        "For example, reply: move up"
    )
    assert "within 100 moves." in Maze().instructions(0)
    assert "@ is you and G is the goal." in Maze().instructions(0)
    assert "@" not in Maze(sight="position").instructions(0)
    assert "(row, column)" in Maze(sight="position").instructions(0)
