"""What a snapshot can hold, and errors that name what it cannot."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nn.dtype_names import describe_dtype
from nn.one_line import is_encodable

DTYPES = frozenset(
    np.dtype(name)
    for name in (
        *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
        *("float16", "float32", "float64"),
    )
)

RESERVED = "__metadata__"


def as_path(path: Any) -> Path:
    """Return where a snapshot is.

    Raises
    ------
    ValueError
        When it is not a path, or names no file.
    """
    if not isinstance(path, str | os.PathLike) or isinstance(os.fspath(path), bytes):
        raise ValueError(f"the path is {_short(path)}: give that of the file, such as 'model.safetensors'")
    found = Path(path)
    if not found.name or "\0" in str(found):
        raise ValueError(f"{str(path)!r} names no file")
    return found


def check_arrays(arrays: Any) -> Mapping[str, np.ndarray]:
    """Return arrays by name.

    Raises
    ------
    ValueError
        When they are something else, or one is of a kind that cannot be stored; names it.
    """
    if not isinstance(arrays, Mapping):
        raise ValueError(f"the arrays are {_short(arrays)}: give a dictionary of arrays by name")
    for name, array in arrays.items():
        if not isinstance(name, str):
            raise ValueError(f"the name {name!r} of an array is not text")
        if name == RESERVED or not is_encodable(name):
            raise ValueError(f"an array cannot be called {name!r}")
        _check_array(name, array)
    return arrays


def _check_array(name: str, array: Any) -> None:
    if not isinstance(array, np.ndarray | np.generic):
        raise ValueError(f"{name} is {_short(array)}: give an array")
    if isinstance(array, np.ma.MaskedArray):
        raise ValueError(f"{name} is a masked array: give its numbers, and the mask by a name of its own")
    if array.dtype.newbyteorder("=") not in DTYPES:
        raise ValueError(
            f"{name} is {describe_dtype(array.dtype)}: give float16 to float64, integers or bool"
        )


def metadata_text(metadata: Any) -> str:
    """Return metadata as JSON.

    Raises
    ------
    ValueError, TypeError, RecursionError
        When they are no dictionary, or hold what JSON does not give back as it was.
    """
    if not isinstance(metadata, Mapping):
        raise ValueError(f"the metadata are {_short(metadata)}: give a dictionary")
    try:
        text = json.dumps(dict(metadata), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(f"metadata: {error}") from error
    _check_names(metadata, "metadata")
    return text


def _check_names(value: Any, place: str) -> None:
    """Refuse names that are not text, which JSON would convert."""
    if isinstance(value, Mapping):
        for name, each in value.items():
            if not isinstance(name, str):
                raise ValueError(f"{place} has the name {name!r}, which is not text")
            _check_names(each, f"{place}[{name!r}]")
    elif isinstance(value, list | tuple):
        for number, each in enumerate(value):
            _check_names(each, f"{place}[{number}]")


def _short(value: Any) -> str:
    """Say what a value is that may be long."""
    if value is None or isinstance(value, bool | int | float):
        return repr(value)
    return f"of type {type(value).__name__}"
