"""What is in a file of Keras, layer by layer, and whether it can be opened."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from networks.exchange.errors import ExchangeError
from networks.exchange.file_bytes import opened_file
from networks.exchange.keras.reading.classes import NOTES
from networks.exchange.keras.reading.entries import MODELS, Entry, entries_of, entry
from networks.exchange.keras.reading.hdf5 import read_hdf5
from networks.exchange.keras.reading.load import (
    HDF5,
    Shapes,
    Source,
    beginning,
    planned,
    shapes_given,
    source_of,
)
from networks.exchange.keras.reading.model import DEEPEST, KNOWN, REFUSED
from networks.exchange.keras.reading.region import Region
from networks.exchange.keras.refusals import RefusedError
from nn.one_line import one_line
from nn.shape import ShapeLike
from nn.short_text import shorten


def survey(path: Path | str, input_shape: ShapeLike | None = None) -> list[str]:
    """Return a line for every layer of a model, or every array of a file of weights.

    Parameters
    ----------
    path
        Of a file that `load` reads.
    input_shape
        As of `load`.

    Returns
    -------
    list of str
        The last line of a model says whether `load` opens it.

    Raises
    ------
    ExchangeError
        When it is damaged, or no such file.
    """
    shapes = shapes_given(input_shape)
    with opened_file(path) as file:
        try:
            if beginning(file).startswith(HDF5) and _is_weights(file):
                return _arrays(file)
            source = source_of(file)
            model = entry(source.description)
            rows = list(_rows(model, "", 0))
        except RefusedError as error:
            raise ExchangeError(f"{path}: {error}") from None
        return _lines(rows, source, shapes)


class Row(NamedTuple):
    """A layer: its name and class, what is said of it, and whether the class is mapped."""

    name: str
    kind: str
    said: str
    is_mapped: bool


def _is_weights(file: BinaryIO) -> bool:
    return "model_config" not in read_hdf5(Region(file)).attributes


def _lines(rows: list[Row], source: Source, shapes: Shapes) -> list[str]:
    try:
        planned(source, shapes)
        end = "can be opened"
    except RefusedError as error:
        end = f"cannot be opened: {shorten(str(error), 500)}"
    name, kind = (max(map(len, texts), default=0) for texts in zip(*(row[:2] for row in rows), strict=True))
    lines = [f"{row.name:{name}}  {row.kind:{kind}}  {row.said}".rstrip() for row in rows]
    mapped = sum(row.is_mapped for row in rows)
    return [*lines, f"the classes of {mapped} of {len(rows)} layers are mapped", end]


def _rows(model: Entry, prefix: str, depth: int) -> Iterator[Row]:
    """Yield a line for all layers, those within models too."""
    if depth > DEEPEST:
        raise RefusedError(f"models lie within models, more than {DEEPEST} deep")
    for each in entries_of(model.where, model.configuration):
        name = one_line(shorten(prefix + each.name, 60))
        if each.kind in MODELS:
            yield from _rows(each, f"{name}/", depth + 1)
        else:
            is_known = each.kind in KNOWN
            said = (
                NOTES.get(each.kind, "") if is_known else REFUSED.get(each.kind, "this class is not mapped")
            )
            yield Row(name, one_line(shorten(each.kind, 60)), said, is_known)


def _arrays(file: BinaryIO) -> list[str]:
    """Return the arrays of a file of weights."""
    found = list(read_hdf5(Region(file)).arrays())
    width = max((len(one_line(path)) for path, _ in found), default=0)
    lines = [
        f"{one_line(path):{width}}  {array.dtype!s:8} {' x '.join(map(str, array.shape)) or '-'}"
        for path, array in found
    ]
    return [*lines, f"{len(found)} arrays: weights alone, which are read beside the description of a model"]
