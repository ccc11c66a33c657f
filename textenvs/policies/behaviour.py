"""What a language model does in every situation of a small game, so that it can be compared with exact theory."""

from __future__ import annotations

from collections.abc import Sequence

from textenvs.core.dialogue import Dialogue, Message
from textenvs.envs.episode import Episode
from textenvs.envs.settings import Settings
from textenvs.planning.equilibrium import Behaviour, InformationState, SequenceForm
from textenvs.policies.extra import torch, transformers
from textenvs.policies.tokenizer import WordTokenizer
from textenvs.policies.tokens import EpisodeTokens, collate, log_probs
from textenvs.policies.traces import Conversation, TokenTrace, options_on, reply_walk

_READ_AT_ONCE = 256


def language_behaviour(
    form: SequenceForm,
    player: int,
    model: transformers.LlamaForCausalLM,
    tokenizer: WordTokenizer,
    settings: Settings | None = None,
) -> Behaviour:
    """Return the probability of each legal reply of a model in mode `choose`, in every information state.

    Args:
        form: the game (`textenvs.planning.equilibrium.sequence_form`).
        player: whose seat the model plays.
        model: the weights.
        tokenizer: its vocabulary.
        settings: the dials under which it plays; the defaults if None.
    """
    situations = list(form.moves[player])
    wordings = {information: _wordings(form, player, information) for information in situations}
    opening = Episode(form.game, settings or Settings(), seed=0).dialogues[player][0]
    replies = [(information, wording) for information in situations for wording in wordings[information]]
    traced = [_traced(_dialogue(form, player, information, opening), wording, wordings[information], tokenizer)
              for information, wording in replies]  # fmt: skip
    weights = dict(zip(replies, torch.exp(_log_probabilities(model, traced)).tolist(), strict=True))
    return {
        information: _normalised(
            form.moves[player][information], [weights[information, w] for w in wordings[information]]
        )
        for information in situations
    }


def _wordings(form: SequenceForm, player: int, information: InformationState) -> tuple[str, ...]:
    state = next(iter(form.states[player][information]))
    return tuple(form.game.say(state, move) for move in form.moves[player][information])


def _dialogue(form: SequenceForm, player: int, information: InformationState, opening: Message) -> Dialogue:
    """Return what was said up to an information state, which is views and moves in turn."""
    messages = [opening]
    for place, item in enumerate(information):
        if place % 2 == 0:
            messages.append(Message("user", str(item)))
        else:
            state = next(iter(form.states[player][information[:place]]))
            messages.append(Message("assistant", form.game.say(state, item)))
    return tuple(messages)


def _traced(dialogue: Dialogue, wording: str, legal: tuple[str, ...], tokenizer: WordTokenizer) -> EpisodeTokens:
    context = Conversation(tokenizer).context(dialogue)
    tokens = (*tokenizer.encode(wording), tokenizer.end)
    allowed = tuple(options_on(reply_walk(tokenizer, legal), tokens))
    return EpisodeTokens.from_traces([TokenTrace(context, tokens, allowed, (0.0,) * len(tokens))])


@torch.inference_mode()
def _log_probabilities(model: transformers.LlamaForCausalLM, traced: Sequence[EpisodeTokens]) -> torch.Tensor:
    """Return the log-probability of the reply in each text, float32 [B]."""
    parts = [traced[first : first + _READ_AT_ONCE] for first in range(0, len(traced), _READ_AT_ONCE)]
    return torch.cat([log_probs(model, collate(part, model.config.vocab_size)).sum(dim=1) for part in parts])


def _normalised(moves: tuple[object, ...], weights: list[float]) -> dict[object, float]:
    """Return the distribution of `moves`; its float32 weights sum to 1 but for rounding."""
    return {move: weight / sum(weights) for move, weight in zip(moves, weights, strict=True)}
