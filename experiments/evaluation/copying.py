"""Generators that copy what they learned from, and honest ones: what membership inference finds of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from experiments.evaluation.changes import Made
from experiments.evaluation.membership import Attack, attack
from experiments.evaluation.neighbours import Copies, count_copies

COUNT = 1000
NOISE = 0.05
"""In deviations of the training series."""

Generate = Callable[[np.ndarray, np.random.Generator], np.ndarray]
"""Makes series after those that it learned from, (n, steps, variables)."""

Draw = Callable[[int, int], Made]
"""Draws a number of series with a seed."""


def copies(training: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return training series, drawn with replacement: five times as many, so that hardly any is left out."""
    return training[generator.integers(len(training), size=5 * len(training))]


def few_copies(training: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return as many training series, drawn with replacement: more than a third is left out."""
    return training[generator.integers(len(training), size=len(training))]


def noisy_copies(training: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return each training series with a little noise."""
    return training + NOISE * training.std() * generator.normal(size=training.shape)


def half_copies(training: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return half of the training series, and as many from a normal distribution."""
    half = len(training) // 2
    return np.concatenate([training[:half], normal(training, generator)[half:]])


def normal(training: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return series from the normal distribution with the mean and covariance of the training series."""
    vectors = training.reshape(len(training), -1)
    covariance = np.cov(vectors.T)
    found = generator.multivariate_normal(vectors.mean(axis=0), covariance, len(vectors), method="eigh")
    return found.reshape(training.shape)


GENERATORS: Mapping[str, Generate] = {
    "training series with replacement, 5 times as many": copies,
    "training series with replacement, as many": few_copies,
    "training series with noise of 5 % of their deviation": noisy_copies,
    "half training series, half of a normal distribution": half_copies,
    "normal distribution of mean and covariance": normal,
}


def attacked(draw: Draw) -> dict[str, tuple[Attack, Copies]]:
    """Return what is found of each generator, and of fresh draws of the source, which nothing beats."""
    training, held_out, fresh = (draw(COUNT, seed).values for seed in range(3))
    made = {name: each(training, np.random.default_rng(0)) for name, each in GENERATORS.items()}
    made["fresh draws of the source"] = fresh
    return {
        name: (attack(training, held_out, each), count_copies(training, held_out, each))
        for name, each in made.items()
    }


def copies_table(found: Mapping[str, tuple[Attack, Copies]]) -> str:
    """Return a Markdown table of what is found."""
    head = "generator | membership AUC | true positives at 1 % false | exact copies | near copies | flagged"
    rows = [head, " | ".join(["---"] * 6)]
    for name, (told, copied) in found.items():
        flagged = "copies" if told.copies else "leaks" if told.leaks else "no"
        rows.append(
            f"{name} | {told.auc:.2f} ± {told.auc_error:.2f} | {told.true_rate:.2f} | "
            f"{copied.exact / copied.entries:.2f} | {copied.near_share:.2f} | {flagged}"
        )
    return "\n".join(f"| {row} |" for row in rows)
