"""An ONNX file as a message: the bytes of one file, of which everything is counted before it is parsed."""

from __future__ import annotations

import stat
from pathlib import Path
from types import ModuleType
from typing import Any

from networks.exchange.errors import ExchangeError
from networks.exchange.onnx.reading.wire import WireError, check_wire

MOST_BYTES = 2**31 - 1
"""Most bytes of a file: what the format itself allows for a message."""


def onnx_library() -> ModuleType:
    """Return the package `onnx`.

    Raises
    ------
    ExchangeError
        When it is not installed.
    """
    try:
        import onnx  # noqa: PLC0415 - optional, and slow to load
    except ImportError as error:
        raise ExchangeError(
            "ONNX files need the package onnx: python -m pip install 'ganglion[exchange]'"
        ) from error
    return onnx


def read_message(path: Path | str) -> Any:
    """Return the `ModelProto` of a file; no other file is opened, whatever it names.

    Raises
    ------
    ExchangeError
        When it is no regular file, too large, or not such a message.
    """
    onnx = onnx_library()
    data = _content(Path(path))
    try:
        check_wire(data, onnx.ModelProto.DESCRIPTOR)
        return onnx.ModelProto.FromString(data)
    except WireError as error:
        raise ExchangeError(f"{path}: truncated, damaged or no ONNX file: {error}") from None
    except Exception as error:  # of the parser, whose kinds differ between versions
        raise ExchangeError(f"{path}: truncated, damaged or no ONNX file") from error


def _content(path: Path) -> bytes:
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise ExchangeError(f"{path}: not a file")
        if found.st_size > MOST_BYTES:
            raise ExchangeError(f"{path}: larger than {MOST_BYTES:,} bytes, which no ONNX file is")
        with path.open("rb") as file:
            data = file.read(found.st_size)
    except OSError as error:
        raise ExchangeError(f"{path}: cannot be read: {error.strerror or error}") from error
    if not data:
        raise ExchangeError(f"{path}: is empty")
    return data
