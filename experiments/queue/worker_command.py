"""The command `worker`: runs the jobs of the queue."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from experiments.engines.options import RAY, add_engine_options, chosen_engine, is_of_several
from experiments.queue.alive import working
from experiments.queue.child import LAUNCHER
from experiments.queue.jobs import Jobs
from experiments.queue.notices import Notices
from experiments.queue.options import above_zero, queue_records, whole
from experiments.queue.spread import HOSTED, work_spread
from experiments.records.choosing import execute, make_parser
from experiments.sweep.attached import end_with_parent, kill_group
from experiments.sweep.programs import PROGRAMS, Programs
from workbench.errors import InputError
from workbench.exit_status import STOPPED
from workbench.records import Store
from workbench.records.several_machines import check_disk

WORKER = ("-m", "experiments", "worker")
"""Words after Python's that start this command."""


def main(
    arguments: Sequence[str] | None = None,
    programs: Programs = PROGRAMS,
    launcher: Sequence[str] = LAUNCHER,
    worker: Sequence[str] = WORKER,
) -> int:
    """Run jobs and return the exit status.

    Parameters
    ----------
    arguments
        Of the command line; those of the process by default.
    programs
        Those that can be run.
    launcher
        Words after Python's that start one of them.
    worker
        Words after Python's that start this command.
    """
    parser = make_parser(
        "worker",
        "Run the jobs of the queue, the highest priority first, until Ctrl-C, which lets them save and wait "
        "in the queue again; a second one kills them. Several workers, on several machines that share the "
        "folder, run each job once.",
        "--slots 2 --until-empty",
    )
    parser.add_argument(
        "--slots", type=whole(1, 1000), default=1, metavar="N", help="jobs at a time (%(default)s)"
    )
    parser.add_argument("--until-empty", action="store_true", help="end when all jobs have ended")
    parser.add_argument(
        "--busy",
        type=above_zero,
        default=2.0,
        metavar="LOAD",
        help="start nothing while the load of other programs is higher for each processor (%(default)s)",
    )
    parser.add_argument(
        "--notices", type=Path, metavar="FILE", help="who is told of jobs that have ended, a .toml"
    )
    parser.add_argument(
        "--shared",
        action="store_true",
        help="keep the records so that other machines can use them, too, over a network disk",
    )
    add_engine_options(parser)
    parser.add_argument(HOSTED, type=whole(1), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.engine == RAY:
        return execute(parser, partial(_spread, options, worker))
    return execute(parser, partial(_work, options, programs, launcher))


def _spread(options: argparse.Namespace, worker: Sequence[str]) -> int:
    """Have an engine run the slots."""
    with _prepared(options) as store:
        words = [*worker, "--records", str(store.path.absolute()), "--busy", str(options.busy)]
        if options.notices is not None:
            words += ["--notices", str(options.notices.absolute())]
        if is_of_several(options):
            check_disk(store.path)
            store.share()
        with working(Jobs(store).folder), chosen_engine(options, options.slots) as engine:
            done = work_spread(
                engine, store, words, slots=options.slots, until_empty=options.until_empty, say=_say
            )
    return 0 if done else STOPPED


def _prepared(options: argparse.Namespace) -> Store:
    """Return the records file, open; one that is named must be there, and so must one with jobs to end."""
    create = options.records is None and not options.until_empty
    store = Store.open(queue_records(options.records), create=create)
    if options.shared:
        store.share()
    return store


def _work(options: argparse.Namespace, programs: Programs, launcher: Sequence[str]) -> int:
    engine = chosen_engine(options, options.slots)
    try:
        from experiments.queue.admission import Admission  # noqa: PLC0415 - needs psutil
    except ModuleNotFoundError as error:
        if error.name != "psutil":
            raise
        raise InputError("the worker watches jobs by psutil: pip install 'ganglion[queue]'") from error
    from experiments.queue.slot import Setup  # noqa: PLC0415 - as this
    from experiments.queue.worker import work  # noqa: PLC0415 - as this

    if options.hosted is not None:
        end_with_parent(kill_group)  # and jobs end with it
    notices = Notices(options.notices, _say)
    with _prepared(options) as store:
        records, folder = store.path, Jobs(store).folder
    setup = Setup(
        records,
        Admission(options.hosted or engine.threads, options.busy, programs),
        notices,
        options.until_empty,
        _say,
        programs=programs,
        launcher=launcher,
    )
    with working(folder):
        done = work(setup, options.slots)
        notices.close()
    return 0 if done or options.hosted else STOPPED


def _say(line: str) -> None:
    print(line, flush=True)
