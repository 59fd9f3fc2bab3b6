"""Tables of numbers measured with several seeds."""

from __future__ import annotations

import numpy as np

from experiments.comparison import Comparison, Variant

LEARNING = ("final loss x 1000", "slow half, epochs", "of the baseline's")
"""Headings of `learning_cells`."""


def mean_and_spread(numbers: np.ndarray, digits: int = 2) -> str:
    """Write the mean over the seeds and their standard deviation, which one seed alone does not have.

    Where a number is infinite there is no mean: the number of such seeds is written then.
    """
    missing = int(np.sum(~np.isfinite(numbers)))
    if missing:
        return f"never in {missing} of {len(numbers)}"
    mean = f"{np.mean(numbers):.{digits}f}"
    return mean if len(numbers) == 1 else f"{mean} ± {np.std(numbers, ddof=1):.{digits}f}"


def ratio_to(numbers: np.ndarray, baseline: np.ndarray) -> str:
    """Write the mean and the spread of the ratios seed by seed, or a dash where one is infinite."""
    if not (np.isfinite(numbers).all() and np.isfinite(baseline).all()):
        return "-"
    return mean_and_spread(numbers / baseline)


def heading(what: str, comparison: Comparison) -> str:
    """Say what was compared, what follows the plus and minus, and where the slow half lies."""
    seeds = comparison.seeds
    spread = "one seed" if seeds == 1 else f"mean ± standard deviation over {seeds} seeds"
    thresholds = comparison.thresholds
    return f"{what}, {spread}\nslow half: held-out loss from {thresholds.half:.4f} to {thresholds.final:.4f}"


def learning_cells(comparison: Comparison, variant: Variant) -> list[str]:
    """Write how well and how fast a variant learned."""
    slow = comparison.slow_halves(variant)
    baseline = comparison.slow_halves(comparison.baseline)
    return [
        mean_and_spread(1000 * comparison.final_losses(variant)),
        mean_and_spread(slow),
        ratio_to(slow, baseline),
    ]
