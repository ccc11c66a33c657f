from __future__ import annotations

import random
from collections import Counter
from fractions import Fraction
from functools import cache
from itertools import product
from typing import Any

import pytest

from textenvs.core.errors import ArgumentError
from textenvs.core.game import draw
from textenvs.core.refusal import Refusal
from textenvs.core.strategies import strategy
from textenvs.envs.episode import Episode
from textenvs.envs.multi import TurnEnv
from textenvs.envs.solo import solo_game
from textenvs.envs.streams import Purpose, Stream
from textenvs.games.mafia import Act, Mafia, MafiaState, living
from textenvs.planning.reference import reference_values
from textenvs.registry import make_game
from textenvs.testing import check_no_leak

GAME = Mafia()
ROLES = ("villager", "mafia", "villager", "villager", "mafia", "villager", "villager")
VOTE = MafiaState(ROLES, "vote", 1, 3, 7)
NIGHT = MafiaState(ROLES, "night", 1, 3, 7, out=((0, "voted out"),))


# The rules once more ---------------------------------------------------------------------------------


class Village:
    """The rules, written again from the page: what is asked of whom, and who is out."""

    def __init__(self, roles: tuple[str, ...], talks: int) -> None:
        self.roles, self.talks, self.alive = roles, talks, set(range(len(roles)))
        self.queue: list[int] = []
        self.time = "dawn"

    def asked(self) -> dict[int, str]:
        if self.time == "day" and self.queue:
            return {self.queue[0]: "pass"}
        if self.time == "day":
            return dict.fromkeys(sorted(self.alive), "vote")
        if self.time == "night":
            verbs = {"mafia": "kill", "detective": "check"}
            return {player: verbs[self.roles[player]] for player in sorted(self.alive) if self.roles[player] in verbs}
        return {}

    def begin(self, first: Any) -> None:
        numbers = [*range(first, len(self.roles)), *range(first)]
        self.queue = [player for player in numbers if player in self.alive] * self.talks
        self.time = "day"

    def named(self, acts: dict[int, Act]) -> set[int]:
        votes = Counter(act.player for act in acts.values() if act.verb in ("vote", "kill"))
        return {player for player, n in votes.items() if n == votes.most_common(1)[0][1] and player is not None}

    def remove(self, player: Any) -> None:
        self.alive.remove(player)
        self.time = "end" if self.winner() else {"day": "night", "night": "dawn"}[self.time]

    def winner(self) -> str:
        bad = sum(self.roles[player] == "mafia" for player in self.alive)
        return "villagers" if bad == 0 else "mafia" if 2 * bad >= len(self.alive) else ""


def follow(game: Mafia, seed: int) -> None:
    """Play at random in the game and in the village side by side, and compare everything."""
    dice = random.Random(seed)
    state = game.deal(Stream(seed, Purpose.DEAL))
    village = Village(state.roles, game.talks)
    paid: Any = None
    tied: set[int] = set()
    made: Any
    turns: Counter[int] = Counter()
    while not game.is_over(state):
        assert set(living(state)) == village.alive
        if outcomes := game.chance(state):
            move, p = dice.choice(outcomes)
            assert p == Fraction(1, len(outcomes))
            made = move
            possible = {each.player for each, _ in outcomes}
            if village.time == "dawn":
                assert possible == village.alive
                village.begin(move.player)
            else:
                assert possible == tied
                village.remove(move.player)
        else:
            asked = village.asked()
            assert game.to_move(state) == tuple(asked)
            turns.update(list(asked))
            acts = {player: dice.choice(game.legal(state, player)) for player in asked}
            for player, act in acts.items():
                assert act.verb == asked[player]
                if act.player is not None:
                    assert act.player in village.alive - {player}
                    assert not (act.verb == "kill" and village.roles[act.player] == "mafia")
                    bad = {other for other in village.alive if village.roles[other] == "mafia"}
                    barred = bad if act.verb == "kill" else {player}
                    assert len(game.legal(state, player)) == len(village.alive - barred)
            made = tuple(acts.values()) if len(acts) > 1 else next(iter(acts.values()))
            if village.queue and village.time == "day":
                village.queue.pop(0)
            else:
                tied = village.named(acts)
                if len(tied) == 1:
                    village.remove(*tied)
        after = game.apply(state, made)
        paid = game.rewards(state, made, after)
        if not game.is_over(after):
            assert not any(paid)
        state = after
    assert village.time == "end"
    won = {player for player in village.alive if (village.roles[player] == "mafia") == (village.winner() == "mafia")}
    assert paid == tuple(float(player in won) for player in range(game.players))
    assert max(turns.values()) <= game.max_turns


