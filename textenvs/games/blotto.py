"""Colonel Blotto: divide your troops over the fields of a battle, at once with an opponent who does the same."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import comb
from typing import ClassVar, NamedTuple

from textenvs.core.errors import ArgumentError, check_range
from textenvs.core.game import Distribution, Game, Levels, uniform
from textenvs.core.refusal import Refusal, illegal
from textenvs.games.blotto_words import read_troops
from textenvs.games.phrasing import count

Troops = tuple[int, ...]
"""How many troops are sent to each field."""

MOST_MOVES = 10_000


class BlottoState(NamedTuple):
    """How far the game is.

    Attributes:
        played: rounds played so far.
        last: what each player sent in the last of them, None before the first.
    """

    played: int = 0
    last: tuple[Troops, Troops] | None = None


@dataclass(frozen=True)
class Blotto(Game[BlottoState, Troops]):
    """Round after round two players divide their troops over some fields at once; the larger force wins a field.

    Source:
        E. Borel, La théorie du jeu et les équations intégrales à noyau symétrique, Comptes Rendus 173 (1921), 1304-1308
        (in English in Econometrica 21 (1953), 97-100); O. Gross and R. Wagner, A Continuous Colonel Blotto Game, RAND
        RM-408 (1950); with whole troops S. Hart, Discrete Colonel Blotto and General Lotto Games, International Journal
        of Game Theory 36 (2008), 441-460, doi:10.1007/s00182-007-0099-9. Borel's winner has the most fields; here, as
        with Gross and Wagner, every field counts.
    Players and turns:
        Two players, who move simultaneously in every round.
    What the player sees:
        What both sent in the last round and what that earned it, and the number of the round.
    Replies:
        The troops for each field in order, as in `send 3 2 1`, or just the numbers, separated by spaces, commas,
        hyphens or the like; or by field, as in "3 to field 1, 2 to field 2 and 1 to the third", where fields left out
        get none. In a longer reply the last such numbers count, those after `send` before others.
    Rules:
        Each player has the same number of troops, anew in each round, and must send all of them. The player with more
        troops in a field wins it; with equally many nobody does.
    Rewards:
        After each round the fields won less the fields lost, divided by `fields` x `rounds`. Zero-sum. Nobody can win
        more than all fields but one and must then lose that one: with at least fields - 1 troops the return lies in
        2 / fields - 1 … 1 - 2 / fields.
    End:
        All rounds are played.
    Parameters:
        troops: what each player has in each round, at least 2.
        fields: 3 to 10.
        rounds: rounds in an episode; both players know it.
    Size:
        One instance; C(troops + fields - 1, fields - 1) moves: 91 by default, 28 at easy, 1001 at extreme. At most
        10000 are accepted. `rounds` turns.
    Known values:
        Both players have the same chances, so between perfect players the game is worth 0. Where `fields` divides
        `troops` the expert is an equilibrium: it sends to each field a number drawn evenly from 0, 2, 4 … or from 1, 3,
        5 … up to about twice the average (Hart 2008). Elsewhere it sends the rest to neighbouring fields drawn at
        random, which may cost a little: with 10 troops on 3 fields a best reply wins 1/9 of a field a round. The
        default opponent is drawn from the pool `test`; each of them begins at random and is then foreseen, once it is
        known which it is. At the easy level optimal is 0.220, plan 0.181, myopic 0.217, random 0.001 and the expert
        0.007.
    Versions:
        v0: first release.
    """

    players = 2
    levels: ClassVar[Levels] = {
        "easy": {"troops": 6, "rounds": 3},
        "medium": {},
        "hard": {"troops": 12, "fields": 4, "rounds": 40},
        "extreme": {"troops": 10, "fields": 5, "rounds": 200},
    }
    scripts = ("even", "focus", "copy", "counter", "stubborn")
    pools: ClassVar = {
        "train": ("random", "script:even", "script:focus"),
        "test": ("script:stubborn", "script:copy", "script:counter"),
    }
    default_opponent = "pool:test"

    troops: int = 12
    fields: int = 3
    rounds: int = 10

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("troops", self.troops, 2, 1_000)
        check_range("fields", self.fields, 3, 10)
        check_range("rounds", self.rounds, 1, 10_000)
        moves = comb(self.troops + self.fields - 1, self.fields - 1)
        if moves > MOST_MOVES:
            raise ArgumentError(
                f"troops={self.troops} can be sent to fields={self.fields} in {moves} ways; at most {MOST_MOVES} are "
                "accepted"
            )

    @property
    def max_turns(self) -> int:
        return self.rounds

    @property
    def return_range(self) -> tuple[float, float]:
        most = (min(self.troops, self.fields - 1) - 1) / self.fields  # against all troops in one field
        return (-most, most)

    def deals(self) -> Distribution[BlottoState]:
        return ((BlottoState(), Fraction(1)),)

    def to_move(self, state: BlottoState) -> tuple[int, ...]:
        return () if state.played == self.rounds else (0, 1)

    def legal(self, state: BlottoState, player: int) -> tuple[Troops, ...]:
        return ways(self.troops, self.fields)

    def apply(self, state: BlottoState, move: tuple[Troops, Troops]) -> BlottoState:
        return BlottoState(state.played + 1, move)

    def rewards(self, state: BlottoState, move: tuple[Troops, Troops], after: BlottoState) -> tuple[float, ...]:
        won, lost = fields_won(*move)
        share = (won - lost) / (self.fields * self.rounds)
        return (share, -share)

    def instructions(self, player: int) -> str:
        rounds = "the only round" if self.rounds == 1 else f"each of {self.rounds} rounds"
        divided = self.fields if self.rounds == 1 else f"{self.fields} x {self.rounds}"
        return (
            f"You and an opponent fight for {self.fields} fields. In {rounds} each of you has {self.troops} troops and "
            "divides all of them over the fields, both at the same time. Whoever sends more troops to a field wins "
            "it; if both send equally many, nobody does. A field you win earns you 1, a field you lose costs you 1. "
            f"Your score is the sum, divided by {divided}.\n"
            f"Reply with the number of troops for each field in order; they must sum to {self.troops}. For example: "
            f"{self.say(BlottoState(), spread(self.troops, self.fields, self.fields))}"
        )

    def view(self, state: BlottoState, player: int) -> str:
        over = state.played == self.rounds
        now = "The game is over." if over else f"Round {state.played + 1} of {self.rounds}."
        if state.last is None:
            return now
        own, other = state.last[player], state.last[1 - player]
        won, lost = fields_won(own, other)
        return (
            f"Last round you sent {_row(own)}, your opponent {_row(other)}: you won {count(won, 'field')} and lost "
            f"{lost}. {now}"
        )

    def say(self, state: BlottoState, move: Troops) -> str:
        return f"send {_row(move)}"

    def read(self, state: BlottoState, player: int, text: str) -> Troops | Refusal:
        troops = read_troops(text, self.fields)
        if troops is None:
            return Refusal(
                f"I read no {self.fields} numbers in that. Reply with 'send' and the troops for each of the "
                f"{self.fields} fields."
            )
        if min(troops) < 0:
            return illegal(f"You cannot send {min(troops)} troops. Give each field a number from 0 to {self.troops}.")
        if sum(troops) != self.troops:
            return illegal(f"{_row(troops)} sums to {sum(troops)}; you must send exactly {self.troops} troops.")
        return troops

    def expert(self, state: BlottoState, player: int) -> Distribution[Troops]:
        """An equilibrium where `fields` divides `troops`, else near one."""
        return balanced(self.troops, self.fields)

    def script(self, name: str, state: BlottoState, player: int) -> Distribution[Troops]:
        """`even` sends the same everywhere, `focus` does so on just more than half of the fields.

        The others begin at random: `stubborn` then keeps to that, `copy` sends what the opponent sent in the last
        round, `counter` what beats that best.
        """
        over = {"even": self.fields, "focus": self.fields // 2 + 1}
        if name in over:
            return ((spread(self.troops, self.fields, over[name]), Fraction(1)),)
        if state.last is None:
            return uniform(self.legal(state, player))
        own, other = state.last[player], state.last[1 - player]
        answers = {"stubborn": own, "copy": other, "counter": best_reply(other)}
        return ((answers[name], Fraction(1)),)


def fields_won(own: Troops, other: Troops) -> tuple[int, int]:
    """Return how many fields `own` wins and how many it loses."""
    pairs = list(zip(own, other, strict=True))
    return sum(mine > theirs for mine, theirs in pairs), sum(mine < theirs for mine, theirs in pairs)


def spread(troops: int, fields: int, over: int) -> Troops:
    """Return the troops spread evenly over the first `over` fields, the rest over the first of them."""
    each, rest = divmod(troops, over)
    return tuple(each + (field < rest) if field < over else 0 for field in range(fields))


@lru_cache(maxsize=64)
def ways(troops: int, fields: int) -> tuple[Troops, ...]:
    """Return every way to divide troops over fields, in ascending order."""
    if fields == 1:
        return ((troops,),)
    return tuple((first, *rest) for first in range(troops + 1) for rest in ways(troops - first, fields - 1))


@lru_cache(maxsize=4096)
def best_reply(other: Troops) -> Troops:
    """Return the first way that wins the most fields, less those lost, against `other`."""

    def margin(own: Troops) -> int:
        won, lost = fields_won(own, other)
        return won - lost

    return max(ways(sum(other), len(other)), key=margin)


@lru_cache(maxsize=64)
def balanced(troops: int, fields: int) -> Distribution[Troops]:
    """Return a mixture that sends to each field a number evenly drawn from 0, 2, 4 … or from 1, 3, 5 …

    Let the highest number be 2m or 2m - 1, where m = troops / fields. Then a field where the opponent sends y is won
    less lost with chance (m - y) / (m + 1), or (m - y) / m, or more, and the sum over the fields is at least 0 (Hart
    2008). If `fields` does not divide `troops`, the rest is sent one by one to neighbouring fields.
    """
    m, rest = divmod(troops, fields)
    odd = m % 2 and fields % 2
    rows = [_balanced_row(m if odd else m + 1, fields, index) for index in range(m if odd else m + 1)]
    sent = [tuple(2 * n + (1 if odd else 0) + (field < rest) for field, n in enumerate(row)) for row in rows]
    turned = Counter((*row[turn:], *row[:turn]) for row in sent for turn in range(fields))
    return tuple((row, Fraction(times, turned.total())) for row, times in sorted(turned.items()))


def _balanced_row(n: int, fields: int, index: int) -> Troops:
    """Return row `index` of `n` rows whose sums are equal and whose columns each hold 0 … n - 1.

    Columns come in pairs, `index` up and down; of an odd number of them three go together, as in a magic rectangle.
    """
    pairs = (index, n - 1 - index) * ((fields - 3 * (fields % 2)) // 2)
    if fields % 2 == 0:
        return pairs
    second = (n - 1 - 2 * index) % n
    return (index, second, 3 * (n - 1) // 2 - index - second, *pairs)


def _row(troops: Troops) -> str:
    return " ".join(map(str, troops))
