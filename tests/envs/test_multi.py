from __future__ import annotations

import pickle
import random as process_random
from collections.abc import Iterator
from functools import partial
from itertools import product
from types import SimpleNamespace
from typing import Any

import numpy as np
import pettingzoo
import pytest
from pettingzoo.test import api_test, max_cycles_test, parallel_api_test, parallel_seed_test, seed_test
from pettingzoo.utils import parallel_to_aec

import textenvs  # noqa: F401 - registers the games
from tests.envs.made_up_games import Circle
from textenvs.core.errors import ArgumentError, EpisodeOverError, UnknownNameError
from textenvs.envs.multi import SimultaneousEnv, TurnEnv
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.kuhn_poker import KuhnPoker
from textenvs.games.prisoners_dilemma import PrisonersDilemma
from textenvs.registry import ENTRIES, Entry, make_game

SEVERAL = [each for each in ENTRIES if each.players > 1]
BAD_REPLIES = ("", "nonsense", "é" * 3)

by_entry = pytest.mark.parametrize("each", SEVERAL, ids=lambda each: each.name)
by_env = pytest.mark.parametrize("env_class", [TurnEnv, SimultaneousEnv])

conformance = pytest.mark.filterwarnings(
    "error",
    # what PettingZoo says of every environment with text
    "ignore:Observation is not a NumPy array",
    "ignore:Observation space for each agent probably should be",
    "ignore:Action space for each agent probably should be",
)


# Conformance -------------------------------------------------------------------------------------------


@by_entry
@conformance
def test_pettingzoo_finds_nothing_wrong_with_turns(each: Entry) -> None:
    api_test(pettingzoo.make("aec", each.id, render_mode="ansi"), num_cycles=100)
    seed_test(partial(pettingzoo.make, "aec", each.id), num_cycles=100)


@by_entry
@conformance
def test_pettingzoo_finds_nothing_wrong_with_simultaneous_steps(each: Entry) -> None:
    parallel_api_test(SimultaneousEnv(each.name), num_cycles=100)
    parallel_seed_test(partial(SimultaneousEnv, each.name), num_cycles=100)


@pytest.mark.parametrize("each", [each for each in SEVERAL if each.simultaneous], ids=lambda each: each.name)
@conformance
def test_pettingzoo_finds_nothing_wrong_with_the_registered_parallel_environments(each: Entry) -> None:
    parallel_api_test(pettingzoo.make("parallel", each.id, render_mode="ansi"), num_cycles=100)
    api_test(parallel_to_aec(pettingzoo.make("parallel", each.id, render_mode="ansi")), num_cycles=100)


ALL_MOVE_TO_THE_LAST_ROUND = (
    "Auction", "BattleOfSexes", "Blotto", "Chicken", "MatchingPennies", "PrisonersDilemma", "PublicGoods", "StagHunt"
)  # fmt: skip
"""The games that PettingZoo's test of `max_cycles` is made for.

It counts that everybody moves in every cycle, and that nothing ends in the first four. Turns are not taken by everybody
in every cycle, a lake may be fished out in Commons, and in Mafia players die and only some act at night.
"""


@pytest.mark.parametrize("name", ALL_MOVE_TO_THE_LAST_ROUND)
def test_max_cycles_as_pettingzoo_means_it(name: str) -> None:
    game = make_game(name)
    max_cycles_test(SimpleNamespace(parallel_env=partial(SimultaneousEnv, game), env=partial(TurnEnv, game)))


def test_other_simultaneous_games_may_end_early() -> None:
    assert {each.name for each in SEVERAL if each.simultaneous} - {"Commons", "Mafia"} == {*ALL_MOVE_TO_THE_LAST_ROUND}


