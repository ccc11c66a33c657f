"""Sealed-bid auctions: bid for one item after another without knowing what it is worth to the others."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar, Literal, NamedTuple

from textenvs.core.errors import check_choice, check_range
from textenvs.core.game import Distribution, Game, Levels, uniform
from textenvs.core.refusal import Refusal, illegal
from textenvs.games.amounts import read_amount
from textenvs.games.phrasing import count

KINDS = ("first", "second")


class Sale(NamedTuple):
    """How a round ended.

    Attributes:
        buyer: the player who won the item.
        price: what it paid.
        gain: what the item was worth to it, less the price; only the buyer is told.
    """

    buyer: int
    price: int
    gain: int


class AuctionState(NamedTuple):
    """The current round and the end of the last one.

    Attributes:
        played: rounds played so far.
        values: what the item is worth to each player, as far as chance has drawn it.
        bids: the bids, while chance decides between equal highest ones; else empty.
        last: how the last round ended, None before the first.
    """

    played: int = 0
    values: tuple[int, ...] = ()
    bids: tuple[int, ...] = ()
    last: Sale | None = None


@dataclass(frozen=True)
class Auction(Game[AuctionState, int]):
    """Round after round some players bid at once for an item that is worth something else to each of them.

    Source:
        W. Vickrey, Counterspeculation, Auctions, and Competitive Sealed Tenders, Journal of Finance 16 (1961), 8-37,
        doi:10.1111/j.1540-6261.1961.tb02789.x, with whole numbers for values and bids.
    Players and turns:
        2 to 6 players, who bid simultaneously in every round.
    What the player sees:
        What the item is worth to it, who bought the last item at what price, what that earned it if it was the buyer,
        and the number of the round. It never sees the value of another player, nor a bid that was not the price.
    Replies:
        `bid 3`, or just the number; `offer`, `pay` and "nothing" or "pass" for 0 are understood. In a longer reply the
        last such number counts.
    Rules:
        In each round chance draws for each player, independently, what the item is worth to it: each whole number from
        0 to `top` is equally likely. The highest bid wins, also if it is 0 or above the value. Of equal highest bids
        each wins with the same probability. The buyer pays its own bid if `kind` is "first", and the highest bid of
        the other players if it is "second".
    Rewards:
        After each round the buyer gets the value of the item less the price, divided by `rounds` x `top`; the others
        get 0. Return in -1 … 1.
    End:
        All rounds are played.
    Parameters:
        kind: "first" or "second", which price is paid.
        players: 2 to 6.
        rounds: rounds in an episode; everyone knows it.
        top: the highest value and the highest bid.
    Size:
        One instance: all the rest is chance. `rounds` turns, top + 1 moves.
    Known values:
        With the second price no bid is ever better than one's value, whatever the others bid (Vickrey 1961): the
        expert bids it. With the first price and values spread evenly over an interval it is an equilibrium that each of
        n players bids (n - 1)/n of its value (Vickrey 1961); the expert bids that, rounded down. For two players and
        an odd `top`, and for three and 20 as by default, this is still an equilibrium. Elsewhere it is only near one:
        against others who do the same, the best bid gains up to 0.159 points a round more at the hard level (where
        items are worth up to 50) and 0.258 at the extreme one (up to 100). At the easy level optimal, myopic and the
        expert are 5/24, with either price, as revenue equivalence has it for an interval; with the first price plan is
        0.1528 and random -0.1042. By default each of three experts earns 0.0901.
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"players": 2, "rounds": 3, "top": 3},
        "medium": {},
        "hard": {"players": 4, "rounds": 40, "top": 50},
        "extreme": {"players": 6, "rounds": 200, "top": 100},
    }
    scripts = ("truthful", "half", "steady")
    pools: ClassVar = {
        "train": ("random", "script:truthful", "script:half"),
        "test": ("expert", "script:steady"),
    }
    default_opponent = "expert"

    kind: Literal["first", "second"] = "first"
    players: int = 3
    rounds: int = 10
    top: int = 20

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError` or `UnknownNameError`."""
        check_choice("kind", self.kind, KINDS)
        check_range("players", self.players, 2, 6)
        check_range("rounds", self.rounds, 1, 10_000)
        check_range("top", self.top, 1, 1_000)

    @property
    def max_turns(self) -> int:
        return self.rounds

    @property
    def return_range(self) -> tuple[float, float]:
        return (-1.0, 1.0)

    def deals(self) -> Distribution[AuctionState]:
        return ((AuctionState(), Fraction(1)),)

    def to_move(self, state: AuctionState) -> tuple[int, ...]:
        return () if self.chance(state) or state.played == self.rounds else tuple(range(self.players))

    def chance(self, state: AuctionState) -> Distribution[int]:
        """Return the values that the next player may get, or who may win with equal highest bids."""
        if state.bids:
            return uniform(_highest(state.bids))
        if state.played < self.rounds and len(state.values) < self.players:
            return uniform(range(self.top + 1))
        return ()

    def legal(self, state: AuctionState, player: int) -> tuple[int, ...]:
        return tuple(range(self.top + 1))

    def apply(self, state: AuctionState, move: Any) -> AuctionState:
        if state.bids:
            return self._sold(state, state.bids, move)
        if len(state.values) < self.players:
            return state._replace(values=(*state.values, move))
        winners = _highest(move)
        return self._sold(state, move, winners[0]) if len(winners) == 1 else state._replace(bids=move)

    def _sold(self, state: AuctionState, bids: tuple[int, ...], buyer: int) -> AuctionState:
        others = (*bids[:buyer], *bids[buyer + 1 :])
        price = bids[buyer] if self.kind == "first" else max(others)
        return AuctionState(state.played + 1, last=Sale(buyer, price, state.values[buyer] - price))

    def rewards(self, state: AuctionState, move: Any, after: AuctionState) -> tuple[float, ...]:
        sale = after.last
        if sale is None or after.played == state.played:
            return (0.0,) * self.players
        gain = sale.gain / (self.rounds * self.top)
        return tuple(gain if player == sale.buyer else 0.0 for player in range(self.players))

    def instructions(self, player: int) -> str:
        others = "bid of the other player" if self.players == 2 else "highest bid of the other players"
        price = "its own bid" if self.kind == "first" else f"the {others}, not its own"
        rounds = "the only round" if self.rounds == 1 else f"each of {self.rounds} rounds"
        return (
            f"You are player_{player} of {self.players} players in an auction. In {rounds} one item is sold. What it "
            f"is worth to you is drawn at random before you bid, each whole number from 0 to {self.top} being equally "
            "likely. It is drawn anew for every player and every round, and you are not told what it is worth to "
            f"others. Then everyone bids at the same time, a whole number from 0 to {self.top}. The highest bid wins "
            "the item, even if it is 0; among equal highest bids the winner is drawn by lot, each being equally "
            f"likely. The winner pays {price}, and earns what the item is worth to it minus the price, which may be "
            "less than 0. The others pay and earn nothing. Your score is what you earned in all, divided by "
            f"{self.rounds * self.top}.\n"
            f"Reply with your bid, for example: bid {self.top // 2}"
        )

    def view(self, state: AuctionState, player: int) -> str:
        told = self._told_sale(state.last, player) if state.last else ""
        if state.played == self.rounds:
            return f"{told}The game is over."
        worth = f" The item is worth {state.values[player]} to you." if player < len(state.values) else ""
        return f"{told}Round {state.played + 1} of {self.rounds}.{worth}"

    def _told_sale(self, sale: Sale, player: int) -> str:
        """Return the end of the last round as told to `player`."""
        if player != sale.buyer:
            return f"player_{sale.buyer} bought the last item for {sale.price}. "
        earned = f"{'lost' if sale.gain < 0 else 'earned'} {count(abs(sale.gain), 'point')}"
        return f"You bought the last item for {sale.price} and {earned}. "

    def say(self, state: AuctionState, move: int) -> str:
        return f"bid {move}"

    def read(self, state: AuctionState, player: int, text: str) -> int | Refusal:
        bid = read_amount(text, _VERBS, _NOTHING)
        if bid is None:
            return Refusal(f"I read no bid in that. Reply with 'bid' and a number from 0 to {self.top}.")
        if not 0 <= bid <= self.top:
            return illegal(f"You can bid from 0 to {self.top}, not {bid}.")
        return bid

    def expert(self, state: AuctionState, player: int) -> Distribution[int]:
        """The value with the second price; with the first (n - 1)/n of it, rounded down (see Known values)."""
        value = state.values[player]
        bid = value if self.kind == "second" else value * (self.players - 1) // self.players
        return ((bid, Fraction(1)),)

    def script(self, name: str, state: AuctionState, player: int) -> Distribution[int]:
        """`truthful` bids its value, `half` one half of it, `steady` half of the highest possible value."""
        value = state.values[player]
        bids = {"truthful": value, "half": value // 2, "steady": self.top // 2}
        return ((bids[name], Fraction(1)),)


def _highest(bids: tuple[int, ...]) -> tuple[int, ...]:
    """Return the players whose bid is the highest."""
    return tuple(player for player, bid in enumerate(bids) if bid == max(bids))


_VERBS = ("bid", "offer", "pay")
_NOTHING = ("nothing", "pass", "no bid")
