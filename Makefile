# `make run` needs Python 3.11 or newer and make, nothing else; everything is installed into .venv.

# The first interpreter that is new enough and can make an environment. Set it yourself with `make run PYTHON=...`.
PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3 python; do \
	"$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { echo "$$python"; break; }; done)
BIN := .venv/bin

# `make test REQUIRE_PROGRAMS=1`: a test whose program (soffice, chromium, ...) is missing fails instead of being skipped.
ifdef REQUIRE_PROGRAMS
export CEA_REQUIRE_PROGRAMS := 1
endif

.PHONY: run test lint app bench docs clean

run: .venv/with-core
	$(BIN)/cea run

test: lint
	$(BIN)/python -m pytest -n 2 --dist worksteal

lint: .venv/with-test
	$(BIN)/ruff check .
	$(BIN)/mypy

app: .venv/with-app
	$(BIN)/cea app

# `make bench MILLION=1`: long runs too.
bench: .venv/with-bench
	$(BIN)/python -m benchmarks $(if $(MILLION),--million)

docs: .venv/with-core
	$(BIN)/cea docs

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find cea tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@test -n "$(PYTHON)" || { \
		echo "Python 3.11 or newer with venv was not found (on Debian and Ubuntu: apt-get install python3-venv)." >&2; \
		exit 1; }
	"$(PYTHON)" -m venv .venv

# One stamp for each set of extras: installed again only when the requirements change.
.venv/with-core: EXTRAS =
.venv/with-test: EXTRAS = [test]
.venv/with-app: EXTRAS = [app]
.venv/with-bench: EXTRAS = [bench]
.venv/with-%: pyproject.toml constraints.txt | .venv/bin/python
	@echo "Installing the package and what it needs into .venv (a few minutes the first time) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".$(EXTRAS)"
	@touch $@
