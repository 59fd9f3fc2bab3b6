"""A sweep as a job: it is begun, or gone on with where it was begun before, and has workers of its own."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from experiments.queue.options import queue_records, whole
from experiments.sweep.__main__ import LAUNCHER
from experiments.sweep.__main__ import main as sweep
from experiments.sweep.loading import load_sweep
from experiments.sweep.plan import first_candidates
from experiments.sweep.programs import PROGRAMS, Programs
from experiments.sweep.trials import Trials
from workbench.exit_status import reported
from workbench.records import Store

THREADS = "NUMBA_NUM_THREADS"

PROGRAM = "python -m experiments submit sweep"


def checked_words(words: Sequence[str], programs: Programs = PROGRAMS) -> list[str]:
    """Return the words of a sweep, once its file was read and checked as `sweep plan` does it.

    Parameters
    ----------
    words
        After `sweep`.
    programs
        Those that can be trained.

    Raises
    ------
    SettingsError
        Naming what is wrong in the file.
    """
    options = _parse(words)
    first_candidates(load_sweep(options.file, programs))
    return ["run", str(options.file), "--workers", str(options.workers)]


def main(words: Sequence[str], programs: Programs = PROGRAMS, launcher: Sequence[str] = LAUNCHER) -> int:
    """Run a sweep and return its exit status.

    Parameters
    ----------
    words
        As `checked_words` returned them.
    programs
        Those that can be trained.
    launcher
        Words after Python's that start `python -m experiments sweep` with these programs.
    """
    options = _parse(words)
    if THREADS in os.environ:  # which the worker gives to the job
        os.environ[THREADS] = str(max(1, int(os.environ[THREADS]) // options.workers))

    def run() -> int:
        with Store.open(queue_records(None), create=True) as store:
            begun = Trials.known(store, load_sweep(options.file, programs)) is not None
        command = "resume" if begun else "run"
        return sweep([command, str(options.file), "--workers", str(options.workers)], programs, launcher)

    return reported("python -m experiments sweep", run)


def _parse(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Submit a sweep; it waits in the queue and is one job. It writes to runs/sweeps/NAME.",
        allow_abbrev=False,
    )
    parser.add_argument("command", choices=["run"], help="the only one that is a job")
    parser.add_argument("file", metavar="FILE", type=Path, help="the sweep, a .toml")
    parser.add_argument(
        "--workers", metavar="N", type=whole(1, 1000), default=1, help="trainings at a time (%(default)s)"
    )
    return parser.parse_args(words)
