"""Measurements, as stored in `benchmarks/results`, and figures derived from them."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from benchmarks.environment import ROOT, Environment
from benchmarks.machine import Limits
from benchmarks.onnx_peer import RUNTIME
from benchmarks.sparselab_peer import SPARSELAB
from benchmarks.torch_peer import COMPILED, EAGER, HALVES
from networks import RUNGS

SINGLE = "float32"
"""What the same network is called where the row is one in bfloat16."""

DENSE_LAYER = "dense layer"
"""What our own dense layer is called beside a sparse one."""

RESULTS = ROOT / "benchmarks" / "results"
DIGITS = 4
"""Significant digits of seconds that are kept."""


@dataclass(frozen=True)
class Timing:
    """Seconds of a call of one contestant, turn by turn."""

    contestant: str
    threads: int
    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """Median over the turns."""
        return statistics.median(self.seconds)

    @property
    def spread(self) -> float:
        """Half the distance of the quartiles, in seconds."""
        if len(self.seconds) < 2:
            return 0.0
        low, _, high = statistics.quantiles(self.seconds, n=4)
        return (high - low) / 2

    @property
    def is_eager(self) -> bool:
        """Whether it is PyTorch in float32, in whatever layout, as it runs without being compiled."""
        return self.contestant.startswith(EAGER) and self.contestant not in (COMPILED, HALVES)


@dataclass(frozen=True)
class Direction:
    """A race in one direction of a row, and how much there was to do."""

    name: str
    operations: int
    moved: int
    timings: tuple[Timing, ...]

    def find(self, contestant: str, threads: int | None = None) -> Timing | None:
        """Return a contestant with that number of threads, or else with the most; None without one."""
        found = [each for each in self.timings if each.contestant == contestant]
        found = [each for each in found if threads in (None, each.threads)]
        return max(found, key=lambda each: each.threads, default=None)

    @property
    def eager(self) -> Timing | None:
        """PyTorch without being compiled, the faster layout where there are two."""
        eager = [each for each in self.timings if each.is_eager]
        return min(eager, key=lambda each: each.median, default=None)


@dataclass(frozen=True)
class MeasuredRow:
    """A row, measured.

    Attributes
    ----------
    histories
        Entries of the batch; 0 where there is none.
    rungs
        Slowest first.
    headline
        Directions that stand in the summary.
    connections, bytes_beside, bytes_histories
        What the fastest rung allocates, and for how many connections.
    absent
        Peer to the reason why it did not take part.
    took
        Seconds that measuring the row took.
    """

    title: str
    histories: int
    rungs: tuple[str, ...]
    headline: tuple[str, ...]
    connections: int
    bytes_beside: int
    bytes_histories: int
    absent: dict[str, str]
    directions: tuple[Direction, ...]
    took: float

    @property
    def top(self) -> str:
        """The fastest rung."""
        return self.rungs[-1]

    def below(self, rung: str) -> str | None:
        """Return the rung below one, where it took part."""
        place = self.rungs.index(rung)
        return self.rungs[place - 1] if place else None


@dataclass(frozen=True)
class Measured:
    """All rows of a family with the machine they were measured on."""

    family: str
    environment: Environment
    limits: tuple[Limits, ...]
    rows: tuple[MeasuredRow, ...]

    def limit(self, threads: int) -> Limits:
        """Return the machine's limits with that many threads."""
        return next(each for each in self.limits if each.threads == threads)


_adapter = TypeAdapter(Measured)


def save(measured: Measured, folder: Path = RESULTS) -> None:
    """Write a family to its file."""
    folder.mkdir(parents=True, exist_ok=True)
    content = _adapter.dump_json(measured, indent=1)
    (folder / f"{measured.family}.json").write_bytes(content + b"\n")


def load(family: str, folder: Path = RESULTS) -> Measured | None:
    """Return the results of a family; None without any.

    Raises
    ------
    ValueError
        When the file is damaged or from another version of this program.
    """
    path = folder / f"{family}.json"
    return _adapter.validate_json(path.read_bytes()) if path.is_file() else None


def load_all(families: Iterator[str] | list[str], folder: Path = RESULTS) -> dict[str, Measured]:
    """Return the results of families, by name."""
    found = {family: load(family, folder) for family in families}
    return {family: measured for family, measured in found.items() if measured is not None}


@dataclass(frozen=True)
class Figure:
    """Figures derived from a rung's time.

    Attributes
    ----------
    over
        How many times faster than others: "plain" the plain rung and "below" the rung below, which run on one
        thread, "1 thread" itself there, "PyTorch" (eager), "compiled", "JAX"; and, where it computes in
        bfloat16, than the same in float32 and than PyTorch in bfloat16; and than ONNX Runtime,
        our dense layer, and SparseLab.
    gigaflops
        None where there are no matrix products.
    product_share, bandwidth_share
        Share of the machine's rates with that many threads.
    """

    timing: Timing
    over: Mapping[str, float]
    gigaflops: float | None
    product_share: float | None
    bandwidth_share: float

    @property
    def limit(self) -> tuple[float, str]:
        """The larger share, and its name."""
        shares = (self.product_share or 0.0, "products"), (self.bandwidth_share, "memory")
        return max(shares)


def figure(measured: Measured, row: MeasuredRow, direction: Direction, rung: str) -> Figure:
    """Return the figures of a rung, with the largest number of threads it was given."""
    timing = direction.find(rung)
    if timing is None:
        raise ValueError(f"{row.title}: {rung} took no part")
    below = row.below(rung)
    others = {
        "plain": direction.find(RUNGS[0], 1) if below else None,
        "below": direction.find(below, 1) if below else None,
        "1 thread": direction.find(rung, 1) if timing.threads > 1 else None,
        "PyTorch": direction.eager,
        "compiled": direction.find(COMPILED),
        "JAX": direction.find("JAX"),
        SINGLE: direction.find(SINGLE),
        HALVES: direction.find(HALVES),
        RUNTIME: direction.find(RUNTIME),
        DENSE_LAYER: direction.find(DENSE_LAYER),
        SPARSELAB: direction.find(SPARSELAB),
    }
    limit = measured.limit(timing.threads)
    rate = direction.operations / timing.median
    return Figure(
        timing,
        {name: other.median / timing.median for name, other in others.items() if other},
        rate / 1e9 if rate else None,
        rate / limit.product if rate else None,
        direction.moved / timing.median / limit.bandwidth,
    )
