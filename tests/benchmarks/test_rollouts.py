from __future__ import annotations

import json

import pytest

from benchmarks.rollouts import measure, subjects, ways
from benchmarks.rollouts.__main__ import main
from textenvs.policies.transformers_chat import TransformersChat

SMALL = ["--preset", "0.15M", "--episodes", "5", "--rows", "3", "--turns", "4", "--tokens", "6", "--repeats", "1"]


@pytest.fixture(scope="module")
def subject():
    chat = TransformersChat(*subjects.small_llama("0.15M"), greedy=True, rows=3)
    return ways.Subject(chat, range(5), turns=4, tokens=6)


def test_all_ways_write_the_same(subject):
    written = ways.ours(subject)
    assert written == ways.one_by_one(subject) == ways.batched(subject)
    assert sorted(written) == [0, 1, 2, 3, 4]
    assert {len(replies) for replies in written.values()} == {4}
    assert len({tuple(replies) for replies in written.values()}) > 1


def test_the_limit_reads_what_ours_reads(subject):
    blocks = ways.recorded(subject)
    limit = ways.Limit(subject, blocks)
    read = []
    hook = subject.chat.model.register_forward_pre_hook(
        lambda _, __, inputs: read.append((inputs["input_ids"], inputs["position_ids"].max())), with_kwargs=True
    )
    limit.run()
    hook.remove()
    assert [ids for ids, _ in read] == [block.ids for block in blocks]
    assert [int(last) + 1 for _, last in read] == [block.width for block in blocks]
    sampled = sum(len(ids) for replies in ways.ours(subject).values() for ids in replies)
    assert sum(block.ids.numel() for block in blocks) > sampled


def test_the_limit_computes_what_the_model_computes(subject):
    ids = subject.chat.format.encode("slide the tile 3 to the left")
    first, then = ways.torch.tensor([ids[:-1]]), ways.torch.tensor([ids[-1:]])
    kept = ways.torch.tensor([0])
    limit = ways.Limit(subject, [ways.Block(first, len(ids) - 1, kept), ways.Block(then, len(ids), kept)])
    found = []
    hook = subject.chat.model.register_forward_hook(lambda *given: found.append(given[-1].logits[0, -1]))
    limit.run()
    hook.remove()
    with ways.torch.no_grad():
        whole = subject.chat.model(input_ids=ways.torch.tensor([ids])).logits[0]
    assert ways.torch.allclose(found[-1], whole[-1], atol=1e-4)


def test_a_run_prints_and_stores_its_figures(tmp_path, capsys):
    assert main([*SMALL, "--out", str(tmp_path)]) in (0, 1)
    stored = json.loads((tmp_path / "rollouts.json").read_text())
    printed = capsys.readouterr().out
    assert [speed["way"] for speed in stored["speeds"]] == [
        measure.OURS,
        measure.LIMIT,
        measure.ONE,
        measure.BATCHED,
    ]
    assert stored["differing"] == []
    assert stored["replies"] == 20
    assert all(f"| {speed['way']} |" in printed for speed in stored["speeds"])


def speeds(ours, one, limit):
    given = {measure.OURS: ours, measure.ONE: one, measure.LIMIT: limit}
    return tuple(measure.Speed(way, tokens, 1.0, 1.0, 1.0, 1) for way, tokens in given.items())


@pytest.mark.parametrize(
    ("figures", "passes"),
    [((90, 30, 100), True), ((79, 20, 100), False), ((90, 31, 100), False)],
)
def test_slow_results_do_not_pass(figures, passes):
    assert measure.Result(speeds(*figures), (), 1, 1).passes is passes


def test_a_way_that_writes_something_else_is_named(subject, monkeypatch):
    monkeypatch.setattr(measure, "batched", lambda _: {0: [(1,)]})
    assert measure.measure(subject, repeats=1).differing == (measure.BATCHED,)


@pytest.mark.slow
def test_ours_is_about_as_fast_as_is_wanted():
    chat = TransformersChat(*subjects.small_llama("2M"), greedy=True, rows=32)
    result = measure.measure(ways.Subject(chat, range(32), turns=10, tokens=16))
    assert result.differing == ()
    assert result.times(measure.ONE) > 2.5
    assert result.times(measure.LIMIT) > 0.7
