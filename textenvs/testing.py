"""Checks that every game must pass, for the suite's own tests and for games written elsewhere.

Each check takes the rules (or a constructor of environments) and raises `AssertionError` with the
repair in its message. `check_game` runs those that need nothing but the rules.
"""

from __future__ import annotations

import pickle
import random as process_random
from collections.abc import Callable, Iterator
from itertools import pairwise, product
from typing import Any

import numpy as np

from textenvs.core.dialogue import example_reply
from textenvs.core.game import Game, draw
from textenvs.core.instances import canonical, deal_in, digest, in_split
from textenvs.core.refusal import Refusal
from textenvs.core.seat import Seat
from textenvs.core.strategies import has_expert, strategy
from textenvs.envs.episode import Episode, settle
from textenvs.envs.settings import Settings
from textenvs.envs.solo import SoloEnv
from textenvs.envs.streams import Purpose, Stream

TOLERANCE = 1e-9
TEXTS_TO_SURVIVE = (
    "", " ", "\n\n", "?", "\x00\x1b[31m", "я думаю, что", "我不知道", "🎲" * 50, "-1", "9" * 400, "a" * 1_000_000,
    "```json\n{\"action\": null}\n```", "I would like to think about this first.", "\ud800", "%s %d {0} {}",
)  # fmt: skip

Rules = Game[Any, Any]
Visit = tuple[Any, int]


def check_game(game: Rules, episodes: int = 20) -> None:
    """Run every check of the rules on random play, and on the expert's where there is one.

    Raises:
        AssertionError: what is wrong and how to repair it.
    """
    check_instructions(game)
    check_plays(game, episodes)
    check_wordings(game, episodes)
    check_survives_any_text(game)
    check_instances(game, episodes)


def plays(game: Rules, episodes: int) -> Iterator[list[tuple[Any, Any, Any]]]:
    """Yield plays by random players, and by the expert if there is one, as lists of (state, move, after).

    Chance moves are transitions too; moves have the shape that `Game.apply` expects.
    """
    for name in ("random", "expert") if has_expert(game, Stream(0, Purpose.DEAL)) else ("random",):
        for seed in range(episodes):
            yield list(_transitions(game, name, seed))


def _transitions(game: Rules, name: str, seed: int) -> Iterator[tuple[Any, Any, Any]]:
    random = Stream(seed, Purpose.POLICY)
    state = game.deal(Stream(seed, Purpose.DEAL))
    while not game.is_over(state):
        movers = game.to_move(state)
        if movers:
            moves = tuple(draw(strategy(name)(game, state, player), random) for player in movers)
            move = moves[0] if len(moves) == 1 else moves
        else:
            move = draw(game.chance(state), random)
        after = game.apply(state, move)
        yield state, move, after
        state = after


def visits(game: Rules, episodes: int) -> Iterator[Visit]:
    """Yield the pairs of state and player to move in plays of the game."""
    for play in plays(game, episodes):
        for state, _, _ in play:
            yield from ((state, player) for player in game.to_move(state))


# The rules -------------------------------------------------------------------------------------------


def check_plays(game: Rules, episodes: int = 20) -> None:
    """Check that play is pure, ends in time, pays within the declared range, and shows printable views."""
    for play in plays(game, episodes):
        returns = [0.0] * game.players
        turns = [0] * game.players
        for state, move, after in play:
            _check_transition(game, state, move, after)
            for player, reward in enumerate(game.rewards(state, move, after)):
                returns[player] += reward
            for player in game.to_move(state):
                turns[player] += 1
            _check_who_left(game, state, move, after)
        low, high = game.return_range
        assert all(low - TOLERANCE <= r <= high + TOLERANCE for r in returns), (
            f"{game!r}: returns {returns} lie outside of the declared return_range {(low, high)}"
        )
        assert max(turns) <= game.max_turns, f"{game!r}: {max(turns)} moves exceed max_turns {game.max_turns}"


def _check_transition(game: Rules, state: Any, move: Any, after: Any) -> None:
    before = canonical(state)
    assert game.apply(state, move) == after, f"{game!r}: apply gives different states for the same move {move!r}"
    assert canonical(state) == before, f"{game!r}: apply changed the state it was given"
    assert pickle.loads(pickle.dumps(after)) == after, f"{game!r}: a state does not survive pickling"
    hash(after)
    assert not (game.to_move(after) and game.chance(after)), f"{game!r}: players and chance move in one state"
    total = sum(float(p) for _, p in game.chance(after)) if game.chance(after) else 1.0
    assert abs(total - 1) < TOLERANCE, f"{game!r}: chance probabilities sum to {total}"
    for player in range(game.players):
        view = game.view(after, player)
        assert view.strip() == view, f"{game!r}: a view is empty or has white space at an end: {view!r}"
        assert _is_printable(view), f"{game!r}: a view has unprintable characters: {view!r}"


