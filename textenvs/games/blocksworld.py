"""Pick up and stack blocks until they lie as wanted, told in plain or in meaningless words."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, NamedTuple

from textenvs.core.errors import check_flag, check_range
from textenvs.core.game import Distribution, Game, Levels, Random, uniform
from textenvs.core.reading import last_said, plain
from textenvs.core.refusal import Refusal, illegal
from textenvs.games.blocksworld_towers import (
    HAND,
    TABLE,
    Position,
    arrangements,
    best_place,
    clear_blocks,
    distance,
    draw_arrangement,
    held_block,
    placed,
    solution,
)
from textenvs.games.blocksworld_words import (
    MYSTERY,
    NAMES,
    NEEDS,
    PLAIN,
    BlocksworldMove,
    Verb,
    Words,
    facts_of,
    meant,
    needed,
    support,
)
from textenvs.games.phrasing import outcome


class BlocksworldState(NamedTuple):
    """Where the blocks are.

    Attributes:
        on: what each block is on: the index of a block, `TABLE`, or `HAND` if it is held.
        goal: the same at the goal.
        left: turns left.
    """

    on: Position
    goal: Position
    left: int


@dataclass(frozen=True)
class Blocksworld(Game[BlocksworldState, BlocksworldMove]):
    """Rearrange towers of blocks with a hand that holds one block, or the same under meaningless names.

    Source:
        The planning domain with four operators (Winograd 1971; Nilsson 1980; PDDL of the planning
        competition of 2000) as PlanBench tells it, and its Mystery variant, whose words for actions
        and facts are used here (Valmeekam et al. 2023, arXiv:2206.10498). There goals are partial and
        blocks have colours; here a goal says of every block what it is on.
    Players and turns:
        One player, one action a turn.
    What the player sees:
        Everything: the facts that are true now, those of the goal, and the turns left.
    Replies:
        `pick up A`, `unstack A from B`, `put down A`, `stack A on B`, and what means the same, such as
        `take A off B` or `put A on the table`. If mystery: `attack A`, `feast A from B`, `succumb A`,
        `overcome A from B`. In a longer reply the last such action counts.
    Rules:
        `pick up` needs a clear block on the table and an empty hand, `unstack` a clear block on another and
        an empty hand; then the hand holds the block. `put down` puts it on the table, `stack` on a
        clear block. A block is clear if nothing is on it and it is not held. Other actions are
        refused and use no turn. An episode has as many turns as a shortest solution takes, and
        `slack` more.
    Rewards:
        1 for reaching the goal, 0 otherwise. Return in 0 … 1.
    End:
        All facts of the goal are true or the turns are used up.
    Parameters:
        blocks: the number of blocks.
        mystery: whether actions and facts have meaningless names; instances and rules are the same.
        slack: turns beyond those that a shortest solution takes.
    Size:
        The start is uniform over the arrangements in which A is on B and clear, which excludes nothing
        but the start with all blocks on the table, since it only names the blocks. The goal is uniform
        over all other arrangements, of which there are 3, 13, 73, 501, 4051, 37633 … for 2, 3 … blocks
        (OEIS A000262). This gives 504 instances with 4 blocks, 58,179,072 by default. At most
        4 x (blocks - 1) + slack turns.
    Known values:
        Optimal and plan are 1, and the expert is optimal: it never moves a block that already lies
        as wanted, moves a block to its place whenever that is possible, and searches which block to
        put on the table otherwise (Gupta & Nau 1992, doi:10.1016/0004-3702(92)90044-R). Turning a tower
        of n blocks whose lowest stays upside down takes 4 x (n - 1) actions.
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"blocks": 3, "slack": 2},
        "medium": {},
        "hard": {"blocks": 10},
        "extreme": {"blocks": 20},
    }

    blocks: int = 7
    mystery: bool = False
    slack: int = 4

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("blocks", self.blocks, 2, 20)
        check_range("slack", self.slack, 0, 10_000)
        check_flag("mystery", self.mystery)

    @property
    def max_turns(self) -> int:
        return 4 * (self.blocks - 1) + self.slack

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 1.0)

    def deals(self) -> Distribution[BlocksworldState] | None:
        if self.blocks > _LISTED:
            return None
        goals = arrangements(self.blocks)
        starts = [on for on in goals if on[0] == 1 and 0 not in on]
        return uniform([self._opening(start, goal) for start in starts for goal in goals if start != goal])

    def deal(self, random: Random) -> BlocksworldState:
        below = draw_arrangement(random, self.blocks - 1)
        while 0 in below:  # until B, the first of the other blocks, is clear
            below = draw_arrangement(random, self.blocks - 1)
        start = (1, *(on + 1 if on != TABLE else TABLE for on in below))
        goal = start
        while goal == start:
            goal = draw_arrangement(random, self.blocks)
        return self._opening(start, goal)

    def _opening(self, start: Position, goal: Position) -> BlocksworldState:
        return BlocksworldState(start, goal, distance(start, goal) + self.slack)

    def content(self, state: BlocksworldState) -> tuple[Position, Position]:
        return (state.on, state.goal)

    def to_move(self, state: BlocksworldState) -> tuple[int, ...]:
        return () if state.on == state.goal or state.left == 0 else (0,)

    def legal(self, state: BlocksworldState, player: int) -> tuple[BlocksworldMove, ...]:
        held, clear = held_block(state.on), clear_blocks(state.on)
        if held is None:
            verbs: tuple[Verb, Verb] = ("unstack", "pick up")
            return tuple(BlocksworldMove(verbs[state.on[x] == TABLE], x, state.on[x]) for x in clear)
        return (BlocksworldMove("put down", held), *(BlocksworldMove("stack", held, y) for y in clear))

    def apply(self, state: BlocksworldState, move: BlocksworldMove) -> BlocksworldState:
        there = HAND if move.verb in ("pick up", "unstack") else move.other
        return BlocksworldState(placed(state.on, move.block, there), state.goal, state.left - 1)

    def rewards(self, state: BlocksworldState, move: BlocksworldMove, after: BlocksworldState) -> tuple[float, ...]:
        return (1.0 if after.on == after.goal else 0.0,)

    @property
    def _words(self) -> Words:
        return MYSTERY if self.mystery else PLAIN

    def instructions(self, player: int) -> str:
        words = self._words
        actions = "\n".join(words.rule(verb) for verb in NEEDS)
        return (
            f"There are {self.blocks} {words.thing}s, A to {NAMES[self.blocks - 1]}{words.setting}. Each turn, do one "
            f"action. The facts that an action needs must be true; it makes them false and others true:\n{actions}\n"
            "I list the facts that are true now; all others are false. Make all facts of the goal true before the "
            "turns run out to earn 1 point.\n"
            f"Reply with one action, for example: {self._example()}"
        )

    def _example(self) -> str:
        return self._words.action(BlocksworldMove("unstack", 0, 1))

    def view(self, state: BlocksworldState, player: int) -> str:
        now, goal = ", ".join(map(self._words.fact, facts_of(state.on))), ", ".join(self._goal_facts(state.goal))
        return f"Now: {now}.\nGoal: {goal}.\n{outcome(state.left, solved=state.on == state.goal)}"

    def _goal_facts(self, goal: Position) -> list[str]:
        return [self._words.fact(support(goal, block)) for block in range(self.blocks)]

    def say(self, state: BlocksworldState, move: BlocksworldMove) -> str:
        return self._words.action(move)

    def read(self, state: BlocksworldState, player: int, text: str) -> BlocksworldMove | Refusal:
        said = last_said(plain(text), self._words.pattern, "just")
        move = meant(self._words, said, state.on) if said else None
        if move is None:
            return Refusal(f"I read no action in that. Reply with one action, such as: {self._example()}.")
        return move if isinstance(move, Refusal) else self._checked(state, move)

    def _checked(self, state: BlocksworldState, move: BlocksworldMove) -> BlocksworldMove | Refusal:
        words = self._words
        strange = max(move.block, move.other)
        if strange >= self.blocks:
            return illegal(f"There is no {words.thing} {NAMES[strange]}; they are A to {NAMES[self.blocks - 1]}.")
        facts = facts_of(state.on)
        missing = ", ".join(words.fact(fact) for fact in needed(move) if fact not in facts)
        return illegal(f"You cannot {words.action(move)} now: that needs {missing}.") if missing else move

    def progress(self, state: BlocksworldState) -> float:
        """Minus the number of actions that a shortest solution still takes."""
        return -float(distance(state.on, state.goal))

    def expert(self, state: BlocksworldState, player: int) -> Distribution[BlocksworldMove]:
        """The first action of a shortest solution: optimal."""
        held = held_block(state.on)
        if held is None:
            block, _ = solution(state.on, state.goal)[0]
            below = state.on[block]
            return ((BlocksworldMove("pick up" if below == TABLE else "unstack", block, below), Fraction(1)),)
        there = best_place(state.on, state.goal, held)
        return ((BlocksworldMove("put down" if there == TABLE else "stack", held, there), Fraction(1)),)


_LISTED = 4
"""Instances with more blocks than this are drawn, not listed."""
