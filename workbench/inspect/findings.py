"""Signs of trouble in a diagnosis, each with what to try."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, TypeAlias

from workbench.inspect.diagnosis import LayerDiagnosis

Kind: TypeAlias = Literal[
    "dead",
    "saturated",
    "vanishing",
    "exploding",
    "silent",
    "fast",
    "slow",
    "squeezed",
    "climbing",
    "overfitting",
    "diverging",
]

DEAD_SHARE = 0.1
"""Share of dead neurons from which a layer is flagged; some are usual with a ReLU."""

SATURATED_SHARE = 0.5

VANISHED = 1e-4
EXPLODED = 1e4
"""Signals of a layer, as a share of the largest of the outputs, from which they are lost or take over."""

FAST = 0.1
SLOW = 1e-6
"""Updates as a share of the weights; a thousandth is usual (Karpathy, CS231n, "Babysitting the learning")."""


class Finding(NamedTuple):
    """A sign of trouble.

    Attributes
    ----------
    layer
        Number of the layer; None for the whole network.
    kind
        What it is.
    seen
        What was seen, a sentence without its full stop.
    advice
        What to try, likewise.
    """

    layer: int | None
    kind: Kind
    seen: str
    advice: str


def findings(layers: Sequence[LayerDiagnosis]) -> list[Finding]:
    """Return what is wrong in the layers of a network, in their order."""
    asked = max((each.spreads["signals"].size for each in layers if each.is_output), default=0.0)
    return [found for each in layers for found in _of_layer(each, asked)]


def _of_layer(layer: LayerDiagnosis, asked: float) -> Iterator[Finding]:
    yield from _flat(layer)
    signals = layer.spreads["signals"]
    if asked and signals.is_known and not layer.is_output:
        yield from _faded(layer, signals.size / asked)
    if layer.moved is not None:
        yield from _moved(layer, layer.moved)


def _flat(layer: LayerDiagnosis) -> Iterator[Finding]:
    if layer.dead >= DEAD_SHARE * layer.neurons and layer.dead:
        yield Finding(
            layer.layer,
            "dead",
            f"{layer.dead:,} of {layer.neurons:,} neurons are dead: no error signal gets through "
            "them, whatever the example",
            "a leaky activation, a lower learning rate, or another start",
        )
    if not layer.is_output and layer.saturated >= SATURATED_SHARE:
        yield Finding(
            layer.layer,
            "saturated",
            f"{layer.saturated:.0%} of the values are at an end of the activation, where it is flat",
            "smaller weights at the start, inputs in a smaller range, normalisation, a lower learning rate",
        )


def _faded(layer: LayerDiagnosis, share: float) -> Iterator[Finding]:
    if share == 0:
        yield Finding(
            layer.layer,
            "silent",
            "no error signal arrives",
            "look at the layers behind it: one of them is dead, or nothing that the loss reads depends on it",
        )
    elif share < VANISHED:
        yield Finding(
            layer.layer,
            "vanishing",
            f"error signals have faded to {share:.1g} of those at the output",
            "fewer layers or steps, shortcuts past layers, normalisation, or an activation that is not flat",
        )
    elif share > EXPLODED:
        yield Finding(
            layer.layer,
            "exploding",
            f"error signals have grown to {share:.1g} times those at the output",
            "smaller weights at the start, normalisation, or clipping of the gradient",
        )


def _moved(layer: LayerDiagnosis, moved: float) -> Iterator[Finding]:
    if moved > FAST:
        yield Finding(
            layer.layer,
            "fast",
            f"a step moves the weights by {moved:.0%} of their size",
            "a lower learning rate",
        )
    elif 0 < moved < SLOW:
        yield Finding(
            layer.layer,
            "slow",
            f"a step moves the weights by {moved:.1g} of their size: it would take {1 / moved:,.0f} steps",
            "a higher learning rate, or another optimizer",
        )
