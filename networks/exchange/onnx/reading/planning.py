"""From the nodes of a graph to the layers of a network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice, product
from typing import Any, NamedTuple

import numpy as np

from networks.exchange.onnx.reading.factors import UNKNOWN, Factor, size_of, whole, written
from networks.exchange.onnx.reading.graph import Graph, called, node_name
from networks.exchange.onnx.reading.inputs import MOST_LAYOUTS, Layout, described, layer_of, layouts_of
from networks.exchange.onnx.reading.inputs import Given as GivenInput
from networks.exchange.onnx.reading.node import Given, Node
from networks.exchange.onnx.reading.operators import OPERATORS, read_node
from networks.exchange.onnx.reading.plan import Layer, Value, arranged, identity, steps_of
from networks.exchange.onnx.reading.refusals import LaidOutOtherwiseError, RefusedError
from networks.exchange.onnx.reading.tensors import MOST_AXES
from nn.one_line import one_line
from nn.shape import Shape, ShapeLike, as_shape

ORDERS: Mapping[int, Sequence[tuple[int, ...]]] = {
    1: [(0,)],
    2: [(0, 1), (1, 0)],
    3: [(1, 2, 0)],
    4: [(0, 2, 3, 1)],
}
"""Where the sides of ours are among the axes of an output that count no entries."""


class Wanted(NamedTuple):
    """What is asked of a file.

    Attributes
    ----------
    shapes
        Of its only input or by the names of all, None where the file says them.
    outputs
        Names of tensors to end at, None for those of the graph.
    """

    shapes: ShapeLike | Mapping[str, ShapeLike] | None = None
    outputs: tuple[str, ...] | None = None


class Plan(NamedTuple):
    """The layers of a network.

    Attributes
    ----------
    inputs, outputs
        By name.
    """

    inputs: Mapping[str, Layer]
    outputs: Mapping[str, Layer]


def plan(graph: Graph, wanted: Wanted) -> Plan:
    """Return the layers that a graph becomes.

    Raises
    ------
    RefusedError
        Naming the node that is not mapped, and why.
    """
    outputs = graph.outputs if wanted.outputs is None else wanted.outputs
    live = live_nodes(graph, outputs)
    read = {name for _, node in live for name in node.input} | set(outputs)
    inputs = [described(message) for name, message in graph.inputs.items() if name in read]
    _check_shapes(inputs, wanted)
    first_error: LaidOutOtherwiseError | None = None
    ways = product(*(layouts_of(each) for each in inputs))
    for layouts in islice(ways, MOST_LAYOUTS):
        try:
            planner = Planner(graph, live, outputs)
            layers = _begun(planner, inputs, layouts, wanted, is_first=first_error is None)
            return planner.run(layers)
        except LaidOutOtherwiseError as error:
            first_error = first_error or error
    assert first_error is not None
    raise first_error


def _begun(
    planner: Planner,
    inputs: Sequence[GivenInput],
    layouts: Sequence[Layout],
    wanted: Wanted,
    *,
    is_first: bool,
) -> dict[str, Layer]:
    """Return the inputs; that sizes are left open in a further layout is no news."""
    try:
        return planner.begin(inputs, layouts, wanted)
    except RefusedError as error:
        if is_first:
            raise
        raise LaidOutOtherwiseError(str(error)) from None


def _check_shapes(inputs: Sequence[GivenInput], wanted: Wanted) -> None:
    names = [each.name for each in inputs]
    if isinstance(wanted.shapes, Mapping):
        if unknown := [name for name in wanted.shapes if name not in names]:
            raise RefusedError(f"no input is called {called(unknown[0])}, which input_shape names")
    elif wanted.shapes is not None and len(inputs) > 1:
        raise RefusedError(
            f"there are the inputs {one_line(', '.join(names))}: give input_shape by their names"
        )


def live_nodes(graph: Graph, outputs: Sequence[str]) -> list[tuple[int, Any]]:
    """Return the nodes that some tensors depend on, with their numbers, in their order."""
    needed = set(outputs)
    made = {name for node in graph.nodes for name in node.output}
    for name in outputs:
        if name not in made:
            raise RefusedError(f"no node gives {called(name)}")
    found: list[tuple[int, Any]] = []
    for number in reversed(range(len(graph.nodes))):
        node = graph.nodes[number]
        if needed.intersection(node.output):
            found.append((number, node))
            needed.update(node.input)
    return found[::-1]


class Planner:
    """Goes through the nodes once, with one layout of the inputs."""

    def __init__(self, graph: Graph, live: Sequence[tuple[int, Any]], outputs: Sequence[str]) -> None:
        self.graph, self.live, self.outputs = graph, live, outputs
        # what asks for sizes alone does not read the values
        self.uses = Counter(name for _, node in live if node.op_type != "Shape" for name in node.input)
        self.uses.update(outputs)
        del self.uses[""]  # inputs that are left out
        self.tensors: dict[str, Given] = dict(graph.constants)

    def run(self, layers: Mapping[str, Layer]) -> Plan:
        """Return the plan, once the inputs are made."""
        for number, message in self.live:
            self.take(number, message)
        return Plan(layers, {name: self._output(name) for name in self.outputs})

    def begin(
        self, inputs: Sequence[GivenInput], layouts: Sequence[Layout], wanted: Wanted
    ) -> dict[str, Layer]:
        """Make the inputs."""
        sizes = {each.sizes[layout.entries] for each, layout in zip(inputs, layouts, strict=True)}
        if not sizes:
            raise RefusedError("no output depends on an input")
        if len(sizes) > 1:
            raise LaidOutOtherwiseError("inputs have different numbers of entries")
        (size,) = sizes
        entries = Factor(UNKNOWN if size is None else size, is_batch=True)
        layers: dict[str, Layer] = {}
        for each, layout in zip(inputs, layouts, strict=True):
            shapes = wanted.shapes
            shape = shapes.get(each.name) if isinstance(shapes, Mapping) else shapes
            value = layer_of(each, layout, entries, shape)
            self._keep(each.name, value)
            layers[each.name] = value.layer
        return layers

    def _keep(self, name: str, given: Given) -> None:
        if isinstance(given, Value):
            given = given._replace(is_alone=given.is_alone and self.uses[name] == 1)
        self.tensors[name] = given

    def take(self, number: int, message: Any) -> None:
        """Read a node."""
        node = self._node(number, message)
        try:
            with np.errstate(all="ignore"):  # what is not finite is refused when it is written
                given = read_node(node)
        except RefusedError:
            raise
        except ValueError as error:  # of shapes of ours, which know their limits
            node.refuse(str(error))
        for name, each in zip(message.output, given, strict=False):
            if isinstance(each, Value) and len(each.axes) > MOST_AXES:
                node.refuse(f"gives {len(each.axes)} axes; up to {MOST_AXES} are mapped")
            if name:
                self._keep(name, each)
        for name in message.output:
            if self.uses[name] and name not in self.tensors:
                node.refuse(f"output {called(name)} is not mapped")

    def _node(self, number: int, message: Any) -> Node:
        operator = OPERATORS.get(message.op_type)
        if operator is None:
            raise RefusedError(
                f"{node_name(message, number)}: this operator is not mapped{self._way_out(message)}"
            )
        since = _since(message.op_type, self.graph.opset)
        if since > operator.newest:
            raise RefusedError(
                f"{node_name(message, number)}: the operator has changed in opset {since}, "
                f"and is read as it was from {operator.newest} on"
            )
        given = [self.tensors[name] if name else None for name in message.input]
        used = {place for place, name in enumerate(message.output) if self.uses[name]}
        return Node(message, number, since, given, used)

    def _way_out(self, message: Any) -> str:
        """Return what to do where the values before a node may do."""
        given = [(name, self.tensors.get(name)) for name in message.input]
        before = next((name for name, each in given if isinstance(each, Value) and each.layer.family), None)
        is_last = any(name in self.outputs for name in message.output)
        return f"; outputs=[{called(before)}] ends before it" if before and is_last else ""

    def _output(self, name: str) -> Layer:
        """Return the layer that gives an output, lying as ours do."""
        value = self.tensors[name]
        if not isinstance(value, Value):
            raise RefusedError(f"output {called(name)} is a constant")
        try:
            layer = _canonical(value)
        except ValueError as error:  # of shapes of ours, which know their limits
            raise RefusedError(f"output {called(name)}: {error}") from None
        if layer is None:
            raise LaidOutOtherwiseError(
                f"output {called(name)} of {written(value.sizes)} lies otherwise than values of ours: "
                "give `outputs` the name of a tensor before it"
            )
        return layer if layer.family else identity(layer)


def _canonical(value: Value) -> Layer | None:
    """Return a layer whose values are those of an output in our order; None where there is none."""
    places = [place for place, each in enumerate(value.axes) if steps_of(each) is not None]
    if len(places) != 1:
        return None
    steps = steps_of(value.axes[places[0]]) or ()
    rest = [each for place, each in enumerate(value.axes) if place != places[0]]
    if steps:
        rest = [steps, *rest]
    lies_so = whole(factor for each in rest for factor in each) == whole(value.layer.order)
    if lies_so and tuple(map(size_of, rest)) == tuple(value.layer.shape):
        return value.layer
    if not rest:
        return value.layer if not whole(value.layer.order) else None
    for order in ORDERS.get(len(rest), ()):
        groups = [rest[each] for each in order]
        sides = [size_of(each) for each in groups]
        shape = Shape(1, 1, sides[0]) if len(sides) == 1 else as_shape(tuple(sides))
        layer = arranged(value, groups, shape)
        if layer is not None:
            return layer
    return None


def _since(operator: str, opset: int) -> int:
    """Return since which version an operator has been as it is in an opset."""
    from onnx import defs  # noqa: PLC0415 - optional

    try:
        return int(defs.get_schema(operator, opset, "").since_version)
    except defs.SchemaError:
        raise RefusedError(f"opset {opset} has no operator {operator}") from None
