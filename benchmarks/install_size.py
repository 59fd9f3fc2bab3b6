"""The size of an installation: the files of distributions and of all that they require."""

from __future__ import annotations

import re
from collections.abc import Iterable
from configparser import ConfigParser
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
PACKAGES = ("nn", "networks", "workbench", "autoencoder")
BUILT_WITH = frozenset({"setuptools", "pip", "wheel"})
"""Tools that every environment has; some packages name them among what they require."""


def own_requirements() -> list[str]:
    """Return what this project requires without any extra."""
    parser = ConfigParser()
    parser.read(ROOT / "setup.cfg")
    return parser["options"]["install_requires"].split()


def closure(requirements: Iterable[str]) -> set[str]:
    """Return the names of the distributions that are required, and of those that they require.

    Extras and requirements of other systems are left out.

    Raises
    ------
    PackageNotFoundError
        When one is not installed.
    """
    found: set[str] = set()
    waiting = list(requirements)
    while waiting:
        requirement = Requirement(waiting.pop())
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        if name in found | BUILT_WITH:
            continue
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        found.add(name)
        waiting += distribution(name).requires or []
    return found


def bytes_of(name: str) -> int:
    """Return the size of a distribution's files, without what Python compiles of them."""
    paths = (Path(str(file.locate())) for file in distribution(name).files or [])
    return sum(path.stat().st_size for path in paths if path.suffix != ".pyc" and path.is_file())


def sizes() -> dict[str, int]:
    """Return the bytes of this project, of it with all it requires, and of PyTorch with all it requires."""
    own = sum(
        path.stat().st_size
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.suffix not in (".pyc", ".nbc", ".nbi")
    )
    required = closure(own_requirements())
    found = {"own": own, "with requirements": own + sum(map(bytes_of, required))}
    try:
        found["PyTorch"] = sum(map(bytes_of, closure(["torch", "numpy"])))
    except PackageNotFoundError:
        return found
    return found


def heaviest(count: int = 6) -> list[tuple[str, int]]:
    """Return the heaviest of this project's requirements."""
    weights = {name: bytes_of(name) for name in closure(own_requirements())}
    return sorted(weights.items(), key=lambda item: -item[1])[:count]
