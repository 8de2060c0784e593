# Two commands: `make demo` and `make test`. Both begin with `make setup`.
SHELL := /bin/bash
# The first that really runs: a name on the path may be a shim without an interpreter.
PYTHON ?= $(shell for one in python3 python3.13 python3.12 python3.11; do $$one -c "import sys; sys.exit(sys.version_info < (3, 11))" 2>/dev/null && { echo $$one; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
NPM := npm --prefix js
FRONT_END := $(shell find js/src js/schema -type f 2>/dev/null) js/build.mjs js/package.json
EXTENSIONS := $(VENV)/share/jupyter/labextensions
NOTEBOOK := notebooks/01_first_labels.ipynb
PARALLEL ?= $(shell python3 -c "import os; print(max(1, min(4, os.cpu_count() or 1)))")
export HF_HUB_OFFLINE := 1
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD := 1

.PHONY: setup demo test check bench wheel clean python typescript browser notebooks

setup: $(VENV)/.installed refinery_nb/static/labeler.js
	@# The wheel has the extension of JupyterLab; an editable install is shown where it is built.
	@mkdir -p $(EXTENSIONS)
	@ln -sfn ../../../../refinery_nb/labextension $(EXTENSIONS)/refinery-nb

$(VENV)/.installed: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; name one: make PYTHON=..."; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	# By itself, so that the pinned build is taken and nothing else asks for another.
	$(BIN)/python -m pip install --quiet -r constraints.txt
	mkdir -p refinery_nb/static
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[all,test]"
	touch $@

js/node_modules/.installed: js/package-lock.json
	$(NPM) ci --no-audit --no-fund
	touch $@

refinery_nb/static/labeler.js: js/node_modules/.installed $(FRONT_END)
	$(NPM) run build
	touch $@

demo: setup
ifdef HEADLESS
	$(BIN)/python notebooks/headless.py $(NOTEBOOK)
else
	$(BIN)/refinery-nb demo
endif

test: setup check typescript python browser notebooks
	@echo "All checks and tests passed."

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

typescript: setup
	$(NPM) run check
	$(NPM) test

python: setup
	$(BIN)/python -m pytest -n $(PARALLEL) --ignore=tests/ui

# Each process has a JupyterLab server and a browser of its own.
browser: setup
	$(BIN)/python -m pytest -n 2 tests/ui

notebooks: setup
	$(BIN)/python -m pytest -n $(PARALLEL) --nbmake --nbmake-timeout=300 notebooks/*.ipynb

bench: setup
	@# Small sizes by default, some 20 minutes in all; each bench says how to ask for more.
	@for bench in tests/bench/*.py; do \
	  echo "== $$bench"; begun=$$(date +%s); $(BIN)/python $$bench || exit 1; \
	  echo "   $$(($$(date +%s) - begun)) s"; \
	done

wheel: setup
	$(BIN)/python -m build --wheel --no-isolation

clean:
	rm -rf $(VENV) js/node_modules js/lib refinery_nb/static refinery_nb/labextension dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
