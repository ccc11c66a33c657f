"""What every registered game must pass, whatever it is about."""

from __future__ import annotations

from inspect import cleandoc
from itertools import chain, product
from typing import Any

import gymnasium as gym
import pytest
from gymnasium.utils.env_checker import check_env
from hypothesis import given, settings
from hypothesis import strategies as st

from textenvs import testing
from textenvs.core.game import LEVELS, Game
from textenvs.core.instances import digest
from textenvs.core.refusal import Refusal
from textenvs.core.seat import Seat
from textenvs.core.strategies import strategy
from textenvs.envs.settings import FORMS
from textenvs.envs.shell import DIALS, ENVIRONMENT_ARGUMENTS
from textenvs.envs.solo import SEAT_ARGUMENTS, SoloEnv, solo_game
from textenvs.envs.streams import Purpose, Stream
from textenvs.planning.enumeration import build_graph
from textenvs.planning.errors import TooLargeError
from textenvs.planning.values import optimal
from textenvs.planning.written import averaged, best_strategies
from textenvs.registry import ENTRIES, Entry, argument_names, game_class, make_game

by_entry = pytest.mark.parametrize("each", ENTRIES, ids=lambda each: each.name)
by_members = pytest.mark.parametrize("each", [each for each in ENTRIES if each.players > 1], ids=lambda each: each.name)
by_form = pytest.mark.parametrize("form", FORMS)


def small_games() -> list[Game[Any, Any]]:
    games = [make_game(each.name, level="easy") for each in ENTRIES]
    return [game for game in games if game.deals() is not None]


@by_entry
@pytest.mark.parametrize("episodes", [5, pytest.param(30, marks=pytest.mark.slow)])
def test_the_rules_pass_every_check(each: Entry, episodes: int) -> None:
    testing.check_game(make_game(each.name), episodes)


@by_entry
def test_forms_agree(each: Entry) -> None:
    testing.check_forms_agree(make_game(each.name))


@by_entry
def test_neighbouring_seeds_share_nothing(each: Entry) -> None:
    testing.check_neighbouring_seeds(make_game(each.name))


@pytest.mark.parametrize("game", small_games(), ids=lambda game: game.name)
def test_players_cannot_tell_more_than_they_see(game: Game[Any, Any]) -> None:
    testing.check_no_leak(game)


@pytest.mark.slow
@pytest.mark.parametrize("each", ENTRIES, ids=lambda each: each.name)
def test_written_rules_can_tell_which_moves_are_legal(each: Entry) -> None:
    try:
        graph = build_graph(solo_game(each.name, level="easy"), limit=30_000)
    except TooLargeError:
        pytest.skip("too large to enumerate")
    value = averaged(best_strategies(graph, search=0))
    assert value.low <= optimal(graph).start + 1e-9


@by_entry
@by_form
@pytest.mark.filterwarnings("error")
def test_check_env(each: Entry, form: str) -> None:
    check_env(gym.make(each.id, form=form, render_mode="ansi").unwrapped)


@by_entry
@by_form
def test_rollouts_depend_on_the_seed_alone(each: Entry, form: str) -> None:
    testing.check_rollouts(lambda: SoloEnv(each.name, form=form))


@by_entry
@pytest.mark.parametrize("form", ["turns", "reply"])
@pytest.mark.parametrize("dials", [{}, {"feedback": "shuffled", "reward": "delayed:2", "memory": 2}], ids=str)
def test_snapshots_restore_everything(each: Entry, form: str, dials: dict[str, Any]) -> None:
    if form == "reply":
        dials = {key: value for key, value in dials.items() if key != "reward"}
    testing.check_snapshots(lambda: SoloEnv(each.name, form=form, **dials))


@by_entry
@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=200))
def test_reading_survives_any_text(each: Entry, text: str) -> None:
    game = make_game(each.name)
    state, player = next(testing.visits(game, 1))
    testing.check_reading(game, state, player, (text,))


