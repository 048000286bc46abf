# Two commands on a fresh machine: `make run` and `make test`.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
ONLY ?=

PUPPET := tests/interop/puppet
KEYSTONE := tests/interop/keystone
MONGODB := tests/interop/secantus
.PHONY: run test test-slow interop mongodb-server bench check format clean

$(VENV)/.base: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[chat,association]'
	touch $@

$(VENV)/.test: $(VENV)/.base
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,wechat,mongo,chat,association,face,train]'
	$(BIN)/python -c 'from daemon.inference.association.search.best_first import warm_up; warm_up()'  # compiled once, kept
	touch $@

$(VENV)/.bench: $(VENV)/.test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,wechat,mongo,chat,association,face,train,bench]'
	touch $@

run: $(VENV)/.base
	$(BIN)/zhiban run --demo

test: $(VENV)/.test $(PUPPET)/node_modules/.installed $(KEYSTONE)/node_modules/.installed $(MONGODB)/.venv/.installed
	$(BIN)/python -m pytest -n 2 -m 'not slow'

# The real puppet service, and what docs/examples/keystone runs on; without node their tests are skipped, and say so.
tests/interop/%/node_modules/.installed: tests/interop/%/package-lock.json
	@if ! command -v npm >/dev/null; then echo 'npm is not installed: no tests against $*'; \
	elif npm ci --prefix tests/interop/$* --ignore-scripts --no-audit --no-fund; then touch $@; \
	else echo 'npm could not install it: no tests against $*'; fi

# A server that speaks MongoDB's protocol, in an environment of its own; where it can't be installed, or
# ZHIBAN_TEST_MONGODB_URI names another, the tests that need it are skipped or use that one.
mongodb-server: $(MONGODB)/.venv/.installed

$(MONGODB)/.venv/.installed: $(MONGODB)/requirements.txt
	@if test -x $(MONGODB)/.venv/bin/python || $(PYTHON) -m venv $(MONGODB)/.venv && $(MONGODB)/.venv/bin/python -m pip \
	install --quiet --disable-pip-version-check --only-binary SecantusDB,numpy,shapely -r $<; then touch $@; \
	else echo 'pip could not install the MongoDB server: no tests against it'; rm -rf $(MONGODB)/.venv; fi

interop: $(VENV)/.test $(PUPPET)/node_modules/.installed $(KEYSTONE)/node_modules/.installed $(MONGODB)/.venv/.installed
	$(BIN)/python -m pytest tests/interop

test-slow: $(VENV)/.test $(MONGODB)/.venv/.installed
	$(BIN)/python -m pytest -m slow

bench: $(VENV)/.bench $(MONGODB)/.venv/.installed
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
