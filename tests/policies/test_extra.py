from __future__ import annotations

import subprocess
import sys

import pytest

WITHOUT = ("language_model", "models", "tokens", "reader")
LIGHT = ("scripted", "tokenizer", "trie", "traces", "ledger", "errors")


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("missing", ["torch", "transformers"])
@pytest.mark.parametrize("module", WITHOUT)
def test_a_missing_extra_is_named_in_one_line(module, missing):
    ended = run(f"import sys; sys.modules[{missing!r}] = None; import textenvs.policies.{module}")
    assert ended.returncode == 1
    assert ended.stderr.strip().splitlines()[-1] == (
        "textenvs.core.errors.MissingExtraError: a language-model policy needs an extra: pip install 'textenvs[agents]'"
    )


def test_what_needs_no_torch_imports_no_torch():
    modules = ", ".join(f"textenvs.policies.{module}" for module in LIGHT)
    ended = run(f"import sys, textenvs, {modules}; print({{'torch', 'transformers'}} & set(sys.modules))")
    assert ended.stdout.strip() == "set()", ended.stderr
