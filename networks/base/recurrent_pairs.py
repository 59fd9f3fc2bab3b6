"""What a recurrent layer in bfloat16 keeps as pairs, for the processor's dot products.

The network computes in float32 inside, as `networks.base.storage.converts` has it: gates, states, deltas and
gradients. What its products read is rounded, and laid out as `nn.kernels.recurrent.pairs` says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from networks.base.directed_layers import DirectedLayer
from networks.base.pair_words import PairWords
from nn.history import padded
from nn.kernels.recurrent.gradients import PANEL
from nn.kernels.recurrent.pairs import BackwardPairs, Pairs

if TYPE_CHECKING:
    from networks.base.recurrent_tiles import TiledRecurrent


class RecurrentPairs(PairWords):
    """The words of the directed layers of a network."""

    def forward(self, network: TiledRecurrent, directed: DirectedLayer, histories: int) -> Pairs:
        """Return the words of a forward pass."""
        inputs, units = -(-directed.inputs // 2), -(-network.units // 2)
        weights = self._of(directed, "weights", network.gate_rows(directed) * (inputs + units))
        return Pairs(
            weights,
            weights.view(np.uint16),
            inputs=self._of(directed, "inputs", network.steps * inputs * histories),
            hidden=self._of(directed, "hidden", (network.steps + 1) * units * histories),
        )

    def backward(
        self, network: TiledRecurrent, directed: DirectedLayer, histories: int, room: int, learns: bool
    ) -> BackwardPairs:
        """Return the words of a backward pass; `room` numbers of working memory, panels where it learns."""
        units = -(-network.units // 2)
        rows = network.gate_rows(directed) // network.units * units
        seen = -(-(directed.inputs + network.units) // PANEL) * PANEL
        scratch = self.words("scratch", -(-room // 2))
        return BackwardPairs(
            input_weights=self._of(directed, "input weights", rows * padded(directed.inputs)),
            recurrent_weights=self._of(directed, "recurrent weights", rows * padded(network.units)),
            deltas=self._of(directed, "deltas", network.steps * network.gate_count * units * histories),
            panels=self.words("panels", seen * network.steps * histories // 2 if learns else 0),
            halves=scratch.view(np.uint16),
            scratch=scratch,
        )

    def _of(self, directed: DirectedLayer, name: str, count: int) -> np.ndarray:
        return self.words(f"{directed.prefix}{name}", count)
