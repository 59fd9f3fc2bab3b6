"""What the tests of live runs share: runs that train quickly, and what determines their bits."""

from pathlib import Path
from typing import Any

from autoencoder.live.run import LiveRun
from autoencoder.session import Session, start_session
from autoencoder.settings import TABLE
from tests.support.autoencoder_runs import TINY
from tests.support.live_models import ARCHITECTURES
from workbench.run.run_directory import checksum
from workbench.settings.table import Given

FAST = {"rung": "o2", "epochs": "4", "limit": "64", "snapshot-interval": "1000"}


def given_texts(directory: Path, architecture: str = "dense", **changes: Any) -> dict[str, Given]:
    """Return settings of a tiny run in a directory, as they are given on a command line."""
    places = {"model-directory": directory / "model", "output-directory": directory / "output"}
    texts = {**TINY, **FAST, **places, **ARCHITECTURES[architecture], **changes}
    names = {key.replace("-", "_"): str(value) for key, value in texts.items()}
    return {name: Given(text, f"--{name}") for name, text in names.items()}


def open_run(directory: Path, architecture: str = "dense", **changes: Any) -> LiveRun:
    """Return a run with those settings: a new one, or the existing one."""
    return LiveRun.open(given_texts(directory, architecture, **changes))


def open_session(directory: Path, architecture: str = "dense", **changes: Any) -> Session:
    """Return a session with those settings without a page."""
    return start_session(TABLE.make(given_texts(directory, architecture, **changes)))


def train_steps(run: LiveRun, steps: int) -> None:
    """Train, and stop after so many steps."""
    left = [steps]

    def count() -> None:
        left[0] -= 1
        if not left[0]:
            run.stop()

    run.train(count)


def kill(run: LiveRun) -> None:
    """Leave a run as a killed process does: nothing is saved, and the system takes its locks away."""
    run.directory.close()


def bits(run: LiveRun | Session) -> str:
    """Return a checksum of all parameters."""
    return checksum(run.session if isinstance(run, LiveRun) else run)


def setting(name: str, value: object) -> dict[str, Any]:
    """Return the change of a setting."""
    return {"kind": "setting", "name": name, "value": str(value)}
