"""Optimizers: each step is one fused pass over the flat parameters that also clears the gradients."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import ClassVar

import numpy as np

from nn.choices import choose
from nn.kernels import optimizers as kernels
from nn.optimizer import Optimizer

PARALLEL_FROM = 100_000
"""Parameters from which a parallel region pays; smaller ones are updated by one thread."""


class SGD(Optimizer):
    """Gradient descent, with momentum if asked for.

        v = momentum v + g        values -= rate v                   (Polyak 1964, equation 9)
                                  values -= rate (g + momentum v)    with `nesterov`

    The second is Nesterov's accelerated gradient in the form of Sutskever et al. 2013 (equations 3
    and 4), rewritten for the point at which the gradient is taken (Bengio et al. 2013, equation 7).

    Raises
    ------
    ValueError
        When the momentum is outside [0, 1), or Nesterov is asked for without momentum.
    """

    name = "sgd"
    settings = ("momentum", "nesterov")

    def __init__(self, learning_rate: float, momentum: float = 0.0, nesterov: bool = False) -> None:
        super().__init__(learning_rate)
        self.momentum = _fraction("momentum", momentum)
        self.nesterov = bool(nesterov)
        if nesterov and not momentum:
            raise ValueError("Nesterov's method needs a momentum above 0, such as 0.9")

    @property
    def slots(self) -> tuple[str, ...]:
        """The velocities, when there is momentum."""
        return ("velocities",) if self.momentum else ()

    @property
    def is_plain_descent(self) -> bool:
        """True without momentum."""
        return not self.momentum

    def _update(self, values: np.ndarray, gradients: np.ndarray, rate: float) -> None:
        number = values.dtype.type
        if not self.momentum:
            _choose(kernels.descend, kernels.descend_parallel, values)(values, gradients, number(rate))
            return
        run = _choose(kernels.descend_with_momentum, kernels.descend_with_momentum_parallel, values)
        velocities = self._slots["velocities"]
        run(values, gradients, velocities, number(rate), number(self.momentum), self.nesterov)


class RMSprop(Optimizer):
    """Each gradient over the root of its running mean square (Tieleman and Hinton 2012, lecture 6e).

        s = decay s + (1 - decay) g²        values -= rate g / (sqrt(s) + epsilon)

    Raises
    ------
    ValueError
        When the decay is outside [0, 1) or epsilon is not positive.
    """

    name = "rmsprop"
    settings = ("decay", "epsilon")

    def __init__(self, learning_rate: float = 0.001, decay: float = 0.99, epsilon: float = 1e-8) -> None:
        super().__init__(learning_rate)
        self.decay = _fraction("decay", decay)
        self.epsilon = _positive("epsilon", epsilon)

    @property
    def slots(self) -> tuple[str, ...]:
        """The running mean squares."""
        return ("squares",)

    def _update(self, values: np.ndarray, gradients: np.ndarray, rate: float) -> None:
        number = values.dtype.type
        run = _choose(kernels.rmsprop, kernels.rmsprop_parallel, values)
        scalars = number(rate), number(1 - self.decay), number(self.epsilon)
        run(values, gradients, self._slots["squares"], *scalars)


class Adam(Optimizer):
    """Adaptive moments (Kingma and Ba 2015, algorithm 1).

        m = b1 m + (1 - b1) g        s = b2 s + (1 - b2) g²
        values -= rate (m / (1 - b1^t)) / (sqrt(s / (1 - b2^t)) + epsilon)

    with b1 the `mean_decay`, b2 the `square_decay` and t the number of steps.

    Raises
    ------
    ValueError
        When a decay is outside [0, 1) or epsilon is not positive.
    """

    name = "adam"
    settings: ClassVar[tuple[str, ...]] = ("mean_decay", "square_decay", "epsilon")
    weight_decay = 0.0

    def __init__(
        self,
        learning_rate: float = 0.001,
        mean_decay: float = 0.9,
        square_decay: float = 0.999,
        epsilon: float = 1e-8,
    ) -> None:
        super().__init__(learning_rate)
        self.mean_decay = _fraction("mean decay", mean_decay)
        self.square_decay = _fraction("square decay", square_decay)
        self.epsilon = _positive("epsilon", epsilon)

    @property
    def slots(self) -> tuple[str, ...]:
        """The running means and mean squares of the gradients."""
        return ("means", "squares")

    def _update(self, values: np.ndarray, gradients: np.ndarray, rate: float) -> None:
        scalars = (
            rate / (1 - self.mean_decay**self.steps),
            1 - self.mean_decay,
            1 - self.square_decay,
            1 / math.sqrt(1 - self.square_decay**self.steps),
            self.epsilon,
            1 - rate * self.weight_decay,
        )
        run = _choose(kernels.adam, kernels.adam_parallel, values)
        moments = self._slots["means"], self._slots["squares"]
        run(values, gradients, *moments, *map(values.dtype.type, scalars))


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2).

    Before Adam's step the values are multiplied by 1 - rate * weight_decay. The decay follows the
    schedule, and does not enter the moments.

    Raises
    ------
    ValueError
        As for `Adam`, or when the weight decay is negative.
    """

    name = "adamw"
    settings = (*Adam.settings, "weight_decay")

    def __init__(
        self,
        learning_rate: float = 0.001,
        mean_decay: float = 0.9,
        square_decay: float = 0.999,
        epsilon: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(learning_rate, mean_decay, square_decay, epsilon)
        if not (math.isfinite(weight_decay) and weight_decay >= 0):
            raise ValueError(f"weight decay {weight_decay}: must be a finite number, at least 0")
        self.weight_decay = float(weight_decay)


OPTIMIZERS: dict[str, Callable[[float], Optimizer]] = {
    "sgd": SGD,
    "momentum": partial(SGD, momentum=0.9),
    "nesterov": partial(SGD, momentum=0.9, nesterov=True),
    "rmsprop": RMSprop,
    "adam": Adam,
    "adamw": AdamW,
}


def optimizer_by_name(name: str, learning_rate: float) -> Optimizer:
    """Return an optimizer with its usual settings; `momentum` and `nesterov` are SGD with momentum 0.9.

    Raises
    ------
    ValueError
        When the name is unknown; the message suggests the nearest.
    """
    return choose(OPTIMIZERS, name, "optimizer")(learning_rate)


def _choose(serial: Callable, parallel: Callable, values: np.ndarray) -> Callable:
    return parallel if values.size >= PARALLEL_FROM else serial


def _fraction(what: str, value: float) -> float:
    if not 0 <= value < 1:
        raise ValueError(f"{what} {value}: must be at least 0 and less than 1")
    return float(value)


def _positive(what: str, value: float) -> float:
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{what} {value}: must be a finite number above 0")
    return float(value)
