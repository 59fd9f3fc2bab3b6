"""A stack of dense layers: neighbours in a `Sequential` that one kernel call runs, forward or backward.

What changed:   one call from Python and one check of the arrays for each direction, instead of one for each
                layer and direction (networks/dense_o2.py)
Predicted gain: a layer's own call costs 6 microseconds forward and 12 backward at any size, the stack's
                about 3 in all: 10 for tiny layers, nothing measurable for large ones
Loses when:     never seen; it is not used where a layer was run on its own in between
Tried:          a part of the histories to each thread through all layers, two regions in all instead of three
                a layer: a tenth to a quarter slower in a training step of 784-256-64-32-64-256-784, because
                every thread then reads all weights, which the others have just updated
Numerics:       the same bits as the layers one by one, for any number of threads: the same kernels
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, groupby
from typing import Any, NamedTuple

import numpy as np

from networks.base.checks import check_input, check_signals
from networks.base.inference import Histories
from networks.base.network import Network
from networks.base.storage import FLOAT32
from networks.dense_o2 import Dense
from nn.activations import Activation
from nn.history import aligned_zeros, pad_histories
from nn.kernels.dense import stack as kernels
from nn.parameters import Parameters


class _Place(NamedTuple):
    """A layer of the stack and its arrays: views of the arena, (neurons, histories)."""

    layer: Dense
    activation: Activation
    values: np.ndarray
    inputs: np.ndarray
    signals: np.ndarray


class DenseStack:
    """Runs dense layers one after another; their values and signals are those of layers run alone.

    Parameters
    ----------
    layers
        Neighbours; their parameters follow one another in the flat ones.
    parameters
        Of the network that the layers belong to.
    start
        Where those of the layers begin among these.
    """

    def __init__(self, layers: Sequence[Dense], parameters: Parameters, start: int) -> None:
        self.layers = list(layers)
        self._parameters = parameters
        sizes = [layer.parameters.size for layer in layers]
        self._starts = list(accumulate(sizes[:-1], initial=start))
        self._histories = 0
        self._places: list[_Place] = []

    def __getstate__(self) -> dict[str, Any]:
        """Leave the arena out of copies: the layers' arrays would not be views of it there."""
        kept = {name: self.__dict__[name] for name in ("layers", "_parameters", "_starts")}
        return kept | {"_histories": 0, "_places": []}

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the output values of input values (*input_shape, N)."""
        first = self.layers[0]
        for layer in self.layers:
            if layer.storage != FLOAT32:
                return self._one_by_one(values, training)
        check_input(first, values, first.input_shape, "input values")
        inputs, entries = pad_histories(values), values.shape[-1]
        if inputs.shape[-1] != self._histories or not self._is_in_place():
            self._reserve_arena(inputs.shape[-1])
        needed = Histories.NEEDED
        for layer, _, _, below, _ in self._places:
            layer.input_rows, layer.entry_count, layer.histories = below, entries, needed
        flat, self._entries = inputs.reshape(-1), entries
        first.input_rows = self._inputs = flat.reshape(-1, self._histories)
        run = kernels.forward_stack_parallel if self._parallel else kernels.forward_stack
        run(self._parameters.values, flat, self._arena, self._plan, self._slopes)
        return self._outputs if entries == self._histories else self._outputs[..., :entries]

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals of output signals (*output_shape, N); gradients are added or applied."""
        if not (self._is_in_place() and self._ran_last()):
            for layer in reversed(self.layers):
                signals = layer.backward(signals, learning_rate)
            return signals
        first, last = self.layers[0], self.layers[-1]
        check_signals(last, signals, self._entries)
        flat = pad_histories(signals).reshape(-1)
        free = Histories.FREE
        for layer, _, _, _, above in self._places:
            layer.signal_rows, layer.histories = above, free
        last.signal_rows = flat.reshape(-1, self._histories)
        values = self._parameters.values
        run = kernels.backward_stack_parallel if self._parallel else kernels.backward_stack
        run(
            values,
            self._parameters.gradients if learning_rate is None else values,
            self._inputs.reshape(-1),
            flat,
            self._arena,
            self._plan,
            self._slopes,
            self._factor(learning_rate),
            first.propagates,
        )
        whole = self._entries == self._histories
        return self._input_signals if whole else self._input_signals[..., : self._entries]

    def _factor(self, learning_rate: float | None) -> Any:
        """Return what gradients are multiplied with before they are added."""
        if learning_rate is not None:
            return self._arena.dtype.type(-learning_rate)
        return self._one if self._parameters.collects_gradients else self._none

    @property
    def returned(self) -> np.ndarray:
        """What the last layer returned in the last forward."""
        return self.layers[-1].values

    def _one_by_one(self, values: np.ndarray, training: bool) -> np.ndarray:
        """Let every layer run on its own, as one that stores bfloat16 must; so will the backward.

        The arena, in which nothing is kept any more, is let go.
        """
        self.__dict__ = self.__getstate__()
        for layer in self.layers:
            values = layer.forward(values, training)
        return values

    def _is_in_place(self) -> bool:
        """Whether the plan still holds: no array or setting of the layers was replaced since it was made."""
        for layer, activation, values, _, _ in self._places:
            if layer.value_rows is not values or layer.activation is not activation:
                return False
        return bool(self._places)

    def _ran_last(self) -> bool:
        """Whether no layer was run on its own after the stack's forward."""
        for layer, _, _, below, _ in self._places[1:]:
            if layer.input_rows is not below:
                return False
        return self.layers[0].input_rows is self._inputs

    def _reserve_arena(self, histories: int) -> None:
        """Put all buffers of the layers into one arena, and record where each is."""
        shapes = [layer.buffer_shapes(histories) for layer in self.layers]
        if histories != self._histories:
            size = sum(rows * columns for each in shapes for rows, columns in each)
            self._arena, self._histories = aligned_zeros(size, self._parameters.dtype), histories
        plan, end = [], 0
        for layer, start, each in zip(self.layers, self._starts, shapes, strict=True):
            *starts, end = accumulate((rows * columns for rows, columns in each), initial=end)
            ends = [*starts[1:], end]
            parts = zip(starts, ends, each, strict=True)
            layer.use_buffers([self._arena[begin:stop].reshape(shape) for begin, stop, shape in parts])
            sizes = layer.input_shape.size, layer.output_shape.size
            plan.append([*sizes, layer.activation.code, layer.blocks, start, *starts, end])
        self._plan = np.array(plan, np.int64)
        self._slopes = np.array([layer.activation.slope for layer in self.layers], self._arena.dtype)
        self._one, self._none = self._arena.dtype.type(1), self._arena.dtype.type(0)
        self._parallel = any(layer.blocks for layer in self.layers)
        values = [layer.value_rows for layer in self.layers]
        input_signals = [layer.input_signal_rows for layer in self.layers]
        nothing = self._arena[:0]
        below, above = [nothing, *values[:-1]], [*input_signals[1:], nothing]
        self._places = [
            _Place(layer, layer.activation, *arrays)
            for layer, *arrays in zip(self.layers, values, below, above, strict=True)
        ]
        first, last = self.layers[0], self.layers[-1]
        self._outputs = values[-1].reshape(*last.output_shape, histories)
        self._input_signals = input_signals[0].reshape(*first.input_shape, histories)


def stacked(networks: Sequence[Network], parameters: Parameters) -> list[Network | DenseStack]:
    """Return what runs networks one after another: the networks themselves, with stacks for dense ones.

    Parameters
    ----------
    networks
        In their order.
    parameters
        Of all of them, joined in this order.
    """
    runs: list[Network | DenseStack] = []
    start = 0
    for kind, group in groupby(networks, type):
        members: list[Any] = list(group)
        runs += [DenseStack(members, parameters, start)] if kind is Dense else members
        start += sum(member.parameters.size for member in members)
    return runs