@pytest.mark.parametrize(
    "game",
    [GAME, Mafia(2, 1), Mafia(4, 1), Mafia(6, 3, detective=True), Mafia(5, 2, detective=True, talks=3), Mafia(10, 3)],
    ids=str,
)
def test_random_plays_agree_with_a_second_implementation(game: Mafia) -> None:
    for seed in range(60):
        follow(game, seed)


# Values ----------------------------------------------------------------------------------------------


def published(n: int, m: int) -> Fraction:
    """The chance of m mafia among n players against villagers who vote at random (Migdal 2010)."""
    if m == 0 or 2 * m >= n:
        return Fraction(int(m > 0))
    return Fraction(m, n) * published(n - 2, m - 1) + Fraction(n - m, n) * (
        published(n - 2, m) if 2 * m < n - 1 else Fraction(1)
    )


def mafia_wins(game: Mafia, name: str) -> Fraction:
    """The chance that the mafia win when one strategy plays all seats, by following every play."""
    play = strategy(name)

    @cache
    def value(state: MafiaState) -> Fraction:
        if game.is_over(state):
            return Fraction(any(state.roles[player] == "mafia" for player in living(state)))
        outcomes = game.chance(state)
        if not outcomes:
            mixed = [play(game, state, player) for player in game.to_move(state)]
            outcomes = tuple(_joint(mixed))
        return sum((Fraction(p) * value(reduced(game.apply(state, move))) for move, p in outcomes), Fraction(0))

    def reduced(state: MafiaState) -> MafiaState:
        """Nobody looks at the votes when all move at random, nor at who died how."""
        if name != "random":
            return state
        return state._replace(votes=(), first=0, out=tuple(sorted((player, "killed") for player, _ in state.out)))

    return sum((Fraction(p) * value(state) for state, p in game.deals()), Fraction(0))


def _joint(mixed: list[Any]) -> list[tuple[Any, Fraction]]:
    joint = []
    for combination in product(*mixed):
        p = Fraction(1)
        for _, share in combination:
            p *= share
        moves = tuple(move for move, _ in combination)
        joint.append((moves if len(moves) > 1 else moves[0], p))
    return joint


def test_the_published_chances_of_the_mafia() -> None:
    assert [published(n, 1) for n in (3, 5, 7, 9)] == [
        Fraction(2, 3),
        Fraction(8, 15),
        Fraction(48, 105),
        Fraction(384, 945),
    ]
    assert published(7, 2) == Fraction(27, 35)


@pytest.mark.parametrize(("villagers", "mafia"), [(2, 1), (3, 1), (4, 1), (3, 2)])
def test_random_players_give_the_mafia_its_published_chance(villagers: int, mafia: int) -> None:
    assert mafia_wins(Mafia(villagers, mafia), "random") == published(villagers + mafia, mafia)


@pytest.mark.parametrize(("villagers", "mafia"), [(2, 1), (4, 1), (5, 1), (3, 2), (5, 2), (4, 3)])
def test_experts_give_the_mafia_its_published_chance(villagers: int, mafia: int) -> None:
    assert mafia_wins(Mafia(villagers, mafia), "expert") == published(villagers + mafia, mafia)


def test_a_detective_helps_the_villagers() -> None:
    assert mafia_wins(Mafia(4, 1, detective=True), "expert") < published(5, 1)


