"""Numbers that tell how a layer is doing: its values, its signals, its gradients and its parameters."""

from __future__ import annotations

import math
import re
from typing import Any, NamedTuple

import numpy as np

from nn.parameters import Parameters
from nn.step_masks import expand_mask, has_steps, zero_masked_steps

SATURATED_WITHIN = 0.01
"""Share of the activation's range next to either end, where it counts as saturated."""


class Learning(NamedTuple):
    """The parameters of a layer as they are learned: flat views of those of the whole network.

    A layer may use others than are learned, as within a spectral normalisation.
    """

    values: np.ndarray
    gradients: np.ndarray

    @classmethod
    def of(cls, parameters: Parameters, layer: str) -> Learning | None:
        """Find the parameters of a layer by its name among the leaves of a network; None where it has none.

        A second use of a network, `tower:2`, has those of the first.
        """
        network = re.sub(r":\d+", "", layer)
        places = [
            parameters.slice_of(name)
            for name in parameters.names
            if not network or name.startswith(f"{network}.")
        ]
        if not places or places[0].start == places[-1].stop:
            return None
        whole = slice(places[0].start, places[-1].stop)
        return cls(parameters.values[whole], parameters.gradients[whole])


class ParameterUpdate(NamedTuple):
    """Parameters, and a copy of what they were."""

    learning: Learning
    before: np.ndarray

    @classmethod
    def begin(cls, learning: Learning) -> ParameterUpdate:
        """Remember what the values are before an update."""
        return cls(learning, learning.values.copy())


def value_numbers(layer: Any, entries: int, step_mask: np.ndarray | None = None) -> dict[str, float]:
    """Describe the values of a layer in the last forward, and its signals in the last backward.

    Parameters
    ----------
    layer
        A network with values and signals (..., N), of which the first `layer.entries` count, None for
        all. One that is applied to every step has as many as there are steps of entries.
    entries
        Of the batch, over which the loss is a mean.
    step_mask
        Which steps of the batch are there, bool (steps, N), None for all. Others are left out of the
        values of sequences and videos with as many steps.

    Returns
    -------
    dict
        `mean` and `deviation` (standard) of all values. `dead`: the share of neurons that are 0 for
        every entry that has them. `saturated`, where the activation has an end on both sides: the share
        of values within a hundredth of its range from either (Glorot and Bengio 2010, section 3).
        `signal_norm`: the Euclidean norm of the signals of an entry's own loss, the root of the mean of
        its square over the entries; so it does not depend on how many there are. All but that are NaN
        where there is no value.
    """
    values, signals = layer.values, layer.signals
    seen, alive = values[..., : layer.entries], np.any(values[..., : layer.entries], axis=-1)
    if step_mask is not None and has_steps(values, step_mask):
        there = np.broadcast_to(expand_mask(step_mask, values), values.shape)[..., : layer.entries]
        alive = np.any(there & (seen != 0), axis=-1)[there.any(axis=-1)]
        seen, signals = seen[there], zero_masked_steps(signals, step_mask)
    numbers = dict.fromkeys(("mean", "deviation", "dead"), math.nan)
    ends = _ends(layer)
    if ends is not None:
        numbers["saturated"] = math.nan
    if seen.size:
        numbers["mean"] = float(np.mean(seen, dtype=np.float64))
        numbers["deviation"] = float(np.std(seen, dtype=np.float64))
        numbers["dead"] = 1 - float(np.mean(alive))
        if ends is not None:
            numbers["saturated"] = _saturated(seen, *ends)
    return {**numbers, "signal_norm": norm(signals[..., : layer.entries]) * math.sqrt(entries)}


def parameter_numbers(change: ParameterUpdate) -> dict[str, float]:
    """Describe an update.

    Returns
    -------
    dict
        `parameter_norm`: the Euclidean norm of the values after it. `relative_update`: the norm of the
        change divided by that, about 0.001 where the learning rate suits. `largest_update`: the largest
        change of a single parameter, divided by the same. Both are 0 where all values are.
    """
    after = change.learning.values
    difference = np.subtract(after, change.before, dtype=np.float64)
    length = norm(after)
    scale = 1 / length if length else 0.0
    return {
        "parameter_norm": length,
        "relative_update": norm(difference) * scale,
        "largest_update": float(np.abs(difference).max()) * scale,
    }


def norm(array: np.ndarray) -> float:
    """Return the Euclidean norm of all numbers, summed in float64 and always in the same order."""
    return math.sqrt(float(np.square(array, dtype=np.float64).sum()))


def _ends(layer: Any) -> tuple[float, float] | None:
    """Return the range of the activation where both ends are finite."""
    if layer.activation is None or not np.isfinite(layer.activation.range).all():
        return None
    lowest, highest = layer.activation.range
    return lowest, highest


def _saturated(values: np.ndarray, lowest: float, highest: float) -> float:
    edge = SATURATED_WITHIN * (highest - lowest)
    return float(np.mean((values < lowest + edge) | (values > highest - edge)))
