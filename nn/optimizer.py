"""The base of all optimizers: a learning rate, arrays kept from step to step, and a state."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from nn.argument_checks import check_not_negative
from nn.configurable import Configurable
from nn.deep_copied import DeepCopied
from nn.history import aligned_zeros
from nn.parameter_binding import bind, can_bind, is_bound_to
from nn.parameters import Parameters

PARALLEL_FROM = 100_000
"""Parameters from which a parallel region pays; smaller ones are updated by one thread."""


class Kernels(NamedTuple):
    """One rule for one thread and for all threads; both take values, gradients, slots and scalars."""

    serial: Callable[..., None]
    parallel: Callable[..., None]


class Optimizer(Configurable, DeepCopied, ABC):
    """Descends along the gradients.

    It belongs to the network that it has taken steps on: its state does not fit any other. A copy of a
    network needs a copy of its optimizer.

    Parameters
    ----------
    learning_rate
        Length of a step before any schedule.
    weight_decay
        Decoupled: before a step the values are multiplied by 1 - rate * weight_decay, where the rate is
        the learning rate times the factor of the schedule, as in PyTorch's AdamW. It enters no moments.
        (Loshchilov and Hutter 2019, algorithms 1 and 2, whose decay knows the factor alone: it is the
        learning rate times this one.)

    Attributes
    ----------
    name
        What configurations call it.
    steps
        How many steps it has taken.

    Raises
    ------
    ValueError
        When the learning rate or the weight decay is negative or not a finite number.
    """

    def __init__(self, learning_rate: float, weight_decay: float = 0.0) -> None:
        self.learning_rate = learning_rate
        self.weight_decay = check_not_negative("weight decay", weight_decay)
        self.steps = 0
        self._slots: dict[str, np.ndarray] = {}

    @property
    def learning_rate(self) -> float:
        """Length of a step before any schedule; may be changed between steps."""
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate: float) -> None:
        self._learning_rate = check_not_negative("learning rate", learning_rate)

    @property
    def slots(self) -> tuple[str, ...]:
        """Names of the arrays, each as large as the parameters, that it keeps from step to step."""
        return ()

    @property
    def is_plain_sgd(self) -> bool:
        """Whether a step is `values -= rate * gradients`, which backprop can apply in its own pass."""
        return False

    def prepare(self, parameters: Parameters) -> None:
        """Make the arrays kept between steps; `step` does it at first use.

        Raises
        ------
        ValueError
            When earlier steps were taken on other parameters, even of the same size and dtype.
        """
        if self._is_ready_for(parameters):
            return
        for kept in self._misfits(parameters):
            raise ValueError(
                f"{self.name} has been used on {kept.size} {kept.dtype} parameters and cannot step "
                f"{parameters.size} {parameters.dtype} ones: use one optimizer for each network"
            )
        if not can_bind(self, parameters):
            raise ValueError(
                f"{self.name} has been used on the parameters of another network, of which it remembers what "
                "would be wrong here: use one optimizer for each network, and copy it where that is copied"
            )
        self._make_slots(parameters)

    def _is_ready_for(self, parameters: Parameters) -> bool:
        """Whether a step was taken on these parameters before, as in every one but the first."""
        return is_bound_to(self, parameters) and len(self._slots) == len(self.slots)

    def _misfits(self, parameters: Parameters) -> list[np.ndarray]:
        """Return the arrays that are not as large as parameters, or of another dtype."""
        fitting = parameters.size, parameters.dtype
        return [kept for kept in self._slots.values() if (kept.size, kept.dtype) != fitting]

    def _make_slots(self, parameters: Parameters) -> None:
        for slot in self.slots:
            if slot not in self._slots:
                self._slots[slot] = aligned_zeros(parameters.size, parameters.dtype)

    def step(self, parameters: Parameters, factor: float = 1.0) -> None:
        """Update the values that are not frozen along the gradients, and clear all gradients.

        Parameters
        ----------
        parameters
            Values and gradients, float32 or float64.
        factor
            The factor of the learning rate from the schedule in this step.
        """
        self.count_step(parameters)
        rate = self.learning_rate * factor
        scalars = self._scalars(rate)
        arrays = [parameters.values, parameters.gradients, *(self._slots[slot] for slot in self.slots)]
        kernels, moves = self._kernels, self._moves(rate)
        for part in parameters.trainable_slices() if moves else ():
            size = part.stop - part.start
            run = kernels.parallel if size >= PARALLEL_FROM else kernels.serial
            run(*(arrays if size == parameters.size else [array[part] for array in arrays]), scalars)
        if parameters.frozen or not moves:
            parameters.zero_gradients()

    def count_step(self, parameters: Parameters) -> None:
        """Record a step on parameters, made here or by backprop; raise as `prepare`."""
        if not self._is_ready_for(parameters):
            self.prepare(parameters)
            bind(self, parameters)
        self.steps += 1

    def _moves(self, rate: float) -> bool:
        """Whether a step at this rate changes anything."""
        return True

    @property
    @abstractmethod
    def _kernels(self) -> Kernels:
        """The rule of one step, which takes the slots in their order."""

    @abstractmethod
    def _scalars(self, rate: float) -> tuple[float, ...]:
        """Return the scalars of the rule, for step number `steps` at this rate."""

    def _shrink(self, rate: float) -> float:
        """Return the factor of values from weight decay."""
        return 1 - rate * self.weight_decay

    def follow(self, places: np.ndarray, origins: np.ndarray) -> None:
        """Take what is kept for parameters along to other places among them.

        Parameters
        ----------
        places
            Positions in the flat parameters, whole numbers (moved,), each once.
        origins
            Where the parameters were that are there now, (moved,); -1 for new ones, of which nothing is kept.
        """
        for kept in self._slots.values():
            kept[places] = np.where(origins < 0, 0, kept[origins])

    def state(self) -> dict[str, np.ndarray]:
        """Return `steps` and the arrays kept between steps: the arrays themselves, not copies."""
        return {"steps": np.array(self.steps), **self._slots}

    def load_state(self, state: Mapping[str, np.ndarray], parameters: Parameters) -> None:
        """Continue from what `state` returned, whatever network it was used on before.

        Parameters
        ----------
        state
            `steps`, an integer, and the kept arrays, each (size,) with the parameters' dtype.
        parameters
            What the next step will update.

        Raises
        ------
        ValueError
            When names, shapes or dtypes do not fit; nothing is changed then.
        """
        expected = {"steps", *self.slots}
        if set(state) != expected:
            raise ValueError(f"{self.name} keeps {sorted(expected)}, the state has {sorted(state)}")
        steps = state["steps"]
        if steps.shape != () or steps.dtype.kind not in "iu" or steps < 0:
            raise ValueError(f"{self.name}: steps must be a whole number, not {steps!r}")
        for slot in self.slots:
            array = state[slot]
            if array.shape != (parameters.size,) or array.dtype != parameters.dtype:
                raise ValueError(
                    f"{self.name}: {slot} is {array.dtype} {array.shape}, the parameters are "
                    f"{parameters.dtype} {(parameters.size,)}"
                )
        if self._misfits(parameters):
            self._slots = {}
        self._make_slots(parameters)
        bind(self, parameters)
        self.steps = int(steps)
        for slot in self.slots:
            self._slots[slot][:] = state[slot]
