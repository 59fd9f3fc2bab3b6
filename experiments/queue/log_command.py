"""The command `log`: what a job has printed."""

from __future__ import annotations

import argparse
import codecs
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from experiments.queue.job import ENDED
from experiments.queue.jobs import Jobs
from experiments.queue.options import add_number
from experiments.records.choosing import execute, make_parser, opened
from experiments.sweep.training import LOG
from workbench.errors import InputError

POLL = 0.2

CHUNK = 2**16
"""Bytes that are read at once."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what a job has printed and return the exit status."""
    parser = make_parser("log", "Print what a job has printed, in all its attempts.", "3 --follow")
    add_number(parser)
    parser.add_argument("--follow", action="store_true", help="go on until the job has ended")
    options = parser.parse_args(arguments)
    return execute(parser, partial(_print, options))


def _print(options: argparse.Namespace) -> int:
    with opened(options) as store:
        jobs = Jobs(store)
        job = jobs.job(options.job)
        path = job.folder / LOG
        if not options.follow and not path.exists():
            raise InputError(f"job {job.number}: is {job.state} and has printed nothing yet")
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        position = 0
        while True:
            has_ended = not options.follow or jobs.job(job.number).state in ENDED
            for chunk in _chunks(path, position):
                position += len(chunk)
                print(decoder.decode(chunk), end="", flush=True)
            if has_ended:
                return 0
            time.sleep(POLL)


def _chunks(path: Path, position: int) -> Iterator[bytes]:
    """Yield what a file has from a position on; nothing where there is none."""
    if not path.exists():
        return
    with path.open("rb") as file:
        file.seek(position)
        while chunk := file.read(CHUNK):
            yield chunk
