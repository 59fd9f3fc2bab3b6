"""The process of a job: runs a program, ends with the worker that started it, and marks that all is done.

By the mark, a job whose worker was killed before it could write that the program had ended is not run again.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from experiments.sweep.attached import end_with_parent, kill_group
from experiments.sweep.programs import PROGRAMS, Programs

LAUNCHER = ("-m", "experiments.queue.child")
"""Words after Python's that start this program; then come the job's folder, the program and its words."""

FINISHED = "finished"
"""File in the folder of a job whose program has ended with status 0."""


SWEEP = "sweep"
"""The program that runs a sweep, beside those that train."""


def main(
    arguments: Sequence[str] | None = None,
    programs: Programs = PROGRAMS,
    sweep_launcher: Sequence[str] = ("-m", "experiments", "sweep"),
) -> int:
    """Run a job's program and return its exit status.

    Parameters
    ----------
    arguments
        The job's folder, the program's name, and the words after it; those of the process by default.
    programs
        Those that there are.
    sweep_launcher
        Words after Python's that start `python -m experiments sweep` with these programs.
    """
    end_with_parent(kill_group)
    folder, name, *words = sys.argv[1:] if arguments is None else arguments
    status = _run(name, words, programs, sweep_launcher)
    if status == 0:
        Path(folder, FINISHED).touch()
    return status


def _run(name: str, words: Sequence[str], programs: Programs, sweep_launcher: Sequence[str]) -> int:
    if name == SWEEP:
        from experiments.queue import sweep_job  # noqa: PLC0415 - not needed by a training

        return sweep_job.main(words, programs, sweep_launcher)
    status: int = import_module(programs[name].main).main(words)
    return status


if __name__ == "__main__":
    sys.exit(main())
