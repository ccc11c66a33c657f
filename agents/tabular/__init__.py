"""The arms without a language model: tables of logits on an exact graph, with exact values, in seconds.

Each module is the twin of the module of the same name in `agents`: the same data, credit, objective and budget rule,
with a free logit for each (node, move) pair in place of a network. Twins differ in what a table cannot do: nothing
learned in one situation carries over to another, and groups share what the opening shows, not what it hides.

| module | arm |
|---|---|
| `cloning` | A0: supervised cloning; the start of all others |
| `reply_rlhf` | A1 and A2: one-step RLHF on replies, with myopic or far-sighted labels |
| `plan_rl` | A3: whole plans as one action, true return as score |
| `filtered_sft` | A5: imitate one's own better episodes |
| `trajectory_grpo` | B1: one advantage for a whole episode |
| `turn_ppo` | B2: turn-level PPO with a critic |

Each has a `Config` and `train(graph, start, budget, generator, config) -> TabularRun`. Every reply given to the
environment counts as a step; of the ledger, the steps, the labels and the seconds are kept. `tuning` holds the search
behind the defaults.
"""
