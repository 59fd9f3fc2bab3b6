"""Figures that need a training: what tells entries apart, learns from them, predicts or classifies them."""

from __future__ import annotations

from typing import Any

import numpy as np

from experiments.evaluation.classes import ClassShares, class_shares, shares
from experiments.evaluation.classifiers import Judge, fit, own_network, weak
from experiments.evaluation.discrimination import customary_scores, signed_scores
from experiments.evaluation.figure import SEED_SPREAD, Figure, spread_of
from experiments.evaluation.frechet import measure_frechet
from experiments.evaluation.predictive import (
    Series,
    Task,
    bounds_of,
    next_step_task,
    predictive_errors,
    published_task,
)
from experiments.evaluation.sides import Side
from experiments.evaluation.transfer import Labelled, transfer

ERROR = "standard error, jackknife of 10 groups"
TOLD = "Told from real"
USED = "Use for training"
PREDICTED = "Prediction"
CLASSES = "Classes"


def discriminative(
    judge: Judge, real: Side, test: Side, made: Side, *, generator: np.random.Generator, seeds: int
) -> Figure:
    """Return the discriminative score of a strong classifier."""
    count = min(len(real.shown), len(test.shown), len(made.shown))
    found, floor = (
        signed_scores(judge, real.shown, each.shown, generator=generator, count=count, seeds=seeds)
        for each in (made, test)
    )
    words = (
        f"AUC - 0.5, signed, of real against synthetic on the 30 % that were not trained on "
        f"({judge.description}): 0 cannot be told, 0.5 always."
    )
    details = {
        "entries of each side": count,
        "seeds": found.tolist(),
        "seeds of the floor": floor.tolist(),
        "spread of the floor": spread_of(floor),
    }
    return Figure(
        f"discriminative score, {judge.name}", TOLD, float(found.mean()), spread_of(found),
        SEED_SPREAD.format(seeds), words, float(floor.mean()), details,
    )  # fmt: skip


