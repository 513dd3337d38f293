.DEFAULT_GOAL := help
.PHONY: help demo test test-all test-latest docs constraints lint clean

BIN := .venv/bin
READY := .venv/.ready
LATEST := .venv-latest
PYTEST_ARGS ?= -n 2

help:  ## say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(READY)  ## forecast Cerebras-GPT 6.7B and 13B from their smaller siblings
	@$(BIN)/bayes-scaling demo

test: $(READY)  ## run the fast tests
	$(BIN)/python -m pytest $(PYTEST_ARGS)

test-all: $(READY)  ## run all tests, also those that take minutes
	$(BIN)/python -m pytest --run-slow $(PYTEST_ARGS)

test-latest:  ## run the fast tests with the newest releases, in an environment of their own
	rm -rf $(LATEST)
	@.ci/setup --latest
	$(LATEST)/bin/python -m pytest $(PYTEST_ARGS)

constraints: | $(LATEST)  ## pin the versions that make test-latest tried
	@$(LATEST)/bin/python -m pip list --format=freeze --exclude-editable >constraints.new
	@mv constraints.new constraints.txt

$(LATEST):
	@.ci/setup --latest

docs: $(READY)  ## build the site in docs/_build: open docs/_build/index.html
	$(BIN)/python -m sphinx -W --keep-going -q -b html -d docs/_build/.trees docs docs/_build

lint: $(READY)  ## check style, format and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

clean:  ## remove what was made, .venv included
	rm -rf docs/_build docs/_tables .venv $(LATEST) .pytest_cache .ruff_cache .mypy_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): pyproject.toml constraints.txt .ci/setup
	@.ci/setup
	@touch $@