def test_the_rulers_at_easy() -> None:
    values = reference_values(solo_game("Mafia", level="easy"))
    known = (values.optimal.low, values.plan.low, values.myopic.low, values.random.low)
    assert known == pytest.approx((0.4444, 0.4324, 0.3378, 0.3289), abs=1e-4)
    assert values.cell() == "both"
    assert values.expert is not None
    assert values.expert.low == pytest.approx(float(Fraction(28, 75)))


@pytest.mark.slow
def test_the_rulers_with_the_default_arguments() -> None:
    values = reference_values(solo_game("Mafia"))
    known = (values.optimal.low, values.plan.low, values.myopic.low, values.random.low)
    assert known == pytest.approx((0.3143, 0.2563, 0.1689, 0.1675), abs=1e-4)
    assert values.cell() == "both"
    assert values.expert is not None
    assert values.expert.low == pytest.approx(0.2531, abs=1e-4)


def test_a_seat_of_experts_is_worth_what_all_experts_earn() -> None:
    """The five seats together earn what is paid: 1 for a mafioso who wins, or for each villager who is left."""
    game = make_game("Mafia", level="easy")
    seats = [reference_values(solo_game("Mafia", level="easy", seat=seat)).expert for seat in range(5)]
    total = sum(value.low for value in seats if value is not None)
    # mafia out on the first day: 4 villagers left; on the second: 2; else the mafioso alone
    assert total == pytest.approx(float(Fraction(1, 5) * 4 + Fraction(4, 5) * (Fraction(1, 3) * 2 + Fraction(2, 3))))
    assert game.players == 5


# What players can tell apart -------------------------------------------------------------------------


@pytest.mark.parametrize("game", [Mafia(3, 1), Mafia(2, 1), Mafia(3, 1, detective=True)], ids=str)
def test_views_tell_no_secrets(game: Mafia) -> None:
    check_no_leak(game, 10_000)


@pytest.mark.parametrize("game", [GAME, Mafia(6, 2, detective=True)], ids=str)
def test_other_secrets_change_no_word(game: Mafia) -> None:
    """Roles that a player does not know are dealt again: it sees the same, may do the same, and would do the same."""
    compared = 0
    for seed in range(40):
        dice, stream = random.Random(seed), Stream(seed, Purpose.POLICY)
        state = game.deal(Stream(seed, Purpose.DEAL))
        while not game.is_over(state):
            for player in game.to_move(state):
                twin = dealt_again(state, player, dice)
                compared += twin != state
                assert game.view(state, player) == game.view(twin, player)
                assert game.legal(state, player) == game.legal(twin, player)
                for name in ("expert", *(f"script:{each}" for each in game.scripts)):
                    assert strategy(name)(game, state, player) == strategy(name)(game, twin, player)
            movers = game.to_move(state)
            acts = tuple(draw(strategy("random")(game, state, player), stream) for player in movers)
            move = (acts if len(acts) > 1 else acts[0]) if acts else draw(game.chance(state), stream)
            state = game.apply(state, move)
    assert compared > 300


def dealt_again(state: MafiaState, player: int, dice: random.Random) -> MafiaState:
    role = state.roles[player]
    known = {player, *(other for other, _ in state.out)}
    if role == "mafia":
        known |= {other for other, each in enumerate(state.roles) if each == "mafia"}
    if role == "detective":
        known |= {other for other, _ in state.found}
    unknown = [other for other in range(len(state.roles)) if other not in known]
    roles = list(state.roles)
    for other, new in zip(unknown, dice.sample([roles[other] for other in unknown], len(unknown)), strict=True):
        roles[other] = new
    return state._replace(roles=tuple(roles), found=state.found if role == "detective" else ())


