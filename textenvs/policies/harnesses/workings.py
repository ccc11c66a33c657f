"""What goes into one reply: the thoughts on the way to it and what they cost."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from textenvs.envs.policy import NO_USAGE, Reply, Usage
from textenvs.policies.chat import Answer


@dataclass
class Workings:
    """Sums up the answers that lead to a reply.

    Attributes:
        usage: what they cost together.
        thoughts: what was thought, in order: what the model thought of its own accord, and the answers that only
            the harness reads.
    """

    usage: Usage = NO_USAGE
    thoughts: list[str] = field(default_factory=list)

    def count(self, answer: Answer) -> str:
        """Count an answer and return its text."""
        self.usage += answer.usage
        self.think(answer.thought)
        return answer.text

    def note(self, answer: Answer, role: str = "") -> str:
        """Count an answer of which the game sees nothing, so that all its ids are ids of thoughts; return its text.

        Args:
            answer: what was answered.
            role: who answered, for those who read the thoughts.
        """
        text = self.count(replace(answer, usage=replace(answer.usage, thought=answer.usage.sampled)))
        self.think(f"{role}: {text}" if role else text)
        return text

    def think(self, thought: str) -> None:
        """Add a thought, unless it is empty."""
        if thought.strip():
            self.thoughts.append(thought.strip())

    @property
    def thought(self) -> str:
        """All thoughts, one below the other."""
        return "\n\n".join(self.thoughts)

    def reply(self, text: str, answer: Answer) -> Reply:
        """Return the reply `text`, which stands in the last `answer`."""
        return Reply(text, answer.trace, self.thought, self.usage)
