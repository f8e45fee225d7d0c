# Commands of the project. Without PYTHON=… the newest suitable Python on the PATH is taken.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	"$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
	&& echo "$$p" && exit; done; echo python3)
VENV = .venv/bin
export LOG_FORMAT ?= text

.PHONY: run test check bench faults format requirements messages help

run: ## start everything on http://127.0.0.1:8000
	@$(PYTHON) bootstrap.py
	@exec $(VENV)/python manage.py serve

test: ## run the whole test suite
	@$(PYTHON) bootstrap.py --dev
	@$(VENV)/python -m pytest

check: ## format, lint, types, contracts, migrations, system checks, tests
	@$(PYTHON) bootstrap.py --dev
	@$(VENV)/python -m pytest tests/architecture -n 0
	@$(VENV)/python manage.py check
	@$(VENV)/python -m pytest --ignore tests/architecture

bench: ## run the benchmarks; results go to docs/benchmarks.md by hand
	@$(PYTHON) bootstrap.py --dev
	@$(VENV)/python -m tests.benchmarks

faults: ## kill, cut and freeze everything under load: some twenty minutes
	@$(PYTHON) bootstrap.py --dev
	@$(VENV)/python -m tests.faults

format: ## format and fix the code
	@$(PYTHON) bootstrap.py --dev
	@$(VENV)/ruff format . && $(VENV)/ruff check --fix .

messages: ## update the translation catalogue
	@$(PYTHON) bootstrap.py --dev
	@$(VENV)/python manage.py translations

requirements: ## pin all packages anew from requirements.in and requirements-dev.in
	@$(PYTHON) bootstrap.py --dev
	@for name in requirements requirements-dev; do \
		$(VENV)/uv pip compile --quiet --universal --python-version 3.11 --no-header \
		--no-emit-index-url --no-emit-find-links $$name.in -o $$name.txt || exit 1; done

help: ## show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'
