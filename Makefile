# Schoolyard: `make run` opens the demo, `make test` proves the house stands. Both make what they need in .venv.
# Settings reach them from the environment or the command line: make run PORT=8123

FIND := for p in python3 python3.13 python3.12 python3.11; do \
  "$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v "$$p"; break; }; done
ifndef PYTHON
PYTHON := $(shell $(FIND))
endif
IN := .venv/bin/python

.PHONY: run test axe screens bench fuzz lint env env-test
.DEFAULT_GOAL := run

run: env
	@exec $(IN) -m portal run

test: env-test
	@exec $(IN) -m tools.check $(ARGS)

axe: env-test
	@PORTAL_TEST_AXE=all exec $(IN) -m tools.check -m browser -k axe $(ARGS)

screens: env-test
	@exec $(IN) -m tools.screens $(ARGS)

# Pages against the floor; make bench ARGS="import BUNDLE" for the other measure.
bench: env-test
	@exec $(IN) -m benchmarks $(or $(ARGS),pages)

fuzz: env-test
	@exec $(IN) -m tests.fuzz $(ARGS)

lint: env-test
	$(IN) -m ruff check .
	$(IN) -m ruff format --check .
	$(IN) -m mypy
	.venv/bin/lint-imports --no-cache

env env-test:
	@test -n "$(PYTHON)" || { echo "Schoolyard needs Python 3.11 or newer: none of python3, python3.13, python3.12, python3.11 is." >&2; exit 1; }
	@"$(PYTHON)" tools/bootstrap.py $(if $(filter env-test,$@),requirements-dev.lock,requirements.lock)