def _check_who_left(game: Rules, state: Any, move: Any, after: Any) -> None:
    for player in game.left(state):
        assert player in game.left(after), f"{game!r}: player {player} had left for good and is back"
        assert game.rewards(state, move, after)[player] == 0, f"{game!r}: player {player} has left and still earns"
    assert not set(game.to_move(after)) & set(game.left(after)), f"{game!r}: a player who has left is to move"


def check_wordings(game: Rules, episodes: int = 20, moves_per_state: int = 40) -> None:
    """Check that legal moves are distinct and readable, and that no wording is ever malformed."""
    wordings: set[str] = set()
    states: list[Visit] = []
    for number, (state, player) in enumerate(visits(game, episodes)):
        legal = game.legal(state, player)
        assert legal, f"{game!r}: no legal move in a state where player {player} is to move"
        assert len(set(legal)) == len(legal), f"{game!r}: legal moves repeat"
        for move in legal[:: max(1, len(legal) // moves_per_state)]:
            wording = game.say(state, move)
            read = game.read(state, player, wording)
            assert read == move, f"{game!r}: say({move!r}) is {wording!r}, which reads as {read!r}"
            wordings.add(wording)
        if number % 7 == 0:
            states.append((state, player))
    for state, player in states[:30]:
        for wording in sorted(wordings)[:200]:
            read = game.read(state, player, wording)
            malformed = isinstance(read, Refusal) and read.kind == "malformed"
            assert not malformed, f"{game!r}: {wording!r}, legal elsewhere, is malformed here; call it illegal"


def check_survives_any_text(game: Rules) -> None:
    """Check that reading never raises and gives a legal move or a refusal with a text."""
    for number, (state, player) in enumerate(visits(game, 3)):
        if number >= 20:
            return
        check_reading(game, state, player, TEXTS_TO_SURVIVE)


def check_reading(game: Rules, state: Any, player: int, texts: tuple[str, ...]) -> None:
    """Check what `read` makes of `texts` in one state."""
    for text in texts:
        read = game.read(state, player, text)
        if isinstance(read, Refusal):
            assert _is_printable(read.text), f"{game!r}: a refusal is empty or unprintable: {read!r}"
            assert read.text.strip(), f"{game!r}: a refusal says nothing"
        else:
            legal = game.open_ended or read in game.legal(state, player)
            assert legal, f"{game!r}: {text[:50]!r} reads as the illegal move {read!r}"


def check_instructions(game: Rules) -> None:
    """Check that the instructions end with an example reply that is legal in every opening."""
    for seed in range(10):
        state, _ = settle(game, game.deal(Stream(seed, Purpose.DEAL)), Stream(seed, Purpose.CHANCE))
        for player in game.to_move(state):
            instructions = game.instructions(player)
            example = example_reply(instructions)
            assert example, f"instructions must end like 'for example: guess 4', not: {instructions[-80:]!r}"
            read = game.read(state, player, example)
            assert not isinstance(read, Refusal), f"{game!r}: the example {example!r} is refused: {read!r}"


def check_instances(game: Rules, episodes: int = 20) -> None:
    """Check that instances have stable addresses, and that no address belongs to two splits."""
    for seed in range(episodes):
        state = game.deal(Stream(seed, Purpose.DEAL))
        again = game.deal(Stream(seed, Purpose.DEAL))
        assert digest(game, state) == digest(game, again), f"{game!r}: the same seed deals different instances"
        splits = [name for name in ("train", "validation", "test") if in_split(game, state, name)]
        assert len(splits) == 1, f"{game!r}: an instance is in the splits {splits}"
    outcomes = game.deals()
    if outcomes is not None:
        total = sum(float(p) for _, p in outcomes)
        assert abs(total - 1) < TOLERANCE, f"{game!r}: the deals' probabilities sum to {total}"


def _is_printable(text: str) -> bool:
    return all(c.isprintable() or c == "\n" for c in text)


# What players can tell apart -------------------------------------------------------------------------


def check_no_leak(game: Rules, histories: int = 20_000) -> None:
    """Check exhaustively that what a player may do and what the expert does depends on what it saw only.

    All deals are played by all moves, up to `histories` histories, grouped by each player's sequence of
    views and own moves; use small arguments.
    """
    seen: dict[Any, tuple[Any, Any]] = {}
    outcomes = game.deals()
    assert outcomes is not None, "check_no_leak needs a game whose deals can be listed"
    stack: list[tuple[Any, tuple[Any, ...]]] = [(state, ((),) * game.players) for state, _ in outcomes]
    visited = 0
    while stack and visited < histories:
        state, past = stack.pop()
        visited += 1
        movers = game.to_move(state)
        past = tuple((*p, game.view(state, i)) if i in movers else p for i, p in enumerate(past))
        for player in movers:
            allowed = (game.legal(state, player), game.expert(state, player))
            known = seen.setdefault((player, past[player]), allowed)
            assert known == allowed, f"{game!r}: player {player} saw {past[player]} and yet {known} != {allowed}"
        stack.extend(_children(game, state, movers, past))


def _children(game: Rules, state: Any, movers: tuple[int, ...], past: tuple[Any, ...]) -> Iterator[tuple[Any, Any]]:
    if len(movers) > 1:
        for moves in product(*(game.legal(state, player) for player in movers)):
            own = dict(zip(movers, moves, strict=True))
            yield game.apply(state, moves), tuple((*p, own[i]) if i in own else p for i, p in enumerate(past))
    elif movers:
        for move in game.legal(state, movers[0]):
            yield game.apply(state, move), tuple((*p, move) if i in movers else p for i, p in enumerate(past))
    else:
        for move, _ in game.chance(state):
            yield game.apply(state, move), past


# Environments ----------------------------------------------------------------------------------------

MakeEnv = Callable[[], Any]


def rollout_trace(env: Any, seed: int, replies: int = 1_000) -> list[Any]:
    """Return everything a seeded episode of random legal (and some bad) replies shows, to its end."""
    random = Stream(seed, Purpose.POLICY)
    trace: list[Any] = [env.reset(seed=seed)]
    for _ in range(replies):
        trace.append(env.step(_some_reply(env, random)))
        if trace[-1][2] or trace[-1][3]:
            break
    return trace


def _some_reply(env: Any, random: Stream) -> str:
    if random.random() < 0.1:
        return random.choice(("", "nonsense", "é" * 3))
    legal: tuple[str, ...] = env.unwrapped.legal_replies()
    if env.unwrapped.settings.form == "plan":
        return "\n".join(random.choice(legal) for _ in range(min(50, env.unwrapped.game.max_turns)))
    return random.choice(legal)


def check_rollouts(make_env: MakeEnv, seeds: tuple[int, ...] = (0, 1, 2)) -> None:
    """Check that whole episodes depend on their seed alone.

    Catches randomness after the first step, state shared between environments or left over from earlier
    episodes, and any use of the process-wide generators.
    """
    before = (process_random.getstate(), repr(np.random.get_state()))  # noqa: NPY002
    fresh = {seed: rollout_trace(make_env(), seed) for seed in seeds}
    one, other = make_env(), make_env()
    for seed in (*seeds, *reversed(seeds)):
        other.reset(seed=seed + 1_000)
        other.step(other.unwrapped.legal_replies()[0])
        assert rollout_trace(one, seed) == fresh[seed], (
            f"seed {seed} gives another episode after others were played: something survives reset, is shared "
            "between environments, or is random without the seed"
        )
    after = (process_random.getstate(), repr(np.random.get_state()))  # noqa: NPY002
    assert before == after, "a process-wide generator was used; draw from the seeded streams only"


def check_snapshots(make_env: MakeEnv, seed: int = 0) -> None:
    """Check that restoring a snapshot at any step, also from a pickle, gives the same continuation."""
    env, twin = make_env(), make_env()
    trace = rollout_trace(env, seed)
    random = Stream(seed, Purpose.POLICY)
    env.reset(seed=seed)
    for step in trace[1:]:
        snapshot = pickle.loads(pickle.dumps(env.unwrapped.get_state()))
        reply = _some_reply(env, random)
        assert env.step(reply) == step, "a seeded episode changed when it was played again"
        twin.reset(seed=seed + 1)
        twin.unwrapped.set_state(snapshot)
        assert twin.unwrapped.step(reply) == step, "set_state does not restore everything"
        if isinstance(env.unwrapped, SoloEnv):
            assert env.unwrapped.clone().episode.dialogues == env.unwrapped.episode.dialogues, "clone differs"


def check_neighbouring_seeds(game: Rules, seeds: int = 40) -> None:
    """Check that neighbouring seeds do not share instances more often than chance would."""
    addresses = [digest(game, deal_in(game, "all", Stream(seed, Purpose.DEAL))) for seed in range(seeds)]
    pairs = sum(one == other for one, other in pairwise(addresses))
    deals = game.deals()
    share = 0.0 if deals is None else max(float(p) for _, p in deals)
    assert pairs <= seeds * share + 4 * (seeds * share) ** 0.5, f"{game!r}: {pairs} of {seeds} neighbours are equal"


def check_forms_agree(game: Rules, episodes: int = 10) -> None:
    """Check that a fixed list of moves earns the same score as single turns and as one plan."""
    from textenvs.envs.forms import PlanEpisode

    solo = Seat(game) if game.players > 1 else game
    for seed in range(episodes):
        turns = Episode(solo, Settings(), seed=seed)
        random = Stream(seed, Purpose.POLICY)
        replies: list[str] = []
        while not turns.over:
            replies.append(random.choice(turns.legal_replies(0)))
            turns.reply(0, replies[-1])
        plan = PlanEpisode(solo, Settings(form="plan", max_reply_chars=1_000_000), seed=seed)
        plan.reply(0, "\n".join(replies))
        assert plan.scores == turns.scores, f"{game!r}: plan scores {plan.scores}, turns {turns.scores}"
