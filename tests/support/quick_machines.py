"""Sweeps of the quick program on a named machine: `python -m tests.support.quick_machines NAME COMMAND FILE`.

It is another machine in all that a sweep knows of one: it sees no locks of the others' trials, and its disk
is a network's.
"""

import sys
from pathlib import Path

from tests.support.quick_sweeps import PROGRAMS


def be(machine: str) -> None:
    """Make this process one of a machine."""
    from workbench.records import disk, process

    process.running_system = lambda: machine  # type: ignore[assignment]
    disk.disk_kind = lambda path: disk.NETWORK  # type: ignore[assignment]
    from experiments.sweep.held import HeldTrial

    take = HeldTrial.take.__func__  # type: ignore[attr-defined]

    def take_own(kind: type[HeldTrial], folder: Path, name: str) -> HeldTrial | None:
        return take(kind, folder, f"{name} of {machine}")

    HeldTrial.take = classmethod(take_own)  # type: ignore[method-assign, assignment]


def launcher(machine: str) -> tuple[str, ...]:
    """Return the words after Python's."""
    return "-m", "tests.support.quick_machines", machine


if __name__ == "__main__":
    be(sys.argv[1])
    from experiments.sweep.__main__ import main

    sys.exit(main(sys.argv[2:], PROGRAMS, launcher(sys.argv[1])))
