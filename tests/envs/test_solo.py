from __future__ import annotations

import json
import pickle
import statistics
from typing import Any

import gymnasium as gym
import pytest
from gymnasium.wrappers import Autoreset, RecordEpisodeStatistics, TimeLimit, TransformObservation

from tests.fresh import fresh_python
from textenvs.core.errors import ArgumentError, EmptySplitError, EpisodeOverError, TextenvsError, UnknownNameError
from textenvs.core.instances import digest, split_of
from textenvs.core.seat import Seat
from textenvs.envs.settings import Settings
from textenvs.envs.shell import EnvState
from textenvs.envs.solo import SoloEnv, solo_game
from textenvs.games.guess_number import GuessNumber
from textenvs.games.kuhn_poker import KuhnPoker
from textenvs.games.prisoners_dilemma import PrisonersDilemma

RULE = "A reply that is no legal move costs 0.1 points; 3 in a row lose the game."
ID = "textenvs/GuessNumber-v0"
SMALL = {"high": 7, "guesses": 3}


def small_env(**keywords: Any) -> SoloEnv:
    return SoloEnv("GuessNumber", **{**SMALL, **keywords})


# An episode ------------------------------------------------------------------------------------------


def test_an_episode_step_by_step() -> None:
    env = small_env()
    observation, info = env.reset(seed=1, options={"instance": 4})
    address = digest(env.game, env.episode.state)
    assert observation == f"{env.game.instructions(0)}\n{RULE}\n\n3 guesses left."
    assert info == {"refusal": None, "turn": 0, "score": 0.0, "instance": address}
    assert env.step("guess 2") == (
        "2 is wrong: the secret is higher. 2 guesses left.",
        0.0,
        False,
        False,
        {"refusal": None, "turn": 1, "score": 0.0, "instance": address},
    )
    observation, reward, terminated, truncated, info = env.step("dunno")
    assert (reward, terminated, truncated) == (-0.1, False, False)
    assert info["refusal"] == "I read no guess in that. Reply with a whole number from 1 to 7."
    assert info["turn"] == 2
    observation, reward, terminated, truncated, info = env.step("maybe 5")
    assert (observation, reward, terminated, truncated) == ("5 is right. You win.", 1.0, True, False)
    assert info == {"refusal": None, "turn": 3, "score": 0.9, "instance": address}
    with pytest.raises(EpisodeOverError, match="reset before the next reply"):
        env.step("5")


def test_nothing_before_the_first_reset() -> None:
    env = small_env(render_mode="ansi")
    for call in (lambda: env.step("5"), env.render, env.legal_replies, lambda: env.episode):
        with pytest.raises(EpisodeOverError, match=r"call reset\(\) first"):
            call()


@pytest.mark.parametrize("action", [None, 3, b"5", ["5"]])
def test_an_action_is_a_string(action: Any) -> None:
    env = small_env()
    env.reset(seed=0)
    before = env.episode.transcript(0)
    with pytest.raises(ArgumentError, match="a reply is a str"):
        env.step(action)
    assert env.episode.transcript(0) == before


def test_a_forfeit_terminates() -> None:
    env = small_env(max_refusals=1)
    env.reset(seed=0)
    _, reward, terminated, truncated, _ = env.step("?")
    assert (reward, terminated, truncated) == (-0.1, True, False)


def test_legal_replies_and_info() -> None:
    env = small_env(legal_in_info=True)
    _, info = env.reset(seed=0, options={"instance": 0})
    assert info["legal"] == list(env.legal_replies()) == [f"guess {n}" for n in range(1, 8)]
    assert env.step("1")[4]["legal"] == []
    assert env.legal_replies() == ()


def test_rendering() -> None:
    env = small_env(render_mode="ansi")
    env.reset(seed=0, options={"instance": 6})
    env.step("one")
    env.step("1")
    assert env.render() == env.episode.transcript(0)
    assert "\n\n> one\n\n" in (env.render() or "")
    silent = small_env()
    silent.reset(seed=0)
    assert silent.render() is None


# Reset -----------------------------------------------------------------------------------------------


def test_options_choose_split_and_instance() -> None:
    env = small_env(split="test")
    test = [
        digest(env.game, state) for state, _ in env.game.deals() or () if split_of(digest(env.game, state)) == "test"
    ]
    assert {env.reset(seed=seed)[1]["instance"] for seed in range(40)} == set(test)
    assert env.reset(seed=0, options={"instance": 1})[1]["instance"] == test[1]
    assert env.reset(seed=0, options={"instance": test[0]})[1]["instance"] == test[0]
    train = env.reset(seed=0, options={"split": "train"})[1]["instance"]
    assert split_of(train) == "train"
    assert env.reset(seed=1, options={"instance": None})[1]["instance"] in test, "options last one reset"