def test_pettingzoo_makes_the_environments() -> None:
    turns = pettingzoo.make("aec", "textenvs/KuhnPoker-v0", max_cycles=7)
    assert isinstance(turns, TurnEnv)
    assert (turns.game, turns.max_cycles, str(turns)) == (KuhnPoker(), 7, "KuhnPoker")
    at_once = pettingzoo.make("parallel", "textenvs/PrisonersDilemma-v0", rounds=3, max_cycles=-1)
    assert isinstance(at_once, SimultaneousEnv)
    assert (at_once.game, at_once.max_cycles) == (PrisonersDilemma(rounds=3), None)


# Whole episodes ----------------------------------------------------------------------------------------


def some_reply(env: Any, agent: str, random: Stream) -> str:
    legal = env.legal_replies(agent)
    return random.choice(BAD_REPLIES) if random.random() < 0.2 or not legal else random.choice(legal)


def turns(env: TurnEnv, random: Stream) -> Iterator[Any]:
    """Play on with random replies, some of them bad, and yield everything that shows after each step."""
    for agent in env.agent_iter():
        observation, reward, terminated, truncated, info = env.last()
        yield agent, observation, reward, terminated, truncated, info, env.rewards, env.infos
        env.step(None if terminated or truncated else some_reply(env, agent, random))
    yield env.render()


def steps(env: SimultaneousEnv, random: Stream) -> Iterator[Any]:
    """The same for a parallel environment."""
    while env.agents:
        yield env.step({agent: some_reply(env, agent, random) for agent in env.agents})
    yield env.render()


def play_on(env: Any, random: Stream) -> list[Any]:
    return list(turns(env, random) if isinstance(env, TurnEnv) else steps(env, random))


def step_once(env: Any, random: Stream) -> None:
    if isinstance(env, SimultaneousEnv):
        env.step({agent: some_reply(env, agent, random) for agent in env.agents})
    elif env.terminations[env.agent_selection] or env.truncations[env.agent_selection]:
        env.step(None)
    else:
        env.step(some_reply(env, env.agent_selection, random))


def trace(env: Any, seed: int) -> list[Any]:
    return [env.reset(seed=seed), *play_on(env, Stream(seed, Purpose.POLICY))]


@by_entry
@by_env
def test_whole_episodes_depend_on_their_seed_alone(each: Entry, env_class: Any) -> None:
    make = partial(env_class, each.name, render_mode="ansi", legal_in_info=True, memory=1)
    before = (process_random.getstate(), repr(np.random.get_state()))  # noqa: NPY002
    fresh = {seed: trace(make(), seed) for seed in range(6)}
    assert len({repr(each) for each in fresh.values()}) > 3
    one, other = make(), make()
    for seed in (*range(6), *reversed(range(6))):
        other.reset(seed=seed + 100)
        play_on(other, Stream(seed, Purpose.POLICY))
        assert trace(one, seed) == fresh[seed]
    assert before == (process_random.getstate(), repr(np.random.get_state()))  # noqa: NPY002


@by_env
def test_episodes_without_a_seed_follow_from_the_last_one(env_class: Any) -> None:
    def instances(seed: int) -> list[str]:
        env = env_class("KuhnPoker")
        env.reset(seed=seed)
        found = []
        for _ in range(12):
            env.reset()
            found.append(env.episode.instance)
        return found

    assert instances(1) == instances(1) != instances(2)
    assert len(set(instances(1))) > 2
    env_class("KuhnPoker").reset()


@by_entry
@pytest.mark.parametrize("reward", ["native", "final", "delayed:2"])
def test_rewards_sum_to_the_scores(each: Entry, reward: str) -> None:
    for seed in range(10):
        env = TurnEnv(each.name, reward=reward)
        sums = dict.fromkeys(env.possible_agents, 0.0)
        env.reset(seed=seed)
        random = Stream(seed, Purpose.POLICY)
        for agent in env.agent_iter():
            _, paid, terminated, _, _ = env.last(observe=False)
            sums[agent] += paid
            env.step(None if terminated else some_reply(env, agent, random))
        assert tuple(sums.values()) == pytest.approx(env.episode.scores)
        parallel = SimultaneousEnv(each.name, reward=reward)
        sums = dict.fromkeys(env.possible_agents, 0.0)
        for _, paid_all, *_ in trace(parallel, seed)[1:-1]:
            sums = {agent: sums[agent] + paid_all.get(agent, 0.0) for agent in sums}
        assert tuple(sums.values()) == pytest.approx(parallel.episode.scores)


