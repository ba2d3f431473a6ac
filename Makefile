# Every habit, one word each. `make` alone lists them.

PY      := .venv/bin/python
ROOM    ?=
FLOW    ?= examples/first-bot.json
export PYTHONUTF8 := 1
# Locked versions only, from the ordinary package index.
UV_SYNC := .venv/bin/uv sync --frozen --quiet

.DEFAULT_GOAL := help
.PHONY: help setup up test prove check fix gen golden talk bench clean

help: ## this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

setup: .venv/.synced ## set up what is missing

.venv/.synced: pyproject.toml uv.lock
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Recado needs Python 3.11 or newer; this is $$(python3 --version)."; exit 1; }
	@echo "Setting up (the first time takes a little)..."
	@test -x $(PY) || python3 -m venv .venv
	@test -x .venv/bin/uv || $(PY) -m pip install --quiet --disable-pip-version-check 'uv>=0.5'
	@$(UV_SYNC)
	@.venv/bin/uv --version > .venv/.synced

up: setup ## run everything with a WhatsApp on this machine, print the URL
	@$(PY) -m recado up

# Whole servers under load (e2e) have the machine to themselves.
test: setup ## all tests, as CI runs them; ROOM=engine for one room
	@$(PY) -m pytest -n 2 --dist worksteal $(if $(ROOM),tests/$(ROOM),tests --ignore=tests/e2e)
	@$(if $(ROOM),,$(PY) -m pytest tests/e2e)

prove: setup ## the long proofs, some three hours, reports in docs/proof/; PROOF=kills, bulk... for one
	@$(PY) -m pytest -m prove -s tests/e2e $(if $(PROOF),-k $(PROOF))

check: setup ## format, lint, types, import contracts, generated files
	@.venv/bin/ruff format --check --quiet .
	@.venv/bin/ruff check --quiet .
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-cache
	@$(PY) -m pytest tests/test_rooms.py


fix: setup ## format and mend what a machine can mend
	@.venv/bin/ruff check --quiet --fix .; .venv/bin/ruff format --quiet .

gen: setup ## write generated files: docs/nodes
	@$(PY) -m recado flow nodes --out docs/nodes

golden: setup ## rewrite golden files, then look at the diff
	@RECADO_GOLDEN=1 $(PY) -m pytest tests/engine tests/nodes tests/flows tests/whatsapp

talk: setup ## talk to a flow in the terminal: make talk FLOW=my-flow.json
	@$(PY) -m recado talk $(FLOW)

bench: setup ## measure what Recado claims about speed, QUICK=1 in minutes; figures go to bench/out/
	@$(PY) bench/engine.py
	@$(PY) bench/compile.py
	@$(PY) -m bench.run $(if $(QUICK),--quick)

clean: ## remove what was built (never your data)
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
