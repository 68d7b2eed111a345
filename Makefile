# up · test · check · bench · demo · cluster: each works from a fresh clone with only Python 3.11 or newer and make.

PYTHON ?= python3
PORT ?= 8000
DATA_DIR ?= .banyan
VENV := .venv
RUN := $(VENV)/bin

.PHONY: up test test-trials test-engines test-rest check format bench bench-peers demo cluster clean

up: $(VENV)/.shop  ## start the whole shop in one process: http://127.0.0.1:8000
	$(RUN)/banyan up --port $(PORT) --data-dir $(DATA_DIR)

test: $(VENV)/.dev  ## the whole test suite, its three parts side by side: each waits for servers half of its time
	$(MAKE) --no-print-directory -j3 test-trials test-engines test-rest

test-trials: $(VENV)/.dev
	$(RUN)/pytest tests/move tests/trial

ENGINES := tests/backends tests/cluster tests/commands tests/gateway

test-engines: $(VENV)/.dev
	$(RUN)/pytest $(ENGINES)

test-rest: $(VENV)/.dev
	$(RUN)/pytest tests $(addprefix --ignore ,tests/move tests/trial $(ENGINES))

check: $(VENV)/.dev  ## format, lint, strict types, walls
	$(RUN)/ruff format --check .
	$(RUN)/ruff check .
	$(RUN)/lint-imports
	$(RUN)/mypy

format: $(VENV)/.dev
	$(RUN)/ruff check --fix .
	$(RUN)/ruff format .

bench: $(VENV)/.dev  ## what one process on this machine does, beside a bare server
	$(RUN)/banyan bench

bench-peers: $(VENV)/.dev  ## other shops from their registries, turn by turn with ours (minutes; the network at first)
	$(RUN)/python -m bench.peers

demo: $(VENV)/.shop  ## a live legacy shop moves in, goes back and moves in again (needs Debian's mariadb-server)
	$(RUN)/banyan move demo

cluster: $(VENV)/.engines  ## every service in copies on Kafka, Redis, OpenSearch and PostgreSQL (docs/engines/cluster.md)
	$(RUN)/banyan cluster up --port $(PORT)

$(VENV)/bin/uv:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Banyan needs Python 3.11 or newer: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(RUN)/python -m pip install --quiet --disable-pip-version-check uv

$(VENV)/.shop: $(VENV)/bin/uv pyproject.toml uv.lock
	UV_PROJECT_ENVIRONMENT=$(VENV) $(RUN)/uv sync --quiet --frozen --no-dev --inexact
	touch $@

$(VENV)/.engines: $(VENV)/.shop
	UV_PROJECT_ENVIRONMENT=$(VENV) $(RUN)/uv sync --quiet --frozen --no-dev --inexact --all-extras
	touch $@

$(VENV)/.dev: $(VENV)/bin/uv pyproject.toml uv.lock
	UV_PROJECT_ENVIRONMENT=$(VENV) $(RUN)/uv sync --quiet --frozen --inexact
	touch $@ $(VENV)/.shop

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
