"""Altered model files: refused, or loaded correctly, within limits of memory and time.

Because of the limits, the files are read in a process of their own.
"""

import os
import subprocess
import sys

import pytest

from tests.support.places import ROOT

EXHAUSTIVE = os.environ.get("HYPOTHESIS_PROFILE") == "exhaustive"


def test_altered_files_are_refused_with_an_error_of_the_loader_or_give_what_they_describe():
    """A dozen files of every family with one alteration, and a dozen with several; 60,000 exhaustively."""
    arguments = ["0", "1"] if EXHAUSTIVE else ["12", "1"]
    command = [sys.executable, "-m", "tests.altered_files", *arguments]
    paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": paths},
    )
    if done.returncode:
        pytest.fail(done.stdout[-5000:] + done.stderr[-5000:])
