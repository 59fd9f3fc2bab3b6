"""The fast rungs of the convolutional LSTM: whole lines of an image on the register tile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from networks import convolutional_lstm
from networks.base.gradient_targets import apply_gradient
from networks.base.recurrent_wiring import SeenStep
from networks.base.stateful import AnyStates, States
from networks.base.tiled_dense import WORTH_A_REGION
from nn.history import LANES, aligned_zeros, padded
from nn.kernels.convolutional_lstm import backward as backward_kernels
from nn.kernels.convolutional_lstm import forward as kernels
from nn.kernels.convolutional_lstm import pairs

PARTS = 16
"""Into how many parts the rows of all steps are cut for the gradients: more than the threads."""


class TiledConvolutionalLSTM(convolutional_lstm.ConvolutionalLSTM):
    """A layer that reads a video, whose lines run on the register tile.

    It also runs image by image, where what comes out of a step goes into the next: `begin_steps`, `take_step`
    for every step in order, then `begin_steps_back`, `take_step_back` in the opposite order and
    `end_steps_back`. Weights are laid out once, and gradients summed at the end. Masks are not looked at.

    Attributes
    ----------
    parallel
        Whether rows of positions run on several threads where a step is large enough.
    """

    parallel: ClassVar[bool] = False
    _step_arrays: kernels.Arrays
    _step_signals: backward_kernels.Signals
    _outer_signals: np.ndarray

    def _reserve(self, histories: int) -> None:
        steps, height, width, inputs = self.input_shape
        margin = self.kernel // 2
        entries, edge = width * histories, margin * histories
        self._geometry = kernels.Geometry(
            steps=steps,
            height=height,
            rows=height + 2 * margin,
            margin=margin,
            entries=entries,
            line=padded(entries),
            pitch=padded(edge + max(padded(entries), entries + edge)),
            edge=edge,
            histories=histories,
            kernel=self.kernel,
            inputs=inputs,
            channels=self.channels,
            pairs=self._in_pairs,
        )
        gates, line = self.gate_count * self.channels, self._geometry.line
        self._images = self._with_margins(steps, inputs)
        self._hidden = self._with_margins(steps + 1, self.channels)
        self._deltas = self._with_margins(steps, gates)
        self._cells = aligned_zeros((steps + 1, height, self.channels, line), self.dtype)
        self._gates = aligned_zeros((steps, height, gates, line), self.dtype)
        self._outputs = aligned_zeros((steps, height, self.channels, line), self.dtype)
        self._input_signals = aligned_zeros((steps, height, inputs, line), self.dtype)
        rooms = height if histories and self._in_pairs else 0
        self._scratch = aligned_zeros(rooms * pairs.SOURCES * self._geometry.pitch, self.dtype)
        self._outer_signals = np.zeros(0, self.dtype)
        if histories:
            self._parts = self._reserve_parts()

    @property
    def _in_pairs(self) -> bool:
        """Whether rows are convolved in pairs: see `nn.kernels.convolutional_lstm.pairs`."""
        return self.kernel == pairs.KERNEL and self.input_shape.height % 2 == 0

    def _with_margins(self, count: int, channels: int) -> np.ndarray:
        """Return zeros for so many images, flat; vectors may be read across the end."""
        size = count * self._geometry.rows * channels * self._geometry.pitch
        return aligned_zeros(size + 2 * LANES, self.dtype)

    def _reserve_parts(self) -> backward_kernels.Parts:
        geometry, gates = self._geometry, self.gate_count * self.channels
        rows, taps = geometry.steps * geometry.height, geometry.kernel
        columns = padded(geometry.kernel * max(geometry.inputs, geometry.channels))
        if geometry.pairs:
            rows, taps, columns = max(rows // 4, 1), pairs.TERMS, pairs.GRADIENT_LINES
        count = min(PARTS, rows)
        weights = taps * gates * geometry.kernel
        return backward_kernels.Parts(
            count,
            inputs=aligned_zeros(count * weights * geometry.inputs, self.dtype),
            recurrent=aligned_zeros(count * weights * geometry.channels, self.dtype),
            biases=aligned_zeros(count * gates, self.dtype),
            scratch=aligned_zeros(count * geometry.pitch * columns, self.dtype),
        )

    def _inside(self, images: np.ndarray, count: int, channels: int) -> np.ndarray:
        """Return images without their margins as (count, H, W, channels, N), the same memory."""
        g = self._geometry
        rows = images[: -2 * LANES].reshape(count, g.rows, channels, g.pitch)
        inside = rows[:, g.margin : g.margin + g.height, :, g.edge : g.edge + g.line]
        return self._by_position(inside)

    def _by_position(self, lines: np.ndarray) -> np.ndarray:
        """Return lines (..., H, channels, line) as (..., H, W, channels, N), the same memory."""
        entries = lines[..., : self._geometry.entries]
        apart = entries.reshape(*lines.shape[:-1], self.input_shape.width, self._entries)
        return np.swapaxes(apart, -3, -2)

    def _lines(self, images: np.ndarray) -> np.ndarray:
        """Return a copy of images (..., H, W, channels, N) as lines, (..., H, channels, line)."""
        *front, height, _, channels, _ = images.shape
        lines = aligned_zeros((*front, height, channels, self._geometry.line), images.dtype)
        self._by_position(lines)[...] = images
        return lines

    def _run(self, states: Sequence[np.ndarray]) -> None:
        self._inside(self._images, self.steps, self.input_shape.channels)[...] = self._inputs
        self._hidden_images()[0], self._by_position(self._cells)[0] = states
        run = kernels.forward_parallel if self._parallel else kernels.forward_serial
        run(self._geometry, self._arrays())

    @property
    def _parallel(self) -> bool:
        """Whether the rows of a step run in parallel."""
        return self.parallel and self.connections * self._entries >= WORTH_A_REGION * self.steps

    def _arrays(self) -> kernels.Arrays:
        peepholes = self._flat_peepholes().reshape(3, *self._state_shape(1)).repeat(self._entries, axis=-1)
        return kernels.Arrays(
            input_weights=self._in_order(_in_window_order(self.parameters["input_weights"])),
            recurrent_weights=self._in_order(_in_window_order(self.parameters["recurrent_weights"])),
            biases=self.parameters["biases"],
            peepholes=self._lines(peepholes).ravel(),
            images=self._images,
            hidden=self._hidden,
            cells=self._cells.ravel(),
            gates=self._gates.ravel(),
            outputs=self._outputs.ravel(),
            present=self._present_lines(),
            scratch=self._scratch,
        )

    def _in_order(self, weights: np.ndarray) -> np.ndarray:
        """Return weights (outputs, kernel rows, sources, kernel columns) as kernels take them, flat."""
        return _terms(weights).ravel() if self._in_pairs else weights.ravel()

    def _flat_peepholes(self) -> np.ndarray:
        """Return the peepholes as (3, positions, channels); zeros where there are none."""
        if not self.peepholes:
            return np.zeros((3, self.input_shape.height * self.input_shape.width, self.channels), self.dtype)
        return self.parameters["peepholes"].reshape(3, -1, self.channels)

    def _present_lines(self) -> np.ndarray:
        """Return 1 where a step is there, else 0, also where lines are filled up: (T, line), flat."""
        lines = aligned_zeros((self.steps, self._geometry.line), self.dtype)
        mask = np.ones((1, self._entries)) if self._mask is None else self._mask
        lines[:, : self._geometry.entries] = np.tile(mask, (1, self.input_shape.width))
        return lines.ravel()

    def _run_back(self, finals: Sequence[np.ndarray]) -> tuple[Sequence[np.ndarray], np.ndarray]:
        back = self._begin_back(finals, self._signal_lines())
        run = backward_kernels.backward_parallel if self._parallel else backward_kernels.backward_serial
        run(self._geometry, self._arrays(), back, self._parts, self.propagates)
        return self._end_back(back), self._by_position(self._input_signals)

    def _begin_back(self, finals: Sequence[np.ndarray], outputs: np.ndarray) -> backward_kernels.Signals:
        """Return what the kernels read and write, given the signals of the final states and the outputs."""
        hidden, cells = (self._lines(each) for each in finals)
        for array in self._parts[1:4]:
            array.fill(0)
        return backward_kernels.Signals(
            outputs=outputs,
            hidden=hidden.ravel(),
            cells=cells.ravel(),
            deltas=self._deltas,
            flipped_inputs=self._in_order(_turned_round(self.parameters["input_weights"])),
            flipped_recurrent=self._in_order(_turned_round(self.parameters["recurrent_weights"])),
            inputs=self._input_signals.ravel(),
            peepholes=np.zeros(3 * cells.size, self.dtype),
            scratch=self._scratch,
        )

    def _end_back(self, back: backward_kernels.Signals) -> Sequence[np.ndarray]:
        """Keep the gradients of the peepholes; return the signals of the initial states."""
        shape = self._cells.shape[1:]
        self._peephole_gradients = back.peepholes.reshape(3, *shape)
        return [self._by_position(each.reshape(shape)) for each in (back.hidden, back.cells)]

    def _signal_lines(self) -> np.ndarray:
        """Return the signals of all outputs as lines, flat; zero where only the last ones are output."""
        if self.whole_sequence:
            return self._lines(self._signals).ravel()
        return np.zeros(self._outputs.size, self.dtype)

    def _gradients(self) -> dict[str, np.ndarray]:
        inputs, recurrent, biases = (each.reshape(self._parts.number, -1) for each in self._parts[1:4])
        gradients = {
            "input_weights": self._in_weight_order(inputs.sum(axis=0)),
            "recurrent_weights": self._in_weight_order(recurrent.sum(axis=0)),
            "biases": biases.sum(axis=0),
        }
        if self.peepholes:
            gradients["peepholes"] = self._by_position(self._peephole_gradients).sum(axis=-1)
        return gradients

    def _in_weight_order(self, sums: np.ndarray) -> np.ndarray:
        """Turn (kernel columns, gates, kernel rows or terms, sources) round into the shape of the weights."""
        taps = pairs.TERMS if self._in_pairs else self.kernel
        apart = sums.reshape(self.kernel, self.gate_count * self.channels, taps, -1)
        if self._in_pairs:
            apart = _rows_of_terms(apart)
        return apart.transpose(1, 2, 0, 3)

    def _hidden_images(self) -> np.ndarray:
        return self._inside(self._hidden, self.steps + 1, self.channels)

    def gates(self) -> np.ndarray:
        """Return the values of all gates at every step of the last forward, (T, 4, H, W, channels, N)."""
        steps, height, _, line = self._gates.shape
        apart = self._gates.reshape(steps, height, self.gate_count, self.channels, line)
        return self._by_position(np.moveaxis(apart, 2, 1))

    @property
    def final_states(self) -> AnyStates:
        """A copy of the states after the last step."""
        hidden = self._hidden_images()[-1]
        return States(hidden.copy(), self._by_position(self._cells)[-1].copy())

    @property
    def values(self) -> np.ndarray:
        """Output values of the last forward."""
        if not self.whole_sequence:
            return self._hidden_images()[-1]
        return self._by_position(self._outputs)

    def begin_steps(self, histories: int, initial: AnyStates | None) -> None:
        """Lay out the weights, and begin with these states, or zero."""
        self._mask = None
        if histories != self._entries:
            self._entries = histories
            self._reserve(histories)
        self._step_arrays = self._arrays()
        states = initial or self._empty_states(histories)
        self._hidden_images()[0], self._by_position(self._cells)[0] = tuple(states)

    def take_step(self, number: int, values: np.ndarray) -> np.ndarray:
        """Return the hidden values (height, width, channels, N) after a step that reads such an image."""
        self._inside(self._images, self.steps, self.input_shape.channels)[number] = values
        self._run_kernel(kernels.step_parallel, self._step_arrays, number)
        return self._hidden_images()[number + 1]

    def begin_steps_back(self, finals: AnyStates | None) -> None:
        """Lay out the weights the other way round, and begin with these signals of the states, or zero."""
        self._outer_signals = np.zeros_like(self._outputs)
        given = finals or self._empty_states(self._entries)
        self._step_signals = self._begin_back(given, self._outer_signals.ravel())

    def take_step_back(self, number: int, signals: np.ndarray) -> np.ndarray:
        """Return the input signals (height, width, channels, N) of a step, given those of its output."""
        self._by_position(self._outer_signals)[number] = signals
        self._run_kernel(backward_kernels.step_back_parallel, self._step_arrays, self._step_signals, number)
        return self._by_position(self._input_signals)[number]

    def seen_at_step(self, number: int) -> SeenStep:
        """Return what the layer saw at a step that `take_step` took, and `take_step_back` in the end."""
        signals = self._outer_signals
        given = self._by_position(signals)[number] if signals.size == self._outputs.size else None
        return SeenStep(self.gates()[number], self._hidden_images()[number + 1], None, given)

    def end_steps_back(self) -> AnyStates:
        """Add the gradients of all steps; return the signals of the states before the first."""
        arguments = self._step_arrays, self._step_signals, self._parts
        self._run_kernel(backward_kernels.finish_parallel, *arguments)
        initial = self.state_kind(*self._end_back(self._step_signals))
        for name, gradient in self._gradients().items():
            apply_gradient(self.parameters, name, gradient, None)
        return initial

    def _run_kernel(self, kernel: Any, *arguments: Any) -> None:
        """Run a kernel on several threads, where a step is large enough, or on one."""
        (kernel if self._parallel else kernel.serial)(self._geometry, *arguments)


def _in_window_order(weights: np.ndarray) -> np.ndarray:
    """Return weights as outputs x (kernel rows, sources, kernel columns): as windows lie in images."""
    return weights.transpose(0, 1, 3, 2)


def _turned_round(weights: np.ndarray) -> np.ndarray:
    """Return weights as sources x (kernel rows, outputs, kernel columns), each side backwards."""
    return weights[:, ::-1, ::-1].transpose(3, 1, 0, 2)


def _terms(weights: np.ndarray) -> np.ndarray:
    """Return the weights of the terms of pairs, (4, outputs, sources, kernel columns)."""
    upper, middle, lower = np.moveaxis(weights, 1, 0)
    outer = upper + lower
    return np.stack([upper, (outer + middle) / 2, (outer - middle) / 2, lower])


def _rows_of_terms(terms: np.ndarray) -> np.ndarray:
    """Return gradients of kernel rows (columns, gates, 3, sources) of those of terms, (..., 4, sources)."""
    upper, one, other, lower = np.moveaxis(terms, 2, 0)
    outer = (one + other) / 2
    return np.stack([upper + outer, (one - other) / 2, outer + lower], axis=2)
