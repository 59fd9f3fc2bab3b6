"""What the next step does to every layer: how its numbers are spread, and which neurons no longer learn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nn import Activation
from nn.bfloat16_arrays import widened
from workbench.inspect.anatomy import Anatomy
from workbench.inspect.next_step import MadeStep

QUANTITIES = ("values", "signals", "weights", "updates")
"""What the numbers of a layer are; weights with biases."""

QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
BINS = 24
MOST = 1 << 16
"""Numbers of a layer that are sorted at most: of more, evenly spaced ones."""

FLAT = 0.02
"""Below this share of its greatest slope an activation with two ends is saturated."""


@dataclass(frozen=True)
class Spread:
    """How numbers are spread.

    Attributes
    ----------
    quantiles
        Those of `QUANTILES`, float32; NaN where there are no numbers.
    counts
        How many lie in each of `BINS` bins of equal width from the lowest to the highest, int32.
    size
        Root of the mean square; 0 where there are no numbers.
    """

    quantiles: np.ndarray
    counts: np.ndarray
    size: float

    @property
    def is_known(self) -> bool:
        """Whether there are numbers."""
        return bool(self.counts.any())


@dataclass(frozen=True)
class LayerDiagnosis:
    """A layer in the next step.

    Attributes
    ----------
    layer
        Its number in the anatomy.
    is_output
        Whether the loss reads it.
    spreads
        By `QUANTITIES`.
    dead
        Neurons whose activation has a slope of exactly 0 for all examples, though it is piecewise linear:
        nothing reaches what is before them. Of `neurons`.
    saturated
        Share of values close to an end of an activation that has two, such as tanh; 0 for others.
    """

    layer: int
    is_output: bool
    spreads: dict[str, Spread]
    neurons: int
    dead: int
    saturated: float

    @property
    def moved(self) -> float | None:
        """The size of the update as a share of that of the weights; None where there are no weights."""
        weights, updates = self.spreads["weights"].size, self.spreads["updates"].size
        return updates / weights if weights else None


def diagnose_step(anatomy: Anatomy, made: MadeStep) -> list[LayerDiagnosis]:
    """Look at every layer that computes, within a step of `workbench.inspect.next_step`.

    Parameters
    ----------
    anatomy
        Of the network that made the step.
    made
        The step, not yet undone.
    """
    return [_look(anatomy, layer, made) for layer in range(anatomy.inputs, len(anatomy.layers))]


def _look(anatomy: Anatomy, layer: int, made: MadeStep) -> LayerDiagnosis:
    inside, entries = anatomy.neuron_layer(layer), made.batch.entries
    values = widened(inside.values())[..., :entries].reshape(-1, entries)
    signals = widened(inside.signals())[..., :entries]
    places = anatomy.parameters_of(layer)
    now, before = anatomy.network.parameters.values[places], made.before[places]
    dead, saturated = _flatness(inside.activation(), values)
    spreads = (values, signals, before, now - before)
    return LayerDiagnosis(
        layer,
        anatomy.outputs(layer) is not None,
        {name: spread(numbers) for name, numbers in zip(QUANTITIES, spreads, strict=True)},
        len(values),
        dead,
        saturated,
    )


def _flatness(activation: Activation | None, values: np.ndarray) -> tuple[int, float]:
    """Return how many neurons are dead, and the share of values that are saturated."""
    if activation is None or not values.size:
        return 0, 0.0
    slopes = activation.derivative(values)
    if activation.piecewise_linear:
        return int(np.count_nonzero((slopes == 0).all(axis=1))), 0.0
    if not np.isfinite(activation.range).all():
        return 0, 0.0
    steepest = float(activation.derivative(np.array([np.mean(activation.range)], values.dtype))[0])
    return 0, float(np.mean(slopes < FLAT * steepest))


def spread(numbers: np.ndarray) -> Spread:
    """Return how numbers of any shape are spread; NaN stands for what is not known."""
    flat = numbers.ravel()
    flat = flat[np.isfinite(flat)]
    if not flat.size:
        return Spread(np.full(len(QUANTILES), np.nan, np.float32), np.zeros(BINS, np.int32), 0.0)
    size = float(np.sqrt(np.mean(np.square(flat, dtype=np.float64))))
    some = flat[:: -(-flat.size // MOST)]
    counts, _ = np.histogram(some, BINS)
    return Spread(np.quantile(some, QUANTILES).astype(np.float32), counts.astype(np.int32), size)
