"""The numbers of a tensor in a file: how many there must be is compared with those there, and then read."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from networks.exchange.onnx.reading.refusals import RefusedError
from nn.short_text import short_repr

MOST_AXES = 8

DOUBLE, FLOAT, HALF, BRAIN = 11, 1, 10, 16
"""Kinds of real numbers, as the format numbers them."""

BOOL, INT32, INT64 = 9, 6, 7

KINDS: dict[int, tuple[str, int, str]] = {
    FLOAT: ("float", 4, "float_data"),
    DOUBLE: ("double", 8, "double_data"),
    HALF: ("float16", 2, "int32_data"),
    BRAIN: ("bfloat16", 2, "int32_data"),
    BOOL: ("bool", 1, "int32_data"),
    INT32: ("int32", 4, "int32_data"),
    INT64: ("int64", 8, "int64_data"),
}
"""Kinds of numbers that are read: what they are called, their bytes, and the field of those not raw."""

REALS = {DOUBLE, FLOAT, HALF, BRAIN}
WHOLES = {INT32, INT64}


class Constant(NamedTuple):
    """Numbers that a model knows before it runs.

    Attributes
    ----------
    array
        Of reals in float32 or float64, of whole numbers in int64, or bool; not to be written to.
    name
        Of the tensor in the file; empty where it was computed.
    """

    array: np.ndarray
    name: str = ""


def read_tensor(tensor: Any, what: str) -> np.ndarray:
    """Return the numbers of a `TensorProto`.

    Parameters
    ----------
    tensor
        The message.
    what
        What messages begin with.

    Raises
    ------
    RefusedError
        When it lies in another file, is of a kind that is not read, its sizes do not fit what is there, or
        it holds NaN or infinity.
    """
    if tensor.external_data or tensor.data_location:
        raise RefusedError(
            f"{what} lies in another file (external data), which is never opened: save it within, "
            "from PyTorch by torch.onnx.export(..., external_data=False)"
        )
    if tensor.HasField("segment"):
        raise RefusedError(f"{what} has the field segment, which is not read")
    if tensor.data_type not in KINDS:
        raise RefusedError(
            f"{what} is of data_type {tensor.data_type}; read are "
            + ", ".join(f"{name} ({kind})" for kind, (name, _, _) in KINDS.items())
        )
    shape = _checked_shape(tensor, what)
    array = _numbers(tensor).reshape(shape)
    if tensor.data_type in REALS and not np.isfinite(array).all():
        raise RefusedError(f"{what} holds NaN or infinity")
    return array


def _checked_shape(tensor: Any, what: str) -> tuple[int, ...]:
    """Return the sizes, which make as many numbers as are there."""
    shape = tuple(tensor.dims)
    if len(shape) > MOST_AXES or any(side < 0 for side in shape):
        raise RefusedError(f"{what} has the dims {short_repr(shape)}: up to {MOST_AXES}, none below 0")
    _, width, field = KINDS[tensor.data_type]
    wanted = math.prod(shape)
    for name in (
        "raw_data",
        "float_data",
        "double_data",
        "int32_data",
        "int64_data",
        "uint64_data",
        "string_data",
    ):
        count = len(getattr(tensor, name))
        read = "raw_data" if tensor.HasField("raw_data") else field
        if name != read and count and not (name == "raw_data"):
            raise RefusedError(f"{what} has numbers in {read} and in {name}")
        if name == read and count != wanted * (width if read == "raw_data" else 1):
            size = f"{count:,} bytes" if read == "raw_data" else f"{count:,} numbers"
            raise RefusedError(f"{what} of dims {short_repr(shape)} has {size} in {read}")
    return shape


def _numbers(tensor: Any) -> np.ndarray:
    """Return the numbers flat, each kind as constants have it."""
    from onnx import numpy_helper  # noqa: PLC0415 - optional

    with np.errstate(all="ignore"):
        array: np.ndarray = numpy_helper.to_array(tensor)
    if tensor.data_type in (HALF, BRAIN):
        array = array.astype(np.float32)
    elif tensor.data_type == INT32:
        array = array.astype(np.int64)
    return array
