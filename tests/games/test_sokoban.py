from __future__ import annotations

from functools import cache
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textenvs.core.errors import ArgumentError
from textenvs.core.refusal import Refusal
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.sokoban import Sokoban, SokobanState
from textenvs.planning.reference import reference_values
from textenvs.registry import make_game

STEPS = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}
EASY: dict[str, Any] = dict(Sokoban.levels["easy"])


def naive_move(rows: list[str], direction: str) -> list[str]:
    """The map after a move, by the rules as told, on rows of signs; the same map where nothing moves."""
    signs = {(r, c): sign for r, row in enumerate(rows) for c, sign in enumerate(row)}
    (here,) = [square for square, sign in signs.items() if sign in "@+"]
    down, right = STEPS[direction]
    there, behind = (here[0] + down, here[1] + right), (here[0] + 2 * down, here[1] + 2 * right)
    if signs[there] in "$*":
        if signs[behind] in "#$*":
            return rows
        signs[behind] = "*" if signs[behind] == "." else "$"
        signs[there] = "." if signs[there] == "*" else "-"
    if signs[there] == "#":
        return rows
    signs[there] = "+" if signs[there] == "." else "@"
    signs[here] = "." if signs[here] == "+" else "-"
    return ["".join(signs[r, c] for c in range(len(row))) for r, row in enumerate(rows)]


def boxes_on_goals(rows: list[str]) -> tuple[int, int]:
    text = "".join(rows)
    return text.count("*"), text.count("*") + text.count("$")


def solved(rows: list[str]) -> bool:
    return "$" not in "".join(rows)


def map_of(game: Sokoban, state: SokobanState) -> list[str]:
    return game.view(state, 0).split("\n")[:-1]


def state_of(rows: list[str]) -> SokobanState:
    """The state that a map shows."""
    text = "\n".join(rows)

    def bits(signs: str) -> int:
        return sum(1 << place for place, sign in enumerate(text) if sign in signs)

    room = "".join(sign if sign in "#\n" else "-" for sign in text)
    return SokobanState(room, bits(".*+"), bits("$*"), bits("@+").bit_length() - 1)


def dealt(game: Sokoban, seed: int) -> SokobanState:
    return game.deal(Stream(seed, Purpose.DEAL))


def check_move(game: Sokoban, state: SokobanState, move: Any) -> SokobanState:
    """Compare one move with the naive rules; return the state after it."""
    rows = map_of(game, state)
    expected = naive_move(rows, move)
    after = game.apply(state, move)
    assert map_of(game, after) == expected
    placed, boxes = boxes_on_goals(expected)
    over = placed == boxes or after.turn == game.turns
    assert game.is_over(after) == over
    assert game.rewards(state, move, after) == (placed / boxes if over else 0.0,)
    last = game.view(after, 0).split("\n")[-1]
    assert last.startswith("That move was not possible. ") == (expected == rows)
    assert f"Boxes on goals: {placed} of {boxes}." in last
    assert ("You win" in last, "out of moves" in last) == (placed == boxes, over and placed < boxes)
    return after


@pytest.mark.parametrize("arguments", [EASY, {}, {"size": 4, "boxes": 3, "walls": 0}, {"size": 6, "walls": 12}])
def test_random_play_agrees_with_a_second_implementation(arguments: dict[str, Any]) -> None:
    for seed in range(12):
        game = Sokoban(**{**arguments, "turns": 60})
        state = dealt(game, seed)
        policy = Stream(seed, Purpose.POLICY)
        while not game.is_over(state):
            state = check_move(game, state, policy.choice(game.legal(state, 0)))


def test_every_move_from_everywhere_in_a_small_level_agrees_with_a_second_implementation() -> None:
    todo = [state_of(["######", "#-.--#", "#-$.$#", "#--@-#", "######"])]
    known = set(todo)
    game = Sokoban(size=4, boxes=2, walls=0)
    for state in todo:
        if not game.is_over(state):
            for move in game.legal(state, 0):
                after = check_move(game, state, move)._replace(turn=0, blocked=False)
                todo += [after] * (after not in known)
                known.add(after)
    assert len(known) > 250


# Solving by brute force --------------------------------------------------------------------------------


