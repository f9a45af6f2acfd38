# What people and CI type. `make demo` and `make test` need nothing before them.

PYTHON := .venv/bin/python
SHELL := /bin/bash
# That run tests beside each other (tests/beside.py); ARGS='-n 0' for a debugger.
PROCESSES := 2

.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench screenshots clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## environment in .venv; system packages when root on Debian; JavaScript packages
	@scripts/setup

demo: setup ## the whole system at once, and one address to open (ARGS=--simulated STORE=influxdb)
	@$(if $(filter influxdb,$(STORE)),scripts/install-influxd >/dev/null &&) \
		exec .venv/bin/imereti demo $(if $(STORE),--store $(STORE)) $(ARGS)

test: setup ## every test; what was skipped and why, and what took long, is printed at the end (ARGS=tests/api)
	@$(if $(ARGS),,scripts/install-influxd >/dev/null ||) true
	@exec $(PYTHON) -m pytest -n $(PROCESSES) --durations=100 --durations-min=15 $(ARGS)

check: setup ## lint, types, arrows between the rooms, docs
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	.venv/bin/lint-imports
	$(PYTHON) -m pytest -q tests/docs

bench: setup ## measured figures beside their goals and peers (ARGS='render poll')
	@exec $(PYTHON) -m tests.bench $(ARGS)

screenshots: setup ## the pictures in docs/
	@exec $(PYTHON) scripts/screenshots.py $(ARGS)

clean: ## all that the targets above made, but for state/, which is yours
	rm -rf .venv node_modules build api/static/vendor imereti.egg-info
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
