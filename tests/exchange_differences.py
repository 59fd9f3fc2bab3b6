"""The largest differences of random networks between here and other libraries, layer by layer.

python -m tests.exchange_differences [--models COUNT] [--rows TEXT] [--write]

Each figure is that of COUNT networks that a format takes: those that it refuses are drawn anew. `--write`
puts the table into docs/exchange.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import numba
from hypothesis import HealthCheck, Phase, given, reject, settings
from hypothesis.errors import Unsatisfiable

from benchmarks.markers import write_between_markers
from networks import Network
from networks.exchange import ExchangeError
from tests.support.exchange_formats import (
    EXPORTED_IN,
    FORMATS,
    KERAS_IN,
    KERAS_OUT,
    ONNX_IN,
    PYTORCH_IN,
    PYTORCH_OUT,
    differences,
)
from tests.support.exchange_rows import ROWS, Row
from tests.support.places import ROOT
from workbench.tables import markdown_table, text_table

DOCUMENT = ROOT / "docs" / "exchange.md"
MARKER = "differences"
NONE = "-"
TRIES = 50
"""Networks after which a column that has taken none is given up."""
COLUMNS = [column for columns in FORMATS for column in columns]
HEADINGS = ["", *COLUMNS]
LIBRARIES = ("onnx", "onnxruntime", "torch", "keras", "jax", "numpy", "numba")

ALL_IN_ONNX = (ONNX_IN, EXPORTED_IN)
PYTORCH, KERAS = (PYTORCH_OUT, PYTORCH_IN), (KERAS_OUT, KERAS_IN)
NEURONS = tuple(row.title for row in ROWS if row.families == ("graph",))
WEIGHTLESS = tuple(
    row.title
    for row in ROWS
    if row.title.endswith(("pooling", "upsampling"))
    or row.title in ("activation", "softmax", "flatten", "reshape", "dropout, noise")
    or row.title in ("add", "concatenate", "multiply")
)
CELLS = ("LSTM cell", "GRU cell")

REASONS = (
    (PYTORCH, WEIGHTLESS, "a state_dict has no layers without parameters"),
    ((*PYTORCH, EXPORTED_IN, *KERAS), ("LSTM, peepholes",), "no peepholes there"),
    (PYTORCH, ("spectral normalisation",), "the weights in use are not those that are learned"),
    (
        (*PYTORCH, EXPORTED_IN, *KERAS),
        (
            "convolutional LSTM",
            "local windows",
            "minibatch deviation",
            "spectral normalisation",
            *NEURONS,
        ),
        "no such layer there, or another one",
    ),
    (KERAS, CELLS, "no cell alone is a layer of a model there"),
    ((EXPORTED_IN,), CELLS, "PyTorch exports the arithmetic of a cell and no cell"),
    (
        (ONNX_IN,),
        ("convolutional LSTM", "neurons, delays", "neurons, delays, held inputs"),
        "a `Scan` has a graph of its own, which is not read",
    ),
    (
        (ONNX_IN,),
        ("local windows", "minibatch deviation", "neurons"),
        "values gathered and scattered one by one are no layer that could be read",
    ),
)
"""Why columns have nothing in rows; the first that fits is said."""


class NothingTakenError(Exception):
    """None of many networks was taken."""


class Figures:
    """The largest difference, and the number of networks, of each column that takes any."""

    def __init__(self, columns: tuple[str, ...]) -> None:
        self.worst: dict[str, float] = {}
        self.counts = dict.fromkeys(columns, 0)
        self.tries = 0

    def look_at(self, differences: Iterator[tuple[str, float]]) -> None:
        """Take a network into account, or reject it for another that more of the columns take.

        Raises
        ------
        NothingTakenError
            When no column has taken any.
        """
        self.tries += 1
        seen = set()
        try:
            for column, difference in differences:
                self.worst[column] = max(self.worst.get(column, 0.0), difference)
                self.counts[column] += 1
                seen.add(column)
        except ExchangeError:
            hopeful = {name for name, count in self.counts.items() if count or self.tries < TRIES}
            if not hopeful:
                raise NothingTakenError from None
            if hopeful - seen:
                reject()


def measure(row: Row, columns: tuple[str, ...], models: int, folder: Path) -> dict[str, float]:
    """Return the largest difference of each column that takes such networks.

    Raises
    ------
    RuntimeError
        When a column takes some, but not as many as asked for.
    """
    figures = Figures(columns)

    @settings(
        max_examples=models,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(row.networks)
    def look(network: Network) -> None:
        figures.look_at(differences(network, columns, folder))

    with suppress(NothingTakenError, Unsatisfiable):
        look()
    if any(0 < count < models for count in figures.counts.values()):
        raise RuntimeError(f"{row.title}: of {models} networks only {figures.counts} were taken")
    return figures.worst


def cells(models: int, rows: list[Row]) -> Iterator[list[str]]:
    """Yield the cells of every row."""
    with tempfile.TemporaryDirectory() as folder:
        for row in rows:
            found: dict[str, float] = {}
            for columns in FORMATS:
                found |= measure(row, columns, models, Path(folder))
            yield [row.title, *(shown(found.get(column)) for column in COLUMNS)]


def shown(difference: float | None) -> str:
    """Return a cell."""
    if difference is None:
        return NONE
    return f"{difference:.0e}" if difference else "equal"


def reasons(table: list[list[str]]) -> list[str]:
    """Return a line for every reason that columns have nothing in some rows.

    Raises
    ------
    LookupError
        When there is none.
    """
    found: dict[str, dict[str, list[str]]] = {}
    for title, *each in table:
        for column, cell in zip(COLUMNS, each, strict=True):
            if cell == NONE:
                found.setdefault(reason(title, column), {}).setdefault(title, []).append(column)
    return [
        f"* {', '.join(dict.fromkeys(each for columns in rows.values() for each in columns))} of "
        f"{', '.join(f'`{title}`' for title in rows)}: {text}."
        for text, rows in found.items()
    ]


def reason(title: str, column: str) -> str:
    """Return why a column has nothing in a row."""
    for columns, titles, text in REASONS:
        if column in columns and title in titles:
            return text
    raise LookupError(f"{title}: {column} takes none, and it is not said why")


def read_table() -> list[list[str]]:
    """Return the cells of the table in the document."""
    text = DOCUMENT.read_text(encoding="utf-8")
    lines = text.partition(f"<!-- {MARKER} -->")[2].partition(f"<!-- end {MARKER} -->")[0].splitlines()
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines if line[:2] == "| "][
        2:
    ]


def written(table: list[list[str]], models: int) -> str:
    """Return the table with what it is of, for the document."""
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return "\n".join(
        [
            markdown_table(HEADINGS, table),
            "",
            *reasons(table),
            "",
            f"{models} networks for each figure; {libraries}.",
        ]
    )


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and write if asked; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.exchange_differences", description=__doc__)
    parser.add_argument("--models", type=int, default=200, help="for each figure (default %(default)s)")
    parser.add_argument("--rows", default="", metavar="TEXT", help="only those with this in their title")
    parser.add_argument("--write", action="store_true", help=f"write the table into {DOCUMENT.name}")
    options = parser.parse_args(arguments)
    if options.write and options.rows:
        parser.error("--write needs all rows")
    warnings.simplefilter("ignore")
    numba.set_num_threads(1)
    began, table = time.monotonic(), []
    for each in cells(options.models, [row for row in ROWS if options.rows in row.title]):
        print(f"{time.monotonic() - began:6.0f} s  {'  '.join(each)}", flush=True)
        table.append(each)
    print(text_table([HEADINGS, *table]))
    if options.write:
        write_between_markers(DOCUMENT, MARKER, written(table, options.models))
    return 0


if __name__ == "__main__":
    sys.exit(main())
