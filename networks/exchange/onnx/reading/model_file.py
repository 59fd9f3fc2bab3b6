"""An ONNX file as a message: the bytes of one file, of which everything is counted before it is parsed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from networks.exchange.errors import ExchangeError
from networks.exchange.file_bytes import file_bytes
from networks.exchange.library import optional
from networks.exchange.onnx.reading.wire import WireError, check_wire

MOST_BYTES = 2**31 - 1
"""Most bytes of a file: what the format itself allows for a message."""


def read_message(path: Path | str) -> Any:
    """Return the `ModelProto` of a file; no other file is opened, whatever it names.

    Raises
    ------
    ExchangeError
        When it is no regular file, too large, or not such a message.
    """
    onnx = optional("onnx")
    data = file_bytes(path, MOST_BYTES, "ONNX file")
    if not data:
        raise ExchangeError(f"{path}: is empty")
    try:
        check_wire(data, onnx.ModelProto.DESCRIPTOR)
        return onnx.ModelProto.FromString(data)
    except WireError as error:
        raise ExchangeError(f"{path}: truncated, damaged or no ONNX file: {error}") from None
    except Exception as error:  # of the parser, whose kinds differ between versions
        raise ExchangeError(f"{path}: truncated, damaged or no ONNX file") from error
