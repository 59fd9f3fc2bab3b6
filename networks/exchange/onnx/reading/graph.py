"""The graph of a model, checked: names, order, domains, and that nothing is in it which is not read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from networks.exchange.onnx.reading.refusals import RefusedError
from networks.exchange.onnx.reading.tensors import Constant, read_tensor
from nn.one_line import one_line
from nn.short_text import join_names, short_repr

MOST_NODES = 10_000

OLDEST = 9
"""Oldest set of operators that is read."""

DOMAINS = {"", "ai.onnx"}
"""Names of the domain of the operators of ONNX itself."""


class Graph(NamedTuple):
    """What a model computes.

    Attributes
    ----------
    nodes
        `NodeProto`s, each after those it reads.
    constants
        Tensors in the file, by name.
    inputs
        `ValueInfoProto`s of what is given when it runs, by name; those with a value in the file are not
        among them.
    outputs
        Names.
    opset
        The version of the set of operators.
    """

    nodes: Sequence[Any]
    constants: Mapping[str, Constant]
    inputs: Mapping[str, Any]
    outputs: Sequence[str]
    opset: int


def read_graph(model: Any, newest: int) -> Graph:
    """Return the graph of a `ModelProto`.

    Parameters
    ----------
    model
        The message.
    newest
        The newest set of operators that the library knows.

    Raises
    ------
    RefusedError
        Naming what is not read, missing or there twice.
    """
    opset = _opset(model, newest)
    for field in ("functions", "training_info"):
        if getattr(model, field):
            raise RefusedError(f"the model has {field}, which are not read: export it without")
    if not model.HasField("graph"):
        raise RefusedError("the model has no graph")
    graph = model.graph
    for field in ("sparse_initializer", "quantization_annotation"):
        if getattr(graph, field):
            raise RefusedError(f"the graph has the field {field}, which is not read")
    if len(graph.node) > MOST_NODES:
        raise RefusedError(f"the graph has {len(graph.node):,} nodes, more than {MOST_NODES:,}")
    _check_names(graph)
    constants = {
        each.name: Constant(read_tensor(each, f"initializer {called(each.name)}"), each.name)
        for each in graph.initializer
    }
    inputs = {each.name: each for each in graph.input if each.name not in constants}
    _check_order(graph, {*constants, *inputs})
    outputs = [each.name for each in graph.output]
    if not outputs:
        raise RefusedError("the graph has no output")
    return Graph(list(graph.node), constants, inputs, outputs, opset)


def called(name: str) -> str:
    """Return a name from a file as messages show it."""
    return one_line(short_repr(name))


def node_name(node: Any, number: int) -> str:
    """Return what messages call a node."""
    return f"node {called(node.name) if node.name else f'number {number}'} ({one_line(node.op_type[:60])})"


def _opset(model: Any, newest: int) -> int:
    versions = {each.version for each in model.opset_import if each.domain in DOMAINS}
    if len(versions) != 1:
        raise RefusedError(
            f"the model imports {len(versions)} versions of the operators of ONNX, not one (opset_import)"
        )
    (opset,) = versions
    if not OLDEST <= opset <= newest:
        raise RefusedError(f"the model is of opset {opset}; opsets from {OLDEST} to {newest} are read")
    return int(opset)


def _check_names(graph: Any) -> None:
    """Refuse names that are empty or there twice."""
    _check_once("initializer", (each.name for each in graph.initializer))
    _check_once("input", (each.name for each in graph.input))
    _check_once("output", (each.name for each in graph.output))
    given = [*{each.name for each in graph.initializer} | {each.name for each in graph.input}]
    made = [name for node in graph.node for name in node.output if name]
    _check_once("tensor", (*given, *made))


def _check_once(what: str, names: Iterable[str]) -> None:
    counts = Counter(names)
    if "" in counts:
        raise RefusedError(f"an {what} has no name")
    if twice := [name for name, count in counts.items() if count > 1]:
        raise RefusedError(f"{what} {called(twice[0])} is there {counts[twice[0]]} times")


def _check_order(graph: Any, known: set[str]) -> None:
    """Refuse nodes that are of other domains, hold graphs, or read what nothing before them gives."""
    known = set(known)
    for number, node in enumerate(graph.node):
        what = node_name(node, number)
        if node.domain not in DOMAINS:
            raise RefusedError(f"{what} is of the domain {called(node.domain)}, which is not read")
        for attribute in node.attribute:
            if attribute.HasField("g") or attribute.graphs:
                raise RefusedError(
                    f"{what}: attribute {called(attribute.name)} is a graph of its own, which is not read"
                )
        for name in node.input:
            if name and name not in known:
                raise RefusedError(
                    f"{what} reads {called(name)}, which nothing before it gives: missing, or in a cycle"
                )
        known.update(node.output)
    if missing := [each.name for each in graph.output if each.name not in known]:
        raise RefusedError(f"no node gives the output {join_names(map(called, missing))}")
