"""The program: `python -m experiments sweep COMMAND FILE`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

from experiments.sweep.programs import PROGRAMS
from workbench.exit_status import STOPPED, explain
from workbench.terminal import warnings_shown

PROGRAM = "python -m experiments sweep"

COMMANDS: Mapping[str, tuple[str, str, str]] = {
    "plan": ("experiments.sweep.commands", "plan", "print the trials and how many there are; run nothing"),
}
"""Module and function of every command, and what it does."""

EXAMPLES = f"""\
examples:
  {PROGRAM} plan sweeps/rates.toml
      what would run

exit status: 0 done; 1 failed while running; 2 bad input; 130 stopped by Ctrl-C or SIGTERM, with everything so
far saved"""


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Train a program many times, with settings that are searched as a file says, and report.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, (_, _, about) in COMMANDS.items():
        command = subparsers.add_parser(
            name, help=about, description=about.capitalize() + ".", allow_abbrev=False
        )
        command.add_argument("file", metavar="FILE", type=Path, help="the sweep, a .toml")
    return parser


def main(arguments: Sequence[str] | None = None, programs: Mapping[str, tuple[str, str]] = PROGRAMS) -> int:
    """Run a command and return the exit status.

    Parameters
    ----------
    arguments
        Of the command line; those of the process by default.
    programs
        Those that can be trained.
    """
    options = make_parser().parse_args(arguments)
    module, function, _ = COMMANDS[options.command]
    try:
        with warnings_shown():
            status: int = getattr(import_module(module), function)(options, programs)
            return status
    except KeyboardInterrupt:
        return STOPPED
    except Exception as error:
        known = explain(error)
        if known is None:
            raise
        print(f"{PROGRAM} {options.command}: {known[1]}", file=sys.stderr)
        return known[0]


if __name__ == "__main__":
    sys.exit(main())
