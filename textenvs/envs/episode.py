"""One episode of one game: the engine below every interface.

The Gymnasium and PettingZoo environments, rollouts, verification and play in a terminal are thin shells
around this class, so refusals, prices, limits, dials and dialogue exist once.
"""

from __future__ import annotations

import copy
import math
import operator
from typing import Any, NamedTuple

from textenvs.core.dialogue import Dialogue, Message, printable, recent, refusal_answer, refusal_rule, transcript
from textenvs.core.errors import ArgumentError, EpisodeOverError, check_range
from textenvs.core.game import Game, draw
from textenvs.core.instances import deal_at, deal_in, digest
from textenvs.core.manners import without_manners
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import strategy
from textenvs.core.talk import heard, taken_apart, talk_rule
from textenvs.envs.payment import Payment, payment
from textenvs.envs.settings import Settings
from textenvs.envs.streams import Purpose, Stream

NO_FEEDBACK = "Reply with your next move."
NO_FEEDBACK_AT_THE_END = "The game is over."
FORFEITED_BY_YOU = "Too many of your moves in a row were missing or refused, so the game is over and lost."
FORFEITED_BY_OTHER = "Too many replies of another player in a row were refused, so the game is over."


class Outcome(NamedTuple):
    """What one reply brought.

    Attributes:
        rewards: paid now, one float per player.
        refusal: why the reply was no legal move, else None.
    """

    rewards: tuple[float, ...]
    refusal: Refusal | None


