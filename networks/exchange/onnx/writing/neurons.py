"""A graph of neurons as operators: a level after another, and a step after another where there are delays.

The values of all neurons that are known lie side by side, (N, neurons): inputs, then level by level the
neurons of one kind and activation together. A group gathers what it reads from there and sums up: by a
product with a matrix where that is at least a quarter full, else by scattering weighted values onto targets.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from networks.exchange.library import optional
from networks.exchange.onnx.writing.activations import activated
from networks.exchange.onnx.writing.graph import GraphWriter, Value, is_flat, order_of, sizes_of
from networks.exchange.onnx.writing.layers import in_our_order
from nn.graph.neuron import Kind
from nn.graph.storage import FIXED, NO_BIAS
from nn.shape import AnyShape, Shape, as_shape

FULL = 4
"""A matrix is written where it has at most so many numbers for each connection."""


class Group(NamedTuple):
    """Neurons of one level, kind and activation."""

    kind: int
    activation: Any
    neurons: np.ndarray


class Terms(NamedTuple):
    """What connections bring to a group: places of the values, places of its neurons, and weights."""

    sources: np.ndarray
    targets: np.ndarray
    weights: np.ndarray


class Step:
    """Writes one step of a graph.

    Parameters
    ----------
    graph
        What it is written to.
    network
        The `GraphNetwork`.
    """

    def __init__(self, graph: GraphWriter, network: Any) -> None:
        self.graph, self.network, wiring = graph, network, network.graph
        self.groups = list(groups_of(network))
        self.delays = int(wiring.delays.max(initial=0))
        inputs = wiring.inputs
        order = np.concatenate([inputs, *(group.neurons for group in self.groups)])
        self.places = np.empty(wiring.neuron_count, np.int64)
        self.places[order] = np.arange(len(order))
        weights = np.append(network.parameters["weights"], network.dtype.type(1))  # the last stands for FIXED
        self.weights = weights[np.where(wiring.weight_of == FIXED, len(weights) - 1, wiring.weight_of)]
        self.order = np.argsort(wiring.targets, kind="stable")
        self.starts = np.searchsorted(wiring.targets[self.order], np.arange(wiring.neuron_count + 1))

    def write(self, inputs: str, past: Sequence[str]) -> str:
        """Write the values of all neurons (N, neurons) for inputs (N, inputs) and those of steps before."""
        entries = str(self.graph.node("Shape", [inputs], end=1))
        known = inputs
        for level in self._levels():
            made = [self._group(group, entries, [known, *past]) for group in level]
            known = str(self.graph.node("Concat", [known, *made], axis=1))
        return known

    def _levels(self) -> Iterator[list[Group]]:
        """Yield the groups of every level: of those that follow each other, none reads another's values."""
        level: list[Group] = []
        for group in self.groups:
            if level and self._reads(group, level):
                yield level
                level = []
            level.append(group)
        if level:
            yield level

    def _reads(self, group: Group, level: Sequence[Group]) -> bool:
        here = np.concatenate([each.neurons for each in level])
        chosen = self._connections(group.neurons)
        wiring = self.network.graph
        return bool(np.isin(wiring.sources[chosen[wiring.delays[chosen] == 0]], here).any())

    def _connections(self, neurons: np.ndarray) -> np.ndarray:
        """Return the connections that lead to some neurons."""
        starts = self.starts
        return np.concatenate([self.order[starts[each] : starts[each + 1]] for each in neurons])

    def _group(self, group: Group, entries: str, steps: Sequence[str]) -> str:
        """Write the values of a group, (N, neurons of it); `steps` are values now, a step ago and so on."""
        graph, wiring, count = self.graph, self.network.graph, len(group.neurons)
        multiplies = group.kind == Kind.PRODUCT
        chosen = self._connections(group.neurons)
        column_of = np.empty(wiring.neuron_count, np.int64)
        column_of[group.neurons] = np.arange(count)
        totals = []
        for delay, values in enumerate(steps):
            part = chosen[wiring.delays[chosen] == delay]
            if part.size:
                sources, targets = self.places[wiring.sources[part]], column_of[wiring.targets[part]]
                terms = Terms(sources, targets, self.weights[part])
                rows = self._rows(entries, count)
                totals.append(
                    self._scattered("mul", values, terms, rows, entries)
                    if multiplies
                    else self._sum(values, terms, count, rows, entries)
                )
        start = np.ones(count) if multiplies else self._biases(group.neurons)
        total = graph.constant(start[None], "start")
        if not totals:
            total = str(graph.node("Expand", [total, self._rows(entries, count)]))
        for each in totals:
            total = str(graph.node("Mul" if multiplies else "Add", [total, each]))
        return activated(graph, total, group.activation)

    def _biases(self, neurons: np.ndarray) -> np.ndarray:
        numbers = self.network.graph.bias_of[neurons]
        biases = np.append(self.network.parameters["biases"], self.network.dtype.type(0))
        return np.asarray(biases[np.where(numbers == NO_BIAS, len(biases) - 1, numbers)])

    def _rows(self, entries: str, count: int) -> str:
        return str(self.graph.node("Concat", [entries, self.graph.integers([count])], axis=0))

    def _sum(self, values: str, terms: Terms, count: int, rows: str, entries: str) -> str:
        distinct, places = np.unique(terms.sources, return_inverse=True)
        if len(distinct) * count > FULL * len(terms.sources):
            return self._scattered("add", values, terms, rows, entries)
        matrix = np.zeros((len(distinct), count), self.graph.dtype)
        np.add.at(matrix, (places, terms.targets), terms.weights)
        read = self._gathered(values, distinct)
        return str(self.graph.node("MatMul", [read, self.graph.constant(matrix, "weights")]))

    def _gathered(self, values: str, places: np.ndarray) -> str:
        sources = self.graph.constant(places, "sources", np.int64)
        return str(self.graph.node("Gather", [values, sources], axis=1))

    def _scattered(self, reduction: str, values: str, terms: Terms, rows: str, entries: str) -> str:
        """Weigh what connections read, and add it up, or multiply it, by targets; `rows` are the sizes."""
        graph = self.graph
        weights = graph.constant(terms.weights, "weights")
        weighted = graph.node("Mul", [self._gathered(values, terms.sources), weights])
        start = graph.constant([[0 if reduction == "add" else 1]], "start")
        sums = str(graph.node("Expand", [start, rows]))
        targets = graph.constant(terms.targets[None], "targets", np.int64)
        places = str(graph.node("Expand", [targets, self._rows(entries, len(terms.targets))]))
        inputs = [sums, places, str(weighted)]
        return str(graph.node("ScatterElements", inputs, axis=1, reduction=reduction))


