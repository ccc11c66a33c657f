"""Losses and estimators of all arms, as pure functions on tensors.

Shapes: `[B, L]` are the tokens of B episodes padded to L; `[B, T]` are replies (turns), time-major `[T, B]` where a
recursion runs over time; `[G, K]` are G groups of K samples. A name ending in `_t` belongs to step t, from 0. Masks
are bool, True where an entry counts; what lies under a False mask never changes a result or a gradient. Losses are
returned for each entry where nothing else is said; `masked_mean` makes one number of them.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from textenvs.core.errors import ArgumentError

# Added to a standard deviation before dividing by it, as in TRL's GRPO and RLOO trainers.
_SMALLEST_SPREAD = 1e-4


# The policy --------------------------------------------------------------------------------------


def policy_gradient(log_p: Tensor, advantage: Tensor) -> Tensor:
    """Return `-A log p` for each entry: its gradient is REINFORCE's (Williams 1992, doi:10.1007/BF00992696).

    Args:
        log_p: log-probability of what was sampled, float [...].
        advantage: float of the same shape; no gradient flows into it.
    """
    _check_alike(log_p=log_p, advantage=advantage)
    return -advantage.detach() * log_p


def clipped_surrogate(log_p: Tensor, old_log_p: Tensor, advantage: Tensor, clip: float) -> Tensor:
    """Return `-min(r A, clamp(r, 1 - clip, 1 + clip) A)` for each entry, with `r = exp(log p - log p_old)`.

    An entry is whatever the ratio is taken of: a token (GRPO), a reply, or a whole plan.

    Args:
        log_p: log-probability under the policy in training, float [...].
        old_log_p: the same under the policy that sampled, float of the same shape.
        advantage: float of the same shape; no gradient flows into it.
        clip: from 0; how far the ratio counts.

    Source:
        Schulman et al. 2017, arXiv:1707.06347, eq. 7.
    """
    _check_alike(log_p=log_p, old_log_p=old_log_p, advantage=advantage)
    ratio = torch.exp(log_p - old_log_p.detach())
    gain = advantage.detach()
    return -torch.minimum(ratio * gain, ratio.clamp(1 - clip, 1 + clip) * gain)


def cross_entropy(log_p: Tensor, mask: Tensor, total: float | None = None) -> Tensor:
    """Return `-Σ log p / total` over the unmasked tokens: the loss of supervised learning.

    Args:
        log_p: log-probability of each target token, float [B, L].
        mask: which tokens are targets, bool [B, L].
        total: see `masked_mean`.
    """
    return -masked_mean(log_p, mask, total)


def sum_by_turn(log_p: Tensor, turn: Tensor, turns: int) -> Tensor:
    """Return the log-probability of each reply: the sum over its tokens.

    Args:
        log_p: log-probabilities of tokens, float [B, L].
        turn: the reply each token belongs to, from 0; -1 where it belongs to none, int64 [B, L].
        turns: T, replies in the longest episode.

    Returns:
        Float [B, T], 0 for replies that do not occur.
    """
    _check("log_p", log_p, 2)
    _check("turn", turn, 2, torch.int64)
    replied = turn >= 0
    sums = log_p.new_zeros(log_p.shape[0], turns)
    return sums.scatter_add(1, turn.clamp(min=0), torch.where(replied, log_p, torch.zeros_like(log_p)))


# Credit ------------------------------------------------------------------------------------------


def gae(r_t: Tensor, discount_t: Tensor, v_t: Tensor, lambda_: float) -> Tensor:
    """Return generalized advantage estimates.

    `δ_t = r_t + discount_t v_{t+1} - v_t` and `A_t = δ_t + discount_t λ A_{t+1}`.

    `discount_t` is 0 after the reply that ended the episode by its rules, so nothing is bootstrapped there. An
    episode that was cut keeps its discount, and the value of the last situation seen stands for the rest.

    Args:
        r_t: reward of reply t, float [T, B].
        discount_t: what the next value counts, float [T, B].
        v_t: value of the situation in which reply t was made, float [T + 1, B]: the last is that after reply T - 1.
        lambda_: from 0 (one-step TD errors) to 1 (returns minus values).

    Returns:
        Float [T, B], without gradient.

    Source:
        Schulman et al. 2016, arXiv:1506.02438, eq. 16, as truncated in Schulman et al. 2017, arXiv:1707.06347, eq. 11.
    """
    _check("r_t", r_t, 2)
    _check("discount_t", discount_t, 2)
    _check("v_t", v_t, 2)
    steps, batch = r_t.shape
    if discount_t.shape != r_t.shape or v_t.shape != (steps + 1, batch):
        raise ArgumentError(f"r_t {list(r_t.shape)} needs discount_t alike and one more v_t, not {list(v_t.shape)}")
    v_t = v_t.detach()
    delta_t = r_t + discount_t * v_t[1:] - v_t[:-1]
    advantage, advantages = torch.zeros_like(r_t[0]), []
    for t in reversed(range(steps)):
        advantage = delta_t[t] + discount_t[t] * lambda_ * advantage
        advantages.append(advantage)
    return torch.stack(advantages[::-1])


def returns_to_go(r_t: Tensor, discount_t: Tensor) -> Tensor:
    """Return `G_t = r_t + discount_t G_{t+1}` with `G_T = 0`; all float [T, B]."""
    return gae(r_t, discount_t, r_t.new_zeros(r_t.shape[0] + 1, r_t.shape[1]), 1.0)


def group_advantages(scores: Tensor) -> Tensor:
    """Return `(R - mean) / (standard deviation + 1e-4)` within each group.

    Args:
        scores: returns of K samples of each instance, float [G, K], K from 2.

    Source:
        GRPO, Shao et al. 2024, arXiv:2402.03300, section 4.1.2; unbiased deviation and 1e-4 as in TRL.
    """
    _check_groups(scores)
    spread = scores.std(dim=1, keepdim=True)
    return (scores - scores.mean(dim=1, keepdim=True)) / (spread + _SMALLEST_SPREAD)


def leave_one_out_advantages(scores: Tensor) -> Tensor:
    """Return each score minus the mean of the others in its group.

    Args:
        scores: float [G, K], K from 2.

    Source:
        RLOO: Kool et al. 2019, openreview.net/forum?id=r1lgTGL5DE; Ahmadian et al. 2024, arXiv:2402.14740.
    """
    _check_groups(scores)
    size = scores.shape[1]
    return (scores - scores.mean(dim=1, keepdim=True)) * size / (size - 1)


def standardised(advantage: Tensor, mask: Tensor) -> Tensor:
    """Return `advantage` with mean 0 and deviation 1 over the unmasked entries, 0 elsewhere; shapes alike."""
    _check_alike(advantage=advantage, mask=mask)
    chosen = advantage[mask]
    spread = chosen.std() if len(chosen) > 1 else torch.zeros_like(chosen.sum())
    return torch.where(mask, (advantage - chosen.mean()) / (spread + _SMALLEST_SPREAD), torch.zeros_like(advantage))


# Values, rewards and distances -------------------------------------------------------------------


def value_loss(v_t: Tensor, target_t: Tensor) -> Tensor:
    """Return `(v - target)² / 2` for each entry: of values, or of scores.

    Args:
        v_t: predictions, float [...].
        target_t: float of the same shape; no gradient flows into it.
    """
    _check_alike(v_t=v_t, target_t=target_t)
    return 0.5 * (v_t - target_t.detach()) ** 2


def bradley_terry(first: Tensor, second: Tensor, preference: Tensor) -> Tensor:
    """Return `-p log σ(s_1 - s_2) - (1 - p) log σ(s_2 - s_1)` for each pair, float [N].

    Args:
        first: scores of the first replies, float [N].
        second: scores of the second replies to the same prompts, float [N].
        preference: p, 1 where the first is preferred, 0 where the second is, 1/2 for a tie; float [N].

    Source:
        Bradley & Terry 1952, doi:10.2307/2334029; as the loss of a reward model with ties in Christiano et al. 2017,
        arXiv:1706.03741, section 2.2.3.
    """
    _check("first", first, 1)
    _check_alike(first=first, second=second, preference=preference)
    margin = first - second
    return -(preference * logsigmoid(margin) + (1 - preference) * logsigmoid(-margin))


def kl_estimate(log_p: Tensor, ref_log_p: Tensor) -> Tensor:
    """Return `log p - log p_ref`, whose mean over samples of p is KL(p || p_ref); may be negative. Shapes alike.

    Source:
        k1 of Schulman 2020, joschu.net/blog/kl-approx.html.
    """
    _check_alike(log_p=log_p, ref_log_p=ref_log_p)
    return log_p - ref_log_p


def kl_estimate_positive(log_p: Tensor, ref_log_p: Tensor) -> Tensor:
    """Return `exp(d) - d - 1` with `d = log p_ref - log p`: the same mean over samples of p, never negative.

    Source:
        k3 of Schulman 2020, joschu.net/blog/kl-approx.html; the penalty of GRPO, arXiv:2402.03300, eq. 4.
    """
    difference = -kl_estimate(log_p, ref_log_p)
    return torch.expm1(difference) - difference


# Means -------------------------------------------------------------------------------------------


def masked_mean(x: Tensor, mask: Tensor, total: float | None = None) -> Tensor:
    """Return `Σ x / total` over the unmasked entries.

    Args:
        x: float [...].
        mask: bool of the same shape.
        total: what to divide by: the unmasked entries of the whole batch where `x` is one of several
            micro-batches whose losses are added up. Those of `x` if None.
    """
    _check_alike(x=x, mask=mask)
    kept = torch.where(mask, x, torch.zeros_like(x))  # not x * mask: an infinity under the mask must not give NaN
    return kept.sum() / (total or mask.sum().clamp(min=1))


# Checks ------------------------------------------------------------------------------------------


def _check(name: str, x: Tensor, rank: int, dtype: torch.dtype = torch.float32) -> None:
    """Raise `ArgumentError` unless `x` has this rank and type."""
    if x.dim() != rank or x.dtype != dtype:
        raise ArgumentError(f"{name} must be {dtype} of rank {rank}, not {x.dtype} {list(x.shape)}")


def _check_alike(**named: Tensor) -> None:
    """Raise `ArgumentError` unless all have one shape and are float32, or bool for a mask."""
    shapes = {name: list(x.shape) for name, x in named.items()}
    if len({x.shape for x in named.values()}) > 1:
        raise ArgumentError(f"shapes differ: {shapes}")
    for name, x in named.items():
        _check(name, x, x.dim(), torch.bool if name == "mask" else torch.float32)


def _check_groups(scores: Tensor) -> None:
    _check("scores", scores, 2)
    if scores.shape[1] < 2:
        raise ArgumentError(f"a group needs at least 2 samples, not {scores.shape[1]}")
