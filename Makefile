# Everything runs in an environment of its own, .venv, made on first use.
#
#   make run     train on built-in digits and draw what was learned
#   make test    all tests
#   make bench   every rung against the one below, PyTorch, JAX and the limits of the machine
#   make guard   whether a kernel has become slower than recorded
#   make profile NAME="lstm 24"   where the time of a row of the benchmark goes, down to the instruction

PYTHON ?= $(shell command -v python3.11 || command -v python3)
ENVIRONMENT := .venv
BIN := $(ENVIRONMENT)/bin
PACKAGING := setup.cfg pyproject.toml

.PHONY: run test test-all lint types bench profile guard clean
.DELETE_ON_ERROR:

run: $(ENVIRONMENT)/installed
	$(BIN)/autoencoder train --overwrite --minutes 2 \
		--model-directory runs/digits/model --output-directory runs/digits
	@echo "Look at runs/digits/reconstructions.png, network.png, code_sweep.png and loss.png"

# Two processes; the tests of a file stay together, so that its kernels are compiled once and its server starts
# once. The longest come first (tests/support/longest_files.py), not those with the most tests.
PYTEST := $(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

test: $(ENVIRONMENT)/installed-test
	$(PYTEST)

test-all: $(ENVIRONMENT)/installed-test
	HYPOTHESIS_PROFILE=exhaustive $(PYTEST)

lint: $(ENVIRONMENT)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(ENVIRONMENT)/installed-dev
	$(BIN)/mypy

bench: $(ENVIRONMENT)/installed-bench
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks report

# Words of a row's family and title. TOOL=callgrind counts instructions, DIRECTION=backward takes that one.
profile: $(ENVIRONMENT)/installed-bench
	$(BIN)/python -m benchmarks.profile $(NAME) $(if $(DIRECTION),--direction $(DIRECTION)) $(if $(TOOL),--tool $(TOOL))

guard: $(ENVIRONMENT)/installed-bench
	$(BIN)/python -m benchmarks.guard

clean:
	rm -rf $(ENVIRONMENT) runs

$(ENVIRONMENT)/installed: $(PACKAGING)
	$(PYTHON) -m venv $(ENVIRONMENT)
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

# The extras of setup.cfg: test, dev, bench.
$(ENVIRONMENT)/installed-%: $(ENVIRONMENT)/installed
	$(BIN)/python -m pip install --quiet --editable '.[$*]'
	@touch $@
