"""Gradient descent: along the gradient itself, or along a velocity."""

from __future__ import annotations

from nn.argument_checks import check_below_one
from nn.kernels.optimizers import update_rules as kernels
from nn.optimizer import Kernels, Optimizer


class SGD(Optimizer):
    """Gradient descent, with momentum if asked for.

        v = momentum v + g        values -= rate v                   (Polyak 1964)
                                  values -= rate (g + momentum v)    with `nesterov`

    The second is Nesterov's accelerated gradient in the form of Sutskever et al. 2013 (equations 3
    and 4), rewritten for the point at which the gradient is taken (Bengio et al. 2013, equation 7).
    The rate stands outside the velocity, as in PyTorch: where it changes, all of the velocity follows. With
    weight decay it is SGDW (Loshchilov and Hutter 2019, algorithm 1); see `Optimizer`.

    Raises
    ------
    ValueError
        When the momentum is outside [0, 1), Nesterov is asked for without momentum, or as `Optimizer`.
    """

    name = "sgd"

    def __init__(
        self, learning_rate: float, momentum: float = 0.0, nesterov: bool = False, weight_decay: float = 0.0
    ) -> None:
        super().__init__(learning_rate, weight_decay)
        self.momentum = check_below_one("momentum", momentum)
        self.nesterov = bool(nesterov)
        if nesterov and not momentum:
            raise ValueError("Nesterov's method needs a momentum above 0, such as 0.9")

    @property
    def slots(self) -> tuple[str, ...]:
        """The velocities, when there is momentum."""
        return ("velocities",) if self.momentum else ()

    @property
    def is_plain_sgd(self) -> bool:
        """True without momentum and weight decay."""
        return not (self.momentum or self.weight_decay)

    @property
    def _kernels(self) -> Kernels:
        if self.momentum:
            return Kernels(kernels.sgd_with_momentum, kernels.sgd_with_momentum_parallel)
        return Kernels(kernels.sgd, kernels.sgd_parallel)

    def _scalars(self, rate: float) -> tuple[float, ...]:
        if not self.momentum:
            return rate, self._shrink(rate)
        along, ahead = (self.momentum, 1.0) if self.nesterov else (1.0, 0.0)
        return rate, self.momentum, along, ahead, self._shrink(rate)
