"""What the ladder knows of a family of networks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from networks.network import Network


@dataclass(frozen=True)
class Family:
    """A family of networks.

    Attributes
    ----------
    rungs
        Name of the rung to its class, slowest first. Every class can be built back from a description:
        `from_configuration(configuration, structure, dtype=...)`, with parameters of zero.
    example
        Builds a small network of a rung's class, for tests: `example(kind, generator=..., dtype=...)`. One
        that merges several inputs comes wired into a model of one.
    tolerance
        Largest difference of values, signals and gradients between a rung and the plain one,
        relative to the largest of them: dtype name to number.
    """

    rungs: Mapping[str, Any]
    example: Callable[..., Network]
    tolerance: Mapping[str, float]


USUAL_TOLERANCE = {"float32": 1e-5, "float64": 1e-12}

RUNGS = ("plain", "o1", "o2")


def family(modules: Sequence[ModuleType], name: str, example: Callable[..., Network]) -> Family:
    """Return a family from the modules of its rungs, slowest first, the name of the class and an example."""
    rungs = {rung: getattr(module, name) for rung, module in zip(RUNGS, modules, strict=True)}
    return Family(rungs, example, USUAL_TOLERANCE)
