"""An answer in the making: thoughts, free words or given wordings, id by id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from textenvs.core.dialogue import printable
from textenvs.envs.policy import Usage
from textenvs.policies.chat import Answer, Call, Stop
from textenvs.policies.chat_format import ChatFormat
from textenvs.policies.trie import Ids, Walk

_TAIL = 16
"""A closing tag is looked for in the text of so many last ids."""


class ChatTrace(NamedTuple):
    """An answer in ids.

    Attributes:
        prompt: everything the model was asked with.
        tokens: everything it wrote: thoughts, what was forced, and the id that ended the answer.
    """

    prompt: Ids
    tokens: Ids


@dataclass(frozen=True)
class Thinking:
    """How thoughts are told from answers.

    Attributes:
        opening: what opens a thought, as `<think>`.
        closing: what closes it.
        most: the most ids of a thought; then it is closed by force.
        before_choosing: whether there is one before wordings are chosen.
    """

    opening: str = "<think>"
    closing: str = "</think>"
    most: int = 1024
    before_choosing: bool = False


@dataclass(frozen=True)
class Wordings:
    """A way through wordings.

    Attributes:
        walk: what may come next.
        texts: what the ids of each wording stand for.
        line_feed: the id between two lines; None if there is but one.
        most: the most ids the whole answer may have.
    """

    walk: Walk
    texts: dict[Ids, str]
    line_feed: int | None
    most: int


class Draft:
    """An answer in the making.

    Attributes:
        call: what is answered.
        row: where its keys and values are kept.
        prompt: what the model is asked with.
        cached: how many ids of it had been read before.
        unread: ids that are still to be read.
        tokens: ids written so far.
        stop: why the answer is complete; None while it is not.
    """

    def __init__(
        self,
        call: Call,
        row: int,
        prompt: Sequence[int],
        cached: int,
        *,
        layout: ChatFormat,
        thinking: Thinking,
        wordings: Wordings | None,
        most: int,
        room: int,
    ) -> None:
        """Begin an answer.

        Args:
            call: what is answered.
            row: where its keys and values are kept.
            prompt: what the model is asked with.
            cached: how many ids of it had been read before.
            layout: ids of texts.
            thinking: how thoughts are treated.
            wordings: what the answer consists of; None for a free one.
            most: the most ids of a free answer.
            room: the most ids of everything that is written.
        """
        self.call = call
        self.row = row
        self.prompt = prompt
        self.cached = cached
        self.unread = list(prompt[cached:])
        self.tokens: list[int] = []
        self.stop: Stop | None = None
        self._layout = layout
        self._thinking = thinking
        self._wordings = wordings
        self._most = most
        self._room = room
        self._begun = 0
        self._stage: Literal["undecided", "thought", "answer"] = "undecided"
        self._open()

    @property
    def options(self) -> Ids | None:
        """The ids that the next one is chosen from, ascending; None for all."""
        return self._wordings.walk.options if self._wordings and self._stage == "answer" else None

    def take(self, id_: int) -> None:
        """Go on by one id, and by all that follow without alternative.

        An id that ends an answer closes a thought that comes before a choice, since the choice is still to be made.
        """
        if self._stage == "thought" and self._wordings and id_ in self._layout.ends:
            self._close()
            self._begin_answer()
            return
        self._write(id_)
        if self._wordings and self._stage == "answer":
            self._wordings.walk.take(id_)
            self._follow()
        elif id_ in self._layout.ends:
            self.stop = "end"
        else:
            self._sort()

    def answer(self) -> Answer:
        """Return the answer as it stands."""
        head, ids = self._parts()
        usage = Usage(len(self.prompt), self.cached, len(self.tokens), len(head), calls=1)
        thought, _, rest = self._layout.decode(head).partition(self._thinking.closing) if head else ("", "", "")
        thought = thought.strip().removeprefix(self._thinking.opening)
        text = self._chosen(ids) if self._wordings and ids else self._free(rest, ids)
        trace = ChatTrace(tuple(self.prompt), tuple(self.tokens))
        return Answer(text, printable(thought).strip(), usage, self.stop or "length", trace)

    def spoken(self, text: str) -> Ids | None:
        """Return the ids that stand for the answer `text`; None if there are none that stand for it alone."""
        _, ids = self._parts()
        if self._layout.plain:  # the empty line that ended the answer is written by the template
            while ids and not self._layout.decode(ids[-1:]).strip():
                ids = ids[:-1]
        return ids if self._wordings or printable(self._layout.decode(ids)).strip() == text else None

    # Stages ---------------------------------------------------------------------------------------

    def _open(self) -> None:
        """Begin with what comes of necessity."""
        opened = self._layout.beginning.rstrip().endswith(self._thinking.opening)
        if self._wordings and not self._thinking.before_choosing:
            if opened:
                self._close()
            self._begin_answer()
            return
        if self._wordings and not opened:
            self._force(self._thinking.opening + "\n")
        if opened or self._wordings:
            self._stage = "thought"
            self._limit_thought()

    def _sort(self) -> None:
        """See whether what was written is thought or answer, and whether it is too long."""
        if self._stage == "undecided":
            text = self._layout.decode(self.tokens).lstrip()
            if text.startswith(self._thinking.opening):
                self._stage = "thought"
            elif not self._thinking.opening.startswith(text):
                self._stage = "answer"
        if self._stage == "thought":
            if self._thinking.closing in self._layout.decode(self.tokens[-_TAIL:]):
                self._begin_answer()
            else:
                self._limit_thought()
        elif self._layout.plain and "\n\n" in self._layout.decode(self.tokens[self._begun :]).lstrip():
            self.stop = "end"
        elif len(self.tokens) - self._begun >= self._most or len(self.tokens) >= self._room:
            self.stop = "length"

    def _limit_thought(self) -> None:
        """Close the thought if it is long enough, or no room would be left for the answer."""
        needed = self._wordings.most if self._wordings else min(self._most, self._room // 2)
        closing = len(self._layout.encode(self._closing_text()))
        if len(self.tokens) >= min(self._thinking.most, self._room - needed - closing):
            self._close()
            self._begin_answer()

    def _close(self) -> None:
        self._force(self._closing_text())

    def _closing_text(self) -> str:
        return f"\n{self._thinking.closing}\n\n"

    def _begin_answer(self) -> None:
        self._stage = "answer"
        self._begun = len(self.tokens)
        self._follow()

    def _follow(self) -> None:
        """Write the ids of wordings that have no alternative."""
        if self._wordings is None:
            return
        walk = self._wordings.walk
        while len(walk.options) == 1:
            (id_,) = walk.options
            self._write(id_)
            walk.take(id_)
        if not walk.options:
            self.stop = "end"

    def _force(self, text: str) -> None:
        for id_ in self._layout.encode(text):
            self._write(id_)

    def _write(self, id_: int) -> None:
        self.tokens.append(id_)
        self.unread.append(id_)

    # Texts ----------------------------------------------------------------------------------------

    def _parts(self) -> tuple[Ids, Ids]:
        """Return the ids of thought and answer, without the one that ended them."""
        tokens = tuple(self.tokens[:-1] if self.tokens and self.tokens[-1] in self._layout.ends else self.tokens)
        begun = len(tokens) if self._stage == "thought" else self._begun
        return tokens[:begun], tokens[begun:]

    def _free(self, rest: str, ids: Ids) -> str:
        text = printable(rest + self._layout.decode(ids)).strip()
        return text.partition("\n\n")[0] if self._layout.plain else text

    def _chosen(self, ids: Ids) -> str:
        """Return the text of the wordings that were chosen, one on each line."""
        assert self._wordings is not None
        lines: list[Ids] = [()]
        for id_ in ids:
            lines = [*lines, ()] if id_ == self._wordings.line_feed else [*lines[:-1], (*lines[-1], id_)]
        return "\n".join(self._wordings.texts[line] for line in lines)