@by_entry
def test_both_interfaces_play_the_same_game(each: Entry) -> None:
    for seed in range(8):
        at_once, in_turn = (env_class(each.name, max_refusals=100) for env_class in (SimultaneousEnv, TurnEnv))
        trace(at_once, seed)
        players = range(at_once.game.players)
        replies = [[text for who, text in at_once.episode.replies if who == player] for player in players]
        in_turn.reset(seed=seed)
        while not all(in_turn.terminations.values()):
            agent = in_turn.agent_selection
            in_turn.step(None if in_turn.terminations[agent] else replies[int(agent[-1])].pop(0))
        assert not any(replies)
        assert in_turn.episode.dialogues == at_once.episode.dialogues
        assert in_turn.episode.scores == pytest.approx(at_once.episode.scores)


def test_a_known_episode_of_kuhn_poker() -> None:
    env = TurnEnv("KuhnPoker")
    env.reset(seed=0, options={"instance": 3})  # queen against king
    shown = []
    for reply in ("check", "bet", "call"):
        shown.append((env.agent_selection, env.last()[0]["text"].rpartition("\n")[2], env.last()[1]))
        env.step(reply)
    assert shown == [
        ("player_0", "You hold the queen. Check or bet?", 0),
        ("player_1", "You hold the king. Your opponent checked. Check or bet?", 0),
        ("player_0", "You hold the queen. You checked. Your opponent bet. Call or fold?", 0),
    ]
    assert env.rewards == {"player_0": -2, "player_1": 2}
    assert env.terminations == {"player_0": True, "player_1": True}
    assert env.truncations == {"player_0": False, "player_1": False}
    for agent, reward in (("player_0", -2), ("player_1", 2)):
        assert env.agent_selection == agent
        observation, paid, terminated, truncated, info = env.last()
        assert (paid, terminated, truncated, info["score"]) == (reward, True, False, reward)
        assert "Your opponent holds the" in observation["text"]
        env.step(None)
    assert env.agents == []


# Hidden things -----------------------------------------------------------------------------------------


def shown_to(env: TurnEnv, player: int) -> str:
    """All that a player gets to see through the interface, as one text; the instance is not for players."""
    agent = f"player_{player}"
    info = {key: value for key, value in env.infos[agent].items() if key != "instance"}
    return repr(
        (env.observe(agent), info, env.legal_replies(agent), env.rewards[agent], env.episode.transcript(player))
    )


@pytest.mark.parametrize("memory", [0, 1, "all"])
def test_players_of_kuhn_poker_see_the_same_wherever_they_know_the_same(memory: Any) -> None:
    """Exhaustive: what each player sees in all deals, bettings and refused replies of the other."""
    seen: dict[Any, set[str]] = {}
    env = TurnEnv("KuhnPoker", legal_in_info=True, memory=memory)
    bettings = [(), ("check",), ("bet",), ("check", "bet"), ("bet", "fold"), ("check", "bet", "fold")]
    for instance, betting, refused_before in product(range(6), bettings, (None, 0, 1, 2)):
        env.reset(seed=instance, options={"instance": instance})
        own_refused: list[list[int]] = [[], []]
        for turn, move in enumerate(betting):
            if turn == refused_before:
                env.step("nonsense")
                own_refused[turn % 2].append(turn)
            env.step(move)
        for player in (0, 1):
            card = env.episode.state.cards[player]
            known = (player, card, betting, tuple(own_refused[player]))
            seen.setdefault(known, set()).add(shown_to(env, player))
    assert all(len(texts) == 1 for texts in seen.values())
    assert len(seen) > 2 * 3 * len(bettings)


