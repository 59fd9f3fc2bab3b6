"""The inputs of a model: which axis counts entries, and how the others lie in values of ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from networks.exchange.onnx.reading.factors import UNKNOWN, Axis, Factor, axis
from networks.exchange.onnx.reading.graph import called
from networks.exchange.onnx.reading.plan import Layer, Value
from networks.exchange.onnx.reading.refusals import RefusedError
from networks.exchange.onnx.reading.tensors import REALS, WHOLES
from nn.shape import AnyShape, SequenceShape, Shape, ShapeLike, VideoShape, as_shape, layer_shape

MOST_LAYOUTS = 8
"""Most ways that axes of all inputs are tried in."""


class Layout(NamedTuple):
    """Where the axes of ours are among theirs.

    Attributes
    ----------
    entries
        The axis that counts entries.
    sides
        The axes that are the sides of a shape of ours, in its order.
    """

    entries: int
    sides: tuple[int, ...]


LAYOUTS: Mapping[int, Sequence[Layout]] = {
    1: [Layout(0, ())],
    2: [Layout(0, (1,))],
    3: [Layout(0, (1, 2)), Layout(1, (0, 2)), Layout(0, (2, 1))],
    4: [Layout(0, (2, 3, 1)), Layout(0, (1, 2, 3))],
    5: [Layout(0, (1, 3, 4, 2)), Layout(0, (1, 2, 3, 4))],
}
"""Of each number of axes the one that is tried first, and others: steps first, channels of a series first,
channels of an image last."""


class Given(NamedTuple):
    """An input as the file describes it.

    Attributes
    ----------
    name
        In the file.
    sizes
        Of its axes, None for those left open.
    is_labels
        Whether it is of whole numbers.
    """

    name: str
    sizes: tuple[int | None, ...]
    is_labels: bool


def described(message: Any) -> Given:
    """Return what a `ValueInfoProto` says of an input.

    Raises
    ------
    RefusedError
        When it is no tensor of real numbers or labels, or of no or too many axes.
    """
    what = f"input {called(message.name)}"
    if not message.type.HasField("tensor_type"):
        raise RefusedError(f"{what} is no tensor")
    tensor = message.type.tensor_type
    if tensor.elem_type not in REALS | WHOLES:
        raise RefusedError(
            f"{what} is of elem_type {tensor.elem_type}: real numbers, int32 and int64 are read"
        )
    if not tensor.HasField("shape"):
        raise RefusedError(f"{what} has no shape")
    sizes = tuple(each.dim_value if each.HasField("dim_value") else None for each in tensor.shape.dim)
    if len(sizes) not in LAYOUTS or any(each is not None and not 1 <= each < UNKNOWN for each in sizes):
        raise RefusedError(
            f"{what} has the sizes {list(sizes[:8])}: one to five, each of at least 1, are read"
        )
    return Given(message.name, sizes, tensor.elem_type in WHOLES)


def layouts_of(given: Given) -> Sequence[Layout]:
    """Return the ways to try, the likeliest first."""
    ways = LAYOUTS[len(given.sizes)]
    if len(given.sizes) == 3 and given.sizes[0] is not None and given.sizes[1] is None:
        return [ways[1], ways[0], ways[2]]
    return ways


def layer_of(given: Given, layout: Layout, entries: Factor, wanted: ShapeLike | None) -> Value:
    """Return the values of an input.

    Parameters
    ----------
    given
        As described.
    layout
        Of its axes.
    entries
        What counts them.
    wanted
        Its shape as ours, which says what the file leaves open.

    Raises
    ------
    RefusedError
        When sides are left open, or differ from those wanted.
    """
    what = f"input {called(given.name)}"
    known = [given.sizes[each] for each in layout.sides]
    if given.is_labels and len(known) == 1:
        known = [*known, 1]
    sides = _sides(what, known, wanted)
    factors = [axis(each) for each in sides]
    try:
        shape = _shape_of(sides)
    except ValueError as error:
        raise RefusedError(f"{what}: {error}") from None
    axes: list[Axis] = [()] * len(given.sizes)
    axes[layout.entries] = (entries,)
    for place, each in zip(layout.sides, factors, strict=False):
        axes[place] = each
    order = tuple(each for factor in factors for each in factor)
    layer = Layer(given.name, "", shape, order)
    return Value(layer, tuple(axes), is_labels=given.is_labels)


def _sides(what: str, known: Sequence[int | None], wanted: ShapeLike | None) -> list[int]:
    if wanted is not None:
        shape = layer_shape("input_shape", wanted)
        sides = list(shape)
        if len(known) < 2 and shape[:-1] == (1,) * (len(shape) - 1):
            sides = sides[len(sides) - len(known) :]
        fits = len(sides) == len(known) and all(
            one in (None, other) for one, other in zip(known, sides, strict=True)
        )
        if not fits:
            raise RefusedError(
                f"{what} is {_written(known)} in our order, which input_shape {shape} does not fit"
            )
        return sides
    if None in known:
        example = ", ".join("?" if each is None else str(each) for each in known)
        raise RefusedError(f"{what} leaves sizes open: give input_shape=({example})")
    return [each for each in known if each is not None]


def _written(sides: Sequence[int | None]) -> str:
    return "x".join("?" if each is None else str(each) for each in sides) or "one number"


def _shape_of(sides: Sequence[int]) -> AnyShape:
    if len(sides) < 2:
        return Shape(1, 1, sides[0] if sides else 1)
    kinds = {2: SequenceShape, 3: Shape, 4: VideoShape}
    return as_shape(kinds[len(sides)](*sides))
