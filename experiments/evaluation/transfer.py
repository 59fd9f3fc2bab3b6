"""Train on synthetic, test on real (TSTR), the reverse (TRTS), and what real data itself gives (TRTR)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from experiments.evaluation.classifiers import Judge, fit
from experiments.evaluation.entries import check_same_shape, checked

SEEDS = 5


class Labelled(NamedTuple):
    """Entries (n, ...) and their labels (n,)."""

    values: np.ndarray
    labels: np.ndarray


class Transfer(NamedTuple):
    """Accuracies of one kind of classifier, a number for every seed."""

    trtr: np.ndarray
    tstr: np.ndarray
    trts: np.ndarray

    def shares(self, name: str) -> np.ndarray:
        """Return "trtr", "tstr" or "trts" as a share of TRTR with the same seed."""
        shares: np.ndarray = getattr(self, name) / np.maximum(self.trtr, 1e-12)
        return shares


def transfer(
    judge: Judge,
    real: Labelled,
    test: Labelled,
    synthetic: Labelled,
    *,
    generator: np.random.Generator,
    seeds: int = SEEDS,
) -> Transfer:
    """Return how often a classifier is right on what it was not trained on.

    TRTR and TSTR are tested on the same held-out real entries, TRTS on the synthetic ones. Both train on as
    many entries: with more of one side, on a random part of it, another one for every seed. What stops
    training early is a part of the entries that are trained on.

    References
    ----------
    Esteban, Hyland and Rätsch (2017), Real-valued (medical) time series generation with recurrent conditional
    GANs, section 3.3.
    """
    check_same_shape(real.values, synthetic.values)
    check_same_shape(real.values, test.values)
    sides = [
        Labelled(checked(each.values, what), np.asarray(each.labels))
        for each, what in ((real, "real"), (test, "test"), (synthetic, "synthetic"))
    ]
    known, held_out, made = sides
    count = min(len(known.values), len(made.values))
    rows = []
    for seed in generator.integers(2**31, size=seeds):
        on_real, on_synthetic = (
            fit(judge, int(seed), each.values[part], each.labels[part])
            for each in (known, made)
            for part in [generator.permutation(len(each.values))[:count]]
        )
        rows.append([
            np.mean(model.predict(tested.values) == tested.labels)
            for model, tested in ((on_real, held_out), (on_synthetic, held_out), (on_real, made))
        ])  # fmt: skip
    return Transfer(*np.array(rows, float).T)
