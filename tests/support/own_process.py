"""Programs of the tests that need a process of their own."""

import os
import subprocess
import sys

import pytest

from tests.support.places import ROOT

EXHAUSTIVE = os.environ.get("HYPOTHESIS_PROFILE") == "exhaustive"


def run_alone(module: str, *arguments: str) -> None:
    """Run a module, and fail with what it printed where it fails."""
    paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": paths},
    )
    if done.returncode:
        pytest.fail(done.stdout[-5000:] + done.stderr[-5000:])
