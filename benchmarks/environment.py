"""The environment of a measurement."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numba
import numpy as np

from benchmarks import jax_peer, torch_peer
from workbench import code_version

ROOT = code_version.ROOT
WRITTEN_HERE = ("benchmarks/results", "docs", "README.md")
"""Files that measuring and reporting change themselves."""


@dataclass(frozen=True)
class Environment:
    """Machine, libraries, and the state of the sources.

    Attributes
    ----------
    versions
        Name of a library to its version.
    commit
        Abbreviated, with "+ changes" where files differ from it; "no git" outside of a checkout.
    measured
        Day, in ISO 8601.
    """

    processor: str
    threads: int
    versions: dict[str, str]
    commit: str
    measured: str

    def __str__(self) -> str:
        libraries = ", ".join(f"{name} {number}" for name, number in self.versions.items())
        threads = f"{self.threads} thread{'s' * (self.threads > 1)}"
        return f"{self.processor}, {threads}; {libraries}; measured {self.measured} at {self.commit}"


def this_environment() -> Environment:
    """Return the environment of this process."""
    own = {"Python": platform.python_version(), "NumPy": np.__version__, "Numba": version("numba")}
    return Environment(
        processor=processor(),
        threads=numba.config.NUMBA_NUM_THREADS,
        versions={**own, **torch_peer.versions(), **jax_peer.versions()},
        commit=commit(ROOT),
        measured=datetime.now(UTC).date().isoformat(),
    )


def processor() -> str:
    """Name the processor."""
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def commit(folder: Path) -> str:
    """Return the commit that a checkout is at, and whether files differ that measuring does not change."""
    return code_version.commit(folder, WRITTEN_HERE)
