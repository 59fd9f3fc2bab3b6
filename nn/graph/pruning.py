"""A graph without some of its neurons and connections: the rest keeps its parameters and its order."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from nn.graph.neuron import Connection, Neuron

if TYPE_CHECKING:
    from nn.graph.graph import Graph


def remaining_graph(
    graph: Graph, neurons: Iterable[Neuron | int], connections: Iterable[Connection | int]
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return the description and the arrays of the rest; see `Graph.without`."""
    gone = _chosen(graph, neurons, Neuron, graph.neuron_count)
    _refuse_ends(graph, gone)
    lost = _chosen(graph, connections, Connection, graph.connection_count)
    lost |= gone[graph.sources] | gone[graph.targets]
    kept, left = ~gone, ~lost
    number_of = np.cumsum(kept) - 1
    weights, weight_of = _renumbered(graph.weight_of, left, len(graph.weights))
    biases, bias_of = _renumbered(graph.bias_of, kept, len(graph.biases))
    arrays = {
        "kinds": graph.kinds[kept],
        "activation_of": graph.activation_of[kept],
        "bias_of": bias_of,
        "sources": number_of[graph.sources[left]],
        "targets": number_of[graph.targets[left]],
        "weight_of": weight_of,
        "delays": graph.delays[left],
        "weights": graph.weights[weights],
        "biases": graph.biases[biases],
        "outputs": number_of[graph.outputs],
    }
    layers = [
        {"name": layer.name, "shape": str(layer.shape), "first": int(number_of[layer.first])}
        for layer in graph.layers
        if not gone[layer.span].any()
    ]
    sizes = {"weights": int(weights.sum()), "biases": int(biases.sum())}
    return {**graph.to_configuration(), "layers": layers, **sizes}, arrays


def _chosen(
    graph: Graph, given: Iterable[Any], kind: type[Neuron] | type[Connection], count: int
) -> np.ndarray:
    """Return which of `count` are chosen by handles, numbers or a mask, bool (count,)."""
    what = kind.__name__.lower()
    if not isinstance(given, Iterable) or isinstance(given, str | bytes):
        raise ValueError(
            f"{given!r} is not a list of {what}s: give handles, such as graph.{what}(0), or numbers"
        )
    if isinstance(given, np.ndarray) and given.dtype == np.bool_:
        if given.shape != (count,):
            raise ValueError(f"a mask of shape {given.shape} for {count} {what}s")
        return given.copy()
    array = given if isinstance(given, np.ndarray) else None
    numbers = np.array([_number(graph, each, kind) for each in given], np.int64) if array is None else array
    if numbers.ndim != 1 or numbers.dtype.kind not in "iu":
        raise ValueError(f"{what}s by an array of {numbers.dtype} {numbers.shape}: give whole numbers")
    missing = numbers[(numbers < 0) | (numbers >= count)]
    if missing.size:
        raise ValueError(f"{what} {missing[0]}: there are {count}, from 0")
    chosen = np.zeros(count, np.bool_)
    chosen[numbers] = True
    return chosen


def _number(graph: Graph, each: Any, kind: type[Neuron] | type[Connection]) -> int:
    """Return the number of a neuron or connection of this graph, given as a handle or as that number."""
    if isinstance(each, kind):
        if each.owner is not graph:
            raise ValueError(f"{each!r} belongs to another graph or to a network")
        return int(each.index)
    if isinstance(each, bool) or not isinstance(each, Integral):
        what = kind.__name__.lower()
        raise ValueError(f"{each!r} is not a {what}: give a handle, such as graph.{what}(0), or its number")
    return int(each)


def _refuse_ends(graph: Graph, gone: np.ndarray) -> None:
    """Refuse to remove inputs and outputs of the graph."""
    for ends, what, instead in (
        (graph.inputs, "an input", "leave its connections out instead"),
        (graph.outputs, "an output", "set_output to others before"),
    ):
        if gone[ends].any():
            neuron = graph.name_of(int(ends[gone[ends]][0]))
            raise ValueError(f"{neuron} is {what} of the graph and cannot be left out: {instead}")


def _renumbered(number_of: np.ndarray, kept: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return which of the parameters remain, and their new numbers.

    Parameters that lose their last carrier are removed; parameters that never had one remain.
    """
    before, after = (np.bincount(each[each >= 0], minlength=count) for each in (number_of, number_of[kept]))
    stay = (after > 0) | (before == 0)
    new = np.append(np.cumsum(stay) - 1, -1)  # the last stands for none, which is -1
    return stay, new[number_of[kept]]
