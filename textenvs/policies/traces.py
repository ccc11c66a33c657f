"""What a reply was in token ids, and how a dialogue becomes ids once and for all.

The ids of an episode are laid out as

    <bos> instructions <view> view <reply> reply <end> <view> view <reply> reply <end> …

and no text is ever encoded twice: what a policy sampled stays as the ids it sampled, even where decoding
and encoding them again would give other ids.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

from textenvs.core.dialogue import Dialogue, Message
from textenvs.core.errors import ArgumentError
from textenvs.envs.policy import Policy, Reply, Request
from textenvs.policies.tokenizer import WordTokenizer
from textenvs.policies.trie import Ids, Trie, Walk

Mode = Literal["choose", "free"]
MODES = ("choose", "free")


class TokenTrace(NamedTuple):
    """One reply of one seat in ids. The traces of a seat, put one behind the other, are all ids of its episode.

    Attributes:
        context: the ids that were new before the reply: what was said since the last one, up to `<reply>`.
        tokens: the ids of the reply with its `<end>`, which only a reply cut off for its length lacks.
        allowed: for each of `tokens` the ids it was chosen from, ascending; None where the whole vocabulary
            was open; a single id where there was nothing to choose.
        log_probs: for each of `tokens` its log-probability under the policy that wrote it, at the temperature
            it sampled with; 0 where there was nothing to choose; NaN where the writer was no model.
    """

    context: Ids
    tokens: Ids
    allowed: tuple[Ids | None, ...]
    log_probs: tuple[float, ...]


class Conversation:
    """One seat's dialogue in ids, as far as it has been read."""

    def __init__(self, tokenizer: WordTokenizer, *, memoryless: bool = False) -> None:
        """Nothing has been said yet; without memory the newest view is all there is, each time anew."""
        self._tokenizer = tokenizer
        self._memoryless = memoryless
        self._read = 0
        self._open = False

    def context(self, dialogue: Dialogue) -> Ids:
        """Return the ids that are new before the next reply; see `TokenTrace`.

        Args:
            dialogue: what was said so far, ending with the newest view. Replies in it that were not entered
                by `replied` (the behaviour's, in the `reply` form) are encoded from their texts. A reply that
                was cut off is closed here by the `<end>` it lacks.
        """
        if self._memoryless:
            self._read, self._open = len(dialogue) - 1, False
        ids: list[int] = [self._tokenizer.end] if self._open else []
        for message in dialogue[self._read :]:
            ids.extend(self._encoded(message))
        self._read, self._open = len(dialogue), False
        return (*ids, self._tokenizer.reply)

    def replied(self, tokens: Ids) -> None:
        """Note that the newest reply consists of these ids, which are never encoded from its text."""
        self._read += 1
        self._open = not tokens or tokens[-1] != self._tokenizer.end

    def _encoded(self, message: Message) -> Ids:
        ids = self._tokenizer.encode(message.text)
        if message.role == "assistant":
            return (self._tokenizer.reply, *ids, self._tokenizer.end)
        return (self._tokenizer.bos if message.role == "system" else self._tokenizer.view, *ids)


def walk(tokenizer: WordTokenizer, request: Request) -> Walk:
    """Return the way through the legal replies of `request`.

    In the `turns` and `reply` forms a reply is one of the legal wordings; in the `plan` form it is a line for
    each of the game's `max_turns`, each line one of `Request.choices`.
    """
    episode = request.episode
    return reply_walk(tokenizer, request.choices, episode.game.max_turns if episode.settings.form == "plan" else 1)


def reply_walk(tokenizer: WordTokenizer, wordings: tuple[str, ...], lines: int = 1) -> Walk:
    """Return the way through replies of so many `lines`, each one of the `wordings`."""
    (line_feed,) = tokenizer.encode("\n")
    return Walk(_trie(tokenizer, wordings), (line_feed,) * (lines - 1) + (tokenizer.end,))


@lru_cache(maxsize=4096)
def _trie(tokenizer: WordTokenizer, wordings: tuple[str, ...]) -> Trie:
    """Return the tree of the wordings' ids.

    Raises:
        ArgumentError: if a wording has a word outside of the vocabulary.
    """
    encoded = {wording: tokenizer.encode(wording) for wording in wordings}
    for wording, ids in encoded.items():
        if tokenizer.unk in ids:
            raise ArgumentError(f"the vocabulary lacks a word of the legal reply {wording!r}")
    return Trie(encoded.values())


class TracedPolicy:
    """Another policy, each of whose replies comes with its `TokenTrace`: data to learn from.

    The traces have exactly the form of those of `LanguageModelPolicy`, so cloning, reward models and offline
    learners read all episodes alike. `log_probs` are NaN, since a writer of texts has none per token.
    """

    def __init__(
        self, policy: Policy, tokenizer: WordTokenizer, *, mode: Mode = "choose", memoryless: bool = False
    ) -> None:
        """Take the policy that replies and how its replies are to be traced.

        Args:
            policy: any policy.
            tokenizer: what turns texts into ids.
            mode: `choose`: replies must be legal wordings, and each token is one of those that lead to any;
                `free`: any reply, each token one of the whole vocabulary.
            memoryless: traces stand alone, as those of a memoryless `LanguageModelPolicy`.
        """
        self.name = policy.name
        self.policy = policy
        self.tokenizer = tokenizer
        self.mode = mode
        self.memoryless = memoryless
        self._conversations: list[Conversation] = []

    def start(self, slots: int) -> None:
        self.policy.start(slots)
        self._conversations = [Conversation(self.tokenizer, memoryless=self.memoryless) for _ in range(slots)]

    def replies(self, requests: Sequence[Request]) -> list[Reply]:
        """See `Policy.replies`.

        Raises:
            ArgumentError: in mode `choose`, for a reply that is no legal wording.
        """
        texts = [reply.text for reply in self.policy.replies(requests)]
        return [Reply(text, self._trace(request, text)) for request, text in zip(requests, texts, strict=True)]

    def _trace(self, request: Request, text: str) -> TokenTrace:
        conversation = self._conversations[request.slot]
        context = conversation.context(request.dialogue)
        tokens = (*self.tokenizer.encode(text), self.tokenizer.end)
        conversation.replied(tokens)
        allowed: tuple[Ids | None, ...] = (None,) * len(tokens)
        if self.mode == "choose":
            allowed = tuple(options_on(walk(self.tokenizer, request), tokens))
        return TokenTrace(context, tokens, allowed, (float("nan"),) * len(tokens))


def options_on(way: Walk, tokens: Ids) -> list[Ids]:
    """Return the options met when walking along `tokens`; raises `ArgumentError` where they leave the tree."""
    options: list[Ids] = []
    for id_ in tokens:
        options.append(way.options)
        way.take(id_)
    return options
