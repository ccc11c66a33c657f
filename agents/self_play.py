"""Self-play: turn-level PPO in every seat of a game at once, with one model for all roles or one for each.

Each seat of an episode is an episode of its own to learn from: its views, its replies, and what it earned between them.
With one model (parameter sharing; Gupta et al. 2017, doi:10.1007/978-3-319-71682-4_5) the instructions tell the role.
In games of hidden cards plain self-play need not come to rest at an equilibrium: how far it gets is measured, not
assumed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from transformers import LlamaForCausalLM

from agents.learner import Clipping
from agents.training import Meter, OnProgress, Row, environment_steps, invalid_rate, paid, training_seeds
from agents.turn_ppo import ActorCritic
from agents.turn_ppo import Config as TurnPPO
from textenvs.core.errors import ArgumentError
from textenvs.core.game import Game
from textenvs.envs.episode import Episode
from textenvs.envs.policy import Policy, Reply
from textenvs.envs.settings import Settings
from textenvs.evaluation.rollout import Played, Turn, play
from textenvs.policies.language_model import LanguageModelPolicy
from textenvs.policies.ledger import Ledger
from textenvs.policies.tokenizer import WordTokenizer

Models = Sequence[LlamaForCausalLM]
"""The model in each seat; the same one in all of them where parameters are shared."""


@dataclass(frozen=True)
class Config:
    """The knobs.

    Attributes:
        shared: one model plays all seats; otherwise each seat has a model of its own.
        memoryless: see `LanguageModelPolicy`; the critic, too, sees nothing but the newest view.
        ppo: of the learner in each seat; its `episodes` are those of the game, which all seats learn from.
    """

    shared: bool = True
    memoryless: bool = False
    ppo: TurnPPO = field(default_factory=lambda: TurnPPO(clipping=Clipping(entropy=0.02)))


@dataclass(frozen=True)
class SelfPlay:
    """What self-play gave.

    Attributes:
        models: the final model of each seat.
        curve: as in `agents.training.Run`.
        ledger: what it took; evaluation is not booked.
    """

    models: Models
    curve: list[Row]
    ledger: Ledger


def train(
    game: Game[object, object],
    start: LlamaForCausalLM,
    tokenizer: WordTokenizer,
    *,
    seed: int,
    budget: int,
    config: Config | None = None,
    evaluate: Callable[[Models], float] | None = None,
    on_progress: OnProgress | None = None,
) -> SelfPlay:
    """Improve `start` against itself.

    Args:
        game: the rules, for two or more players.
        start: the weights every seat begins with; left as they are.
        tokenizer: the vocabulary of the model.
        seed: names everything random.
        budget: the most environment steps, those of all seats; less than a whole batch is left unspent.
        config: the knobs.
        evaluate: says how good the models of all seats are, such as their exploitability.
        on_progress: see `agents.training.Meter`.

    Raises:
        ArgumentError: for a game for one.
    """
    if game.players < 2:
        raise ArgumentError(f"{game.name} is for one player; self-play needs several")
    config = config or Config()
    models: list[LlamaForCausalLM] = []
    meter = Meter(budget, evaluate and (lambda _: evaluate(models)), on_progress)
    learners = [
        ActorCritic(start, tokenizer, meter.ledger, config.ppo, seed + number, memoryless=config.memoryless)
        for number in range(1 if config.shared else game.players)
    ]
    learner_of = [learners[player % len(learners)] for player in range(game.players)]
    models += [learner.learner.model for learner in learner_of]
    policies = [
        LanguageModelPolicy(each.learner.model, tokenizer, memoryless=config.memoryless, ledger=meter.ledger)
        for each in learners
    ]
    seats: dict[int, Policy] = {player: policies[player % len(policies)] for player in range(game.players)}
    seeds = training_seeds(seed)
    while meter.affords(config.ppo.episodes * game.max_turns * game.players):
        meter.evaluate_if_due(models[0])
        with meter.ledger.timed():
            played = play([Episode(game, Settings(), seed=next(seeds)) for _ in range(config.ppo.episodes)], seats)
            meter.spend(environment_steps(played))
            for each in learners:
                each.anneal(meter.left)
            rows = [_learn(each, learner_of, played) for each in learners]
        means = {name: sum(row[name] for row in rows) / len(rows) for name in rows[0]}
        meter.note(invalid=invalid_rate(played), **means)
    run = meter.run(models[0])
    return SelfPlay(models, run.curve, run.ledger)


def _learn(learner: ActorCritic, learner_of: Sequence[ActorCritic], played: Sequence[Played]) -> Row:
    """Let a learner learn from all seats it plays."""
    seats = [player for player, its in enumerate(learner_of) if its is learner]
    seen = [own for each in played for player in seats if (own := as_seen_by(each, player)).turns]
    return learner.improve(seen, paid(seen))


def as_seen_by(played: Played, player: int) -> Played:
    """Return an episode as one seat lived it: its turns, each with all it earned until its next one.

    What it earned before its first turn counts with that turn.
    """
    turns: list[Turn] = []
    waiting = 0.0
    for turn in played.turns:
        waiting += turn.rewards[player]
        if turn.player == player:
            turns.append(Turn(player, Reply(turn.reply.text, turn.reply.trace), (waiting,), turn.refusal))
            waiting = 0.0
        elif turns:
            last = turns[-1]
            turns[-1] = Turn(player, last.reply, (last.rewards[0] + waiting,), last.refusal)
            waiting = 0.0
    return Played(played.episode, turns)
