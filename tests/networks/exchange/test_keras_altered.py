"""Altered and hostile Keras files: refused, or read as some network, within limits of memory and time.

Because of the limits, the files are read in a process of their own.
"""

import os
import subprocess
import sys

import pytest

from tests.support.places import ROOT

pytest.importorskip("h5py")
pytest.importorskip("pyfive")

EXHAUSTIVE = os.environ.get("HYPOTHESIS_PROFILE") == "exhaustive"


def test_altered_files_are_refused_with_an_error_of_the_reader_or_are_some_network():
    """Hostile constructions, 150 flipped bits and 40 truncations; 2,000 and 500 exhaustively."""
    arguments = ["2000", "500", "1"] if EXHAUSTIVE else ["150", "40", "1"]
    paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", "tests.altered_keras", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": paths},
    )
    if done.returncode:
        pytest.fail(done.stdout[-5000:] + done.stderr[-5000:])
