"""The command `submit`: a training that waits in the queue for a worker."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import partial
from pathlib import Path

from experiments.queue.child import SWEEP
from experiments.queue.job import Terms
from experiments.queue.jobs import Jobs
from experiments.queue.options import above_zero, priority, queue_records, whole
from experiments.queue.submission import checked_words
from experiments.records.choosing import execute, make_parser
from experiments.sweep.programs import PROGRAMS, Programs
from experiments.toml_file import nearest
from workbench.errors import InputError
from workbench.records import Store


def main(arguments: Sequence[str] | None = None, programs: Programs = PROGRAMS) -> int:
    """Submit a job and return the exit status.

    Parameters
    ----------
    arguments
        Of the command line; those of the process by default.
    programs
        Those that can be run.
    """
    parser = make_parser(
        "submit",
        "Put a training, or a sweep (`sweep run FILE`), into the queue, where it waits for `python -m "
        "experiments worker`. Its settings are checked now; it has a folder of its own, runs/jobs/NUMBER. "
        "Options of the job stand before the program, those of the program after it.",
        "--priority 5 gan train --epochs 40 --seed 3",
    )
    for name, (kind, text) in _terms().items():
        parser.add_argument(f"--{name}", type=kind, metavar="N", help=text, default=argparse.SUPPRESS)
    parser.add_argument(
        "--notice",
        type=_name,
        metavar="NAME",
        help="who is told when it has ended, as the worker's file of notices calls them",
        default=argparse.SUPPRESS,
    )
    known = ", ".join([*programs, SWEEP])
    parser.add_argument("program", metavar="PROGRAM", help=f"one of {known}")
    parser.add_argument("words", metavar="train ...", nargs=argparse.REMAINDER, help="as for the program")
    options = parser.parse_args(arguments)
    return execute(parser, partial(_submit, options, programs))


def _terms() -> dict[str, tuple[Callable[[str], float], str]]:
    return {
        "priority": (priority, "the highest comes first (default 0)"),
        "retries": (whole(0, 1000), "how often it is tried again when it fails or is killed (default 2)"),
        "memory-mib": (above_zero, "stop it when it takes more memory"),
        "minutes": (above_zero, "stop it when it runs longer"),
        "silent-minutes": (above_zero, "stop it when it makes no progress so long"),
    }


def _name(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("is empty: give a name in the worker's file of notices")
    return text


def _submit(options: argparse.Namespace, programs: Programs) -> int:
    name = options.program
    known = [*programs, SWEEP]
    if name not in known:
        raise InputError(f"there is no program {name!r}{nearest(name, known)}")
    words = checked_words(name, options.words, programs)
    terms = Terms(
        **{each.name: getattr(options, each.name) for each in fields(Terms) if each.name in options}
    )
    if name == SWEEP and terms.memory_mib is not None:
        raise InputError("--memory-mib: is for one training: a sweep's file has [filters] memory_mib")
    with Store.open(queue_records(options.records), create=True) as store:
        job = Jobs(store).submit(name, words, Path.cwd(), terms)
    print(f"{'job':10} {job.number}")
    print(f"{'folder':10} {_shown(job.folder)}")
    return 0


def _shown(path: Path) -> Path:
    """Return a path as seen from the working folder, where it is below it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