class Episode:
    """A play of `game` from its deal to its end, driven by raw replies.

    Attributes:
        game: the rules.
        settings: the dials.
        seed: names all randomness of the episode, split by purpose.
        split: where the instance comes from.
        choice: number or address by which the instance was chosen, None if the seed drew it.
        instance: content address of the instance.
        state: the current state of the game; a player is to move, or the game is over.
        forfeited: the player who ended it by too many refusals in a row, else None.
        scores: undiscounted return of each player so far, prices included, whatever the reward dial.
        replies: all replies so far with their players, in order: with the seed, the whole episode.
        turns: how many of them each player wrote.
        dialogues: what was said to and by each player.
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
        """Deal the instance and show the opening views.

        Args:
            game: the rules.
            settings: the dials; the defaults if None.
            seed: a whole number from 0, of any size.
            split: one of `textenvs.core.instances.SPLITS`.
            instance: which instance of the split (see `deal_at`); drawn if None.

        Raises:
            ArgumentError: if a dial does not apply to the game, or for an unknown seed or instance.
            EmptySplitError: if the split has no instance.
        """
        self.game = game
        self.settings = settings or Settings()
        self.seed = seed
        self.split = split
        self.choice = instance
        check_range("seed", seed, 0, math.inf)
        _check_dials(game, self.settings)
        self._chance = Stream(seed, Purpose.CHANCE)
        self._behaviour = Stream(seed, Purpose.BEHAVIOUR)
        self.state = self._deal(instance)
        self.instance = digest(game, self.state)
        self._shadow = self._new_shadow() if self.settings.feedback == "shuffled" else None
        self.forfeited: int | None = None
        self._nothing = (0.0,) * game.players
        self.scores = self._nothing
        self.turns = [0] * game.players
        self._earned = self._nothing
        self._refused = [0] * game.players
        self._awaited: tuple[int, ...] = ()
        self._pending: tuple[tuple[int, Any], ...] = ()
        self.replies: tuple[tuple[int, str], ...] = ()
        self.dialogues: list[Dialogue] = [(Message("system", self._instructions(p)),) for p in range(game.players)]
        self._heard: tuple[tuple[str, ...], ...] = ((),) * game.players
        self._unpaid = self._settle(self._nothing)
        self._payment: Payment = payment(self.settings, game, self.state)
        self._tell()

    # What players ask ----------------------------------------------------------------------------

    @property
    def over(self) -> bool:
        """Whether the episode has ended."""
        return not self._awaited

    @property
    def steps(self) -> int:
        """Environment steps so far: replies given, the refused ones included."""
        return len(self.replies)

    def to_move(self) -> tuple[int, ...]:
        """Return the players whose reply is awaited now."""
        return self._awaited

    def legal_replies(self, player: int) -> tuple[str, ...]:
        """Return the standard wordings of the legal moves of `player`; empty when not to move."""
        if player not in self._awaited:
            return ()
        return tuple(self.game.say(self.state, move) for move in self.game.legal(self.state, player))

    def move_in(self, player: int, text: str) -> Any | Refusal:
        """Return the move that `player`, who is to move, would make by a reply, or its refusal; nothing changes."""
        talk, text = taken_apart(self._bare(text), self.game.talk)
        return self._read(player, text, talk)

    def observation(self, player: int) -> str:
        """Return the text `player` observes now; `memory` says how many past exchanges it repeats.

        The instructions come with the first observation, and with every one that repeats the past.
        """
        dialogue = self.dialogues[player]
        if dialogue[-1].role != "user":
            waiting = Message("user", self._shown(player))
            return transcript((*dialogue, waiting)) if len(dialogue) == 1 else waiting.text
        memory = self.settings.memory
        if memory == 0 and len(dialogue) > 2:
            return dialogue[-1].text
        return transcript(recent(dialogue, None if memory == "all" else memory))

    def transcript(self, player: int) -> str:
        """Return everything `player` was told and replied so far, as one text."""
        return transcript(self.dialogues[player])

    def copy(self) -> Episode:
        """Return an independent episode in exactly the same situation."""
        twin = copy.copy(self)
        twin._chance = self._chance.copy()
        twin._behaviour = self._behaviour.copy()
        twin._shadow = self._shadow.copy() if self._shadow else None
        twin.turns = list(self.turns)
        twin._refused = list(self._refused)
        twin.dialogues = list(self.dialogues)
        twin._payment = copy.deepcopy(self._payment, {id(self.game): self.game})
        return twin

    def branch(self, seed: int) -> Episode:
        """Return another future of the same situation: a copy whose randomness from here on comes from `seed`.

        Unlike other episodes it is not determined by its seed and replies alone.
        """
        twin = self.copy()
        twin.seed = seed
        twin._chance = Stream(seed, Purpose.CHANCE)
        twin._behaviour = Stream(seed, Purpose.BEHAVIOUR)
        if twin._shadow:
            twin._shadow.random = Stream(seed, Purpose.SHADOW)
        return twin

    # What players do -----------------------------------------------------------------------------

    def reply(self, player: int, text: str) -> Outcome:
        """Let `player` reply.

        Args:
            player: one of `to_move()`.
            text: anything; what is no legal move is refused and priced, and never raises.

        Returns:
            What the reply brought. Where players move simultaneously, rewards come with the last move.

        Raises:
            EpisodeOverError: if the episode is over.
            ArgumentError: if it is not the player's turn, or `text` is no string.
        """
        self._hear(player, text)
        outcome = self._play(player, self._bare(text))
        if outcome.refusal is not None:
            self._answer(player, self._refusal_shown(outcome.refusal, player))
        self._tell()
        return outcome

    def play_behaviour(self, player: int) -> float:
        """Let the behaviour strategy move for `player`; return what that earned the player."""
        score = self.scores[player]
        moves = strategy(self.settings.behaviour)(self.game, self.state, player)
        Episode.reply(self, player, self.game.say(self.state, draw(moves, self._behaviour)))
        return self.scores[player] - score

    # How it works --------------------------------------------------------------------------------

    def _deal(self, instance: int | str | None) -> Any:
        if instance is None:
            return deal_in(self.game, self.split, Stream(self.seed, Purpose.DEAL))
        number = instance if isinstance(instance, int) and instance >= 0 else 0  # deal_at refuses what is none
        return deal_at(self.game, self.split, instance, Stream(number, Purpose.INSTANCE))

    def _instructions(self, player: int) -> str:
        """Return the rules of the game, of the form and of refusals, as told once."""
        talk = talk_rule(self.game.talk) if self.game.talk else ""
        rule = refusal_rule(self.settings.refusal_price, self.settings.max_refusals)
        return "\n".join(filter(None, (self.game.instructions(player), talk, self._form_instructions(player), rule)))

    def _form_instructions(self, player: int) -> str:
        return ""

    def _most_chars(self) -> int:
        """Return how long a reply may be to be read."""
        return self.settings.max_reply_chars

    def _hear(self, player: int, text: str) -> None:
        """Note a reply; raises as `reply` does."""
        if player not in self._awaited:
            if self.over:
                raise EpisodeOverError("the episode is over; reset before the next reply")
            raise ArgumentError(f"player {player} is not to move; {self._awaited} are")
        if not isinstance(text, str):
            raise ArgumentError(f"a reply is a str, not a {type(text).__name__}: {text!r:.80}")
        self.replies = (*self.replies, (player, text))
        self.turns[player] += 1
        shown = printable(text[: self._most_chars()])
        self.dialogues[player] = (*self.dialogues[player], Message("assistant", shown))

    def _bare(self, text: str) -> str:
        """Return a reply without what surrounds it; one that is too long to be read stays as it is."""
        return text if len(text) > self._most_chars() else without_manners(text)

    def _play(self, player: int, text: str) -> Outcome:
        """Change the game as the reply asks, without a word."""
        if self._shadow:
            self._shadow.follow(text)
        talk, text = taken_apart(text, self.game.talk)
        return self._make(player, self._read(player, text, talk), talk)

    def _make(self, player: int, move: Any | Refusal, talk: str) -> Outcome:
        """Make a move that was read, or refuse what is none."""
        if isinstance(move, Refusal):
            return Outcome(self._earn(self._refuse(player)), move)
        self._refused[player] = 0
        self._pass_on(player, talk)
        self._pending = (*self._pending, (player, move))
        if len(self._awaited) == 1:
            return Outcome(self._earn(self._advance()), None)
        self._awaited = tuple(other for other in self._awaited if other != player)
        return Outcome(self._earn(self._nothing), None)

    def _read(self, player: int, text: str, talk: str = "") -> Any | Refusal:
        """Return the move in a reply; who only talks makes the only move there is."""
        legal = self.game.legal(self.state, player) if talk and not text.strip() else ()
        return legal[0] if len(legal) == 1 else read(self.game, self.state, player, text, self._most_chars())

    def _pass_on(self, player: int, talk: str) -> None:
        """Let those who hear `player` hear what it said, before their next view."""
        if talk:
            hearers = self.game.hears(self.state, player)
            self._heard = tuple(
                (*lines, heard(player, talk)) if other in hearers else lines for other, lines in enumerate(self._heard)
            )

    def _refuse(self, player: int) -> tuple[float, ...]:
        """Count a refusal of `player` and return what it costs each player."""
        self._refused[player] += 1
        cost = -self.settings.refusal_price
        if self._refused[player] >= self.settings.max_refusals:
            self.forfeited = player
            self._awaited = ()
            cost += self.game.return_range[0] - self._earned[player]
        return tuple(cost if p == player else 0.0 for p in range(self.game.players))

    def _advance(self) -> tuple[float, ...]:
        """Apply the moves all awaited players have made, then what chance decides."""
        moves = tuple(move for _, move in sorted(self._pending))
        self._pending = ()
        move = moves[0] if len(moves) == 1 else moves
        after = self.game.apply(self.state, move)
        rewards = self.game.rewards(self.state, move, after)
        self.state = after
        rewards = self._settle(rewards)
        if self._unpaid != self._nothing:
            rewards, self._unpaid = _sum(self._unpaid, rewards), self._nothing
        self._earned = _sum(self._earned, rewards)
        return rewards

    def _settle(self, rewards: tuple[float, ...]) -> tuple[float, ...]:
        """Let chance move until a player is to move or the game is over; return `rewards` and what that earned."""
        self.state, more = settle(self.game, self.state, self._chance)
        self._awaited = self.game.to_move(self.state)
        return _sum(rewards, more)

    def _earn(self, rewards: tuple[float, ...]) -> tuple[float, ...]:
        """Book native rewards and return what the reward dial pays now."""
        self.scores = _sum(self.scores, rewards)
        return self._payment.pay(rewards, self.state, self.over)

    # What is said --------------------------------------------------------------------------------

    def _answer(self, player: int, text: str) -> None:
        self.dialogues[player] = (*self.dialogues[player], Message("user", text))

    def _tell(self) -> None:
        """Show the situation to everyone who is to move now, and to all at the end."""
        for player in range(self.game.players) if self.over else self._awaited:
            if self.dialogues[player][-1].role != "user":
                self._answer(player, "\n".join((*self._heard[player], self._shown(player))))
                self._heard = tuple(() if other == player else lines for other, lines in enumerate(self._heard))

    def _shown(self, player: int) -> str:
        """Return the current view through the feedback dial; the opening view is always true."""
        if self.forfeited is not None:
            return FORFEITED_BY_YOU if player == self.forfeited else FORFEITED_BY_OTHER
        first = len(self.dialogues[player]) == 1
        if self.settings.feedback == "full" or first:
            return self.game.view(self.state, player)
        if self._shadow:
            return self._shadow.view(player)
        return NO_FEEDBACK_AT_THE_END if self.over else NO_FEEDBACK

    def _refusal_shown(self, refusal: Refusal, player: int) -> str:
        """Return the answer to a refused reply; without true feedback not even the refusal shows."""
        shown = self._shown(player)
        if self.settings.feedback != "full":
            return shown
        if self.over:
            return f"{refusal.text}\n{shown}"
        return refusal_answer(refusal.text, self.settings.refusal_price, shown)

    def _new_shadow(self) -> Shadow:
        return Shadow(self.game, self.split, Stream(self.seed, Purpose.SHADOW), self.settings.max_reply_chars)


class Shadow:
    """An independent play that gets the same replies; its views tell nothing about the real one."""

    def __init__(self, game: Game[Any, Any], split: str, random: Stream, max_reply_chars: int) -> None:
        """Deal an instance of its own from `split`."""
        self.game = game
        self.split = split
        self.random = random
        self.max_reply_chars = max_reply_chars
        self._deal()

    def _deal(self) -> None:
        self.state, _ = settle(self.game, deal_in(self.game, self.split, self.random), self.random)

    def follow(self, text: str) -> None:
        """Make the move that a reply asks for, or a random one where it is not legal; deal anew after the end."""
        if self.game.is_over(self.state):
            self._deal()
        move = read(self.game, self.state, 0, text, self.max_reply_chars)
        if isinstance(move, Refusal):
            if move.kind != "illegal":
                return
            move = self.random.choice(self.game.legal(self.state, 0))
        self.state, _ = settle(self.game, self.game.apply(self.state, move), self.random)

    def view(self, player: int) -> str:
        """Return what the player of the shadow sees."""
        return self.game.view(self.state, player)

    def copy(self) -> Shadow:
        """Return an independent shadow in the same situation."""
        twin = copy.copy(self)
        twin.random = self.random.copy()
        return twin


def read(game: Game[Any, Any], state: Any, player: int, text: str, max_chars: int) -> Any | Refusal:
    """Return the legal move that a reply asks for, or the refusal; empty and too long ones the game never sees."""
    if not text.strip():
        return Refusal("Your reply is empty.", "empty")
    if len(text) > max_chars:
        return Refusal(f"Your reply has {len(text)} characters; at most {max_chars} are read.", "too_long")
    return game.read(state, player, text)


def settle(game: Game[Any, Any], state: Any, random: Stream) -> tuple[Any, tuple[float, ...]]:
    """Let chance move until it is no longer its turn; return the state and what each player earned."""
    rewards = (0.0,) * game.players
    while outcomes := game.chance(state):
        move = draw(outcomes, random)
        after = game.apply(state, move)
        rewards = _sum(rewards, game.rewards(state, move, after))
        state = after
    return state, rewards


def _sum(one: tuple[float, ...], other: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(map(operator.add, one, other))


def _check_dials(game: Game[Any, Any], settings: Settings) -> None:
    """Raise `ArgumentError` for dials that the game cannot offer."""
    one_player_only = settings.feedback == "shuffled" or settings.reward == "shaped" or settings.form != "turns"
    if game.players > 1 and one_player_only:
        raise ArgumentError(f"{game.name}: shuffled feedback, shaped reward and one-shot forms need a single seat")
    if settings.form == "reply" and settings.reward != "native":
        raise ArgumentError("in the reply form the judge decides what is paid; leave reward='native'")
