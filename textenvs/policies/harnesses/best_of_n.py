"""Best of n: several candidate replies and a verifier that chooses one of them.

Sources: Cobbe et al. 2021, arXiv:2110.14168 (a verifier chooses among samples); Wang et al. 2022, arXiv:2203.11171
(majority vote).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Sequence
from typing import Literal

from textenvs.core.dialogue import Message, printable
from textenvs.core.errors import ArgumentError, check_choice, check_range
from textenvs.core.reading import last_phrase, last_whole_number
from textenvs.core.refusal import Refusal
from textenvs.envs.forms import plan_lines
from textenvs.envs.policy import Request
from textenvs.planning.graph import InformationGraph
from textenvs.planning.values import action_values, optimal
from textenvs.policies.agent import MODES, Mode, Thread, is_one_shot, move_call
from textenvs.policies.chat import Answer, Call
from textenvs.policies.harnesses.workings import Workings
from textenvs.policies.rulers import Follower

Verifier = Callable[[Request, Sequence[str]], int | Sequence[float]]
"""From a request and candidate replies to the number of the chosen one, from 0, or to the score of each."""

CHOOSE = (
    "Here are replies that you could give now:\n\n{candidates}\n\nWhich of them is best? Answer with its number only."
)


class BestOfN:
    """Samples n replies and gives the one that a verifier chooses.

    n calls a reply, plus one where the model itself is the verifier and the candidates differ. The model must sample:
    at temperature 0 all candidates are the same. Works in all forms; in the one-shot forms a candidate is a whole
    reply, so two are rarely the same and a vote rarely decides.

    All calls of a reply share their messages up to the newest view; the candidates stand below it, in the last message
    of the verifying call alone.
    """

    def __init__(
        self,
        mode: Mode = "free",
        max_tokens: int = 64,
        n: int = 4,
        verifier: Literal["self", "vote"] | Verifier = "self",
    ) -> None:
        """Take how to ask and who chooses.

        Args:
            mode: as for `Direct`.
            max_tokens: the most ids of a move, as for `Direct`.
            n: how many replies are sampled, from 1.
            verifier: `self`: the model is shown the candidates and chooses; `vote`: the move most often sampled, the
                earlier one in a tie; or any `Verifier`, of whose scores the highest counts, the earlier one in a tie.

        Raises:
            UnknownNameError: for an unknown mode or verifier.
            ArgumentError: for a number out of range.
        """
        check_choice("mode", mode, MODES)
        check_range("max_tokens", max_tokens, 1, 1_000_000)
        check_range("n", n, 1, 1_000)
        if not callable(verifier):
            check_choice("verifier", verifier, ("self", "vote"))
        self.mode = mode
        self.max_tokens = max_tokens
        self.n = n
        self.verifier = verifier
        self.name = f"best-of-{n} {getattr(verifier, 'name', None) or getattr(verifier, '__name__', verifier)}"

    def begin(self) -> None:
        """Nothing is remembered but the dialogue."""

    def reply(self, request: Request, memory: None) -> Thread:
        workings = Workings()
        candidates: list[Answer] = []
        for _ in range(self.n):
            answer = yield move_call(
                request, request.dialogue, choose=self.mode == "choose", max_tokens=self.max_tokens
            )
            workings.count(answer)
            candidates.append(answer)
        number = yield from self._chosen(request, [answer.text for answer in candidates], workings)
        workings.think(f"candidate {number + 1} of:\n{_listed([answer.text for answer in candidates])}")
        return workings.reply(candidates[number].text, candidates[number])

    def _chosen(self, request: Request, texts: list[str], workings: Workings) -> Generator[Call, Answer, int]:
        """Return the number of the best candidate, from 0."""
        if callable(self.verifier):
            return chosen_by(self.verifier, request, texts)
        moves = [meaning(request, text) for text in texts]
        if self.verifier == "vote":
            return moves.index(Counter(moves).most_common(1)[0][0])
        distinct = [text for place, text in enumerate(texts) if moves.index(moves[place]) == place]
        if len(distinct) == 1:
            return 0
        answer = yield _verifying_call(request, distinct)
        said = last_whole_number(workings.note(answer), r"(\d+)")
        return texts.index(distinct[said - 1 if said and said <= len(distinct) else 0])


def meaning(request: Request, text: str) -> str:
    """Return by what two candidates count as the same: the legal wording in them, else their words."""
    found = None if is_one_shot(request) else last_phrase(text, {wording: wording for wording in request.legal})
    return found or "\n".join(" ".join(line.lower().split()) for line in plan_lines(text))


def chosen_by(verifier: Verifier, request: Request, texts: Sequence[str]) -> int:
    """Return the number of the candidate that a verifier chooses.

    Raises:
        ArgumentError: if it chooses none of them, or gives another number of scores.
    """
    verdict = verifier(request, texts)
    if isinstance(verdict, int):
        check_range("the choice of a verifier", verdict, 0, len(texts) - 1)
        return verdict
    if len(verdict) != len(texts):
        raise ArgumentError(f"a verifier scores each of {len(texts)} candidates; it gave {len(verdict)} scores")
    return max(range(len(texts)), key=lambda place: verdict[place])


class ValueVerifier:
    """Scores candidate moves by their exact values under the best play to follow: a verifier that cannot be bettered.

    With it, best of n is an upper bound of what any verifier could make of the same samples in the `turns` form. It
    knows the game, yet no more of the episode than the player: it finds its place from the dialogue.
    """

    name = "value"

    def __init__(self, graph: InformationGraph) -> None:
        """Take the graph of the game that is played (`textenvs.planning.enumeration.build_graph`)."""
        self._follower = Follower(graph)
        self._values = action_values(graph, optimal(graph).values)

    def __call__(self, request: Request, texts: Sequence[str]) -> list[float]:
        """Return the expected return after each candidate; less than any for one that is refused.

        Raises:
            ArgumentError: for another game, or a form other than `turns`.
        """
        form = request.episode.settings.form
        if form != "turns":
            raise ArgumentError(f"values of single moves judge replies in the form 'turns', not {form!r}")
        node = self._follower.node(request.dialogue)
        return [self._value(node, text) for text in texts]

    def _value(self, node: int, reply: str) -> float:
        move = self._follower.move(node, reply)
        return float("-inf") if isinstance(move, Refusal) else float(self._values[self._follower.pair(node, move)])


def _verifying_call(request: Request, distinct: Sequence[str]) -> Call:
    *before, last = request.dialogue
    question = f"{last.text}\n\n{CHOOSE.format(candidates=_listed(distinct))}"
    numbers = tuple(str(number) for number in range(1, len(distinct) + 1))
    return Call((request.slot, None), (*before, Message("user", question)), request.random, numbers, max_tokens=8)


def _listed(texts: Sequence[str]) -> str:
    """Return candidates below their numbers; lines of one candidate stand together."""
    return "\n".join(f"{number}. {_indented(printable(text))}" for number, text in enumerate(texts, 1))


def _indented(text: str) -> str:
    return text.strip().replace("\n", "\n   ")
