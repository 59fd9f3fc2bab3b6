"""Scheduled sampling: how often a head reads the true frame before, rather than its own."""

from __future__ import annotations

import math
from dataclasses import dataclass

from nn.argument_checks import check_count, check_share
from nn.lookup import look_up

CURVES = ("constant", "linear", "exponential", "inverse_sigmoid")


@dataclass(frozen=True)
class Sampling:
    """The probability of the true frame after i of k steps of training.

        constant            start
        linear              start + (end - start) i / k, at most that of i = k
        exponential         end + (start - end) 0.01^(i / k)
        inverse_sigmoid     end + (start - end) c / (c + exp(i / (k / 12) - 6)), c = 1

    (Bengio et al. 2015, "Scheduled sampling for sequence prediction with recurrent neural networks", section
    2.4, with the steepness chosen so that all of them are down at about i = k.)

    Attributes
    ----------
    curve
        One of these.
    start, end
        Probabilities, in [0, 1].
    steps
        k.

    Raises
    ------
    ValueError
        When there is no such curve, or a number is out of range.
    """

    curve: str = "constant"
    start: float = 1.0
    end: float = 0.0
    steps: int = 10_000

    def __post_init__(self) -> None:
        look_up(dict.fromkeys(CURVES), self.curve, "video: sampling curve")
        check_share("video: sampling start", self.start)
        check_share("video: sampling end", self.end)
        check_count("video: sampling steps", self.steps)

    def probability(self, step: int) -> float:
        """Return the probability of the true frame after so many steps of training."""
        share, fall = step / self.steps, self.start - self.end
        if self.curve == "constant":
            return self.start
        if self.curve == "linear":
            return self.start - fall * min(share, 1.0)
        if self.curve == "exponential":
            return self.end + fall * 0.01**share
        return self.end + fall / (1 + math.exp(min(12 * share - 6, 500.0)))

    @property
    def always_shows(self) -> bool:
        """Whether the true frame is always read."""
        return self.start == 1 and (self.curve == "constant" or self.end == 1)
