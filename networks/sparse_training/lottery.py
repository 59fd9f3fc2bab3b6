"""RigL: connections that grow where gradients are largest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from networks.base.rewired_graph import RewiredGraph
from networks.sparse_training.gradients import steepest_places
from networks.sparse_training.moves import Change, Move, make_move, weakest
from networks.sparse_training.moving_connections import MovingConnections, graphs_of
from networks.sparse_training.places import Group
from nn.training.monitor import known_count
from nn.training.trainer import Trainer

SAVED = ("sources", "targets", "origins")
"""What a snapshot keeps of a move."""


class RigL(MovingConnections):
    """Rigging the lottery: connections with the weights nearest zero go, those with large gradients grow.

    Weights and gradients are those of the batch before a move, and new weights start at zero, so that a move
    changes no output but by what went (Evci et al. 2020, "Rigging the lottery: making all tickets winners",
    algorithm 1). Gradients of connections that are not there are computed in steps before moves alone.

    Parameters
    ----------
    until
        See `MovingConnections`; in the paper it is three quarters of all steps.
    every, fraction, layers
        See there.

    Raises
    ------
    ValueError
        As `MovingConnections`.
    """

    def __init__(
        self,
        every: int = 100,
        fraction: float = 0.3,
        *,
        until: int | None,
        layers: Sequence[str] | None = None,
    ) -> None:
        super().__init__(every, fraction, until, layers)
        self._found: list[Move] = []
        self._found_at = 0

    def forget(self) -> None:
        """Forget the run that it was used in before."""
        super().forget()
        self._found, self._found_at = [], 0

    def state(self) -> Mapping[str, Any]:
        """Return the step of the last move, and the move that is to come before the next step."""
        moves = {
            f"{number}.{name}": getattr(move, name)
            for number, move in enumerate(self._found)
            for name in SAVED
        }
        return {**super().state(), "found_at": self._found_at, **moves}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` returned; see `Callback.load_state`."""
        found_at = known_count(state["found_at"])
        moves: list[Move] = []
        while f"{len(moves)}.{SAVED[0]}" in state:
            sources, targets, origins = (state[f"{len(moves)}.{name}"] for name in SAVED)
            moves.append(Move(sources, targets, origins, np.zeros(origins.shape)))
        super().load_state(state)
        self._found, self._found_at = moves, found_at

    def on_start(self, trainer: Trainer) -> None:
        """Look for connections that could move, and check a move that a snapshot brought."""
        super().on_start(trainer)
        if self._found:
            for network, move in zip(graphs_of(trainer).values(), self._found, strict=True):
                move.check(network.graph)

    def wants_gradients(self, trainer: Trainer) -> bool:
        """Whether a move follows the step."""
        return self._moves_at(trainer.step + 1)

    def on_gradients(self, trainer: Trainer) -> None:
        """Choose what goes and what grows."""
        step = trainer.step + 1
        fraction = self.fraction_at(step)
        self._found = [
            Move.of(network.graph, [_steepest_change(network, group, fraction) for group in groups])
            for network, groups in self._networks(trainer)
        ]
        self._found_at = step

    def _move(self, trainer: Trainer) -> None:
        if self._found_at == trainer.step:
            for network, move in zip(graphs_of(trainer).values(), self._found, strict=True):
                make_move(move, network, trainer.optimizer, trainer.network.parameters)
        self._found = []


def _steepest_change(network: RewiredGraph, group: Group, fraction: float) -> Change:
    weights = network.weights[network.graph.weight_of[group.connections]]
    count = int(group.share(fraction) * len(weights))
    kept = np.delete(np.arange(len(weights)), weakest(np.abs(weights), count))
    grown = steepest_places(network, group, group.occupied(kept), count)
    return Change(group, kept, grown, np.zeros(count))
