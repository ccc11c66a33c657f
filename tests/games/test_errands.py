from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from itertools import combinations, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textenvs.core.errors import ArgumentError
from textenvs.core.game import LEVELS, draw
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import expert_strategy
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.errands import PLACES, THINGS, Errands, ErrandsMove, ErrandsState, Thing
from textenvs.planning.forward import evaluate_strategy
from textenvs.planning.reference import reference_values
from textenvs.registry import make_game

EASY = make_game("Errands", level="easy")
TINY = [Errands(1, 2, 1), Errands(1, 3, 0), Errands(2, 2, 1, turns=4), Errands(2, 2, 2, 0.5, 3)]

# The rules again, in words: a town is the turn, the place of the player, the news to come, and for each thing its name,
# the places where it had to go, and where it is: "me", "lost PLACE" or "left PLACE".

Item = tuple[str, tuple[str, ...], str]
Town = tuple[int, str, tuple[tuple[int, str], ...], tuple[Item, ...]]


def town_of(state: ErrandsState) -> Town:
    """The town of an opening."""
    items = tuple((THINGS[n], (PLACES[thing.goals[0]],), "me") for n, thing in enumerate(state.things))
    return 0, "bank", state.news, items


def is_over(game: Errands, town: Town) -> bool:
    allowed = game.turns or game.tasks * 2 + game.news * 3
    return town[0] == allowed or all(where.startswith("left") for _, _, where in town[3])


def tell(game: Errands, town: Town) -> dict[str, Town]:
    """What news there can be, as it is told; all are equally likely."""
    turn, here, news, items = town
    if is_over(game, town) or turn not in dict(news):
        return {}
    kind = dict(news)[turn]
    later = tuple(each for each in news if each[0] > turn)
    told = {}
    for name, goals, where in items:
        for place in PLACES[: game.places] if where == "me" else ():
            others = tuple(item for item in items if item[0] != name)
            if kind == "change" and place != goals[-1]:
                item = (name, (*goals, place), "me")
                told[f"News: the {name} must now go to the {place}."] = (turn, here, later, (*others, item))
            if kind == "loss" and place != here:
                item = (name, goals, f"lost {place}")
                told[f"News: you lost the {name}. It lies at the {place}."] = (turn, here, later, (*others, item))
    return told


def do(game: Errands, town: Town) -> dict[str, tuple[Town, Fraction]]:
    """What the player can do, with what it leads to and pays."""
    turn, here, news, items = town
    deeds: dict[str, tuple[Town, Fraction]] = {}
    for place in PLACES[: game.places]:
        if place != here:
            deeds[f"go to the {place}"] = paid(game, (turn + 1, place, news, items), Fraction(0))
    for name, goals, where in items:
        others = tuple(item for item in items if item[0] != name)
        if where == "me":
            town = (turn + 1, here, news, (*others, (name, goals, f"left {here}")))
            tip = here in goals and here != goals[-1]
            deeds[f"leave the {name}"] = paid(game, town, Fraction(game.lure).limit_denominator(100) * tip)
        if where == f"lost {here}":
            deeds[f"take the {name}"] = paid(game, (turn + 1, here, news, (*others, (name, goals, "me"))), Fraction(0))
    return deeds


def right(town: Town) -> int:
    return sum(where == f"left {goals[-1]}" for _, goals, where in town[3])


def paid(game: Errands, after: Town, tip: Fraction) -> tuple[Town, Fraction]:
    return after, (tip + (right(after) if is_over(game, after) else 0)) / game.tasks


def check(game: Errands, state: ErrandsState, town: Town) -> None:
    """Compare what both say of a situation."""
    view = game.view(state, 0)
    assert game.is_over(state) == is_over(game, town)
    if is_over(game, town):
        assert view.endswith(f"Things left where they must go: {right(town)} of {game.tasks}.")
        return
    named = {name: where for name, _, where in town[3]}
    carried = [name for name in THINGS if named.get(name) == "me"]
    left = (game.turns or game.tasks * 2 + game.news * 3) - town[0]
    ending = f"You carry: {', '.join(carried) or 'nothing'}. {left} turn{'s' * (left > 1)} left."
    assert view.endswith(ending)
    assert f"You are at the {town[1]}. " in view
    assert view.count("lies here") == sum(where == f"lost {town[1]}" for where in named.values())


