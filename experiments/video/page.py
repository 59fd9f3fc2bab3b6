"""A run that is shown in a page of the browser while it trains."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from experiments.video.reports import Row
from experiments.video.run import Run
from experiments.video.scores import ERRORS, FLOOR, UNITS
from nn import Callback
from workbench.run.program_run import chart_line
from workbench.run.status_report import thinned
from workbench.run.training_run import ProgramChart, Reading, WatchedTraining

Train = Callable[[Sequence[Callback]], str]

SHORT_UNITS = {"mse": "MSE/frame", "nats": "nats/frame"}


def watched_training(run: Run, train: Train, step: Train) -> WatchedTraining:
    """Return what a page needs of a run.

    Parameters
    ----------
    run
        Opened, and not training.
    train, step
        Train to its limits, or for a step, and return why that ended; see `WatchedTraining`.
    """
    blueprint, settings = run.network.blueprint, run.settings
    trained = "nats" if blueprint.loss == "bce" else "mse"
    errors = sorted(ERRORS, key=lambda error: error != trained)
    charts = [
        ProgramChart(
            f"{head}-{error}", f"{head.title()}: {UNITS[error]} per frame", partial(_error, run, head, error)
        )
        for error in errors
        for head in blueprint.heads
    ]
    readings = [
        Reading(
            f"{head.title()}, {SHORT_UNITS[trained]}",
            head,
            partial(_last, run, f"validation_{head}_{trained}_per_frame"),
        )
        for head in blueprint.heads
    ]
    return WatchedTraining(
        run.trainer,
        run.limits,
        train,
        step,
        charts=[*charts, ProgramChart("loss", "Loss that is trained", partial(_loss, run))],
        readings=readings,
        training=run.data.count,
        held_out=len(run.data.validation),
        architecture=f"{blueprint.kind}, {blueprint.layers} × {blueprint.units} units, {blueprint.task}",
        machine={"seed": settings.seed, "rung": settings.rung},
    )


def _error(run: Run, head: str, error: str) -> list[dict[str, Any]]:
    """Return the lines of an error: of both kinds of clips, and levels that are reached without a network."""
    rows, name = thinned(run.reports.rows), f"{head}_{error}_per_frame"
    steps = _steps(rows)
    lines = [
        chart_line("training", "train", steps, [row[f"training_{name}"] for row in rows]),
        chart_line("validation", "held-out", steps, [row[f"validation_{name}"] for row in rows]),
    ]
    for level, errors in run.references[head].items():
        if level != FLOOR or error == "nats":  # squared error has none above 0
            ends = [min(steps), max(steps)] if steps else []
            lines.append(chart_line(level, "muted", ends, [errors[error]] * len(ends), level=True))
    return lines


def _loss(run: Run) -> list[dict[str, Any]]:
    """Return the lines of the loss: of mini-batches, and of the reports."""
    curve, rows = run.trainer.log.curve, thinned(run.reports.rows)
    parts = (("training", "train"), ("validation", "held-out"))
    return [
        chart_line("training", "train", curve.steps, curve.losses, faint=True),
        *(
            chart_line(name, tone, _steps(rows), [row[f"{name}_loss"] for row in rows])
            for name, tone in parts
        ),
    ]


def _steps(rows: Sequence[Row]) -> list[int]:
    return [int(row["step"] or 0) for row in rows]


def _last(run: Run, name: str) -> float | None:
    """Return a number of the last report."""
    rows = run.reports.rows
    return rows[-1][name] if rows else None
