"""Where the records are: an option, an environment variable, or `runs/records.sqlite`."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

VARIABLE = "GANGLION_RECORDS"
DEFAULT = Path("runs", "records.sqlite")

OFF = "off"
"""Is given in place of a file to record nothing."""


OPTION_HELP = (
    "file that the run is recorded in; off: in none (default: $GANGLION_RECORDS, or runs/records.sqlite)"
)


def add_records_option(parser: argparse._ActionsContainer) -> None:
    """Add the option `--records` to a command line."""
    parser.add_argument("--records", metavar="FILE", help=OPTION_HELP)


def records_path(option: str | Path | None = None) -> Path | None:
    """Return the records file; None where nothing is to be recorded.

    Parameters
    ----------
    option
        As given on the command line, or None; it comes before the environment variable `GANGLION_RECORDS`,
        and that before `runs/records.sqlite` in the working folder.
    """
    given = option if option is not None else os.environ.get(VARIABLE)
    if not given:
        return DEFAULT
    return None if str(given) == OFF else Path(given).expanduser()
