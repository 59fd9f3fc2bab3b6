"""What the fast rungs of the LSTM and the GRU share: how work is divided, and working memory of kernels."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any, ClassVar

import numba
import numpy as np

from networks.base.directed_layers import DirectedLayer, History
from networks.base.gradient_targets import flat_target
from networks.base.recurrent import Recurrent
from networks.base.recurrent_pairs import RecurrentPairs
from networks.base.storage import HALF, PAIRED, SMALL, WITHOUT
from nn.history import aligned_zeros, pad_histories
from nn.kernels.core.dot_products import has_dot_products
from nn.kernels.recurrent.gradients import PANEL
from nn.kernels.recurrent.layout import SLICE, TILE, VECTOR, Blocks
from nn.threads import threads

WORTH_A_REGION = 1_000_000
"""Multiply-adds of a directed layer from which parallel regions (some microseconds each) pay."""

WORTH_PAIRING = 10_000
"""Weights of a directed layer from which products of pairs gain more than it takes to lay these out."""

SECOND_LEVEL = 1 << 20
"""Bytes of weights that a core keeps close by from step to step."""

BLOCKS = 32
"""Blocks of rows in parallel: more than the threads, so that uneven ones even out."""


def slices_of(values: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield, of an array (..., N) that lies slice after slice, histories and values (..., slices, width).

    All whole slices come first and together, then the rest.
    """
    *shape, entries = values.shape
    flat, rows, middle = values.reshape(-1), math.prod(shape), entries // SLICE * SLICE
    for begin, end, width in ((0, middle, SLICE), (middle, entries, entries - middle)):
        if begin < end:
            piece = flat[begin * rows : end * rows].reshape(-1, rows, width).swapaxes(0, 1)
            yield slice(begin, end), piece.reshape(*shape, -1, width)


def whole(values: np.ndarray) -> np.ndarray:
    """Return an array (..., N) that lies slice after slice with all histories of a row side by side."""
    rows = np.empty_like(values)
    write_whole(values, rows)
    return rows


def write_whole(values: np.ndarray, rows: np.ndarray) -> None:
    """Write what lies slice after slice into an array of its shape with all histories of a row together."""
    for histories, piece in slices_of(values):
        rows[..., histories].reshape(piece.shape)[...] = piece


def in_slices(values: np.ndarray) -> np.ndarray:
    """Return an array (..., N), whose rows hold all histories, slice after slice."""
    sliced = np.empty_like(values)
    for histories, piece in slices_of(sliced):
        piece[...] = values[..., histories].reshape(piece.shape)
    return sliced


class SlicedHistory(History):
    """What a directed layer saw, slice after slice; see `nn.kernels.recurrent.layout`."""

    def begin(self, directed: DirectedLayer, states: Sequence[np.ndarray] | None) -> None:
        """Put the initial states of a directed layer into its first slot, zero where there are none."""
        for number, slots in enumerate(self.states):
            given = None if states is None else pad_histories(states[number][directed.number])
            for histories, piece in slices_of(slots):
                first = piece[directed.first_slot]
                first[...] = 0 if given is None else given[:, histories].reshape(first.shape)


