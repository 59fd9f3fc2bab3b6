"""Graph, rung o2: rows of connections in SIMD registers, the neurons of a level in parallel.

Previous rung:  networks/graph_o1.py
What changed:   1. a neuron's sums, up to four vectors of them, stay in registers while its connections run
                   past; weights whose numbers run on need no index; histories are padded to whole vectors
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
    row                   N  direction     ms  x plain  x below  x PyTorch  of the limit
    500 neurons x 20     32  forward    0.021     2105     2.69       1.23     9% memory
    500 neurons x 20     32  backward   0.042     2681     4.59       1.61    10% memory
    20,000 neurons x 50  32  forward    0.856              5.88       2.13  16% products
    20,000 neurons x 50  32  backward    5.31              5.85       1.53   5% products
.. benchmark: end
Loses when:     levels have fewer than some hundred connections and few histories: o1 has less to set up
Limits:         20,000 neurons of 50 random connections, 32 histories: the rows (2.6 MB) lie in the shared
                third-level cache, whose bandwidth holds forward back; blocks of sources that fit the second
                level were no faster. Backward also reads a weight and adds to a gradient at random. Inputs
                are read from the caller's array: lines that another core has read are slow to write again. 16
                cores wait for the shared cache, 64 for lines that go between caches; up to 128 chunks
Memory:         16 bytes a connection for its row and its weight's number, in both directions
Numerics:       1e-5 relative in float32: fused multiply-adds, other order of sums; the same bits for any
                number of threads and parts
"""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from networks.base.gradient_targets import apply_gradient, gradient_targets
from networks.base.graph_layout import (
    choose_parts,
    lay_rows,
    list_biases,
    list_weights,
    own_biases,
    own_weights,
    rows_of,
)
from networks.base.laid_out_graph import LaidOutGraph, collect_neurons
from networks.base.storage import converts
from nn.graph import Graph
from nn.graph.neuron import Kind
from nn.graph.rows import (
    CHUNK,
    NeuronOrder,
    SortedRows,
    cut_into_chunks,
    part_order,
    run_ends,
    slope_rows,
    sort_rows,
    stages,
)
from nn.history import CACHE_LINE, aligned_zeros, padded
from nn.kernels.core.threading_layer import available_threads
from nn.kernels.core.vectors import copy_parallel
from nn.kernels.graph import backward as graph_backward
from nn.kernels.graph import forward as graph_parallel
from nn.kernels.graph import gradients as graph_gradients
from nn.kernels.graph import runs as graph_runs
from nn.kernels.graph.loops import Trained

WORTH_A_REGION = 200_000
"""Numbers from which a copy is worth a parallel region, and from which it matters who wrote them."""


