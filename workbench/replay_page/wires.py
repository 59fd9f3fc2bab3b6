"""The connections of a network as arrays, neuron after neuron, for a page that has no network to ask."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from workbench.inspect.anatomy import Anatomy, joined_connections


class Wires(NamedTuple):
    """All connections of a network: layer after layer, those into each by their targets.

    Attributes
    ----------
    layers
        Of every layer JSON-able values: how many connections it has (`count`), and whether each of its
        neurons reads all sources in their order (`full`).
    arrays
        Of layers that are not `full`, `sources N` int32 (count,) and `starts N` int32 (neurons + 1,), where
        those of each neuron begin; of layers with windows, `windows N` int32 (neurons, 4).
    connections
        All of them, with their places among the parameters.
    """

    layers: list[dict[str, Any]]
    arrays: dict[str, np.ndarray]
    connections: Any

    @classmethod
    def of(cls, anatomy: Anatomy) -> Wires:
        """Return those of a network."""
        layers: list[dict[str, Any]] = []
        arrays: dict[str, np.ndarray] = {}
        found = []
        for number, layer in enumerate(anatomy.layers):
            into = [anatomy.incoming(number, neuron) for neuron in range(layer.shape.size)]
            joined = joined_connections(into)
            found.append(joined)
            sources = sum(anatomy.layers[each].shape.size for each in anatomy.sources(number))
            counts = np.array([len(each.neurons) for each in into])
            full = sources > 0 and bool((counts == sources).all()) and _in_order(joined.neurons, sources)
            layers.append({"count": len(joined.neurons), "full": full})
            if len(joined.neurons) and not full:
                arrays[f"sources {number}"] = joined.neurons.astype(np.int32)
                arrays[f"starts {number}"] = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
            windows = [anatomy.window(number, neuron) for neuron in range(layer.shape.size)]
            if windows[0] is not None:
                arrays[f"windows {number}"] = np.array(windows, np.int32)
        return cls(layers, arrays, joined_connections(found))

    def weights(self, parameters: np.ndarray) -> np.ndarray:
        """Return the weights of all connections, float32 (n,), given all parameters, flat."""
        weights: np.ndarray = self.connections.weights(parameters)
        return weights


def _in_order(neurons: np.ndarray, sources: int) -> bool:
    return bool((neurons.reshape(-1, sources) == np.arange(sources)).all())
