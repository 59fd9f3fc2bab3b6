"""The connections of recurrent layers: gates see the inputs of their step and the hidden values before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from networks.base.wiring import FIXED, Connections, Rows, Wiring


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
