# Two commands do everything on a fresh machine: `make demo` and `make test`.

PYTHON ?= python3
VENV ?= .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif

.DEFAULT_GOAL := help
.PHONY: help demo test validators check lint types install clean

help: ## show all targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(VENV)/installed: pyproject.toml
	test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e '.[onnx]'
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(BIN)/python -m pip install --quiet -e '.[dev]'
	@touch $@

install: $(VENV)/installed ## make the virtual environment and install camtrap into it

demo: $(VENV)/installed ## triage the pictures in sample_images/ into demo-season/
	@rm -rf demo-season && mkdir demo-season && cp sample_images/stations.csv demo-season/
	@$(BIN)/camtrap run sample_images --out demo-season || test $$? -eq 3
	@echo
	@echo "Open demo-season/brief.html; the patrol table is demo-season/events.csv."

test: $(VENV)/installed-dev ## run the tests
	$(BIN)/python -m pytest -n auto --dist worksteal

validators: $(VENV)/installed-dev ## let other people's tools read the exports (makes their environments; needs a network)
	$(BIN)/python -m pytest -m validators tests/heavy

lint: $(VENV)/installed-dev ## check style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/installed-dev ## check types
	$(BIN)/mypy

check: test lint types demo ## all that continuous integration does

clean: ## remove the virtual environment and what the demo made
	rm -rf $(VENV) demo-season