def play(game: Errands, state: ErrandsState, town: Town) -> Iterator[tuple[ErrandsState, Town]]:
    """Check a situation and yield what follows from it."""
    check(game, state, town)
    told = tell(game, town)
    outcomes = game.chance(state)
    assert len(outcomes) == len(told)
    for move, share in outcomes:
        assert share == Fraction(1, len(told))
        after = game.apply(state, move)
        assert game.rewards(state, move, after) == (0.0,)
        (news,) = [news for news in told if news in game.view(after, 0)]
        yield after, told[news]
    if game.to_move(state):
        deeds = do(game, town)
        assert not told
        assert sorted(game.say(state, move) for move in game.legal(state, 0)) == sorted(deeds)
        for move in game.legal(state, 0):
            after = game.apply(state, move)
            following, pay = deeds[game.say(state, move)]
            assert game.rewards(state, move, after)[0] == pytest.approx(float(pay))
            yield after, following


@pytest.mark.parametrize("game", TINY, ids=repr)
def test_all_plays_of_tiny_games_equal_the_naive_second_implementation(game: Errands) -> None:
    pending = [(state, town_of(state)) for state, _ in game.deals() or ()]
    seen = set()
    while pending:
        pair = pending.pop()
        if pair not in seen:
            seen.add(pair)
            pending.extend(play(game, *pair))
    assert len(seen) > 20


@pytest.mark.parametrize("level", ["medium", "hard"])
def test_random_plays_equal_the_naive_second_implementation(level: str) -> None:
    game = make_game("Errands", level=level)
    assert isinstance(game, Errands)
    for seed in range(3):
        random = Stream(seed, Purpose.POLICY)
        state = game.deal(random)
        town = town_of(state)
        while pairs := list(play(game, state, town)):
            state, town = random.choice(pairs)


def naive_random_value(game: Errands) -> Fraction:
    @cache
    def value(town: Town) -> Fraction:
        if told := tell(game, town):
            return sum(map(value, told.values()), Fraction(0)) / len(told)
        if is_over(game, town):
            return Fraction(0)
        deeds = do(game, town).values()
        return sum((pay + value(after) for after, pay in deeds), Fraction(0)) / len(deeds)

    towns = [town_of(state) for state, _ in game.deals() or ()]
    return sum(map(value, towns), Fraction(0)) / len(towns)


def test_the_rulers_of_the_easy_level() -> None:
    assert isinstance(EASY, Errands)
    values = reference_values(EASY)
    assert values.optimal.value == pytest.approx(1)
    assert values.random.value == pytest.approx(float(naive_random_value(EASY)))
    assert [v.value for v in (values.plan, values.myopic, values.random)] == pytest.approx(
        [0.7426, 0.3608, 0.2716], abs=1e-4
    )
    assert values.cell() == "both"


def test_the_deals_are_all_lists_times_and_kinds() -> None:
    game = Errands(2, 3, 2)
    deals = game.deals() or ()
    expected = {
        (goals, tuple(zip(times, kinds, strict=True)))
        for goals in product(range(3), repeat=2)
        for times in combinations((1, 2, 3), 2)
        for kinds in product(("change", "loss"), repeat=2)
    }
    assert {(tuple(thing.goals[0] for thing in state.things), state.news) for state, _ in deals} == expected
    assert len(deals) == 9 * 3 * 4
    drawn = Counter(game.deal(Stream(seed, Purpose.DEAL)) for seed in range(5_400))
    assert set(drawn) == {state for state, _ in deals}
    assert all(abs(n - 50) < 40 for n in drawn.values())
    assert Errands().deals() is None
    assert 8**5 * 84 * 2**3 == 22_020_096
    assert len(EASY.deals() or ()) == 54


