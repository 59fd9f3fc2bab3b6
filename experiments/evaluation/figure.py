"""A figure of the report, and the report itself."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

SEED_SPREAD = "standard deviation over {} seeds"


@dataclass(frozen=True)
class Figure:
    """A number of the report.

    Attributes
    ----------
    name, group
        What is measured, and under which heading it stands.
    value, uncertainty
        The number, and how far it would move, None of one seed; `spread` says what kind that is.
    floor
        The same of held-out real entries in place of the synthetic ones: what a perfect generator has.
    convention
        How it is defined, and what is good.
    details
        What else belongs to it.
    """

    name: str
    group: str
    value: float
    uncertainty: float | None
    spread: str
    convention: str
    floor: float | None = None
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """All figures, remarks that a reader must not miss, and the curves that are drawn."""

    figures: list[Figure]
    flags: list[str]
    data: dict[str, Any]
    curves: dict[str, Any]

    def as_dictionary(self) -> dict[str, Any]:
        """Return what `report.json` holds: numbers, text and lists of them."""
        return {
            "data": self.data,
            "flags": self.flags,
            "figures": [asdict(each) for each in self.figures],
            "curves": self.curves,
        }

    def figure(self, name: str) -> Figure:
        """Return the figure of a name."""
        return next(each for each in self.figures if each.name == name)


def spread_of(values: np.ndarray) -> float | None:
    """Return the standard deviation over seeds, None of one seed."""
    return float(values.std(ddof=1)) if len(values) > 1 else None
