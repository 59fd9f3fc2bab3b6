"""What the fast rungs of the graph share: neurons as columns, in an order of computation."""

from __future__ import annotations

import numpy as np

from networks import graph
from nn.graph import Graph
from nn.graph.neuron_activations import NeuronActivations
from nn.history import padded
from nn.kernels.graph.loops import Neurons


class LaidOutGraph(graph.GraphNetwork):
    """A graph with the values of all neurons in one array, rows of zeros before the first step."""

    _lead: int

    def forward_bytes(self, histories: int) -> int:
        """Return the memory for the values of every neuron at every step, and the steps before the first."""
        before = self._lead * self.graph.neuron_count * padded(histories) * self.dtype.itemsize
        return before + super().forward_bytes(histories)


def collect_neurons(
    wiring: Graph, neuron_activations: NeuronActivations, order: np.ndarray, dtype: np.dtype
) -> Neurons:
    """Sort the columns of the neurons that kernels need into an order of computation."""
    return Neurons(
        neuron=order.astype(np.int32),
        kind=wiring.kinds[order],
        code=neuron_activations.codes(order),
        slope=neuron_activations.slopes(order, dtype),
        bias=wiring.bias_of[order],
    )
