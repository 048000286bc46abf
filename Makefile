# Two commands on a fresh machine: `make run` and `make test`.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
ONLY ?=

PUPPET := tests/interop/puppet
.PHONY: run test test-slow interop bench check format clean

$(VENV)/.base: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(VENV)/.test: $(VENV)/.base
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,wechat]'
	touch $@

$(VENV)/.bench: $(VENV)/.test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,wechat,bench]'
	touch $@

run: $(VENV)/.base
	$(BIN)/zhiban run --demo

test: $(VENV)/.test $(PUPPET)/node_modules/.installed
	$(BIN)/python -m pytest -n 2 -m 'not slow'

# The real puppet service, for the tests against it; without node they are skipped, and say so.
$(PUPPET)/node_modules/.installed: $(PUPPET)/package-lock.json
	@if ! command -v npm >/dev/null; then echo 'npm is not installed: no tests against the real puppet service'; \
	elif npm ci --prefix $(PUPPET) --ignore-scripts --no-audit --no-fund; then touch $@; \
	else echo 'npm could not install it: no tests against the real puppet service'; fi

interop: $(VENV)/.test $(PUPPET)/node_modules/.installed
	$(BIN)/python -m pytest tests/interop

test-slow: $(VENV)/.test
	$(BIN)/python -m pytest -m slow

bench: $(VENV)/.bench
	$(BIN)/python -m tests.benchmarks $(if $(ONLY),--only $(ONLY))

check: $(VENV)/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.test
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) build var