def test_views() -> None:
    morning = GAME.apply(MafiaState(ROLES), Act("lot", 5))
    order = "player_5, player_6, player_0, player_1, player_2, player_3, player_4"
    assert GAME.view(morning, 5) == (
        f"You are player_5, a villager. Day 1. Still in, in the order of speaking: {order}. It is your turn to talk."
    )
    assert GAME.view(morning, 1) == (
        f"You are player_1, mafia with player_4. Day 1. Still in, in the order of speaking: {order}. "
        "You wait for others."
    )
    voted = GAME.apply(VOTE, tuple(Act("vote", target) for target in (1, 0, 0, 0, 1, 0, 0)))
    shown = GAME.view(voted, 4)
    assert (
        "Last votes: player_1, player_2, player_3, player_5, player_6 for player_0; player_0, player_4 for player_1."
        in shown
    )
    assert shown.endswith("player_1, player_2. Choose whom to kill.")
    assert GAME.view(voted, 2).endswith("You wait for others.")
    assert GAME.view(voted, 0).endswith("You are out.")
    killed = GAME.apply(voted, (Act("kill", 2), Act("kill", 2)))
    assert "player_2 (villager, killed)" in GAME.view(killed, 3)
    lone = Mafia(2, 1)
    end = lone.apply(
        MafiaState(("mafia", "villager", "villager"), "vote"), (Act("vote", 1), Act("vote", 0), Act("vote", 0))
    )
    assert lone.view(end, 1) == (
        "You are player_1, a villager. Out: player_0 (mafia, voted out). Last votes: player_1, player_2 "
        "for player_0; player_0 for player_1. The villagers win. player_0 was the mafia. You score 1 point."
    )
    assert lone.view(end, 0).endswith("You score 0 points.")


def test_the_detective_is_told_what_it_found() -> None:
    game = Mafia(3, 1, detective=True)
    night = MafiaState(("mafia", "detective", "villager", "villager"), "night", out=((3, "voted out"),))
    assert game.to_move(night) == (0, 1)
    after = game.apply(night, (Act("kill", 2), Act("check", 0)))
    assert after.found == ((0, True),)
    assert game.view(after, 1).startswith("You are player_1, the detective. You know: player_0 is mafia. Out:")
    assert game.expert(night._replace(phase="vote", found=((0, True),)), 1) == ((Act("vote", 0), 1),)


# Talk and leaving ------------------------------------------------------------------------------------


def reply_all(episode: Episode, text: str) -> None:
    for player in episode.to_move():
        episode.reply(player, text)


def test_who_hears_what() -> None:
    episode = Episode(GAME, seed=1)
    first = episode.to_move()[0]
    episode.reply(first, "say: Good morning, everyone")
    while len(episode.to_move()) == 1:
        episode.reply(episode.to_move()[0], "pass")
    assert all("Good morning" in episode.transcript(player) for player in range(7))
    victim = next(player for player in range(7) if episode.state.roles[player] == "villager")
    for player in range(7):
        episode.reply(player, f"vote player_{victim if player != victim else (victim + 1) % 7}")
    mafia = episode.to_move()
    assert [episode.state.roles[player] for player in mafia] == ["mafia", "mafia"]
    target = next(act.player for act in GAME.legal(episode.state, mafia[0]))
    for player in mafia:
        episode.reply(player, f"say: let us kill {target}\nkill player_{target}")
    while not episode.over and len(episode.to_move()) == 1:
        episode.reply(episode.to_move()[0], "pass")
    heard = [player for player in range(7) if f'says: "let us kill {target}"' in episode.transcript(player)]
    assert heard == list(mafia)


def test_who_is_out_leaves_the_table_and_earns_nothing() -> None:
    env = TurnEnv("Mafia", villagers=2, mafia=1)
    for seed in range(10):
        env.reset(seed=seed)
        for _ in range(3):
            env.step("pass")
        roles = env.episode.state.roles
        victim = roles.index("villager")
        for player in range(3):
            env.step(f"vote player_{victim if player != victim else roles.index('mafia')}")
        assert all(env.terminations.values())
        assert env.episode.scores == tuple(float(role == "mafia") for role in roles)
    env = TurnEnv("Mafia")
    env.reset(seed=0)
    for _ in range(7):
        env.step("pass")
    for player in range(7):
        env.step(f"vote player_{2 if player != 2 else 3}")
    assert env.agent_selection == "player_2"
    assert env.terminations["player_2"]
    env.step(None)
    assert "player_2" not in env.agents


