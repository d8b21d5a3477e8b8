# `make run` and `make test` need only Python >= 3.11 and make: they set up .venv from the lock first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export DAGSTER_HOME ?= $(CURDIR)/dagster_home

.DEFAULT_GOAL := help
.PHONY: help run dev models test test-duckdb-1 bench lint lock clean

help:  ## Show the targets
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: $(VENV)/models.stamp  ## Ingest videos and land their embeddings (VIDEOS=manifest, folder, file or URL)
	@$(BIN)/mixpeek-assets run $(if $(VIDEOS),--videos "$(VIDEOS)")

dev: $(VENV)/models.stamp  ## Dagster's UI, schedules and sensors, with the local API beside it
	@$(BIN)/mixpeek-assets dev

models: $(VENV)/run.stamp  ## Download the missing models of the local API
	@$(BIN)/python -m mixpeek_local.get_models

# Much of the suite waits: for servers, processes and locks. A file's tests share servers, so they stay together.
SIDE_BY_SIDE := -n 2 --dist loadfile

test: $(VENV)/dev.stamp $(VENV)/models.stamp  ## The whole test suite
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) $(PYTEST_ARGS)

test-duckdb-1: $(VENV)/dev.stamp $(VENV)/models.stamp  ## The warehouse and manifest tests on DuckDB 1.5, which is supported too
	@test -d $(VENV)/duckdb-1 || $(INSTALL) --target $(VENV)/duckdb-1 --require-hashes -r requirements-duckdb-1.lock
	PYTHONPATH=$(VENV)/duckdb-1 $(BIN)/python -m pytest tests/warehouse tests/manifest tests/assets $(SIDE_BY_SIDE) $(PYTEST_ARGS)

bench: $(VENV)/bench.stamp  ## How fast the pipeline is, beside what else there is (ONLY="fetch load" for some; see benchmarks/)
	PYTHONPATH=$(VENV)/bench $(BIN)/python -m benchmarks.pipeline $(ONLY)

lint: $(VENV)/dev.stamp  ## Formatting, lint, types and definitions, as CI checks them
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/dagster definitions validate -w workspace.yaml

LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-header pyproject.toml --extra build --extra senses

lock:  ## Resolve the dependencies anew (needs uv)
	$(LOCK) --output-file requirements.lock
	$(LOCK) --extra dev --output-file requirements-dev.lock
	$(LOCK) --extra bench --output-file requirements-bench.lock
	echo 'duckdb>=1.5,<2' | uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate - --output-file requirements-duckdb-1.lock

clean:  ## Remove the environment (your data stays)
	rm -rf $(VENV)

# The locks are complete, so nothing is left to resolve (--no-deps), and nothing unhashed gets in.
INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "mixpeek_assets needs Python 3.11 or newer, and $(PYTHON) is %d.%d: make PYTHON=python3.12" % sys.version_info[:2] or 0)'
	@echo "Setting up $(VENV) from the lock (about a minute, once) ..."
	@$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: requirements.lock pyproject.toml | $(BIN)/python
	@$(INSTALL) --require-hashes -r requirements.lock
	@$(INSTALL) --no-build-isolation --editable .
	@touch $@

# What cannot be had is named, and stops nothing: the local API does without it. `make models` tries again.
$(VENV)/models.stamp: mixpeek_local/models/catalogue.py $(VENV)/run.stamp
	@$(BIN)/python -m mixpeek_local.get_models
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock $(VENV)/run.stamp
	@$(INSTALL) --require-hashes -r requirements-dev.lock
	@touch $@

# Beside the main environment, before which it is looked in: pandas 2 for all that is compared.
$(VENV)/bench.stamp: requirements-bench.lock $(VENV)/run.stamp
	@rm -rf $(VENV)/bench
	@$(INSTALL) --target $(VENV)/bench --require-hashes -r requirements-bench.lock
	@touch $@
