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


def main(arguments: Sequence[str] | None = None, programs: Programs = PROGRAMS) -> int:
    """Run a job's program and return its exit status.

    Parameters
    ----------
    arguments
        The job's folder, the program's name, and the words after it; those of the process by default.
    programs
        Those that there are.
    """
    end_with_parent(kill_group)
    folder, name, *words = sys.argv[1:] if arguments is None else arguments
    status: int = import_module(programs[name].main).main(words)
    if status == 0:
        Path(folder, FINISHED).touch()
    return status


if __name__ == "__main__":
    sys.exit(main())
