"""Each gradient over a root of its squares, so that every parameter has a rate of its own."""

from __future__ import annotations

from nn.argument_checks import check_below_one, check_positive
from nn.kernels.optimizers import update_rules as kernels
from nn.optimizer import Kernels, Optimizer


class RMSprop(Optimizer):
    """Each gradient over the root of its running mean square (Tieleman and Hinton 2012, lecture 6e).

        s = decay s + (1 - decay) g²        values -= rate g / (sqrt(s) + epsilon)

    `centered` takes the running variance, s less the square of the running mean, in place of s, and
    with `momentum` the steps add up to a velocity, as in SGD (Graves 2013, equations 38 to 41; epsilon
    stands outside the root here, as in PyTorch).

    Raises
    ------
    ValueError
        When decay or momentum is outside [0, 1), epsilon is not positive, or as `Optimizer`.
    """

    name = "rmsprop"

    def __init__(
        self,
        learning_rate: float = 0.001,
        decay: float = 0.99,
        epsilon: float = 1e-8,
        momentum: float = 0.0,
        centered: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(learning_rate, weight_decay)
        self.decay = check_below_one("decay", decay)
        self.epsilon = check_positive("epsilon", epsilon)
        self.momentum = check_below_one("momentum", momentum)
        self.centered = bool(centered)

    @property
    def slots(self) -> tuple[str, ...]:
        """The running mean squares; with momentum the velocities; where centered the running means too."""
        if self.centered:
            return "squares", "means", "velocities"
        return ("squares", "velocities") if self.momentum else ("squares",)

    @property
    def _kernels(self) -> Kernels:
        if self.centered:
            return Kernels(kernels.rmsprop_centered, kernels.rmsprop_centered_parallel)
        if self.momentum:
            return Kernels(kernels.rmsprop_with_momentum, kernels.rmsprop_with_momentum_parallel)
        return Kernels(kernels.rmsprop, kernels.rmsprop_parallel)

    def _scalars(self, rate: float) -> tuple[float, ...]:
        momentum = (self.momentum,) if self.momentum or self.centered else ()
        return rate, 1 - self.decay, self.epsilon, *momentum, self._shrink(rate)


class Adagrad(Optimizer):
    """Each gradient over the root of the sum of its squares (Duchi et al. 2011, figure 1).

        s = s + g²        values -= rate g / (sqrt(s) + epsilon)

    Raises
    ------
    ValueError
        When epsilon is not positive, or as `Optimizer`.
    """

    name = "adagrad"

    def __init__(
        self, learning_rate: float = 0.01, epsilon: float = 1e-10, weight_decay: float = 0.0
    ) -> None:
        super().__init__(learning_rate, weight_decay)
        self.epsilon = check_positive("epsilon", epsilon)

    @property
    def slots(self) -> tuple[str, ...]:
        """The sums of squares."""
        return ("squares",)

    @property
    def _kernels(self) -> Kernels:
        return Kernels(kernels.adagrad, kernels.adagrad_parallel)

    def _scalars(self, rate: float) -> tuple[float, ...]:
        return rate, self.epsilon, self._shrink(rate)


class Adadelta(Optimizer):
    """Changes as large as those so far, in the units of the values (Zeiler 2012, algorithm 1).

        s = decay s + (1 - decay) g²        d = g sqrt(c + epsilon) / sqrt(s + epsilon)
        c = decay c + (1 - decay) d²        values -= rate d

    The paper's rate is 1.

    Raises
    ------
    ValueError
        When the decay is outside [0, 1), epsilon is not positive, or as `Optimizer`.
    """

    name = "adadelta"

    def __init__(
        self,
        learning_rate: float = 1.0,
        decay: float = 0.9,
        epsilon: float = 1e-6,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(learning_rate, weight_decay)
        self.decay = check_below_one("decay", decay)
        self.epsilon = check_positive("epsilon", epsilon)

    @property
    def slots(self) -> tuple[str, ...]:
        """The running mean squares of the gradients and of the changes."""
        return ("squares", "changes")

    @property
    def _kernels(self) -> Kernels:
        return Kernels(kernels.adadelta, kernels.adadelta_parallel)

    def _scalars(self, rate: float) -> tuple[float, ...]:
        return rate, 1 - self.decay, self.epsilon, self._shrink(rate)
