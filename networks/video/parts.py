"""Parts of which encoder, decoder and predictor are chains: each runs all steps at once, or step by step.

Where all inputs are known, whole sequences run; where what comes out of a step goes into the next one, there
is a network for every step, all of them second uses of the parameters of one, with histories of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

import numpy as np

from networks.base.network import Network
from networks.base.nodes import copy_with_same_generators
from networks.base.recurrent_wiring import SeenStep
from networks.base.stateful import AnyStates, States
from networks.base.wiring import NeuronLayer


class Part(Protocol):
    """A link of a chain.

    Attributes
    ----------
    network
        Whose parameters it uses.
    """

    network: Any

    def neurons(self, step: Callable[[], int]) -> Sequence[NeuronLayer]:
        """Return its neurons as `Network.wiring` does: of one step of the last passes, which `step` gives."""

    def run(self, values: np.ndarray, training: bool) -> np.ndarray:
        """Return the outputs (T, ..., N) of inputs (T, ..., N)."""

    def run_back(self, signals: np.ndarray) -> np.ndarray:
        """Return the input signals of the last `run`, given those of the outputs; gradients are added."""

    def begin(self, steps: int, histories: int) -> None:
        """Get ready for so many single steps on so many histories."""

    def step(self, number: int, values: np.ndarray, training: bool) -> np.ndarray:
        """Return the outputs (..., N) of a step, in order from number 0."""

    def begin_back(self) -> None:
        """Get ready for the same steps backwards."""

    def step_back(self, number: int, signals: np.ndarray) -> np.ndarray:
        """Return the input signals (..., N) of a step, in order from the last."""

    def end_back(self) -> None:
        """Add the gradients of all steps, as far as `step_back` has not."""


class RecurrentPart(Part, Protocol):
    """A link that remembers.

    Attributes
    ----------
    initial
        States before the first step, None for zero.
    final_signals
        dLoss / d final states, None for zero.
    """

    initial: AnyStates | None
    final_signals: AnyStates | None

    @property
    def final(self) -> States:
        """The states after the last step."""

    @property
    def initial_signals(self) -> States:
        """dLoss / d initial states in the last backward."""


class Twins:
    """Second uses of a network, one for every step but the first, made where they are needed.

    Parameters
    ----------
    owner
        The network whose parameters they use.
    make
        Returns another like it, perhaps of one step.
    """

    def __init__(self, owner: Network, make: Callable[[], Network]) -> None:
        self._owner, self._make = owner, make
        self._made: list[Network] = []

    def __getitem__(self, number: int) -> Any:
        while len(self._made) <= number:
            twin = self._make()
            twin.parameters.share(self._owner.parameters)
            self._made.append(twin)
        return self._made[number]


class FramePart:
    """A network that is applied to every frame.

    Parameters
    ----------
    network
        Takes images; anything of the right size is taken for its input.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self._twins = Twins(network, partial(copy_with_same_generators, network))
        self._histories: int | None = None

    def neurons(self, step: Callable[[], int]) -> list[NeuronLayer]:
        """See `Part.neurons`."""

        def seen(number: int, what: str) -> np.ndarray:
            network = self.network if self._histories else self._twins[step()]
            found: np.ndarray = getattr(network.wiring()[number], what)()
            if not self._histories:
                return found
            first = step() * self._histories
            return found[..., first : first + self._histories]

        return [
            replace(
                layer,
                values=partial(seen, number, "values"),
                signals=partial(seen, number, "signals"),
                clamp=None,
            )
            for number, layer in enumerate(self.network.wiring())
        ]

    def run(self, values: np.ndarray, training: bool) -> np.ndarray:
        """Return the outputs (T, ..., N) of inputs: the network runs on T * N histories."""
        steps = len(values)
        self._histories = histories = values.shape[-1]
        given = values.reshape(steps, *self.network.input_shape, histories)
        outputs = self.network.forward(_steps_as_histories(given), training)
        return _histories_as_steps(outputs, steps)

    def run_back(self, signals: np.ndarray) -> np.ndarray:
        """Return the input signals of the last `run`; gradients are added."""
        given = signals.reshape(len(signals), *self.network.output_shape, signals.shape[-1])
        back = self.network.backward(_steps_as_histories(given))
        return _histories_as_steps(back, len(signals))

    def begin(self, steps: int, histories: int) -> None:
        """Every step has a network of its own."""
        self._histories = None

    def step(self, number: int, values: np.ndarray, training: bool) -> np.ndarray:
        """Return the outputs (..., N) of a step."""
        network = self._twins[number]
        outputs: np.ndarray = network.forward(
            values.reshape(*network.input_shape, values.shape[-1]), training
        )
        return outputs

    def begin_back(self) -> None:
        """Backwards, every step has its network too."""

    def step_back(self, number: int, signals: np.ndarray) -> np.ndarray:
        """Return the input signals (..., N) of a step; gradients are added."""
        network = self._twins[number]
        back: np.ndarray = network.backward(signals.reshape(*network.output_shape, signals.shape[-1]))
        return back

    def end_back(self) -> None:
        """Every step has added its gradients."""


