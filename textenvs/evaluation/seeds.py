"""Seeds of an evaluation: all of them follow from one salt, which can be committed to before anyone knows it."""

from __future__ import annotations

import json
from hashlib import sha256
from secrets import token_hex
from typing import Any

from textenvs.core.errors import ArgumentError, EmptySplitError
from textenvs.core.game import Game
from textenvs.core.instances import deal_in, deals_in, digest
from textenvs.envs.streams import Purpose, Stream
from textenvs.registry import entry

FEW_INSTANCES = 16
"""With fewer instances a split tells little of its game, and a plan that suits them all may win without looking."""

_SEED_DIGITS = 13  # 52 bits, which every reader of JSON keeps exactly
_DRAWS = 2 * FEW_INSTANCES


def new_salt() -> str:
    """Return a salt that nobody can guess: 32 hexadecimal digits from the system's source of secrets."""
    return token_hex(16)


def checked_salt(salt: str) -> str:
    """Return a salt that was chosen; raises `ArgumentError` unless it is a text of printable characters."""
    if not isinstance(salt, str) or not salt or not salt.isprintable():
        raise ArgumentError(f"a salt is a text of one or more printable characters, not {salt!r}")
    return salt


def commitment(salt: str) -> str:
    """Return what can be published before the salt is: the SHA-256 of its UTF-8 bytes, in hexadecimal digits."""
    return sha256(salt.encode()).hexdigest()


def episode_seed(salt: str, game: Game[Any, Any], index: int) -> int:
    """Return the seed of an episode, a whole number below 2^52.

    It depends on the salt, the game with its version and arguments, and the index alone, so that all forms and all
    policies evaluated with one salt meet the same instances and the same chance.
    """
    task = json.dumps([salt, entry(game.name).id, game.arguments, index], sort_keys=True)
    return int(sha256(task.encode()).hexdigest()[:_SEED_DIGITS], 16)


def held_out_split(game: Game[Any, Any]) -> str:
    """Return `test` for a game with at least `FEW_INSTANCES` instances in that split, else `all`.

    Where deals cannot be listed, the instances among a few draws are counted.
    """
    try:
        deals = deals_in(game, "test")
        if deals is not None:
            few = len(deals) < FEW_INSTANCES
        else:
            drawn = (deal_in(game, "test", Stream(seed, Purpose.DEAL)) for seed in range(_DRAWS))
            few = len({digest(game, state) for state in drawn}) < FEW_INSTANCES
    except EmptySplitError:
        return "all"
    return "all" if few else "test"
