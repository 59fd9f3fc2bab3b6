"""The command `retry`: jobs that failed or were cancelled wait again."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial

from experiments.queue.jobs import Jobs
from experiments.queue.options import add_numbers
from experiments.records.choosing import execute, make_parser, opened


def main(arguments: Sequence[str] | None = None) -> int:
    """Let jobs wait again and return the exit status."""
    parser = make_parser(
        "retry",
        "Let jobs that failed or were cancelled wait again; they go on from what they have saved.",
        "3",
    )
    add_numbers(parser)
    options = parser.parse_args(arguments)
    return execute(parser, partial(_retry, options))


def _retry(options: argparse.Namespace) -> int:
    with opened(options) as store:
        jobs = Jobs(store)
        for number in options.jobs:
            jobs.retry(number)
            print(f"job {number}  {jobs.job(number).state}")
    return 0
