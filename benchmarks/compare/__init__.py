"""True RL against one-shot RLHF at equal budget, next to what exact planning predicts."""
