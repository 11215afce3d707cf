# Two commands on a fresh machine: make demo, make test. Only git, make and Python 3.11 to 3.13 are needed.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help demo test test-containers test-deep test-unit bench-renewal up down secrets image compose-up compose-down lint docs lock clean

# The first Python that can make the environment; else any, so that bootstrap.py can say what is wrong with it.
CANDIDATES := python3.13 python3.12 python3.11 python3
FIT := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for p in $(CANDIDATES); do if $$p -c '$(FIT)' 2>/dev/null; then echo $$p; exit; fi; done; \
                  for p in $(CANDIDATES); do if $$p -c '' 2>/dev/null; then echo $$p; exit; fi; done)

# Named by the checksum of what is installed and where: while it exists, nothing is asked of the network.
INSTALLED := .venv/.installed-$(shell { pwd; cat requirements.lock pyproject.toml; } | cksum | cut -d ' ' -f 1)
RUN := .venv/bin/python
# Compiled once: a run starts some hundred processes, each of which would compile all of our modules anew.
unexport PYTHONDONTWRITEBYTECODE
# Two processes more than cores, since tests wait for servers much of their time; six at most: they share one broker.
WORKERS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); n=$$((n + 2)); \
                   if [ $$n -gt 6 ]; then n=6; fi; echo $$n)

# Whole compose projects and the tests on shared servers side by side: more only wait for each other on two cores.
CONTAINER_WORKERS ?= 2

# What the demo is played on: embedded (processes of this machine) or containers (Docker).
STACK ?= embedded

help: ## print this help
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' Makefile | while IFS='|' read -r target what; do \
	    printf '  make %-15s %s\n' "$$target" "$$what"; done

demo: $(INSTALLED) ## play the whole story and check every step; with STACK=containers in Docker
	@$(RUN) -m services.cli demo --stack $(STACK)

test: lint ## lint, types, import rules and all tests
	@$(RUN) -m pytest -n $(WORKERS) --no-loadscope-reorder --ignore tests/containers

test-containers: $(INSTALLED) ## integration and end-to-end tests on servers and workers in Docker, and what only that shows
	@REFILL_TEST_STACK=containers $(RUN) -m pytest -n $(CONTAINER_WORKERS) --no-loadscope-reorder \
	    --timeout 300 --durations 15 tests/integration tests/e2e tests/containers

test-deep: $(INSTALLED) ## property tests on examples that no run has tried before; make test repeats the same ones
	@$(RUN) -m pytest -n $(WORKERS) --hypothesis-profile searching tests/property

bench-renewal: $(INSTALLED) ## a million quotas renew at one second beside live traffic; ACCOUNTS=, RATE=, SECONDS=
	@$(RUN) -m tests.benchmark.renewal --accounts $(or $(ACCOUNTS),1000000) --rate $(or $(RATE),50) \
	    --seconds $(or $(SECONDS),30) --json tests/benchmark/renewal.json

test-unit: $(INSTALLED) ## unit tests only: under 5 seconds, no server
	@$(RUN) -m pytest -q tests/unit

up: $(INSTALLED) ## keep stack and workers running here, addresses in .refill/env, until Ctrl-C
	@$(RUN) -m services.cli up

down: $(INSTALLED) ## end what make up started, from another terminal
	@$(RUN) -m services.cli down

secrets: ## make the passwords of the stack in containers, once, in .refill/secrets
	@$(PYTHON) deploy/compose/secrets.py

image: ## build the workers' image, refill:local
	@docker build --file deploy/Dockerfile --tag refill:local --build-arg REVISION="$$(git rev-parse HEAD)" .

compose-up: secrets ## start the stack in containers and wait until it is healthy, addresses in .refill/secrets/client.env
	@REFILL_REVISION="$$(git rev-parse HEAD)" docker compose up --build --wait

compose-down: ## stop the stack in containers; its data stays for the next compose-up
	@docker compose down

lint: $(INSTALLED) ## ruff, mypy --strict, import rules
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports

docs: $(INSTALLED) ## regenerate JSON Schemas, AsyncAPI documents, the lists of reasons and of rules
	@$(RUN) -m deploy.documents write

lock: ## resolve both locks anew, with hashes (needs uv and the network)
	@command -v uv >/dev/null || { echo 'make lock needs uv: python3 -m pip install uv' >&2; exit 1; }
	@uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --all-extras \
	    pyproject.toml --output-file requirements.lock
	@uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --extra sandbox \
	    --constraint requirements.lock pyproject.toml --output-file deploy/image-requirements.lock

clean: ## remove .venv, .refill and what tools leave behind; downloads stay cached
	@if [ -x $(RUN) ]; then $(RUN) -m services.cli down || true; fi
	@# The passwords go, so what they open goes with them: the volumes of the stack in containers.
	@if [ -f .env ] && command -v docker >/dev/null; then docker compose down --volumes || true; fi
	@if [ "$$(cat .env 2>/dev/null)" = 'REFILL_SECRETS=./.refill/secrets' ]; then rm .env; fi
	@rm -rf .venv .refill .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis refill.egg-info build
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(INSTALLED):
	@if [ -z '$(PYTHON)' ]; then echo 'Refill needs Python 3.11, 3.12 or 3.13 and found no Python: install one' \
	    'of them, or name it with make PYTHON=/path/to/python3.13.' >&2; exit 1; fi
	@$(PYTHON) deploy/local/bootstrap.py $@
