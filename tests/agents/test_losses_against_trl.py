"""Our losses on the very batches of TRL's trainers, one optimiser step each, on a model held in memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from agents import losses

trl = pytest.importorskip("trl")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

from datasets import Dataset  # noqa: E402 - only where TRL is installed
from tokenizers import Tokenizer, models, pre_tokenizers  # noqa: E402
from transformers import (  # noqa: E402
    LlamaConfig,
    LlamaForCausalLM,
    LlamaForSequenceClassification,
    PreTrainedTokenizerFast,
)

WORDS = ["<pad>", "<end>", "<unk>", *"abcdefgh"]
GROUP = 4
CLIP = 0.05


def tokenizer() -> PreTrainedTokenizerFast:
    words = Tokenizer(models.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="<pad>", eos_token="<end>", unk_token="<unk>", padding_side="left"
    )


def config() -> LlamaConfig:
    return LlamaConfig(
        vocab_size=len(WORDS), hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
        max_position_embeddings=64, pad_token_id=0, eos_token_id=1, bos_token_id=1, num_labels=1,
    )  # fmt: skip


def language_model() -> LlamaForCausalLM:
    torch.manual_seed(0)
    return LlamaForCausalLM(config()).float()


def count_of_a(completions: list[str], **_: Any) -> list[float]:
    """A score that differs within groups."""
    return [float(text.count("a")) + 0.01 * len(text) for text in completions]


def caught(trainer_class: type[Any], arguments: Any, advantages: Callable[[Tensor], Tensor]) -> list[dict[str, Any]]:
    """Return inputs, per-token log-probabilities and loss of every loss a trainer computes.

    `ours` are our `advantages` of the same scores, added before the trainer shuffles the batch.
    """
    seen: list[dict[str, Any]] = []

    class Catching(trainer_class):  # type: ignore[misc, valid-type]
        def _get_per_token_logps_and_entropies(self, *given: Any, **named: Any) -> Any:
            result = super()._get_per_token_logps_and_entropies(*given, **named)
            self.latest = result[0].detach().clone()
            return result

        def _calculate_rewards(self, *given: Any, **named: Any) -> Any:
            self.latest_scores = super()._calculate_rewards(*given, **named)
            return self.latest_scores

        def _generate_and_score_completions(self, inputs: Any) -> dict[str, Any]:
            batch: dict[str, Any] = super()._generate_and_score_completions(inputs)
            batch["ours"] = advantages(self.latest_scores[:, 0].float().view(-1, GROUP)).view(-1)
            return batch

        def _compute_loss(self, model: Any, inputs: dict[str, Any]) -> Tensor:
            loss: Tensor = super()._compute_loss(model, inputs)
            seen.append({**inputs, "log_p": self.latest, "loss": loss.detach().clone()})
            return loss

    # GRPO makes its reference policy from the path that the model names, hence the detour through a file.
    saved = Path(arguments.output_dir) / "model"
    language_model().save_pretrained(saved)
    prompts = Dataset.from_dict({"prompt": ["a b c", "d e", "f", "g h a"]})
    trainer = Catching(
        model=LlamaForCausalLM.from_pretrained(saved),
        reward_funcs=count_of_a,
        args=arguments,
        train_dataset=prompts,
        processing_class=tokenizer(),
    )
    trainer.train()
    return seen


def common(folder: Path, **extra: Any) -> dict[str, Any]:
    # The learning rate is large, so that ratios leave the clipping range from the second step on.
    return {
        "output_dir": str(folder), "per_device_train_batch_size": 8, "num_generations": GROUP,
        "max_completion_length": 6, "num_iterations": 3, "max_steps": 3, "learning_rate": 0.05, "bf16": False,
        "use_cpu": True, "report_to": [], "save_strategy": "no", "logging_strategy": "no", "epsilon": CLIP, "seed": 0,
        "gradient_checkpointing": False, "disable_tqdm": True, **extra,
    }  # fmt: skip


def test_grpo(tmp_path: Path) -> None:
    from trl import GRPOConfig, GRPOTrainer

    beta = 0.1
    batches = caught(
        GRPOTrainer,
        GRPOConfig(**common(tmp_path, beta=beta, loss_type="bnpo", use_bias_correction_kl=False)),
        losses.group_advantages,
    )
    assert len(batches) == 3
    clipped = 0
    for batch in batches:
        mask, advantage, log_p = batch["completion_mask"].bool(), batch["ours"], batch["log_p"]
        torch.testing.assert_close(advantage, batch["advantages"], atol=1e-5, rtol=1e-5)
        old = batch["old_per_token_logps"]
        old = log_p if old is None else old
        per_token = losses.clipped_surrogate(log_p, old, advantage[:, None].expand_as(log_p), CLIP)
        per_token = per_token + beta * losses.kl_estimate_positive(log_p, batch["ref_per_token_logps"])
        clipped += int((((log_p - old).exp() - 1).abs() > CLIP)[mask].sum())
        torch.testing.assert_close(losses.masked_mean(per_token, mask), batch["loss"])
    assert clipped > 0, "no ratio left the clipping range, so clipping was not compared"


def test_rloo(tmp_path: Path) -> None:
    from trl import RLOOConfig, RLOOTrainer

    batches = caught(RLOOTrainer, RLOOConfig(**common(tmp_path, beta=0.0)), losses.leave_one_out_advantages)
    assert len(batches) == 3
    moved = 0.0
    for batch in batches:
        mask, advantage = batch["completion_mask"].bool(), batch["ours"]
        torch.testing.assert_close(advantage, batch["advantages"], atol=1e-5, rtol=1e-5)
        turn = torch.where(mask, 0, -1)
        log_p = losses.sum_by_turn(batch["log_p"], turn, 1)[:, 0]
        loss = losses.clipped_surrogate(log_p, batch["old_logps"], advantage, CLIP).mean()
        torch.testing.assert_close(loss, batch["loss"])
        moved = max(moved, float((log_p - batch["old_logps"]).abs().max()))
    assert moved > CLIP


def test_reward_model(tmp_path: Path) -> None:
    from trl import RewardConfig, RewardTrainer

    torch.manual_seed(0)
    seen: list[tuple[Tensor, Tensor]] = []

    class Catching(RewardTrainer):  # type: ignore[misc]
        def compute_loss(self, model: Any, inputs: Any, *given: Any, **named: Any) -> Tensor:
            loss, outputs = super().compute_loss(model, inputs, return_outputs=True)
            seen.append((outputs.logits.detach().squeeze(-1).clone(), loss.detach().clone()))
            return loss

    pairs = {"chosen": ["a b c", "a a", "a d", "a"], "rejected": ["b c", "d e f", "h", "g g"]}
    arguments = RewardConfig(
        output_dir=str(tmp_path), per_device_train_batch_size=2, max_steps=3, bf16=False, use_cpu=True, report_to=[],
        save_strategy="no", logging_strategy="no", learning_rate=0.01, gradient_checkpointing=False, disable_tqdm=True,
    )  # fmt: skip
    model = LlamaForSequenceClassification(config()).float()
    Catching(model=model, args=arguments, train_dataset=Dataset.from_dict(pairs), processing_class=tokenizer()).train()
    assert len(seen) == 3
    for scores, loss in seen:
        chosen, rejected = scores.chunk(2)
        torch.testing.assert_close(losses.bradley_terry(chosen, rejected, torch.ones(len(chosen))).mean(), loss)


def test_supervised_loss_is_that_of_transformers() -> None:
    model = language_model()
    ids = torch.randint(3, len(WORDS), (3, 9), generator=torch.Generator().manual_seed(0))
    mask = torch.zeros(3, 9, dtype=torch.bool)
    mask[0, 3:5], mask[1, 2:7], mask[2, 8] = True, True, True
    expected = model(ids, labels=ids.masked_fill(~mask, -100)).loss
    log_p = torch.zeros(3, 9)
    log_p[:, 1:] = model(ids).logits.log_softmax(-1)[:, :-1].gather(-1, ids[:, 1:, None])[..., 0]
    torch.testing.assert_close(losses.cross_entropy(log_p, mask), expected)
