"""A language model as a policy: batched, each id read once, all ids kept."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from textenvs.core.errors import ArgumentError, check_choice, check_range
from textenvs.envs.policy import NO_USAGE, Reply, Request, Usage
from textenvs.policies.extra import torch, transformers
from textenvs.policies.ledger import Ledger
from textenvs.policies.reader import Reader
from textenvs.policies.tokenizer import WordTokenizer
from textenvs.policies.tokens import allowed_mask, choice_log_probs
from textenvs.policies.traces import MODES, Conversation, Mode, TokenTrace, walk
from textenvs.policies.trie import Ids, Walk

SETTINGS_FILE = "policy.json"
VOCABULARY_FILE = "vocabulary.json"
SAVED_SETTINGS = ("mode", "temperature", "greedy", "max_new_tokens", "memoryless", "name")


class LanguageModelPolicy:
    """Replies by sampling ids from a causal language model.

    Keys and values of all ids are kept across the turns of an episode, so each id is read once. Each reply
    carries a `TokenTrace` and its `Usage`, in which ids that the batch shared are read for the first of its replies
    and cached for the others. All randomness comes from `Request.random`, one draw for each token that has an
    alternative, through the inverse of the cumulative distribution in float64 over ascending ids; which
    episodes share a batch changes nothing else but the last bits of a probability.

    Modes:
        choose: the reply is one of the legal wordings (in the `plan` form: one for each turn), token by token;
            see `textenvs.policies.trie.Walk` for the rule. Tokens without alternative cost no call.
        free: any id may follow until `<end>` or `max_new_tokens`; the game reads the decoded text. A special token
            inside a reply stays what it is for the model and reads as U+FFFD for the game. A reply cut off
            for its length is read as far as it goes; for the model it is closed by an `<end>` that counts as
            the game's, not as sampled.

    `start` must be called between a change of the weights and the next reply.
    """

    def __init__(
        self,
        model: transformers.LlamaForCausalLM,
        tokenizer: WordTokenizer,
        *,
        mode: Mode = "choose",
        temperature: float = 1.0,
        greedy: bool = False,
        max_new_tokens: int = 32,
        memoryless: bool = False,
        ledger: Ledger | None = None,
        name: str = "language model",
    ) -> None:
        """Take a model and how to draw from it.

        Args:
            model: a causal language model without dropout; used, not copied, and set to evaluation by `start`.
            tokenizer: the vocabulary that the model's ids stand for.
            mode: `choose` or `free`; see the class.
            temperature: above 0; divides the logits.
            greedy: take the most probable id (of equal ones the lowest) instead of drawing.
            max_new_tokens: the most ids of a reply in mode `free`, `<end>` included; in the `plan` form, for
                each of the game's turns.
            memoryless: read the newest view alone, without instructions, whatever was said before. Nothing is lost
                where a view tells all that matters, as in games of perfect information; elsewhere such a policy can
                be worse than any that remembers (Littman 1994, "Memoryless policies: theoretical limitations and
                practical results"). Its traces stand alone: each begins with its view.
            ledger: where tokens, calls and FLOPs are booked, if anywhere; environment steps are the caller's.
            name: what results call the policy.

        Raises:
            UnknownNameError: for an unknown mode.
            ArgumentError: for a number out of range, or if model and tokenizer do not fit.
        """
        check_choice("mode", mode, MODES)
        check_range("temperature", temperature, 1e-6, 1e6)
        check_range("max_new_tokens", max_new_tokens, 1, 1_000_000)
        if model.config.vocab_size != len(tokenizer):
            raise ArgumentError(f"the model knows {model.config.vocab_size} ids and the tokenizer {len(tokenizer)}")
        self.model = model
        self.tokenizer = tokenizer
        self.mode: Mode = mode
        self.temperature = temperature
        self.greedy = greedy
        self.max_new_tokens = max_new_tokens
        self.memoryless = memoryless
        self.ledger = ledger or Ledger()
        self.name = name
        self._seats: list[_Seat] = []

    def start(self, slots: int) -> None:
        """Forget all episodes; see `Policy.start`."""
        self.model.train(False)
        self._reader = Reader(self.model, slots, self.ledger)
        self._seats = [_Seat(Conversation(self.tokenizer, memoryless=self.memoryless)) for _ in range(slots)]

    def replies(self, requests: Sequence[Request]) -> list[Reply]:
        """Return one reply with its `TokenTrace` for each request; see `Policy.replies`.

        Raises:
            ContextOverflowError: before an episode outgrows the model's positions.
        """
        drafts = [self._begin(request) for request in requests]
        while waiting := [draft for draft in drafts if not draft.complete]:
            self._extend(waiting)
        return [self._finish(draft) for draft in drafts]

    def save(self, folder: Path | str) -> None:
        """Write model (safetensors), vocabulary and settings into `folder`, which is made if need be."""
        with no_progress_bars():
            self.model.save_pretrained(folder)
        self.tokenizer.save(Path(folder, VOCABULARY_FILE))
        settings = {name: getattr(self, name) for name in SAVED_SETTINGS}
        Path(folder, SETTINGS_FILE).write_text(json.dumps(settings, indent=2), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path | str, *, ledger: Ledger | None = None, **changed: Any) -> LanguageModelPolicy:
        """Return the policy that `save` wrote.

        Args:
            folder: where.
            ledger: see the class.
            **changed: settings in place of those it was saved with.

        Raises:
            ArgumentError: if `folder` holds none.
        """
        if not Path(folder, SETTINGS_FILE).is_file():
            raise ArgumentError(f"{str(folder)!r} holds no saved policy: there is no {SETTINGS_FILE} in it")
        settings: dict[str, Any] = json.loads(Path(folder, SETTINGS_FILE).read_text(encoding="utf-8"))
        with no_progress_bars():
            model = transformers.LlamaForCausalLM.from_pretrained(folder, local_files_only=True, dtype="auto")
        return cls(model, WordTokenizer.load(Path(folder, VOCABULARY_FILE)), ledger=ledger, **{**settings, **changed})

    def _begin(self, request: Request) -> _Draft:
        seat = self._seats[request.slot]
        context = seat.conversation.context(request.dialogue)
        if self.memoryless:
            self._reader.lengths[request.slot] = 0
            seat.unread.clear()
        seat.unread += context
        known = self._reader.lengths[request.slot]
        usage = Usage(prompt=known + len(seat.unread), cached=known)
        if self.mode == "choose":
            return _Draft(request, seat, context, walk(self.tokenizer, request), usage)
        return _Draft(request, seat, context, _FreeWay(self.tokenizer.end, self._room(request)), usage)

    def _room(self, request: Request) -> int:
        """Return how many ids a free reply may have."""
        episode = request.episode
        return self.max_new_tokens * (episode.game.max_turns if episode.settings.form == "plan" else 1)

    def _extend(self, drafts: Sequence[_Draft]) -> None:
        """Read what is unread and add one id to each draft, with those that follow of necessity."""
        logits = self._read(drafts)
        allowed = allowed_mask([draft.way.options for draft in drafts], len(self.tokenizer))
        log_p = choice_log_probs(logits, allowed, self.temperature)
        ids = log_p.argmax(1) if self.greedy else draw(log_p, [draft.request.random.random() for draft in drafts])
        chosen = log_p.gather(1, ids.unsqueeze(1)).squeeze(1)
        for draft, id_, log_prob in zip(drafts, ids.tolist(), chosen.tolist(), strict=True):
            draft.add(id_, log_prob)

    def _read(self, drafts: Sequence[_Draft]) -> torch.Tensor:
        """Return the logits after everything said so far, float [drafts, V]."""
        blocks = [tuple(draft.seat.unread) for draft in drafts]
        logits = self._reader.read([draft.request.slot for draft in drafts], blocks)
        for draft in drafts:
            draft.seat.unread.clear()
            draft.usage = replace(draft.usage, calls=1)
        for draft in drafts[1:]:
            draft.usage = replace(draft.usage, cached=min(draft.usage.cached + self._reader.shared, draft.usage.prompt))
        return logits

    def _finish(self, draft: _Draft) -> Reply:
        tokens = tuple(draft.tokens)
        draft.seat.conversation.replied(tokens)
        self.ledger.sampled_tokens += len(tokens)
        words = tokens[:-1] if tokens[-1] == self.tokenizer.end else tokens
        trace = TokenTrace(draft.context, tokens, tuple(draft.allowed), tuple(draft.log_probs))
        asked = draft.usage if draft.usage.calls else NO_USAGE
        return Reply(self.tokenizer.decode(words), trace, usage=replace(asked, sampled=len(tokens)))


def draw(log_p: torch.Tensor, targets: Sequence[float]) -> torch.Tensor:
    """Return the id at which each cumulative distribution passes its target.

    Args:
        log_p: log-probabilities, float [b, V].
        targets: drawn uniformly from [0, 1), b of them.

    Returns:
        int64 [b]; never an id of probability 0, since its stretch of the distribution is empty.
    """
    total = log_p.double().exp().cumsum(1)
    # A target below 1 stays below the last sum when scaled by it, also when rounded: the difference is at least
    # total x 2^-53, half a unit in the last place of the total.
    scaled = torch.tensor(targets, dtype=torch.float64) * total[:, -1]
    return torch.searchsorted(total, scaled.unsqueeze(1), right=True).squeeze(1)


@contextmanager
def no_progress_bars() -> Iterator[None]:
    """Keep transformers from drawing bars for files that are written in a blink."""
    logging: Any = transformers.utils.logging
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


@dataclass
class _Seat:
    """What one slot has said and heard.

    Attributes:
        conversation: its dialogue in ids.
        unread: ids that the model has not read yet.
    """

    conversation: Conversation
    unread: list[int] = field(default_factory=list)


class _FreeWay:
    """The way through a free reply: everything is open until `<end>`, or until there is no room left."""

    def __init__(self, end: int, room: int) -> None:
        self.options: Ids | None = None
        self._end = end
        self._room = room

    def take(self, id_: int) -> None:
        self._room -= 1
        if id_ == self._end or self._room == 0:
            self.options = ()


class _Draft:
    """A reply in the making.

    Attributes:
        request: what is answered.
        seat: who answers.
        context: the ids that were new before the reply.
        way: what may come next.
        usage: what was asked and how much of it had been read, in earlier turns or for another text of the batch.
        tokens: the ids so far, with what each was chosen from (`allowed`) and its log-probability (`log_probs`).
    """

    def __init__(self, request: Request, seat: _Seat, context: Ids, way: Walk | _FreeWay, usage: Usage) -> None:
        self.request = request
        self.seat = seat
        self.context = context
        self.way = way
        self.usage = usage
        self.tokens: list[int] = []
        self.allowed: list[Ids | None] = []
        self.log_probs: list[float] = []
        self._add_forced()

    @property
    def complete(self) -> bool:
        return self.way.options == ()

    def add(self, id_: int, log_prob: float) -> None:
        """Append a chosen id and all that follow without alternative."""
        self._append(id_, log_prob)
        self._add_forced()

    def _add_forced(self) -> None:
        while self.way.options is not None and len(self.way.options) == 1:
            self._append(self.way.options[0], 0.0)

    def _append(self, id_: int, log_prob: float) -> None:
        self.tokens.append(id_)
        self.allowed.append(self.way.options)
        self.log_probs.append(log_prob)
        self.seat.unread.append(id_)
        self.way.take(id_)