def groups_of(network: Any) -> Iterator[Group]:
    """Yield the neurons that are no inputs, level by level."""
    wiring, active = network.graph, network.graph.neuron_activations
    neurons, starts = wiring.levels
    for begin, end in pairwise(starts):
        level = neurons[begin:end]
        level = level[wiring.kinds[level] != Kind.INPUT]
        for kind, number in sorted({(int(wiring.kinds[each]), int(active.numbers[each])) for each in level}):
            here = level[(wiring.kinds[level] == kind) & (active.numbers[level] == number)]
            yield Group(kind, active.activations[number], here)


def neurons(graph: GraphWriter, network: Any, value: Value) -> str:
    """Write a graph for single inputs, which are held for all of its ticks; before the first all is zero.

    Without delays every tick is like the first; with them, a Scan over as many numbers as there are ticks
    hands on the values of the ticks before.
    """
    step, inputs = Step(graph, network), _flat(graph, value)
    past = [_zeros(graph, network, value)] * step.delays
    if step.delays and network.ticks > 1:
        ticks = graph.constant(np.zeros(network.ticks), "ticks")
        body = _body(graph, step, held=inputs)
        known = graph.node("Scan", [*past, ticks], step.delays, body=body, num_scan_inputs=1)
        known = str(known if step.delays == 1 else known[0])
    else:
        known = step.write(inputs, past)
    outputs = graph.constant(step.places[network.graph.outputs], "outputs", np.int64)
    name = str(graph.node("Gather", [known, outputs], axis=1))
    return _shaped(graph, name, network.output_shape)


def _zeros(graph: GraphWriter, network: Any, value: Value) -> str:
    """Return the values of all neurons before the first step."""
    entries = graph.node("Shape", [value.name], end=1)
    rows = graph.node("Concat", [entries, graph.integers([network.graph.neuron_count])], axis=0)
    return str(graph.node("Expand", [graph.constant([[0.0]], "zero"), rows]))


def _flat(graph: GraphWriter, value: Value) -> str:
    """Return values (N, neurons) in the order of the input neurons."""
    return graph.reshape(in_our_order(graph, value), (value.shape.size,))


def _shaped(graph: GraphWriter, name: str, shape: AnyShape) -> str:
    """Return values (N, neurons) in our order as a tensor of a shape."""
    if is_flat(shape):
        return name
    name = graph.reshape(name, tuple(shape))
    return str(graph.node("Transpose", [name], perm=[0, *(1 + axis for axis in order_of(shape))]))


def runs_in_steps(network: Any) -> bool:
    """Whether a network is a graph with delays, which takes sequences."""
    return network.family == "graph" and network.ticks == 1 and bool(network.graph.delays.any())


def sequence_of(shape: Shape) -> AnyShape:
    """Return the shape of a sequence of images or features, of which there may be any number."""
    return as_shape((1, shape.channels) if is_flat(shape) else (1, *shape))


def neurons_in_steps(graph: GraphWriter, network: Any, value: Value) -> Value:
    """Write a graph with delays for sequences, as a Scan that hands on the values of the steps before."""
    step, shape = Step(graph, network), network.input_shape
    steps_first = graph.node("Transpose", [value.name], perm=[1, 0, *range(2, 2 + len(sizes_of(shape)))])
    zeros, body = _zeros(graph, network, value), _body(graph, step)
    inputs = [*[zeros] * step.delays, str(steps_first)]
    results = graph.node("Scan", inputs, step.delays + 1, body=body, num_scan_inputs=1)
    given = sequence_of(network.output_shape)
    name = graph.node("Transpose", [results[-1]], perm=[1, 0, *range(2, 1 + len(sizes_of(given)))])
    return Value(str(name), given)


def _body(graph: GraphWriter, step: Step, held: str | None = None) -> Any:
    """Return the graph of one step: values before and inputs to values after and outputs.

    With inputs that are held, which lie outside, there are no outputs but the values.
    """
    helper = optional("onnx").helper
    network = step.network
    outside, graph.nodes = graph.nodes, []
    past = [graph.fresh("before") for _ in range(step.delays)]
    inputs = graph.fresh("step")
    known = step.write(held or _flat(graph, Value(inputs, network.input_shape)), past)
    found = []
    if held is None:
        outputs = graph.constant(step.places[network.graph.outputs], "outputs", np.int64)
        shown = str(graph.node("Gather", [known, outputs], axis=1))
        found.append(_shaped(graph, shown, network.output_shape))
    after = [str(graph.node("Identity", [name])) for name in (known, *past[:-1])]
    nodes, graph.nodes = graph.nodes, outside

    def described(names: Sequence[str]) -> list[Any]:
        return [helper.make_tensor_value_info(name, graph.kind, None) for name in names]

    return helper.make_graph(nodes, "step", described([*past, inputs]), described([*after, *found]))