@converts
class GraphNetwork(LaidOutGraph):
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
            parts = available_threads() if graph.connection_count > 2 * CHUNK else 1
        self.parts = parts
        self._part_of: np.ndarray | None = None
        super().__init__(graph, ticks=ticks, dtype=dtype)

    def _prepare(self) -> None:
        wiring = self.graph
        if self._part_of is None:  # moved connections leave it as it is
            self._part_of = choose_parts(wiring, self.parts)
        parts = self._part_of
        order, back = part_order(wiring, parts), part_order(wiring, parts, backward=True)
        into = sort_rows(*wiring.by_target, order.neurons)
        out = sort_rows(*wiring.by_source, back.neurons)
        slopes = slope_rows(wiring)
        self._lead = int(wiring.delays.max(initial=0))
        self._delta_rows = int(max(slopes.max(initial=0) + 1, wiring.neuron_count))
        self._rows_in = lay_rows(wiring, into, wiring.sources, -wiring.neuron_count)
        own = own_weights(wiring)
        self._own_rows, self._other_rows = (
            lay_rows(wiring, rows_of(wiring.sources, chosen, back.neurons), slopes, self._delta_rows)
            for chosen in (own, ~own)
        )
        factors = rows_of(wiring.targets, wiring.kinds[wiring.targets] == Kind.PRODUCT, back.neurons)
        self._factor_rows = lay_rows(wiring, factors, wiring.sources, -wiring.neuron_count)
        self._orders = order, back
        self._forward_neurons = self._collect_forward(order)
        self._backward_neurons = self._collect_backward(back, factors, slopes)
        self._listed_weights = list_weights(wiring, ~own, slopes)
        self._listed_biases = list_biases(wiring, ~own_biases(wiring))
        lists = self._listed_weights, self._listed_biases
        self._tasks = graph_gradients.Tasks(
            *(np.array(cut_into_chunks(np.diff(each.starts))) for each in lists)
        )
        self._forward_schedule = self._schedule(order, into)
        self._backward_schedule = self._schedule(back, out)
        self._histories = aligned_zeros((0, 0, 0), self.dtype)
        self._given = self._nothing = np.zeros(0, self.dtype)
        self._reserve(0, 0)

    def _collect_forward(self, order: NeuronOrder) -> graph_parallel.Neurons:
        wiring = self.graph
        others = (wiring.kinds[wiring.sources] != Kind.INPUT) | (wiring.delays > 0)
        self._from_inputs = np.bincount(wiring.targets[others], minlength=wiring.neuron_count) == 0
        return graph_parallel.Neurons(
            *collect_neurons(wiring, self._neuron_activations, order.neurons, self.dtype),
            run_end=self._run_ends(order),
            from_inputs=self._from_inputs[order.neurons],
        )

    def _collect_backward(
        self, back: NeuronOrder, rows: SortedRows, slopes: np.ndarray
    ) -> graph_backward.Neurons:
        wiring = self.graph
        neurons = collect_neurons(wiring, self._neuron_activations, back.neurons, self.dtype)
        biases = np.where(own_biases(wiring), wiring.bias_of, -1)
        slope_row = np.zeros(len(back.neurons), np.int64)
        filled = np.flatnonzero(np.diff(rows.starts))
        slope_row[filled] = slopes[rows.connections[rows.starts[filled]]]
        return graph_backward.Neurons(
            *neurons._replace(bias=biases[back.neurons]),
            run_end=self._run_ends(back),
            given=np.isin(back.neurons, wiring.outputs),
            slope_row=slope_row,
        )

    def _run_ends(self, order: NeuronOrder) -> np.ndarray:
        """Return where runs end: neurons of one apply the same, and either all read inputs alone or none."""
        return run_ends(self.graph, order, 2 * self._neuron_activations.numbers + self._from_inputs)

    def _take_activations(self) -> None:
        order, back = self._orders
        self._forward_neurons = self._forward_neurons._replace(**self._activations(order))
        self._backward_neurons = self._backward_neurons._replace(**self._activations(back))

    def _activations(self, order: NeuronOrder) -> dict[str, np.ndarray]:
        """Return what depends on the activations of the neurons in an order."""
        neuron_activations = self._neuron_activations
        return {
            "code": neuron_activations.codes(order.neurons),
            "slope": neuron_activations.slopes(order.neurons, self.dtype),
            "run_end": self._run_ends(order),
        }

    def _schedule(self, order: NeuronOrder, rows: SortedRows) -> graph_parallel.Schedule:
        alone = np.where(self.graph.kinds[order.neurons] == Kind.INPUT, 0, graph_parallel.NEURON_WORK)
        return graph_parallel.Schedule(*stages(order.starts, np.diff(rows.starts) + alone))

    def _reserve(self, steps: int, entries: int) -> None:
        shape = (self._lead + steps, self.graph.neuron_count, padded(entries))
        if self._histories.shape != shape:
            self._histories = aligned_zeros(shape, self.dtype)
            self._signal_histories = aligned_zeros((steps, *shape[1:]), self.dtype)
            self._deltas = aligned_zeros((shape[0], self._delta_rows, shape[2]), self.dtype)
        self._entries = entries
        if entries < shape[2]:
            self._histories[self._lead :, self._inputs, entries:] = 0

    def _place_inputs(self, sequence: np.ndarray) -> None:
        if np.may_share_memory(sequence, self._histories):
            sequence = sequence.copy()  # its own outputs, which are overwritten while it is read
        place(sequence, self.values, self._inputs)
        self._given = sequence.reshape(-1) if self._readable(sequence) else self._nothing
        self._given_step = sequence.shape[1] if len(sequence) > 1 else 0

    def _readable(self, sequence: np.ndarray) -> bool:
        """Return whether the kernels should read inputs from the caller's array.

        The rows of the histories were just written by one thread each. To get them from there costs other
        threads more than the reading, where cores do not share a cache.
        """
        return (
            sequence.size >= WORTH_A_REGION
            and isinstance(self._inputs, slice)
            and self.nudges is None
            and sequence.shape[2] == self._histories.shape[2]
            and sequence.flags.c_contiguous
            and sequence.ctypes.data % CACHE_LINE == 0
        )

    def _place_signals(self, sequence: np.ndarray) -> None:
        # The kernel clears the rows of all other neurons when it comes to them.
        signals = self._signal_histories
        before = len(signals) - len(sequence)
        if before:
            signals[:before, self._outputs] = 0
        if self._entries < signals.shape[2]:
            signals[before:, self._outputs, self._entries :] = 0
        place(sequence, signals[before:, :, : self._entries], self._outputs)

    def _nudge_rows(self) -> np.ndarray:
        """Return the nudges of every step and neuron, flat, none where there are no nudges."""
        if self.nudges is None:
            return self._nothing
        whole = np.zeros_like(self._signal_histories)
        whole[..., : self._entries] = self.nudges
        return whole.reshape(-1)

    def _propagate(self) -> None:
        rows, _, entries = self._histories.shape
        first_input = self._inputs.start if isinstance(self._inputs, slice) else 0
        values = graph_parallel.Values(
            self._histories.reshape(-1),
            self._nudge_rows(),
            self._given,
            -first_input,
            self._given_step,
            entries,
            rows - self._lead,
            self._lead,
        )
        self._given = self._nothing  # it is the caller's
        trained = Trained(self.weights, self.biases)
        graph_parallel.forward(self._forward_neurons, self._rows_in, trained, values, self._forward_schedule)

    def _backpropagate(self, learning_rate: float | None) -> None:
        rows, _, entries = self._histories.shape
        histories = graph_runs.Histories(
            self._histories.reshape(-1),
            self._signal_histories.reshape(-1),
            self._deltas.reshape(-1),
            entries=entries,
            steps=rows - self._lead,
            lead=self._lead,
            delta_rows=self._delta_rows,
            propagates=self.propagates,
        )
        in_place = learning_rate is not None and histories.steps == 1
        if learning_rate is None or in_place:
            targets = graph_runs.Targets(*gradient_targets(self.parameters, learning_rate))
        else:  # earlier steps still need the weights as they are
            targets = graph_runs.Targets(
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
