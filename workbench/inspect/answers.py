"""The outputs for examples, in words."""

from __future__ import annotations

import numpy as np

from nn import (
    BinaryCrossEntropy,
    BinaryCrossEntropyWithLogits,
    CategoricalCrossEntropy,
    CategoricalCrossEntropyWithLogits,
    Loss,
    Losses,
    from_history,
)
from nn.training.batch import Values, named
from nn.training.losses import AnyLoss
from workbench.inspect.examples import Images

THRESHOLDS: dict[type[Loss], float] = {BinaryCrossEntropy: 0.5, BinaryCrossEntropyWithLogits: 0.0}
"""Smallest output that counts as 1: of probabilities, and of their logits."""

CATEGORICAL = (CategoricalCrossEntropy, CategoricalCrossEntropyWithLogits)
"""Losses of outputs of which one stands for each class."""

HALF = 0.5
"""Smallest target that counts as 1."""


def answers(images: Images, outputs: Values, loss: AnyLoss) -> list[str]:
    """Return the outputs for examples in words, with the targets in brackets.

    The class with the greatest output where the target is a label or one-hot; 0 or 1 where the loss takes
    binary targets; the accuracy where every pixel or step has a label; else the outputs. Several outputs have
    a line each, with their names. Nothing is returned where the targets are the inputs.

    Parameters
    ----------
    outputs
        Histories (..., N), by name where there are several.
    """
    if images.repeats:
        return []
    count, several = len(images.names), len(named(outputs)) > 1
    lines: list[list[str]] = [[] for _ in range(count)]
    for name, values in named(outputs).items():
        part = loss.parts.get(name) if isinstance(loss, Losses) else loss
        targets, mask = named(images.batch.targets)[name], named(images.batch.mask).get(name)
        weights = np.broadcast_to(1.0 if mask is None else mask, targets.shape)
        found, wanted, counted = (from_history(each, count) for each in (values, targets, weights))
        for entry, line in enumerate(lines):
            answer = _answer(found[entry], wanted[entry], counted[entry], part)
            line.append(f"{name}: {answer}" if several else answer)
    return ["\n".join(line) for line in lines]


def _answer(output: np.ndarray, target: np.ndarray, weights: np.ndarray, loss: Loss | None) -> str:
    threshold = next((each for kind, each in THRESHOLDS.items() if isinstance(loss, kind)), None)
    if threshold is not None and output.size == target.size:
        found, wanted = (each.ravel().astype(int) for each in (output >= threshold, target >= HALF))
        return _judged(found, wanted, weights)
    if isinstance(loss, CATEGORICAL):
        found = output.argmax(axis=-1).ravel()
        if target.size in (found.size, output.size):
            return _judged(found, labels_of(target, found.size), weights)
    if output.size > 1 and target.size == 1:
        return f"{output.argmax()} ({target.ravel()[0]:g})"
    if output.size > 1 and set(np.unique(target).tolist()) == {0, 1} and target.sum() == 1:
        return f"{output.argmax()} ({target.argmax()})"
    return f"{_numbers(output.ravel())} ({_numbers(target.ravel())})"


def labels_of(target: np.ndarray, count: int) -> np.ndarray:
    """Return the targets of so many answers as labels, from labels or one-hot vectors."""
    return target.ravel() if target.size == count else target.argmax(axis=-1).ravel()


def _judged(found: np.ndarray, wanted: np.ndarray, weights: np.ndarray) -> str:
    """Return a single answer with its target, or the accuracy of several under their weights."""
    if found.size == 1:
        return f"{found[0]:g} ({wanted[0]:g})"
    counted = weights.reshape(found.size, -1)[:, 0] > 0
    return f"{100 * np.mean((found == wanted)[counted]):.3g} % right" if counted.any() else "–"


def _numbers(values: np.ndarray) -> str:
    return ", ".join(f"{value:.3g}" for value in values[:3]) + (" ..." if values.size > 3 else "")
