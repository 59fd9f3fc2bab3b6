"""Time series: read from any file that `nn.load_series` reads, and cut into windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nn.argument_checks import check_count
from nn.data.errors import DataError
from nn.data.processors.processor import CLIP, SERIES, Processor, Read, Reader
from nn.data.series.collect import Missing
from nn.data.series.load import TABLE, load_series
from nn.data.series.roles import Roles, Row
from nn.short_text import short_repr


@dataclass(frozen=True)
class ReadSeries(Reader):
    """The series of a file, each as long as it is; labels that may be there are left out.

    Attributes
    ----------
    missing
        What is done with missing values; see `nn.load_series`.
    variables, series, time, row
        What the columns of a CSV file are; see `nn.Roles`. Files of other kinds say it themselves.
    """

    name = "read_series"

    missing: Missing = "refuse"
    variables: Sequence[str] | None = None
    series: str | None = None
    time: str | None = None
    row: Row = "step"

    def __post_init__(self) -> None:
        if self.missing not in ("refuse", "keep", "interpolate"):
            raise DataError(f"{self.name}: missing {self.missing!r}: give refuse, keep or interpolate")
        for field in ("series", "time"):
            value = getattr(self, field)
            if not isinstance(value, str | None):
                raise DataError(f"{self.name}: {field} is {short_repr(value)}: give the name of a column")
        if self.variables is not None:
            given = self.variables if isinstance(self.variables, list | tuple) else [None]
            if not all(isinstance(each, str) for each in given):
                raise DataError(f"{self.name}: variables {short_repr(self.variables)}: give a list of names")
            object.__setattr__(self, "variables", tuple(given))
        self._roles()

    def _roles(self) -> Roles:
        return Roles(series=self.series, time=self.time, variables=self.variables, row=self.row)

    @property
    def gives(self) -> str:
        """Series: float32."""
        return SERIES

    def read(self, path: Path) -> Read:
        """Read all series of a file; see `Reader.read`."""
        roles = self._roles() if path.suffix.lower() == TABLE else None
        series = load_series(path, roles=roles, missing=self.missing)
        entries = [
            values[:length] for values, length in zip(series.values, series.lengths.tolist(), strict=True)
        ]
        return Read(list(series.names), entries)


@dataclass(frozen=True)
class CutWindows(Processor):
    """Cuts windows of one length, which start every `stride` steps; steps at the end may be left over.

    Attributes
    ----------
    length, stride
        In steps.
    """

    name = "cut_windows"
    is_several = True

    length: int
    stride: int = 1

    def __post_init__(self) -> None:
        check_count(f"{self.name}: length", self.length)
        check_count(f"{self.name}: stride", self.stride)

    @property
    def takes(self) -> tuple[str, ...]:
        """Series and clips."""
        return SERIES, CLIP

    def process(self, entry: np.ndarray, generator: np.random.Generator | None) -> list[np.ndarray]:
        """Return the windows, which share the entry's numbers; see `Processor.process`."""
        if len(entry) < self.length:
            raise DataError(f"{len(entry)} steps are fewer than a window of {self.length}")
        starts = range(0, len(entry) - self.length + 1, self.stride)
        return [entry[start : start + self.length] for start in starts]
