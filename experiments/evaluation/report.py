"""All that is measured of real, held-out and synthetic entries: figures with convention and uncertainty."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from experiments.evaluation import trained
from experiments.evaluation.classifiers import strong_judges
from experiments.evaluation.figure import Figure, Report
from experiments.evaluation.files import Entries
from experiments.evaluation.frechet import in_components, measure_frechet
from experiments.evaluation.lengths import length_distance
from experiments.evaluation.membership import Attack, attack
from experiments.evaluation.mmd import MULTIPLES, PERMUTATIONS, mmd
from experiments.evaluation.neighbours import count_copies, diversity, support
from experiments.evaluation.series import (
    autocorrelation_distance,
    cross_correlation_distance,
    marginal_distance,
    with_error,
)
from experiments.evaluation.sides import Side, filling_for, masks_of, sides_of
from experiments.evaluation.transfer import SEEDS

LIMIT = 2000
JUDGES = 3

ERROR = "standard error, jackknife of 10 groups"
Progress = Callable[[str], None]
"""Is told what is measured next."""


def evaluate(
    real: Entries,
    test: Entries,
    synthetic: Entries,
    *,
    generator: np.random.Generator,
    limit: int = LIMIT,
    seeds: int = SEEDS,
    progress: Progress = lambda name: None,
) -> Report:
    """Measure synthetic entries against those that were trained on, `real`, and those that were not, `test`.

    Parameters
    ----------
    real, test, synthetic
        Of the same shape; `check_together` holds them to it. Labels of `synthetic` may be missing.
    generator
        Of all that is drawn.
    limit
        Entries of each that are used; a random part of what has more. Copies and members are looked for in
        all: what a part leaves out may be what was copied.
    seeds
        Trainings of every classifier.
    progress
        See `Progress`.
    """
    progress("copies and membership inference")
    data: dict[str, Any] = {
        name: {"file": str(each.path), "entries": len(each), "used": min(len(each), limit)}
        for name, each in (("real", real), ("test", test), ("synthetic", synthetic))
    }
    files = real, test, synthetic
    filling = filling_for(files)
    everything = [each.shown for each in sides_of(files, filling)]
    copies, attacked = count_copies(*everything), attack(*everything)
    drawn = sides_of([each.drawn(limit, generator) for each in files], filling)
    known, held_out, made = drawn
    figures: list[Figure] = []
    curves: dict[str, Any] = {}
    flags: list[str] = []
    progress("distances")
    figures += _distances(known, held_out, made, generator, curves)
    progress("coverage")
    figures += _supports(held_out.shown, made.shown, known.shown, generator)
    figures += _copies(copies, curves)
    figures += _attack(attacked, flags, curves)
    if copies.exact:
        flags.append(
            f"{copies.exact} of {copies.entries} synthetic entries are exact copies of training entries."
        )
    if known.labels is not None and len(np.unique(known.labels)) > 1:
        progress("classes")
        figures += trained.classes(*drawn, generator=generator, curves=curves)
    judges = strong_judges(known.shown.shape[1:])
    for judge in judges:
        progress(f"discriminative score, {judge.name}")
        figures.append(trained.discriminative(judge, *drawn, generator=generator, seeds=seeds))
        if made.labels is not None:
            progress(f"TSTR and TRTS, {judge.name}")
            figures += trained.transferred(judge, *drawn, generator=generator, seeds=seeds)
    progress("customary discriminative score")
    figures.append(trained.customary(*drawn, generator=generator, seeds=seeds))
    if known.are_series:
        progress("predictive score")
        figures += trained.predictive(*drawn, generator=generator, seeds=seeds)
    if len(judges) < JUDGES:
        flags.append(
            f"scikit-learn is not installed: {len(judges)} of {JUDGES} classifiers judge; pip install "
            "scikit-learn."
        )
    data["shape of an entry"] = list(real.values.shape[1:])
    if filling is not None:
        data["lengths"] = "unequal"
    return Report(figures, flags, data, curves)


def _distances(
    real: Side, test: Side, made: Side, generator: np.random.Generator, curves: dict[str, Any]
) -> list[Figure]:
    found, floor = (mmd(real.shown, each.shown, generator=generator) for each in (made, test))
    curves["mmd chance"] = found.chance.tolist()
    details = {
        "p value": found.p_value,
        "p value of the floor": floor.p_value,
        "permutations": PERMUTATIONS,
        "bandwidths": found.bandwidths,
        "compared": found.counts,
        "only for the bandwidths": found.bandwidth_count,
    }
    convention = (
        f"Unbiased MMD^2 (Gretton et al. 2012, eq. 3), mean of {len(MULTIPLES)} RBF kernels of "
        f"{', '.join(f'{each:g}' for each in MULTIPLES)} median distances, taken from a third of the real "
        "entries that is not compared; 0 is equal, and may fall below it by chance. p: permutation of "
        "entries."
    )
    figures = [
        Figure(
            "MMD^2", "Distances", found.value, found.standard_error, ERROR, convention, floor.value, details
        )
    ]
    figures.append(_frechet(real.shown, test.shown, made.shown, generator))
    measures = {
        "marginals": (
            marginal_distance,
            "Mean 1-Wasserstein distance of every number, in real standard deviations; 0 is equal. Blind to "
            "order.",
        )
    }
    if real.are_series:
        measures["autocorrelation"] = (
            autocorrelation_distance,
            "Mean absolute difference of autocorrelations at lags to half of the steps, at most 20; axes "
            "are steps, variables. Blind to shift and scale.",
        )
        if real.values.shape[2] > 1:
            measures["cross-correlation"] = (
                cross_correlation_distance,
                "Mean absolute difference of correlations between variables at the same step. Blind to "
                "shift, scale and order in time.",
            )
    if real.mask is not None:
        measures["lengths"] = (
            length_distance,
            "1-Wasserstein distance of the lengths, in steps; 0 is equal.",
        )
    for name, (measure, words) in measures.items():
        value = with_error(measure, real.values, made.values, masks_of(real, made), generator=generator)
        floor_value = measure(real.values, test.values, masks_of(real, test))
        figures.append(
            Figure(name, "Distances", value.value, value.standard_error, ERROR, words, floor_value)
        )
    return figures


def _frechet(real: np.ndarray, test: np.ndarray, made: np.ndarray, generator: np.random.Generator) -> Figure:
    count = min(len(test), len(made))
    known, held_out, synthetic = in_components(real, test[:count], made[:count])
    found, floor = (measure_frechet(known, each, generator=generator) for each in (synthetic, held_out))
    words = (
        f"Fréchet distance in {found.features} principal components of the real entries. Biased upwards, "
        "the more so the fewer entries: the floor has as many."
    )
    details = {"compared": found.counts, "features": found.features}
    return Figure(
        "Fréchet distance", "Distances", found.value, found.standard_error, ERROR, words, floor.value, details
    )


def _supports(
    test: np.ndarray, made: np.ndarray, real: np.ndarray, generator: np.random.Generator
) -> list[Figure]:
    count = min(len(test), len(made))
    found, floor = (support(real, each[:count]) for each in (made, test))
    diverse, diverse_floor = (diversity(real, each, generator=generator) for each in (made, test))
    details = {"neighbours": found.neighbours, "compared": found.counts}
    group = "Coverage and diversity"
    return [
        Figure(
            "coverage", group, found.coverage, found.coverage_error, "binomial standard error",
            "Share of real entries whose ball, to their 5th nearest real one, holds a synthetic entry "
            "(Naeem et al. 2020); more is better; depends on the counts, which the floor has too.",
            floor.coverage, details,
        ),
        Figure(
            "density", group, found.density, found.density_error, "standard error",
            "In how many such balls a synthetic entry lies, over 5; below 1: far from the real ones; above: "
            "crowded.",
            floor.density, details,
        ),
        Figure(
            "diversity", group, diverse.value, diverse.standard_error, "standard error",
            "Mean distance between synthetic entries over that between real ones; 1 is as diverse.",
            diverse_floor.value,
        ),
    ]  # fmt: skip


def _copies(copies: Any, curves: dict[str, Any]) -> list[Figure]:
    curves["nearest synthetic"] = copies.distances.tolist()
    curves["nearest held out"] = copies.held_out_distances.tolist()
    group, share = "Privacy", copies.exact / copies.entries
    exact_error = max(float(np.sqrt(share * (1 - share) / copies.entries)), 1 / copies.entries)
    details = {"count": copies.exact, "of": copies.entries}
    near = {"count": copies.near, "of": copies.entries, "distance": copies.threshold}
    return [
        Figure(
            "exact copies", group, share, exact_error, "binomial standard error, at least one entry",
            "Share of synthetic entries equal to a training entry in every number, as float32.",
            copies.held_out_exact / len(copies.held_out_distances), details,
        ),
        Figure(
            "near copies", group, copies.near_share, copies.near_error, "binomial standard error",
            "Share of synthetic entries as near to a training entry as the nearest 1 % of held-out ones: "
            "0.01 by chance. Distances miss leakage (arXiv 2505.01524).", 0.01, near,
        ),
    ]  # fmt: skip


def _attack(found: Attack, flags: list[str], curves: dict[str, Any]) -> list[Figure]:
    curves["roc"] = [found.false_rates.tolist(), found.true_rates.tolist()]
    if found.copies:
        flags.append(f"The generator copies its training data: membership AUC {found.auc:.3f}, above 0.9.")
    elif found.leaks:
        flags.append(
            f"Training entries can be told: membership AUC {found.auc:.3f}, more than 3 errors above 0.5."
        )
    details = {"members": found.counts[0], "others": found.counts[1]}
    return [
        Figure(
            "membership AUC", "Privacy", found.auc, found.auc_error,
            "standard error (Hanley and McNeil 1982)",
            "Training entries told from held-out ones by the distance to the nearest synthetic entry; 0.5 "
            "is no knowledge, above 0.9 is flagged.", 0.5, details,
        ),
        Figure(
            "membership true positives at 1 % false", "Privacy", found.true_rate, found.true_rate_error,
            "binomial standard error", "Share of training entries found where 1 % of the others are accused.",
            0.01, details,
        ),
    ]  # fmt: skip
