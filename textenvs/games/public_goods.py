"""The public goods game: give tokens to a common pot that grows, or keep them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, NamedTuple

from textenvs.core.errors import ArgumentError, check_range
from textenvs.core.game import Distribution, Game, Levels
from textenvs.core.refusal import Refusal, illegal
from textenvs.games.amounts import read_amount
from textenvs.games.phrasing import count


class PublicGoodsState(NamedTuple):
    """How far the game is.

    Attributes:
        played: rounds played so far.
        last: what each player gave in the last of them, empty before the first.
    """

    played: int = 0
    last: tuple[int, ...] = ()


@dataclass(frozen=True)
class PublicGoods(Game[PublicGoodsState, int]):
    """Round after round some players choose at once how many tokens to give to a pot that is multiplied and shared.

    Source:
        R. M. Isaac and J. M. Walker, Group Size Effects in Public Goods Provision, Quarterly Journal of Economics 103
        (1988), 179-199, doi:10.2307/1882648; without punishment as in E. Fehr and S. Gächter, American Economic
        Review 90 (2000), 980-994.
    Players and turns:
        3 to 8 players, who move simultaneously in every round.
    What the player sees:
        What everyone gave in the last round, what that paid it, and the number of the round.
    Replies:
        `give 3`, or just the number; `contribute`, `pay` and "nothing" are understood. In a longer reply the last such
        number counts.
    Rewards:
        After each round: the tokens kept, and an equal share of the pot times `factor`. In units of all tokens that a
        player is given over the game, so that keeping everything alone returns 1.
    End:
        All rounds are played.
    Parameters:
        players: 3 to 8.
        rounds: rounds in an episode; everyone knows it.
        tokens: what each player is given in each round.
        factor: what the pot is multiplied by, above 1 and below the number of players.
    Size:
        One instance; `rounds` turns.
    Known values:
        To give nothing is best in every round whatever the others do in it, since a token given returns factor /
        players < 1 to its giver; if all do so each returns 1. If all give everything each returns `factor`. Against
        the others' default (`expert`: give what the others gave on average) it pays to give until the end comes near.
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"players": 3, "rounds": 3, "tokens": 2, "factor": 2.0},
        "medium": {},
        "hard": {"players": 6, "rounds": 30, "tokens": 20, "factor": 2.4},
        "extreme": {"players": 8, "rounds": 200, "tokens": 20, "factor": 2.4},
    }
    scripts = ("free_rider", "altruist", "half")
    pools: ClassVar = {
        "train": ("random", "script:free_rider", "script:altruist"),
        "test": ("expert", "script:half"),
    }
    default_opponent = "expert"

    players: int = 4
    rounds: int = 10
    tokens: int = 10
    factor: float = 1.6

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("players", self.players, 3, 8)
        check_range("rounds", self.rounds, 1, 10_000)
        check_range("tokens", self.tokens, 1, 1_000)
        check_range("factor", self.factor, 0.0, 100.0)
        if not 1 < self.factor < self.players:
            raise ArgumentError(f"factor must be above 1 and below the number of players, not {self.factor!r}")

    @property
    def max_turns(self) -> int:
        return self.rounds

    @property
    def return_range(self) -> tuple[float, float]:
        share = self.factor / self.players
        return (share, 1.0 + share * (self.players - 1))

    def deals(self) -> Distribution[PublicGoodsState]:
        return ((PublicGoodsState(), Fraction(1)),)

    def to_move(self, state: PublicGoodsState) -> tuple[int, ...]:
        return () if state.played == self.rounds else tuple(range(self.players))

    def legal(self, state: PublicGoodsState, player: int) -> tuple[int, ...]:
        return tuple(range(self.tokens + 1))

    def apply(self, state: PublicGoodsState, move: tuple[int, ...]) -> PublicGoodsState:
        return PublicGoodsState(state.played + 1, move)

    def rewards(self, state: PublicGoodsState, move: tuple[int, ...], after: PublicGoodsState) -> tuple[float, ...]:
        given = self.rounds * self.tokens
        return tuple(self._earned(move, player) / given for player in range(self.players))

    def _earned(self, gifts: tuple[int, ...], player: int) -> float:
        """Return the tokens a player has after a round."""
        return self.tokens - gifts[player] + self.factor * sum(gifts) / self.players

    def instructions(self, player: int) -> str:
        return (
            f"You are player_{player} of {self.players} players. In each of {count(self.rounds, 'round')} everyone is "
            f"given {count(self.tokens, 'token')} and chooses at the same time how many to give to a common pot; the "
            f"rest is kept. The pot is multiplied by {self.factor:g} and shared equally among all "
            f"{self.players} players, "
            "whatever each gave. So you earn the tokens you kept and your share of the pot. Your score is what you "
            f"earned in all, divided by the {self.rounds * self.tokens} tokens that you are given in all.\n"
            f"Reply with the number of tokens you give, for example: give {self.tokens // 2}"
        )

    def view(self, state: PublicGoodsState, player: int) -> str:
        over = state.played == self.rounds
        now = "The game is over." if over else f"Round {state.played + 1} of {self.rounds}."
        if not state.last:
            return now
        others = ", ".join(f"player_{other} {gift}" for other, gift in enumerate(state.last) if other != player)
        earned = f"{self._earned(state.last, player):g}"
        return f"Last round you gave {state.last[player]}; {others}. You earned {earned} tokens. {now}"

    def say(self, state: PublicGoodsState, move: int) -> str:
        return f"give {move}"

    def read(self, state: PublicGoodsState, player: int, text: str) -> int | Refusal:
        gift = read_amount(text, _VERBS, _NOTHING)
        if gift is None:
            return Refusal(
                f"I read no number of tokens in that. Reply with 'give' and a number from 0 to {self.tokens}."
            )
        if not 0 <= gift <= self.tokens:
            return illegal(f"You can give from 0 to {count(self.tokens, 'token')}, not {gift}.")
        return gift

    def expert(self, state: PublicGoodsState, player: int) -> Distribution[int]:
        """Conditional cooperation (Fischbacher, Gächter & Fehr 2001, doi:10.1016/S0165-1765(01)00394-9).

        Everything at first, then what the others gave on average in the last round, rounded down.
        """
        if not state.last:
            return ((self.tokens, Fraction(1)),)
        return (((sum(state.last) - state.last[player]) // (self.players - 1), Fraction(1)),)

    def script(self, name: str, state: PublicGoodsState, player: int) -> Distribution[int]:
        """`free_rider` gives nothing, `altruist` everything, `half` one half."""
        gifts = {"free_rider": 0, "altruist": self.tokens, "half": self.tokens // 2}
        return ((gifts[name], Fraction(1)),)


_VERBS = ("give", "contribute", "pay", "donate")
_NOTHING = ("nothing", "no tokens", "keep everything", "keep all")
