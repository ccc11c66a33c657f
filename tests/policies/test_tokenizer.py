from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textenvs.core.errors import ArgumentError
from textenvs.envs.episode import Episode
from textenvs.envs.forms import PlanEpisode
from textenvs.envs.settings import Settings
from textenvs.games.assembly import Assembly
from textenvs.games.guess_number import GuessNumber
from textenvs.games.mastermind import Mastermind
from textenvs.games.maze import Maze
from textenvs.policies.tokenizer import SPECIALS, WordTokenizer

GAMES = [Assembly(), GuessNumber(high=120), Mastermind(pegs=2, colours=3), Maze(max_moves=5) if False else Assembly()]


def pieces_of(text):
    tokenizer = WordTokenizer.from_texts([text])
    return [tokenizer.pieces[id_] for id_ in tokenizer.encode(text)]
