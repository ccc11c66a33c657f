"""Mafia: villagers vote by day, the mafia kill by night, and only the mafia know who is who."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import combinations
from typing import Any, ClassVar, NamedTuple

from textenvs.core.errors import ArgumentError, check_range
from textenvs.core.game import Distribution, Game, Levels, uniform
from textenvs.core.reading import NOT, last_phrase
from textenvs.core.refusal import Refusal, illegal
from textenvs.games.phrasing import count, listed


class Act(NamedTuple):
    """A move: `vote`, `kill` or `check` and a player, or `pass` and nobody."""

    verb: str
    player: int | None = None


class MafiaState(NamedTuple):
    """Who is who, who is out, and what is going on.

    Attributes:
        roles: `villager`, `mafia` or `detective` for each player.
        phase: `morning` (chance draws the first speaker), `talk`, `vote`, `day lot` (chance breaks a tie), `night`,
            `night lot` or `over`.
        day: the number of the day, from 1; a night has the number of the day before it.
        first: who speaks first on that day.
        spoken: how often somebody had its turn to talk on that day.
        votes: who voted for whom on the last day on which there was a vote.
        tied: among whom the lot decides.
        out: who is out and how, in order.
        found: whom the detective checked, and whether it is mafia.
    """

    roles: tuple[str, ...]
    phase: str = "morning"
    day: int = 1
    first: int = 0
    spoken: int = 0
    votes: tuple[tuple[int, int], ...] = ()
    tied: tuple[int, ...] = ()
    out: tuple[tuple[int, str], ...] = ()
    found: tuple[tuple[int, bool], ...] = ()


@dataclass(frozen=True)
class Mafia(Game[MafiaState, Act]):
    """Find the mafia among you by talk and votes before it has killed too many.

    Source:
        Invented by D. Davidoff (1986). The rules are those of M. Braverman, O. Etesami and E. Mossel, Mafia: A
        Theoretical Study of Players and Coalitions in a Partial Information Environment, Annals of Applied
        Probability 18 (2008), 825-846, arXiv:math/0609534: days and nights in turn, beginning with a day, roles are
        told when players are out. Here players talk in turn before they vote, the game ends as soon as the mafia
        cannot lose any more, and only those who are still in score.
    Players and turns:
        villagers + mafia players. By day all who are in have their turn to talk, one after the other, `talks` times;
        then they vote simultaneously. By night the mafia, and the detective, move simultaneously.
    What the player sees:
        Its role, and for the mafia who else is mafia; who is in, in the order in which they speak on that day; who is
        out, how, and with which role; the votes of the last day. Earlier votes are in the history only. What is said
        by day all hear, what the mafia say by night only the mafia; each hears it before its next move.
    Replies:
        `pass` when it is one's turn to talk; a reply that only talks is enough. `vote player_1` by day;
        `kill player_1`, or `check player_1` as the detective, by night. The last of these in a longer reply counts,
        and a reply that names just one player means that player.
    Rules:
        Each day a first speaker is drawn by lot, and the others follow in the order of their numbers. Nobody can vote
        for itself. The player with the most votes is out; a tie is broken by lot. At night the player whom most of
        the mafia chose is out, never one of the mafia; a tie is broken by lot.
    Rewards:
        At the end each player of the side that wins who is still in gets 1; all others get 0. Return in 0 ... 1.
    End:
        The villagers win when no mafia is left; the mafia win as soon as they are as many as the others.
    Parameters:
        villagers: players who are not mafia, the detective included.
        mafia: players who are.
        detective: whether one of the villagers is a detective, who checks a player each night.
        talks: how often each player has its turn to talk on each day.
    Size:
        One instance for each way to deal the roles: 21 with the default arguments, 5 at easy. At most
        `talks` + 2 turns a day and night; with the default arguments 3 days.
    Known values:
        If all vote at random, or all are experts and there is no detective, the mafia win with the chance w(n, m) =
        m/n w(n - 2, m - 1) + (n - m)/n w(n - 2, m), with w(n, 0) = 0 and 1 once they are as many as the others
        (P. Migdal 2010, arXiv:1009.1031): 8/15 at easy, 27/35 with the default arguments. One mafioso among an odd
        number n wins with (n - 1)!!/n!!. Braverman et al. show that villagers cannot do better without a detective.
        easy, player 0 among experts: optimal 0.4444, plan 0.4324, myopic 0.3378, random 0.3289, expert 28/75. With the
        default arguments: optimal 0.3143, plan 0.2563, myopic 0.1689, random 0.1675, expert 0.2531.
    Versions:
        v0: first release.
    """

    talk = 200
    default_opponent = "expert"
    scripts = ("follow", "grudge", "contrary")
    pools: ClassVar = {
        "train": ("random", "expert", "script:follow"),
        "test": ("script:grudge", "script:contrary"),
    }
    levels: ClassVar[Levels] = {
        "easy": {"villagers": 4, "mafia": 1},
        "medium": {},
        "hard": {"villagers": 7, "mafia": 2, "talks": 2},
        "extreme": {"villagers": 10, "mafia": 3, "talks": 3},
    }

    villagers: int = 5
    mafia: int = 2
    detective: bool = False
    talks: int = 1

    def __post_init__(self) -> None:
        """Check the arguments; raises `ArgumentError`."""
        check_range("villagers", self.villagers, 2, 20)
        check_range("mafia", self.mafia, 1, 10)
        check_range("talks", self.talks, 1, 20)
        if self.mafia >= self.villagers:
            raise ArgumentError(f"mafia must be less than villagers={self.villagers}, not {self.mafia}")
        if not isinstance(self.detective, bool):
            raise ArgumentError(f"detective must be True or False, not {self.detective!r}")

    @property
    def players(self) -> int:  # type: ignore[override] # a constant of each game, but not of this class
        return self.villagers + self.mafia

    @property
    def max_turns(self) -> int:
        return _most_days(self.villagers, self.mafia) * (self.talks + 2)

    @property
    def return_range(self) -> tuple[float, float]:
        return (0.0, 1.0)

    # The rules -----------------------------------------------------------------------------------

    def deals(self) -> Distribution[MafiaState]:
        everyone = range(self.players)
        dealt: list[MafiaState] = []
        for mafia in combinations(everyone, self.mafia):
            others = [player for player in everyone if player not in mafia]
            for special in others if self.detective else [-1]:
                roles = {special: "detective", **dict.fromkeys(mafia, "mafia")}
                dealt += [MafiaState(tuple(roles.get(player, "villager") for player in everyone))]
        return uniform(dealt)

    def content(self, state: MafiaState) -> tuple[str, ...]:
        return state.roles

    def to_move(self, state: MafiaState) -> tuple[int, ...]:
        alive = living(state)
        if state.phase == "talk":
            return (speakers(state)[state.spoken % len(alive)],)
        if state.phase == "night":
            return tuple(player for player in alive if state.roles[player] != "villager")
        return alive if state.phase == "vote" else ()

    def chance(self, state: MafiaState) -> Distribution[Act]:
        drawn = {"morning": living(state), "day lot": state.tied, "night lot": state.tied}.get(state.phase, ())
        return uniform([Act("lot", player) for player in drawn])

    def legal(self, state: MafiaState, player: int) -> tuple[Act, ...]:
        verb = _verb(state, player)
        if verb == "pass":
            return (Act("pass"),)
        spared = [other for other in living(state) if verb == "kill" and state.roles[other] == "mafia"]
        return tuple(Act(verb, other) for other in living(state) if other not in (player, *spared))

    def apply(self, state: MafiaState, move: Any) -> MafiaState:
        if state.phase == "talk":
            spoken = state.spoken + 1
            return state._replace(spoken=spoken, phase="talk" if spoken < self.talks * len(living(state)) else "vote")
        if state.phase == "morning":
            return state._replace(phase="talk", first=move.player, spoken=0)
        if state.phase.endswith("lot"):
            return self._decided(state, (move.player,))
        movers = self.to_move(state)
        acts = dict(zip(movers, (move,) if isinstance(move, Act) else move, strict=True))
        return self._decided(_noted(state, acts), _most_named(act for act in acts.values() if act.verb != "check"))

    def _decided(self, state: MafiaState, named: tuple[int, ...]) -> MafiaState:
        """Put out whom the votes name, or let the lot decide between several."""
        night = state.phase.startswith("night")
        if len(named) > 1:
            return state._replace(phase="night lot" if night else "day lot", tied=named)
        state = state._replace(out=(*state.out, (named[0], "killed" if night else "voted out")), tied=())
        if winners(state):
            return state._replace(phase="over")
        return state._replace(phase="morning", day=state.day + 1) if night else state._replace(phase="night")

    def rewards(self, state: MafiaState, move: Any, after: MafiaState) -> tuple[float, ...]:
        won = winners(after)
        return tuple(float(player in won) for player in range(self.players))

    def left(self, state: MafiaState) -> tuple[int, ...]:
        return tuple(sorted(player for player, _ in state.out))

    def hears(self, state: MafiaState, player: int) -> tuple[int, ...]:
        everyone = super().hears(state, player)
        if state.phase != "night":
            return everyone
        both = (state.roles[player], "mafia")
        return tuple(other for other in everyone if both == ("mafia", state.roles[other]))

    # The words -----------------------------------------------------------------------------------

    def instructions(self, player: int) -> str:
        one = self.mafia == 1
        mafia = "One of you is the mafia" if one else f"{self.mafia} of you are the mafia and know each other"
        special = ", one of whom is the detective" if self.detective else ""
        kill = "and that player is out" if one else "all at the same time; who is named most is out, a lot decides ties"
        heard = "Nobody hears" if one else "Only the mafia hear"
        check = (
            " The detective checks a player (check player_1) and learns whether it is mafia." if self.detective else ""
        )
        return (
            f"You are player_{player} in a game of Mafia with {self.players} players, player_0 to "
            f"player_{self.players - 1}. {mafia}; the others are villagers{special}. You will be told your role. Days "
            "and nights follow each other, beginning with a day.\n"
            f"By day all players have their turn to talk{_times(self.talks)}; who has nothing to say replies pass. "
            "Then all vote at the same time (vote player_1). Who gets the most votes is out; a lot decides ties.\n"
            f"By night the mafia choose whom to kill (kill player_1), {kill}. "
            f"{heard} what the mafia say by night.{check}\n"
            "All are told the role of who is out. The villagers win when no mafia is left; the mafia win as soon as "
            "they are as many as the others. Who is on the winning side and still in scores 1 point, everyone else 0.\n"
            "Reply, for example: pass"
        )

    def view(self, state: MafiaState, player: int) -> str:
        told = [_role(state, player), _fates(state), _votes(state)]
        told.append(_ending(state, player) if state.phase == "over" else self._next(state, player))
        return " ".join(filter(None, told))

    def _next(self, state: MafiaState, player: int) -> str:
        """Return what time it is and what `player` is asked."""
        order = ", ".join(map(called, speakers(state)))
        if state.phase.startswith("night"):
            return f"Night {state.day}. Still in: {order}. {self._asked(state, player)}"
        return f"Day {state.day}. Still in, in the order of speaking: {order}. {self._asked(state, player)}"

    def _asked(self, state: MafiaState, player: int) -> str:
        if player in self.left(state):
            return "You are out."
        if player not in self.to_move(state):
            return "You wait for others."
        return _QUESTIONS[_verb(state, player)]

    def say(self, state: MafiaState, move: Act) -> str:
        return move.verb if move.player is None else f"{move.verb} {called(move.player)}"

    def read(self, state: MafiaState, player: int, text: str) -> Act | Refusal:
        wanted = _verb(state, player)
        act = read_act(text, wanted)
        if act is None:
            return Refusal(f"I read no move in that. {_HINTS[wanted]}")
        if act.verb != wanted:
            return illegal(f"You cannot {act.verb} now. {_HINTS[wanted]}")
        if act not in self.legal(state, player):
            choice = listed(
                [called(each.player) for each in self.legal(state, player) if each.player is not None], last="or"
            )
            return illegal(f"You cannot {self.say(state, act)}. Choose {choice}.")
        return act

    # Scripted players ----------------------------------------------------------------------------

    def expert(self, state: MafiaState, player: int) -> Distribution[Act]:
        """Vote together, as Braverman et al. advise: for the first speaker, but sooner for who voted suspiciously.

        Suspicious are those who voted for a villager, or not for a mafioso, when that player was voted out last. The
        mafia vote like villagers, so as not to stand out, and kill the villager who is suspected least. The detective
        votes for mafia that it knows, and checks whom it would vote for, if it has not done so yet.
        """
        verb = _verb(state, player)
        order = [act.player for act in self.legal(state, player) if act.player is not None]
        order.sort(key=lambda other: _suspicion(state, player, other))
        if verb == "kill":
            return ((Act(verb, order[-1]), Fraction(1)),)
        if verb == "check":
            order.sort(key=lambda other: other in dict(state.found))
        return ((Act(verb, order[0] if order else None), Fraction(1)),)

    def script(self, name: str, state: MafiaState, player: int) -> Distribution[Act]:
        """Vote for the first speaker (`follow`), the last (`contrary`), or for who voted for oneself (`grudge`).

        By night all of them do what the expert does.
        """
        if state.phase != "vote":
            return self.expert(state, player)
        order = [other for other in speakers(state) if other != player]
        against = [other for other in order if (other, player) in state.votes and name == "grudge"]
        target = order[-1] if name == "contrary" else [*against, *order][0]
        return ((Act("vote", target), Fraction(1)),)


# Facts -----------------------------------------------------------------------------------------------


def living(state: MafiaState) -> tuple[int, ...]:
    """Return who is still in."""
    gone = [player for player, _ in state.out]
    return tuple(player for player in range(len(state.roles)) if player not in gone)


def speakers(state: MafiaState) -> tuple[int, ...]:
    """Return who is still in, in the order of speaking."""
    return tuple(sorted(living(state), key=lambda player: (player - state.first) % len(state.roles)))


def winners(state: MafiaState) -> tuple[int, ...]:
    """Return who is still in and has won; nobody while the game goes on."""
    alive = living(state)
    mafia = tuple(player for player in alive if state.roles[player] == "mafia")
    others = tuple(player for player in alive if player not in mafia)
    return mafia if len(mafia) >= len(others) else () if mafia else others


@lru_cache(maxsize=256)
def _most_days(villagers: int, mafia: int) -> int:
    """Return how many days a game can last."""
    if mafia == 0 or mafia >= villagers:
        return 0
    after = [(villagers, mafia - 1), (villagers - 1, mafia)]
    return 1 + max(_most_days(left - 1, bad) if 0 < bad < left else 0 for left, bad in after)


def _noted(state: MafiaState, acts: dict[int, Act]) -> MafiaState:
    """Return the state with the votes of a day, or with what the detective found."""
    named = tuple((player, act.player) for player, act in acts.items() if act.player is not None)
    if state.phase == "vote":
        return state._replace(votes=named)
    checked = [other for player, other in named if acts[player].verb == "check"]
    return state._replace(found=(*state.found, *((other, state.roles[other] == "mafia") for other in checked)))


def _most_named(acts: Iterable[Act]) -> tuple[int, ...]:
    """Return whom most acts name."""
    votes = Counter(act.player for act in acts if act.player is not None)
    return tuple(sorted(player for player, n in votes.items() if n == max(votes.values())))


def _verb(state: MafiaState, player: int) -> str:
    """Return what kind of move `player` makes when it is to move in this phase."""
    if state.phase == "night":
        return "kill" if state.roles[player] == "mafia" else "check"
    return "vote" if state.phase == "vote" else "pass"


def _suspicion(state: MafiaState, player: int, other: int) -> tuple[int, int, int]:
    """Return where `other` stands among the suspects of `player`, the first one lowest."""
    known = dict(state.found).get(other) if state.roles[player] == "detective" else None
    voted_out = [one for one, how in state.out if how == "voted out"]
    suspicious = False
    if voted_out:
        bad = state.roles[voted_out[-1]] == "mafia"
        suspicious = ((other, voted_out[-1]) in state.votes) != bad
    return {True: 0, None: 1, False: 2}[known], -suspicious, speakers(state).index(other)


# Words -----------------------------------------------------------------------------------------------

_QUESTIONS = {
    "pass": "It is your turn to talk.",
    "vote": "Vote now.",
    "kill": "Choose whom to kill.",
    "check": "Choose whom to check.",
}
_HINTS = {
    "pass": 'It is your turn to talk: begin the line with "say:", or reply: pass.',
    "vote": "Reply with your vote, such as: vote player_1.",
    "kill": "Reply with whom to kill, such as: kill player_1.",
    "check": "Reply with whom to check, such as: check player_1.",
}


def called(player: int) -> str:
    """Return how a player is called."""
    return f"player_{player}"


def _all_of(items: list[str]) -> str:
    return listed(items, "and") if items else ""


def _times(n: int) -> str:
    return "" if n == 1 else f" {count(n, 'time')}"


def _role(state: MafiaState, player: int) -> str:
    """Tell `player` its role and what it knows by it."""
    role = state.roles[player]
    if role == "mafia":
        others = [called(other) for other, each in enumerate(state.roles) if each == "mafia" and other != player]
        return f"You are {called(player)}, mafia{' with ' * bool(others)}{_all_of(others)}."
    if role == "villager":
        return f"You are {called(player)}, a villager."
    found = [f"{called(other)} is {'' if bad else 'not '}mafia" for other, bad in state.found]
    return f"You are {called(player)}, the detective." + (f" You know: {_all_of(found)}." if found else "")


def _fates(state: MafiaState) -> str:
    fates = [f"{called(player)} ({state.roles[player]}, {how})" for player, how in state.out]
    return f"Out: {', '.join(fates)}." if fates else ""


def _votes(state: MafiaState) -> str:
    """Tell how the last vote went, player by player of those who got votes."""
    named = sorted({other for _, other in state.votes})
    voters = {other: ", ".join(called(one) for one, voted in state.votes if voted == other) for other in named}
    return f"Last votes: {'; '.join(f'{voters[other]} for {called(other)}' for other in named)}." if named else ""


def _ending(state: MafiaState, player: int) -> str:
    won = winners(state)
    side = "The mafia win." if state.roles[won[0]] == "mafia" else "The villagers win."
    mafia = [called(other) for other, role in enumerate(state.roles) if role == "mafia"]
    was = f"{_all_of(mafia)} {'was' if len(mafia) == 1 else 'were'} the mafia."
    return f"{side} {was} You score {count(int(player in won), 'point')}."


# Reading ---------------------------------------------------------------------------------------------

_VERBS = {
    "vote": r"vot(?:e|ing)(?: to)?(?: out| off)?|eliminate|lynch|hang",
    "kill": r"kill(?:ing)?|murder",
    "check": r"check(?:ing)?|investigate|inspect",
}
_CHOICE = r"(?:choose|pick|target|choosing)"
_FILLER = r"(?: for| is| against| goes to| on| to| eliminate| kill| check| out){0,3}[\s:*`\"']{1,4}"
_ACT = re.compile(
    rf"(?P<denied>{NOT}(?:want to |going to )?)?\b(?:"
    + "|".join(f"(?P<{verb}>{words})" for verb, words in _VERBS.items())
    + rf"|{_CHOICE}){_FILLER}(?:player[ _]?)?(?P<player>\d{{1,3}})(?!\w)"
)
_NAMED = re.compile(rf"(?P<denied>{NOT})?(?<!\w)player[ _]?(?P<player>\d{{1,3}})(?!\w)")
_PASS = dict.fromkeys(("pass", "skip", "nothing to say", "say nothing", "stay silent", "done", "no comment"), "pass")


def read_act(text: str, wanted: str) -> Act | None:
    """Return the last act in a reply; a player named without a verb, and no other one, is whom `wanted` is done to."""
    text = text.lower().replace("’", "'")
    acts = list(_ACT.finditer(text))
    meant = [act for act in acts if not act["denied"]]
    if meant:
        verb = next((verb for verb in _VERBS if meant[-1][verb]), wanted)
        return Act(verb, int(meant[-1]["player"])) if verb != "pass" else None
    if wanted == "pass":
        return Act("pass") if last_phrase(text, _PASS) else None
    named = set() if acts else {int(found["player"]) for found in _NAMED.finditer(text) if not found["denied"]}
    bare = text.strip(" \n\t.!*`\"'")
    if bare.isdecimal() and len(bare) <= 3:
        named.add(int(bare))
    if len(named) == 1:
        return Act(wanted, named.pop())
    return Act("pass") if bare in _PASS else None
