"""What the commands of the queue share: numbers of jobs, and the values of options."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path

from workbench.errors import InputError
from workbench.records import OFF, records_path

MOST = 10**9 - 1
"""Largest number that is taken."""


def queue_records(option: str | None) -> Path:
    """Return the records file that the queue is in.

    Raises
    ------
    InputError
        When records are off.
    """
    path = records_path(option)
    if path is None:
        raise InputError(f"--records {OFF}: the queue is in a records file: name one")
    return path


def whole(least: int, most: int = MOST) -> Callable[[str], int]:
    """Return a parser of whole numbers within bounds."""

    def read(text: str) -> int:
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdecimal()) or len(digits) > 9 or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of {least} to {most}")
        return int(text)

    return read


priority = whole(-1_000_000, 1_000_000)
"""Returns a priority."""


def above_zero(text: str) -> float:
    """Return a number above zero."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return number


def add_numbers(parser: argparse.ArgumentParser) -> None:
    """Add the numbers of one job or several to a command line."""
    parser.add_argument("jobs", metavar="N", nargs="+", type=whole(1, MOST), help="number of a job")


def add_number(parser: argparse.ArgumentParser) -> None:
    """Add the number of a job to a command line."""
    parser.add_argument("job", metavar="N", type=whole(1, MOST), help="number of the job")
