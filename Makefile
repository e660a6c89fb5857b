# The two commands of the README: `make scan` and `make test`. Each sets up its own environment.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed-$(shell cat requirements.lock pyproject.toml | cksum | cut -d' ' -f1)

.PHONY: scan test lint format bench bench-detection docs reference walk env clean

env: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "make: $(PYTHON) not found; set PYTHON=<a Python 3.11 or newer>" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check torch==2.13.0
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@rm -f $(VENV)/.installed-*
	@touch $@

scan: env
	@echo "Scanning examples/quickstart/data/reviews.jsonl (a planted trigger waits in it; exit code 1 means: found)" >&2
	@$(BIN)/curate scan examples/quickstart/data/reviews.jsonl -o runs/quickstart; code=$$?; \
	  if [ $$code -gt 1 ]; then exit $$code; fi

test: env
	$(BIN)/pytest

lint: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: env
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: env
	$(BIN)/python benchmarks/first_light.py --output benchmarks/first_light.md

# The documentation site, in build/site: strict about links, nothing is fetched. Not with --quiet: then
# mkdocs counts no warnings.
docs: env
	$(BIN)/python tools/reference_pages.py --check
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# The pages of docs/ that are made from the code.
reference: env
	$(BIN)/python tools/reference_pages.py

# Every attack in sets of 3,000 rows; goes on where it was stopped. --quick or --full: see the script.
bench-detection: env
	$(BIN)/python benchmarks/detection.py --small --output benchmarks/detection.md

# The story of the documentation in a real terminal, recorded anew: three scans, some minutes.
walk: env
	$(BIN)/python tools/record_walk.py

clean:
	rm -rf $(VENV) runs build dist
