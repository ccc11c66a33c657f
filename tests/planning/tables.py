"""Tiny hand-made games, and slow second opinions on their values that share nothing with planning."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import product
from typing import Any

from textenvs.core.game import Distribution, Game
from textenvs.core.refusal import Refusal


class Toy(Game[Any, Any]):
    """What the toy games share; their moves are words and their states tuples."""

    @property
    def max_turns(self) -> int:
        return 8

    def instructions(self, player: int) -> str:
        return "Reply with one word."

    def say(self, state: Any, move: Any) -> str:
        return str(move)

    def read(self, state: Any, player: int, text: str) -> Any:
        return text if text in self.legal(state, player) else Refusal("No such move.")


@dataclass(frozen=True)
class Coin(Toy):
    """Call a hidden coin; views tell nothing, and the first of two calls pays unseen. State: (side, calls)."""

    calls: int = 2
    heads: Fraction | float = Fraction(2, 3)

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, float(self.calls))

    def deals(self) -> Distribution[Any]:
        return ((("heads", 0), self.heads), (("tails", 0), 1 - self.heads))

    def to_move(self, state: Any) -> tuple[int, ...]:
        return (0,) if state[1] < self.calls else ()

    def legal(self, state: Any, player: int) -> tuple[str, ...]:
        return ("heads", "tails")

    def apply(self, state: Any, move: Any) -> Any:
        return (state[0], state[1] + 1)

    def rewards(self, state: Any, move: Any, after: Any) -> tuple[float, ...]:
        return (float(move == state[0]),)

    def view(self, state: Any, player: int) -> str:
        return f"{self.calls - state[1]} calls left."


@dataclass(frozen=True)
class Tiger(Toy):
    """The tiger problem of Kaelbling, Littman & Cassandra 1998. State: (tiger's door, moves made, told, pending)."""

    turns: int = 3
    right: Fraction | float = Fraction(17, 20)

    @property
    def return_range(self) -> tuple[float, float]:
        return (-100.0 * self.turns, 10.0 * self.turns)

    def deals(self) -> Distribution[Any]:
        return tuple(((door, 0, "", None), Fraction(1, 2)) for door in ("left", "right"))

    def to_move(self, state: Any) -> tuple[int, ...]:
        return (0,) if state[3] is None and state[1] < self.turns else ()

    def legal(self, state: Any, player: int) -> tuple[str, ...]:
        return ("listen", "left", "right")

    def chance(self, state: Any) -> Distribution[Any]:
        if state[3] is None:
            return ()
        other = {"left": "right", "right": "left"}[state[0]]
        half = self.right * 0 + Fraction(1, 2)  # a float if `right` is one
        right = self.right if state[3] == "listen" else half
        return ((state[0], right), (other, 1 - right))

    def apply(self, state: Any, move: Any) -> Any:
        door, made, _, pending = state
        if pending is None:
            return (door, made + 1, "", move)
        return (door, made, f"heard {move}", None) if pending == "listen" else (move, made, "", None)

    def rewards(self, state: Any, move: Any, after: Any) -> tuple[float, ...]:
        if state[3] is not None:
            return (0.0,)
        return (-1.0 if move == "listen" else -100.0 if move == state[0] else 10.0,)

    def view(self, state: Any, player: int) -> str:
        return state[2]


@dataclass(frozen=True)
class Fork(Toy):
    """A visible side road is drawn after `go`; only its own word leads to the prize. State: (place,)."""

    left: Fraction = Fraction(1, 2)
    prize: float = 1.0

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 1.5)

    def deals(self) -> Distribution[Any]:
        return ((("start",), Fraction(1)),)

    def to_move(self, state: Any) -> tuple[int, ...]:
        return (0,) if state[0] in ("start", "left", "right") else ()

    def legal(self, state: Any, player: int) -> tuple[str, ...]:
        return ("go",) if state[0] == "start" else (state[0],)

    def chance(self, state: Any) -> Distribution[Any]:
        return (("left", self.left), ("right", 1 - self.left)) if state[0] == "fork" else ()

    def apply(self, state: Any, move: Any) -> Any:
        return {"start": ("fork",), "fork": (move,)}.get(state[0], ("prize",))

    def rewards(self, state: Any, move: Any, after: Any) -> tuple[float, ...]:
        return (0.5 if state[0] == "start" else self.prize if after[0] == "prize" else 0.0,)

    def view(self, state: Any, player: int) -> str:
        return f"You are at: {state[0]}."


