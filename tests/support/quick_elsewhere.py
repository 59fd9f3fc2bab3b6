"""Sweeps of the quick program where a file says the time and the machine's name.

`python -m tests.support.quick_elsewhere WHERE COMMAND FILE`, with a WHERE that `move` writes: it can be
written again while the sweep runs.
"""

import json
import os
import sys
from pathlib import Path

from tests.support.quick_sweeps import PROGRAMS


def move(where: Path, seconds: float, name: str) -> None:
    """Set all clocks of a sweep forward by so many seconds, or back, and call its machine something."""
    partial = where.with_suffix(".partial")
    partial.write_text(json.dumps([seconds, name]))
    os.replace(partial, where)


def be_there(where: Path) -> None:
    """Let this process see the time and the name that a file says."""
    import socket
    import time

    now = time.time
    time.time = lambda: now() + json.loads(where.read_text())[0]
    socket.gethostname = lambda: json.loads(where.read_text())[1]


def launcher(where: Path) -> tuple[str, ...]:
    """Return the words after Python's."""
    return "-m", "tests.support.quick_elsewhere", str(where)


if __name__ == "__main__":
    be_there(Path(sys.argv[1]))
    from experiments.sweep.__main__ import main

    sys.exit(main(sys.argv[2:], PROGRAMS, launcher(Path(sys.argv[1]))))