@pytest.mark.slow
@by_entry
def test_games_that_draw_their_instances_hardly_draw_one_twice(each: Entry) -> None:
    """Pages say under Size how many there are: a million or more, unless the rules allow only fewer.

    Of puzzles that are scrambled by a random number of moves, those near the goal come up now and then.
    """
    game = make_game(each.name)
    if game.deals() is None:
        drawn = {digest(game, game.deal(Stream(seed, Purpose.DEAL))) for seed in range(1_000)}
        assert len(drawn) > 850


@by_members
def test_pools_hold_some_opponents_out_and_all_of_them_can_play(each: Entry) -> None:
    game = make_game(each.name, level="easy")
    assert {"train", "test"} <= game.pools.keys()
    assert not {*game.pools["train"]} & {*game.pools["test"]}
    for member in dict.fromkeys(chain.from_iterable(game.pools.values())):
        for state, player in testing.visits(Seat(game, game.players - 1, member), 1):
            assert not game.is_over(state.state)
            assert player == 0


@by_members
def test_members_of_different_pools_play_differently(each: Entry) -> None:
    """What was learned against one pool would else be tested against the same play."""
    games = [make_game(each.name, level=level) for level in ("easy", "medium")]
    alike = {*product(games[0].pools["train"], games[0].pools["test"])}
    for game, (state, player) in ((rules, there) for rules in games for there in testing.visits(rules, 8)):
        moves = {name: dict(strategy(name)(game, state, player)) for name in chain.from_iterable(alike)}
        alike = {(one, other) for one, other in alike if moves[one] == moves[other]}
    assert not alike


@by_entry
def test_sampled_actions_are_well_formed(each: Entry) -> None:
    env = SoloEnv(each.name)
    for seed in range(5):
        env.reset(seed=seed)
        env.action_space.seed(seed)
        read = env.game.read(env.episode.state, 0, env.action_space.sample())
        assert not isinstance(read, Refusal) or read.kind == "illegal"


@by_entry
def test_the_page_has_every_section(each: Entry) -> None:
    page = cleandoc(game_class(each.name).__doc__ or "")
    sections = ("Source:", "Players and turns:", "What the player sees:", "Replies:", "Rewards:", "End:",
                "Parameters:", "Size:", "Known values:", "Versions:")  # fmt: skip
    places = [page.find(f"\n{section}") for section in sections]
    assert -1 not in places, [s for s, place in zip(sections, places, strict=True) if place == -1]
    assert places == sorted(places)
    assert f"v{each.version}:" in page


@by_entry
def test_the_page_describes_every_argument(each: Entry) -> None:
    game = make_game(each.name)
    page = cleandoc(type(game).__doc__ or "")
    for argument in game.arguments:
        assert f"\n    {argument}: " in page, argument


@by_entry
@pytest.mark.parametrize("level", ["easy", "medium", "hard", pytest.param("extreme", marks=pytest.mark.slow)])
def test_every_level_is_a_playable_game(each: Entry, level: str) -> None:
    if not argument_names(each.name):
        pytest.skip("a game without arguments has no levels")
    game = make_game(each.name, level=level)
    testing.check_instructions(game)
    testing.check_plays(game, episodes=1)
    assert (level == "medium") == (game == make_game(each.name)), "medium is the default, and no other level is"


@by_entry
def test_the_horizon_grows_with_the_levels(each: Entry) -> None:
    if argument_names(each.name) and each.family != "control":
        turns = [make_game(each.name, level=level).max_turns for level in LEVELS]
        assert turns[0] < turns[-1]


@by_entry
def test_no_argument_is_also_one_of_the_environment(each: Entry) -> None:
    taken = {*DIALS, *ENVIRONMENT_ARGUMENTS, *SEAT_ARGUMENTS, "level", "max_cycles", "game"}
    assert not taken & set(argument_names(each.name))


@by_entry
def test_the_example_of_a_plan_is_read_line_by_line(each: Entry) -> None:
    env = SoloEnv(each.name, form="plan")
    env.reset(seed=0)
    episode = env.episode
    if episode.game.max_turns > 1:
        *_, one, other, _rule = episode.dialogues[0][0].text.splitlines()
        assert one == other
        assert not isinstance(episode.game.read(episode.state, 0, one), Refusal)
