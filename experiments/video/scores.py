"""Errors of a network step by step, beside what needs no network: a copy, the mean frame, and the floor.

Both errors are per frame as `networks.video.measures` has them: squared error summed over the pixels of a
frame, and the cross-entropy in nats.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from networks.video import Blueprint, ClipBatches, VideoNetwork, in_all_units
from networks.video.measures import ERRORS, NatsPerFrame, SquaresPerFrame
from nn.pixel_scaling import WHITE

COPY, MEAN, FLOOR = "copy of the last frame", "mean frame", "floor"
NETWORK = "network"
UNITS = {"mse": "squared error", "nats": "nats"}
"""Of the errors by name, in words."""


PerStep = dict[str, np.ndarray]
"""Errors by name, "mse" and "nats": float64 (steps,) per frame."""

Scores = dict[str, dict[str, PerStep]]
"""By head and row."""

Means = Mapping[str, Mapping[str, Mapping[str, float]]]
"""Errors over all steps, by head, row and error."""

AT_ONCE = 64
"""Clips that are looked at together."""


def network_errors(network: VideoNetwork, clips: np.ndarray) -> dict[str, PerStep]:
    """Return the errors of a network by head and step.

    Parameters
    ----------
    network
        Runs as outside training, on its own output where it reads frames.
    clips
        uint8 (n, steps, height, width, channels).
    """
    blueprint = network.blueprint
    source = ClipBatches(clips, blueprint, dtype=network.dtype)
    kinds = {"mse": SquaresPerFrame, "nats": NatsPerFrame}
    measures = {
        head: {
            error: [kind(blueprint) for _ in range(blueprint.steps_of(head))] for error, kind in kinds.items()
        }
        for head in blueprint.heads
    }
    with network.inference() as looked_at:
        for start in range(0, len(source), AT_ONCE):
            batch = source.batch(np.arange(start, min(start + AT_ONCE, len(source))))
            outputs, targets = (
                _by_head(blueprint, each) for each in (looked_at.forward(batch.inputs), batch.targets)
            )
            for head in blueprint.heads:
                for steps in measures[head].values():
                    for step, measure in enumerate(steps):
                        part = slice(step, step + 1)
                        measure.add(outputs[head][part], targets[head][part], batch.entries)
    return {
        head: {error: np.array([step.value() for step in steps]) for error, steps in errors.items()}
        for head, errors in measures.items()
    }


def _by_head(blueprint: Blueprint, given: Any) -> Mapping[str, np.ndarray]:
    return given if isinstance(given, Mapping) else {blueprint.heads[0]: given}


def reference_errors(clips: np.ndarray, training: np.ndarray, blueprint: Blueprint) -> Scores:
    """Return, by head and row, what is reached without a network.

    * A copy of the last frame that was read, for every frame. For the cross-entropy, which is infinite where
      a black pixel turns out white, its brightness v counts as the probability a + (b - a) v, where a and b
      are the mean of what dark and bright pixels of the last frame become in training clips.
    * The mean over all frames of training clips.
    * The floor: the cross-entropy of the true frames with themselves, which is above 0 for grey pixels.

    Parameters
    ----------
    clips
        uint8 (n, steps, height, width, channels).
    training
        Some clips that are trained on, in the same form.
    blueprint
        Says what is read and what is made.
    """
    mean = (training.mean(axis=(0, 1), dtype=np.float64) / WHITE).astype(np.float32)
    found: Scores = {}
    for head in blueprint.heads:
        steps = _steps_of(blueprint, head)
        dark, bright = _becomes(training, steps, blueprint.steps_in)
        rows = {COPY: [], MEAN: [], FLOOR: []}  # type: dict[str, list[tuple[np.ndarray, np.ndarray]]]
        for start in range(0, len(clips), AT_ONCE):
            few = clips[start : start + AT_ONCE]
            last = few[:, blueprint.steps_in - 1 : blueprint.steps_in] / np.float32(WHITE)
            true = few[:, steps] / np.float32(WHITE)
            rows[COPY].append((_squares(last, true), _nats(dark + (bright - dark) * last, true)))
            rows[MEAN].append((_squares(mean, true), _nats(mean, true)))
            rows[FLOOR].append((np.zeros(true.shape[:2]), _nats(true, true)))
        found[head] = {
            row: {
                error: np.concatenate([part[place] for part in parts]).mean(axis=0)
                for place, error in enumerate(ERRORS)
            }
            for row, parts in rows.items()
        }
    return found


def _steps_of(blueprint: Blueprint, head: str) -> slice:
    return (
        slice(blueprint.steps_in) if head == "reconstruction" else slice(blueprint.steps_in, blueprint.steps)
    )


def _becomes(training: np.ndarray, steps: slice, read: int) -> tuple[float, float]:
    """Return the mean of what the dark and the bright pixels of the last frame read are in some steps."""
    bright = np.broadcast_to(training[:, read - 1 : read] > WHITE // 2, training[:, steps].shape)
    values = training[:, steps]
    means = [
        float(values[part].mean(dtype=np.float64)) / WHITE if part.any() else 0.5
        for part in (~bright, bright)
    ]
    return means[0], means[1]


def _squares(made: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Return squared errors per frame, (n, steps)."""
    return np.square(made - true).sum(axis=(2, 3, 4), dtype=np.float64)


def _nats(made: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Return cross-entropies per frame, (n, steps)."""
    least = np.float32(np.finfo(np.float32).eps)
    made = np.clip(made, least, 1 - least)
    losses = true * np.log(made) + (1 - true) * np.log1p(-made)
    return -losses.sum(axis=(2, 3, 4), dtype=np.float64)


def means(scores: Scores) -> Means:
    """Return the means over the steps, by head, row and error."""
    return {
        head: {
            row: {error: float(steps.mean()) for error, steps in errors.items()}
            for row, errors in rows.items()
        }
        for head, rows in scores.items()
    }


def report_of(scores: Scores, blueprint: Blueprint) -> dict[str, Any]:
    """Return all errors in all units, and step by step, as JSON has them."""
    report: dict[str, Any] = {}
    for head, rows in scores.items():
        report[head] = {}
        for row, errors in rows.items():
            report[head][row] = {}
            for error, steps in errors.items():
                report[head][row] |= in_all_units(error, float(steps.mean()), blueprint, head)
                report[head][row][f"{error}_per_frame_by_step"] = steps.tolist()
    return report