class RecurrentFrames:
    """A recurrent layer.

    Parameters
    ----------
    network
        Runs whole sequences, an `LSTM` or `ConvolutionalLSTM` that gives its output at every step.
    make_cell
        Returns a network of the same parameters for a single step.
    """

    def __init__(self, network: Any, make_cell: Callable[[], Network]) -> None:
        self.network = network
        self.initial: AnyStates | None = None
        self.final_signals: AnyStates | None = None
        self._cells = Twins(network, make_cell)
        self._final: Any = None
        self._initial_signals: Any = None
        self._by_step = False

    def neurons(self, step: Callable[[], int]) -> Sequence[NeuronLayer]:
        """See `Part.neurons`."""

        def seen() -> SeenStep:
            found: SeenStep = (
                self._cells[step()].seen_at(0) if self._by_step else self.network.seen_at(step())
            )
            return found

        layers: Sequence[NeuronLayer] = self.network.wiring_at(seen)
        return layers

    @property
    def final(self) -> States:
        """The states after the last step."""
        states: States = self._final
        return states

    @property
    def initial_signals(self) -> States:
        """dLoss / d initial states in the last backward."""
        signals: States = self._initial_signals
        return signals

    def run(self, values: np.ndarray, training: bool) -> np.ndarray:
        """Return the outputs (T, ..., N) of inputs (T, ..., N)."""
        given = values.reshape(*self.network.input_shape, values.shape[-1])
        self._by_step = False
        outputs: np.ndarray = self.network.forward(given, training, initial=self.initial)
        self._final = self.network.final_states
        return outputs

    def run_back(self, signals: np.ndarray) -> np.ndarray:
        """Return the input signals of the last `run`; gradients are added."""
        shaped = signals.reshape(*self.network.output_shape, signals.shape[-1])
        back: np.ndarray = self.network.backward(shaped, final_signals=self.final_signals)
        self._initial_signals = self.network.initial_signals
        return back

    def begin(self, steps: int, histories: int) -> None:
        """Begin with the initial states."""
        self._by_step, self._final = True, self.initial

    def step(self, number: int, values: np.ndarray, training: bool) -> np.ndarray:
        """Return the outputs (..., N) of a step."""
        cell = self._cells[number]
        given = values.reshape(*cell.input_shape, values.shape[-1])
        outputs: np.ndarray = cell.forward(given, training, initial=self._final)
        self._final = cell.final_states
        return outputs

    def begin_back(self) -> None:
        """Begin with the signals of the final states."""
        self._initial_signals = self.final_signals

    def step_back(self, number: int, signals: np.ndarray) -> np.ndarray:
        """Return the input signals (..., N) of a step; gradients are added."""
        cell = self._cells[number]
        shaped = signals.reshape(*cell.output_shape, signals.shape[-1])
        back: np.ndarray = cell.backward(shaped, final_signals=self._initial_signals)
        self._initial_signals = cell.initial_signals
        return back

    def end_back(self) -> None:
        """Every step has added its gradients."""


def _steps_as_histories(values: np.ndarray) -> np.ndarray:
    """Return values (T, ..., N) as (..., T * N)."""
    moved = np.moveaxis(values, 0, -2)
    return np.ascontiguousarray(moved).reshape(*moved.shape[:-2], -1)


def _histories_as_steps(values: np.ndarray, steps: int) -> np.ndarray:
    """Return values (..., T * N) as (T, ..., N)."""
    apart = values.reshape(*values.shape[:-1], steps, -1)
    return np.ascontiguousarray(np.moveaxis(apart, -2, 0))
