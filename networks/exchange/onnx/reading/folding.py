"""Arithmetic of sizes that exporters write out: computed while a model is read, on few numbers.

A tensor of one repeated number, such as a state of zeros, stays one number seen under its shape.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from networks.exchange.onnx.reading.factors import written
from networks.exchange.onnx.reading.node import Node
from networks.exchange.onnx.reading.stretches import read_stretches
from networks.exchange.onnx.reading.tensors import MOST_AXES, REALS, WHOLES, Constant

MOST = 2**16
"""Most numbers that are computed with."""

LARGEST = 2.0**62
"""Larger whole numbers are refused: they would wrap round."""

DTYPES = {**dict.fromkeys(REALS, np.float64), **dict.fromkeys(WHOLES, np.int64), 9: np.bool_}
"""What numbers are cast to, by the format's numbers of kinds."""


def _few(node: Node, number: int) -> np.ndarray:
    array = node.constant(number)
    if array.size > MOST:
        node.refuse(f"input {number} has {array.size:,} numbers: up to {MOST:,} are computed with")
    return array


def _axis(node: Node, number: int, rank: int) -> int:
    if not -rank <= number < rank:
        node.refuse(f"axis {number} of {rank} axes")
    return number % rank


def constant(node: Node) -> np.ndarray:
    """Read numbers that the node itself holds."""
    found = [
        node.tensor("value"),
        None if not node.has("value_float") else np.array(node.real("value_float", 0.0)),
        None if not node.has("value_int") else np.array(node.integer("value_int", 0), np.int64),
        None if (reals := node.reals("value_floats")) is None else np.array(reals),
        None if (wholes := node.integers("value_ints")) is None else np.array(wholes, np.int64),
    ]
    given = [each for each in found if each is not None]
    if len(given) != 1:
        node.refuse("needs one of the attributes value, value_float, value_floats, value_int, value_ints")
    if given[0].dtype.kind == "f" and not np.isfinite(given[0]).all():
        node.refuse("its numbers are not finite")
    return given[0]


def shape(node: Node) -> np.ndarray:
    """Read the sizes of the axes of what is given."""
    given = node.input(0)
    if given is None:
        node.refuse("input 0 is left out")
    sizes = given.array.shape if isinstance(given, Constant) else node.value(0).sizes
    start, end = node.integer("start", 0), node.integer("end", len(sizes))
    return np.array(sizes[start:end], np.int64)


def constant_of_shape(node: Node) -> np.ndarray:
    """Read one number, repeated."""
    value = node.tensor("value")
    if value is None:
        value = np.zeros(1, np.float32)
    if value.size != 1:
        node.refuse(f"attribute value is {value.shape}, not one number")
    return repeated(node, value.reshape(()), node.numbers(0))


def repeated(node: Node, array: np.ndarray, sizes: Sequence[int]) -> np.ndarray:
    """Return an array seen under larger sizes; it takes no memory."""
    if len(sizes) > MOST_AXES or any(not each >= 0 for each in sizes) or math.prod(sizes) > LARGEST:
        node.refuse(f"sizes {written(sizes[:MOST_AXES])} are too many or too large")
    try:
        return np.broadcast_to(array, tuple(sizes))
    except ValueError:
        node.refuse(f"numbers of {written(array.shape)} cannot be repeated to {written(sizes)}")


def expand(node: Node) -> np.ndarray:
    """Read an array repeated along axes."""
    array, wanted = node.seen_constant(0), node.numbers(1)
    rank = max(array.ndim, len(wanted))
    sizes = (1,) * (rank - array.ndim) + array.shape
    wanted = [1] * (rank - len(wanted)) + wanted
    larger = [size if other == 1 else other for size, other in zip(sizes, wanted, strict=True)]
    return repeated(node, array, larger)


def gather(node: Node) -> np.ndarray:
    """Read single places along an axis."""
    array, places = _few(node, 0), _few(node, 1)
    axis = _axis(node, node.integer("axis", 0), array.ndim)
    if (
        places.dtype != np.int64
        or places.ndim + array.ndim - 1 > MOST_AXES
        or places.size * array.size > MOST
    ):
        node.refuse("input 1 holds no few places")
    size = array.shape[axis]
    if ((places < -size) | (places >= size)).any():
        node.refuse(f"input 1 holds places beyond {size}")
    return array.take(places, axis)


def concatenate(node: Node) -> np.ndarray:
    """Read arrays one after another."""
    arrays = [_few(node, number) for number in range(node.input_count)]
    axis = _axis(node, node.integer("axis", 0), arrays[0].ndim if arrays else 0)
    if sum(each.size for each in arrays) > MOST or len({each.dtype for each in arrays}) > 1:
        node.refuse("its inputs are too large, or of several kinds")
    try:
        return np.concatenate(arrays, axis)
    except ValueError as error:
        node.refuse(str(error))


def slice_(node: Node) -> np.ndarray:
    """Read stretches of axes."""
    array = node.seen_constant(0)
    starts, ends, axes, steps = read_stretches(node)
    if starts is None or ends is None or len(starts) != len(ends):
        node.refuse("its starts and ends are missing, or not as many")
    axes = list(range(len(starts))) if axes is None else axes
    steps = [1] * len(starts) if steps is None else steps
    if not len(axes) == len(steps) == len(starts) or 0 in steps:
        node.refuse("its axes or steps are not as many as its starts, or 0")
    chosen = [slice(None)] * array.ndim
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        stop = None if step < 0 and end < -array.shape[_axis(node, axis, array.ndim)] else end
        chosen[_axis(node, axis, array.ndim)] = slice(start, stop, step)
    return array[tuple(chosen)]


