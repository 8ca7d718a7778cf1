# thiqa: `make` alone lists what can be made.
PYTHON ?= python3
TABLES ?= data/raw/world
VENV := .venv
INSTALLED := $(VENV)/.installed
# git strips outputs of notebooks as they are added (.gitattributes); without the environment it does not, and goes on
STRIP := $(VENV)/bin/nbstripout --install --attributes .gitattributes && git config filter.nbstripout.required false
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export DO_NOT_TRACK := true
export DVC_NO_ANALYTICS := true
export GIT_PYTHON_REFRESH := quiet
export MLFLOW_DISABLE_TELEMETRY := true
export PYTHONUTF8 := 1
# one thread a process where the work is small: both cores are busy with other processes
export OMP_NUM_THREADS ?= 2

.DEFAULT_GOAL := help
.PHONY: help doctor run test test-long lint research bench notebooks ui serve clean lock

help: ## list what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' | awk -F'|' '{printf "  make %-12s %s\n", $$1, $$2}'

doctor: ## name what this machine lacks, and the line that mends it
	@PYTHONPATH=typings $(PYTHON) -m thiqa.doctor

$(INSTALLED): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@if git rev-parse --git-dir >/dev/null 2>&1; then $(STRIP); fi
	@touch $@

run: doctor $(INSTALLED) ## run the pipeline (TABLES=data/raw/import/NAME for your own), publish, print the main figures
	@PYTHONPATH=typings python -m thiqa.params "$(TABLES)"
	@PYTHONPATH=typings python -m thiqa.recover
	dvc repro train evaluate_text report
	@PYTHONPATH=typings python -m thiqa publish
	@PYTHONPATH=typings python -m thiqa figures

test: doctor $(INSTALLED) lint ## lint, types, and every test that guards a change (small profile)
	python -m pytest -n 2 --dist loadfile -m "not long"

test-long: doctor $(INSTALLED) ## statistical tests that take minutes
	python -m pytest -m long

lint: $(INSTALLED) ## format, lint, types and layers
	ruff format --check
	ruff check
	mypy
	PYTHONPATH=typings lint-imports

research: doctor $(INSTALLED) ## run every experiment of experiments/ (long, resumable)
	@for folder in experiments/[0-9]*/; do echo "== $$folder"; PYTHONPATH=typings python "$${folder}run.py" || exit 1; done

bench: doctor $(INSTALLED) ## measure speed against peers (figures go to reports/bench/)
	@for file in benchmarks/*.py; do echo "== $$file"; PYTHONPATH=typings python "$$file" || exit 1; done

notebooks: doctor $(INSTALLED) ## execute every notebook on TABLES (the simulated world after `make run`); pages go to logs/notebooks/
	THIQA_TABLES="$(abspath $(TABLES))" jupyter nbconvert --execute --to html --output-dir logs/notebooks notebooks/*.ipynb

ui: $(INSTALLED) ## open MLflow on loopback (http://127.0.0.1:5000)
	@python -m thiqa ui

serve: $(INSTALLED) ## run an MLflow server with sign-in for a team, on loopback (docs/server.md)
	@python -m thiqa serve

lock: ## pin every package anew (needs uv)
	uv pip compile --universal --python-version 3.11 --extra dev --extra notebooks --extra research --extra server --extra spark --no-header --no-annotate --no-emit-index-url --quiet --upgrade pyproject.toml | grep -vE '^(nvidia|cuda|triton)' > requirements.lock.new # torch asks for what a GPU needs, if it needs it
	mv requirements.lock.new requirements.lock

clean: ## remove what the pipeline made; imports, the environment and MLflow's runs stay
	rm -rf data/interim data/features data/raw/world artifacts reports/report.html logs build .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
