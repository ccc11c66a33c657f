"""Deal or no deal: agree on how to share out items that are worth something else to the other player."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import product
from typing import ClassVar, NamedTuple

from textenvs.core.errors import ArgumentError, check_range
from textenvs.core.game import Distribution, Game, Levels, Random
from textenvs.core.refusal import Refusal, illegal
from textenvs.games.deal_words import KINDS, Counts, Move, Propose, in_words, read_move, rest
from textenvs.games.phrasing import count


class DealOrNoDealState(NamedTuple):
    """What is on the table and how far the negotiation is.

    Attributes:
        pool: how many items of each kind there are.
        values: what an item of each kind is worth to each player.
        made: moves made so far, by both players together.
        offer: what the player who moved last wants to have, None before the first proposal.
        end: `accept` or `walk away` once that was the last move.
    """

    pool: Counts
    values: tuple[Counts, Counts]
    made: int = 0
    offer: Counts | None = None
    end: str = ""


@dataclass(frozen=True)
class DealOrNoDeal(Game[DealOrNoDealState, Move]):
    """Two players share out books, hats and balls, and neither knows what they are worth to the other.

    Source:
        M. Lewis, D. Yarats, Y. N. Dauphin, D. Parikh and D. Batra, Deal or No Deal? End-to-End Learning for
        Negotiation Dialogues (2017, arXiv:1706.05125): 5 to 7 items of three kinds, worth 10 to each player in
        all; every kind is worth something to one player at least, and some kind to both. Theirs end by a selection
        that each player makes on its own; here a proposal is a move of its own that the other may accept, as in
        OpenSpiel's `bargaining`, and talk stands beside the moves.
    Players and turns:
        Two players take turns, player 0 first. Each may add a line of free talk, which the other one hears.
    What the player sees:
        The items, what they are worth to itself, and what the other one proposed last; earlier proposals are in the
        history only. The other's values are hidden until the end, when the points of both are told.
    Replies:
        `propose 1 book, 0 hats, 2 balls` says what the player wants; the other one gets the rest. Also
        `propose 1, 0, 2`, in the order of the items, "I want the book and two balls" or "you get the hats". `accept`
        takes the other's proposal, `walk away` ends the negotiation. In a longer reply the last of these counts.
    Rules:
        There must be a proposal to accept. Who makes the very last move can only accept it or walk away.
    Rewards:
        When a proposal is accepted each player gets what its items are worth to it, as a share of `total`. Without a
        deal both get 0. Return in 0 ... 1.
    End:
        A proposal is accepted or a player walks away, which the last move must do.
    Parameters:
        rounds: moves of each player.
        least: the fewest items on the table.
        most: the most items on the table.
        total: what all items together are worth to each player.
    Size:
        5,793 instances with the default arguments, all that the rules of Lewis et al. admit; 135 at easy, 44,748 with
        least=7, most=9, total=20. At most `rounds` turns.
    Known values:
        easy, player 0 against the expert: optimal 0.9111, plan 0.8611, myopic 0.8019, random 0.2388.
        `efficient_splits` and `nash_split` give what two players who know all would look for. With the default
        arguments two experts get 0.6979 and 0.7397 on average, and 9 of the instances end without a deal; the splits
        that are best for both together give each of them 0.7586 on average.
    Versions:
        v0: first release.
    """

    players = 2
    talk = 200
    default_opponent = "expert"
    scripts = ("boulware", "conceder", "stubborn", "fair")
    pools: ClassVar = {
        "train": ("random", "script:boulware", "script:fair"),
        "test": ("script:conceder", "script:stubborn"),
    }
    levels: ClassVar[Levels] = {
        "easy": {"rounds": 2, "least": 3, "most": 3, "total": 4},
        "medium": {},
        "hard": {"rounds": 10, "least": 7, "most": 9, "total": 20},
        "extreme": {"rounds": 30, "least": 9, "most": 12, "total": 50},
    }

    rounds: int = 5
    least: int = 5
    most: int = 7
    total: int = 10

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("rounds", self.rounds, 1, 1_000)
        check_range("least", self.least, 3, 20)
        check_range("most", self.most, 3, 20)
        check_range("total", self.total, 2, 100)
        if self.least > self.most:
            raise ArgumentError(f"least must be at most most={self.most}, not {self.least}")
        if not _pools(self.least, self.most, self.total):
            raise ArgumentError(f"no items are worth total={self.total} to both players; make it {self.most} or more")

    @property
    def max_turns(self) -> int:
        return self.rounds

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 1.0)

    # The opening ---------------------------------------------------------------------------------

    def deals(self) -> Distribution[DealOrNoDealState] | None:
        if self.most > _LISTED_ITEMS or self.total > _LISTED_TOTAL:
            return None
        pools = _pools(self.least, self.most, self.total)
        outcomes: list[tuple[DealOrNoDealState, Fraction]] = []
        for pool in pools:
            pairs = list(_pairs(pool, self.total))
            share = Fraction(1, len(pools) * len(pairs))
            outcomes += [(DealOrNoDealState(pool, pair), share) for pair in pairs]
        return tuple(outcomes)

    def deal(self, random: Random) -> DealOrNoDealState:
        pool = random.choice(_pools(self.least, self.most, self.total))
        values = _values(pool, self.total)
        while True:
            pair = (random.choice(values), random.choice(values))
            if _interesting(*pair):
                return DealOrNoDealState(pool, pair)

    # The rules -----------------------------------------------------------------------------------

    def to_move(self, state: DealOrNoDealState) -> tuple[int, ...]:
        return () if state.end else (state.made % 2,)

    def legal(self, state: DealOrNoDealState, player: int) -> tuple[Move, ...]:
        proposals = () if self._is_last(state) else _proposals(state.pool)
        return (*proposals, *(("accept",) if state.offer else ()), "walk away")

    def _is_last(self, state: DealOrNoDealState) -> bool:
        return state.made == 2 * self.rounds - 1

    def apply(self, state: DealOrNoDealState, move: Move) -> DealOrNoDealState:
        if isinstance(move, Propose):
            return state._replace(made=state.made + 1, offer=move.share)
        return state._replace(made=state.made + 1, end=move)

    def rewards(self, state: DealOrNoDealState, move: Move, after: DealOrNoDealState) -> tuple[float, ...]:
        if move != "accept":
            return (0.0, 0.0)
        return tuple(self._points(after, player) / self.total for player in (0, 1))

    def _points(self, state: DealOrNoDealState, player: int) -> int:
        """Return what `player` has of a deal that was made: the offer is of the one who did not move last."""
        offer = state.offer or (0, 0, 0)
        return worth(offer if state.made % 2 == player else rest(state.pool, offer), state.values[player])

    # The words -----------------------------------------------------------------------------------

    def instructions(self, player: int) -> str:
        example = "accept" if (player, self.rounds) == (1, 1) else "propose 1, 0, 1"
        return (
            f"You are player_{player}. You and player_{1 - player} share out books, hats and balls. To each of you all "
            f"items together are worth {self.total} points, but single items may be worth something else to the other "
            "one, and neither knows the other's values. You take turns; "
            f"{('you move', 'player_0 moves')[player]} first, and each of you has {count(self.rounds, 'move')}. "
            "Reply with one of:\n"
            "propose 1 book, 0 hats, 1 ball - you want these items and the other player gets all the rest.\n"
            "accept - you take what the other player proposed last.\n"
            "walk away - the negotiation ends without a deal.\n"
            f"The last move of all, which is {('the move of player_1', 'yours')[player]}, can only be accept or walk "
            "away. With a deal your score is what your items are worth to you, "
            f"divided by {self.total}. Without a deal both score 0. "
            f"Numbers stand for books, hats and balls in this order. Reply, for example: {example}"
        )

    def view(self, state: DealOrNoDealState, player: int) -> str:
        priced = ", ".join(f"{kind} {n}" for kind, n in zip(KINDS, state.values[player], strict=True))
        told = [f"Items: {in_words(state.pool)}. Worth to you, each: {priced}."]
        if state.offer:
            told.append(self._offered(state, player))
        told.append(self._ending(state, player) if state.end else self._next(state, player))
        return " ".join(told)

    def _offered(self, state: DealOrNoDealState, player: int) -> str:
        """Tell whose proposal is on the table, and what it means to `player`."""
        proposer, offer = self._proposer(state), state.offer or (0, 0, 0)
        share = offer if proposer == player else rest(state.pool, offer)
        who = "You proposed" if proposer == player else f"player_{proposer} proposed"
        return (
            f"{who}: you get {in_words(share)} (worth {worth(share, state.values[player])} to you), the other the rest."
        )

    def _proposer(self, state: DealOrNoDealState) -> int:
        last = (state.made - 1) % 2
        return 1 - last if state.end else last

    def _next(self, state: DealOrNoDealState, player: int) -> str:
        if state.made % 2 != player:
            return f"player_{1 - player} is to move."
        if self._is_last(state):
            return "This is the last move: accept or walk away."
        return f"You have {count(self.rounds - state.made // 2, 'move')} left."

    def _ending(self, state: DealOrNoDealState, player: int) -> str:
        last = (state.made - 1) % 2
        who = "You" if last == player else f"player_{last}"
        if state.end != "accept":
            return f"{who} walked away. No deal: both score 0."
        own, other = self._points(state, player), self._points(state, 1 - player)
        return f"{who} accepted. You have {count(own, 'point')} of {self.total}, player_{1 - player} has {other}."

    def say(self, state: DealOrNoDealState, move: Move) -> str:
        if isinstance(move, str):
            return move
        return f"propose {', '.join(count(n, kind) for n, kind in zip(move.share, KINDS, strict=True))}"

    def read(self, state: DealOrNoDealState, player: int, text: str) -> Move | Refusal:
        move = read_move(text, state.pool)
        if move == "accept" and not state.offer:
            return illegal("There is no proposal to accept yet. Make one, such as: propose 1, 0, 1.")
        if isinstance(move, Propose) and self._is_last(state):
            return illegal("No more proposals: this is the last move of all. Reply accept or walk away.")
        return move

    # Scripted players ----------------------------------------------------------------------------

    def expert(self, state: DealOrNoDealState, player: int) -> Distribution[Move]:
        """Ask for less from move to move, down to half of the total, and yield first where it costs least.

        These are the time-dependent tactics of Faratin, Sierra & Jennings (1998, doi:10.1016/S0921-8890(98)00029-3):
        linear concession. Of the shares that are worth enough the player asks for the one that leaves the other the
        most of what it proposed to have last. On the last move it accepts all that is worth something.
        """
        return self._concede(state, player, self._elapsed(state))

    def script(self, name: str, state: DealOrNoDealState, player: int) -> Distribution[Move]:
        """Concede late (`boulware`) or early (`conceder`), never (`stubborn`), or ask for half at once (`fair`)."""
        elapsed = self._elapsed(state)
        conceded = {"boulware": elapsed**3, "conceder": 1 - (1 - elapsed) ** 3, "stubborn": Fraction(0)}
        return self._concede(state, player, conceded.get(name, Fraction(1)))

    def _elapsed(self, state: DealOrNoDealState) -> Fraction:
        """Return how much of the time to concede has passed, from 0 at the first move to 1 at the last."""
        return Fraction(state.made // 2, max(1, self.rounds - 1))

    def _concede(self, state: DealOrNoDealState, player: int, conceded: Fraction) -> Distribution[Move]:
        """Return the move of who gives up `conceded` of the half of `total` that it can do without."""
        wanted = self.total * (1 - conceded / 2)
        values = state.values[player]
        offered = worth(rest(state.pool, state.offer), values) if state.offer else 0
        if self._is_last(state):
            return (("accept" if offered else "walk away", Fraction(1)),)
        if offered and offered >= wanted:
            return (("accept", Fraction(1)),)
        return ((_demand(state.pool, values, state.offer, wanted), Fraction(1)),)


_LISTED_ITEMS = 7
_LISTED_TOTAL = 10


# Shares and values -----------------------------------------------------------------------------------


def worth(items: Counts, values: Counts) -> int:
    """Return what items are worth."""
    return sum(n * value for n, value in zip(items, values, strict=True))


def efficient_splits(state: DealOrNoDealState) -> tuple[Counts, ...]:
    """Return the shares of player 0 in which nobody could have more without the other having less."""
    points = {share: _both(state, share) for (share,) in _proposals(state.pool)}
    return tuple(share for share, own in points.items() if not any(_better(other, own) for other in points.values()))


def nash_split(state: DealOrNoDealState) -> Counts:
    """Return the share of player 0 with the greatest product of points, the first of equals (Nash 1950)."""
    return max(efficient_splits(state), key=lambda share: _both(state, share)[0] * _both(state, share)[1])


def _both(state: DealOrNoDealState, share: Counts) -> tuple[int, int]:
    return worth(share, state.values[0]), worth(rest(state.pool, share), state.values[1])


def _better(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Return whether `one` gives nobody less and somebody more."""
    return one != other and one[0] >= other[0] and one[1] >= other[1]


