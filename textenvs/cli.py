"""The command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from secrets import randbelow
from typing import Any

from textenvs.catalogue import Facts, all_facts
from textenvs.core.errors import ArgumentError, CorruptRunError, TextenvsError, check_choice
from textenvs.core.game import LEVELS, Game
from textenvs.core.strategies import strategy
from textenvs.envs.episode import Episode
from textenvs.envs.forms import new_episode
from textenvs.envs.settings import FORMS, Settings
from textenvs.envs.solo import solo_game, split_arguments
from textenvs.evaluation.records import EpisodeRow, reopen
from textenvs.evaluation.run_folder import RUN, RunFolder
from textenvs.evaluation.store import read_episodes
from textenvs.evaluation.tournament import draw_cross_play, run_tournament, standings
from textenvs.evaluation.verify import verify_run
from textenvs.planning.bounds import Value, between
from textenvs.planning.errors import TooLargeError
from textenvs.planning.reference import CELLS, ReferenceValues, gap, reference_values
from textenvs.planning.written import strategy_value
from textenvs.policies.scripted import StrategyPolicy
from textenvs.registry import ENTRIES, entry, make_game
from textenvs.suites import SUITES, Task, suite
from textenvs.terminal import play_in_terminal

VALUE_DIALS = ("behaviour", "refusal_price", "max_refusals")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status: 0 well, 1 a verification failed, 2 a mistaken call."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.run(options)
    except TextenvsError as error:
        print(f"textenvs: {error}", file=sys.stderr)
        return 2
    except (KeyboardInterrupt, BrokenPipeError):
        return 130
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="textenvs", description="Multi-turn text games with exact reference values.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    _add_list(commands.add_parser("list", help="list the games, all or by property"))

    play = commands.add_parser("play", help="play a game in the terminal")
    _add_game(play)
    play.add_argument("--form", choices=FORMS, default="turns", help="how the game is offered")
    play.add_argument("--seed", type=int, default=None, help="names the episode; drawn if left out")
    play.set_defaults(run=_play)

    values = commands.add_parser("values", help="print the reference values of a game")
    _add_game(values)
    values.add_argument("--split", default="all", help="all, train, validation or test")
    values.add_argument("--work", type=int, default=300_000, help="how much to examine before bounds have to do")
    values.add_argument("--strategy", action="store_true", help="also the best rules that are written in one reply")
    values.set_defaults(run=_values)

    tournament = commands.add_parser("tournament", help="let policies play a game against each other")
    _add_game(tournament)
    tournament.add_argument("--policy", action="append", required=True, help="a strategy such as expert; give several")
    tournament.add_argument("--episodes", type=int, default=100, help="episodes of each pairing in each seat")
    tournament.add_argument("--seed", type=int, default=0, help="the first episode seed")
    tournament.add_argument("--out", type=Path, required=True, metavar="RUN", help="run folder; continued if it exists")
    tournament.set_defaults(run=_tournament)

    _add_evaluate(commands.add_parser("evaluate", help="let a policy play many tasks, and say how well it does"))

    summary = commands.add_parser("summary", help="print what evaluations found, several side by side")
    summary.add_argument("folders", type=Path, metavar="RUN", nargs="+")
    summary.set_defaults(run=_summary_of_runs)

    show = commands.add_parser("show", help="print transcripts of a run folder")
    show.add_argument("folder", type=Path, metavar="RUN")
    show.add_argument("--policy", help="only episodes of this policy")
    show.add_argument("--game", help="only episodes of this game")
    show.add_argument("--episode", metavar="FILE:LINE", help="print the whole transcript of this episode")
    show.set_defaults(run=_show)

    _add_view(commands.add_parser("view", help="make a page of the transcripts of one run, or of several to compare"))

    leaderboard = commands.add_parser("leaderboard", help="make a site that compares evaluations")
    folders = "run folders of `textenvs evaluate`, or folders that hold such"
    leaderboard.add_argument("folders", type=Path, metavar="DIR", nargs="+", help=folders)
    leaderboard.add_argument("--out", type=Path, required=True, metavar="SITE", help="folder of the site")
    leaderboard.add_argument("--no-verify", action="store_true", help="do not replay the episodes")
    leaderboard.add_argument(
        "--episodes", type=int, default=400, help="the most on a page of transcripts (default 400)"
    )
    leaderboard.set_defaults(run=_leaderboard)

    verify = commands.add_parser("verify", help="replay every episode of a run folder and compare")
    verify.add_argument("folder", type=Path, metavar="RUN")
    verify.set_defaults(run=_verify)
    return parser


def _add_list(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--level", choices=LEVELS, default="easy", help="the difficulty that is shown (default easy)")
    parser.add_argument("--family", help="only games of this family")
    parser.add_argument("--players", type=int, help="only games for so many players")
    parser.add_argument("--suite", help="only games of this suite")
    parser.add_argument("--cell", choices=CELLS, help="only games in this corner of the grid")
    parser.add_argument("--horizon", type=int, metavar="TURNS", help="only games that can last so many turns or more")
    gap = "only games whose %s surely is so large, from 0 (random play) to 1 (optimal play)"
    parser.add_argument("--feedback-gap", type=float, metavar="GAP", help=gap % "optimal - plan")
    parser.add_argument("--foresight-gap", type=float, metavar="GAP", help=gap % "optimal - myopic")
    parser.add_argument("--exact", action="store_true", help="only games whose rulers are exact")
    parser.set_defaults(run=_list)


def _add_evaluate(parser: argparse.ArgumentParser) -> None:
    policy = "who plays, such as random, expert or endpoint:MODEL, and settings of it"
    parser.add_argument("--policy", nargs="+", required=True, metavar=("SPEC", "KEY=VALUE"), help=policy)
    tasks = parser.add_mutually_exclusive_group(required=True)
    tasks.add_argument("--suite", help="the tasks: " + ", ".join(SUITES))
    game = "a game with its arguments instead of a suite; give several"
    tasks.add_argument("--game", nargs="+", action="append", metavar=("NAME", "KEY=VALUE"), help=game)
    forms = "turns, plan or strategy; give several (default: turns and plan)"
    parser.add_argument("--form", action="append", metavar="FORM", help=forms)
    parser.add_argument("--episodes", type=int, default=100, help="of each task in each form (default 100)")
    split = "held-out (default: test where there are enough instances, else all), all, train, validation or test"
    parser.add_argument("--split", default="held-out", help=split)
    parser.add_argument("--salt", help="what all seeds come from; a secret one is drawn if left out")
    parser.add_argument("--out", type=Path, required=True, metavar="RUN", help="run folder; continued if it exists")
    parser.add_argument("--workers", type=int, default=1, help="processes that play side by side (default 1)")
    in_flight = "the most episodes a process plays at a time (default 64)"
    parser.add_argument("--in-flight", type=int, default=64, metavar="EPISODES", help=in_flight)
    parser.set_defaults(run=_evaluate)


def _add_view(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folders", type=Path, metavar="RUN", nargs="+", help="episodes on the same instance are matched"
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="PAGE.html", help="the page, one file that needs no other"
    )
    parser.add_argument("--episodes", type=int, default=400, help="the most episodes on a page (default 400)")
    work = "how much to examine for the exact values of each game (default 300000)"
    parser.add_argument("--work", type=int, default=300_000, help=work)
    parser.set_defaults(run=_view)


def _add_game(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("game", metavar="NAME", help="name of a game, such as GuessNumber")
    parser.add_argument("arguments", metavar="KEY=VALUE", nargs="*", help="arguments of the game, and dials")


def _keywords(pairs: Sequence[str]) -> dict[str, Any]:
    """Return KEY=VALUE pairs as keywords; values that look like numbers are numbers."""
    keywords = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise ArgumentError(f"arguments are written KEY=VALUE, not {pair!r}")
        keywords[key] = _value(value)
    return keywords


def _value(text: str) -> int | float | str | bool:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _list(options: argparse.Namespace) -> int:
    if options.family is not None:
        check_choice("family", options.family, {each.family for each in ENTRIES})
    wanted = [known for known in all_facts(options.level) if _is_wanted(known, options)]
    rows: list[tuple[str, ...]] = [("id", "family", "players", "turns", "cell", "optimal", "plan", "myopic", "random")]
    for known in wanted:
        values = known.values
        rulers = map(str, (values.optimal, values.plan, values.myopic, values.random))
        described = (known.entry.family, str(known.entry.players), str(known.max_turns), values.cell() or "open")
        rows.append((known.entry.id, *described, *rulers))
    _print_table(rows)
    return 0


def _is_wanted(known: Facts, options: argparse.Namespace) -> bool:
    """Return whether a game has all the properties that were asked for."""
    values, games = known.values, options.suite and {task.game for task in suite(options.suite).tasks}
    return (
        options.family in (None, known.entry.family)
        and options.players in (None, known.entry.players)
        and (games is None or known.game in games)
        and options.cell in (None, values.cell())
        and known.max_turns >= (options.horizon or 0)
        and known.share(values.feedback_gap) >= (options.feedback_gap or 0)
        and known.share(values.foresight_gap) >= (options.foresight_gap or 0)
        and (known.is_exact or not options.exact)
    )


def _values(options: argparse.Namespace) -> int:
    dials, arguments = split_arguments(options.game, _keywords(options.arguments))
    for dial in dials:
        check_choice("dial that values depend on", dial, VALUE_DIALS)
    settings = Settings(**dials)
    game = solo_game(options.game, **arguments)
    values = reference_values(
        game,
        split=options.split,
        behaviour=strategy(settings.behaviour),
        refusal_price=settings.refusal_price,
        max_refusals=settings.max_refusals,
        work=options.work,
    )
    print(f"{entry(options.game).id} {' '.join(options.arguments)}".rstrip())
    rows = _value_rows(values, settings.behaviour)
    if options.strategy:
        written = _strategy_value(game, options, settings, values)
        rows += [
            (name, str(value), value.kind)
            for name, value in (("strategy", written), ("memory gap", gap(values.optimal, written)))
        ]
    _print_table([("ruler", "value", "known"), *rows])
    print(f"cell: {values.cell() or 'open'}")
    return 0


def _strategy_value(
    game: Game[Any, Any], options: argparse.Namespace, settings: Settings, values: ReferenceValues
) -> Value:
    """Return the value of the best written strategy, between a forfeit and the optimum if the game is too large."""
    try:
        return strategy_value(game, options.split, work=options.work)
    except TooLargeError:
        return between(game.return_range[0] - settings.refusal_price * settings.max_refusals, values.optimal.high)


def _value_rows(values: ReferenceValues, behaviour: str) -> list[tuple[str, str, str]]:
    named = {
        "optimal": values.optimal,
        "plan": values.plan,
        "myopic": values.myopic,
        "random": values.random,
        f"behaviour ({behaviour})": values.behaviour,
        "one-step": values.one_step,
        "expert": values.expert,
        "feedback gap": values.feedback_gap,
        "foresight gap": values.foresight_gap,
        "iteration gap": values.iteration_gap,
    }
    return [(name, str(value), value.kind) for name, value in named.items() if value is not None]


def _verify(options: argparse.Namespace) -> int:
    checked, failed = 0, 0
    for finding in verify_run(options.folder):
        checked += 1
        if finding.problem:
            failed += 1
            print(f"{finding.place}: {finding.problem}")
    print(f"{checked} episodes replayed, {failed} differ")
    if (options.folder / RUN).exists():
        failed += _verify_submission(options.folder)
    return 1 if failed else 0


def _verify_submission(folder: Path) -> int:
    """Print what differs in a whole evaluation and return how much that is."""
    from textenvs.evaluation.submission import verify_submission  # imports scipy

    findings = [*verify_submission(folder)]
    problems = [finding for finding in findings if finding.problem]
    for finding in problems:
        print(f"{finding.place}: {finding.problem}")
    _print_skipped(folder)
    print(f"{len(findings) - len(problems)} facts of the run checked, {len(problems)} problems")
    return len(problems)


def _print_skipped(folder: Path) -> None:
    """Say what an evaluation did not play, and why."""
    titles: dict[tuple[str, str], list[str]] = {}
    for skipped in RunFolder(folder).read().skipped:
        titles.setdefault((skipped.form, skipped.reason), []).append(skipped.title)
    for (form, reason), of_both in titles.items():
        print(f"not played in form {form!r}, since {reason}: {', '.join(of_both)}")


def _show(options: argparse.Namespace) -> int:
    wanted_game = entry(options.game).id if options.game else None
    rows = [("episode", "policy", "game", "form", "score", "replies", "refused")]
    for place, row in read_episodes(options.folder):
        if options.policy not in (None, row["policy"]) or wanted_game not in (None, row["game"]):
            continue
        try:
            if place == options.episode:
                _print_transcripts(_replayed(row))
                return 0
            rows.append((place, *_summary(row)))
        except (KeyError, TypeError, ValueError) as error:
            raise CorruptRunError(f"{place}: {error}") from error
    if options.episode:
        raise ArgumentError(f"no episode {options.episode!r} here; `textenvs show {options.folder}` lists them")
    _print_table(rows)
    return 0


def _print_transcripts(episode: Episode) -> None:
    for player in range(episode.game.players):
        heading = f"[player {player}]\n" if episode.game.players > 1 else ""
        print(f"{heading}{episode.transcript(player)}\n")


def _summary(row: EpisodeRow) -> tuple[str, str, str, str, str, str]:
    score = " ".join(f"{score:.3f}" for score in row["scores"])
    return row["policy"], row["game"], row["dials"]["form"], score, str(len(row["replies"])), str(row["refusals"])


def _replayed(row: EpisodeRow) -> Episode:
    episode = reopen(row)
    for player, text in row["replies"]:
        episode.reply(player, text)
    return episode


def _play(options: argparse.Namespace) -> int:
    dials, arguments = split_arguments(options.game, _keywords(options.arguments))
    seed = randbelow(2**31) if options.seed is None else options.seed
    settings = Settings(**{"form": options.form, **dials})
    print(f"{entry(options.game).id}, seed {seed}")
    play_in_terminal(new_episode(solo_game(options.game, **arguments), settings, seed=seed))
    return 0


def _tournament(options: argparse.Namespace) -> int:
    game = make_game(options.game, **_keywords(options.arguments))
    policies = {name: StrategyPolicy(name) for name in options.policy}
    playing = run_tournament(game, policies, options.out, episodes=options.episodes, seed=options.seed)
    for number, match in enumerate(playing, start=1):
        print(f"{number}: {match.policy} in seat {match.seat} against {match.others}")
    found = standings(options.out)
    ranked = sorted(found.ratings.items(), key=lambda pair: -pair[1].value)
    rows: list[tuple[str, ...]] = [("policy", "rating", *(f"vs {name}" for name in found.policies))]
    for name, rating in ranked:
        scores = found.scores[found.policies.index(name)]
        interval = f"{rating.value:.1f} [{rating.low:.1f}, {rating.high:.1f}]"
        rows.append((name, interval, *(f"{score:.3f}" for score in scores)))
    _print_table(rows)
    draw_cross_play(found, options.out / "cross_play.png")
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    from textenvs.evaluation.run import run_evaluation  # imports scipy and rich
    from textenvs.evaluation.tables import print_summaries
    from textenvs.policies.named import named_policy

    spec, *settings = options.policy
    tasks = suite(options.suite) if options.suite else [Task(name, _keywords(pairs)) for name, *pairs in options.game]
    try:
        summary = run_evaluation(
            named_policy(spec, _keywords(settings)),
            tasks,
            options.out,
            forms=options.form or ("turns", "plan"),
            episodes=options.episodes,
            split=options.split,
            salt=options.salt,
            workers=options.workers,
            in_flight=options.in_flight,
        )
    except KeyboardInterrupt:
        print("textenvs: stopped; the same command continues", file=sys.stderr)
        raise
    print_summaries({summary.policy: summary})
    _print_skipped(options.out)
    return 0


def _view(options: argparse.Namespace) -> int:
    from textenvs.evaluation.replays import Replayer
    from textenvs.evaluation.viewer import write_viewer  # imports jinja2

    shown = write_viewer(options.folders, options.out, episodes=options.episodes, replayer=Replayer(options.work))
    megabytes = options.out.stat().st_size / 1e6
    print(f"{options.out}: {shown.shown} of {shown.stored} episodes, {megabytes:.1f} MB; open it in a browser")
    return 0


def _leaderboard(options: argparse.Namespace) -> int:
    from textenvs.evaluation.leaderboard import INDEX, write_leaderboard  # imports scipy and jinja2

    entrants = write_leaderboard(options.folders, options.out, verify=not options.no_verify, episodes=options.episodes)
    for entrant in entrants:
        print(f"{entrant.name}: {entrant.standing}", *entrant.problems or (), sep="\n  ")
    print(f"{options.out / INDEX}: {len(entrants)} evaluations; open it in a browser")
    return 1 if any(entrant.problems for entrant in entrants) else 0


def _summary_of_runs(options: argparse.Namespace) -> int:
    from textenvs.evaluation.summary import summarise  # imports scipy
    from textenvs.evaluation.tables import print_summaries

    found = {folder: summarise(folder) for folder in options.folders}
    names = [summary.policy for summary in found.values()]
    print_summaries(
        {
            summary.policy if names.count(summary.policy) == 1 else f"{summary.policy} ({folder})": summary
            for folder, summary in found.items()
        }
    )
    return 0


def _print_table(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
