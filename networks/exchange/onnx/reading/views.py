"""Reshapes and transpositions: the same values along other axes, for which nothing is computed."""

from __future__ import annotations

import math

from networks.exchange.onnx.reading.factors import axis, regrouped, size_of, whole, written
from networks.exchange.onnx.reading.node import Node
from networks.exchange.onnx.reading.plan import Layer, Value, steps_of
from nn.shape import Shape


def _checked(node: Node, number: int, rank: int) -> int:
    if not -rank <= number < rank:
        node.refuse(f"axis {number} of {rank} axes")
    return number % rank


def flatten(node: Node) -> list[Value]:
    """Read a flattening of the axes before one, and of those from it on."""
    value = node.value(0)
    rank = len(value.axes)
    place = node.integer("axis", 1)
    if not -rank <= place <= rank:
        node.refuse(f"attribute axis is {place}, and the input has {rank} axes")
    place += rank if place < 0 else 0
    first, rest = (
        tuple(f for each in part for f in each) for part in (value.axes[:place], value.axes[place:])
    )
    return [value.seen_as([first, rest])]


def reshape(node: Node) -> list[Value]:
    """Read other sizes of the axes; 0 keeps one, -1 is what is left."""
    value = node.value(0)
    wanted = node.numbers(1)
    keeps = not node.integer("allowzero", 0)
    sizes = list(value.sizes)
    if keeps and any(each == 0 and place >= len(sizes) for place, each in enumerate(wanted)):
        node.refuse(f"input 1 is {wanted}, and there are {len(sizes)} axes")
    wanted = [sizes[place] if each == 0 and keeps else each for place, each in enumerate(wanted)]
    total = math.prod(sizes)
    if wanted.count(-1) == 1:
        rest = math.prod(each for each in wanted if each != -1)
        wanted = [total // rest if each == -1 and rest > 0 else each for each in wanted]
    if min(wanted, default=1) < 1 or math.prod(wanted) != total:
        node.refuse(f"input 1 asks for {written(wanted)} of an input of {written(sizes)}")
    axes = regrouped(value.axes, wanted)
    if axes is None:
        found = _anew(node, value, wanted)
        if found is not None:
            return [found]
        node.refuse(f"sizes {written(wanted)} of an input of {written(sizes)} are no whole parts of its axes")
    return [value.seen_as(axes)]


def _anew(node: Node, value: Value, wanted: list[int]) -> Value | None:
    """Return values of other sizes in the same order, where ours lie as theirs do; None where they do not."""
    entries, *rest = value.axes
    lie_so = whole(factor for each in rest for factor in each) == whole(value.layer.order)
    if not wanted or not lie_so or steps_of(entries) != () or wanted[0] != size_of(entries):
        return None
    axes = [axis(each) for each in wanted[1:]]
    order = tuple(factor for each in axes for factor in each)
    shape = Shape(1, 1, size_of(order))
    fields = {"output_shape": str(shape)}
    layer = Layer(node.name, "reshape", shape, order, (value.layer,), fields, source_is_alone=value.is_alone)
    return Value(layer, (entries, *axes))


def transpose(node: Node) -> list[Value]:
    """Read another order of the axes."""
    value = node.value(0)
    rank = len(value.axes)
    order = node.integers("perm", range(rank)[::-1])
    if order is None or sorted(order) != list(range(rank)):
        node.refuse(f"attribute perm is {order}, and the input has {rank} axes")
    return [value.seen_as([value.axes[each] for each in order])]


def named_axes(node: Node, rank: int) -> list[int] | None:
    """Take axes from an attribute, or from input 1 where they have become one."""
    given = node.integers("axes")
    if given is None and node.input(1) is not None:
        given = node.numbers(1)
    if given is None:
        return None
    places = [_checked(node, each, rank) for each in given]
    if len(set(places)) < len(places):
        node.refuse(f"axes {given} name one twice")
    return places


def squeeze(node: Node) -> list[Value]:
    """Read the removal of axes of size 1."""
    value = node.value(0)
    places = named_axes(node, len(value.axes))
    if places is None:
        places = [place for place, each in enumerate(value.axes) if not each]
    if any(value.axes[place] for place in places):
        node.refuse(f"axes {places} of {written(value.sizes)} are not all of size 1")
    return [value.seen_as([each for place, each in enumerate(value.axes) if place not in places])]


def unsqueeze(node: Node) -> list[Value]:
    """Read further axes of size 1."""
    value = node.value(0)
    given = node.numbers(1) if node.since >= 13 else node.integers("axes")
    if given is None:
        node.refuse("attribute axes is missing")
    rank = len(value.axes) + len(given)
    places = {_checked(node, each, rank) for each in given}
    if len(places) < len(given):
        node.refuse(f"axes {given} name one twice")
    left = iter(value.axes)
    return [value.seen_as([() if place in places else next(left) for place in range(rank)])]
