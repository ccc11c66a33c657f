"""What policies raise."""

from __future__ import annotations

from textenvs.core.errors import TextenvsError


class ContextOverflowError(TextenvsError, RuntimeError):
    """An episode needs more tokens than the model has positions. Nothing is ever cut off or slid."""

    def __init__(self, needed: int, positions: int) -> None:
        """Name the number of tokens `needed` so far and the model's `positions`."""
        super().__init__(
            f"the episode has reached {needed} tokens and the model reads at most {positions}; "
            "build it with more positions (tiny_llama(…, positions=N)) or choose a shorter game"
        )


def check_positions(needed: int, positions: int) -> None:
    """Raise `ContextOverflowError` if an episode needs more tokens than the model has positions."""
    if needed > positions:
        raise ContextOverflowError(needed, positions)


class UnplayableError(TextenvsError, ValueError):
    """A policy cannot play a game, or not in the form that is asked for."""


class EndpointError(TextenvsError, RuntimeError):
    """A server of chat models does not answer as it should. What was played so far can be continued."""


class EndpointRefusedError(EndpointError):
    """A server refuses a request for good: a wrong key, an unknown model, a setting it does not have."""


class EndpointUnavailableError(EndpointError):
    """A server cannot be reached, is too busy or fails, also after all retries; later it may answer."""
