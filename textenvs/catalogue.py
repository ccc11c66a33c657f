"""What is known of every game at every level of difficulty: for choosing tasks by property.

The facts are computed by `make docs` and stored beside the code, so that looking them up takes no time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from textenvs.core.game import Game
from textenvs.envs.solo import solo_game
from textenvs.planning.bounds import Value
from textenvs.planning.reference import ReferenceValues, reference_values
from textenvs.registry import Entry, entry

FILE = files("textenvs") / "data" / "catalogue.json"


@dataclass(frozen=True)
class Facts:
    """What is known of a game at one level; of a game for several players, of seat 0 against its default opponent.

    Attributes:
        game: name of the game.
        version: of the game.
        level: one of `LEVELS`.
        arguments: of the game at that level.
        max_turns: the most moves a player can make in an episode.
        values: the rulers; the behaviour behind `one_step` is random play.
    """

    game: str
    version: int
    level: str
    arguments: Mapping[str, Any]
    max_turns: int
    values: ReferenceValues

    @property
    def entry(self) -> Entry:
        """The registered game."""
        return entry(self.game)

    @property
    def is_exact(self) -> bool:
        """Whether all four rulers are exact."""
        values = self.values
        return all(value.kind == "exact" for value in (values.optimal, values.plan, values.myopic, values.random))

    def share(self, gap: Value) -> float:
        """Return how large a gap surely is on the scale from random (0) to optimal (1)."""
        length = self.values.optimal.high - self.values.random.low
        return max(0.0, gap.low) / length if length > 0 else 0.0


_EFFORT = {"easy": (1_000_000, 2_000), "medium": (20_000, 300), "hard": (5_000, 100), "extreme": (5_000, 100)}
"""How much to examine, and how many episodes to sample, before bounds have to do."""


def rulers(game: Game[Any, Any], split: str = "all") -> ReferenceValues:
    """Return the reference values of a game for one player on one split, from the stored facts where they have them.

    Else they are computed, which takes up to a minute, with the effort spent on the level that the arguments are
    those of, or on `medium`. Raises as `reference_values` does.
    """
    known = next((each for each in _stored().values() if _is_of(each, game)), None)
    if known and split == "all":
        return known.values
    work, episodes = _EFFORT[known.level if known else "medium"]
    return reference_values(game, split, work=work, episodes=episodes)


def survey(name: str, level: str) -> Facts:
    """Compute the facts of a game at a level, which may take a minute; beyond `easy` with less effort."""
    game = solo_game(name, level=level)
    work, episodes = _EFFORT["easy" if game == solo_game(name, level="easy") else level]
    values = reference_values(game, work=work, episodes=episodes)
    return Facts(entry(name).name, entry(name).version, level, game.arguments, game.max_turns, values)


def facts(name: str, level: str = "easy") -> Facts:
    """Return the stored facts of a game at a level.

    Raises:
        UnknownNameError: for a game that does not exist.
        KeyError: for a game or level whose facts are not stored.
    """
    return _stored()[entry(name).name, level]


def all_facts(level: str = "easy") -> Iterator[Facts]:
    """Yield the stored facts of all games at a level, in the order of their names."""
    return (each for (_, stored), each in sorted(_stored().items()) if stored == level)


def to_json(known: Facts) -> dict[str, Any]:
    """Return facts as plain JSON values."""
    return asdict(known)


def from_json(row: Mapping[str, Any]) -> Facts:
    """Return the facts that `to_json` made `row` of."""
    return Facts(**{**row, "values": rulers_from_json(row["values"])})


def rulers_from_json(row: Mapping[str, Any]) -> ReferenceValues:
    """Return the reference values whose `dataclasses.asdict` is `row`."""
    values: dict[str, Any] = {name: value and Value(**value) for name, value in row.items()}
    return ReferenceValues(**values)


def _is_of(known: Facts, game: Game[Any, Any]) -> bool:
    """Return whether facts are those of a game with its version and arguments."""
    return (known.game, known.version) == (game.name, entry(game.name).version) and known.arguments == game.arguments


@cache
def _stored() -> dict[tuple[str, str], Facts]:
    rows = [from_json(row) for row in json.loads(FILE.read_text("utf-8"))]
    return {(row.game, row.level): row for row in rows}
