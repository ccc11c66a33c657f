"""The one-shot forms: the same game, instance, seed, refusal rule and score, with a single reply."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import Any, NamedTuple

from textenvs.core.dialogue import example_reply
from textenvs.core.errors import EmptySplitError
from textenvs.core.game import Game
from textenvs.core.refusal import Refusal
from textenvs.core.written_strategy import strategy_rules
from textenvs.envs.episode import Episode, Outcome
from textenvs.envs.judges import JudgedReply, named_judge
from textenvs.envs.settings import Settings
from textenvs.envs.streams import Purpose, Stream

_BULLET = re.compile(r"^\s*(?:\d+[.):]|[-*•])\s+(?=\S)")

PLAN_INSTRUCTIONS = (
    "Here, however, you write your whole plan now, before anything happens: reply with all your moves in order, "
    "one on each line. They are played one after the other, and you see no answers in between. Moves after the "
    "end are ignored; a plan that is too short loses. Two moves of a plan look like this:\n{example}\n{example}"
)
STRATEGY_INSTRUCTIONS = (
    "Here, however, you write your whole strategy now, before anything happens: rules, one on each line. In each turn "
    "the first rule whose words all occur in what you would be shown makes your move. Words with commas or colons in "
    "them go in double quotes. Rules look like this:\n"
    "if some words and other words: {example}\notherwise: {example}"
)
NO_RULE = Refusal("No rule of your strategy fits the situation.", "empty")
PLAN_ENDED = Refusal("Your plan ended before the game did.", "empty")


def plan_lines(text: str) -> list[str]:
    """Return the moves written in a plan: its lines (or parts between semicolons) without list marks."""
    lines = re.split(r"[\n;]", text)
    return [_BULLET.sub("", line).strip() for line in lines if line.strip()]


class Step(NamedTuple):
    """A move of a one-shot form.

    Attributes:
        move: what was played, or why it was refused.
        scores: undiscounted return of each player after it.
        state: of the game after it.
    """

    move: Any | Refusal
    scores: tuple[float, ...]
    state: Any


class OneShotEpisode(Episode, ABC):
    """The forms in which one reply, written from the opening view, decides all moves, and one score comes back.

    Each move stands for a reply of the `turns` form, with the same refusals, prices and forfeit. The reply may have
    `max_reply_chars` for each turn of the game; a longer one is refused unread until the episode is forfeited.

    Attributes:
        played: the moves in order, refused and missing ones included.
    """

    played: tuple[Step, ...] = ()

    @property
    def steps(self) -> int:
        """How many moves were played, refused and missing ones included: environment steps."""
        return len(self.played)

    def _most_chars(self) -> int:
        return self.settings.max_reply_chars * self.game.max_turns

    def reply(self, player: int, text: str) -> Outcome:
        """Play everything that the reply asks for; see `Episode.reply`. The refusal told is the first, if any."""
        self._hear(player, text)
        too_long = len(text) > self._most_chars()
        outcomes = self._play_unread(player, text) if too_long else self._play_all(player, self._bare(text))
        self._tell()
        paid = sum(outcome.rewards[player] for outcome in outcomes)
        refusals = [outcome.refusal for outcome in outcomes if outcome.refusal]
        return Outcome((paid,), refusals[0] if refusals else None)

    def _make(self, player: int, move: Any | Refusal, talk: str) -> Outcome:
        outcome = super()._make(player, move, talk)
        self.played = (*self.played, Step(move, self.scores, self.state))
        return outcome

    @abstractmethod
    def _play_all(self, player: int, text: str) -> list[Outcome]:
        """Play to the end of the episode and return what each move brought."""

    def _play_unread(self, player: int, text: str) -> list[Outcome]:
        outcomes: list[Outcome] = []
        while not self.over:
            outcomes.append(self._play(player, text))
        return outcomes


class PlanEpisode(OneShotEpisode):
    """The `plan` form: one reply holds all moves; they are played in order.

    Prose belongs to the move that follows it, as in a chatty reply; a move that the rules forbid is refused and
    priced. A plan that runs out before the game does goes on with empty replies, so the same rule of refusals in a
    row ends the episode.
    """

    def _form_instructions(self, player: int) -> str:
        example = example_reply(self.game.instructions(player))
        return PLAN_INSTRUCTIONS.format(example=example) if self.game.max_turns > 1 else ""

    def _read(self, player: int, text: str, talk: str = "") -> Any | Refusal:
        return super()._read(player, text, talk) if text or talk else PLAN_ENDED

    def _play_all(self, player: int, text: str) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for line in plan_lines(text):
            if self.over:
                return outcomes
            if self._is_move(player, line):
                outcomes.append(self._play(player, line))
        return outcomes + self._play_unread(player, "")

    def _is_move(self, player: int, line: str) -> bool:
        move = self._read(player, line)
        return not (isinstance(move, Refusal) and move.kind == "malformed")


class StrategyEpisode(OneShotEpisode):
    """The `strategy` form: one reply holds rules from what is seen to a move; they play the whole episode.

    In each turn the first rule whose words all occur in what the player would be shown makes the move. Where none
    applies, or the move is refused, the refusal is priced and the same situation is met again, until the episode is
    forfeited.
    """

    def _form_instructions(self, player: int) -> str:
        return STRATEGY_INSTRUCTIONS.format(example=example_reply(self.game.instructions(player)))

    def _read(self, player: int, text: str, talk: str = "") -> Any | Refusal:
        return super()._read(player, text, talk) if text or talk else NO_RULE

    def _play_all(self, player: int, text: str) -> list[Outcome]:
        rules = strategy_rules(text)
        outcomes: list[Outcome] = []
        view = self.dialogues[player][1].text
        while not self.over:
            move = next((rule.move for rule in rules if rule.applies(view)), "")
            outcomes.append(self._play(player, move))
            view = view if outcomes[-1].refusal else self._shown(player)
        return outcomes


class ReplyEpisode(Episode):
    """The `reply` form: one reply to a position that the behaviour strategy reached, scored by the judge.

    The position is drawn uniformly from the decisions of one episode of the behaviour, so that short episodes weigh
    as much as long ones. What chance does after the reply is drawn anew, so that it has nothing to do with how long
    that episode was. `scores` holds the native reward of the reply alone, so that every judge can be compared with it.
    """

    def __init__(
        self,
        game: Game[Any, Any],
        settings: Settings | None = None,
        *,
        seed: int,
        split: str = "all",
        instance: int | str | None = None,
    ) -> None:
        """Deal, and play up to the decision; see `Episode`."""
        super().__init__(game, settings, seed=seed, split=split, instance=instance)
        decision = self._draw_decision()
        for _ in range(decision):
            self.play_behaviour(0)
        self._chance = Stream(seed, Purpose.LATER_CHANCE)
        self._behaviour = Stream(seed, Purpose.LATER_BEHAVIOUR)
        self.scores = self._nothing
        self.replies = ()
        self.turns = [0] * game.players

    def observation(self, player: int) -> str:
        """Return the whole dialogue up to the judged reply, since none of it was shown before; then the answer."""
        return super().observation(player) if self.over else self.transcript(player)

    def _draw_decision(self) -> int:
        """Return how many moves to make before the judged one."""
        trial, moves = self.copy(), 0
        while not trial.over:
            trial.play_behaviour(0)
            moves += 1
        if moves == 0:
            raise EmptySplitError(f"{self.game.name} offers no decision in this episode")
        return Stream(self.seed, Purpose.JUDGE).below(moves)

    def reply(self, player: int, text: str) -> Outcome:
        """Play the reply, let the judge score it, and end; see `Episode.reply`."""
        before = self.copy()
        outcome = super().reply(player, text)
        judged = JudgedReply(before, self.copy(), player, text, self.scores[player], outcome.refusal)
        judge = self.settings.judge
        score = (named_judge(judge) if isinstance(judge, str) else judge)(judged)
        self._awaited = ()
        return Outcome((float(score),), outcome.refusal)


FORM_CLASSES: dict[str, type[Episode]] = {
    "turns": Episode,
    "plan": PlanEpisode,
    "strategy": StrategyEpisode,
    "reply": ReplyEpisode,
}


def new_episode(
    game: Game[Any, Any],
    settings: Settings,
    *,
    seed: int,
    split: str = "all",
    instance: int | str | None = None,
) -> Episode:
    """Return an episode in the form that `settings` asks for; arguments as for `Episode`."""
    return FORM_CLASSES[settings.form](game, settings, seed=seed, split=split, instance=instance)
