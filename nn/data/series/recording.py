"""What readers return: series as a file has them, before they are checked and padded to one array."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True, eq=False)
class Recorded:
    """One series.

    Attributes
    ----------
    values
        float64 (steps, variables), NaN where missing.
    name
        Which series of the file it is.
    label
        Its class, byte for byte; "" where it is missing, None in files without labels.
    lines
        The line it is in, or that of each step; none where a file has no lines.
    times
        float64 or datetime64 (steps,), or None.
    start
        Step of a longer series at which it starts.
    """

    values: np.ndarray
    name: str
    label: str | None = None
    lines: Sequence[int] = ()
    times: np.ndarray | None = None
    start: int = 0

    def place(self, step: int | None = None) -> str:
        """Say where in the file the series, or a step of it, is."""
        series = f"series {self.name}"
        step_in = series if step is None else f"{series}, step {step}"
        if not self.lines:
            return step_in
        own_line = step is not None and len(self.lines) == len(self.values)
        return f"line {self.lines[step if own_line and step is not None else 0]}, {step_in}"


@dataclass(frozen=True, eq=False)
class Recording:
    """All series of a file.

    Attributes
    ----------
    series
        In the order of the file.
    variables
        Names of their variables.
    classes
        Classes in the order in which the file declares them; none where it does not.
    how_to_label
        What to do where labels are missing.
    """

    series: Sequence[Recorded]
    variables: tuple[str, ...]
    classes: tuple[str, ...] = ()
    how_to_label: str = field(default="give every series a label, or none")
