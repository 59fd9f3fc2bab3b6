"""The outputs of a model one by one, each with the networks that lead to it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from networks.base.network import Network
from networks.base.nodes import pack_inputs
from nn.shape import AnyShape

if TYPE_CHECKING:
    from networks.model import Model

Range = tuple[float, float]


class ModelOutput:
    """One output of a model.

    Parameters
    ----------
    model
        Whose output it is.
    node
        The name of the call whose output it is.
    output_shape
        Without the histories.
    """

    def __init__(self, model: Model, node: str, output_shape: AnyShape) -> None:
        self.model, self.node, self.output_shape = model, node, output_shape

    @property
    def layers(self) -> Sequence[Network]:
        """The networks that follow one another up to here, from the last one on that reads several nodes."""
        calls = {call.name: call for call in self.model.calls}
        layers: list[Network] = []
        node = self.node
        while node in calls:
            layers = [*self.model.named[node].layers, *layers]
            if len(calls[node].sources) > 1:
                break
            (node,) = calls[node].sources
        return layers

    def output_range(self, input_range: Range | Mapping[str, Range] = (-math.inf, math.inf)) -> Range:
        """Return the lowest and highest value it can reach when inputs lie in a range.

        Parameters
        ----------
        input_range
            Of all inputs alike, or of each by name.
        """
        model = self.model
        ranges: dict[str, Any]
        if isinstance(input_range, Mapping):
            ranges = dict(input_range)
        else:
            ranges = dict.fromkeys(model.input_shapes, input_range)
        for call in model.calls:
            network = model.named[call.name]
            given = pack_inputs(network, [ranges[name] for name in call.sources])
            ranges[call.name] = network.output_range(given)
        reached: Range = ranges[self.node]
        return reached