@pytest.mark.parametrize("level", LEVELS)
def test_the_expert_always_earns_everything(level: str) -> None:
    game = make_game("Errands", level=level)
    for seed in range(2 if level == "extreme" else 20):
        random = Stream(seed, Purpose.DEAL)
        state, earned = game.deal(random), 0.0
        while not game.is_over(state):
            move = draw(game.chance(state) or game.expert(state, 0) or (), random)
            after = game.apply(state, move)
            earned += game.rewards(state, move, after)[0]
            state = after
        assert earned == pytest.approx(1)


@pytest.mark.parametrize("game", [Errands(2, 3, 1), Errands(2, 2, 2), Errands(2, 2, 3), Errands(1, 4, 1)], ids=repr)
def test_the_expert_is_optimal_in_small_games(game: Errands) -> None:
    assert evaluate_strategy(game, expert_strategy) == pytest.approx(1)


def test_no_turns_are_to_spare_in_the_worst_case() -> None:
    """A loss just on arrival, then the way to the thing and back: 5 turns for one thing."""
    game, state = Errands(1, 3, 1), ErrandsState((Thing((1,)),), ((1, "loss"),))
    moves = [ErrandsMove("go", place=1), ErrandsMove("loss", 0, 2), ErrandsMove("go", place=2), ErrandsMove("take", 0)]
    for move in [*moves, ErrandsMove("go", place=1)]:
        state = game.apply(state, move)
    last = game.apply(state, ErrandsMove("leave", 0))
    assert last.turn == game.max_turns == 5
    assert game.rewards(state, ErrandsMove("leave", 0), last) == (1.0,)


def test_continuing_the_old_errand_pays_a_tip_and_nothing_more() -> None:
    game, state = Errands(1, 3, 1), ErrandsState((Thing((1,)),), ((1, "change"),))
    for move in (ErrandsMove("go", place=1), ErrandsMove("change", 0, 2)):
        state = game.apply(state, move)
    after = game.apply(state, ErrandsMove("leave", 0))
    assert game.rewards(state, ErrandsMove("leave", 0), after) == (0.2,)
    assert game.view(after, 0) == "You leave the letter. You get a tip. Things left where they must go: 0 of 1."


def test_a_thing_that_must_go_back_to_an_earlier_place_pays_there_and_brings_no_tip() -> None:
    game, state = Errands(1, 3, 1), ErrandsState((Thing((1, 2, 1)),), (), here=1)
    after = game.apply(state, ErrandsMove("leave", 0))
    assert game.rewards(state, ErrandsMove("leave", 0), after) == (1.0,)
    assert "tip" not in game.view(after, 0)


def test_neither_the_list_nor_news_is_told_again() -> None:
    game = Errands()
    for seed in range(10):
        random = Stream(seed, Purpose.DEAL)
        state, views = game.deal(random), []
        while not game.is_over(state):
            if game.to_move(state):
                views.append(game.view(state, 0))
            state = game.apply(state, draw(game.chance(state) or game.expert(state, 0), random))
        assert [view.startswith("Bring ") for view in views] == [True] + [False] * (len(views) - 1)
        assert sum(view.count("News") for view in views) <= 3


@given(st.data())
@settings(max_examples=30, deadline=None)
def test_what_is_carried_left_and_lost_adds_up(data: st.DataObject) -> None:
    game = Errands(data.draw(st.integers(2, 8)), data.draw(st.integers(2, 16)), data.draw(st.integers(0, 3)))
    random = Stream(data.draw(st.integers(0, 10**6)), Purpose.POLICY)
    state, total = game.deal(random), 0.0
    while not game.is_over(state):
        outcomes = game.chance(state) or tuple((move, 1) for move in game.legal(state, 0))
        move = random.choice([move for move, _ in outcomes])
        after = game.apply(state, move)
        total += game.rewards(state, move, after)[0]
        state = after
    assert game.progress(state) <= total + 1e-9
    assert 0 <= total <= 1 + 1e-9


# Words

GAME = Errands(tasks=4, places=6)
AT_SCHOOL = ErrandsState((Thing((1,)), Thing((2,)), Thing((0,), 2), Thing((0,), 5)), (), here=2, turn=4)


