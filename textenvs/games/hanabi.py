"""Hanabi: build fireworks together, where everyone sees all cards but its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, NamedTuple, TypeVar

from textenvs.core.draws import every_outcome
from textenvs.core.errors import ArgumentError, check_range
from textenvs.core.game import Distribution, Game, Levels, Random
from textenvs.core.refusal import Refusal, illegal
from textenvs.games.hanabi_words import COLOURS, Move, read_move
from textenvs.games.phrasing import count, listed

T = TypeVar("T")


class Card(NamedTuple):
    """A card: its colour, an index of `COLOURS`, and its rank, from 1."""

    colour: int
    rank: int


class Held(NamedTuple):
    """A card in a hand, with the colours and ranks that its holder cannot rule out by the hints it got."""

    card: Card
    colours: tuple[int, ...]
    ranks: tuple[int, ...]


class Told(NamedTuple):
    """A move that was made.

    Attributes:
        player: who made it.
        move: what it was.
        places: the places of the cards that a hint named.
        card: the card that was played or discarded.
        fits: whether a card that was played fitted.
    """

    player: int
    move: Move
    places: tuple[int, ...] = ()
    card: Card | None = None
    fits: bool = False


Hand = tuple[Held, ...]


class HanabiState(NamedTuple):
    """The cards and the tokens.

    Attributes:
        hands: of each player, the oldest card first.
        deck: the cards to come, the next one first.
        built: the highest rank built of each colour.
        hints: hint tokens left.
        lives: lives left.
        turn: moves made; the players take turns, player 0 begins.
        final: moves left once the deck is empty, None before.
        discards: the cards discarded or lost, sorted.
        told: the last moves, one of each player, the newest last.
    """

    hands: tuple[Hand, ...]
    deck: tuple[Card, ...]
    built: tuple[int, ...]
    hints: int
    lives: int
    turn: int = 0
    final: int | None = None
    discards: tuple[Card, ...] = ()
    told: tuple[Told, ...] = ()


@dataclass(frozen=True)
class Hanabi(Game[HanabiState, Move]):
    """Build fireworks together by rank and colour; all see your cards but you, and hints are few.

    Source:
        A. Bauza, Hanabi (2010), as in N. Bard et al., The Hanabi Challenge, Artificial Intelligence 280 (2020),
        arXiv:1902.00506, whose numbers of colours, ranks, cards, hints and lives are free. There a team that loses its
        last life scores nothing; here that is so with `forgiving=False`.
    Players and turns:
        2 to 5 players take turns, player_0 first.
    What the player sees:
        The cards of the others and what hints say about them, what hints say about its own, the fireworks, tokens,
        discards, and the last move of every player. Never its own cards before they are played or discarded.
    Replies:
        `play card 1`, `discard card 1`, `hint player_1 red` or `hint player_1 rank 2`; between two players the name
        may be left out. Also `throw away the first card` or `tell player 1 about the 2s`. In a longer reply the last
        such move counts.
    Rules:
        There are three cards of rank 1 of each colour, one of the highest rank and two of each other. The cards of a
        colour are built from 1 upwards. A card that is played and does not come next costs a life and is discarded.
        A hint costs a token; it names all cards of one colour or one rank in a hand, at least one. To discard a card,
        which is allowed while a token is missing, or to complete a colour brings a token back. Who plays or discards
        draws a new card.
    Rewards:
        All players get 1 / (colours * ranks) for each card built, so that all fireworks return 1. Without `forgiving`
        losing the last life takes back all that was earned.
    End:
        All fireworks are complete, the last life is lost, or everyone has had one turn after the last card was drawn.
    Parameters:
        players: 2 to 5.
        colours: number of colours, up to 6.
        ranks: number of ranks, up to 9.
        hand: cards in a hand.
        hints: hint tokens at the start, and the most there can be.
        lives: cards that may be played in error, the last of which ends the game.
        forgiving: whether the fireworks count if the last life is lost.
    Size:
        60 instances at the easy level; at the default level more than 10^19 orders of 24 cards. A player makes at most
        (2 * cards in the deck + hints + players - 1) / players moves.
    Known values:
        At the easy level the best return beside the expert is 0.816667; two experts return 2/3. The expert, who is the
        others' default, follows a convention that the instructions do not tell: it takes a hint to say "play the
        newest card that I name", unless that cannot fit.
    Versions:
        v0: first release.
    """

    levels: ClassVar[Levels] = {
        "easy": {"colours": 1, "ranks": 3, "hand": 2, "hints": 2, "lives": 1},
        "medium": {},
        "hard": {"players": 3, "colours": 5, "ranks": 5, "hand": 5, "hints": 8},
        "extreme": {"colours": 6, "ranks": 8, "hand": 5, "hints": 8},
    }
    default_opponent = "expert"
    scripts = ("cautious",)
    pools: ClassVar = {"train": ("random", "script:cautious"), "test": ("expert", "mixed:0.2")}

    players: int = 2
    colours: int = 3
    ranks: int = 4
    hand: int = 4
    hints: int = 5
    lives: int = 3
    forgiving: bool = True

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("players", self.players, 2, 5)
        check_range("colours", self.colours, 1, len(COLOURS))
        check_range("ranks", self.ranks, 2, 9)
        check_range("hand", self.hand, 1, 6)
        check_range("hints", self.hints, 1, 20)
        check_range("lives", self.lives, 1, 20)
        if not isinstance(self.forgiving, bool):
            raise ArgumentError(f"forgiving must be True or False, not {self.forgiving!r}")
        if len(self._cards()) <= self.players * self.hand:
            raise ArgumentError(
                f"{len(self._cards())} cards of {self.colours} colours and {self.ranks} ranks leave no deck for "
                f"{self.players} players with {self.hand} cards: take more colours or ranks, or a smaller hand"
            )

    @property
    def most(self) -> int:
        """The number of cards in complete fireworks."""
        return self.colours * self.ranks

    @property
    def max_turns(self) -> int:
        deck = len(self._cards()) - self.players * self.hand
        return -(-(2 * deck + self.hints - 1 + self.players) // self.players)

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 1.0)

    def _cards(self) -> tuple[Card, ...]:
        """Return all cards, sorted."""
        copies = (3, *(2,) * (self.ranks - 2), 1)
        return tuple(
            Card(colour, rank) for colour in range(self.colours) for rank, n in enumerate(copies, 1) for _ in range(n)
        )

    def deals(self) -> Distribution[HanabiState] | None:
        return every_outcome(self.deal) if len(self._cards()) <= _LISTED_CARDS else None

    def deal(self, random: Random) -> HanabiState:
        cards = random.shuffled(self._cards())
        dealt = self.players * self.hand
        hands = tuple(
            tuple(map(self._unknown, cards[start : start + self.hand])) for start in range(0, dealt, self.hand)
        )
        return HanabiState(hands, cards[dealt:], (0,) * self.colours, self.hints, self.lives)

    def _unknown(self, card: Card) -> Held:
        return Held(card, tuple(range(self.colours)), tuple(range(1, self.ranks + 1)))

    # The rules -----------------------------------------------------------------------------------

    def to_move(self, state: HanabiState) -> tuple[int, ...]:
        over = state.lives == 0 or state.final == 0 or sum(state.built) == self.most
        return () if over else (state.turn % self.players,)

    def legal(self, state: HanabiState, player: int) -> tuple[Move, ...]:
        places = range(len(state.hands[player]))
        discards = places if state.hints < self.hints else ()
        cards = (*(Move("play", place) for place in places), *(Move("discard", place) for place in discards))
        return (*cards, *self._hints_by(state, player)) if state.hints else cards

    def _hints_by(self, state: HanabiState, player: int) -> Iterator[Move]:
        """Yield the hints that name some card, those to the next player first."""
        for step in range(1, self.players):
            to = (player + step) % self.players
            cards = [held.card for held in state.hands[to]]
            yield from (Move("colour", colour, to) for colour in sorted({card.colour for card in cards}))
            yield from (Move("rank", rank, to) for rank in sorted({card.rank for card in cards}))

    def apply(self, state: HanabiState, move: Move) -> HanabiState:
        player = state.turn % self.players
        after = self._with_hint(state, move) if move.to is not None else self._with_card_spent(state, player, move)
        final = self.players if not after.deck else None
        if state.final is not None:
            final = state.final - 1
        return after._replace(turn=state.turn + 1, final=final, told=after.told[-self.players :])

    def _with_hint(self, state: HanabiState, hint: Move) -> HanabiState:
        to = hint.to or 0
        told = Told(state.turn % self.players, hint, _named(state.hands[to], hint))
        hands = _put(state.hands, to, informed(state.hands[to], hint))
        return state._replace(hands=hands, hints=state.hints - 1, told=(*state.told, told))

    def _with_card_spent(self, state: HanabiState, player: int, move: Move) -> HanabiState:
        """Return the state after a card was played or discarded, and a new one drawn."""
        hand = state.hands[player]
        card = hand[move.number].card
        fits = move.verb == "play" and is_next(state.built, card)
        gains = move.verb == "discard" or (fits and card.rank == self.ranks)
        left = (*hand[: move.number], *hand[move.number + 1 :], *map(self._unknown, state.deck[:1]))
        return state._replace(
            hands=_put(state.hands, player, left),
            deck=state.deck[1:],
            built=_put(state.built, card.colour, card.rank) if fits else state.built,
            discards=state.discards if fits else tuple(sorted((*state.discards, card))),
            hints=min(self.hints, state.hints + gains),
            lives=state.lives - (move.verb == "play" and not fits),
            told=(*state.told, Told(player, move, card=card, fits=fits)),
        )

    def score(self, state: HanabiState) -> int:
        """Return how many cards count as built."""
        return sum(state.built) if state.lives or self.forgiving else 0

    def rewards(self, state: HanabiState, move: Move, after: HanabiState) -> tuple[float, ...]:
        return ((self.score(after) - self.score(state)) / self.most,) * self.players

    # The words -----------------------------------------------------------------------------------

    def instructions(self, player: int) -> str:
        names = listed(COLOURS[: self.colours], "and")
        colours = f"one colour, {names}" if self.colours == 1 else f"{self.colours} colours, {names}"
        between = {2: "", 3: ", two of rank 2"}.get(self.ranks, f", two of each rank from 2 to {self.ranks - 1}")
        other = (player + 1) % self.players
        others = f"player_{other}" if self.players == 2 else "the others"
        lost = "the game ends" if self.forgiving else "the game ends and your score is 0"
        return (
            f"You are player_{player} of {self.players} players who build fireworks together and win together. The "
            f"cards have {colours}, and ranks 1 to {self.ranks}; of each colour there are three cards of rank 1"
            f"{between} and one of rank {self.ranks}. Each colour is built in order: 1 first, then 2, up to "
            f"{self.ranks}. You see the cards of {others}, but not your own {count(self.hand, 'card')}. You take "
            f"turns; {'you move' if player == 0 else 'player_0 moves'} first. On your turn reply with one of:\n"
            "play card 1 - if it comes next in its colour it is built, else it is discarded and "
            f"{'the life' if self.lives == 1 else 'one life'} is lost.\n"
            "discard card 1 - throw the card away and get one hint back.\n"
            f"hint player_{other} {COLOURS[0]} - tell a player which of its cards are {COLOURS[0]}; it must have one. "
            "This costs one hint.\n"
            f"hint player_{other} rank 2 - the same with a rank.\n"
            f"There are {count(self.hints, 'hint')} at first and never more; you cannot discard while no hint is "
            "missing. To complete a colour brings one hint back. Card 1 is your oldest card; whoever plays or discards "
            f"draws a new card, which becomes the last one. The team has {_lives(self.lives)}; when none is left, "
            f"{lost}. After the last card is drawn everyone has one more turn. Your score is the number of cards "
            f"built, divided by {self.most}. For example: play card 1"
        )

    def view(self, state: HanabiState, player: int) -> str:
        lines = [_sentence(told, player) for told in state.told]
        lines.append(self._table(state))
        for other, hand in enumerate(state.hands):
            if other != player:
                lines.append(f"player_{other}: {'; '.join(self._shown(hand))}.")
        lines.append(f"You: {'; '.join(self._hidden(state.hands[player]))}.")
        lines.append(self._next(state, player))
        return "\n".join(lines)

    def _table(self, state: HanabiState) -> str:
        built = ", ".join(f"{COLOURS[colour]} {rank}" for colour, rank in enumerate(state.built))
        discards = ", ".join(map(card_name, state.discards)) or "nothing"
        return (
            f"Built: {built}. Discarded: {discards}. Hints: {state.hints}. Lives: {state.lives}. "
            f"Cards in the deck: {len(state.deck)}."
        )

    def _shown(self, hand: Hand) -> Iterator[str]:
        """Yield the cards of another player, each with what that one knows of it."""
        for place, held in enumerate(hand, 1):
            fresh = held == self._unknown(held.card)
            yield f"card {place} {card_name(held.card)}" + ("" if fresh else f" (told: {self._known(held)})")

    def _hidden(self, hand: Hand) -> Iterator[str]:
        """Yield what a player knows of its own cards."""
        return (f"card {place} {self._known(held)}" for place, held in enumerate(hand, 1))

    def _known(self, held: Held) -> str:
        any_colour = len(held.colours) == self.colours > 1
        colour = "any colour" if any_colour else listed([COLOURS[colour] for colour in held.colours], "or")
        rank = "any rank" if len(held.ranks) == self.ranks else f"rank {listed(held.ranks, last='or')}"
        return f"{colour}, {rank}"

    def _next(self, state: HanabiState, player: int) -> str:
        """Return what `player` is asked or told in the end."""
        movers = self.to_move(state)
        if movers:
            if movers != (player,):
                return f"player_{movers[0]} is to move."
            return "Your move." if state.final is None else "The deck is empty: this is your last move."
        why = (
            "The last life is lost." if not state.lives
            else "All fireworks are complete." if sum(state.built) == self.most
            else "All turns are played."
        )  # fmt: skip
        return f"{why} The team scores {self.score(state)} of {self.most}."

    def say(self, state: HanabiState, move: Move) -> str:
        if move.to is None:
            return f"{move.verb} card {move.number + 1}"
        return f"hint player_{move.to} {_hinted(move)}"

    def read(self, state: HanabiState, player: int, text: str) -> Move | Refusal:
        move = read_move(text)
        other = (player + 1) % self.players
        if move is None:
            return Refusal(
                "I read no move in that. Play or discard a card, or hint one colour or one rank, like: play card 1, "
                f"discard card 1, hint player_{other} {COLOURS[0]}, hint player_{other} rank 1."
            )
        if move.verb in ("colour", "rank") and move.to is None:
            if self.players > 2:
                return Refusal(f"Say who gets the hint, like: hint player_{other} {_hinted(move)}.")
            move = move._replace(to=other)
        return move if move in self.legal(state, player) else illegal(self._why_not(state, player, move))

    def _why_not(self, state: HanabiState, player: int, move: Move) -> str:
        """Say why `move` cannot be made."""
        if move.to is None:
            held = len(state.hands[player])
            if not 0 <= move.number < held:
                return f"You hold {count(held, 'card')}: choose card {listed(range(1, held + 1), last='or')}."
            return "You cannot discard now: no hint is missing. Play a card or give a hint."
        if move.to == player or move.to >= self.players:
            others = [f"player_{other}" for other in range(self.players) if other != player]
            return f"You can give a hint to {listed(others, last='or')}."
        if not state.hints:
            return "No hint is left. Play or discard a card."
        return f"player_{move.to} has no card to show with {_hinted(move)}: a hint must name at least one card."

    # Scripted players ----------------------------------------------------------------------------

    def expert(self, state: HanabiState, player: int) -> Distribution[Move]:
        """Play by a simple convention: a hint says "play the newest card it names", unless that cannot fit.

        In this order: play what a hint asked for, or what certainly fits; give a hint that makes another play a card
        that fits; in the end, if a life is to spare, play what may fit; discard a useless or the oldest card without
        a hint; give a hint that makes nobody play.
        """
        place = self._to_play(state, player)
        if place is not None:
            return ((Move("play", place), Fraction(1)),)
        hints = tuple(self._hints_by(state, player)) if state.hints else ()
        good = next((hint for hint in hints if self._helps(state, player, hint)), None)
        if good is None and state.final is not None and state.lives > 1:
            good = self._gamble(state, player)
        if good is None and state.hints < self.hints:
            good = Move("discard", self._to_discard(state, player))
        idle = next((hint for hint in hints if not self._asked(state, hint)), None)
        return ((good or idle or hints[0], Fraction(1)),)

    def script(self, name: str, state: HanabiState, player: int) -> Distribution[Move]:
        """`cautious` plays what certainly fits, else gives one hint or another, else discards: no convention."""
        place = self._certain(state, player)
        if place is not None:
            return ((Move("play", place), Fraction(1)),)
        if not state.hints:
            return ((Move("discard", self._to_discard(state, player)), Fraction(1)),)
        hints = tuple(self._hints_by(state, player))
        return ((hints[state.turn // self.players % len(hints)], Fraction(1)),)

    def _to_play(self, state: HanabiState, player: int) -> int | None:
        """Return the place of the card that the convention or certainty tells `player` to play, None if none."""
        for told in reversed(state.told):
            if told.player == player:
                break
            if told.move.to == player and may_fit(state.built, state.hands[player][told.places[-1]]):
                return told.places[-1]
        return self._certain(state, player)

    def _certain(self, state: HanabiState, player: int) -> int | None:
        """Return the place of a card that fits whatever it is, None if `player` knows of none."""
        hand = enumerate(state.hands[player])
        return next((place for place, held in hand if must_fit(state.built, held)), None)

    def _asked(self, state: HanabiState, hint: Move) -> Card | None:
        """Return the card that `hint` makes its receiver play, None if it does not."""
        to = hint.to or 0
        place = _named(state.hands[to], hint)[-1]
        held = informed(state.hands[to], hint)[place]
        return held.card if may_fit(state.built, held) else None

    def _gamble(self, state: HanabiState, player: int) -> Move | None:
        """Return the play of the oldest card that may fit, None if there is none."""
        hand = enumerate(state.hands[player])
        return next((Move("play", place) for place, held in hand if may_fit(state.built, held)), None)

    def _helps(self, state: HanabiState, player: int, hint: Move) -> bool:
        """Return whether `hint` makes someone play a card that fits, who would not and which nobody else would."""
        card = self._asked(state, hint)
        if card is None or not is_next(state.built, card) or self._is_late(state, player, hint):
            return False
        others = [other for other in range(self.players) if other != player]
        plans = {other: self._to_play(state, other) for other in others}
        promised = [state.hands[other][place].card for other, place in plans.items() if place is not None]
        return plans[hint.to or 0] is None and card not in promised

    def _is_late(self, state: HanabiState, player: int, hint: Move) -> bool:
        """Return whether who gets `hint` will not move again."""
        return state.final is not None and ((hint.to or 0) - player) % self.players >= state.final

    def _to_discard(self, state: HanabiState, player: int) -> int:
        """Return the place of a card known to be useless, else of the oldest without a hint, else of the oldest."""
        hand = state.hands[player]
        for place, held in enumerate(hand):
            if max(held.ranks) <= min(state.built[colour] for colour in held.colours):
                return place
        bare = (place for place, held in enumerate(hand) if len(held.ranks) > 1 and len(held.colours) != 1)
        return next(bare, 0)


_LISTED_CARDS = 6


def is_next(built: tuple[int, ...], card: Card) -> bool:
    """Return whether `card` comes next in its colour."""
    return card.rank == built[card.colour] + 1


def may_fit(built: tuple[int, ...], held: Held) -> bool:
    """Return whether the holder of a card cannot rule out that it comes next."""
    return any(built[colour] + 1 in held.ranks for colour in held.colours)


def must_fit(built: tuple[int, ...], held: Held) -> bool:
    """Return whether the holder of a card knows that it comes next."""
    return all(held.ranks == (built[colour] + 1,) for colour in held.colours)


def informed(hand: Hand, hint: Move) -> Hand:
    """Return a hand after a hint was given about it."""
    return tuple(_learnt(held, hint) for held in hand)


def _learnt(held: Held, hint: Move) -> Held:
    named = _is_named(held.card, hint)
    if hint.verb == "colour":
        return held._replace(colours=tuple(c for c in held.colours if (c == hint.number) == named))
    return held._replace(ranks=tuple(r for r in held.ranks if (r == hint.number) == named))


def _is_named(card: Card, hint: Move) -> bool:
    return (card.colour if hint.verb == "colour" else card.rank) == hint.number


def _named(hand: Hand, hint: Move) -> tuple[int, ...]:
    """Return the places of the cards that a hint names."""
    return tuple(place for place, held in enumerate(hand) if _is_named(held.card, hint))


def _put(items: tuple[T, ...], place: int, item: T) -> tuple[T, ...]:
    """Return `items` with another one at `place`."""
    return (*items[:place], item, *items[place + 1 :])


def card_name(card: Card) -> str:
    """Return a card in words, as in `red 1`."""
    return f"{COLOURS[card.colour]} {card.rank}"


def _hinted(hint: Move) -> str:
    return COLOURS[hint.number] if hint.verb == "colour" else f"rank {hint.number}"


def _lives(n: int) -> str:
    return "1 life" if n == 1 else f"{n} lives"


def _sentence(told: Told, player: int) -> str:
    """Return what `player` is told about a move."""
    who = "You" if told.player == player else f"player_{told.player}"
    if told.card is None:
        cards = [place + 1 for place in told.places]
        are = f"card {cards[0]} is" if len(cards) == 1 else f"cards {listed(cards, 'and')} are"
        whom = "you" if told.move.to == player else f"player_{told.move.to}"
        return f"{who} told {whom}: {are} {_hinted(told.move)}."
    place, card = told.move.number + 1, card_name(told.card)
    if told.move.verb == "discard":
        return f"{who} discarded card {place}: {card}."
    return f"{who} played card {place}: {card}. {'It fits.' if told.fits else 'It does not fit: a life is lost.'}"
