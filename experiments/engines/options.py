"""The options of a command line that say where workers run."""

from __future__ import annotations

import argparse

from experiments.engines.cluster import OWN, RUNNING, RayEngine
from experiments.engines.engine import Engine
from experiments.engines.local import LocalEngine
from workbench.errors import InputError

RAY = "ray"


def add_engine_options(parser: argparse.ArgumentParser) -> None:
    """Add the options `--engine` and `--address`."""
    parser.add_argument(
        "--engine",
        choices=("local", RAY),
        default="local",
        help="where workers run: on this machine, or on those of a Ray cluster (default %(default)s)",
    )
    parser.add_argument(
        "--address",
        metavar="HOST:PORT",
        help=f"of the cluster; {RUNNING}: the one that runs on this machine; {OWN}: one that is started for "
        f"this, of this machine alone (default {RUNNING})",
    )


def chosen_engine(options: argparse.Namespace, workers: int) -> Engine:
    """Return the engine that the options ask for, of so many workers.

    Raises
    ------
    InputError
        When an address is given without need, or is none.
    """
    if options.engine == RAY:
        return RayEngine(options.address or RUNNING, workers)
    if options.address is not None:
        raise InputError(f"--address {options.address}: is of --engine {RAY}")
    return LocalEngine(workers)


def is_of_several(options: argparse.Namespace) -> bool:
    """Return whether workers may run on several machines."""
    return options.engine == RAY and options.address != OWN
