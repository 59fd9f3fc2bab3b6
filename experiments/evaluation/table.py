"""Which change of generated series moves which measure: measured, and as the table of `docs/evaluation.md`.

python -m experiments.evaluation.table docs/evaluation.json docs/evaluation.md
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from tqdm import tqdm

from experiments.evaluation.changes import CHANGES, RARE, UNEQUAL, Given, Made
from experiments.evaluation.classes import class_shares
from experiments.evaluation.classifiers import FOREST, NETWORK, RECURRENT, Fitted, fit, weak
from experiments.evaluation.copying import attacked, copies_table
from experiments.evaluation.discrimination import customary_scores, signed_scores
from experiments.evaluation.frechet import frechet_distance, in_components
from experiments.evaluation.lengths import filling_of, length_distance
from experiments.evaluation.membership import attack
from experiments.evaluation.mmd import mmd
from experiments.evaluation.neighbours import count_copies, diversity, support
from experiments.evaluation.predictive import (
    Series,
    bounds_of,
    next_step_task,
    predictive_errors,
    published_task,
)
from experiments.evaluation.series import (
    autocorrelation_distance,
    cross_correlation_distance,
    marginal_distance,
)
from experiments.evaluation.sides import Side, masks_of
from experiments.evaluation.transfer import Labelled, transfer
from workbench.files import write_text

COUNT = 200
STEPS = 24
SIZES = (0.0, 0.5, 1.0)
QUICK_DRAWS, DRAWS = 4, 3
CLEAR = 3.0
"""Standard errors of a mean over the draws beyond which a measure has moved."""

SIGNS = {"rises": "↑", "falls": "↓", "blind": "·", "moves": "~"}


class Case(NamedTuple):
    """Three sides, a network that learned the labels of the real one, and the draws of a measure."""

    real: Side
    test: Side
    made: Side
    model: Fitted
    generator: np.random.Generator


Measure = Callable[[Case], float]


def labelled_waves(count: int, seed: int) -> Made:
    """Return series (count, 24, 2) of three common classes, by frequency, and one that is rare and larger."""
    generator = np.random.default_rng(seed)
    labels = np.where(np.arange(count) % 25 == 24, RARE, np.arange(count) % RARE)
    frequencies = np.array([0.3, 0.5, 0.7, 0.4])[labels] * generator.uniform(0.9, 1.1, count)
    heights = np.array([1.0, 1.0, 1.0, 2.0])[labels]
    phases = generator.uniform(0, 2 * np.pi, count)
    angles = np.arange(STEPS) * frequencies[:, None] + phases[:, None]
    values = heights[:, None, None] * np.stack([np.sin(angles), np.sin(angles + 0.7)], axis=2)
    return Made(values + 0.15 * generator.normal(size=values.shape), labels)


def _series(case: Case) -> list[Series]:
    return [Series(each.values, each.mask) for each in (case.real, case.test, case.made)]


def _of_series(measure: Callable[..., float]) -> Measure:
    return lambda case: measure(case.real.values, case.made.values, masks_of(case.real, case.made))


def _frechet(case: Case) -> float:
    return frechet_distance(*in_components(case.real.shown, case.made.shown))


def _frechet_features(case: Case) -> float:
    return frechet_distance(*(case.model.features(each.shown) for each in (case.real, case.made)))


def _shares(of: str) -> Measure:
    def measure(case: Case) -> float:
        found = class_shares(
            case.model.predict(case.made.shown),
            np.asarray(case.made.labels),
            case.model.classes,
            generator=case.generator,
        )
        return float(len(found.missing) if of == "missing" else getattr(found, of))

    return measure


def _discriminative(judge: Any) -> Measure:
    return lambda case: float(
        signed_scores(judge, case.real.shown, case.made.shown, generator=case.generator, seeds=1).mean()
    )


def _customary(case: Case) -> float:
    judge = weak(case.real.shown.shape[2], recurrent=True)
    sides = case.real.shown, case.made.shown
    return float(customary_scores(judge, *sides, generator=case.generator, seeds=1).mean())


def _predictive(task: Any) -> Measure:
    def measure(case: Case) -> float:
        real, test, made = _series(case)
        bounds = bounds_of(real)
        found = predictive_errors(task, made, test, bounds=bounds, generator=case.generator, seeds=1)
        return float(found.mean())

    return measure


def _transfer(name: str) -> Measure:
    def measure(case: Case) -> float:
        sides = [Labelled(each.shown, np.asarray(each.labels)) for each in case[:3]]
        found = transfer(NETWORK, *sides, generator=case.generator, seeds=1)
        return float(getattr(found, name).mean())

    return measure


def _copies(case: Case) -> float:
    found = count_copies(*(each.shown for each in case[:3]))
    return found.exact / found.entries


def _near_copies(case: Case) -> float:
    return count_copies(*(each.shown for each in case[:3])).near_share


def _attack(name: str) -> Measure:
    return lambda case: float(getattr(attack(*(each.shown for each in case[:3])), name))


QUICK: Mapping[str, Measure] = {
    "MMD^2": lambda case: (
        mmd(case.real.shown, case.made.shown, generator=case.generator, permutations=1).value
    ),
    "Fréchet distance": _frechet,
    "Fréchet distance, features": _frechet_features,
    "marginals": _of_series(marginal_distance),
    "autocorrelation": _of_series(autocorrelation_distance),
    "cross-correlation": _of_series(cross_correlation_distance),
    "lengths": _of_series(length_distance),
    "coverage": lambda case: support(case.real.shown, case.made.shown).coverage,
    "density": lambda case: support(case.real.shown, case.made.shown).density,
    "diversity": lambda case: diversity(case.real.shown, case.made.shown, generator=case.generator).value,
    "class shares": _shares("distance"),
    "class entropy": _shares("entropy"),
    "missing classes": _shares("missing"),
    "exact copies": _copies,
    "near copies": _near_copies,
    "membership AUC": _attack("auc"),
    "true positives at 1 % false": _attack("true_rate"),
}
"""Measures that need no training of their own."""

TRAINED: Mapping[str, Measure] = {
    "discriminative, network": _discriminative(NETWORK),
    "discriminative, forest": _discriminative(FOREST),
    "discriminative, recurrent": _discriminative(RECURRENT),
    "discriminative, customary and weak": _customary,
    "predictive, published code": _predictive(published_task(2)),
    "predictive, next step": _predictive(next_step_task()),
    "TSTR": _transfer("tstr"),
    "TRTS": _transfer("trts"),
}
MEASURES = {**QUICK, **TRAINED}

Cells = dict[str, dict[str, dict[str, Any]]]
"""Of every change and measure: means over the draws by size, their standard error, and the verdict."""


def case_of(change: str, size: float, draw: int) -> Case:
    """Return the sides of one draw of series, of which the synthetic ones are changed."""
    real, test, fresh = (labelled_waves(COUNT, 3 * draw + number) for number in range(3))
    made = CHANGES[change](Given(fresh, real.values, size, np.random.default_rng(draw)))
    unequal = change in UNEQUAL
    known, held_out, synthetic = (_side(each, real, unequal) for each in (real, test, made))
    return Case(known, held_out, synthetic, _learned(draw, unequal), np.random.default_rng(100 + draw))


def _side(made: Made, real: Made, unequal: bool) -> Side:
    if not unequal:
        return Side(made.values, made.values, made.labels)
    full = np.ones(made.values.shape[:2], bool)
    mask = full if made.mask is None else made.mask
    shown = filling_of(real.values, np.ones(real.values.shape[:2], bool)).show(made.values, mask)
    return Side(made.values, shown, made.labels, mask)


@cache
def _learned(draw: int, unequal: bool) -> Fitted:
    real = labelled_waves(COUNT, 3 * draw)
    return fit(RECURRENT, 0, _side(real, real, unequal).shown, real.labels)


def measured(measures: Mapping[str, Measure], changes: Sequence[str], draws: int) -> Cells:
    """Return what every measure finds of every change, at every size."""
    cells: Cells = {}
    unchanged: dict[bool, np.ndarray] = {}
    for change in tqdm(changes, unit="change", disable=None):
        unequal = change in UNEQUAL
        if unequal not in unchanged:
            unchanged[unequal] = _row(measures, change, 0.0, draws)
        found = np.stack([unchanged[unequal], *(_row(measures, change, size, draws) for size in SIZES[1:])])
        cells[change] = {name: _cell(found[:, :, number]) for number, name in enumerate(measures)}
    return cells


def _row(measures: Mapping[str, Measure], change: str, size: float, draws: int) -> np.ndarray:
    """Return what measures find at one size, (draws, measures)."""
    cases = [case_of(change, size, draw) for draw in range(draws)]
    return np.array([
        [measure(case._replace(generator=np.random.default_rng(draw))) for measure in measures.values()]
        for draw, case in enumerate(cases)
    ])  # fmt: skip


def _cell(found: np.ndarray) -> dict[str, Any]:
    """Return the cell of what was found, (sizes, draws)."""
    spread = float(found.std(axis=1, ddof=1).mean())
    means = [round(float(each), 5) for each in found.mean(axis=1)]
    error = round(spread / np.sqrt(found.shape[1]), 5)
    return {"means": means, "standard error": error, "verdict": verdict(np.array(means), error)}


def verdict(means: np.ndarray, error: float) -> str:
    """Return "rises" or "falls", step by step but for half the margin, "moves" otherwise, or "blind".

    What has moved lies further from where it began than a margin of `CLEAR` standard errors.
    """
    margin = max(CLEAR * error, 1e-9)
    steps, whole = np.diff(means), means[-1] - means[0]
    if abs(whole) > margin and (np.sign(whole) * steps > -margin / 2).all():
        return "rises" if whole > 0 else "falls"
    return "moves" if np.abs(means - means[0]).max() > margin else "blind"


def as_table(cells: Cells) -> str:
    """Return a table of verdicts: a row for every change, a column for every measure, which have numbers."""
    rows = [["change", *(str(number) for number in range(1, 1 + len(MEASURES)))]]
    rows.append(["---"] * len(rows[0]))
    rows += [[change, *(SIGNS[each[name]["verdict"]] for name in MEASURES)] for change, each in cells.items()]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def numbered_measures() -> str:
    """Return the measures of the columns, by number."""
    return "; ".join(f"{number} {name}" for number, name in enumerate(MEASURES, 1)) + "."


def marked(text: str, name: str, content: str) -> str:
    """Return a document with something between its marks of a name.

    Raises
    ------
    ValueError
        When it does not have them.
    """
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    before, _, rest = text.partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"the document has no {begin} and {end} to write between")
    return f"{before}{begin}\n{content}\n{end}{after}"


def with_tables(text: str, cells: Cells, copies: str) -> str:
    """Return the document with what was measured of changes, and the table of copying generators."""
    text = marked(text, "measured changes", f"{as_table(cells)}\n\nColumns: {numbered_measures()}")
    return marked(text, "measured copies", copies)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure everything; write the numbers, and the table into the document."""
    parser = argparse.ArgumentParser(
        prog="python -m experiments.evaluation.table",
        description="Measures which change of generated series moves which measure; takes some minutes.",
    )
    parser.add_argument("numbers", type=Path, help="JSON file that is written")
    parser.add_argument("document", type=Path, help="Markdown file whose table is written")
    options = parser.parse_args(arguments)
    text = options.document.read_text(encoding="utf-8")
    copies = copies_table(attacked(labelled_waves))
    with_tables(text, {}, copies)  # says what is missing before minutes have passed
    quick = measured(QUICK, list(CHANGES), QUICK_DRAWS)
    trained = measured(TRAINED, list(CHANGES), DRAWS)
    cells = {change: quick[change] | trained[change] for change in CHANGES}
    write_text(options.numbers, json.dumps(cells, indent=1) + "\n")
    write_text(options.document, with_tables(text, cells, copies))
    return 0


if __name__ == "__main__":
    sys.exit(main())
