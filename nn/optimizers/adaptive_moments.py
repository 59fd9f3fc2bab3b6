"""Running moments of the gradient: Adam and its relatives."""

from __future__ import annotations

import math

from nn.argument_checks import check_below_one, check_not_negative, check_positive
from nn.kernels.optimizers import adaptive_moments as kernels
from nn.optimizer import Kernels, Optimizer


class _Moments(Optimizer):
    """Shared settings: how fast the moments decay.

    Raises
    ------
    ValueError
        When a decay is outside [0, 1), epsilon is not positive, or as `Optimizer`.
    """

    def __init__(
        self,
        learning_rate: float,
        mean_decay: float,
        square_decay: float,
        epsilon: float,
        weight_decay: float,
    ) -> None:
        super().__init__(learning_rate, weight_decay)
        self.mean_decay = check_below_one("mean decay", mean_decay)
        self.square_decay = check_below_one("square decay", square_decay)
        self.epsilon = check_positive("epsilon", epsilon)

    @property
    def slots(self) -> tuple[str, ...]:
        """The running means and mean squares of the gradients."""
        return ("means", "squares")

    def _mean_correction(self) -> float:
        """Return the divisor of the running mean, which corrects its start at zero."""
        return float(1 - self.mean_decay**self.steps)

    def _root_correction(self) -> float:
        """Return the factor of the root of the running mean square, which corrects its start at zero."""
        return 1 / math.sqrt(1 - self.square_decay**self.steps)


class Adam(_Moments):
    """Adaptive moments (Kingma and Ba 2015, algorithm 1).

        m = b1 m + (1 - b1) g        s = b2 s + (1 - b2) g²
        values -= rate (m / (1 - b1^t)) / (sqrt(s / (1 - b2^t)) + epsilon)

    with b1 the `mean_decay`, b2 the `square_decay` and t the number of steps. With `amsgrad` the largest
    s so far takes the place of s (Reddi et al. 2018, algorithm 2, with the bias corrected as above).

    Raises
    ------
    ValueError
        When a decay is outside [0, 1) or epsilon is not positive.
    """

    name = "adam"

    def __init__(
        self,
        learning_rate: float = 0.001,
        mean_decay: float = 0.9,
        square_decay: float = 0.999,
        epsilon: float = 1e-8,
        amsgrad: bool = False,
    ) -> None:
        super().__init__(learning_rate, mean_decay, square_decay, epsilon, weight_decay=0.0)
        self.amsgrad = bool(amsgrad)

    @property
    def slots(self) -> tuple[str, ...]:
        """The running means and mean squares of the gradients; for AMSGrad the largest of these too."""
        return ("means", "squares", "largest") if self.amsgrad else ("means", "squares")

    @property
    def _kernels(self) -> Kernels:
        if self.amsgrad:
            return Kernels(kernels.amsgrad, kernels.amsgrad_parallel)
        return Kernels(kernels.adam, kernels.adam_parallel)

    def _scalars(self, rate: float) -> tuple[float, ...]:
        return (
            rate / self._mean_correction(),
            1 - self.mean_decay,
            1 - self.square_decay,
            self._root_correction(),
            self.epsilon,
            self._shrink(rate),
        )


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2); see `Optimizer`.

    Raises
    ------
    ValueError
        As for `Adam`, or when the weight decay is negative.
    """

    name = "adamw"

    def __init__(
        self,
        learning_rate: float = 0.001,
        mean_decay: float = 0.9,
        square_decay: float = 0.999,
        epsilon: float = 1e-8,
        amsgrad: bool = False,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(learning_rate, mean_decay, square_decay, epsilon, amsgrad)
        self.weight_decay = check_not_negative("weight decay", weight_decay)


class Adamax(_Moments):
    """Adam with the largest size of the gradient, which decays (Kingma and Ba 2015, algorithm 2).

        m = b1 m + (1 - b1) g        u = max(b2 u, |g| + epsilon)
        values -= rate / (1 - b1^t) m / u

    Epsilon, which the paper does not have, keeps u from zero, as in PyTorch.

    Raises
    ------
    ValueError
        When a decay is outside [0, 1), epsilon is not positive, or as `Optimizer`.
    """

    name = "adamax"

    def __init__(
        self,
        learning_rate: float = 0.002,
        mean_decay: float = 0.9,
        square_decay: float = 0.999,
        epsilon: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(learning_rate, mean_decay, square_decay, epsilon, weight_decay)

    @property
    def slots(self) -> tuple[str, ...]:
        """The running means of the gradients and their largest sizes."""
        return ("means", "largest")

    @property
    def _kernels(self) -> Kernels:
        return Kernels(kernels.adamax, kernels.adamax_parallel)

    def _scalars(self, rate: float) -> tuple[float, ...]:
        corrected = rate / self._mean_correction()
        return corrected, 1 - self.mean_decay, self.square_decay, self.epsilon, self._shrink(rate)


class Nadam(_Moments):
    """Adam with Nesterov's look ahead (Dozat 2016, algorithm 2, with its rising momentum).

        m = b1 m + (1 - b1) g        s = b2 s + (1 - b2) g²
        u(t) = b1 (1 - 0.96^(t momentum_decay) / 2)        p(t) = u(1) u(2) ... u(t)
        ahead = u(t + 1) m / (1 - p(t + 1)) + (1 - u(t)) g / (1 - p(t))
        values -= rate ahead / (sqrt(s / (1 - b2^t)) + epsilon)

    That is PyTorch's NAdam. The paper has u(t) for b1 in m as well, and b2 s for s in the root.

    Raises
    ------
    ValueError
        When a decay is outside [0, 1), the momentum's is negative, epsilon is not positive, or as
        `Optimizer`.
    """

    name = "nadam"

    def __init__(
        self,
        learning_rate: float = 0.002,
        mean_decay: float = 0.9,
        square_decay: float = 0.999,
        epsilon: float = 1e-8,
        momentum_decay: float = 0.004,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(learning_rate, mean_decay, square_decay, epsilon, weight_decay)
        self.momentum_decay = check_not_negative("momentum decay", momentum_decay)
        self._product, self._product_steps = 1.0, 0

    @property
    def _kernels(self) -> Kernels:
        return Kernels(kernels.nadam, kernels.nadam_parallel)

    def _scalars(self, rate: float) -> tuple[float, ...]:
        now, ahead = self._momentum(self.steps), self._momentum(self.steps + 1)
        product = self._momentum_product()
        return (
            rate * ahead / (1 - product * ahead),
            rate * (1 - now) / (1 - product),
            1 - self.mean_decay,
            1 - self.square_decay,
            self._root_correction(),
            self.epsilon,
            self._shrink(rate),
        )

    def _momentum(self, step: int) -> float:
        return self.mean_decay * (1 - 0.96 ** (step * self.momentum_decay) / 2)

    def _momentum_product(self) -> float:
        """Multiply the momenta of all steps, those before a resume too, always in the same order."""
        if self.steps != self._product_steps + 1:
            self._product, self._product_steps = 1.0, 0
        while self._product_steps < self.steps:
            self._product_steps += 1
            self._product *= self._momentum(self._product_steps)
        return self._product