def fewest_moves(rows: list[str]) -> int | None:
    """The moves of a shortest solution, by breadth-first search over maps; None if there is none."""
    frontier, seen, moves = [tuple(rows)], {tuple(rows)}, 0
    while frontier:
        if any(solved(list(rows)) for rows in frontier):
            return moves
        reached = [tuple(naive_move(list(rows), direction)) for rows in frontier for direction in STEPS]
        frontier = [rows for rows in dict.fromkeys(reached) if rows not in seen]
        seen.update(frontier)
        moves += 1
    return None


def fewest_pushes(rows: list[str]) -> int:
    """The pushes of a solution with the fewest: breadth-first by pushes, walks are free."""
    layer, seen, pushes = {tuple(rows)}, set[tuple[str, ...]](), 0
    while True:
        todo, following = list(layer), set()
        for here in todo:
            if solved(list(here)):
                return pushes
            if here in seen:
                continue
            seen.add(here)
            for direction in STEPS:
                after = tuple(naive_move(list(here), direction))
                walked = after != here and boxes_in(after) == boxes_in(here)
                (todo.append if walked else following.add)(after)
        layer = following - seen
        pushes += 1


def boxes_in(rows: tuple[str, ...]) -> list[int]:
    return [place for place, sign in enumerate("".join(rows)) if sign in "$*"]


def expert_play(game: Sokoban, state: SokobanState) -> tuple[int, int, SokobanState]:
    """The moves and pushes that the expert makes, and where it ends."""
    moves = pushes = 0
    while not game.is_over(state):
        ((move, _),) = game.expert(state, 0) or ()
        after = game.apply(state, move)
        moves, pushes = moves + 1, pushes + (after.boxes != state.boxes)
        state = after
    return moves, pushes, state


def test_the_listed_levels_are_all_that_can_be_solved_in_time() -> None:
    game = make_game("Sokoban", level="easy")
    listed = {game.content(state) for state, _ in game.deals() or ()}
    room = ["#####", "#---#", "#---#", "#---#", "#####"]
    squares = [(r, c) for r in range(1, 4) for c in range(1, 4)]
    expected = set()
    for goal, box in permutations(squares, 2):
        for here in set(squares) - {box}:
            signs = {goal: ".", box: "$"}
            signs[here] = "+" if here == goal else "@"
            rows = ["".join(signs.get((r, c), room[r][c]) for c in range(5)) for r in range(5)]
            moves = fewest_moves(rows)
            if moves is not None and moves <= game.max_turns:
                expected.add(game.content(state_of(rows)))
    assert listed == expected
    assert len(listed) == 128


@pytest.mark.parametrize("arguments", [{}, {"size": 4, "walls": 4, "turns": 25}, {"size": 4, "boxes": 3, "walls": 0}])
def test_every_drawn_level_is_solved_with_the_fewest_pushes(arguments: dict[str, Any]) -> None:
    game = Sokoban(**arguments)
    for seed in range(3):
        state = dealt(game, seed)
        rows = map_of(game, state)
        assert boxes_on_goals(rows)[0] == 0
        moves, pushes, end = expert_play(game, state)
        assert solved(map_of(game, end))
        assert pushes == fewest_pushes(rows)
        assert moves <= game.turns


@pytest.mark.parametrize(("level", "seeds"), [("medium", 200), ("hard", 30), ("extreme", 3)])
def test_the_expert_earns_everything(level: str, seeds: int) -> None:
    game = make_game("Sokoban", level=level)
    assert isinstance(game, Sokoban)
    for seed in range(seeds):
        *_, end = expert_play(game, dealt(game, seed))
        assert end.boxes == end.goals


def test_the_level_of_rosetta_code() -> None:
    rows = "#######\n#-----#\n#-----#\n#.-#--#\n#.-$$-#\n#.$$--#\n#.#--@#\n#######".split("\n")
    game = Sokoban(boxes=4, turns=60)
    state = state_of(rows)
    for letter in "ulULLulDDurrrddlULrruLLrrUruLLLulD":
        move: Any = next(word for word in STEPS if word[0] == letter.lower())
        after = game.apply(state, move)
        assert (after.boxes != state.boxes) == letter.isupper()
        state = after
    assert game.view(state, 0).endswith("Boxes on goals: 4 of 4. You win.")
    assert state.turn == 34
    _, pushes, end = expert_play(game, state_of(rows))
    assert (pushes, end.boxes) == (14, end.goals)


