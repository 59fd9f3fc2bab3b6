"""A graph network whose connections may be moved while it learns."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Self

import numpy as np

from networks.base.inspectable_graph import InspectableGraph
from nn.graph.graph import Graph

ENDS = ("sources", "targets")


class RewiredGraph(InspectableGraph):
    """A network that runs a graph; see `networks.graph.GraphNetwork`.

    Attributes
    ----------
    carries_wiring
        Whether the ends of the connections belong to what it carries from step to step: `state` returns them
        then, so that snapshots and everything else that goes back to an earlier state restore them. False
        until connections are moved.
    """

    carries_wiring = False
    _built: Graph

    @abstractmethod
    def _prepare(self) -> None:
        """Lay the graph out for computing, without histories."""

    def rewire(self, sources: np.ndarray, targets: np.ndarray) -> None:
        """Let connections lead from and to other neurons, from the next forward on.

        Every connection keeps its number, its weight and its delay; `graph` becomes another one. What the
        network computed last is forgotten. `networks.SET` and `networks.RigL` do this while training.

        Parameters
        ----------
        sources, targets
            Indices of neurons, whole numbers (connections,); no target is an input.

        Raises
        ------
        ValueError
            When there are not as many, there is no such neuron, or a target is an input; nothing is changed
            then.
        CycleError
            When connections without delay would form a cycle; nothing is changed either.
        """
        self.carries_wiring = self._lead_to(sources, targets) or self.carries_wiring

    def _lead_to(self, sources: np.ndarray, targets: np.ndarray) -> bool:
        """Rewire; return whether anything is other than before."""
        ends = np.asarray(sources), np.asarray(targets)
        if all(map(np.array_equal, ends, (self.graph.sources, self.graph.targets))):
            return False
        self.graph = self.graph.rewired(*ends)
        self._prepare()
        return True

    def state(self) -> dict[str, np.ndarray]:
        """Return the ends of the connections where these may have moved; see `Network.state`."""
        return {name: getattr(self.graph, name) for name in ENDS} if self.carries_wiring else {}

    def load_state(self, state: Mapping[str, np.ndarray]) -> None:
        """Lead the connections as `state` said; as when it was built, where that said nothing."""
        if state and set(state) != set(ENDS):
            found = ", ".join(sorted(state))
            raise ValueError(f"{self.family}: carries {' and '.join(ENDS)} of connections; {found} is given")
        if state or self.carries_wiring:
            self._lead_to(*(state[name] if state else getattr(self._built, name) for name in ENDS))
        self.carries_wiring = bool(state)

    def state_restorer(self) -> None:
        """Return None: inference moves no connection."""

    def synchronise_with(self, other: Self) -> None:
        """Take over the wiring as well; see `Network.synchronise_with`."""
        super().synchronise_with(other)
        self.load_state(other.state())
