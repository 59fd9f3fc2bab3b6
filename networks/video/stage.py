"""Stage: encoder, decoder or predictor, a chain of networks that runs whole sequences or step by step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from networks.base.container import Container
from networks.base.network import Network
from networks.base.recurrent_tiles import TiledRecurrent
from networks.base.stateful import States
from networks.base.tiled_convolutional_lstm import TiledConvolutionalLSTM
from networks.base.tiled_dense import TiledDense
from networks.video.architecture import Cells
from networks.video.parts import FramePart, Part, RecurrentFrames, RecurrentPart
from networks.video.stepped import LinearSteps, LSTMSteps
from networks.video.stepped_images import ConvolutionalLSTMSteps
from nn.activations import Identity
from nn.parameters import Parameters


class Stage(Container):
    """A chain of networks.

    Parameters
    ----------
    named
        The networks by name, in order.
    cells
        What makes single steps of the recurrent ones.

    Attributes
    ----------
    parts, part_names
        What it runs as, and what these are called to people.
    recurrent
        Those of the parts that remember.
    """

    family = "video_stage"

    def __init__(self, named: dict[str, Network], cells: Cells) -> None:
        self.named = named
        networks = list(named.values())
        self.input_shape, self.output_shape = networks[0].input_shape, networks[-1].output_shape
        self.parameters = Parameters.join({name: each.parameters for name, each in named.items()})
        self.parts: list[Part] = []
        self.part_names: list[str] = []
        self.recurrent: list[RecurrentPart] = []
        for name, network in named.items():
            if name in cells:
                layer = _recurrent_part(network, cells[name])
                self.recurrent.append(layer)
                self.parts.append(layer)
                self.part_names.append(name.replace("_", " ") if len(cells) > 1 else "")
            else:
                parts = _frame_parts(network)
                self.parts += parts
                self.part_names += [f"{name}.{n}" if len(parts) > 1 else name for n in range(len(parts))]

    @property
    def propagates(self) -> bool:
        """Whether the first network computes the signals of its inputs."""
        return next(iter(self.named.values())).propagates

    @propagates.setter
    def propagates(self, wanted: bool) -> None:
        next(iter(self.named.values())).propagates = wanted

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the outputs (T, ..., N) of inputs (T, ..., N), all at once."""
        for part in self.parts:
            values = part.run(values, training)
        return values

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals of the last `forward`; gradients are added."""
        for part in reversed(self.parts):
            signals = part.run_back(signals)
        return signals

    def begin(self, steps: int, histories: int) -> None:
        """Get ready for so many single steps on so many histories."""
        for part in self.parts:
            part.begin(steps, histories)

    def step(self, number: int, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the outputs (..., N) of a step, in order from number 0."""
        for part in self.parts:
            values = part.step(number, values, training)
        return values

    def begin_back(self) -> None:
        """Get ready for the same steps backwards."""
        for part in self.parts:
            part.begin_back()

    def step_back(self, number: int, signals: np.ndarray) -> np.ndarray:
        """Return the input signals (..., N) of a step, in order from the last."""
        for part in reversed(self.parts):
            signals = part.step_back(number, signals)
        return signals

    def end_back(self) -> None:
        """Add the gradients of all steps, where `step_back` has not."""
        for part in self.parts:
            part.end_back()

    @property
    def final(self) -> list[States]:
        """The states of all recurrent layers after the last step."""
        return [layer.final for layer in self.recurrent]

    def start_from(self, states: Sequence[States | None]) -> None:
        """Let all recurrent layers begin with these."""
        for layer, each in zip(self.recurrent, states, strict=True):
            layer.initial = each

    @property
    def initial_signals(self) -> list[States]:
        """dLoss / d initial states of all recurrent layers in the last backward."""
        return [layer.initial_signals for layer in self.recurrent]

    def end_with(self, signals: Sequence[States | None]) -> None:
        """Let the next backward begin with these signals of the final states."""
        for layer, each in zip(self.recurrent, signals, strict=True):
            layer.final_signals = each


def _recurrent_part(network: Any, make_cell: Callable[[], Network]) -> RecurrentPart:
    """Return the part that a recurrent layer runs as, on the fast rungs of the LSTM one of its own."""
    if isinstance(network, TiledRecurrent):
        return LSTMSteps(network, network.parallel)
    if isinstance(network, TiledConvolutionalLSTM):
        return ConvolutionalLSTMSteps(network)
    return RecurrentFrames(network, make_cell)


def _frame_parts(network: Network) -> list[Part]:
    """Return the parts that networks of frames run as, on the fast rungs of linear layers of their own."""
    layers: Any = network.layers
    if all(isinstance(each, TiledDense) and isinstance(each.activation, Identity) for each in layers):
        return [LinearSteps(each, each.parallel) for each in layers]
    return [FramePart(network)]
