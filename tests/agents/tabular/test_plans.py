from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from agents.tabular.plan_rl import clone
from agents.tabular.plan_value import plan_value
from agents.tabular.plans import PlanGame, PlanTable
from agents.tabular.table import Sampler
from tests.agents.tabular.toys import Doors, assembly, seeded
from textenvs.core.game import Game
from textenvs.envs.forms import PlanEpisode
from textenvs.envs.settings import Settings
from textenvs.planning.enumeration import build_graph
from textenvs.planning.graph import InformationGraph, IntArray
from textenvs.planning.values import evaluate


def every_plan(game: PlanGame) -> IntArray:
    return np.array(list(product(range(len(game.words)), repeat=game.graph.horizon)))


def only(plans: PlanTable, opening: int, lines: IntArray) -> None:
    """Make a plan table write one plan for an opening."""
    openings = np.array([plans.game.graph.opening_node[opening]])
    read = np.ones((1, len(lines)), dtype=bool)
    choices = plans.choices(openings, lines[None], read)
    plans.table.logits[choices] += 1000.0


@pytest.mark.parametrize(
    "settings", [Settings(), Settings(refusal_price=0.3, max_refusals=2), Settings(max_refusals=1)]
)
class TestPlaying:
    def test_every_plan_scores_as_in_the_plan_form(self, settings: Settings) -> None:
        rules = Doors()
        game = PlanGame(build_graph(rules), settings)
        lines = every_plan(game)
        form = Settings(form="plan", refusal_price=settings.refusal_price, max_refusals=settings.max_refusals)
        for node in game.graph.opening_node:
            played = game.play(np.full(len(lines), node), lines, seeded())
            ((state, _),) = game.graph.belief(node)
            episodes = [opened(rules, form, opening=state[0]) for _ in lines]
            for episode, plan, score in zip(episodes, lines, played.returns, strict=True):
                episode.reply(0, "\n".join(game.words[word] for word in plan))
                assert episode.scores[0] == pytest.approx(score)
            assert played.steps == sum(episode.steps for episode in episodes)

    def test_the_exact_value_of_one_plan_is_its_score(self, settings: Settings) -> None:
        game = PlanGame(build_graph(Doors()), settings)
        for lines in every_plan(game)[::3]:
            plans = PlanTable(game)
            only(plans, 0, lines)
            only(plans, 1, lines[::-1])
            returns = game.play(game.graph.opening_node, np.stack([lines, lines[::-1]]), seeded()).returns
            assert plan_value(plans) == pytest.approx(game.graph.opening_probability @ returns)


def opened(rules: Doors, settings: Settings, opening: int) -> PlanEpisode:
    """A plan episode of Doors with a certain opening."""
    return next(
        episode
        for episode in (PlanEpisode(rules, settings, seed=seed) for seed in range(1000))
        if episode.state[0] == opening
    )


def score(
    rules: Game[Any, Any], state: Any, plan: list[Any], *, price: float, earned: float = 0.0, refused: int = 0
) -> float:
    """The expected score of a plan by the rules of the game alone; three refusals in a row forfeit."""
    if rules.chance(state):
        after = [(rules.apply(state, event), event, float(p)) for event, p in rules.chance(state)]
        return sum(
            p
            * score(rules, new, plan, price=price, earned=earned + rules.rewards(state, event, new)[0], refused=refused)
            for new, event, p in after
        )
    if rules.is_over(state):
        return earned
    if refused == 3:
        return rules.return_range[0]
    move, rest = (plan[0], plan[1:]) if plan else (None, plan)
    if move not in rules.legal(state, 0):
        return score(rules, state, rest, price=price, earned=earned, refused=refused + 1) - price
    new = rules.apply(state, move)
    return score(rules, new, rest, price=price, earned=earned + rules.rewards(state, move, new)[0])


def trained(graph: InformationGraph, seed: int) -> PlanTable:
    """A plan table with a third of all prefixes met, and random logits everywhere."""
    plans = PlanTable(PlanGame(graph, Settings(refusal_price=0.2)))
    lines = every_plan(plans.game)[::3]
    plans.choices(seeded(seed).choice(graph.opening_node, len(lines)), lines, np.ones(lines.shape, dtype=bool))
    plans.table.logits[:] = seeded(seed).normal(size=len(plans.table.logits))
    return plans


