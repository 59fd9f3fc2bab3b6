"""All that is measured of real, held-out and synthetic entries: figures with convention and uncertainty."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from experiments.evaluation import classifiers
from experiments.evaluation.discrimination import customary_scores, signed_scores
from experiments.evaluation.files import Entries
from experiments.evaluation.frechet import measure_frechet
from experiments.evaluation.membership import Attack, attack
from experiments.evaluation.mmd import MULTIPLES, PERMUTATIONS, mmd
from experiments.evaluation.neighbours import count_copies, diversity, support
from experiments.evaluation.series import (
    autocorrelation_distance,
    cross_correlation_distance,
    marginal_distance,
    with_error,
)
from experiments.evaluation.transfer import SEEDS, Labelled, transfer

LIMIT = 2000
FEATURES = 64
"""Principal components of the real entries that the Fréchet distance is measured in."""


@dataclass(frozen=True)
class Figure:
    """A number of the report.

    Attributes
    ----------
    name, group
        What is measured, and under which heading it stands.
    value, uncertainty
        The number, and how far it would move, None of one seed; `spread` says what kind that is.
    floor
        The same of held-out real entries in place of the synthetic ones: what a perfect generator has.
    convention
        How it is defined, and what is good.
    details
        What else belongs to it.
    """

    name: str
    group: str
    value: float
    uncertainty: float | None
    spread: str
    convention: str
    floor: float | None = None
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """All figures, remarks that a reader must not miss, and the curves that are drawn."""

    figures: list[Figure]
    flags: list[str]
    data: dict[str, Any]
    curves: dict[str, Any]

    def as_dictionary(self) -> dict[str, Any]:
        """Return what `report.json` holds: numbers, text and lists of them."""
        return {
            "data": self.data,
            "flags": self.flags,
            "figures": [asdict(each) for each in self.figures],
            "curves": self.curves,
        }

    def figure(self, name: str) -> Figure:
        """Return the figure of a name."""
        return next(each for each in self.figures if each.name == name)


ERROR = "standard error, jackknife of 10 groups"
SEED_SPREAD = "standard deviation over {} seeds"
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
        Of the same shape; `check_together` holds them to it.
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
    copies = count_copies(real.values, test.values, synthetic.values)
    attacked = attack(real.values, test.values, synthetic.values)
    real, test, synthetic = (each.drawn(limit, generator) for each in (real, test, synthetic))
    figures: list[Figure] = []
    curves: dict[str, Any] = {}
    flags: list[str] = []
    progress("distances")
    figures += _distances(real.values, test.values, synthetic.values, generator, curves)
    progress("coverage")
    figures += _supports(test.values, synthetic.values, real.values, generator)
    figures += _copies(copies, curves)
    figures += _attack(attacked, flags, curves)
    if copies.exact:
        flags.append(
            f"{copies.exact} of {copies.entries} synthetic entries are exact copies of training entries."
        )
    judges = classifiers.strong_classifiers()
    for name, make in judges.items():
        progress(f"discriminative score, {name}")
        figures.append(
            _discriminative(name, make, real.values, test.values, synthetic.values, generator, seeds)
        )
        if real.labels is not None:
            progress(f"TSTR and TRTS, {name}")
            figures += _transfer(name, make, real, test, synthetic, generator, seeds)
    progress("customary discriminative score")
    figures.append(_customary(real.values, test.values, synthetic.values, generator, seeds))
    if len(judges) == 1:
        flags.append("scikit-learn is not installed: no random forest judges; pip install scikit-learn.")
    data["shape of an entry"] = list(real.values.shape[1:])
    return Report(figures, flags, data, curves)


def _distances(
    real: np.ndarray,
    test: np.ndarray,
    made: np.ndarray,
    generator: np.random.Generator,
    curves: dict[str, Any],
) -> list[Figure]:
    found, floor = (mmd(real, each, generator=generator) for each in (made, test))
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
    figures.append(_frechet(real, test, made, generator))
    measures = {
        "marginals": (
            marginal_distance,
            "Mean 1-Wasserstein distance of every number, in real standard deviations; 0 is equal. Blind to "
            "order.",
        )
    }
    if real.ndim == 3 and real.shape[1] > 1:
        measures["autocorrelation"] = (
            autocorrelation_distance,
            "Mean absolute difference of autocorrelations at lags to half of the steps, at most 20; axes "
            "are steps, variables. Blind to shift and scale.",
        )
        if real.shape[2] > 1:
            measures["cross-correlation"] = (
                cross_correlation_distance,
                "Mean absolute difference of correlations between variables at the same step. Blind to "
                "shift, scale and order in time.",
            )
    for name, (measure, words) in measures.items():
        value = with_error(measure, real, made, generator=generator)
        floor_value = measure(real, test)
        figures.append(
            Figure(name, "Distances", value.value, value.standard_error, ERROR, words, floor_value)
        )
    return figures


def _frechet(real: np.ndarray, test: np.ndarray, made: np.ndarray, generator: np.random.Generator) -> Figure:
    count = min(len(test), len(made))
    sides = [each.reshape(len(each), -1).astype(np.float64) for each in (real, test[:count], made[:count])]
    mean = sides[0].mean(axis=0)
    _, _, directions = np.linalg.svd(sides[0] - mean, full_matrices=False)
    kept = directions[:FEATURES].T
    known, held_out, synthetic = ((each - mean) @ kept for each in sides)
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


def _discriminative(
    name: str,
    make: classifiers.Make,
    real: np.ndarray,
    test: np.ndarray,
    made: np.ndarray,
    generator: np.random.Generator,
    seeds: int,
) -> Figure:
    count = min(len(real), len(test), len(made))
    found, floor = (
        signed_scores(make, real, each, generator=generator, count=count, seeds=seeds)
        for each in (made, test)
    )
    words = (
        f"AUC - 0.5, signed, of real against synthetic on the 30 % that were not trained on "
        f"({classifiers.DESCRIPTIONS[name]}): 0 cannot be told, 0.5 always."
    )
    details = {
        "entries of each side": count,
        "seeds": found.tolist(),
        "seeds of the floor": floor.tolist(),
        "spread of the floor": _spread(floor),
    }
    return Figure(
        f"discriminative score, {name}", "Told from real", float(found.mean()), _spread(found),
        SEED_SPREAD.format(seeds), words, float(floor.mean()), details,
    )  # fmt: skip


def _customary(
    real: np.ndarray, test: np.ndarray, made: np.ndarray, generator: np.random.Generator, seeds: int
) -> Figure:
    recurrent = real.ndim == 3 and real.shape[1] > 1
    variables = real.shape[2] if recurrent else int(np.prod(real.shape[1:]))
    units = classifiers.weak_units(variables)
    make = classifiers.weak(variables, recurrent=recurrent)
    count = min(len(real), len(test), len(made))
    found, floor = (
        customary_scores(make, real, each, generator=generator, count=count, seeds=seeds)
        for each in (made, test)
    )
    words = (
        f"|accuracy - 0.5| of the customary classifier, {units} {'GRU' if recurrent else 'dense'} unit(s): "
        "too weak to judge by where that is few, to stand beside published figures only."
    )
    return Figure(
        "discriminative score, customary and weak", "Told from real", float(found.mean()), _spread(found),
        SEED_SPREAD.format(seeds), words, float(floor.mean()), {"units": units, "seeds": found.tolist()},
    )  # fmt: skip


def _transfer(
    name: str,
    make: classifiers.Make,
    real: Entries,
    test: Entries,
    synthetic: Entries,
    generator: np.random.Generator,
    seeds: int,
) -> list[Figure]:
    sides = [Labelled(each.values, np.asarray(each.labels)) for each in (real, test, synthetic)]
    found = transfer(make, *sides, generator=generator, seeds=seeds)
    meanings = {
        "TRTR": "trained on real, tested on held-out real: what can be reached",
        "TSTR": "trained on synthetic, tested on held-out real",
        "TRTS": "trained on real, tested on synthetic",
    }
    figures = []
    for key, words in meanings.items():
        values, shares = getattr(found, key.lower()), found.shares(key.lower())
        details = {
            "share of TRTR": float(shares.mean()),
            "spread of the share": _spread(shares),
            "seeds": values.tolist(),
        }
        figures.append(
            Figure(
                f"{key}, {name}", "Use for training", float(values.mean()), _spread(values),
                SEED_SPREAD.format(seeds), f"Accuracy, {words} ({classifiers.DESCRIPTIONS[name]}).",
                float(found.trtr.mean()), details,
            )
        )  # fmt: skip
    return figures


def _spread(values: np.ndarray) -> float | None:
    return float(values.std(ddof=1)) if len(values) > 1 else None