def test_unseeded_episodes_go_on_from_the_last_seed() -> None:
    env, other = small_env(high=1_000), small_env(high=1_000)
    env.reset(seed=5)
    other.reset(seed=5)
    after = [env.reset()[1]["instance"] for _ in range(8)]
    assert after == [other.reset()[1]["instance"] for _ in range(8)]
    assert len(set(after)) > 5
    other.reset(seed=6)
    assert after != [other.reset()[1]["instance"] for _ in range(8)]


def test_environments_that_were_never_seeded_differ() -> None:
    firsts = {SoloEnv("GuessNumber", high=10_000).reset()[1]["instance"] for _ in range(4)}
    assert len(firsts) > 1


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"splt": "test"}, UnknownNameError, "unknown reset option 'splt'; did you mean 'split'"),
        ({"split": "tets"}, UnknownNameError, "unknown split 'tets'; did you mean 'test'"),
        ({"instance": 7}, ArgumentError, "no instance 7 in split 'all'"),
        ({"instance": "f00"}, ArgumentError, "no instance 'f00'"),
        ({"instance": 1.5}, ArgumentError, "no instance 1.5"),
    ],
)
def test_options_that_cannot_be(options: dict[str, Any], error: type[Exception], message: str) -> None:
    env = small_env()
    env.reset(seed=0)
    before = env.episode
    with pytest.raises(error, match=message):
        env.reset(seed=0, options=options)
    assert env.episode is before


def test_an_empty_split_is_named_at_once() -> None:
    with pytest.raises(EmptySplitError, match="use split='all' or a larger game"):
        SoloEnv("Assembly", split="validation")


# Construction ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"hihg": 7}, "unknown argument of GuessNumber 'hihg'; did you mean 'high'"),
        ({"rewards": "final"}, "unknown argument of GuessNumber 'rewards'; did you mean 'reward'"),
        ({"seat": 0}, "unknown argument of GuessNumber 'seat'"),
        ({"high": "7"}, "high must be a whole number from 2 to"),
        ({"reward": "finl"}, "unknown reward 'finl'; did you mean 'final'"),
        ({"split": "trian"}, "unknown split 'trian'; did you mean 'train'"),
    ],
)
def test_arguments_that_cannot_be(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(TextenvsError, match=message):
        SoloEnv("GuessNumber", **arguments)
    with pytest.raises(TextenvsError, match=message):
        gym.make(ID, **arguments)


def test_an_unknown_render_mode() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown render_mode 'human'\. Accepted: ansi\."):
        small_env(render_mode="human")


def test_an_unknown_game_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="unknown game 'GuesNumber'; did you mean 'GuessNumber'"):
        SoloEnv("GuesNumber")


def test_a_game_by_its_rules_takes_dials_only() -> None:
    env = SoloEnv(GuessNumber(high=9), memory=1)
    assert (env.game, env.settings) == (GuessNumber(high=9), Settings(memory=1))
    with pytest.raises(UnknownNameError, match="argument of GuessNumber 'high'"):
        SoloEnv(GuessNumber(high=9), high=8)


def test_a_seat_of_a_game_for_several() -> None:
    assert solo_game("KuhnPoker") == Seat(KuhnPoker(), 0, KuhnPoker.default_opponent)
    assert solo_game(PrisonersDilemma(), seat=1, opponent="random") == Seat(PrisonersDilemma(), 1, "random")
    with pytest.raises(ArgumentError, match="seat must be a whole number from 0 to 1"):
        SoloEnv("KuhnPoker", seat=2)
    with pytest.raises(UnknownNameError, match="unknown strategy 'rand'; did you mean 'random'"):
        SoloEnv("KuhnPoker", opponent="rand")
    with pytest.raises(UnknownNameError, match="argument of GuessNumber 'opponent'"):
        solo_game(GuessNumber(), opponent="random")