def customary(real: Side, test: Side, made: Side, *, generator: np.random.Generator, seeds: int) -> Figure:
    """Return the customary discriminative score, of few units."""
    shape = real.shown.shape[1:]
    variables = shape[-1] if real.are_series else int(np.prod(shape))
    judge = weak(variables, recurrent=real.are_series)
    count = min(len(real.shown), len(test.shown), len(made.shown))
    found, floor = (
        customary_scores(judge, real.shown, each.shown, generator=generator, count=count, seeds=seeds)
        for each in (made, test)
    )
    words = (
        f"|accuracy - 0.5| of the customary classifier, {judge.description}: too weak to judge by where that "
        "is few, to stand beside published figures only."
    )
    units = max(1, variables // 2)
    return Figure(
        "discriminative score, customary and weak", TOLD, float(found.mean()), spread_of(found),
        SEED_SPREAD.format(seeds), words, float(floor.mean()), {"units": units, "seeds": found.tolist()},
    )  # fmt: skip


def transferred(
    judge: Judge, real: Side, test: Side, made: Side, *, generator: np.random.Generator, seeds: int
) -> list[Figure]:
    """Return TRTR, TSTR and TRTS of a classifier."""
    sides = [Labelled(each.shown, np.asarray(each.labels)) for each in (real, test, made)]
    found = transfer(judge, *sides, generator=generator, seeds=seeds)
    meanings = {
        "TRTR": "trained on real, tested on held-out real: what can be reached",
        "TSTR": "trained on synthetic, tested on held-out real",
        "TRTS": "trained on real, tested on synthetic",
    }
    figures = []
    for key, words in meanings.items():
        values, part = getattr(found, key.lower()), found.shares(key.lower())
        details = {
            "share of TRTR": float(part.mean()),
            "spread of the share": spread_of(part),
            "seeds": values.tolist(),
        }
        figures.append(
            Figure(
                f"{key}, {judge.name}", USED, float(values.mean()), spread_of(values),
                SEED_SPREAD.format(seeds), f"Accuracy, {words} ({judge.description}).",
                float(found.trtr.mean()), details,
            )
        )  # fmt: skip
    return figures


def predictive(
    real: Side, test: Side, made: Side, *, generator: np.random.Generator, seeds: int
) -> list[Figure]:
    """Return the predictive score of series by both definitions, or by that which one variable has."""
    tasks = {
        "predictive score, next step": (
            next_step_task(),
            "predicts all variables a step later from all of them, as the paper says (Yoon et al. 2019)",
        )
    }
    variables = real.values.shape[2]
    if variables > 1:
        tasks["predictive score, published code"] = (
            published_task(variables),
            "predicts the last variable a step later from the others, as the code published with the paper "
            "does, though tested on held-out series here",
        )
    return [
        _predicted(name, *each, real, test, made, generator=generator, seeds=seeds)
        for name, each in tasks.items()
    ]


def _predicted(
    name: str,
    task: Task,
    words: str,
    real: Side,
    test: Side,
    made: Side,
    *,
    generator: np.random.Generator,
    seeds: int,
) -> Figure:
    known, held_out, synthetic = (Series(each.values, each.mask) for each in (real, test, made))
    count = min(len(real.values), len(made.values))
    found, floor = (
        predictive_errors(
            task, each, held_out, bounds=bounds_of(known), generator=generator, count=count, seeds=seeds
        )
        for each in (synthetic, known)
    )
    convention = (
        f"Mean absolute error on held-out real series, which are 0 to 1 in the training ones, of a GRU of "
        f"{task.units} unit(s) that learned from synthetic ones and {words}. Less is better; the floor "
        "learned from real ones."
    )
    details = {"trained on": count, "seeds": found.tolist(), "seeds of the floor": floor.tolist()}
    return Figure(
        name, PREDICTED, float(found.mean()), spread_of(found), SEED_SPREAD.format(seeds), convention,
        float(floor.mean()), details,
    )  # fmt: skip


def classes(
    real: Side, test: Side, made: Side, *, generator: np.random.Generator, curves: dict[str, Any]
) -> list[Figure]:
    """Return what a network that learned the classes of the real entries finds in the synthetic ones."""
    judge = own_network(real.shown.shape[1:])
    learned = np.asarray(real.labels)
    model = fit(judge, int(generator.integers(2**31)), real.shown, learned)
    asked = learned if made.labels is None else np.asarray(made.labels)
    found, floor = (
        class_shares(model.predict(side.shown), labels, model.classes, generator=generator)
        for side, labels in ((made, asked), (test, np.asarray(test.labels)))
    )
    names = [str(each) for each in model.classes.tolist()]
    curves["classes"] = {
        "names": names,
        "asked": found.asked.tolist(),
        "found": found.found.tolist(),
        "real": shares(learned, model.classes).tolist(),
    }
    count = min(len(test.shown), len(made.shown))
    known, held_out, synthetic = (
        model.features(each) for each in (real.shown, test.shown[:count], made.shown[:count])
    )
    apart, apart_floor = (measure_frechet(known, each, generator=generator) for each in (synthetic, held_out))
    words = (
        f"Fréchet distance in the {apart.features} features before the last layer of the classifier "
        f"({judge.name}: {judge.description}) that learned the labels of the real entries. Biased upwards, "
        "the more so the fewer entries: the floor has as many."
    )
    return [
        Figure(
            "Fréchet distance, features", "Distances", apart.value, apart.standard_error, ERROR, words,
            apart_floor.value, {"compared": apart.counts, "features": apart.features},
        ),
        *_shares(found, floor, made.labels is not None, judge),
    ]  # fmt: skip


def _shares(found: ClassShares, floor: ClassShares, labelled: bool, judge: Judge) -> list[Figure]:
    source = "the labels they came with" if labelled else "those of the real entries"
    told = f"as a {judge.name} tells them that learned the real labels"
    missing = len(found.missing)
    return [
        Figure(
            "class shares", CLASSES, found.distance, found.distance_error, ERROR,
            f"Total variation (half of the summed differences) of the classes of synthetic entries, {told}, "
            f"and {source}; 0 is equal, 1 nothing in common.", floor.distance,
        ),
        Figure(
            "class entropy", CLASSES, found.entropy, found.entropy_error, ERROR,
            f"Entropy of the classes of synthetic entries, {told}, over that of classes as common; 0 is a "
            "single class.", floor.entropy,
        ),
        Figure(
            "missing classes", CLASSES, float(missing), None, "a count, without uncertainty",
            f"Classes of which less than a tenth is found of what was asked for, {told}.",
            float(len(floor.missing)), {"missing": [str(each) for each in found.missing] or "none"},
        ),
    ]  # fmt: skip
