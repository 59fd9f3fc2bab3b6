"""The command `worker`: runs the jobs of the queue."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from experiments.engines.local import threads_each
from experiments.queue.child import LAUNCHER
from experiments.queue.notices import Notices
from experiments.queue.options import above_zero, queue_records, whole
from experiments.records.choosing import execute, make_parser
from experiments.sweep.programs import PROGRAMS, Programs
from workbench.errors import InputError
from workbench.exit_status import STOPPED
from workbench.records import Store


def main(
    arguments: Sequence[str] | None = None,
    programs: Programs = PROGRAMS,
    launcher: Sequence[str] = LAUNCHER,
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
    options = parser.parse_args(arguments)
    return execute(parser, partial(_work, options, programs, launcher))


def _work(options: argparse.Namespace, programs: Programs, launcher: Sequence[str]) -> int:
    try:
        from experiments.queue.admission import Admission  # noqa: PLC0415 - needs psutil
    except ModuleNotFoundError as error:
        if error.name != "psutil":
            raise
        raise InputError("the worker watches jobs by psutil: pip install 'ganglion[queue]'") from error
    from experiments.queue.slot import Setup  # noqa: PLC0415 - as this
    from experiments.queue.worker import work  # noqa: PLC0415 - as this

    records, notices = queue_records(options.records), Notices(options.notices, _say)
    with Store.open(records, create=True) as store:
        if options.shared:
            store.share()
    setup = Setup(
        records,
        Admission(threads_each(options.slots), options.busy, programs),
        notices,
        options.until_empty,
        _say,
        programs=programs,
        launcher=launcher,
    )
    done = work(setup, options.slots)
    notices.close()
    return 0 if done else STOPPED


def _say(line: str) -> None:
    print(line, flush=True)
