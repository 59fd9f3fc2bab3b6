"""Options of commands that read series: what the columns of a CSV file are."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from nn import DataError, Roles
from nn.data.series.load import TABLE
from nn.data.series.roles import Row


def add_roles(parser: argparse.ArgumentParser) -> None:
    """Add options for every role of columns; `roles_of` returns what was given."""
    group = parser.add_argument_group(
        "columns of .csv files",
        "By default those called series, label and time have that role, and all others are variables.",
    )
    group.add_argument("--series", metavar="COLUMN", help="tells series apart")
    group.add_argument("--label", metavar="COLUMN", help="the class of a series")
    group.add_argument("--time", metavar="COLUMN", help="numbers or dates that increase within a series")
    group.add_argument("--variables", nargs="+", metavar="COLUMN", help="what to read as values")
    group.add_argument(
        "--row",
        choices=get_args(Row),
        default="step",
        help="what a row is; columns of whole series are called x0, y0, x1, y1 (default %(default)s)",
    )


def roles_of(options: argparse.Namespace, paths: Sequence[Path]) -> Roles:
    """Return the roles that options of `add_roles` give for some files.

    Raises
    ------
    DataError
        When they contradict each other, or no file has columns.
    """
    roles = Roles(options.series, options.label, options.time, options.variables, options.row)
    if roles != Roles() and not any(path.suffix.lower() == TABLE for path in paths):
        raise DataError(
            f"--series, --label, --time, --variables and --row are about columns of {TABLE} files: leave "
            "them out, none is given"
        )
    return roles
