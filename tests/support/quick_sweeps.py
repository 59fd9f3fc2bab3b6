"""Sweeps of the quick program: `python -m tests.support.quick_sweeps COMMAND FILE`."""

import sys

from experiments.sweep.__main__ import main
from experiments.sweep.programs import Listed

LAUNCHER = ("-m", "tests.support.quick_sweeps")
PROGRAMS = {"quick": Listed("tests.support.quick_training", "tests.support.quick_program", "QUICK")}


def run(*words: str) -> int:
    """Run a command in this process."""
    return main(list(words), PROGRAMS, LAUNCHER)


if __name__ == "__main__":
    sys.exit(main(None, PROGRAMS, LAUNCHER))