def test_spaces_sample_what_makes_sense() -> None:
    env = small_env()
    assert set(env.action_space.samples) == {f"guess {n}" for n in range(1, 8)}
    assert f"{env.game.instructions(0)}\n{RULE}\n\n3 guesses left." in env.observation_space.samples
    assert any("2 guesses left." in text for text in env.observation_space.samples), "later observations too"
    plan = small_env(form="plan")
    assert all(1 <= len(text.split("\n")) <= 3 for text in plan.action_space.samples)
    plan.reset(seed=0)
    assert plan.step(plan.action_space.sample())[2]


def test_what_is_no_snapshot_is_refused() -> None:
    with pytest.raises(ArgumentError, match="get_state"):
        small_env().set_state("yesterday")  # type: ignore[arg-type]


# Snapshots -------------------------------------------------------------------------------------------

REPLIES = ("1", "dunno", "3", "2", "6", "7", "5")


def rest_of(env: SoloEnv, replies: tuple[str, ...]) -> list[Any]:
    """Play on, then two more unseeded episodes' openings."""
    return [*(env.step(reply) for reply in replies if not env.episode.over), env.reset(), env.reset()]


DIALS: list[dict[str, Any]] = [{}, {"feedback": "shuffled", "reward": "delayed:2", "memory": "all"}, {"form": "plan"}]


@pytest.mark.parametrize("dials", DIALS, ids=str)
@pytest.mark.parametrize("steps", [0, 2])
def test_a_clone_goes_on_alone(dials: dict[str, Any], steps: int) -> None:
    env = small_env(high=50, guesses=5, legal_in_info=True, render_mode="ansi", **dials)
    env.reset(seed=4)
    for reply in REPLIES[: steps if env.settings.form == "turns" else 0]:
        env.step(reply)
    twin = env.clone()
    assert twin.render() == env.render()
    assert (twin.game, twin.settings, twin.split) == (env.game, env.settings, env.split)
    assert (twin.action_space, twin.observation_space) == (env.action_space, env.observation_space)
    ahead = rest_of(twin, REPLIES[steps:])
    assert rest_of(env, REPLIES[steps:]) == ahead


@pytest.mark.parametrize("dials", DIALS[:2], ids=str)
def test_a_snapshot_goes_on_in_another_process(dials: dict[str, Any]) -> None:
    env = small_env(high=50, guesses=5, **dials)
    env.reset(seed=4)
    for reply in REPLIES[:2]:
        env.step(reply)
    code = (
        "import pickle, sys, json\n"
        "from tests.envs.test_solo import rest_of, small_env\n"
        f"env = small_env(high=50, guesses=5, **{dials!r})\n"
        "env.set_state(pickle.loads(bytes.fromhex(sys.argv[1])))\n"
        f"print(json.dumps(rest_of(env, {REPLIES[2:]!r})))"
    )
    there = json.loads(fresh_python(code, pickle.dumps(env.get_state()).hex()))
    assert there == json.loads(json.dumps(rest_of(env, REPLIES[2:])))


def test_a_snapshot_can_be_used_again_and_again() -> None:
    env = small_env(high=50, guesses=5)
    env.reset(seed=4)
    env.step("1")
    snapshot = env.get_state()
    ahead = rest_of(env, REPLIES)
    for _ in range(2):
        env.set_state(snapshot)
        assert rest_of(env, REPLIES) == ahead


def test_a_snapshot_before_the_first_reset() -> None:
    env, twin = small_env(), small_env()
    snapshot = env.get_state()
    assert isinstance(snapshot, EnvState)
    assert snapshot.episode is None
    twin.reset(seed=3)
    twin.set_state(snapshot)
    with pytest.raises(EpisodeOverError):
        twin.step("1")
    assert twin.reset() == env.reset()


@pytest.mark.parametrize("other", [{"high": 8}, {"memory": 1}, {"form": "plan"}], ids=str)
def test_a_snapshot_of_another_environment_is_refused(other: dict[str, Any]) -> None:
    env, foreign = small_env(), small_env(**other)
    env.reset(seed=0)
    foreign.reset(seed=1)
    told = env.episode.transcript(0)
    with pytest.raises(ArgumentError, match="the snapshot is of "):
        env.set_state(foreign.get_state())
    assert env.episode.transcript(0) == told


# Gymnasium -------------------------------------------------------------------------------------------


