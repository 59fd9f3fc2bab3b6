"""SET: connections that are drawn anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from networks.base.rewired_graph import RewiredGraph
from networks.sparse_training.moves import Change, Move, make_move, random_places, weakest
from networks.sparse_training.moving_connections import MovingConnections
from networks.sparse_training.places import Group
from nn.argument_checks import check_generator
from nn.graph.layers import draw_sparse
from nn.initializers import Glorot, Initializer
from nn.training.random_state import generator_state, set_generator_state
from nn.training.trainer import Trainer


class SET(MovingConnections):
    """Sparse evolutionary training: connections with the weights nearest zero go, others grow at random.

    The weakest of the positive weights and the weakest of the negative ones go, the same share of both. As
    many start anew, as those of a new layer do (Mocanu et al. 2018, "Scalable training of artificial
    neural networks with adaptive sparse connectivity inspired by network science", algorithm 1, where `every`
    is an epoch).

    Parameters
    ----------
    every, fraction, until, layers
        See `MovingConnections`.
    initializer
        How new weights start.
    generator
        Draws the places and the new weights.

    Raises
    ------
    ValueError
        As `MovingConnections`, and when the generator is none.
    """

    def __init__(
        self,
        every: int,
        fraction: float = 0.3,
        *,
        until: int | None = None,
        layers: Sequence[str] | None = None,
        initializer: Initializer = Glorot(),  # noqa: B008 - frozen
        generator: np.random.Generator,
    ) -> None:
        super().__init__(every, fraction, until, layers)
        self.initializer, self.generator = initializer, check_generator(generator)

    def state(self) -> Mapping[str, Any]:
        """Return the step of the last move and the state of the generator."""
        return {**super().state(), "generator": generator_state(self.generator)}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` returned; see `Callback.load_state`."""
        super().load_state(state)
        set_generator_state(self.generator, state["generator"])

    def _move(self, trainer: Trainer) -> None:
        fraction = self.fraction_at(trainer.step)
        for network, groups in self._networks(trainer):
            move = Move.of(network.graph, [self._change(network, group, fraction) for group in groups])
            make_move(move, network, trainer.optimizer, trainer.network.parameters)

    def _change(self, network: RewiredGraph, group: Group, fraction: float) -> Change:
        weights = network.weights[network.graph.weight_of[group.connections]]
        signs = [np.flatnonzero(weights > 0), np.flatnonzero(weights <= 0)]
        share = group.share(fraction)
        gone = [sign[weakest(np.abs(weights[sign]), int(share * len(sign)))] for sign in signs]
        kept = np.delete(np.arange(len(weights)), np.concatenate(gone))
        count, sides = len(weights) - len(kept), (group.source.size, group.target.size)
        grown = random_places(group, group.occupied(kept), count, generator=self.generator)
        begun = draw_sparse(self.initializer, count, group.density, sides, generator=self.generator)
        return Change(group, kept, grown, begun)