def test_pending_moves_of_others_are_invisible() -> None:
    seen = {0: set(), 1: set()}  # type: ignore[var-annotated]
    for move in ("cooperate", "defect"):
        env = TurnEnv("PrisonersDilemma", legal_in_info=True)
        env.reset(seed=0)
        before = (env.observe("player_1"), env.infos["player_1"])
        env.step(move)
        assert env.agent_selection == "player_1"
        assert (env.observe("player_1"), env.infos["player_1"]) == before
        assert env.rewards == {"player_0": 0, "player_1": 0}
        seen[1].add(shown_to(env, 1))
        seen[0].add(env.observe("player_0")["text"])
    assert len(seen[0]) == len(seen[1]) == 1


# Refused replies ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["KuhnPoker", "PrisonersDilemma"])
def test_a_refused_reply_costs_its_price_and_leaves_the_turn(name: str) -> None:
    env = TurnEnv(name, refusal_price=0.25)
    env.reset(seed=0)
    for count in (1, 2):
        env.step("call" if name == "KuhnPoker" else "?")
        observation, paid, terminated, _, info = env.last()
        assert env.agent_selection == "player_0"
        assert env.rewards == {"player_0": -0.25, "player_1": 0}
        assert (paid, terminated, info["turn"], info["score"]) == (-0.25, False, count, -0.25 * count)
        assert observation["text"].startswith(info["refusal"])
        assert env.infos["player_1"]["refusal"] is None
    env.step(env.legal_replies("player_0")[0])
    assert env.infos["player_0"]["refusal"] is None
    assert env.agent_selection == "player_1"


def test_in_a_parallel_step_the_refused_player_is_asked_again_and_the_others_move_is_kept() -> None:
    env = SimultaneousEnv("PrisonersDilemma")
    _, infos = env.reset(seed=0)
    assert [info["waiting"] for info in infos.values()] == [False, False]
    observations, rewards, _, _, infos = env.step({"player_0": "defect", "player_1": "hm"})
    assert rewards == {"player_0": 0, "player_1": -0.1}
    assert [info["waiting"] for info in infos.values()] == [True, False]
    assert infos["player_1"]["refusal"] in observations["player_1"]["text"]
    assert observations["player_0"]["text"] == "Round 1 of 10."
    assert env.legal_replies("player_0") == ()
    observations, rewards, _, _, infos = env.step({"player_0": "cooperate", "player_1": "cooperate"})
    assert rewards == {"player_0": 5, "player_1": 0}
    assert "You defected, the other player cooperated" in observations["player_0"]["text"]
    assert [info["turn"] for info in infos.values()] == [1, 2]
    assert [info["waiting"] for info in infos.values()] == [False, False]


def test_in_a_parallel_step_of_a_game_in_turns_all_but_one_wait() -> None:
    env = SimultaneousEnv("KuhnPoker")
    observations, infos = env.reset(seed=0, options={"instance": 0})
    assert [info["waiting"] for info in infos.values()] == [False, True]
    assert observations["player_1"]["text"].endswith("Your opponent is to move.")
    _, _, _, _, infos = env.step({"player_0": "bet"})
    assert [info["waiting"] for info in infos.values()] == [True, False]
    _, rewards, terminations, _, infos = env.step({"player_0": "nonsense", "player_1": "fold"})
    assert rewards == {"player_0": 1, "player_1": -1}
    assert terminations == {"player_0": True, "player_1": True}
    assert [info["waiting"] for info in infos.values()] == [False, False]


def test_too_many_refusals_in_turns_forfeit() -> None:
    env = TurnEnv("KuhnPoker")
    env.reset(seed=0)
    env.step("check")
    for _ in range(3):
        env.step("")
    assert env.episode.forfeited == 1
    assert env.episode.scores == (0, pytest.approx(-2.3))
    assert all(env.terminations.values())
    assert not any(env.truncations.values())
    assert env.infos["player_1"]["refusal"] == "Your reply is empty."
    env.step(None)
    assert env.last()[1] == pytest.approx(-2.1)  # since its last reply: the third price and the forfeit
    env.step(None)
    assert env.agents == []


