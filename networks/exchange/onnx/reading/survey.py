"""What is in an ONNX file, node by node, and what of it can be opened."""

from __future__ import annotations

from itertools import islice, product
from pathlib import Path
from typing import Any, NamedTuple

from networks.exchange.errors import ExchangeError
from networks.exchange.library import optional
from networks.exchange.onnx.reading.factors import UNKNOWN
from networks.exchange.onnx.reading.graph import Graph, read_graph
from networks.exchange.onnx.reading.inputs import MOST_LAYOUTS, described, layouts_of
from networks.exchange.onnx.reading.model_file import read_message
from networks.exchange.onnx.reading.node import Given
from networks.exchange.onnx.reading.operators import OPERATORS
from networks.exchange.onnx.reading.plan import Value
from networks.exchange.onnx.reading.planning import Planner, Wanted, live_nodes, plan
from networks.exchange.onnx.reading.refusals import RefusedError
from nn.one_line import one_line
from nn.shape import AnyShape, ShapeLike
from nn.short_text import shorten

NOT_READ = "reads what is not mapped"


class Row(NamedTuple):
    """A node, and what becomes of it.

    Attributes
    ----------
    name, operator
        In the file.
    sizes
        Of its first output, as far as they are known.
    becomes
        The family of its layer, or why it is none.
    is_mapped
        Whether it is mapped.
    """

    name: str
    operator: str
    sizes: str
    becomes: str
    is_mapped: bool


def survey(path: Path | str, input_shape: ShapeLike | None = None) -> list[str]:
    """Return lines on the set of operators, inputs, nodes, and on whether `load` opens a file.

    Parameters
    ----------
    path
        Of the file.
    input_shape
        As of `load`.

    Raises
    ------
    ExchangeError
        When it is no ONNX file, or its graph is not in order.
    """
    message = read_message(path)
    try:
        graph = read_graph(message, optional("onnx").defs.onnx_opset_version())
        live = live_nodes(graph, graph.outputs)
    except RefusedError as error:
        raise ExchangeError(f"{path}: {error}") from None
    wanted = Wanted(input_shape)
    rows, shapes = _rows(graph, live, wanted)
    widths = [max((len(str(row[place])) for row in rows), default=0) for place in range(3)]
    lines = [
        _heading(message, graph),
        *(_input(each, shapes.get(name)) for name, each in graph.inputs.items()),
    ]
    lines += [
        "  ".join([*(f"{row[place]:{widths[place]}}" for place in range(3)), row.becomes]).rstrip()
        for row in rows
    ]
    mapped = sum(row.is_mapped for row in rows)
    lines.append(f"{mapped} of {len(rows)} nodes are mapped")
    problem = _problem(graph, wanted)
    lines.append("can be opened" if problem is None else f"cannot be opened: {shorten(problem, 500)}")
    return lines


def _heading(message: Any, graph: Graph) -> str:
    made = " ".join(each for each in (message.producer_name, message.producer_version) if each)
    text = f"opset {graph.opset}, IR {message.ir_version}" + (f", made by {made}" if made else "")
    weights = sum(each.array.size for each in graph.constants.values())
    return one_line(shorten(f"{text}, {weights:,} numbers in {len(graph.constants)} tensors", 200))


def _input(message: Any, shape: AnyShape | None) -> str:
    sizes = message.type.tensor_type.shape.dim
    written = " x ".join(
        str(each.dim_value) if each.HasField("dim_value") else each.dim_param or "?" for each in sizes
    )
    here = "" if shape is None else f", {shape} here"
    return one_line(shorten(f"input {message.name}: {written}{here}", 200))


def _problem(graph: Graph, wanted: Wanted) -> str | None:
    """Return why the whole cannot be opened, None where it can."""
    try:
        plan(graph, wanted)
    except RefusedError as error:
        return str(error)
    return None


def _rows(graph: Graph, live: list[tuple[int, Any]], wanted: Wanted) -> tuple[list[Row], dict[str, AnyShape]]:
    """Return what becomes of the nodes, and shapes of inputs, with those axes of which most is mapped."""
    read = {name for _, node in live for name in node.input}
    best: tuple[list[Row], dict[str, AnyShape]] = [_by_operator(node) for _, node in live], {}
    try:
        inputs = [described(each) for name, each in graph.inputs.items() if name in read]
    except RefusedError:
        return best
    most = -1
    for layouts in islice(product(*map(layouts_of, inputs)), MOST_LAYOUTS):
        planner = Planner(graph, live, graph.outputs)
        try:
            layers = planner.begin(inputs, layouts, wanted)
        except RefusedError:
            continue
        rows = [_row(planner, number, node) for number, node in live]
        mapped = sum(row.is_mapped for row in rows)
        if mapped > most:
            most, best = mapped, (rows, {name: layer.shape for name, layer in layers.items()})
    return best


def _by_operator(node: Any) -> Row:
    """Return what the operator alone says."""
    is_known = node.op_type in OPERATORS
    return _labelled(node, "", "" if is_known else "this operator is not mapped", is_known)


def _labelled(node: Any, sizes: str, becomes: str, is_mapped: bool) -> Row:
    name, operator = (one_line(shorten(each, 60)) for each in (node.name or "-", node.op_type))
    return Row(name, operator, sizes, one_line(shorten(becomes, 300)), is_mapped)


def _row(planner: Planner, number: int, node: Any) -> Row:
    if any(name and name not in planner.tensors for name in node.input):
        return _labelled(node, "", NOT_READ, False)
    try:
        planner.take(number, node)
    except RefusedError as error:
        return _labelled(node, "", str(error).partition("): ")[2] or str(error), False)
    first = next((planner.tensors[name] for name in node.output if name in planner.tensors), None)
    return _labelled(node, _sizes(first), _family(first), True)


def _sizes(given: Given) -> str:
    if not isinstance(given, Value):
        return ""
    return " x ".join("N" if each == UNKNOWN else str(each) for each in given.sizes)


def _family(given: Given) -> str:
    if not isinstance(given, Value):
        return "computed while reading"
    layer = given.layer
    return (
        f"{layer.family} at {layer.steps} steps"
        if layer.steps
        else layer.family or "the input, seen otherwise"
    )
