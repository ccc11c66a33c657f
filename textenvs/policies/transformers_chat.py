"""Any causal model of transformers as a chat model: batched without waiting, each id read once."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from textenvs.core.dialogue import Message
from textenvs.core.errors import ArgumentError, check_flag, check_range
from textenvs.policies.chat import Answer, Call
from textenvs.policies.chat_format import ChatFormat
from textenvs.policies.draft import Draft, Thinking, Wordings
from textenvs.policies.extra import torch, transformers
from textenvs.policies.language_model import draw, no_progress_bars
from textenvs.policies.reader import Reader
from textenvs.policies.trie import Ids, Trie, Walk

WORTH_COPYING = 16
"""A beginning shared with another text is copied from so many ids on."""


class TransformersChat:
    """Answers messages by sampling ids from a causal language model; satisfies `ChatModel`.

    Each conversation is kept in ids (`ChatFormat`): what was sampled is never encoded again. Keys and values are kept
    in a row for each conversation, so what the model has read of it is not read again; where a conversation begins
    like another one that is kept (instructions, as a rule), that part is copied. With more conversations than `rows`
    those that have a row go first; when a row is needed, the one that was idle longest is given up, and its
    conversation is read again when it goes on. `Usage.cached` counts what was not read again.

    Calls join the batch as they come and leave it as soon as they are done. All randomness comes from `Call.random`,
    one draw for each id that has an alternative, by `textenvs.policies.language_model.draw`; what else is in the batch
    changes nothing but the last bits of a probability.

    Thoughts: what stands between `<think>` and `</think>` before an answer goes into `Answer.thought`, and is left
    out of the prompts that follow. After `max_thought_tokens` ids the thought is closed by force.

    Context: an answer needs room within `context`. When there is none, the oldest exchanges are left out, whole ones,
    until half of the context is used at most; instructions, the opening view and the newest view always stay, and a
    line says how many turns were left out. If even that does not fit, the answer is empty with stop `overflow`.

    Memory: the cache grows with the texts up to `bytes_per_id x context x rows`.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        *,
        name: str = "transformers",
        temperature: float = 1.0,
        greedy: bool = False,
        max_tokens: int = 256,
        max_thought_tokens: int = 1024,
        think: bool = False,
        tags: tuple[str, str] = ("<think>", "</think>"),
        rows: int = 16,
        context: int = 4096,
    ) -> None:
        """Take a model and how to ask it.

        Args:
            model: a causal language model; set to evaluation.
            tokenizer: its tokenizer. One without chat template gets `chat_format.PLAIN_TEMPLATE`.
            name: what results call it.
            temperature: above 0; divides the logits.
            greedy: take the most probable id (of equal ones the lowest) instead of drawing.
            max_tokens: the most ids of an answer whose call does not say.
            max_thought_tokens: the most ids of a thought, from 0.
            think: whether the model may think before it chooses among wordings.
            tags: what opens and closes a thought.
            rows: how many conversations are kept and run at a time.
            context: the most ids of a conversation; no more than the model has positions.

        Raises:
            ArgumentError: for a number out of range, or a model whose cache is of another kind.
        """
        check_range("temperature", temperature, 1e-6, 1e6)
        check_range("max_tokens", max_tokens, 1, 1_000_000)
        check_range("max_thought_tokens", max_thought_tokens, 0, 1_000_000)
        check_range("rows", rows, 1, 100_000)
        check_range("context", context, 1, 10_000_000)
        check_flag("greedy", greedy)
        check_flag("think", think)
        self.model = model.eval()
        self.tokenizer = tokenizer
        self.name = name
        self.temperature = temperature
        self.greedy = greedy
        self.max_tokens = max_tokens
        self.thinking = Thinking(*tags, max_thought_tokens, think)
        self.rows = rows
        self.context = min(context, positions(model.config))
        self.format = ChatFormat(tokenizer, _listed(model.generation_config.eos_token_id))
        self._trie = lru_cache(maxsize=1024)(self._new_trie)
        check_cache(model)
        self._reader = Reader(model, rows, positions=self.context)
        self.start()

    @classmethod
    def load(cls, source: str | Path, **settings: Any) -> TransformersChat:
        """Return the model of a folder, of a `.gguf` file or of a name on the hub, in float32.

        Args:
            source: a path, or the name of a model.
            settings: see `TransformersChat`; `name` is the last part of `source` if left out.

        Raises:
            ArgumentError: if there is no such model.
        """
        path = Path(source)
        folder, options = (path.parent, {"gguf_file": path.name}) if path.suffix == ".gguf" else (source, {})
        try:
            with no_progress_bars():
                model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, **options)
                tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **options)
        except OSError as error:
            raise ArgumentError(f"there is no model {str(source)!r}: {error}") from error
        return cls(model, tokenizer, **{"name": path.name.removesuffix(".gguf"), **settings})

    @property
    def bytes_per_id(self) -> int:
        """Memory that the keys and values of one id take, by the sizes in the model's configuration."""
        config = self.model.config.get_text_config()
        heads = config.num_attention_heads
        size = getattr(config, "head_dim", None) or config.hidden_size // heads
        kept = getattr(config, "num_key_value_heads", None) or heads
        return int(2 * config.num_hidden_layers * kept * size * self.model.dtype.itemsize)

    def start(self) -> None:
        self._reader.lengths = [0] * self.rows
        self._rows = [_Row() for _ in range(self.rows)]
        self._talks: dict[Hashable, _Talk] = {}
        self._queue: list[Call] = []
        self._drafts: list[Draft] = []
        self._answered: list[tuple[Call, Answer]] = []
        self._clock = 0

    def submit(self, call: Call) -> None:
        self._queue.append(call)

    def advance(self) -> list[tuple[Call, Answer]]:
        while not self._answered and (self._queue or self._drafts):
            self._admit()
            self._step()
        answered, self._answered = self._answered, []
        return answered

    def forget(self, conversation: Hashable) -> None:
        self._talks.pop(conversation, None)
        for index, row in enumerate(self._rows):
            if row.conversation == conversation:
                self._empty(index)

    # Which call gets which row ---------------------------------------------------------------------

    def _admit(self) -> None:
        """Let those in the queue begin that have a row or get one."""
        kept = {row.conversation: index for index, row in enumerate(self._rows) if row.conversation is not None}
        known = [call for call in self._queue if call.conversation in kept]
        fresh = [call for call in self._queue if call.conversation not in kept]
        for call in known:
            self._begin(call, kept[call.conversation])
        waiting = iter(fresh)
        for index in self._idle(len(fresh)):
            self._empty(index)
            self._begin(next(waiting), index)
        self._queue = list(waiting)

    def _idle(self, most: int) -> list[int]:
        """Return rows on which nothing is being written, empty ones first, then those idle longest."""
        busy = {draft.row for draft in self._drafts}
        idle = [index for index in range(self.rows) if index not in busy]
        return sorted(idle, key=lambda index: (self._rows[index].conversation is not None, self._rows[index].used))[
            :most
        ]

    def _empty(self, index: int) -> None:
        self._rows[index] = _Row()
        self._reader.lengths[index] = 0

    def _begin(self, call: Call, index: int) -> None:
        """Start an answer on a row, or answer at once that the messages do not fit."""
        most = self.max_tokens if call.max_tokens is None else call.max_tokens
        wordings = self._wordings(call)
        talk = self._talks.setdefault(call.conversation, _Talk())
        prompt = self._fitted(call, talk, wordings.most if wordings else min(most, self.context // 4))
        if prompt is None:
            self._answered.append((call, Answer("", stop="overflow")))
            return
        cached = self._keep(index, prompt)
        self._rows[index] = _Row(call.conversation, prompt, self._now())
        draft = Draft(
            call,
            index,
            prompt,
            cached,
            layout=self.format,
            thinking=self.thinking,
            wordings=wordings,
            most=most,
            room=self.context - len(prompt),
        )
        self._drafts.append(draft)
        if draft.stop:
            self._finish(draft)

    def _keep(self, index: int, prompt: list[int]) -> int:
        """Leave on the row what `prompt` begins with, copy it from another row if more is there; return how much."""
        lengths, most = self._reader.lengths, len(prompt) - 1
        own = min(_alike(self._rows[index].ids, prompt), lengths[index], most)
        lengths[index] = own
        next_ids = prompt[own : own + WORTH_COPYING]
        donors = [other for other, row in enumerate(self._rows) if row.ids[own : own + WORTH_COPYING] == next_ids]
        shared = {other: min(_alike(self._rows[other].ids, prompt), self._readable(other), most) for other in donors}
        donor = max(shared, key=shared.__getitem__, default=index)
        if shared.get(donor, 0) >= own + WORTH_COPYING:
            self._read_up_to(donor, shared[donor])
            self._reader.copy(donor, [index], shared[donor])
        return lengths[index]

    def _readable(self, index: int) -> int:
        """Return how many ids of a row have been read, or could be before their turn without ending its prompt."""
        waiting = any(draft.row == index for draft in self._drafts)
        return max(self._reader.lengths[index], waiting * (len(self._rows[index].ids) - 1))

    def _read_up_to(self, index: int, length: int) -> None:
        """Make sure that the first ids of a row have been read, when another row wants to begin with them."""
        known = self._reader.lengths[index]
        if known >= length:
            return
        self._reader.extend([index], [tuple(self._rows[index].ids[known:length])], outputs=False)
        (draft,) = (draft for draft in self._drafts if draft.row == index)
        del draft.unread[: length - known]

    def _now(self) -> int:
        self._clock += 1
        return self._clock

    # What the model is asked -----------------------------------------------------------------------

    def _wordings(self, call: Call) -> Wordings | None:
        """Return the way through the wordings that the answer is made of, if it is."""
        if call.choices is None:
            return None
        trie, texts = self._trie(call.choices)
        feeds = (self.format.line_feed(),) * (call.lines - 1) if call.lines > 1 else ()
        walk = Walk(trie, (*feeds, self.format.end))
        return Wordings(walk, texts, feeds[0] if feeds else None, call.lines * (1 + max(map(len, texts))))

    def _new_trie(self, choices: tuple[str, ...]) -> tuple[Trie, dict[Ids, str]]:
        texts = {self.format.encode(choice): choice for choice in choices}
        return Trie(texts), texts

    def _fitted(self, call: Call, talk: _Talk, needed: int) -> list[int] | None:
        """Return the prompt, without the oldest exchanges where they leave too little room; None if nothing helps."""
        room = needed + self._room_for_tags()
        exchanges = _exchanges(call.messages)
        ids = self._prompt(call, talk, talk.dropped)
        if len(ids) + room <= self.context:
            return ids
        for dropped in range(talk.dropped + 1, exchanges + 1):
            ids = self._prompt(call, talk, dropped)
            if len(ids) <= self.context // 2 and len(ids) + room <= self.context:
                talk.dropped = dropped
                return ids
        talk.dropped = exchanges
        return ids if len(ids) + room <= self.context else None

    def _room_for_tags(self) -> int:
        return len(self.format.encode("\n\n\n".join((self.thinking.opening, self.thinking.closing))))

    def _prompt(self, call: Call, talk: _Talk, dropped: int) -> list[int]:
        messages = shortened(call.messages, min(dropped, _exchanges(call.messages)))
        return self.format.prompt(messages, talk.sampled(messages))

    # One id more for each --------------------------------------------------------------------------

    def _step(self) -> None:
        """Read what is unread of all answers under way and add an id to each.

        Long blocks go first, so that their answers take part when all others go on by one id. Those then lie in
        adjacent rows, whose keys and values are read in place; a copy of them would cost more than the reading.
        """
        for group in _grouped([draft for draft in self._drafts if len(draft.unread) > 1]):
            self._extend(group)
        if going_on := [draft for draft in self._drafts if len(draft.unread) == 1]:
            self._extend(self._side_by_side(going_on))

    def _side_by_side(self, drafts: Sequence[Draft]) -> list[Draft]:
        """Move the drafts to the first rows, in place of what is idle there; return them in order."""
        taken = {draft.row for draft in drafts}
        for free in [index for index in range(len(drafts)) if index not in taken]:
            self._swap(free, max(draft.row for draft in drafts))
        return sorted(drafts, key=lambda draft: draft.row)

    def _swap(self, one: int, other: int) -> None:
        """Let two rows change places."""
        self._reader.swap(one, other)
        self._rows[one], self._rows[other] = self._rows[other], self._rows[one]
        places = {one: other, other: one}
        for draft in self._drafts:
            draft.row = places.get(draft.row, draft.row)

    def _extend(self, drafts: Sequence[Draft]) -> None:
        """Add an id to each draft, and finish those that are complete."""
        logits = self._reader.extend([draft.row for draft in drafts], [tuple(draft.unread) for draft in drafts])
        for draft, id_ in zip(drafts, self._chosen(logits, drafts), strict=True):
            draft.unread.clear()
            draft.take(id_)
            if draft.stop:
                self._finish(draft)

    def _chosen(self, logits: torch.Tensor, drafts: Sequence[Draft]) -> list[int]:
        """Return an id for each draft, drawn from its options."""
        chosen = [0] * len(drafts)
        free = [place for place, draft in enumerate(drafts) if draft.options is None]
        bound = [place for place, draft in enumerate(drafts) if draft.options is not None]
        if free:
            picked = self._picked(logits if len(free) == len(drafts) else logits[free], [drafts[at] for at in free])
            for place, id_ in zip(free, picked, strict=True):
                chosen[place] = id_
        if bound:
            options = [drafts[place].options or () for place in bound]
            table = torch.nn.utils.rnn.pad_sequence([torch.tensor(ids) for ids in options], batch_first=True)
            absent = torch.arange(table.shape[1]) >= torch.tensor([len(ids) for ids in options]).unsqueeze(1)
            scores = logits[bound].gather(1, table).masked_fill(absent, float("-inf"))
            picked = self._picked(scores, [drafts[at] for at in bound])
            for place, ids, at in zip(bound, options, picked, strict=True):
                chosen[place] = ids[at]
        return chosen

    def _picked(self, scores: torch.Tensor, drafts: Sequence[Draft]) -> list[int]:
        """Return a column for each row of logits."""
        if self.greedy:
            ids: list[int] = scores.argmax(1).tolist()
            return ids
        log_p = torch.log_softmax(scores.float() / self.temperature, dim=-1)
        drawn: list[int] = draw(log_p, [draft.call.random.random() for draft in drafts]).tolist()
        return drawn

    def _finish(self, draft: Draft) -> None:
        """Turn a draft that is complete into an answer, and remember the ids of its text."""
        self._drafts.remove(draft)
        row = self._rows[draft.row]
        row.ids = row.ids + draft.tokens
        row.used = self._now()
        answer = draft.answer()
        ids = draft.spoken(answer.text)
        if ids is not None:
            self._talks[draft.call.conversation].spoken.setdefault(answer.text, []).append(ids)
        self._answered.append((draft.call, answer))


@dataclass
class _Row:
    """What a row of the cache holds: a conversation, its ids (of which the reader has read some), when it was used."""

    conversation: Hashable = None
    ids: list[int] = field(default_factory=list)
    used: int = 0


@dataclass
class _Talk:
    """What is remembered of a conversation: ids by answer, and how many exchanges are left out."""

    spoken: dict[str, list[Ids]] = field(default_factory=dict)
    dropped: int = 0

    def sampled(self, messages: Sequence[Message]) -> list[Ids | None]:
        """Return for each message the ids it was sampled as; of equal answers the latest belongs to the last."""
        met: Counter[str] = Counter()
        found: list[Ids | None] = []
        for role, text in reversed(messages):
            known = self.spoken.get(text, []) if role == "assistant" else []
            met[text] += role == "assistant"
            found.append(known[-met[text]] if role == "assistant" and met[text] <= len(known) else None)
        return found[::-1]


def check_cache(model: Any) -> None:
    """Raise `ArgumentError` unless reading bit by bit, as `Reader` does, gives what reading at once gives."""
    ids = torch.arange(8).unsqueeze(0) % model.config.get_text_config().vocab_size
    with torch.inference_mode():
        whole = model(input_ids=ids, use_cache=False).logits[:, -1]
    reader = Reader(model, 2, positions=8)
    try:
        reader.extend([0], [tuple(ids[0, :5].tolist())])
        reader.copy(0, [1], 4)
        bitwise = reader.extend([0, 1], [tuple(ids[0, 5:].tolist()), tuple(ids[0, 4:].tolist())])
    except (AttributeError, IndexError, NotImplementedError, RuntimeError, TypeError, ValueError) as error:
        raise ArgumentError(f"{_kind(model)} keeps its past in a way that cannot be kept in rows: {error}") from error
    if not torch.allclose(whole.expand_as(bitwise), bitwise, rtol=1e-2, atol=1e-2 * float(whole.abs().max())):
        raise ArgumentError(
            f"{_kind(model)} does not read the same bit by bit as at once; it keeps more than keys and values"
        )


def positions(config: Any) -> int:
    """Return the most ids over which the model attends to all: its positions, or a sliding window if that is less."""
    config = config.get_text_config()
    kinds = getattr(config, "layer_types", None)
    window: Any = getattr(config, "sliding_window", None)
    slides = window and getattr(config, "use_sliding_window", True) and (kinds is None or "sliding_attention" in kinds)
    most = int(getattr(config, "max_position_embeddings", None) or sys.maxsize)
    return min(most, window) if slides else most


def shortened(messages: Sequence[Message], dropped: int) -> list[Message]:
    """Return `messages` without the oldest exchanges.

    The first message of the user stays; the view that the last exchange left out had led to stands below it, after
    a line that says what is missing.

    Args:
        messages: instructions (or none), then the user's and the model's in turn.
        dropped: how many replies are left out, each with the view it answered, the first one's excepted.
    """
    if not dropped:
        return list(messages)
    first = _opening(messages)
    kept = messages[first + 2 * dropped :]
    gap = f"[{dropped} earlier {'turn is' if dropped == 1 else 'turns are'} left out here.]"
    opening = Message("user", f"{messages[first].text}\n\n{gap}\n\n{kept[0].text}")
    return [*messages[:first], opening, *kept[1:]]


def _exchanges(messages: Sequence[Message]) -> int:
    """Return how many exchanges could be left out."""
    return (len(messages) - 1 - _opening(messages)) // 2


def _opening(messages: Sequence[Message]) -> int:
    """Return the place of the first message of the user."""
    return next(place for place, message in enumerate(messages) if message.role == "user")


def _alike(one: Sequence[int], other: Sequence[int]) -> int:
    """Return how many ids both begin with."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _grouped(drafts: Sequence[Draft]) -> list[list[Draft]]:
    """Return the drafts in groups whose unread ids have about the same number, so that little is padded."""
    groups: list[list[Draft]] = []
    for draft in sorted(drafts, key=lambda draft: len(draft.unread)):
        if groups and len(draft.unread) <= 1.5 * len(groups[-1][0].unread):
            groups[-1].append(draft)
        else:
            groups.append([draft])
    return [sorted(group, key=lambda draft: draft.row) for group in groups]


def _listed(ids: int | Sequence[int] | None) -> Sequence[int]:
    return () if ids is None else (ids,) if isinstance(ids, int) else ids


def _kind(model: Any) -> str:
    return type(model).__name__
