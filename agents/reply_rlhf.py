"""A1 and A2: RLHF on single replies. Labels, then a reward model, then one-step PPO with KL to the start.

The prompts are all decisions in episodes of the behaviour strategy. What the behaviour replied is labelled at no
further cost, since the episode shows what it earned; where replies are compared, the start policy gives a second one to
the same prompt, which is played on a copy of the episode with chance of its own, and this counts as environment steps.
Once the labels are in, no environment step is taken, and the policy that comes out is never labelled itself.

The reward model is the start policy under a scalar head, as in Stiennon et al. 2020, arXiv:2009.01325. Its scores are
centred by the other replies to the same prompt (RLOO, Ahmadian et al. 2024, arXiv:2402.14740), which spares one-step
PPO a critic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import LlamaForCausalLM

from agents import losses
from agents.learner import Averages, Clipping, PolicyLearner, ScalarLearner, in_order, minibatches, ppo_update
from agents.training import Cell, Evaluate, Meter, OnProgress, Run, shuffler, training_seeds
from textenvs.core.errors import check_choice
from textenvs.core.refusal import Refusal
from textenvs.envs.episode import Episode
from textenvs.envs.policy import Reply, Request
from textenvs.envs.streams import Purpose, Stream
from textenvs.policies.language_model import LanguageModelPolicy
from textenvs.policies.scripted import StrategyPolicy
from textenvs.policies.tokenizer import WordTokenizer
from textenvs.policies.tokens import EpisodeTokens, TokenBatch, collate
from textenvs.policies.traces import TokenTrace, TracedPolicy
from textenvs.policies.trie import Ids

IntArray = NDArray[np.int64]

LABELS = ("myopic", "farsighted", "farsighted_preferences")

EVALUATIONS = 5
"""Points at which PPO is evaluated on its way against the reward model."""


@dataclass(frozen=True)
class Config:
    """The knobs.

    Attributes:
        labels: `myopic`: preferences between two replies, by what each earns at once (A1); `farsighted`: scores, by
            what is earned from the reply to the end while the behaviour plays on (A2); `farsighted_preferences`:
            preferences by the same.
        episodes: behaviour episodes in a batch of labels.
        reward_rate: step size of AdamW for the reward model at first; it falls linearly to 0.
        reward_epochs: its passes over the labels, at the least.
        reward_updates: its updates, at the least.
        reward_minibatch: labels in an update of it.
        beta: price of a nat of divergence from the start, where rewards have standard deviation 1 within a prompt.
        prompts: prompts in a batch of PPO.
        replies: replies to each prompt; the mean of the others is each one's baseline.
        batches: batches of PPO.
        rate: step size of AdamW for the policy at first; it falls linearly to 0.
        clipping: how a batch is reused.
        permute_returns: null control: each label belongs to another reply.
    """

    labels: Literal["myopic", "farsighted", "farsighted_preferences"] = "myopic"
    episodes: int = 16
    reward_rate: float = 1e-3
    reward_epochs: int = 2
    reward_updates: int = 100
    reward_minibatch: int = 32
    beta: float = 0.1
    prompts: int = 32
    replies: int = 4
    batches: int = 15
    rate: float = 2e-3
    clipping: Clipping = field(default_factory=lambda: Clipping(epochs=1))
    permute_returns: bool = False


def train(
    cell: Cell,
    start: LlamaForCausalLM,
    tokenizer: WordTokenizer,
    *,
    seed: int,
    budget: int,
    config: Config | None = None,
    evaluate: Evaluate | None = None,
    on_progress: OnProgress | None = None,
) -> Run:
    """Label replies until the budget is spent, fit a reward model, and optimise the start policy against it.

    Rows of the curve: for each batch of labels, `return`, mean of the behaviour's episodes, and its `return_spread`;
    for each pass of the reward model, `reward_loss` and `reward_gradient_norm`; for each batch of PPO, `score`, mean of
    the reward model in units of its deviation, `score_spread` within prompts, `kl_to_start` of a reply, `invalid`,
    share of replies that would be refused, and what `agents.learner.ppo_update` returns.

    Diagnostics: `reward_model`, a list of the behaviour's replies, each with its `score` by the reward model, the
    `reward` it earned at once and the `return_to_go` of the behaviour.

    Args:
        cell: the task.
        start: the cloned start; left as it is.
        tokenizer: the vocabulary of the model.
        seed: names everything random.
        budget: the most environment steps; less than a whole batch is left unspent.
        config: the knobs.
        evaluate: see `agents.training.Meter`.
        on_progress: see `agents.training.Meter`.

    Raises:
        UnknownNameError: for an unknown kind of labels.
    """
    config = config or Config()
    check_choice("labels", config.labels, LABELS)
    meter = Meter(budget, evaluate, on_progress)
    seeds, generator = training_seeds(seed), shuffler(seed)
    learner = PolicyLearner.copy_of(start, meter.ledger, config.rate)
    policy = cell.policy(learner.model, tokenizer, meter.ledger)
    meter.evaluate(learner.model)
    texts = Texts(learner.vocabulary_size)
    asked, labels = collect_labels(cell, policy, texts, seeds, meter, config)
    if not asked:
        return meter.run(learner.model)
    if config.permute_returns:
        labels = labels._replace(label=labels.label[torch.from_numpy(generator.permutation(len(labels.label)))])
    reward_model = ScalarLearner.from_policy(start, "reward_model", meter.ledger, config.reward_rate, seed)
    fit_reward_model(reward_model, texts, labels, meter, config, generator)
    reference = PolicyLearner.copy_of(start, meter.ledger, component="reference")
    objective = Objective(
        texts,
        score=Remembered(texts, reward_model.scores),
        reference_log_p=Remembered(texts, lambda batch: reference.log_probs(batch).sum(dim=1)),
        beta=config.beta,
    )
    meter.diagnostics["reward_model"] = against_true_returns(objective.score, texts, asked)
    optimise(learner, policy, [each.prompt for each in asked], objective, seeds, meter, config, generator)
    return meter.run(learner.model)


def optimise(
    learner: PolicyLearner,
    policy: LanguageModelPolicy,
    prompts: Sequence[Episode],
    objective: Objective,
    seeds: Iterator[int],
    meter: Meter,
    config: Config,
    generator: np.random.Generator,
) -> None:
    """Maximise what single replies to the prompts are paid; no reply is played.

    Args:
        learner: the policy in training, with the weights of the start.
        policy: the same model as it replies.
        prompts: drawn from with replacement.
        objective: pays for replies.
        seeds: of replies.
        meter: where everything is booked and noted.
        config: the knobs.
        generator: draws prompts and minibatches.
    """
    for number in range(config.batches):
        learner.anneal(1 - number / config.batches)
        with meter.ledger.timed():
            drawn = generator.choice(len(prompts), config.prompts)
            chosen = [prompts[row] for row in drawn for _ in range(config.replies)]
            replies = answer(policy, chosen, seeds)
            paid = objective.pay(replies, config.replies)
            advantages = losses.leave_one_out_advantages(paid.rewards).view(-1, 1)
            tokens = [EpisodeTokens.from_traces([reply.trace]) for reply in replies]
            numbers = ppo_update(learner, tokens, advantages, config.clipping, generator)
        meter.note(
            score=float(paid.scores.mean()),
            score_spread=deviation_within(paid.scores),
            kl_to_start=float(paid.divergence.mean()),
            invalid=invalid_rate(chosen, replies),
            **numbers,
        )
        if number % max(config.batches // EVALUATIONS, 1) == 0:
            meter.evaluate(learner.model)


# Labels ------------------------------------------------------------------------------------------


class Asked(NamedTuple):
    """A prompt and what the behaviour replied to it.

    Attributes:
        prompt: the episode just before the reply.
        reply: with the whole dialogue as its context.
        reward: what it earned at once.
        return_to_go: what was earned from it to the end.
    """

    prompt: Episode
    reply: Reply
    reward: float
    return_to_go: float


class Labels(NamedTuple):
    """N labels of texts, each text a prompt with a reply.

    Attributes:
        first: int64 [N]; number of the text that is labelled.
        second: int64 [N]; number of the text it was compared with; -1 where it was given a score.
        label: float32 [N]; 1 where the first is preferred, 0 where the second is, 1/2 for a tie; or the score.
    """

    first: Tensor
    second: Tensor
    label: Tensor


class Texts:
    """Prompts with replies in ids, each kept once and known by its number."""

    def __init__(self, vocabulary_size: int) -> None:
        self.vocabulary_size = vocabulary_size
        self._tokens: list[EpisodeTokens] = []
        self._numbers: dict[Ids, int] = {}

    def add(self, trace: TokenTrace) -> int:
        """Return the number of the text of a reply whose context is the whole dialogue."""
        ids = trace.context + trace.tokens
        number = self._numbers.setdefault(ids, len(self._tokens))
        if number == len(self._tokens):
            self._tokens.append(EpisodeTokens.from_traces([trace]))
        return number

    def batch(self, numbers: Sequence[int]) -> TokenBatch:
        """Return these texts, padded."""
        return collate([self._tokens[number] for number in numbers], self.vocabulary_size)


def collect_labels(
    cell: Cell,
    policy: LanguageModelPolicy,
    texts: Texts,
    seeds: Iterator[int],
    meter: Meter,
    config: Config,
) -> tuple[list[Asked], Labels]:
    """Spend the budget on labels.

    Args:
        cell: the task.
        policy: the start, which gives the second replies.
        texts: where the labelled texts are kept.
        seeds: of episodes, replies and chance.
        meter: where everything is booked and noted.
        config: the knobs.

    Returns:
        All prompts, and the labels.
    """
    all_asked: list[Asked] = []
    labels: list[tuple[int, int, float]] = []
    turns = cell.game.max_turns
    most_each = {"farsighted": 1, "myopic": 2, "farsighted_preferences": 2 + turns}[config.labels]
    while meter.affords(config.episodes * turns * most_each):
        with meter.ledger.timed():
            episodes = [decisions(cell, policy.tokenizer, next(seeds)) for _ in range(config.episodes)]
            asked = [each for episode in episodes for each in episode]
            meter.spend(len(asked))
            if config.labels == "farsighted":
                new = [(texts.add(each.reply.trace), -1, each.return_to_go) for each in asked]
            else:
                new = compare(policy, asked, texts, seeds, meter, farsighted=config.labels != "myopic")
            meter.spend(0, labels=len(new))
        labels += new
        all_asked += asked
        returns = [episode[0].return_to_go for episode in episodes]
        meter.note(**{"return": float(np.mean(returns))}, return_spread=float(np.std(returns, ddof=1)))
    first, second, label = np.array(labels, dtype=np.float64).reshape(-1, 3).T
    return all_asked, Labels(torch.tensor(first).long(), torch.tensor(second).long(), torch.tensor(label).float())


def decisions(cell: Cell, tokenizer: WordTokenizer, seed: int) -> list[Asked]:
    """Play one episode of the behaviour and return all its decisions, in order."""
    behaviour = TracedPolicy(StrategyPolicy(cell.behaviour), tokenizer, mode=cell.mode)
    episode, random = cell.episode(seed), Stream(seed, Purpose.POLICY)
    prompts, replies, earned = [], [], [0.0]
    while not episode.over:
        behaviour.start(1)  # a trace then has the whole dialogue as its context
        (reply,) = behaviour.replies([Request(0, episode, 0, random)])
        prompts.append(episode.copy())
        replies.append(reply)
        episode.reply(0, reply.text)
        earned.append(episode.scores[0])
    return [
        Asked(prompt, reply, after - before, earned[-1] - before)
        for prompt, reply, before, after in zip(prompts, replies, earned, earned[1:], strict=False)
    ]


def compare(
    policy: LanguageModelPolicy,
    asked: Sequence[Asked],
    texts: Texts,
    seeds: Iterator[int],
    meter: Meter,
    *,
    farsighted: bool,
) -> list[tuple[int, int, float]]:
    """Have `policy` reply to each prompt too, play what differs from the first reply, and compare what they earned.

    Returns:
        The numbers of both texts and the label (see `Labels`) of each pair.
    """
    seconds = answer(policy, [each.prompt for each in asked], seeds)
    labels = []
    for each, second in zip(asked, seconds, strict=True):
        if second.text != each.reply.text:
            other = each.prompt.branch(next(seeds))
            other.reply(0, second.text)
            while farsighted and not other.over:
                other.play_behaviour(0)
            meter.spend(len(other.replies) - len(each.prompt.replies))
            margin = (each.return_to_go if farsighted else each.reward) - (other.scores[0] - each.prompt.scores[0])
            label = (np.sign(round(margin, 9)) + 1) / 2
            labels.append((texts.add(each.reply.trace), texts.add(second.trace), float(label)))
    return labels


def answer(policy: LanguageModelPolicy, prompts: Sequence[Episode], seeds: Iterator[int]) -> list[Reply]:
    """Return a reply of `policy` to each prompt; nothing is played."""
    policy.start(len(prompts))
    return policy.replies(
        [Request(slot, prompt, 0, Stream(next(seeds), Purpose.POLICY)) for slot, prompt in enumerate(prompts)]
    )


# The reward model --------------------------------------------------------------------------------


class Remembered:
    """What a fixed model says of texts: each is read once."""

    def __init__(self, texts: Texts, read: Callable[[TokenBatch], Tensor]) -> None:
        """Take the texts and what gives a number for each row of a batch, float32 [B]."""
        self._texts = texts
        self._read = read
        self._found: dict[int, float] = {}

    def __call__(self, numbers: Sequence[int]) -> Tensor:
        """Return what is said of the texts with these numbers, float32 [N]."""
        new = sorted({number for number in numbers if number not in self._found})
        with torch.no_grad():
            for part in in_order(len(new)):
                found = self._read(self._texts.batch(new[part])).tolist()
                self._found.update(zip(new[part], found, strict=True))
        return torch.tensor([self._found[number] for number in numbers])


class Paid(NamedTuple):
    """What replies are paid, float32 [prompts, replies] each.

    Attributes:
        scores: by the reward model, in units of its deviation within prompts under the start.
        divergence: log-probability of the reply now minus that under the start.
        rewards: score minus beta times divergence.
    """

    scores: Tensor
    divergence: Tensor
    rewards: Tensor


class Objective:
    """What RLHF maximises for single replies: the reward model's score, minus a price on leaving the start.

    The unit of scores is taken from the first replies it pays, which are those of the start: so `beta` means the same
    for all reward models. Ziegler et al. 2019, arXiv:1909.08593, section 2.1, normalise likewise.
    """

    def __init__(self, texts: Texts, score: Remembered, reference_log_p: Remembered, beta: float) -> None:
        """Take what is said of texts by the reward model and by the start, and the price of a nat."""
        self.texts = texts
        self.score = score
        self.reference_log_p = reference_log_p
        self.beta = beta
        self._unit: float | None = None

    def pay(self, replies: Sequence[Reply], each: int) -> Paid:
        """Return what the replies are paid, `each` of them to one prompt."""
        known = [self.texts.add(reply.trace) for reply in replies]
        scores = self.score(known).view(-1, each)
        if self._unit is None:
            self._unit = deviation_within(scores) or 1.0
        scores = scores / self._unit
        log_p = torch.tensor([sum(reply.trace.log_probs) for reply in replies])
        divergence = losses.kl_estimate(log_p, self.reference_log_p(known)).view(-1, each)
        return Paid(scores, divergence, scores - self.beta * divergence)


def fit_reward_model(
    model: ScalarLearner,
    texts: Texts,
    labels: Labels,
    meter: Meter,
    config: Config,
    generator: np.random.Generator,
) -> None:
    """Fit scores to labels, or differences of scores to preferences.

    Equal texts, or pairs, are read once in each update, weigh as often as they occur in it, and are fitted to the mean
    of all their labels: the same objective for fewer readings and with less noise.
    """
    first, second, label = labels
    pairs, which, counts = np.unique(torch.stack([first, second], 1), axis=0, return_inverse=True, return_counts=True)
    targets = torch.from_numpy(np.bincount(which, label) / counts).float()
    parts = -(-len(label) // config.reward_minibatch)
    passes = max(config.reward_epochs, -(-config.reward_updates // parts))
    for number in range(passes):
        model.anneal(1 - number / passes)
        averages = Averages()
        with meter.ledger.timed():
            for rows in minibatches(len(label), parts, generator):
                distinct, weights = np.unique(which[rows], return_counts=True)
                errors = label_errors(model, texts, pairs[distinct], targets[distinct])
                loss = (torch.from_numpy(weights) * errors).sum() / len(rows)
                averages.add(reward_loss=loss.item(), reward_gradient_norm=model.descend(loss))
        meter.note(**averages.means())


def label_errors(model: ScalarLearner, texts: Texts, pairs: IntArray, targets: Tensor) -> Tensor:
    """Return the loss of each label, float32 [N].

    Args:
        model: gives scores.
        texts: all texts.
        pairs: int64 [N, 2]; `first` and `second` of the labels.
        targets: float32 [N]; the labels.
    """
    numbers, places = np.unique(pairs, return_inverse=True)
    lone = int(numbers[0] < 0)  # scores were given: no text is compared with another one
    scores = model.scores(texts.batch(numbers[lone:].tolist()))
    first, second = torch.from_numpy(places.reshape(-1, 2) - lone).T
    if lone:
        return losses.value_loss(scores[first], targets)
    return losses.bradley_terry(scores[first], scores[second], targets)


def against_true_returns(score: Remembered, texts: Texts, asked: Sequence[Asked]) -> list[dict[str, float]]:
    """Return the score of each reply of the behaviour next to what it really earned."""
    scores = score([texts.add(each.reply.trace) for each in asked]).tolist()
    return [
        {"score": number, "reward": each.reward, "return_to_go": each.return_to_go}
        for number, each in zip(scores, asked, strict=True)
    ]


def deviation_within(scores: Tensor) -> float:
    """Return the standard deviation of scores, float32 [prompts, replies], around the means of their prompts."""
    return float(scores.var(dim=1).mean().sqrt())


def invalid_rate(prompts: Sequence[Episode], replies: Sequence[Reply]) -> float:
    """Return the share of replies in which no legal move can be read; nothing is played."""
    refused = [
        isinstance(prompt.game.read(prompt.state, 0, reply.text), Refusal)
        for prompt, reply in zip(prompts, replies, strict=True)
    ]
    return sum(refused) / len(refused)
