"""Multi-turn text games for reinforcement learning with language models, each also in one-shot form.

>>> import gymnasium as gym, textenvs
>>> env = gym.make("textenvs/GuessNumber-v0", high=7, guesses=3)
>>> observation, info = env.reset(seed=0)
"""

from __future__ import annotations

from textenvs.registry import make_game, register_with_gymnasium, register_with_pettingzoo

__version__ = "0.1.0"
__all__ = ["__version__", "make_game"]

register_with_gymnasium()
register_with_pettingzoo()