@pytest.mark.slow
def test_the_fewest_moves_of_the_level_of_rosetta_code() -> None:
    rows = "#######\n#-----#\n#-----#\n#.-#--#\n#.-$$-#\n#.$$--#\n#.#--@#\n#######".split("\n")
    assert fewest_moves(rows) == 34


def test_a_box_in_a_corner_cannot_be_brought_back_and_the_game_goes_on() -> None:
    game = Sokoban(size=3, boxes=1, walls=0, turns=9)
    state = state_of(["#####", "#-$@#", "#---#", "#-.-#", "#####"])
    assert fewest_moves(map_of(game, state)) is None
    state = game.apply(state, "left")
    assert map_of(game, state)[1] == "#$@-#"
    assert fewest_moves(map_of(game, state)) is None
    assert not game.is_over(state)
    assert [move for move, _ in game.expert(state, 0) or ()] == list(game.legal(state, 0))
    assert game.progress(state) < game.progress(state_of(["#####", "#---#", "#-$@#", "#-.-#", "#####"]))


def test_what_is_pushed_off_a_goal_does_not_pay() -> None:
    game = Sokoban(size=4, boxes=2, walls=0, turns=2)
    state = state_of(["######", "#----#", "#@$.-#", "#-$.-#", "#----#", "######"])
    on_goal = game.apply(state, "right")
    assert game.rewards(state, "right", on_goal) == (0.0,)
    off_again = game.apply(on_goal, "right")
    assert game.rewards(on_goal, "right", off_again) == (0.0,)
    waited = game.apply(on_goal, "left")
    assert game.rewards(on_goal, "left", waited) == (0.5,)


# Values ------------------------------------------------------------------------------------------------


def test_the_values_at_easy_equal_brute_force() -> None:
    game = make_game("Sokoban", level="easy")

    @cache
    def after(rows: tuple[str, ...]) -> list[tuple[str, ...]]:
        return [tuple(naive_move(list(rows), direction)) for direction in STEPS]

    @cache
    def value(rows: tuple[str, ...], left: int, policy: str) -> float:
        if left == 0 or solved(list(rows)):
            return float(solved(list(rows)))
        values = [value(there, left - 1, policy) for there in after(rows)]
        if policy == "myopic":
            pays = [solved(list(there)) for there in after(rows)]
            values = [v for v, paid in zip(values, pays, strict=True) if paid == max(pays)]
        return max(values) if policy == "optimal" else sum(values) / len(values)

    openings = [tuple(map_of(game, state)) for state, _ in game.deals() or ()]  # type: ignore[arg-type]
    values = reference_values(game)
    for policy in ("optimal", "myopic", "random"):
        mean = sum(value(rows, game.max_turns, policy) for rows in openings) / len(openings)
        assert getattr(values, policy).value == pytest.approx(mean)
    assert values.plan.value == pytest.approx(1)
    assert round(values.myopic.value, 4) == 0.2801
    assert round(values.random.value, 4) == 0.1515
    assert values.cell() == "foresight"


# Levels ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", ["medium", "hard"])
def test_rooms_are_as_asked_for(level: str) -> None:
    game = make_game("Sokoban", level=level)
    assert isinstance(game, Sokoban)
    contents = set()
    for seed in range(60):
        state = dealt(game, seed)
        contents.add(game.content(state))
        rows = map_of(game, state)
        assert {len(row) for row in rows} == {len(rows)} == {game.size + 2}
        assert rows[0] == rows[-1] == "#" * len(rows)
        assert all(row[0] == row[-1] == "#" for row in rows)
        assert sum(row[1:-1].count("#") for row in rows[1:-1]) == game.walls
        assert boxes_on_goals(rows) == (0, game.boxes)
        assert sum(map("".join(rows).count, ".+")) == game.boxes
        free = {(r, c) for r, row in enumerate(rows) for c, sign in enumerate(row) if sign != "#"}
        reached, todo = {min(free)}, [min(free)]
        for r, c in todo:
            near = {(r + down, c + right) for down, right in STEPS.values()} & free - reached
            reached |= near
            todo += near
        assert reached == free
    assert len(contents) == 60


