"""The program: `python -m experiments sweep COMMAND FILE`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

from experiments.engines.options import add_engine_options
from experiments.parser import Parser
from experiments.sweep.attached import run_trial
from experiments.sweep.programs import PROGRAMS, Programs
from experiments.sweep.variant import COMPARABLE, Variant

PROGRAM = "python -m experiments sweep"

LAUNCHER = ("-m", "experiments", "sweep")
"""Words after Python's that start this program."""

COMMANDS: Mapping[str, str] = {
    "plan": "print the trials and how many there are; run nothing",
    "run": "begin a sweep",
    "resume": "go on with a sweep that was stopped or killed",
    "work": "add workers to a sweep that was begun, from another machine or another terminal",
    "status": "print how far a sweep is",
    "report": "print the table and the best command line; write them with pictures to the sweep's folder",
    "stop": "stop a sweep that runs, and wait until everything is saved",
    "compare": "run a sweep with several kinds of search and seeds, and say which finds better settings",
}
"""Every command and what it does: a function in `experiments.sweep.commands`, or in `MODULES`."""

MODULES = {"compare": "experiments.sweep.compare_command"}

RUNNING = ("run", "resume", "work", "compare")

EXAMPLES = f"""\
examples:
  {PROGRAM} plan sweeps/rates.toml
      what would run

  {PROGRAM} run sweeps/rates.toml --workers 2
      two trainings at a time

  {PROGRAM} resume sweeps/rates.toml
      after Ctrl-C, a kill or a crash: nothing is lost, nothing done twice

  {PROGRAM} work sweeps/rates.toml --workers 8
      on another machine, in the same folder: helps the one that runs it

exit status: 0 done; 1 failed while running; 2 bad input; 130 stopped by Ctrl-C, SIGTERM or `stop`, with
everything so far saved"""


def make_parser() -> Parser:
    """Return the parser of the command line."""
    parser = Parser(
        prog=PROGRAM,
        description="Train a program many times, with settings that are searched as a file says, and report.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, about in COMMANDS.items():
        _add(subparsers, name, about)
    worker = subparsers.add_parser("worker", description="A worker of `run`, which starts it.")
    worker.add_argument("file", type=Path)
    worker.add_argument("--records", type=Path, required=True)
    worker.add_argument("--threads", type=int, required=True)
    worker.add_argument("--variant", type=Variant.parse)
    return parser


def _add(subparsers: argparse._SubParsersAction[Parser], name: str, about: str) -> None:
    description = f"{about[0].upper()}{about[1:]}."
    command = subparsers.add_parser(name, help=about, description=description)
    command.add_argument("file", metavar="FILE", type=Path, help="the sweep, a .toml")
    if name != "plan":
        command.add_argument(
            "--records", metavar="FILE", help="where trials are kept (default runs/records.sqlite)"
        )
    if name in RUNNING:
        command.add_argument(
            "--workers", metavar="N", type=_count, default=1, help="trainings at a time (default %(default)s)"
        )
        add_engine_options(command)
    if name in ("work", "compare"):
        command.set_defaults(shared=False)
    elif name in RUNNING:
        command.add_argument(
            "--shared",
            action="store_true",
            help="let other machines join (`work`) that have this folder, too",
        )
    if name == "run":
        command.add_argument(
            "--overwrite", action="store_true", help="begin anew, and remove what the sweep came to before"
        )
    if name == "compare":
        command.set_defaults(overwrite=False)
        command.add_argument(
            "--searches",
            metavar="KIND",
            nargs="+",
            choices=COMPARABLE,
            default=["random", "tpe"],
            help=f"kinds of search, of {', '.join(COMPARABLE)} (default: random tpe)",
        )
        command.add_argument(
            "--seeds",
            metavar="N",
            type=_count,
            default=5,
            help="searches of each kind, with other draws (default %(default)s)",
        )


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 1 to 1000")
    return int(text)


def main(
    arguments: Sequence[str] | None = None,
    programs: Programs = PROGRAMS,
    launcher: Sequence[str] = LAUNCHER,
) -> int:
    """Run a command and return the exit status.

    Parameters
    ----------
    arguments
        Of the command line; those of the process by default.
    programs
        Those that can be trained.
    launcher
        Words after Python's that start this program, with these programs, for workers and trainings.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["trial"]:  # a training that a worker started: nothing else is loaded
        return run_trial(given[1:], programs)
    options = make_parser().parse_args(given)
    return _run(options, programs, launcher)


def _run(options: argparse.Namespace, programs: Programs, launcher: Sequence[str]) -> int:
    from workbench.exit_status import reported  # noqa: PLC0415 - not needed by a training
    from workbench.terminal import warnings_shown  # noqa: PLC0415 - as this

    def run() -> int:
        with warnings_shown():
            module = MODULES.get(options.command, "experiments.sweep.commands")
            function = getattr(import_module(module), options.command)
            status: int = function(options, programs, launcher)
            return status

    return reported(f"{PROGRAM} {options.command}", run)


if __name__ == "__main__":
    sys.exit(main())