def test_a_forfeit_ends_a_parallel_step_before_later_replies_are_read() -> None:
    env = SimultaneousEnv("PrisonersDilemma")
    env.reset(seed=0)
    env.step({"player_0": "?", "player_1": "defect"})
    env.step({"player_0": "?"})
    _, rewards, terminations, truncations, infos = env.step({"player_0": "?", "player_1": "defect"})
    assert env.episode.forfeited == 0
    assert rewards == {"player_0": pytest.approx(-0.1), "player_1": 0}
    assert all(terminations.values())
    assert not any(truncations.values())
    assert [info["turn"] for info in infos.values()] == [3, 1]
    assert env.agents == []


def test_when_all_reply_badly_the_first_one_forfeits() -> None:
    env = SimultaneousEnv("PrisonersDilemma")
    env.reset(seed=0)
    for _ in range(3):
        _, rewards, terminations, _, infos = env.step({"player_0": "?", "player_1": "?"})
    assert env.episode.forfeited == 0
    assert all(terminations.values())
    assert rewards == {"player_0": pytest.approx(-0.1), "player_1": 0}
    assert [info["turn"] for info in infos.values()] == [3, 2]


# Limits ------------------------------------------------------------------------------------------------


def test_a_turn_beyond_max_cycles_truncates() -> None:
    env = TurnEnv("KuhnPoker", max_cycles=1)
    env.reset(seed=0)
    env.step("check")
    assert not any(env.truncations.values())
    env.step("bet")  # the first player would have to reply a second time
    assert env.truncations == {"player_0": True, "player_1": True}
    assert env.terminations == {"player_0": False, "player_1": False}
    for agent in ("player_0", "player_1"):
        assert env.agent_selection == agent
        assert env.last()[2:4] == (False, True)
        env.step(None)
    assert env.agents == []


def test_the_end_at_the_limit_is_no_truncation() -> None:
    env = TurnEnv("KuhnPoker", max_cycles=1)
    env.reset(seed=0)
    env.step("check")
    env.step("check")
    assert all(env.terminations.values())
    assert not any(env.truncations.values())
    parallel = SimultaneousEnv("PrisonersDilemma", rounds=2, max_cycles=2)
    parallel.reset(seed=0)
    for _ in range(2):
        _, _, terminations, truncations, _ = parallel.step(dict.fromkeys(parallel.agents, "defect"))
    assert all(terminations.values())
    assert not any(truncations.values())


def test_parallel_steps_beyond_max_cycles_truncate() -> None:
    env = SimultaneousEnv("PrisonersDilemma", max_cycles=2)
    env.reset(seed=0)
    _, _, _, truncations, _ = env.step({"player_0": "?", "player_1": "defect"})
    assert not any(truncations.values())
    _, _, terminations, truncations, _ = env.step({"player_0": "?", "player_1": "defect"})
    assert all(truncations.values())
    assert not any(terminations.values())
    with pytest.raises(EpisodeOverError):
        env.step({"player_0": "defect", "player_1": "defect"})


# Snapshots ---------------------------------------------------------------------------------------------


@by_entry
@by_env
@pytest.mark.parametrize("dials", [{}, {"reward": "delayed:2", "memory": 2, "refusal_price": 1.0}], ids=str)
def test_snapshots_and_clones_restore_everything(each: Entry, env_class: Any, dials: dict[str, Any]) -> None:
    make = partial(env_class, each.name, render_mode="ansi", max_cycles=4, **dials)
    env, twin = make(), make()
    for seed in range(4):
        env.reset(seed=seed)
        twin.reset(seed=seed + 1)
        random = Stream(seed, Purpose.POLICY)
        while env.agents:
            snapshot = pickle.dumps(env.get_state())
            twin.set_state(pickle.loads(snapshot))
            copies = (twin, env.clone(), pickle.loads(pickle.dumps(env)))
            rest = [play_on(copy, Stream(99, Purpose.POLICY)) for copy in copies]
            assert rest[0] == rest[1] == rest[2]
            assert copies[0].get_state().books == copies[1].get_state().books == copies[2].get_state().books
            assert pickle.dumps(env.get_state()) == snapshot, "playing on in a copy changed the original"
            step_once(env, random)


