# The project's commands, the same for a newcomer, a developer and the continuous integration.
PYTHON ?= python3
BIN := .venv/bin
UV := $(or $(shell command -v uv 2>/dev/null),.uv/bin/uv)
INSTALL := $(UV) pip install --quiet --compile-bytecode --python $(BIN)/python
# The wheels come once, checked against their hashes; TensorFlow's is large, so a slow line gets time.
export UV_HTTP_TIMEOUT ?= 300
export UV_PYTHON_DOWNLOADS ?= never

.DEFAULT_GOAL := help
.PHONY: help demo run install test check format readme messages bench bench-training bench-log bench-load bench-soak crash-test requirements clean

help: ## what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

demo: .venv/bot.installed ## the whole bot in a page on this machine: no token, no TensorFlow
	$(BIN)/cotorra demo

run: .venv/bot.installed ## the bot on Telegram; TELEGRAM_BOT_TOKEN in the environment or in .env
	$(BIN)/cotorra run

install: .venv/dev.installed ## everything for training and development

test: .venv/dev.installed ## all tests
	$(BIN)/pytest -n auto --dist worksteal

check: .venv/dev.installed ## style, types, layers, Dockerfile, advisories
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/hadolint Dockerfile
	$(BIN)/python -m tests.audit

format: .venv/dev.installed ## rewrite the code in the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

readme: .venv/dev.installed ## the parts of the README that are made from the code
	$(BIN)/python -m tests.readme

messages: .venv/dev.installed ## the catalogues of sentences, brought up to date with the code
	$(BIN)/python -m tests.catalogues

bench: .venv/dev.installed ## characters per second of each way to generate
	$(BIN)/python -m benchmarks.generation

bench-training: .venv/dev.installed ## characters per second of each way to train (with PyTorch, if it is installed)
	$(BIN)/python -m benchmarks.training

bench-log: .venv/dev.installed ## the prompt log at ten million prompts: queries, figures, export, purge (alone: python -m benchmarks.log --step purge)
	$(BIN)/python -m benchmarks.log

bench-load: .venv/dev.installed ## a thousand chats within Telegram's limits: all answered once, in order; how long it takes
	$(BIN)/python -m benchmarks.load

bench-soak: .venv/dev.installed ## an hour's traffic in ten minutes, and nothing that grows
	$(BIN)/python -m benchmarks.soak

crash-test: .venv/dev.installed ## kill -9 a hundred times under load, polling and webhook: nothing lost, nothing doubled
	$(BIN)/python -m benchmarks.crash --polling
	$(BIN)/python -m benchmarks.crash --webhook

requirements: $(UV) ## pin every dependency again, with hashes
	$(UV) pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header pyproject.toml -o requirements/bot.txt
	$(UV) pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --extra train pyproject.toml -c requirements/bot.txt -o requirements/train.txt
	$(UV) pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --extra gpu pyproject.toml -c requirements/train.txt -o requirements/gpu.txt
	$(UV) pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --extra train --extra postgresql --extra logs --group dev pyproject.toml -c requirements/train.txt -o requirements/dev.txt
	$(UV) pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --group build -o requirements/build.txt
	echo uv==$$($(UV) --version | cut -d' ' -f2) | $(UV) pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header - -o requirements/uv.txt

clean: ## remove the environment and every cache
	rm -rf .venv .uv .*_cache .hypothesis dist

# --- set-up -----------------------------------------------------------------------------------------------------

.uv/bin/uv: requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit("expected Python 3.11 to 3.13, got " + sys.version.split()[0] + ": name another with make PYTHON=...") if not (3, 11) <= sys.version_info[:2] <= (3, 13) else None'
	$(PYTHON) -m venv .uv
	.uv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

.venv/bin/python: | $(UV)
	$(UV) venv --quiet --python $(PYTHON) .venv

.venv/bot.installed: requirements/bot.txt requirements/build.txt pyproject.toml | .venv/bin/python
	$(INSTALL) --require-hashes -r requirements/bot.txt
	$(INSTALL) --no-deps --build-constraints requirements/build.txt -e .
	@touch $@

.venv/dev.installed: requirements/dev.txt requirements/build.txt pyproject.toml | .venv/bin/python
	$(INSTALL) --require-hashes -r requirements/dev.txt
	$(INSTALL) --no-deps --build-constraints requirements/build.txt -e .
	@touch $@ .venv/bot.installed
