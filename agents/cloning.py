"""A0: supervised cloning of the behaviour strategy. Its model is the start that all other arms share."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

import numpy as np
from transformers import LlamaForCausalLM

from agents.learner import PolicyLearner, episode_tokens, imitate
from agents.training import Cell, Evaluate, Meter, OnProgress, Run, environment_steps, paid, shuffler, training_seeds
from textenvs.envs.policy import Request
from textenvs.envs.streams import Purpose, Stream
from textenvs.evaluation.rollout import Played, play
from textenvs.policies.scripted import StrategyPolicy
from textenvs.policies.tokenizer import WordTokenizer
from textenvs.policies.tokens import EpisodeTokens
from textenvs.policies.traces import Conversation, TokenTrace, TracedPolicy, walk
from textenvs.policies.trie import Ids

_PURPOSE = 1  # other episodes than those the arms train on


@dataclass(frozen=True)
class Config:
    """The knobs.

    Attributes:
        rate: step size of AdamW at first; it falls linearly to 0.
        epochs: passes over all episodes.
        minibatch: episodes in an update.
        plans: whether the moves of each episode are also cloned as a plan, so that the one-shot arm has the same
            start. This costs no environment steps.
    """

    rate: float = 3e-3
    epochs: int = 5
    minibatch: int = 16
    plans: bool = True


def train(
    cell: Cell,
    model: LlamaForCausalLM,
    tokenizer: WordTokenizer,
    *,
    seed: int,
    budget: int,
    config: Config | None = None,
    evaluate: Evaluate | None = None,
    on_progress: OnProgress | None = None,
) -> Run:
    """Watch the behaviour strategy and imitate its replies.

    Only replies are imitated, never what the game says. The first row of the curve says what the behaviour earned:
    `return`, mean of its episodes, and `return_spread`, their standard deviation. Each pass has a row with
    `cross_entropy`, of a choice, and `gradient_norm`.

    Args:
        cell: the task.
        model: fresh weights; left as they are.
        tokenizer: the vocabulary of the model.
        seed: names everything random but the weights of `model`.
        budget: the most environment steps.
        config: the knobs.
        evaluate: see `agents.training.Meter`.
        on_progress: see `agents.training.Meter`.
    """
    config = config or Config()
    meter = Meter(budget, evaluate, on_progress)
    learner = PolicyLearner.copy_of(model, meter.ledger, config.rate)
    generator = shuffler(seed)
    with meter.ledger.timed():
        played = list(watch(cell, tokenizer, training_seeds(seed, _PURPOSE), meter))
        episodes = [episode_tokens(each) for each in played]
        plans = [as_plan(cell, tokenizer, each) for each in played] if config.plans else []
    if not played:
        return meter.run(learner.model)
    returns = [sum(rewards) for rewards in paid(played)]
    meter.note(**{"return": float(np.mean(returns))}, return_spread=float(np.std(returns)))
    parts = -(-len(episodes) // config.minibatch)
    for epoch in range(config.epochs):
        learner.anneal(1 - epoch / config.epochs)
        with meter.ledger.timed():
            imitate(learner, plans, 1, -(-parts // 4), generator)  # a plan is a fraction of an episode to read
            numbers = imitate(learner, episodes, 1, parts, generator)
        meter.note(**numbers)
    return meter.run(learner.model)


def watch(cell: Cell, tokenizer: WordTokenizer, seeds: Iterator[int], meter: Meter) -> Iterator[Played]:
    """Yield traced episodes of the behaviour strategy until one more could exceed the budget."""
    behaviour = TracedPolicy(StrategyPolicy(cell.behaviour), tokenizer, mode=cell.mode)
    while meter.affords(cell.longest()):
        played = play([cell.episode(next(seeds))], behaviour)
        meter.spend(environment_steps(played))
        yield from played


def as_plan(cell: Cell, tokenizer: WordTokenizer, played: Played) -> EpisodeTokens:
    """Return the moves of an episode as if they had been written as a plan.

    In mode `choose` a plan has a line for each turn, each one of `Request.choices`. So lines are there to be imitated
    up to the first that is not, and an episode that ended early says nothing about later lines.
    """
    episode = cell.episode(played.episode.seed, "plan")
    request = Request(0, episode, 0, Stream(episode.seed, Purpose.POLICY))
    lines = [turn.reply.text for turn in played.turns]
    if cell.mode == "choose":
        lines = list(takewhile(set(request.choices).__contains__, lines))
    tokens = tokenizer.encode("\n".join(lines))
    allowed: list[Ids | None] = []
    if cell.mode == "free":
        tokens = (*tokens, tokenizer.end)
        allowed += [None] * len(tokens)
    else:
        way = walk(tokenizer, request)
        for id_ in tokens:
            allowed.append(way.options)
            way.take(id_)
    context = Conversation(tokenizer).context(request.dialogue)
    return EpisodeTokens.from_traces([TokenTrace(context, tokens, tuple(allowed), (math.nan,) * len(tokens))])