# Replies ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "player"),
    [
        ("vote player_1", 1), ("I vote for player 3.", 3), ("**Vote: player_6**", 6), ("player_4", 4), ("4", 4),
        ("My vote goes to player_2", 2), ("I am voting for player_5!", 5), ("Let us eliminate player_1", 1),
        ("player_3 voted for player_1, so I vote for player_3 ", 3), ("VOTE PLAYER_2", 2), ("vote 6", 6),
        ("I won't vote for player_2; I vote for player_3", 3), ("I choose player_4", 4), ("lynch player_1", 1),
        ("I vote for player_3 because player_1 seems fine", 3), ("Player_5 is clearly mafia", 5),
        ("I vote to eliminate player_2.", 2), ("vote out player_2", 2),
    ],
)  # fmt: skip
def test_votes(text: str, player: int) -> None:
    assert GAME.read(VOTE, 0, text) == Act("vote", player)


@pytest.mark.parametrize(
    ("text", "player"),
    [("kill player_2", 2), ("We murder player_3", 3), ("player_5", 5), ("I choose to kill player_6", 6),
     ("Let's target player_3.", 3), ("Killing player_2 is best", 2)],
)  # fmt: skip
def test_kills(text: str, player: int) -> None:
    assert GAME.read(NIGHT, 1, text) == Act("kill", player)


@pytest.mark.parametrize("text", ["check player_1", "I investigate player_1", "player_1", "Inspect player 1!"])
def test_checks(text: str) -> None:
    night = MafiaState(("detective", "mafia", "villager", "villager"), "night")
    assert Mafia(3, 1, detective=True).read(night, 0, text) == Act("check", 1)


@pytest.mark.parametrize("text", ["pass", "I pass.", "**Pass**", "I have nothing to say", "skip", "done"])
def test_passing(text: str) -> None:
    assert GAME.read(VOTE._replace(phase="talk", spoken=0), 3, text) == Act("pass")


@pytest.mark.parametrize(
    ("phase", "text", "kind"),
    [
        ("vote", "", "malformed"), ("vote", "hm", "malformed"), ("vote", "player_1 or player_2", "malformed"),
        ("vote", "I have not decided between 2 of them", "malformed"), ("vote", "vote", "malformed"),
        ("vote", "vote player_0", "illegal"), ("vote", "vote player_7", "illegal"), ("vote", "pass", "illegal"),
        ("vote", "kill player_2", "illegal"), ("vote", "check player_2", "illegal"),
        ("talk", "vote player_2", "illegal"), ("talk", "I think player_2 lies", "malformed"),
        ("night", "kill player_4", "illegal"), ("night", "kill player_0", "illegal"),
        ("night", "vote player_2", "illegal"), ("night", "I do not want to kill player_2", "malformed"),
        ("vote", "not player_2", "malformed"),
    ],
)  # fmt: skip
def test_refusals(phase: str, text: str, kind: str) -> None:
    there = {"vote": VOTE, "talk": VOTE._replace(phase="talk", spoken=0), "night": NIGHT}[phase]
    read = GAME.read(there, 1 if phase == "night" else 0, text)
    assert isinstance(read, Refusal)
    assert read.kind == kind


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"villagers": 1}, "villagers"), ({"mafia": 0}, "mafia"), ({"talks": 0}, "talks"),
        ({"villagers": 3, "mafia": 3}, "mafia must be less"), ({"detective": 1}, "detective must be"),
    ],
)  # fmt: skip
def test_a_bad_argument_is_named(arguments: dict[str, Any], match: str) -> None:
    with pytest.raises(ArgumentError, match=match):
        Mafia(**arguments)


def test_instructions_tell_the_arguments() -> None:
    assert "You are player_3 in a game of Mafia with 7 players, player_0 to player_6. 2 of you are the mafia" in (
        GAME.instructions(3)
    )
    assert "One of you is the mafia; the others are villagers." in Mafia(4, 1).instructions(0)
    assert "turn to talk 3 times; who" in Mafia(4, 1, talks=3).instructions(0)
    assert "detective checks a player" in Mafia(4, 1, detective=True).instructions(0)