@by_env
def test_a_snapshot_keeps_the_sequence_of_unseeded_episodes(env_class: Any) -> None:
    env, twin = env_class("KuhnPoker"), env_class("KuhnPoker")
    env.reset(seed=5)
    twin.set_state(env.get_state())
    env.reset()
    twin.reset()
    assert env.episode.seed == twin.episode.seed
    assert env.episode.replies == twin.episode.replies == ()


@by_env
def test_a_snapshot_can_be_restored_again_and_again(env_class: Any) -> None:
    env, twin = env_class("KuhnPoker", max_cycles=3), env_class("KuhnPoker", max_cycles=3)
    env.reset(seed=0)
    while env.agents:
        snapshot = env.get_state()
        books = repr(snapshot.books)
        rest = [play_on(env, Stream(1, Purpose.POLICY))]
        for _ in range(2):
            assert repr(snapshot.books) == books
            twin.set_state(snapshot)
            rest.append(play_on(twin, Stream(1, Purpose.POLICY)))
        assert rest[0] == rest[1] == rest[2]
        env.set_state(snapshot)
        step_once(env, Stream(len(env.episode.replies), Purpose.POLICY))


@by_env
def test_a_snapshot_before_the_first_reset(env_class: Any) -> None:
    env, twin = env_class("KuhnPoker"), env_class("KuhnPoker")
    twin.reset(seed=0)
    twin.set_state(env.get_state())
    with pytest.raises(EpisodeOverError):
        twin.step("check")


@by_env
def test_a_snapshot_of_something_else_is_refused(env_class: Any) -> None:
    env = env_class("PrisonersDilemma")
    for other in (env_class("PrisonersDilemma", rounds=3), env_class("PrisonersDilemma", max_refusals=2)):
        other.reset(seed=0)
        with pytest.raises(ArgumentError, match="the snapshot is of"):
            env.set_state(other.get_state())


def test_a_clone_samples_on_its_own() -> None:
    env = TurnEnv("PrisonersDilemma")
    env.reset(seed=0)
    env.action_space("player_0").seed(3)
    clone = env.clone()
    ours, theirs = ([each.action_space("player_0").sample() for _ in range(20)] for each in (env, clone))
    assert ours == theirs
    assert clone.game is env.game


# Arguments and errors ----------------------------------------------------------------------------------


@by_env
def test_before_reset_and_after_the_end_a_step_is_a_named_error(env_class: Any) -> None:
    env = env_class("PrisonersDilemma", rounds=1)
    action = "defect" if env_class is TurnEnv else {"player_0": "defect", "player_1": "defect"}
    with pytest.raises(EpisodeOverError, match=r"call reset\(\)"):
        env.step(action)
    with pytest.raises(EpisodeOverError, match=r"call reset\(\)"):
        env.observe("player_0")
    trace(env, 0)
    with pytest.raises(EpisodeOverError, match=r"call reset\(\)"):
        env.step(action)
    env.reset(seed=0)
    env.step(action)


def test_last_before_reset_and_after_the_end_is_a_named_error() -> None:
    env = TurnEnv("KuhnPoker")
    for _ in range(2):
        with pytest.raises(EpisodeOverError, match=r"call reset\(\)"):
            env.last()
        trace(env, 0)


def test_an_agent_whose_episode_has_ended_can_only_step_with_none() -> None:
    env = TurnEnv("KuhnPoker")
    env.reset(seed=0)
    env.step("bet")
    env.step("fold")
    with pytest.raises(ValueError, match="only valid action is None"):
        env.step("check")


