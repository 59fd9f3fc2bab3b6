"""Graph, rung o1: everything taken out of the objects into flat arrays, loops compiled, one thread.

Previous rung:  networks/graph.py
What changed:   1. neurons and connections are columns, sorted into the order of computation;
                   connections are compressed rows: where a neuron's begin, their sources, their weights
                2. a delay is an offset of rows, with rows of zeros before the first step
                3. one compiled loop over steps, neurons, connections and histories for each direction
Predicted gain: 50 to 500: the plain rung makes some 20 Python objects for every connection (20 us),
                this one does 2 N operations (0.05 us for N = 32)
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                   N  direction     ms  x plain  x below  x PyTorch  of the limit
    500 neurons x 20     32  forward    0.056      782      782       0.46     5% memory
    500 neurons x 20     32  backward   0.194      584      584       0.35     3% memory
    20,000 neurons x 50  32  forward     5.03                         0.36   5% products
    20,000 neurons x 50  32  backward    31.1                         0.26   2% products
.. benchmark: end
Loses when:     never once compiled; compiling takes seconds, which a handful of neurons does not repay
Numerics:       1e-5 relative in float32: rational tanh and exp; float64 agrees to rounding
"""

from __future__ import annotations

import numpy as np

from networks.base.gradient_targets import apply_gradient
from networks.base.laid_out_graph import LaidOutGraph, collect_neurons
from nn.graph import Graph
from nn.graph.neuron import Kind
from nn.graph.rows import offsets, sort_rows
from nn.history import aligned_zeros
from nn.kernels.graph import loops as kernels


class GraphNetwork(LaidOutGraph):
    """Runs a graph; see `networks.graph.GraphNetwork`."""

    def _prepare(self) -> None:
        self._lead = int(self.graph.delays.max(initial=0))
        self._take_activations()
        self._incoming = collect_incoming(self.graph, self.graph.levels.neurons)
        factors = np.diff(self._incoming.starts)[self._neurons.kind == Kind.PRODUCT]
        self._largest_product = int(factors.max(initial=0))
        self._histories = aligned_zeros((self._lead, self.graph.neuron_count, 0), self.dtype)
        self._signal_histories = self._histories

    def _take_activations(self) -> None:
        self._neurons = collect_neurons(
            self.graph, self._neuron_activations, self.graph.levels.neurons, self.dtype
        )

    def _reserve(self, steps: int, entries: int) -> None:
        shape = (self._lead + steps, self.graph.neuron_count, entries)
        if self._histories.shape != shape:
            self._histories = aligned_zeros(shape, self.dtype)
            self._signal_histories = aligned_zeros(shape, self.dtype)
            self._scratch = aligned_zeros((1 + self._largest_product, entries), self.dtype)

    def _propagate(self) -> None:
        trained = kernels.Trained(self.weights, self.biases)
        rows = self._histories.reshape(-1, self._histories.shape[-1])
        kernels.forward(self._neurons, self._incoming, trained, rows, self._nudge_rows(), self._lead)

    def _nudge_rows(self) -> np.ndarray:
        """Return the nudges of every step and neuron as rows, none where there are no nudges."""
        if self.nudges is None:
            return np.zeros((0, self.values.shape[-1]), self.dtype)
        nudges = np.broadcast_to(self.nudges, self.values.shape)
        return np.ascontiguousarray(nudges, self.dtype).reshape(-1, nudges.shape[-1])

    def _backpropagate(self, learning_rate: float | None) -> None:
        trained = kernels.Trained(self.weights, self.biases)
        adds = learning_rate is None and self.parameters.collects_gradients
        if adds:
            gradients = [self.parameters.gradient(name) for name in trained._fields]
        else:
            gradients = [np.zeros_like(values) for values in trained]
        self._signal_histories[: self._lead] = 0  # what was sent to before the start last time
        rows, signal_rows = (
            histories.reshape(-1, histories.shape[-1])
            for histories in (self._histories, self._signal_histories)
        )
        kernels.backward(
            self._neurons,
            self._incoming,
            trained,
            kernels.Trained(*gradients),
            rows,
            signal_rows,
            self._lead,
            self._scratch,
        )
        if not adds:
            for name, gradient in zip(trained._fields, gradients, strict=True):
                apply_gradient(self.parameters, name, gradient, learning_rate)

    @property
    def values(self) -> np.ndarray:
        """Values of all neurons in the last forward, (T, neurons, N)."""
        return self._histories[self._lead :]

    @property
    def signals(self) -> np.ndarray:
        """Signals of all neurons in the last backward, (T, neurons, N)."""
        return self._signal_histories[self._lead :]


def collect_incoming(wiring: Graph, order: np.ndarray) -> kernels.Incoming:
    """Sort the connections by target into an order of computation."""
    starts, connections = sort_rows(*wiring.by_target, order)
    delays = wiring.delays[connections]
    return kernels.Incoming(
        starts=starts,
        source=offsets(wiring.sources[connections], delays, -wiring.neuron_count),
        weight=wiring.weight_of[connections],
    )
