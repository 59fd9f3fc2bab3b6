"""The queue with the quick program: `python -m tests.support.quick_queue COMMAND ...`."""

import os
import sys

from experiments.queue import child
from tests.support.quick_machines import be
from tests.support.quick_sweeps import LAUNCHER as SWEEP_LAUNCHER
from tests.support.quick_sweeps import PROGRAMS

LAUNCHER = ("-m", "tests.support.quick_queue", "child")

WORKER = ("-m", "tests.support.quick_queue", "worker")

NEVER_BUSY = ("--busy", "1000")
"""Options of a worker whose jobs start however busy the machine is."""

GRACE = "QUICK_GRACE"
"""Seconds that a training which is stopped has, in the environment of a worker."""

MACHINE = "QUICK_MACHINE"
"""The machine that a process is one of, in its environment."""


def run(*words: str) -> int:
    """Run a command in this process."""
    command, *rest = words
    if command == "child":  # starts quickly: nothing else is loaded
        return child.main(rest, PROGRAMS, SWEEP_LAUNCHER)
    if MACHINE in os.environ:
        be(os.environ[MACHINE])
    from experiments.__main__ import main as experiments
    from experiments.queue import submit_command, worker_command
    from experiments.sweep import training

    if command == "submit":
        return submit_command.main(rest, PROGRAMS)
    if command == "worker":
        training.GRACE = float(os.environ.get(GRACE, training.GRACE))
        return worker_command.main([*NEVER_BUSY, *rest], PROGRAMS, LAUNCHER, WORKER)
    return experiments(list(words))


if __name__ == "__main__":
    sys.exit(run(*sys.argv[1:]))