def test_what_is_no_text_is_an_error_and_changes_nothing() -> None:
    env = TurnEnv("PrisonersDilemma")
    env.reset(seed=0)
    parallel = SimultaneousEnv("PrisonersDilemma")
    parallel.reset(seed=0)
    for bad in (None, 3, b"defect"):
        with pytest.raises(ArgumentError, match="a reply is a str"):
            env.step(bad)
        with pytest.raises(ArgumentError, match="player_1 must reply with a str"):
            parallel.step({"player_0": "defect", "player_1": bad})
    with pytest.raises(ArgumentError, match="player_1 must reply with a str"):
        parallel.step({"player_0": "defect"})
    with pytest.raises(UnknownNameError, match="did you mean 'player_1'"):
        parallel.step({"player_0": "defect", "player_2": "defect", "player_1": "defect"})
    assert env.episode.replies == parallel.episode.replies == ()


@by_env
def test_unknown_arguments_are_refused(env_class: Any) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'rounds'"):
        env_class("PrisonersDilemma", round=3)
    with pytest.raises(UnknownNameError, match="unknown argument of KuhnPoker 'seat'"):
        env_class("KuhnPoker", seat=0)
    with pytest.raises(UnknownNameError, match="unknown argument of PrisonersDilemma 'rounds'"):
        env_class(PrisonersDilemma(), rounds=3)
    with pytest.raises(UnknownNameError, match="did you mean 'KuhnPoker'"):
        env_class("KunPoker")
    with pytest.raises(UnknownNameError, match="unknown split"):
        env_class("KuhnPoker", split="dev")
    with pytest.raises(UnknownNameError, match="unknown render_mode"):
        env_class("KuhnPoker", render_mode="human")


@by_env
def test_values_that_do_not_apply_are_refused(env_class: Any) -> None:
    for form in ("plan", "reply"):
        with pytest.raises(ArgumentError, match="is for one player"):
            env_class("KuhnPoker", form=form)
    for dial in ({"reward": "shaped"}, {"feedback": "shuffled"}):
        with pytest.raises(ArgumentError, match="need a single seat"):
            env_class("KuhnPoker", **dial)
    for limit in (0, -1, 2.5):
        with pytest.raises(ArgumentError, match="max_cycles must be a whole number"):
            env_class("KuhnPoker", max_cycles=limit)


@by_env
def test_unknown_agents_are_named(env_class: Any) -> None:
    env = env_class("KuhnPoker")
    env.reset(seed=0)
    for ask in (env.observe, env.action_space, env.observation_space, env.legal_replies):
        with pytest.raises(UnknownNameError, match="unknown agent 'player_7'"):
            ask("player_7")


@by_env
def test_reset_options_choose_the_instance_and_others_are_left_alone(env_class: Any) -> None:
    env = env_class("KuhnPoker")
    dealt = []
    for instance in range(6):
        env.reset(seed=instance, options={"instance": instance, "options": 1})
        dealt.append(env.episode.state.cards)
    assert dealt == [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)]
    with pytest.raises(ArgumentError, match="no instance 6"):
        env.reset(options={"instance": 6})
    with pytest.raises(UnknownNameError, match="unknown split"):
        env.reset(options={"split": "dev"})


@by_env
def test_splits_share_no_instance(env_class: Any) -> None:
    met: dict[str, set[str]] = {"train": set(), "test": set()}
    for split, instances in met.items():
        env = env_class("KuhnPoker", split=split)
        for seed in range(40):
            env.reset(seed=seed)
            instances.add(env.episode.instance)
    assert met["train"]
    assert met["test"]
    assert not met["train"] & met["test"]
    env = env_class("KuhnPoker", split="train")
    env.reset(seed=0, options={"split": "test"})
    assert env.episode.instance in met["test"]


@by_env
def test_legal_replies_are_in_the_info_when_asked(env_class: Any) -> None:
    env = env_class("KuhnPoker", legal_in_info=True)
    env.reset(seed=0)
    infos = env.infos if env_class is TurnEnv else env.reset(seed=0)[1]
    assert infos["player_0"]["legal"] == ["check", "bet"]
    assert infos["player_1"]["legal"] == []


