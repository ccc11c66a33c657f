"""What a language model does in every situation of a small game, so that it can be compared with exact theory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textenvs.core.dialogue import Dialogue, Message
from textenvs.core.game import Distribution, Game, Strategy
from textenvs.envs.episode import Episode
from textenvs.envs.settings import Settings
from textenvs.planning.equilibrium import Behaviour, InformationState, SequenceForm
from textenvs.planning.positions import positions
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
    opening = Episode(form.game, settings or Settings(), seed=0).dialogues[player][0]
    situations = list(form.moves[player])
    asked = [(_dialogue(form, player, each, opening), _wordings(form, player, each)) for each in situations]
    chances = _chances(model, tokenizer, asked)
    return {
        information: dict(zip(form.moves[player][information], of_moves, strict=True))
        for information, of_moves in zip(situations, chances, strict=True)
    }


def memoryless_strategy(
    game: Game[Any, Any],
    models: Sequence[transformers.LlamaForCausalLM],
    tokenizer: WordTokenizer,
) -> Strategy:
    """Return how memoryless models in mode `choose` play a game of perfect information, in every state of it.

    Args:
        game: the rules; `textenvs.planning.positions` must be able to list its states.
        models: the weights in each seat.
        tokenizer: their vocabulary.

    Raises:
        ArgumentError: without perfect information, where what a model is shown is less than the state.
        TooLargeError: if the states cannot be listed.
    """
    reachable = positions(game)
    table: dict[Any, Distribution[Any]] = {}
    for player, model in enumerate(models):
        states = [state for state in reachable if player in game.to_move(state)]
        asked = [_situation(game, state, player) for state in states]
        for state, of_moves in zip(states, _chances(model, tokenizer, asked), strict=True):
            table[state] = tuple(zip(game.legal(state, player), of_moves, strict=True))
    return lambda _game, state, _player: table[state]


Situation = tuple[Dialogue, tuple[str, ...]]
"""What was said up to a reply, and the wordings it can be."""


def _situation(game: Game[Any, Any], state: Any, player: int) -> Situation:
    wordings = tuple(game.say(state, move) for move in game.legal(state, player))
    return (Message("user", game.view(state, player)),), wordings


def _chances(
    model: transformers.LlamaForCausalLM, tokenizer: WordTokenizer, asked: Sequence[Situation]
) -> list[list[float]]:
    """Return the probability of each wording in each situation."""
    traced = [_traced(dialogue, each, legal, tokenizer) for dialogue, legal in asked for each in legal]
    weights = iter(torch.exp(_log_probabilities(model, traced)).tolist())
    return [_normalised([next(weights) for _ in legal]) for _, legal in asked]


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


def _normalised(weights: list[float]) -> list[float]:
    """Return float32 weights that sum to 1 but for rounding, summing to 1."""
    return [weight / sum(weights) for weight in weights]