@pytest.mark.parametrize(
    ("text", "move"),
    [
        ("go to the bank", ("go", -1, 0)), ("Go to the Bank.", ("go", -1, 0)), ("walk to bank", ("go", -1, 0)),
        ("I would like to go to the **bank**", ("go", -1, 0)), ("bank", ("go", -1, 0)), ("go bank", ("go", -1, 0)),
        ("I head over to the hotel now.", ("go", -1, 5)), ("visit the museum", ("go", -1, 4)),
        ("Don't go to the bank. Go to the library!", ("go", -1, 3)), ("```\ngo to the bank\n```", ("go", -1, 0)),
        ("go to the bank and leave the letter", ("go", -1, 0)), ("go to the bank to deliver the book", ("go", -1, 0)),
        ("go to the bank, then leave the letter there", ("go", -1, 0)), ("return to the bank", ("go", -1, 0)),
        ("I leave for the bank", ("go", -1, 0)), ("enter the bank", ("go", -1, 0)),
        ("hand the letter over", ("leave", 0, -1)), ("hand the letter to the school", ("leave", 0, -1)),
        ("I should go to the bank next, to deliver the letter", ("go", -1, 0)),
        ("go to the bank so that I can drop off the letter there.", ("go", -1, 0)),
        ("Should I go to the bank? No, I leave the letter.", ("leave", 0, -1)),
        ("I go to the bank later and leave the letter here", ("leave", 0, -1)),
        ("leave the letter", ("leave", 0, -1)), ("Leave the letter here.", ("leave", 0, -1)),
        ("deliver the letter", ("leave", 0, -1)), ("drop off the parcel", ("leave", 1, -1)),
        ("drop the parcel off", ("leave", 1, -1)), ("leave the letter at the school", ("leave", 0, -1)),
        ("I will deliver the letter to the school", ("leave", 0, -1)), ("give the letter", ("leave", 0, -1)),
        ("put down the parcel", ("leave", 1, -1)), ("hand over my letter", ("leave", 0, -1)),
        ("bring the letter to the school", ("leave", 0, -1)), ("take the letter to the school", ("leave", 0, -1)),
        ("I go to the school and leave the letter", ("leave", 0, -1)), ("LEAVE THE LETTER!", ("leave", 0, -1)),
        ("I am at the school, so I leave the parcel.", ("leave", 1, -1)), ("'leave the letter'", ("leave", 0, -1)),
        ("take the book", ("take", 2, -1)), ("pick up the book", ("take", 2, -1)), ("take it", ("take", 2, -1)),
        ("pick the book up", ("take", 2, -1)), ("get the book from the school", ("take", 2, -1)),
        ("collect the book here", ("take", 2, -1)), ("Before I go to the bank, I take the book.", ("take", 2, -1)),
        ("go to the bank? No, take the book", ("take", 2, -1)), ("take back the book", ("take", 2, -1)),
    ],
)  # fmt: skip
def test_replies(text: str, move: tuple[str, int, int]) -> None:
    assert GAME.read(AT_SCHOOL, 0, text) == move


HELP = "I read no command in that. Reply with one command, such as: go to the bank, leave the letter, take the letter."
THE_PLACES = "The places are: bank, bakery, school, library, museum, hotel."


@pytest.mark.parametrize(
    ("text", "refusal", "kind"),
    [
        ("", HELP, "malformed"),
        ("hello", HELP, "malformed"),
        ("the letter", HELP, "malformed"),
        ("do not go to the bank", HELP, "malformed"),
        ("go to the school", "You are at the school already.", "illegal"),
        ("go to the stadium", f"There is no such place. {THE_PLACES}", "illegal"),
        ("go to the moon", f"There is no such place. {THE_PLACES}", "illegal"),
        ("leave the letter at the bank", "You are at the school. Go to the bank first.", "illegal"),
        ("take the letter to the bank", "You are at the school. Go to the bank first.", "illegal"),
        ("take the basket from the hotel", "You are at the school. Go to the hotel first.", "illegal"),
        ("leave the book", "You do not carry that. You carry: letter, parcel.", "illegal"),
        ("leave everything", "You do not carry that. You carry: letter, parcel.", "illegal"),
        ("leave the book at the bank", "You do not carry that. You carry: letter, parcel.", "illegal"),
        ("leave it", "Which one do you mean: the letter or the parcel?", "illegal"),
        ("take the letter", "You already carry the letter.", "illegal"),
        ("take the basket", "No such thing lies here.", "illegal"),
        ("take the sword", "No such thing lies here.", "illegal"),
    ],
)
def test_refusals(text: str, refusal: str, kind: Any) -> None:
    assert GAME.read(AT_SCHOOL, 0, text) == Refusal(refusal, kind)