@lru_cache(maxsize=10_000)
def _demand(pool: Counts, values: Counts, offer: Counts | None, wanted: Fraction) -> Propose:
    """Return the share worth `wanted` or more that leaves most of `offer`, then the fewest items."""

    def cost(move: Propose) -> tuple[int, ...]:
        left = rest(pool, move.share)
        missing = sum(max(0, asked - has) for asked, has in zip(offer or pool, left, strict=True))
        return missing, sum(move.share), -worth(move.share, values)

    return min((move for move in _proposals(pool) if worth(move.share, values) >= wanted), key=cost)


@lru_cache(maxsize=2_000)
def _proposals(pool: Counts) -> tuple[Propose, ...]:
    """Return all ways to share out a pool."""
    first, second, third = (range(n + 1) for n in pool)
    return tuple(Propose((a, b, c)) for a in first for b in second for c in third)


@lru_cache(maxsize=64)
def _pools(least: int, most: int, total: int) -> tuple[Counts, ...]:
    """Return the pools of `least` to `most` items, some of each kind, that can be worth `total` to both players."""
    found = (pool for pool in product(range(1, most - 1), repeat=3) if least <= sum(pool) <= most)
    return tuple((a, b, c) for a, b, c in found if next(_pairs((a, b, c), total), None))


@lru_cache(maxsize=2_000)
def _values(pool: Counts, total: int) -> tuple[Counts, ...]:
    """Return the values in whole numbers with which a pool is worth `total`."""
    first, second, third = pool
    pairs = product(range(total // first + 1), range(total // second + 1))
    left = ((a, b, total - a * first - b * second) for a, b in pairs)
    return tuple((a, b, over // third) for a, b, over in left if over >= 0 and over % third == 0)


def _pairs(pool: Counts, total: int) -> Iterator[tuple[Counts, Counts]]:
    """Yield the values of both players that Lewis et al. admit."""
    yield from ((one, other) for one, other in product(_values(pool, total), repeat=2) if _interesting(one, other))


def _interesting(one: Counts, other: Counts) -> bool:
    """Return whether each kind is worth something to somebody, and some kind to both."""
    kinds = list(zip(one, other, strict=True))
    return all(mine or yours for mine, yours in kinds) and any(mine and yours for mine, yours in kinds)