GAMES: list[Game[Any, Any]] = [Doors(), assembly(length=2, horizon=4, slip=0.3, lure=0.1)[0].game]


class TestPlanTable:
    @pytest.mark.parametrize("rules", GAMES, ids=repr)
    def test_the_exact_value_is_the_mean_score_of_written_plans(self, rules: Game[Any, Any]) -> None:
        graph = build_graph(rules)
        for seed in range(3):
            plans = trained(graph, seed)
            openings = graph.sample_openings(20_000, seeded(seed))
            returns = plans.game.play(openings, plans.write(openings, seeded(seed + 10)), seeded(seed + 20)).returns
            assert returns.mean() == pytest.approx(plan_value(plans), abs=4 * returns.std() / np.sqrt(20_000))

    @pytest.mark.parametrize("rules", GAMES, ids=repr)
    def test_the_exact_value_is_the_sum_over_all_plans(self, rules: Game[Any, Any]) -> None:
        graph = build_graph(rules)
        plans, lines = trained(graph, 0), every_plan(PlanGame(graph))
        probabilities = plans.table.probabilities()
        total = 0.0
        for node, weight in zip(graph.opening_node, graph.opening_probability, strict=True):
            ((state, _),) = graph.belief(node)
            for plan in lines:
                row, chance = plans.opening_row[node], float(weight)
                for word in plan:
                    chance *= probabilities[plans.table.start[row] + word]
                    row = plans.after[row, word]
                total += chance * score(rules, state, [plans.game.words[word] for word in plan], price=0.2)
        assert plan_value(plans) == pytest.approx(total)

    def test_meeting_prefixes_leaves_the_policy_as_it_is(self) -> None:
        graph = build_graph(Doors())
        plans = PlanTable(PlanGame(graph))
        plans.table.logits[:] = seeded().normal(size=len(plans.table.logits))
        before, lines = plan_value(plans), every_plan(plans.game)
        rows = len(plans.length)
        plans.choices(np.full(len(lines), graph.opening_node[0]), lines, np.ones(lines.shape, dtype=bool))
        assert plan_value(plans) == pytest.approx(before)
        assert len(plans.length) == rows + 3 + 9  # of one word and of two, from one opening

    def test_lines_that_were_not_read_get_no_rows(self) -> None:
        plans = PlanTable(PlanGame(build_graph(Doors())))
        rows = len(plans.length)
        read = np.array([[True, False, False]])
        plans.choices(plans.game.graph.opening_node[:1], np.array([[0, 1, 2]]), read)
        assert len(plans.length) == rows

    def test_choices_name_the_lines_that_were_written(self) -> None:
        graph = build_graph(Doors())
        plans = trained(graph, 1)
        openings = graph.sample_openings(50, seeded())
        lines = plans.write(openings, seeded(1))
        choices = plans.choices(openings, lines, np.ones(lines.shape, dtype=bool))
        rows, words = np.divmod(choices, plans.n_words)
        assert (words == lines).all()
        assert (plans.length[rows] == np.arange(3)).all()
        assert (plans.after[rows[:, :-1], lines[:, :-1]] == rows[:, 1:]).all()

    def test_cloned_plans_are_as_good_as_the_policy_where_nothing_is_left_to_chance(self) -> None:
        graph, behaviour = assembly(length=3, horizon=3, slip=0.0)
        plans = PlanTable(PlanGame(graph))
        steps = clone(plans, behaviour, 20_000, 0.01, seeded())
        assert plan_value(plans) == pytest.approx(evaluate(graph, behaviour).start, abs=0.02)
        assert steps == 60_000

    def test_cloned_plans_follow_the_frequencies_of_moves(self) -> None:
        graph, behaviour = assembly(length=3, horizon=5, slip=0.3)
        plans = PlanTable(PlanGame(graph))
        clone(plans, behaviour, 30_000, 1.0, seeded())
        row = plans.opening_row[graph.opening_node[0]]
        first = plans.table.probabilities()[plans.table.start[row] : plans.table.start[row + 1]]
        assert first == pytest.approx(behaviour[:3], abs=0.02)
        drawn = Sampler(plans.table.start, plans.table.probabilities()).draw(np.full(10, row), seeded())
        assert (drawn // 3 == row).all()
