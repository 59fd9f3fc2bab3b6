"""The command `priority`: a job comes before or after others."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial

from experiments.queue.jobs import Jobs
from experiments.queue.options import add_number, priority
from experiments.records.choosing import execute, make_parser, opened


def main(arguments: Sequence[str] | None = None) -> int:
    """Set the priority of a job and return the exit status."""
    parser = make_parser(
        "priority", "Set the priority of a job that has not ended; the highest comes first.", "3 10"
    )
    add_number(parser)
    parser.add_argument("priority", metavar="P", type=priority, help="its priority, such as 10 or -10")
    options = parser.parse_args(arguments)
    return execute(parser, partial(_set, options))


def _set(options: argparse.Namespace) -> int:
    with opened(options) as store:
        Jobs(store).set_priority(options.job, options.priority)
    print(f"job {options.job}  priority {options.priority}")
    return 0
