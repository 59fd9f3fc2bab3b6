"""Head: a decoder or a predictor, which begins with the states of the encoder and makes frames.

    own output:     z(t) = stage(y(t-1)),  y(t) = f(z(t))        y(-1) is given

so that, going back, dLoss / dy(t) is that of the output y(t) and what step t + 1 sends back to its input.
"""

from __future__ import annotations

import numpy as np

from networks.video.architecture import NOTHING, Architect
from networks.video.blueprint import Blueprint
from networks.video.outputs import LastActivation
from networks.video.stage import Stage
from nn.shape import Shape, VideoShape


class Head:
    """A decoder or a predictor.

    Parameters
    ----------
    blueprint, name
        What it is.
    architect
        Builds its networks.

    Attributes
    ----------
    stage
        Its networks.
    frames
        What it made in the last forward, (T, *frame, N), in its order and folded.
    first_signals, truth_signals
        dLoss / d first input (*frame, N), and d true frames (T, *frame, N), in the last backward; None where
        it read none.
    """

    def __init__(self, blueprint: Blueprint, name: str, architect: Architect) -> None:
        self.name, self.steps, self._inputs = name, blueprint.steps_of(name), blueprint.inputs
        self.stage = Stage(*architect.head(name))
        self.stage.propagates = blueprint.inputs != "zeros"
        self._folded, self._last = blueprint.folded, LastActivation(blueprint)
        self.first_signals: np.ndarray | None = None
        self.truth_signals: np.ndarray | None = None
        self._sums = self.frames = self._first = np.zeros(0)
        self._truth: np.ndarray | None = None
        self._shown: np.ndarray | None = None
        self._by_step = False

    def forward(
        self,
        first: np.ndarray,
        truth: np.ndarray | None,
        shown: np.ndarray | None,
        training: bool,
    ) -> np.ndarray:
        """Return the outputs (T, *frame, N); the stage knows the states to begin with.

        Parameters
        ----------
        first
            What the first step reads, (*frame, N), where it reads frames.
        truth
            The true frames, (T, *frame, N), None where its own outputs are read.
        shown
            At which steps the true frame before is read, in place of its own, bool (T, N); None for all.
        """
        self._first, self._truth = first, truth
        self._shown = None if truth is None else shown
        self._by_step = self._inputs != "zeros" and (truth is None or shown is not None)
        if self._by_step:
            return self._roll_out(first, truth, training)
        if self._inputs == "zeros":
            read = np.zeros((self.steps, *self.shape_read, first.shape[-1]), first.dtype)
        else:
            assert truth is not None
            read = np.concatenate([first[None], truth[:-1]])
        self._sums = self.stage.forward(read, training).reshape(self.steps, *first.shape)
        self.frames, outputs = self._last.frames_and_outputs(self._sums)
        return outputs

    @property
    def shape_read(self) -> Shape:
        """The shape of what is read at a step: a frame, or zeros."""
        if self._inputs != "zeros":
            return self._folded
        shape = self.stage.input_shape
        return Shape(*shape[1:3], NOTHING) if isinstance(shape, VideoShape) else Shape(1, 1, NOTHING)

    def read_at(self, step: int) -> np.ndarray:
        """Return what was read at a step of the last forward, (*shape_read, N)."""
        if self._inputs == "zeros":
            return np.zeros((*self.shape_read, self._first.shape[-1]), self._first.dtype)
        if step == 0:
            return self._first
        if self._truth is None:
            return self.frames[step - 1]
        if self._shown is None:
            return self._truth[step - 1]
        return np.where(self._shown[step], self._truth[step - 1], self.frames[step - 1])

    def _roll_out(self, first: np.ndarray, truth: np.ndarray | None, training: bool) -> np.ndarray:
        """Take one step after the other, each on what the one before made."""
        shape = self.steps, *first.shape
        self._sums, self.frames, outputs = (np.empty(shape, first.dtype) for _ in range(3))
        self.stage.begin(self.steps, first.shape[-1])
        read = first
        for t in range(self.steps):
            self._sums[t] = self.stage.step(t, read, training).reshape(first.shape)
            self.frames[t], outputs[t] = self._last.frames_and_outputs(self._sums[t])
            read = self.frames[t]
            if truth is not None and t + 1 < self.steps:
                assert self._shown is not None
                read = np.where(self._shown[t + 1], truth[t], read)
        return outputs

    def backward(self, signals: np.ndarray) -> None:
        """Backpropagate the signals of the outputs (T, *frame, N); gradients are added."""
        self.first_signals = self.truth_signals = None
        if self._by_step:
            self._roll_back(signals)
            return
        sums = self._last.sum_signals(self._sums, self.frames, signals, None)
        back = self.stage.backward(sums)
        if self._inputs != "zeros":
            back = back.reshape(signals.shape)
            self.first_signals = back[0]
            self.truth_signals = np.concatenate([back[1:], np.zeros_like(back[:1])])

    def _roll_back(self, signals: np.ndarray) -> None:
        fed: np.ndarray | None = None
        if self._shown is not None:
            self.truth_signals = np.zeros_like(signals)
        self.stage.begin_back()
        for t in reversed(range(self.steps)):
            sums = self._last.sum_signals(self._sums[t], self.frames[t], signals[t], fed)
            back = self.stage.step_back(t, sums).reshape(signals.shape[1:])
            fed = back
            if self._shown is not None and t:
                assert self.truth_signals is not None
                self.truth_signals[t - 1] = np.where(self._shown[t], back, 0)
                fed = np.where(self._shown[t], 0, back).astype(back.dtype)
        self.first_signals = fed
        self.stage.end_back()
