"""The optional dependencies of language-model policies, or one line that names them."""

from __future__ import annotations

from textenvs.core.errors import MissingExtraError

try:
    import torch as torch
    import transformers as transformers
except ImportError as error:
    raise MissingExtraError("a language-model policy", "agents") from error
