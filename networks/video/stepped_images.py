"""Convolutional LSTMs on the fast rungs, which run image by image themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from networks.base.recurrent_wiring import SeenStep
from networks.base.stateful import AnyStates, States
from networks.base.tiled_convolutional_lstm import TiledConvolutionalLSTM
from networks.base.wiring import NeuronLayer


class ConvolutionalLSTMSteps:
    """A layer of a convolutional LSTM; see `networks.video.parts.RecurrentPart`.

    Parameters
    ----------
    network
        The layer, which gives its output at every step.
    """

    def __init__(self, network: TiledConvolutionalLSTM) -> None:
        self.network = network
        self.initial: AnyStates | None = None
        self.final_signals: AnyStates | None = None
        self._initial_signals: Any = None
        self._by_step = False

    def neurons(self, step: Callable[[], int]) -> Sequence[NeuronLayer]:
        """See `networks.video.parts.Part.neurons`."""

        def seen() -> SeenStep:
            return self.network.seen_at_step(step()) if self._by_step else self.network.seen_at(step())

        return self.network.wiring_at(seen)

    def run(self, values: np.ndarray, training: bool) -> np.ndarray:
        """Return the outputs (T, height, width, channels, N) of inputs."""
        given = values.reshape(*self.network.input_shape, values.shape[-1])
        self._by_step = False
        return self.network.forward(given, training, initial=self.initial)

    def run_back(self, signals: np.ndarray) -> np.ndarray:
        """Return the input signals of the last `run`; gradients are added."""
        back = self.network.backward(signals, final_signals=self.final_signals)
        self._initial_signals = self.network.initial_signals
        return back

    def begin(self, steps: int, histories: int) -> None:
        """Begin with the initial states."""
        self._by_step = True
        self.network.begin_steps(histories, self.initial)

    def step(self, number: int, values: np.ndarray, training: bool) -> np.ndarray:
        """Return the outputs (height, width, channels, N) of a step."""
        image = values.reshape(*self.network.input_shape[1:], values.shape[-1])
        return self.network.take_step(number, image)

    def begin_back(self) -> None:
        """Begin with the signals of the final states."""
        self.network.begin_steps_back(self.final_signals)

    def step_back(self, number: int, signals: np.ndarray) -> np.ndarray:
        """Return the input signals (height, width, channels, N) of a step."""
        return self.network.take_step_back(number, signals)

    def end_back(self) -> None:
        """Add the gradients of all steps."""
        self._initial_signals = self.network.end_steps_back()

    @property
    def final(self) -> States:
        """The states after the last step."""
        states: Any = self.network.final_states
        return States(*states)

    @property
    def initial_signals(self) -> States:
        """dLoss / d initial states in the last backward."""
        signals: States = self._initial_signals
        return signals
