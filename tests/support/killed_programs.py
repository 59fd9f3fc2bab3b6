"""Programs that train in a process of their own, to be killed or interrupted while their table grows."""

import subprocess
import sys
import time
from pathlib import Path

from experiments.run_folder import RunFolderBase
from tests.support import patience
from tests.support.places import ROOT


def start(program: str, *words: str) -> subprocess.Popen[str]:
    """Begin or go on training by `python -m experiments PROGRAM`."""
    command = [sys.executable, "-m", "experiments", program, *words]
    return subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def rows_of(folder: Path) -> int:
    table = RunFolderBase(folder).table
    return len(table.read_text().splitlines()) - 1 if table.exists() else 0


def wait_for_rows(process: subprocess.Popen[str], folder: Path, count: int) -> None:
    """Wait until a process has added so many rows to those in the table."""
    wanted, given_up = rows_of(folder) + count, time.monotonic() + patience.SECONDS
    while rows_of(folder) < wanted:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < given_up, "no row was written"
        time.sleep(0.001)