@dataclass(frozen=True)
class Stakes(Toy):
    """Stake on a hidden coin, unseen, then say the word of the road it leads to. State: (coin, place)."""

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 1.4)

    def deals(self) -> Distribution[Any]:
        return (((0, "start"), Fraction(1, 2)), ((1, "start"), Fraction(1, 2)))

    def to_move(self, state: Any) -> tuple[int, ...]:
        return () if state[1] == "end" else (0,)

    def legal(self, state: Any, player: int) -> tuple[str, ...]:
        return ("stake 0", "stake 1") if state[1] == "start" else (f"road {state[0]}",)

    def apply(self, state: Any, move: Any) -> Any:
        return (state[0], "road" if state[1] == "start" else "end")

    def rewards(self, state: Any, move: Any, after: Any) -> tuple[float, ...]:
        return ({(0, "stake 0"): 1.0, (1, "stake 1"): 0.9, (1, "road 1"): 0.5}.get((state[0], move), 0.0),)

    def view(self, state: Any, player: int) -> str:
        return "Your stake?" if state[1] == "start" else f"You are on road {state[0]}."


@dataclass(frozen=True)
class Ladder(Toy):
    """Fully told: `up` climbs one rung, `jump` two, once; so a rung is reached early or late. State: (rung, jumped)."""

    rungs: int = 4

    @property
    def return_range(self) -> tuple[float, float]:
        return (-float(self.rungs), 0.0)

    def deals(self) -> Distribution[Any]:
        return (((0, False), Fraction(1)),)

    def to_move(self, state: Any) -> tuple[int, ...]:
        return (0,) if state[0] < self.rungs else ()

    def legal(self, state: Any, player: int) -> tuple[str, ...]:
        return ("up",) if state[1] else ("up", "jump")

    def apply(self, state: Any, move: Any) -> Any:
        return (state[0] + 1, state[1]) if move == "up" else (state[0] + 2, True)

    def rewards(self, state: Any, move: Any, after: Any) -> tuple[float, ...]:
        return (-1.0,)

    def view(self, state: Any, player: int) -> str:
        return f"Rung {state[0]}."


@dataclass(frozen=True)
class Chaos(Toy):
    """A random small game with hidden states, chance, odd rewards, early ends and moves that views decide.

    State: (turn, hidden, seen, pending move).
    """

    seed: int = 0
    turns: int = 2
    hidden: int = 2
    seen: int = 2
    choices: int = 2
    whole: bool = True
    same_moves: bool = False

    @property
    def max_turns(self) -> int:
        return self.turns

    @cached_property
    def _tables(self) -> dict[Any, Any]:
        dice = random.Random(self.seed)
        tables: dict[Any, Any] = {}
        for turn, hidden, move in product(range(self.turns), range(self.hidden), range(self.choices)):
            outcomes = [(dice.randrange(self.hidden), dice.randrange(self.seen), dice.random() < 0.2) for _ in range(2)]
            tables[turn, hidden, move] = (outcomes, self._share(dice), [dice.randint(-2, 3) / 2 for _ in range(2)])
        for seen in range(self.seen):
            allowed = [move for move in range(self.choices) if self.same_moves or dice.random() < 0.6]
            tables[seen] = tuple(f"m{move}" for move in allowed or [dice.randrange(self.choices)])
        tables["deals"] = [(hidden, dice.randrange(self.seen)) for hidden in range(self.hidden)]
        return tables

    def _share(self, dice: random.Random) -> Fraction | float:
        return Fraction(dice.randint(1, 5), 6) if self.whole else dice.random()

    @cached_property
    def return_range(self) -> tuple[float, float]:
        returns = [total for state, _ in self.deals() for total in all_returns(self, state)]
        return (min(returns), max(returns))

    def deals(self) -> Distribution[Any]:
        chance = Fraction(1, self.hidden) if self.whole else 1 / self.hidden
        return tuple(((0, hidden, seen, None), chance) for hidden, seen in self._tables["deals"])

    def to_move(self, state: Any) -> tuple[int, ...]:
        return (0,) if state[0] < self.turns and state[3] is None else ()

    def legal(self, state: Any, player: int) -> tuple[str, ...]:
        return self._tables[state[2]]

    def chance(self, state: Any) -> Distribution[Any]:
        if state[3] is None:
            return ()
        first = self._tables[state[0], state[1], state[3]][1]
        return ((0, first), (1, 1 - first))

    def apply(self, state: Any, move: Any) -> Any:
        turn, hidden, seen, pending = state
        if pending is None:
            return (turn, hidden, seen, int(move[1:]))
        hidden, seen, over = self._tables[turn, hidden, pending][0][move]
        return (self.turns if over else turn + 1, hidden, seen, None)

    def rewards(self, state: Any, move: Any, after: Any) -> tuple[float, ...]:
        if state[3] is None:
            return (0.0,)
        return (self._tables[state[0], state[1], state[3]][2][move],)

    def view(self, state: Any, player: int) -> str:
        return f"turn {state[0]}, you see {state[2]}"


