# make app    install and open the app        (PORT=8501)
# make test   install and run the test suite
# make check  linters, type checker, docstrings, tests
# make fuzz   read hostile files for MINUTES=10
# make demo   rebuild the shipped demo cohort and its map
# TORCH=cpu   with any of these: PyTorch for the CPU alone, without gigabytes of CUDA libraries
PYTHON ?= python3
PORT ?= 8501
BIN := .venv/bin
MINUTES ?= 10
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt
ifeq ($(TORCH),cpu)
PIP += --extra-index-url https://download.pytorch.org/whl/cpu
endif

.PHONY: app test check lint fuzz demo clean

app: .venv/app
	$(BIN)/physioclr app --port $(PORT)

test: .venv/dev .venv/browser
	$(BIN)/python -m pytest -n 2

check: lint test

lint: .venv/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/numpydoc lint $$(git ls-files 'physioclr/*.py')

fuzz: .venv/dev
	$(BIN)/python -m tests.io.fuzzing --minutes $(MINUTES)

demo: .venv/app
	$(BIN)/python -m physioclr.datasets.demo demo
	$(BIN)/python -m physioclr.explore.cohort_map demo/maps

clean:
	rm -rf .venv build dist

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
	  { echo "PhysioCLR needs Python 3.11 to 3.13; name one with PYTHON=..." >&2; exit 1; }
	$(PYTHON) -m venv .venv || \
	  { echo "On Debian the module is in the package python3-venv." >&2; rm -rf .venv; exit 1; }
	$(BIN)/python -m pip --disable-pip-version-check install --quiet --upgrade 'pip>=25.1'

.venv/app: .venv/bin/python pyproject.toml constraints.txt
	$(PIP) --editable .
	@touch $@

.venv/dev: .venv/app
	$(PIP) --group dev
	@touch $@

.venv/browser: .venv/dev tests/install_browser.sh
	sh tests/install_browser.sh $(BIN)/playwright
	@touch $@
