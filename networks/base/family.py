"""What the ladder knows of a family of networks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from networks.base.network import Network

RUNGS = ("plain", "o1", "o2")


class Rungs(Mapping[str, Any]):
    """Name of a rung to its class. The module is loaded when its class is asked for: a program loads the
    kernels of the families and rungs that it uses.

    Parameters
    ----------
    module
        Of the plain rung, in `networks`; those of the others are called `module_o1` and so on.
    name
        Of the class, the same on every rung.
    single
        Whether the plain rung is the only one, and serves as all.
    """

    def __init__(self, module: str, name: str, *, single: bool = False) -> None:
        suffixes = {rung: "" if single or rung == "plain" else f"_{rung}" for rung in RUNGS}
        self._modules = {rung: f"networks.{module}{suffix}" for rung, suffix in suffixes.items()}
        self._name = name

    def __getitem__(self, rung: str) -> Any:
        return getattr(import_module(self._modules[rung]), self._name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)


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
        that merges several inputs is wired into a model with one input.
    tolerance
        Largest difference of values, signals and gradients between a rung and the plain one,
        relative to the largest of them: dtype name to number.
    """

    rungs: Mapping[str, Any]
    example: Callable[..., Network]
    tolerance: Mapping[str, float]


USUAL_TOLERANCE = {"float32": 1e-5, "float64": 1e-12}


def family(module: str, name: str, example: Callable[..., Network]) -> Family:
    """Return a family from the module of its plain rung, the name of the class and an example."""
    return Family(Rungs(module, name), example, USUAL_TOLERANCE)