class TiledRecurrent(Recurrent):
    """A recurrent network whose products run on the register tile.

    Attributes
    ----------
    parallel
        Whether slices of histories, or units, run on several threads where a directed layer is large enough.
    forward_kernels, backward_kernels
        The modules with the family's loops and the tuples that these take: first the parameters, called as
        in `Targets`, those that a network has not are empty; then the states, in their order.
    pair_kernels
        The module with the loops of both passes on dot products of bfloat16, where the family has them.
    """

    parallel: ClassVar[bool] = False
    forward_kernels: ModuleType
    backward_kernels: ModuleType
    pair_kernels: ModuleType | None = None
    _pairs: RecurrentPairs | None = None

    def _store_as(self, storage: str) -> None:
        super()._store_as(storage)
        paired = storage == HALF and self.pair_kernels is not None and has_dot_products()
        self._pairs = RecurrentPairs() if paired else None

    @property
    def arithmetic(self) -> str:
        """See `Network.arithmetic`."""
        if self.storage != HALF or self.pair_kernels is None:
            return super().arithmetic
        if self._pairs is None:
            return WITHOUT
        return PAIRED if any(map(self._pairs_of, self.directed_layers)) else SMALL

    def _pairs_of(self, directed: DirectedLayer) -> RecurrentPairs | None:
        """Return the words of a directed layer whose products are of pairs, None where they are not."""
        return self._pairs if self._weights_of(directed) >= WORTH_PAIRING else None

    def _layer(self, directed: DirectedLayer, history: History) -> Any:
        """Return the kernels' arguments for a directed layer: arrays, sizes and the direction."""
        flat = self.parameters.values
        parameters = [flat[place] for place in self._places[directed.number]]
        states = [array.ravel() for array in history.states]
        outputs = self._outputs[directed.layer]
        present = np.zeros(0, self.dtype) if self._mask is None else self._mask.astype(self.dtype)
        return self.forward_kernels.Layer(
            *parameters,
            *states,
            present=present.ravel(),
            inputs=history.inputs.ravel(),
            gates=history.gates.ravel(),
            outputs=outputs.ravel(),
            packed=self._packed[directed.number],
            scratch=self._scratch,
            steps=self.steps,
            features=directed.inputs,
            units=self.units,
            histories=history.inputs.shape[-1],
            output_row=directed.rows.start,
            output_rows=outputs.shape[1],
            backward=directed.backward,
        )

    def _forward_directed(self, directed: DirectedLayer, history: History) -> None:
        blocks, worth = self._blocks(directed)
        words = self._pairs_of(directed)
        pairs = [] if words is None else [words.forward(self, directed, history.gates.shape[-1])]
        kernels: Any = self.pair_kernels if pairs else self.forward_kernels
        forward = kernels.forward_parallel if worth else kernels.forward_serial
        forward(self._layer(directed, history), *pairs, blocks)

    def _backward_directed(
        self,
        directed: DirectedLayer,
        history: History,
        signals: np.ndarray,
        state_signals: Sequence[np.ndarray],
        learning_rate: float | None,
    ) -> None:
        blocks, worth = self._blocks(directed)
        layer, targets = self._layer(directed, history), self._targets(directed, learning_rate)
        learns, pairs, words = bool(targets.scale), [], self._pairs_of(directed)
        if words is None:
            columns, panels = self._scratch_of(directed, learns)
        else:
            columns = panels = np.zeros(0, self.dtype)
            room = history.gates.shape[-1], self._scratch.size
            pairs.append(words.backward(self, directed, *room, learns))
        states = [in_slices(each) for each in state_signals]
        arrays = self.backward_kernels.Signals(
            *(state.ravel() for state in states),
            outputs=np.ascontiguousarray(signals).ravel(),
            deltas=history.deltas.ravel(),
            inputs=self._input_signals[directed.layer].ravel(),
            columns=columns,
            panels=panels,
        )
        kernels: Any = self.pair_kernels if pairs else self.backward_kernels
        backward = kernels.backward_parallel if worth else kernels.backward_serial
        backward(layer, arrays, *pairs, targets, blocks, self._sends_below(directed))
        for state_signal, sliced in zip(state_signals, states, strict=True):
            write_whole(sliced, state_signal)

    def _targets(self, directed: DirectedLayer, learning_rate: float | None) -> Any:
        """Return what the gradients of a directed layer are added to, and the factor."""
        flat, scale = flat_target(self.parameters, learning_rate)
        arrays = [flat[place] for place in self._places[directed.number]]
        return self.backward_kernels.Targets(*arrays, scale)

    def _lay_out(self, values: np.ndarray) -> np.ndarray:
        return pad_histories(values)

    def _reserve(self, histories: int) -> None:
        super()._reserve(histories)
        self._histories = [SlicedHistory(**vars(history)) for history in self._histories]
        packed = [self._weights_of(directed) if histories else 0 for directed in self.directed_layers]
        self._packed = [aligned_zeros(size, self.dtype) for size in packed]
        self._columns = [np.zeros(0, self.dtype) for _ in self.directed_layers]
        self._panels = np.zeros(0, self.dtype)
        self._places = [self._places_of(directed) for directed in self.directed_layers]
        self._scratch = aligned_zeros(self._scratch_size(histories) if histories else 0, self.dtype)

    def _places_of(self, directed: DirectedLayer) -> list[slice]:
        """Return where the parameters that kernels take lie, nowhere for missing ones."""
        names = [directed.prefix + name for name in self.backward_kernels.Targets._fields[:-1]]
        return [self.parameters.slice_of(name) if name in self.parameters else slice(0, 0) for name in names]

    def _history_of(self, directed: DirectedLayer) -> History:
        history = super()._history_of(directed)
        states = tuple(whole(each) for each in history.states)
        return History(history.inputs, states, whole(history.gates), whole(history.deltas))

    def _collect(self, layer: int) -> np.ndarray:
        return self._outputs[layer]

    def _end(self, directed: DirectedLayer, kind: int) -> np.ndarray:
        slots = self._histories[directed.number].states[kind]
        end = np.empty(slots.shape[1:], self.dtype)
        for histories, piece in slices_of(slots):
            last = piece[directed.last_slot]
            end[:, histories].reshape(last.shape)[...] = last
        return end

    def gate_rows(self, directed: DirectedLayer) -> int:
        """Return how many rows the weights of a directed layer have: one for every gate of a unit."""
        return self.parameters.shapes[directed.prefix + "recurrent_weights"][0]

    def _weights_of(self, directed: DirectedLayer) -> int:
        """Return the number of input and recurrent weights of a directed layer."""
        return self.gate_rows(directed) * (directed.inputs + self.units)

    def _scratch_size(self, histories: int) -> int:
        """Return how many numbers of working memory the kernels need."""
        inputs = max(directed.inputs for directed in self.directed_layers)
        slices = -(-histories // SLICE)
        of_a_slice = SLICE * (inputs + self.units + 4 * TILE)
        of_workers = numba.config.NUMBA_NUM_THREADS * self._worker_scratch(histories)
        return max(slices * of_a_slice, VECTOR * SLICE * self.steps, of_workers)

    def _worker_scratch(self, histories: int) -> int:
        """Return how many numbers a worker wants for a block of rows: deltas, their sums, and products."""
        rows = max(_part(self.gate_rows(directed)) for directed in self.directed_layers)
        return rows * (self.steps * histories + VECTOR + PANEL)

    def _scratch_of(self, directed: DirectedLayer, learns: bool) -> tuple[np.ndarray, np.ndarray]:
        """Return room for a directed layer's transposed weights and what its gates see, made on first use.

        What gates see has none where no gradients are wanted.
        """
        width, entries = directed.inputs + self.units, self._top.shape[-1]
        size = -(-width // PANEL) * PANEL * self.steps * entries if learns else 0
        if self._panels.size < size:
            self._panels = aligned_zeros(size, self.dtype)
        if not self._columns[directed.number].size:
            self._columns[directed.number] = aligned_zeros(self._weights_of(directed), self.dtype)
        return self._columns[directed.number], self._panels if learns else self._panels[:0]

    def _blocks(self, directed: DirectedLayer) -> tuple[Blocks, bool]:
        """Return how the work on a directed layer is cut, and whether it runs in parallel."""
        weights, histories = self._weights_of(directed), self._histories[directed.number].gates.shape[-1]
        worth = self.parallel and weights * histories * self.steps >= WORTH_A_REGION
        workers = threads.count if worth else 1
        few = histories < SLICE * workers
        large = weights * self.dtype.itemsize > SECOND_LEVEL
        blocks = Blocks(
            rows=_part(self.gate_rows(directed)),
            units=_part(self.units),
            workers=workers,
            room=self._worker_scratch(histories),
            over_units=worth and (few or large),
        )
        return blocks, worth


def _part(rows: int) -> int:
    """Return how many rows make a block: whole tiles."""
    return TILE * -(-rows // (TILE * BLOCKS))
