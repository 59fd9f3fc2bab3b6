"""What every optimizer has: a learning rate, arrays kept from step to step, and its state."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from nn.history import aligned_zeros
from nn.parameters import Parameters


class Optimizer(ABC):
    """Descends along the gradients.

    Attributes
    ----------
    name
        What configurations call it.
    settings
        Names of its own settings beside the learning rate.
    steps
        How many steps it has taken.
    """

    name: ClassVar[str]
    settings: ClassVar[tuple[str, ...]] = ()

    def __init__(self, learning_rate: float) -> None:
        self.learning_rate = learning_rate
        self.steps = 0
        self._slots: dict[str, np.ndarray] = {}

    @property
    def learning_rate(self) -> float:
        """Length of a step before any schedule; may be changed between steps."""
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate: float) -> None:
        if not (math.isfinite(learning_rate) and learning_rate >= 0):
            raise ValueError(f"learning rate {learning_rate}: must be a finite number, at least 0")
        self._learning_rate = float(learning_rate)

    @property
    def slots(self) -> tuple[str, ...]:
        """Names of the arrays, each as large as the parameters, that it keeps from step to step."""
        return ()

    @property
    def is_plain_descent(self) -> bool:
        """Whether a step is `values -= rate * gradients`, which backprop can apply in its own pass."""
        return False

    def prepare(self, parameters: Parameters) -> None:
        """Make the arrays kept between steps; `step` does it at first use.

        Raises
        ------
        ValueError
            When earlier steps were taken on parameters of another size or dtype.
        """
        for slot in self.slots:
            if slot not in self._slots:
                self._slots[slot] = aligned_zeros(parameters.size, parameters.dtype)
            kept = self._slots[slot]
            if kept.size != parameters.size or kept.dtype != parameters.dtype:
                raise ValueError(
                    f"{self.name} has been used on {kept.size} {kept.dtype} parameters and cannot step "
                    f"{parameters.size} {parameters.dtype} ones: use one optimizer for each network"
                )

    def step(self, parameters: Parameters, factor: float = 1.0) -> None:
        """Update the values along the gradients, and clear the gradients.

        Parameters
        ----------
        parameters
            Values and gradients, float32 or float64.
        factor
            What a schedule multiplies the learning rate by in this step.
        """
        self.prepare(parameters)
        self.steps += 1
        self._update(parameters.values, parameters.gradients, self.learning_rate * factor)

    @abstractmethod
    def _update(self, values: np.ndarray, gradients: np.ndarray, rate: float) -> None:
        """Run the kernel of one step."""

    def state(self) -> dict[str, np.ndarray]:
        """Return `steps` and the arrays kept between steps: the arrays themselves, not copies."""
        return {"steps": np.array(self.steps), **self._slots}

    def load_state(self, state: Mapping[str, np.ndarray], parameters: Parameters) -> None:
        """Go on from what `state` returned.

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
        self.prepare(parameters)
        self.steps = int(steps)
        for slot in self.slots:
            self._slots[slot][:] = state[slot]

    def to_configuration(self) -> dict[str, Any]:
        """Describe the optimizer: its name, learning rate and settings."""
        own = {setting: getattr(self, setting) for setting in self.settings}
        return {"name": self.name, "learning_rate": self.learning_rate, **own}
