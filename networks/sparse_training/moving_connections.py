"""What callbacks that move the connections of sparse layers share: when they do, and of which networks."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from networks.base.rewired_graph import RewiredGraph
from networks.sparse_training.places import Group, movable_groups
from nn.argument_checks import check_count, check_factor
from nn.training.callbacks import Callback
from nn.training.monitor import known_count
from nn.training.trainer import Trainer

WHICH_MOVE = (
    "connections move between layers of a graph that are not fully connected, into sums, with weights of "
    "their own, as Graph.sparse and Graph.random make them"
)


class MovingConnections(Callback):
    """Moves the weakest connections of sparse layers to other places every few steps.

    Between two layers of a graph the number of connections stays the same, and none grows where there is one.
    Weights take along what the optimizer keeps for them; for new ones that begins at zero. Only connections
    into sums with weights of their own move, and not those between layers that are fully connected. They move
    before the step that follows, and never after the last one. The number of threads changes no result.

    Parameters
    ----------
    every
        Steps between two moves.
    fraction
        Share of the connections that moves, at first: above 0 and at most 1.
    until
        Step from which nothing moves any more; the share decreases to it as half a cosine does (Evci et al.
        2020, equation 1). None: it stays the same to the end.
    layers
        Names of the layers whose incoming connections move; None for all.

    Raises
    ------
    ValueError
        When a number is out of range; at the start when the network has no graph with connections that could
        move, their weights are frozen, or another call of the network shares them.
    """

    def __init__(self, every: int, fraction: float, until: int | None, layers: Sequence[str] | None) -> None:
        self.every, self.fraction = check_count("every", every), check_factor("fraction", fraction)
        self.until = None if until is None else check_count("until", until)
        if isinstance(layers, str):
            raise ValueError(f"layers {layers!r}: give a list of names")
        self.layers = None if layers is None else list(layers)
        self._moved_at = 0

    @property
    def name(self) -> str:
        """Named after the layers where some were chosen."""
        kind = type(self).__name__
        return kind if self.layers is None else f"{kind} of {', '.join(self.layers)}"

    def fraction_at(self, step: int) -> float:
        """Return the share of the connections that moves at a step."""
        if self.until is None:
            return self.fraction
        return self.fraction / 2 * (1 + math.cos(math.pi * min(1, step / self.until)))

    def forget(self) -> None:
        """Forget the run that it was used in before."""
        self._moved_at = 0

    def state(self) -> Mapping[str, Any]:
        """Return the step of the last move."""
        return {"moved_at": self._moved_at}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` returned; see `Callback.load_state`."""
        self._moved_at = known_count(state["moved_at"])

    def on_start(self, trainer: Trainer) -> None:
        """Look for connections that could move, and let snapshots keep where they are."""
        for network, _ in self._networks(trainer):
            network.carries_wiring = True

    def before_step(self, trainer: Trainer) -> None:
        """Move connections where it is time, once."""
        if self._moves_at(trainer.step) and trainer.step != self._moved_at:
            self._move(trainer)
            self._moved_at = trainer.step

    def _moves_at(self, step: int) -> bool:
        return step > 0 and step % self.every == 0 and (self.until is None or step < self.until)

    @abstractmethod
    def _move(self, trainer: Trainer) -> None:
        """Move the connections of all networks."""

    def _networks(self, trainer: Trainer) -> list[tuple[RewiredGraph, list[Group]]]:
        """Return the graphs inside the network, and their groups that can move."""
        leaves, graphs = trainer.network.leaves, graphs_of(trainer)
        found = [(graph, movable_groups(graph.graph, self.layers)) for graph in graphs.values()]
        targets = {group.target.name for _, groups in found for group in groups}
        for layer in self.layers or ():
            if layer not in targets:
                raise ValueError(f"{self.name}: no connection into layer {layer!r} can move; {WHICH_MOVE}")
        if not targets:
            raise ValueError(f"{self.name}: the network has no connection that can move; {WHICH_MOVE}")
        for name, graph in graphs.items():
            others = [each.parameters for each in leaves.values() if each is not graph]
            if any(map(graph.parameters.is_same_as, others)):
                raise ValueError(f"{self.name}: network {name!r} is used twice: its connections cannot move")
            if "weights" in graph.parameters.frozen:
                raise ValueError(f"{self.name}: the weights of network {name!r} are frozen: unfreeze them")
        return found


def graphs_of(trainer: Trainer) -> dict[str, RewiredGraph]:
    """Return the graphs inside the network that is trained, by name."""
    leaves = trainer.network.leaves
    return {name: each for name, each in leaves.items() if isinstance(each, RewiredGraph)}
