# Everything a developer needs, from a fresh checkout: `make setup`, `make test`, `make demo`.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready

.PHONY: help setup demo test test-all lint format types imports benchmark lock clean python

help:  ## Show what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | sort | awk -F'\t' '{printf "  %-10s %s\n", $$1, $$2}'

python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "pickglass needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>/dev/null || echo not there)" >&2; \
		echo "hint: name a newer one, for example: make setup PYTHON=python3.12" >&2; \
		exit 1; }

setup: $(STAMP)  ## Create .venv with the locked libraries and pickglass itself

# Only the lock decides what is installed: the project goes in without resolving or isolated building,
# since its build back-end is in the lock too.
$(STAMP): requirements.lock pyproject.toml | python
	@if command -v uv >/dev/null; then \
		uv venv --quiet --allow-existing --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" $(VENV); \
		uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock; \
		uv pip install --quiet --python $(BIN)/python --no-index --no-deps --no-build-isolation -e .; \
	else \
		$(PYTHON) -m venv $(VENV); \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock; \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation -e .; \
	fi
	@touch $@

demo: setup  ## Synthetic company, full run, report
	@$(BIN)/pickglass demo

test: setup lint types imports  ## Everything quick: lint, types, imports, tests
	@$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not slow and not corpus"

# pytest says 5 when nothing bears one of the marks, which is no failure here.
test-all: test  ## The quick tests, then the slow ones and the benchmarks
	@$(BIN)/python -m pytest -n 2 --dist loadgroup -m "slow or corpus" || test $$? -eq 5
	@$(MAKE) --no-print-directory benchmark

lint: setup  ## Check style
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

format: setup  ## Apply style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

types: setup  ## Check types
	@$(BIN)/mypy

imports: setup  ## Check that imports point down
	@$(BIN)/lint-imports --no-logo

benchmark: setup  ## Run every benchmarks/measure_*.py
	@shopt -s nullglob; for script in benchmarks/measure_*.py; do echo "== $$script"; $(BIN)/python "$$script"; done

lock:  ## Resolve requirements.lock anew (needs uv)
	@command -v uv >/dev/null || { echo "make lock needs uv" >&2; echo "hint: install it with your package manager or pip" >&2; exit 1; }
	@uv pip compile --quiet --no-config --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-header --no-emit-index-url --no-emit-find-links --group dev --output-file requirements.lock pyproject.toml

clean:  ## Remove everything that make created
	@rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find src tests -type d -name __pycache__ -prune -exec rm -rf {} +