def cast(node: Node) -> np.ndarray:
    """Read numbers as of another kind."""
    array, kind = node.seen_constant(0), node.integer("to", 0)
    if kind not in DTYPES:
        node.refuse(f"attribute to is {kind}, which is not read")
    return converted(node, array, kind)


def converted(node: Node, array: np.ndarray, kind: int) -> np.ndarray:
    """Return few numbers, or one that is repeated, as of another kind."""
    if not any(array.strides) and array.size:
        return repeated(node, array.flat[0].astype(DTYPES[kind]), array.shape)
    if array.size > MOST and array.dtype.kind == np.dtype(DTYPES[kind]).kind:
        return array
    if array.size > MOST:
        node.refuse(f"input 0 has {array.size:,} numbers: up to {MOST:,} are computed with")
    if array.dtype.kind == "f" and (np.abs(array) > LARGEST).any():
        node.refuse("its numbers are too large")
    return array.astype(DTYPES[kind])


def unsqueeze(node: Node) -> np.ndarray:
    """Read further axes of size 1."""
    array = node.seen_constant(0)
    axes = node.numbers(1) if node.since >= 13 else node.integers("axes")
    rank = array.ndim + len(axes or ())
    if not axes or rank > MOST_AXES:
        node.refuse("axes are missing, or too many")
    places = {_axis(node, each, rank) for each in axes}
    left = iter(array.shape)
    if len(places) < len(axes):
        node.refuse(f"axes {axes} name one twice")
    return array.reshape([1 if place in places else next(left) for place in range(rank)])


def squeeze(node: Node) -> np.ndarray:
    """Read the removal of axes of size 1."""
    array = node.seen_constant(0)
    axes = node.numbers(1) if node.since >= 13 and node.input(1) is not None else node.integers("axes")
    places = [place for place, size in enumerate(array.shape) if size == 1] if axes is None else axes
    try:
        return array.squeeze(tuple(_axis(node, each, array.ndim) for each in places))
    except ValueError as error:
        node.refuse(str(error))


def reshape(node: Node) -> np.ndarray:
    """Read other sizes."""
    array, wanted = node.seen_constant(0), node.numbers(1)
    if node.integer("allowzero", 0) == 0:
        wanted = [array.shape[n] if each == 0 and n < array.ndim else each for n, each in enumerate(wanted)]
    if len(wanted) > MOST_AXES or (array.size > MOST and not array.flags.c_contiguous):
        node.refuse("too many axes, or too many numbers to be copied")
    try:
        return array.reshape(wanted)
    except ValueError as error:
        node.refuse(str(error))


def transpose(node: Node) -> np.ndarray:
    """Read another order of axes."""
    array = node.seen_constant(0)
    order = node.integers("perm", range(array.ndim)[::-1])
    if order is None or sorted(order) != list(range(array.ndim)):
        node.refuse(f"attribute perm is {order}, and the input has {array.ndim} axes")
    return array.transpose(order)


def arithmetic(compute: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Callable[[Node], np.ndarray]:
    """Return the reader of an operation on two arrays of few numbers."""

    def read(node: Node) -> np.ndarray:
        one, other = _few(node, 0), _few(node, 1)
        if one.dtype.kind not in "if" or one.dtype.kind != other.dtype.kind:
            node.refuse(f"inputs are {one.dtype} and {other.dtype}")
        try:
            with np.errstate(all="ignore"):
                about = compute(one.astype(np.float64), other.astype(np.float64))
                if about.size > MOST or not (np.abs(about) < LARGEST).all():
                    node.refuse("its result is too large, or not finite")
                return compute(one, other)
        except ValueError as error:
            node.refuse(str(error))

    return read


def divide(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Divide, towards zero where both are whole."""
    if one.dtype == np.int64:
        quotient: np.ndarray = np.sign(one) * np.sign(other) * (np.abs(one) // np.maximum(np.abs(other), 1))
        return quotient
    divided: np.ndarray = one / other
    return divided


def remainder(node: Node) -> np.ndarray:
    """Read what a division of whole numbers leaves."""
    one, other = _few(node, 0), _few(node, 1)
    node.expect("fmod", 0)
    if one.dtype != np.int64 or other.dtype != np.int64 or not other.all() or one.size * other.size > MOST:
        node.refuse("its inputs are no few whole numbers, or 0")
    try:
        return np.asarray(one % other)
    except ValueError as error:
        node.refuse(str(error))


def equal(node: Node) -> np.ndarray:
    """Read whether numbers are equal."""
    one, other = _few(node, 0), _few(node, 1)
    try:
        return np.asarray(one == other)
    except ValueError as error:
        node.refuse(str(error))


def where(node: Node) -> np.ndarray:
    """Read a choice between numbers."""
    arrays = [_few(node, number) for number in range(3)]
    if arrays[0].dtype != np.bool_ or math.prod(max(each.size, 1) for each in arrays) > MOST:
        node.refuse("input 0 is not bool, or its inputs are too large")
    try:
        return np.where(*arrays)
    except ValueError as error:
        node.refuse(str(error))


FOLDED: Mapping[str, Callable[[Node], np.ndarray]] = {
    "Add": arithmetic(np.add),
    "Cast": cast,
    "Concat": concatenate,
    "Constant": constant,
    "ConstantOfShape": constant_of_shape,
    "Div": arithmetic(divide),
    "Equal": equal,
    "Expand": expand,
    "Floor": lambda node: np.floor(_few(node, 0)),
    "Gather": gather,
    "Mod": remainder,
    "Mul": arithmetic(np.multiply),
    "Reshape": reshape,
    "Shape": shape,
    "Slice": slice_,
    "Squeeze": squeeze,
    "Sub": arithmetic(np.subtract),
    "Transpose": transpose,
    "Unsqueeze": unsqueeze,
    "Where": where,
}
"""Operators that are computed where all their inputs are known, of which `Shape` knows that of any."""