def test_it_is_what_fits() -> None:
    one = AT_SCHOOL._replace(
        things=(Thing((1,)), *(thing._replace(place=1, is_left=True) for thing in AT_SCHOOL.things))
    )
    assert GAME.read(one, 0, "leave it") == ErrandsMove("leave", 0)
    assert GAME.read(one, 0, "take it") == Refusal("No such thing lies here.", "illegal")
    nothing = AT_SCHOOL._replace(things=tuple(thing._replace(place=1) for thing in AT_SCHOOL.things))
    assert GAME.read(nothing, 0, "leave it") == Refusal("You do not carry that. You carry: nothing.", "illegal")


def test_views() -> None:
    game, state = Errands(2, 3, 1, turns=4), ErrandsState((Thing((1,)), Thing((2,))), ((2, "loss"),))
    views = [game.view(state, 0)]
    moves = [
        ErrandsMove("go", place=1), ErrandsMove("leave", 0), ErrandsMove("loss", 1, 0), ErrandsMove("go", place=0),
        ErrandsMove("take", 1),
    ]  # fmt: skip
    for move in moves:
        state = game.apply(state, move)
        views.append(game.view(state, 0))
    assert views == [
        "Bring the letter to the bakery; the parcel to the school. You are at the bank. You carry: letter, parcel. "
        "4 turns left.",
        "You are at the bakery. You carry: letter, parcel. 3 turns left.",
        "You leave the letter. You are at the bakery. You carry: parcel. 2 turns left.",
        "You leave the letter. News: you lost the parcel. It lies at the bank. You are at the bakery. You carry: "
        "nothing. 2 turns left.",
        "You are at the bank. The parcel lies here. You carry: nothing. 1 turn left.",
        "You take the parcel. No turns left. Things left where they must go: 1 of 2.",
    ]


def test_instructions() -> None:
    assert Errands(2, 3, 1).instructions(0) == (
        "You are a messenger in a town. The places are: bank, bakery, school. You carry 2 things. At the start I tell "
        "you where each thing must go, only once, so remember it. Each turn you can go to any place, leave a thing "
        "where you are, or take a lost thing that lies there. Once there may be news, and I tell it only once: that a "
        "thing you carry must now go to another place instead, or that you lost a thing and where it lies.\n"
        "What you leave stays there for good. The game ends when you have left all things, or after 7 turns. Then each "
        "thing that you left where it must go earns 1/2 of a point. If you leave a thing where it had to go before "
        "the news, and not where it must go now, you get a tip of 0.1 points at once, but the thing earns nothing at "
        "the end.\n"
        "Commands: go to the bank, leave the letter, take the letter.\n"
        "Reply with one command, for example: go to the bakery"
    )
    assert "Up to 3 times there may be news" in Errands().instructions(0)
    assert "tip" not in Errands(lure=0.0).instructions(0)
    calm = Errands(1, 2, 0).instructions(0)
    assert "news" not in calm
    assert "You carry 1 thing." in calm
    assert "earns 1 point." in calm


def test_the_names_are_distinct() -> None:
    assert len({*PLACES, *THINGS}) == 16 + 40


# Arguments


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"tasks": 0}, "tasks must be a whole number from 1 to 40, not 0"),
        ({"tasks": 41}, "tasks must be"),
        ({"places": 1}, "places must be a whole number from 2 to 16"),
        ({"places": 17}, "places must be"),
        ({"tasks": 2, "news": 4}, "news must be a whole number from 0 to 3"),
        ({"news": -1}, "news must be"),
        ({"lure": 1.1}, "lure must be a number from 0.0 to 1.0"),
        ({"lure": -0.1}, "lure must be"),
        ({"turns": -1}, "turns must be a whole number from 0 to 10000"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        Errands(**arguments)
