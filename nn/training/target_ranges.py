"""Target ranges: can the outputs of a network reach its targets?

A last activation may stop short of the targets, whatever is learned: a tanh never leaves [-1, 1], and a
sigmoid after it has only 0.269 to 0.731 left. Ends that are only approached, such as the sigmoid's 0
and 1, count as reached.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from nn.activations import Identity
from nn.losses import Loss
from nn.masks import active_entries, active_mask

TOLERANCE = 1e-6
"""How far targets may lie beyond the reach, relative to their span: rounding is no mistake."""


class HasOutputRange(Protocol):
    """What this needs of a network; `networks.base.network.Network` satisfies this protocol."""

    @property
    def output_shape(self) -> Any:
        """Shape of the outputs without the histories."""

    @property
    def layers(self) -> Sequence[Any]:
        """The networks that follow one another inside, each with `activation`, `family` and `parameters`."""

    def output_range(self, input_range: tuple[float, float] = (-math.inf, math.inf)) -> tuple[float, float]:
        """Return the lowest and highest value the outputs can reach."""


def unreachable_targets(
    network: HasOutputRange,
    loss: Loss,
    targets: np.ndarray,
    entries: int | None = None,
    mask: np.ndarray | None = None,
) -> str | None:
    """Explain why a network cannot learn its targets, if the range of its outputs prevents it.

    Parameters
    ----------
    network
        A network with one output.
    loss
        What compares outputs and targets: outputs stand for themselves, or for probabilities where it
        takes logits; nothing need be reached by scores, such as those of a hinge.
    targets, entries, mask
        A sample of what the loss will be called with: (..., N), how many of the N are active, and what
        counts of them.

    Returns
    -------
    str or None
        A sentence for a warning; None when all is well.
    """
    lowest, highest = network.output_range()
    if lowest < loss.output_range[0] or highest > loss.output_range[1]:
        return (
            f"{_ending(network)} gives {_span(lowest, highest)}, but {loss.name} takes "
            f"{_span(*loss.output_range)}: choose {loss.name}_with_logits, or another last activation"
        )
    features = network.output_shape[-1]
    counted = _counted(targets, entries, mask)
    wanted = None if np.isnan(counted).all() else loss.target_span(counted, features)
    if wanted is None or not all(map(math.isfinite, wanted)):  # the training loop names what is not finite
        return None
    reached = loss.prediction_range(lowest, highest, features)
    slack = TOLERANCE * (wanted[1] - wanted[0])
    if reached[0] <= wanted[0] + slack and wanted[1] - slack <= reached[1]:
        return None
    return f"{_ending(network, loss)} reaches only {_span(*reached)}, the targets span {_span(*wanted)}"


def _counted(targets: np.ndarray, entries: int | None, mask: np.ndarray | None) -> np.ndarray:
    """Return the active targets as float64, NaN where they do not count."""
    entries = active_entries(targets.shape[-1], entries)
    counted = targets[..., :entries].astype(np.float64)
    if mask is not None:
        counted[active_mask(mask, targets.shape, entries) == 0] = np.nan
    return counted


def _ending(network: HasOutputRange, loss: Loss | None = None) -> str:
    """Name the activations after the last parameters, and what the loss applies to them."""
    names: list[str] = []
    for layer in reversed(network.layers):
        if layer.activation is not None and layer.activation.name != Identity.name:
            names.append(layer.activation.name)
        if layer.parameters.size:
            break
    names = [_with_article(name) for name in reversed(names)] or ["the network"]
    if loss is not None and loss.applies:
        names.append(f"the {loss.applies} of {loss.name}")
    return " followed by ".join(names)


def _with_article(name: str) -> str:
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _span(lowest: float, highest: float) -> str:
    return f"{lowest:.3g} to {highest:.3g}"