@settings(max_examples=15, deadline=None)
@given(
    size=st.integers(3, 6),
    boxes=st.integers(1, 5),
    walls=st.integers(0, 12),
    pulls=st.integers(0, 9),
    seed=st.integers(0),
)
def test_any_arguments_give_levels(size: int, boxes: int, walls: int, pulls: int, seed: int) -> None:
    boxes, walls = min(boxes, size - 1), min(walls, size**2 // 3)
    game = Sokoban(size=size, boxes=boxes, walls=walls, pulls=boxes + pulls, turns=200)
    *_, end = expert_play(game, dealt(game, seed))
    assert end.boxes == end.goals


def test_too_few_turns_are_told() -> None:
    with pytest.raises(ArgumentError, match="turns=1 "):
        dealt(Sokoban(turns=1), 0)


@pytest.mark.parametrize(
    ("name", "value"),
    [("size", 2), ("size", 21), ("boxes", 0), ("boxes", 5), ("walls", -1), ("walls", 9), ("pulls", 1), ("turns", 0),
     ("turns", 2.5)],
)  # fmt: skip
def test_a_bad_argument_is_named(name: str, value: Any) -> None:
    with pytest.raises(ArgumentError, match=name):
        Sokoban(**{name: value})


# Words -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "move"),
    [
        ("move up", "up"), ("up", "up"), ("U", "up"), ("go north", "up"), ("N.", "up"), ("Push up!", "up"),
        ("I will push the box upwards", "up"), ("move  DOWN\n", "down"), ("walk south", "down"), ("d", "down"),
        ("push left", "left"), ("I push the box to the left.", "left"), ("west", "left"), ("**move right**", "right"),
        ("```\nmove right\n```", "right"), ("step east", "right"), (" e ", "right"),
        ("I push up, since there is a wall on the right.", "up"), ("move up? No: move left", "left"),
        ("not left but right", "right"), ("right, not left", "right"), ("I can't push it down, so up", "up"),
        ("up, instead of going down", "up"), ("up. That leaves 12 moves left.", "up"),
        ("I have 3 moves left, so down", "down"), ("I would like to go down", "down"),
        ("move right (1 move left)", "right"),
        ("", None), ("move", None), ("push the box", None), ("not left", None), ("12 moves left", None),
        ("upset", None), ("nn", None), ("move to (3, 4)", None), ("向上", None), ("\x00\ud800", None),
    ],
)  # fmt: skip
def test_reading(reply: str, move: str | None) -> None:
    game = Sokoban()
    read = game.read(dealt(game, 0), 0, reply)
    assert read == move if move else isinstance(read, Refusal) and read.kind == "malformed"


def test_views() -> None:
    game = Sokoban(size=3, boxes=1, walls=0, turns=2)
    state = state_of(["#####", "#---#", "#@$-#", "#-.-#", "#####"])
    assert game.view(state, 0) == "#####\n#---#\n#@$-#\n#-.-#\n#####\nBoxes on goals: 0 of 1. Move 1 of 2."
    state = game.apply(state, "left")
    assert game.view(state, 0).endswith("\nThat move was not possible. Boxes on goals: 0 of 1. Move 2 of 2.")
    state = game.apply(state, "right")
    assert game.view(state, 0) == "#####\n#---#\n#-@$#\n#-.-#\n#####\nBoxes on goals: 0 of 1. You are out of moves."


def test_instructions_tell_the_arguments() -> None:
    assert Sokoban(size=3, boxes=1, turns=1).instructions(0) == (
        "You work in a storeroom. Push the box onto the goal within 1 move. Each turn, reply with one of: move up, "
        "move down, move left, move right. A move takes you to the next square. If a box is there, you push it one "
        "square further, which is possible only if neither a wall nor another box is behind it. You cannot pull a "
        "box. A move that is not possible changes nothing but counts as one of your moves.\n"
        "On the map # is a wall, - is free floor, @ is you, $ is a box, . is a goal, * is a box on a goal and + is "
        "you on a goal. The game ends when the box is on the goal or you are out of moves. You are paid at the end "
        "only: 1 point if the box is on the goal.\n"
        "For example, reply: move up"
    )
    several = Sokoban().instructions(0)
    assert "Push the 2 boxes onto the 2 goals within 60 moves." in several
    assert several.count("the share of the boxes that are on goals, 1 point for all.") == 1