def test_a_registered_id_makes_the_same_task() -> None:
    env = gym.make(ID, **SMALL, memory=1)
    assert isinstance(env.unwrapped, SoloEnv)
    assert (env.unwrapped.game, env.unwrapped.settings) == (GuessNumber(**SMALL), Settings(memory=1))
    with pytest.raises(gym.error.ResetNeeded):
        env.step("1")


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_vectors_of_environments(mode: str) -> None:
    how = {"shared_memory": False} if mode == "async" else {}
    envs = gym.make_vec(ID, num_envs=4, vectorization_mode=mode, vector_kwargs=how, **SMALL)
    try:
        observations, infos = envs.reset(seed=[1, 2, 3, 4])
        assert observations == (f"{GuessNumber(**SMALL).instructions(0)}\n{RULE}\n\n3 guesses left.",) * 4
        assert infos["turn"].tolist() == [0] * 4
        observations, rewards, terminated, truncated, infos = envs.step(("guess 7", "what?", "5", "1"))
        assert observations == (
            "7 is right. You win.",
            "I read no guess in that. Reply with a whole number from 1 to 7. That costs 0.1 points; "
            "the game is as before:\n3 guesses left.",
            "5 is wrong: the secret is lower. 2 guesses left.",
            "1 is wrong: the secret is higher. 2 guesses left.",
        )
        assert rewards.tolist() == [1.0, -0.1, 0.0, 0.0]
        assert terminated.tolist() == [True, False, False, False]
        assert not truncated.any()
        assert [text is None for text in infos["refusal"]] == [True, False, True, True]
        observations, rewards, terminated, _, _ = envs.step(("ignored", "7", "3", "5"))
        assert observations[0].endswith("3 guesses left."), "the finished one begins anew"
        assert rewards.tolist() == [0.0, 1.0, 1.0, 1.0]
        assert terminated.tolist() == [False, True, True, True]
        assert all(isinstance(text, str) for text in envs.action_space.sample())
    finally:
        envs.close()


def test_wrappers() -> None:
    env = TimeLimit(RecordEpisodeStatistics(gym.make(ID, **SMALL)), max_episode_steps=2)
    env.reset(seed=1, options={"instance": 6})
    assert env.step("no")[3] is False
    _, reward, terminated, truncated, info = env.step("1")
    assert (reward, terminated, truncated) == (0.0, False, True)
    env.reset(seed=1, options={"instance": 6})
    env.step("no")
    _, _, terminated, truncated, info = env.step("7")
    assert (terminated, truncated) == (True, True)
    assert info["episode"]["r"] == pytest.approx(0.9)
    assert info["episode"]["l"] == 2


def test_transforming_and_resetting_wrappers() -> None:
    loud = TransformObservation(gym.make(ID, **SMALL), str.upper, None)
    assert loud.reset(seed=1, options={"instance": 6})[0].endswith("3 GUESSES LEFT.")
    again = Autoreset(gym.make(ID, **SMALL))
    again.reset(seed=1, options={"instance": 6})
    assert again.step("7")[2]
    assert again.step("ignored")[0].endswith("3 guesses left.")


# Import ----------------------------------------------------------------------------------------------


def test_an_id_with_its_module_needs_no_import() -> None:
    code = (
        "import gymnasium, sys\n"
        "env = gymnasium.make('textenvs:textenvs/GuessNumber-v0', high=7)\n"
        "print(env.reset(seed=0)[1]['turn'], env.spec.id, 'textenvs' in sys.modules)"
    )
    assert fresh_python(code).split() == ["0", ID, "True"]


HEAVY = ("torch", "transformers", "scipy", "matplotlib", "rich", "trl", "jinja2", "tokenizers", "pandas")
TIMED_IMPORT = """
import sys, time
start = time.process_time()
import textenvs
print(time.process_time() - start, *sorted(name for name in sys.modules if "." not in name or "textenvs.games" in name))
"""


def test_import_is_light() -> None:
    """The promise is half a second; twice that is allowed here, since test machines may be slow."""
    runs = [fresh_python(TIMED_IMPORT).split() for _ in range(3)]
    assert statistics.median(float(seconds) for seconds, *_ in runs) < 1.0
    modules = set(runs[0][1:])
    assert "textenvs" in modules
    assert not modules & set(HEAVY)
    assert not [name for name in modules if name.startswith("textenvs.games.")], "games are imported when they are made"


def test_making_and_playing_needs_nothing_heavy_either() -> None:
    code = (
        "import gymnasium, sys, textenvs\n"
        f"env = gymnasium.make({ID!r})\n"
        "env.reset(seed=0); env.step('5')\n"
        "print(*sorted(name for name in sys.modules if '.' not in name))"
    )
    assert not set(fresh_python(code).split()) & set(HEAVY)
