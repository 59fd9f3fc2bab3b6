"""The connections of recurrent layers: gates see the inputs of their step and the hidden values before it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from networks.base.directed_layers import DIRECTIONS, DirectedLayer
from networks.base.wiring import FIXED, Connections, NeuronLayer, Rows, Wiring
from nn.shape import Shape

if TYPE_CHECKING:
    from networks.base.recurrent import Recurrent


class SeenStep(NamedTuple):
    """What a recurrent layer saw at one step of the last forward and backward.

    Attributes
    ----------
    gates
        Values of all gates, (gates, units, N); of images (gates, height, width, channels, N).
    hidden
        Values after the step, (units, N) or (height, width, channels, N).
    deltas
        dLoss / d sum of every gate, as `gates`; None where it is not kept.
    signals
        dLoss / d output of the step, as `hidden`; None where it is not kept.
    """

    gates: np.ndarray
    hidden: np.ndarray
    deltas: np.ndarray | None = None
    signals: np.ndarray | None = None


class GatePart(NamedTuple):
    """The weights of the gates in one direction.

    Attributes
    ----------
    weights
        Where they begin: (rows * units, sources).
    rows
        Which block of rows each gate has; None for a gate without such weights.
    biases
        Where those of each gate begin; None where there are none.
    first, sources
        Which neurons of a step of the layer it sees.
    lag
        How many steps back these are; negative where steps are read from the end.
    """

    weights: int
    rows: Sequence[int | None]
    biases: Sequence[int | None]
    first: int
    sources: int
    lag: int

    @property
    def blocks(self) -> int:
        """How many gates have weights."""
        return sum(row is not None for row in self.rows)


class GateWiring(Wiring):
    """All gates of all steps; neurons lie as (steps, directions, units, gates).

    Parameters
    ----------
    steps, units
        How many, in each direction.
    width
        Neurons of a step of the layer that is seen.
    parts
        Of every direction.
    """

    def __init__(self, steps: int, units: int, width: int, parts: Sequence[GatePart]) -> None:
        self._steps, self._units, self._width, self._parts = steps, units, width, parts
        self._gates = len(parts[0].rows)
        self._step_size = len(parts) * units * self._gates
        super().__init__(steps * self._step_size)

    @property
    def count(self) -> int:
        """Uses of weights over all steps."""
        return sum(
            max(0, self._steps - abs(part.lag)) * part.blocks * self._units * part.sources
            for part in self._parts
        )

    def _address(self, neuron: int) -> tuple[int, int, int, int]:
        """Return step, direction, unit and gate of a neuron."""
        step, rest = divmod(neuron, self._step_size)
        unit, gate = divmod(rest, self._gates)
        return step, *divmod(unit, self._units), gate

    def incoming(self, neuron: int) -> Connections:
        """See `Wiring.incoming`."""
        step, direction, unit, gate = self._address(neuron)
        part = self._parts[direction]
        row, seen = part.rows[gate], step - part.lag
        if row is None or not 0 <= seen < self._steps:
            return Connections.none()
        sources = np.arange(part.sources)
        places = part.weights + (row * self._units + unit) * part.sources + sources
        return Connections((seen * self._width + part.first + sources).astype(np.int32), places)

    def outgoing(self, neuron: int) -> Connections:
        """See `Wiring.outgoing`."""
        step, source = divmod(neuron, self._width)
        found = [
            self._from(part, direction, step + part.lag, source - part.first)
            for direction, part in enumerate(self._parts)
            if 0 <= step + part.lag < self._steps and 0 <= source - part.first < part.sources
        ]
        if not found:
            return Connections.none()
        neurons, places = (np.concatenate([each[n] for each in found]) for n in (0, 1))
        return Connections(neurons.astype(np.int32), places)

    def _from(self, part: GatePart, direction: int, step: int, source: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the gates of a step that see a source, and the places of their weights."""
        units = np.arange(self._units)
        gates = [(gate, row) for gate, row in enumerate(part.rows) if row is not None]
        first = step * self._step_size + direction * self._units * self._gates
        neurons = [first + units * self._gates + gate for gate, _ in gates]
        places = [part.weights + (row * self._units + units) * part.sources + source for _, row in gates]
        return np.concatenate(neurons), np.concatenate(places)

    def biases(self) -> np.ndarray:
        """See `Wiring.biases`."""
        units = np.arange(self._units)
        step = [
            np.stack([np.full(self._units, FIXED) if b is None else b + units for b in part.biases], axis=1)
            for part in self._parts
        ]
        return np.tile(np.concatenate(step).ravel(), self._steps)

    def rows(self) -> Rows:
        """See `Wiring.rows`."""
        places, starts, row_of, begin, row = [], [], [], 0, 0
        for part in self._parts:
            size = part.blocks * self._units * part.sources
            places.append(np.arange(part.weights, part.weights + size))
            starts.append(begin + np.arange(part.blocks * self._units) * part.sources)
            units = row + np.arange(self._units)
            columns = [np.full(self._units, -1) if r is None else r * self._units + units for r in part.rows]
            row_of.append(np.stack(columns, axis=1).ravel())
            begin, row = begin + size, row + part.blocks * self._units
        return Rows(
            np.concatenate(places), np.concatenate(starts), np.tile(np.concatenate(row_of), self._steps)
        )

    def ends(self, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `Wiring.ends`: of all steps, one in the middle."""
        sources, targets = np.full((2, len(positions)), FIXED)
        begin = 0
        for direction, part in enumerate(self._parts):
            size = part.blocks * self._units * part.sources
            inside = (positions >= begin) & (positions < begin + size)
            step = self._steps // 2
            seen = step - part.lag
            if 0 <= seen < self._steps:
                row_unit, source = np.divmod(positions[inside] - begin, part.sources)
                row, unit = np.divmod(row_unit, self._units)
                gate = np.argsort([self._gates if r is None else r for r in part.rows], kind="stable")[row]
                sources[inside] = seen * self._width + part.first + source
                within = (direction * self._units + unit) * self._gates + gate
                targets[inside] = step * self._step_size + within
            begin += size
        return sources, targets


class GatedWiring(Wiring):
    """Neurons that follow from their gates, without weights of their own.

    Parameters
    ----------
    targets
        How many neurons.
    gates
        Of each.
    channels
        Neurons that lie side by side, before whose gates come those of the others: gate g of channel c is
        number g * channels + c.
    """

    def __init__(self, targets: int, gates: int, channels: int = 1) -> None:
        super().__init__(targets)
        self._gates, self._channels = gates, channels

    @property
    def count(self) -> int:
        """As many as gates."""
        return self.targets * self._gates

    def incoming(self, neuron: int) -> Connections:
        """See `Wiring.incoming`."""
        position, channel = divmod(neuron, self._channels)
        gates = (position * self._gates + np.arange(self._gates)) * self._channels + channel
        return Connections.fixed(gates)

    def outgoing(self, neuron: int) -> Connections:
        """See `Wiring.outgoing`."""
        position, rest = divmod(neuron, self._gates * self._channels)
        return Connections.fixed(np.array([position * self._channels + rest % self._channels]))


def gates_and_hidden(network: Recurrent) -> list[NeuronLayer]:
    """Return the gates and the hidden values of every layer of a network; see `Recurrent.wiring`."""
    return [
        each
        for layer in range(network.layer_count)
        for each in (_gates_of(network, layer), _hidden_of(network, layer))
    ]


def gates_and_hidden_at(network: Recurrent, find: Callable[[], SeenStep]) -> list[NeuronLayer]:
    """Return the gates and the hidden values of a single layer at one step, units in rows.

    Parameters
    ----------
    network
        Has one layer, which reads forwards.
    find
        Returns what it saw at that step.
    """
    (directed,), units, gates = network.directed_layers_of(0), network.units, network.gate_count
    rows = most_square(units)
    before = _part_of_hidden(network, directed)._replace(lag=0)  # numbered within the step that is seen
    return [
        NeuronLayer(
            shape=Shape(rows, units // rows, gates),
            wiring=GateWiring(1, units, directed.inputs, [_part_of_inputs(network, directed)]),
            values=lambda: np.moveaxis(find().gates, 0, 1),
            signals=lambda: np.moveaxis(_known(find().deltas, find().gates), 0, 1),
            name="gates",
            family=network.family,
            delayed=GateWiring(1, units, units, [before]),
        ),
        NeuronLayer(
            shape=Shape(rows, units // rows, 1),
            wiring=GatedWiring(units, gates),
            values=lambda: find().hidden,
            signals=lambda: _known(find().signals, find().hidden),
            name="hidden",
            family=network.family,
        ),
    ]


def most_square(count: int) -> int:
    """Return in how many rows of equal length a number of things is as square as can be."""
    return next(rows for rows in range(math.isqrt(count), 0, -1) if count % rows == 0)


def _known(signals: np.ndarray | None, values: np.ndarray) -> np.ndarray:
    """Return signals; NaN for every value where they are not kept."""
    return np.full_like(values, np.nan) if signals is None else signals


def _gates_of(network: Recurrent, layer: int) -> NeuronLayer:
    """Return the gates of a layer, which see its inputs and, a step before, its hidden values."""
    directed_layers = network.directed_layers_of(layer)
    width = network.units * network.directions
    inputs = [_part_of_inputs(network, directed) for directed in directed_layers]
    before = [_part_of_hidden(network, directed) for directed in directed_layers]

    def of_all(find: Callable[[int, str], np.ndarray]) -> np.ndarray:
        parts = [np.moveaxis(find(layer, DIRECTIONS[n]), 1, 2) for n in range(network.directions)]
        return np.concatenate(parts, axis=1)

    return NeuronLayer(
        shape=Shape(network.steps, width, network.gate_count),
        wiring=GateWiring(network.steps, network.units, directed_layers[0].inputs, inputs),
        values=lambda: of_all(network.gates),
        signals=lambda: of_all(network.deltas),
        name=_named(network, layer, "gates"),
        family=network.family,
        delayed=GateWiring(network.steps, network.units, width, before),
    )


def _named(network: Recurrent, layer: int, what: str) -> str:
    return what if network.layer_count == 1 else f"layer {layer} {what}"


def _part_of_inputs(network: Recurrent, directed: DirectedLayer) -> GatePart:
    """Return the weights with which the gates of a directed layer see the inputs of their step."""
    rows = _rows_of(network, network.input_gates)
    biases = [
        _place_of(network, directed, name) + block * network.units for name, block in network.gate_biases
    ]
    return GatePart(_place_of(network, directed, "input_weights"), rows, biases, 0, directed.inputs, 0)


def _part_of_hidden(network: Recurrent, directed: DirectedLayer) -> GatePart:
    """Return the weights with which they see the hidden values of the step before."""
    rows = _rows_of(network, network.recurrent_gates)
    biases, lag = [None] * network.gate_count, -1 if directed.backward else 1
    weights = _place_of(network, directed, "recurrent_weights")
    return GatePart(weights, rows, biases, directed.rows.start, network.units, lag)


def _rows_of(network: Recurrent, gates: Sequence[int]) -> list[int | None]:
    return [gates.index(gate) if gate in gates else None for gate in range(network.gate_count)]


def _place_of(network: Recurrent, directed: DirectedLayer, name: str) -> int:
    return network.parameters.slice_of(directed.prefix + name).start


def _hidden_of(network: Recurrent, layer: int) -> NeuronLayer:
    """Return the hidden values of a layer; the signals of the last layer alone are known one by one."""
    width, top = network.units * network.directions, layer == network.layer_count - 1
    given = None if network.whole_sequence or not top else _last_of(network)

    def values() -> np.ndarray:
        parts = [network.hidden(layer, DIRECTIONS[n]) for n in range(network.directions)]
        return np.concatenate(parts, axis=1)

    def signals() -> np.ndarray:
        if top and network.whole_sequence:
            return network.signals
        known = np.full((network.steps * width, network.signals.shape[-1]), np.nan, network.dtype)
        if given is not None:
            known[given] = network.signals.reshape(width, -1)
        return known

    return NeuronLayer(
        shape=Shape(network.steps, width, 1),
        wiring=GatedWiring(network.steps * width, network.gate_count),
        values=values,
        signals=signals,
        name=_named(network, layer, "hidden"),
        family=network.family,
        output_neurons=given,
    )


def _last_of(network: Recurrent) -> np.ndarray:
    """Return which hidden values are the last of each direction: the output where it is not a sequence."""
    ends = [
        0 if directed.backward else network.steps - 1
        for directed in network.directed_layers_of(network.layer_count - 1)
    ]
    units = network.units
    width = units * network.directions
    return np.concatenate([end * width + n * units + np.arange(units) for n, end in enumerate(ends)])
