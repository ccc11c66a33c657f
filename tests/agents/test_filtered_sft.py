from __future__ import annotations

import torch

from agents import filtered_sft
from agents.filtered_sft import Config, above_the_mean
from textenvs.policies import tokens


def test_episodes_compete_within_their_group():
    """Compared with all, the whole second group would be kept, since its instance is easier."""
    returns = torch.tensor([[0.0, 0.0, 1.0], [5.0, 5.0, 6.0]])
    assert above_the_mean(returns).tolist() == [[False, False, True], [False, False, True]]


def test_a_group_of_equals_teaches_nothing():
    assert not above_the_mean(torch.tensor([[0.1] * 7, [1.0] * 7])).any()


def test_only_what_is_kept_is_imitated(assembly, model, tokenizer, monkeypatch):
    seen = []
    original = filtered_sft.imitate

    def watched(learner, episodes, *given):
        seen.append(list(episodes))
        return original(learner, episodes, *given)

    monkeypatch.setattr(filtered_sft, "imitate", watched)
    config = Config(groups=3, size=4, epochs=1, parts=1)
    run = filtered_sft.train(assembly, model, tokenizer, seed=0, budget=48, config=config)
    (row,) = run.curve
    assert len(seen[0]) == round(12 * row["kept"])
    assert 0 < len(seen[0]) < 12


def test_imitated_episodes_become_likelier(assembly, model, tokenizer, monkeypatch):
    kept = []
    original = filtered_sft.imitate

    def watched(learner, episodes, *given):
        kept.extend(episodes)
        return original(learner, episodes, *given)

    monkeypatch.setattr(filtered_sft, "imitate", watched)
    config = Config(groups=3, size=4, epochs=2, parts=1)
    run = filtered_sft.train(assembly, model, tokenizer, seed=0, budget=48, config=config)
    batch = tokens.collate(kept, len(tokenizer))
    with torch.no_grad():
        before, after = (tokens.log_probs(each, batch).sum() for each in (model, run.model))
    assert after > before
