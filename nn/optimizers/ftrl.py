"""Following the leader: online learning that leaves most weights at exactly zero."""

from __future__ import annotations

from nn.argument_checks import check_not_negative, check_positive
from nn.kernels.optimizers import update_rules as kernels
from nn.optimizer import Kernels, Optimizer


class FTRL(Optimizer):
    """Follow the proximally regularised leader (McMahan et al. 2013, algorithm 1).

        n' = n + g²        z = z + g - (sqrt(n') - sqrt(n)) / rate values
        values = 0 where |z| <= l1, else -(z - sign(z) l1) / ((beta + sqrt(n')) / rate + l2)

    The paper starts at values of zero. From others, the first step keeps to them as every step keeps
    to the values before it: the values always minimise

        sum of (gradients · values) + l1 |values| + l2 values² / 2 + sum of (values - earlier ones)² / (2 r)

    (its section 3), with 1 / r adding up to (beta + sqrt(n)) / rate. That also says what a rate that
    a schedule changes means. Without L1 and L2 it is Adagrad with beta for epsilon.

    Parameters
    ----------
    learning_rate
        The paper's alpha.
    beta
        Added to the root, as epsilon is elsewhere; 1 in the paper.
    l1, l2
        Strength of the penalties l1 |value| and l2 value² / 2, in the loss's units.

    Raises
    ------
    ValueError
        When the rate, L1 or L2 is negative, or beta is not positive.
    """

    name = "ftrl"

    def __init__(
        self, learning_rate: float = 0.1, beta: float = 1.0, l1: float = 0.0, l2: float = 0.0
    ) -> None:
        super().__init__(learning_rate)
        self.beta = check_positive("beta", beta)
        self.l1 = check_not_negative("L1", l1)
        self.l2 = check_not_negative("L2", l2)

    @property
    def slots(self) -> tuple[str, ...]:
        """The sums of squares n, and the sums z."""
        return ("squares", "held_back")

    def _moves(self, rate: float) -> bool:
        """Whether the rate is above zero: at zero nothing changes."""
        return rate > 0

    @property
    def _kernels(self) -> Kernels:
        return Kernels(kernels.ftrl, kernels.ftrl_parallel)

    def _scalars(self, rate: float) -> tuple[float, ...]:
        return rate, self.beta, self.l1, self.l2