@by_env
def test_render_shows_all_dialogues_or_nothing(env_class: Any) -> None:
    env = env_class("PrisonersDilemma", rounds=1, render_mode="ansi")
    env.reset(seed=0)
    text = env.render()
    for player in (0, 1):
        assert f"[player_{player}]\n{env.episode.transcript(player)}" in text
    silent = env_class("PrisonersDilemma")
    silent.reset(seed=0)
    assert silent.render() is None


def test_spaces_hold_any_text_and_sample_sensible_ones() -> None:
    env = TurnEnv("KuhnPoker")
    for agent in env.possible_agents:
        space = env.action_space(agent)
        assert space is env.action_space(agent)
        assert {space.sample() for _ in range(200)} == {"check", "bet", "call", "fold"}
        assert space.contains("я пас")
        assert env.observation_space(agent).contains({"text": "я пас"})
        assert "You hold the" in env.observation_space(agent).sample()["text"]


@by_env
def test_a_game_of_one_player_is_an_environment_with_one_agent(env_class: Any) -> None:
    env = env_class("GuessNumber", high=7)
    assert env.possible_agents == ["player_0"]
    trace(env, 0)
    assert env.episode.over


# Players who leave -------------------------------------------------------------------------------------


@conformance
def test_pettingzoo_finds_nothing_wrong_when_players_leave() -> None:
    api_test(TurnEnv(Circle(), render_mode="ansi"), num_cycles=100)
    api_test(TurnEnv(Circle(at_once=True)), num_cycles=100)
    parallel_api_test(SimultaneousEnv(Circle(at_once=True)), num_cycles=100)
    parallel_api_test(SimultaneousEnv(Circle()), num_cycles=100)
    api_test(parallel_to_aec(SimultaneousEnv(Circle(at_once=True))), num_cycles=100)


def test_who_is_voted_out_takes_the_last_step_and_is_gone() -> None:
    env = TurnEnv(Circle())
    env.reset(seed=0)
    for vote in ("1", "1", "2"):
        env.step(vote)
    assert env.agent_selection == "player_1"
    assert env.last()[1:4] == (0.0, True, False)
    env.step(None)
    assert env.agents == ["player_0", "player_2"]
    assert env.agent_selection == "player_0"
    assert set(env.rewards) == set(env.infos) == set(env.terminations) == {"player_0", "player_2"}
    env.step("0")
    assert env.terminations == {"player_0": True, "player_2": True}
    assert env.rewards == {"player_0": 1.0, "player_2": 1.0}


def test_who_is_voted_out_leaves_simultaneous_steps() -> None:
    env = SimultaneousEnv(Circle(at_once=True))
    env.reset(seed=0)
    observations, rewards, terminations, _, infos = env.step({"player_0": "1", "player_1": "1", "player_2": "1"})
    assert terminations == {"player_0": False, "player_1": True, "player_2": False}
    assert set(observations) == set(rewards) == set(infos) == {"player_0", "player_1", "player_2"}
    assert env.agents == ["player_0", "player_2"]
    observations, rewards, terminations, _, _ = env.step({"player_0": "0", "player_2": "2"})
    assert rewards == {"player_0": 1.0, "player_2": 1.0}
    assert set(observations) == {"player_0", "player_2"}
    assert all(terminations.values())
    assert env.agents == []


@pytest.mark.parametrize("reward", ["final", "delayed:5"])
def test_who_is_voted_out_is_paid_at_once_what_is_due(reward: str) -> None:
    env = TurnEnv(Circle(), reward=reward, refusal_price=0.25)
    env.reset(seed=0)
    for reply in ("1", "nonsense", "1", "2"):
        assert not any(env.rewards.values())
        env.step(reply)
    assert env.agent_selection == "player_1"
    assert env.last()[1:4] == (-0.25, True, False)
    env.step(None)
    env.step("0")
    assert env.episode.scores == (1.0, -0.25, 1.0)
    assert env.rewards == {"player_0": 1.0, "player_2": 1.0}
