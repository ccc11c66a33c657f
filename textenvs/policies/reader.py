"""Reading with a causal model, each id once: keys and values of many texts side by side, without holes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from textenvs.policies.errors import check_positions
from textenvs.policies.extra import torch, transformers
from textenvs.policies.ledger import Ledger, forward_flops
from textenvs.policies.trie import Ids


class RowCache(transformers.Cache):
    """Keys and values of texts of different lengths: the id at position p of a text is in column p of its row.

    Rows are written at their own ends, so nothing is ever padded on the left and no column is wasted on texts
    that are finished. What padding on the right of a block writes is overwritten by the block after it.
    """

    def __init__(self, rows: int) -> None:
        """Begin with `rows` empty texts."""
        super().__init__(layers=[])
        self._rows = rows
        self._stores: list[tuple[torch.Tensor, torch.Tensor]] = []

    def place(self, rows: Sequence[int], columns: torch.Tensor, width: int) -> None:
        """Say where the next block goes.

        Args:
            rows: texts that it continues, b different ones.
            columns: position of each id, int64 [b, n].
            width: how many columns the block can look back on, itself included.
        """
        self._at = torch.tensor(rows).unsqueeze(1), slice(None), columns
        first = rows[0]
        adjacent = list(rows) == list(range(first, first + len(rows)))  # then they are seen without a copy
        self._seen = slice(first, first + len(rows)) if adjacent else torch.tensor(rows)
        self._width = width
        self._capacity = int(columns.max()) + 1

    @torch.inference_mode()
    def copy(self, row: int, rows: Sequence[int], length: int) -> None:
        """Let each of `rows` begin with the first `length` columns of `row`."""
        for stores in self._stores:
            for store in stores:
                store[rows, :, :length] = store[row, :, :length].clone()

    @torch.inference_mode()
    def swap(self, one: int, other: int, length: int) -> None:
        """Let the first `length` columns of two rows change places."""
        for stores in self._stores:
            for store in stores:
                store[[one, other], :, :length] = store[[other, one], :, :length]

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, layer_idx: int, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Store the keys and values of a block, [b, heads, n, size]; return those it sees, [b, heads, m, size]."""
        keys, values = self._store(layer_idx, key_states)
        keys[self._at] = key_states.transpose(1, 2)
        values[self._at] = value_states.transpose(1, 2)
        seen = self._seen, slice(None), slice(self._width)
        return keys[seen], values[seen]

    def _store(self, layer: int, like: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the keys and values of `layer`, [rows, heads, columns, size], with room for the block."""
        if layer == len(self._stores):
            empty = like.new_zeros(self._rows, like.shape[1], 0, like.shape[3])
            self._stores.append((empty, empty))
        keys, values = self._stores[layer]
        if keys.shape[2] < self._capacity:
            room = (0, 0, 0, self._capacity)
            pad = torch.nn.functional.pad
            self._stores[layer] = keys, values = pad(keys, room), pad(values, room)
        return keys, values


class Reader:
    """Reads ids at the ends of texts and says what the model expects next.

    Works with every causal model whose layers keep all their keys and values through `Cache.update`.

    Attributes:
        lengths: number of ids of each text so far; made smaller, the text goes on from there.
        positions: the most ids of a text.
        shared: how many ids the last `read` read once for all its texts.
        ledger: where ids read, calls and FLOPs are booked, as those of the policy; None books nothing.
    """

    def __init__(
        self, model: transformers.PreTrainedModel, rows: int, ledger: Ledger | None = None, positions: int | None = None
    ) -> None:
        """Begin with `rows` empty texts; `positions` of the model if None are given."""
        self._model = model
        self._cache = RowCache(rows)
        self.positions = positions
        self.lengths = [0] * rows
        self.shared = 0
        self.ledger = ledger

    def read(self, rows: Sequence[int], blocks: Sequence[Ids]) -> torch.Tensor:
        """Read as `extend` does; what all of several new texts begin with is read once for all of them."""
        fresh = not any(self.lengths[row] for row in rows)
        self.shared = shared = alike(blocks) if fresh and len(rows) > 1 else 0
        if not shared:
            return self.extend(rows, blocks)
        self._check(rows, blocks)
        self.extend(rows[:1], [blocks[0][:shared]], outputs=False)
        self.copy(rows[0], rows[1:], shared)
        return self.extend(rows, [block[shared:] for block in blocks])

    def copy(self, row: int, rows: Sequence[int], length: int) -> None:
        """Let each of `rows` consist of the first `length` ids of the text `row`, which has read them."""
        self._cache.copy(row, rows, length)
        for each in rows:
            self.lengths[each] = length

    def swap(self, one: int, other: int) -> None:
        """Let two texts change places."""
        lengths = self.lengths
        self._cache.swap(one, other, max(lengths[one], lengths[other]))
        lengths[one], lengths[other] = lengths[other], lengths[one]

    @torch.inference_mode()
    def extend(self, rows: Sequence[int], blocks: Sequence[Ids], *, outputs: bool = True) -> torch.Tensor:
        """Read a block of ids at the end of each of some texts.

        Args:
            rows: the texts, b different ones.
            blocks: the ids of each, at least one.
            outputs: whether the logits are wanted.

        Returns:
            The logits after the last id of each block, float [b, V]; [b, 0] if they are not wanted.

        Raises:
            ContextOverflowError: if a text would become longer than the model's positions; then nothing is read.
        """
        positions = self._check(rows, blocks)
        new = [len(block) for block in blocks]
        known = [self.lengths[row] for row in rows]
        ids = torch.nn.utils.rnn.pad_sequence([torch.tensor(block) for block in blocks], batch_first=True)
        columns = torch.tensor(known).unsqueeze(1) + torch.arange(ids.shape[1])
        width = max(map(sum, zip(new, known, strict=True)))
        self._cache.place(rows, columns, width)
        last = sorted({count - 1 for count in new}) if outputs else []
        logits: torch.Tensor = self._model(
            input_ids=ids,
            position_ids=columns.clamp(max=positions - 1),
            attention_mask=_causal(columns, width, self._model.dtype),
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=torch.tensor(last, dtype=torch.int64),
        ).logits
        for row, count in zip(rows, new, strict=True):
            self.lengths[row] += count
        if self.ledger is not None:
            numbers = len(rows) * self._model.config.vocab_size * outputs
            self.ledger.score("policy", sum(new), forward_flops(self._model.config, new, known, numbers))
        if not outputs:
            return logits[:, :, 0]
        return logits[torch.arange(len(rows)), [last.index(count - 1) for count in new]]

    def _check(self, rows: Sequence[int], blocks: Sequence[Ids]) -> int:
        """Return the most ids of a text after making sure that none would be longer."""
        positions: int = self.positions or self._model.config.max_position_embeddings
        needed = max(self.lengths[row] + len(block) for row, block in zip(rows, blocks, strict=True))
        check_positions(needed, positions)
        return positions


def alike(blocks: Sequence[Ids]) -> int:
    """Return how many ids all blocks begin with, leaving the last of each block out."""
    first, last = min(blocks), max(blocks)  # all others lie between them in lexicographic order
    alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False)))
    return min(alike, *(len(block) - 1 for block in blocks))


def _causal(columns: torch.Tensor, width: int, dtype: torch.dtype) -> torch.Tensor:
    """Return the additive mask [b, 1, n, width] under which each id sees its own column and those before it."""
    hidden = torch.arange(width) > columns.unsqueeze(-1)
    return torch.zeros(hidden.shape, dtype=dtype).masked_fill(hidden, torch.finfo(dtype).min).unsqueeze(1)