# Second opinions ---------------------------------------------------------------------------------------


def events(game: Game[Any, Any], state: Any) -> list[tuple[Any, Any]]:
    """Return the next events that do not depend on the player, with their probabilities."""
    return [] if game.to_move(state) else [(event, p) for event, p in game.chance(state) if p > 0]


def all_returns(game: Game[Any, Any], state: Any) -> Iterator[float]:
    """Yield the returns of all plays from a state."""
    if game.is_over(state):
        yield 0.0
    moves = game.legal(state, 0) if game.to_move(state) else [event for event, _ in events(game, state)]
    for move in moves:
        after = game.apply(state, move)
        for rest in all_returns(game, after):
            yield game.rewards(state, move, after)[0] + rest


def played(game: Game[Any, Any], policy: Any, state: Any, history: tuple[Any, ...]) -> float:
    """Return what `policy`, from the history of views and own moves to a mixed move, earns from a state."""
    if game.is_over(state):
        return 0.0
    if game.to_move(state):
        history = (*history, game.view(state, 0))
        chances = policy(history, game.legal(state, 0))
    else:
        chances = events(game, state)
    total = 0.0
    for move, p in chances:
        after = game.apply(state, move)
        known = (*history, move) if game.to_move(state) else history
        total += float(p) * (game.rewards(state, move, after)[0] + played(game, policy, after, known))
    return total


def value_of(game: Game[Any, Any], policy: Any) -> float:
    """Return what a policy of histories earns."""
    return sum(float(p) * played(game, policy, state, ()) for state, p in game.deals() or ())


def best_deterministic(game: Game[Any, Any], known: Any = lambda history: history) -> float:
    """Return the best value of all deterministic policies of what is `known` of histories, by trying every one."""
    best = float("-inf")
    pending: list[dict[Any, Any]] = [{}]
    while pending:
        policy = pending.pop()
        unknown: list[tuple[Any, Any]] = []

        def choose(history: Any, legal: Any, policy: Any = policy, unknown: Any = unknown) -> Any:
            seen = known(history)
            if seen not in policy:
                unknown.append((seen, legal))
                return [(legal[0], 1)]
            return [(policy[seen], 1)]

        value = value_of(game, choose)
        if unknown:
            seen, legal = unknown[0]
            pending += [{**policy, seen: move} for move in legal]
        else:
            best = max(best, value)
    return best


def plan_return(
    game: Game[Any, Any], plan: tuple[Any, ...], price: float = 0.1, most: int = 3, deals: Any = None
) -> float:
    """Return what a plan earns, by playing it against every deal and every event."""

    def follow(state: Any, rest: tuple[Any, ...], refused: int, earned: float, paid: float) -> float:
        if game.is_over(state):
            return earned - paid
        if refused == most:
            return game.return_range[0] - paid
        if not game.to_move(state):
            return sum(float(p) * step(state, event, rest, earned, paid) for event, p in events(game, state))
        if not rest or rest[0] not in game.legal(state, 0):
            return follow(state, rest[1:], refused + 1, earned, paid + price)
        return step(state, rest[0], rest[1:], earned, paid)

    def step(state: Any, move: Any, rest: tuple[Any, ...], earned: float, paid: float) -> float:
        after = game.apply(state, move)
        return follow(after, rest, 0, earned + game.rewards(state, move, after)[0], paid)

    return sum(float(p) * follow(state, plan, 0, 0.0, 0.0) for state, p in deals or game.deals() or ())


def best_of_all_plans(
    game: Game[Any, Any], moves: tuple[Any, ...], longest: int, price: float = 0.1, most: int = 3
) -> float:
    """Return the value of the best plan of up to `longest` moves for each opening view."""
    groups: dict[str, list[Any]] = {}
    for state, p in game.deals() or ():
        groups.setdefault(game.view(state, 0), []).append((state, p))
    plans = [plan for length in range(longest + 1) for plan in product(moves, repeat=length)]
    return sum(max(plan_return(game, plan, price, most, deals) for plan in plans) for deals in groups.values())
