"""Graph, rung o2: rows of connections in SIMD registers, the neurons of a level in parallel.

Previous rung:  networks/graph_o1.py
What changed:   1. a neuron's sums stay in vector registers while its connections run past; weights whose
                   numbers run on need no index; histories are padded to whole vectors
                2. backprop gathers: a neuron's signal is summed over the connections out of it, from the
                   deltas of what it feeds, so no two threads add to the same number
                3. the row of deltas that a connection reads on the way back serves the gradient of its weight
                   as well, each parameter in one thread; in a single step plain gradient descent is applied
                   there, without a gradient array; parameters that are shared follow in a pass of their own
                4. levels are cut into chunks of equal work that run in parallel; a partition of the graph
                   puts neurons that share sources into the same chunk; small levels run on one thread
Predicted gain: 2 to 4 a thread: o1 loads and stores the sum with every multiply-add, three accesses
                where this does one; the gradient's sums along the histories become vectors
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
.. benchmark: end
Loses when:     levels have fewer than some hundred connections and few histories: o1 has less to set up
Numerics:       1e-5 relative in float32: fused multiply-adds, other order of sums; the same bits for any
                number of threads and parts
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import DTypeLike

from networks import graph_o1
from networks.descent import apply_gradient, gradient_targets
from networks.storage import converts
from nn.graph import Graph
from nn.graph.columns import Compressed, compress
from nn.graph.neuron import Kind
from nn.graph.rows import (
    CHUNK,
    Order,
    SortedRows,
    carried_once,
    carriers,
    cut,
    first_numbers,
    level_shares,
    offsets,
    part_order,
    run_ends,
    slope_rows,
    sort_rows,
    stages,
)
from nn.history import aligned_zeros, padded
from nn.kernels import graph_backward, graph_gradients, graph_parallel
from nn.kernels.graph import Trained
from nn.kernels.vectors import copy_parallel

WORTH_A_REGION = 200_000
"""Numbers from which a copy is worth a parallel region."""

NEURON_WORK = 2
"""Work of a neuron beside its connections, in connections: its bias, its activation, its delta."""


@converts
class GraphNetwork(graph_o1.GraphNetwork):
    """Runs a graph; see `networks.graph.GraphNetwork`.

    Parameters
    ----------
    graph, ticks, dtype
        As there.
    parts
        Into how many parts the graph is divided to choose an order within levels; by default the
        number of threads, and 1 for graphs too small to share. It changes no result.
    """

    def __init__(
        self, graph: Graph, *, ticks: int = 1, dtype: DTypeLike = np.float32, parts: int | None = None
    ) -> None:
        if parts is None:
            parts = numba.get_num_threads() if graph.connection_count > 2 * CHUNK else 1
        self.parts = parts
        super().__init__(graph, ticks=ticks, dtype=dtype)

    def _prepare(self) -> None:
        wiring = self.graph
        parts = self._choose_parts()
        order, back = part_order(wiring, parts), part_order(wiring, parts, backward=True)
        into = sort_rows(*wiring.by_target, order.neurons)
        out = sort_rows(*wiring.by_source, back.neurons)
        slopes = slope_rows(wiring)
        self._lead = int(wiring.delays.max(initial=0))
        self._delta_rows = int(max(slopes.max(initial=0) + 1, wiring.neuron_count))
        self._rows_in = self._collect_rows(into, wiring.sources, -wiring.neuron_count)
        own = self._own_weights()
        self._own_rows, self._other_rows = (self._collect_out(chosen, back, slopes) for chosen in (own, ~own))
        factors = sort_rows(*self._factors(), back.neurons)
        self._factor_rows = self._collect_rows(factors, wiring.sources, -wiring.neuron_count)
        self._orders = order, back
        self._forward_neurons = self._collect_neurons(order, into, slopes)
        own_biases = np.where(self._own_biases(), wiring.bias_of, -1)
        self._backward_neurons = self._collect_neurons(back, factors, slopes)._replace(
            bias=own_biases[back.neurons]
        )
        self._collect_carriers(own, slopes)
        self._forward_schedule = self._schedule(order, into)
        self._backward_schedule = self._schedule(back, out)
        self._histories = aligned_zeros((0, 0, 0), self.dtype)
        self._reserve(0, 0)

    def _choose_parts(self) -> np.ndarray:
        """Return the part of every neuron: the partition's where it halves what crosses, else by index."""
        shares = level_shares(self.graph, self.parts)
        if self.parts == 1:
            return shares
        partition = self.graph.partition(self.parts)
        crossing = (shares[self.graph.sources] != shares[self.graph.targets]).sum()
        return partition.parts if 2 * partition.cut < crossing else shares

    def _factors(self) -> Compressed:
        """Return the connections into products."""
        into_products = self.graph.kinds[self.graph.targets] == Kind.PRODUCT
        return compress(np.where(into_products, self.graph.targets, -1), self.graph.neuron_count)

    def _collect_rows(self, rows: SortedRows, at: np.ndarray, step: int) -> graph_parallel.Rows:
        """Lay connections out as rows that read `at`, `step` rows further for each step of delay."""
        weights = self.graph.weight_of[rows.connections]
        moved = offsets(at[rows.connections], self.graph.delays[rows.connections], step)
        return graph_parallel.Rows(rows.starts, moved, weights, first_numbers(rows.starts, weights))

    def _collect_neurons(self, order: Order, rows: SortedRows, slopes: np.ndarray) -> graph_parallel.Neurons:
        slope_row = np.zeros(len(order.neurons), np.int64)
        filled = np.flatnonzero(np.diff(rows.starts))
        slope_row[filled] = slopes[rows.connections[rows.starts[filled]]]
        return graph_parallel.Neurons(
            *graph_o1.collect_neurons(self.graph, self._applied, order.neurons, self.dtype),
            run_end=run_ends(self.graph, order, self._applied.numbers),
            given=np.isin(order.neurons, self.graph.outputs),
            slope_row=slope_row,
        )

    def _take_activations(self) -> None:
        applied = self._applied
        self._forward_neurons, self._backward_neurons = (
            neurons._replace(
                code=applied.codes(order.neurons),
                slope=applied.slopes(order.neurons, self.dtype),
                run_end=run_ends(self.graph, order, applied.numbers),
            )
            for neurons, order in zip(
                (self._forward_neurons, self._backward_neurons), self._orders, strict=True
            )
        )

    def _own_weights(self) -> np.ndarray:
        """Return which connections lead into a sum with a weight that no other one carries."""
        once = carried_once(self.graph.weight_of, len(self.graph.weights))
        return once & (self.graph.kinds[self.graph.targets] == Kind.SUM)

    def _own_biases(self) -> np.ndarray:
        """Return which neurons are sums with a bias that no other one has."""
        return carried_once(self.graph.bias_of, len(self.graph.biases)) & (self.graph.kinds == Kind.SUM)

    def _collect_out(self, chosen: np.ndarray, back: Order, slopes: np.ndarray) -> graph_parallel.Rows:
        """Lay the chosen connections out as rows by their sources."""
        sources = np.where(chosen, self.graph.sources, -1)
        rows = sort_rows(*compress(sources, self.graph.neuron_count), back.neurons)
        return self._collect_rows(rows, slopes, self._delta_rows)

    def _collect_carriers(self, own: np.ndarray, slopes: np.ndarray) -> None:
        """List who carries the weights and biases that the neurons do not find on their way back."""
        wiring = self.graph
        numbers, rows = carriers(np.where(own, -1, wiring.weight_of), len(wiring.weights))
        values = offsets(
            wiring.sources[rows.connections], wiring.delays[rows.connections], -wiring.neuron_count
        )
        self._listed_weights = graph_gradients.Carriers(
            numbers, rows.starts, slopes[rows.connections], values
        )
        own = self._own_biases()
        numbers, rows = carriers(np.where(own, -1, wiring.bias_of), len(wiring.biases))
        self._listed_biases = graph_gradients.Carriers(numbers, rows.starts, rows.connections, values[:0])
        lists = self._listed_weights, self._listed_biases
        self._tasks = graph_gradients.Tasks(*(np.array(cut(np.diff(each.starts))) for each in lists))

    def _schedule(self, order: Order, rows: SortedRows) -> graph_parallel.Schedule:
        alone = np.where(self.graph.kinds[order.neurons] == Kind.INPUT, 0, NEURON_WORK)
        return graph_parallel.Schedule(*stages(order.starts, np.diff(rows.starts) + alone))

    def _reserve(self, steps: int, entries: int) -> None:
        self._entries = entries
        shape = (self._lead + steps, self.graph.neuron_count, padded(entries))
        if self._histories.shape != shape:
            self._histories = aligned_zeros(shape, self.dtype)
            self._signal_histories = aligned_zeros((steps, *shape[1:]), self.dtype)
            self._deltas = aligned_zeros((shape[0], self._delta_rows, shape[2]), self.dtype)
        self._histories[self._lead :, self._inputs, entries:] = 0

    def _place_inputs(self, sequence: np.ndarray) -> None:
        place(sequence, self.values, self._inputs)

    def _place_signals(self, sequence: np.ndarray) -> None:
        # The kernel clears the rows of all other neurons when it comes to them.
        before = len(self._signal_histories) - len(sequence)
        self._signal_histories[:before, self._outputs] = 0
        self._signal_histories[before:, self._outputs, self._entries :] = 0
        place(sequence, self.signals[before:], self._outputs)

    def _arrays(self, nudges: np.ndarray) -> graph_parallel.Histories:
        return graph_parallel.Histories(
            values=self._histories.reshape(-1),
            signals=self._signal_histories.reshape(-1),
            deltas=self._deltas.reshape(-1),
            nudges=nudges,
            entries=self._histories.shape[2],
            steps=len(self._signal_histories),
            lead=self._lead,
            delta_rows=self._delta_rows,
        )

    def _propagate(self) -> None:
        nudges = np.zeros(0, self.dtype)
        if self.nudges is not None:
            whole = np.zeros_like(self._signal_histories)
            whole[..., : self._entries] = self.nudges
            nudges = whole.reshape(-1)
        trained = Trained(self.weights, self.biases)
        graph_parallel.forward(
            self._forward_neurons, self._rows_in, trained, self._arrays(nudges), self._forward_schedule
        )

    def _backpropagate(self, learning_rate: float | None) -> None:
        histories = self._arrays(np.zeros(0, self.dtype))
        in_place = learning_rate is not None and histories.steps == 1
        if learning_rate is None or in_place:
            targets = graph_backward.Targets(*gradient_targets(self.parameters, learning_rate))
        else:  # earlier steps still need the weights as they are
            targets = graph_backward.Targets(
                np.zeros_like(self.weights), np.zeros_like(self.biases), self.dtype.type(1)
            )
        graph_backward.backward(
            self._backward_neurons,
            self._factor_rows,
            self._own_rows,
            self._other_rows,
            self.weights,
            targets,
            histories,
            self._backward_schedule,
            self.propagates,
        )
        if len(self._listed_weights.number) or len(self._listed_biases.number):
            graph_gradients.gradients(
                self._listed_weights,
                self._listed_biases,
                self.graph.neuron_count,
                histories,
                targets,
                self._tasks,
            )
        if learning_rate is not None and not in_place:
            apply_gradient(self.parameters, "weights", targets.weights, learning_rate)
            apply_gradient(self.parameters, "biases", targets.biases, learning_rate)

    @property
    def values(self) -> np.ndarray:
        """Values of all neurons in the last forward, (T, neurons, N)."""
        return self._histories[self._lead :, :, : self._entries]

    @property
    def signals(self) -> np.ndarray:
        """Signals of all neurons in the last backward, (T, neurons, N)."""
        return self._signal_histories[..., : self._entries]


def place(source: np.ndarray, histories: np.ndarray, neurons: np.ndarray | slice) -> None:
    """Copy values to the rows of some neurons, in parallel where that is one large piece of memory."""
    if isinstance(neurons, slice) and source.size >= WORTH_A_REGION:
        target = histories[:, neurons]
        if source.flags.c_contiguous and target.flags.c_contiguous and source.shape == target.shape:
            copy_parallel(source.reshape(-1), target.reshape(-1))
            return
    histories[:, neurons] = source
