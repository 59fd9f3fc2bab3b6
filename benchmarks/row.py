"""A row of a ladder table: one network at one size, on its rungs, with its peer.

Every rung of a row starts from the same seed, so all of them compute the same numbers; this is
checked before anything is timed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks import peers
from networks.ladder import FAMILIES
from networks.network import Network
from nn.history import aligned_zeros

Build = Callable[[str], Network]
PeerOf = Callable[[Network, np.ndarray], peers.Peer]


@dataclass
class Row:
    """One network of a family at one size.

    Attributes
    ----------
    family, title
        Which ladder, and what the table calls the row.
    rungs
        Names of the rungs that take part: the plain ones are left out where they would take minutes.
    histories
        Entries of the batch.
    build
        Makes the network of a rung.
    peer
        Makes PyTorch's version of a network for its input values.
    """

    family: str
    title: str
    rungs: Sequence[str]
    histories: int
    build: Build
    peer: PeerOf
    values: np.ndarray = field(init=False)
    signals: np.ndarray = field(init=False)

    def prepare(self) -> dict[str, Network]:
        """Build all rungs, run them once, and check that they agree.

        Raises
        ------
        AssertionError
            When a rung is further from the slowest one of the row than its tolerance.
        """
        generator = np.random.default_rng(1)
        networks = {name: self.build(name) for name in self.rungs}
        first = networks[self.rungs[0]]
        self.values = _normal((*first.input_shape, self.histories), generator)
        self.signals = _normal((*first.output_shape, self.histories), generator)
        wanted = _results(first, self.values, self.signals)
        for name, network in networks.items():
            for got, expected in zip(_results(network, self.values, self.signals), wanted, strict=True):
                error = np.abs(got - expected).max() / np.abs(expected).max()
                if error > 10 * FAMILIES[self.family].tolerance["float32"]:
                    raise AssertionError(f"{self.title}: {name} differs by {error:.1e}")
        return networks


def _normal(shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
    array = aligned_zeros(shape)
    array[:] = generator.standard_normal(shape, dtype=np.float32)
    return array


def _results(network: Network, values: np.ndarray, signals: np.ndarray) -> list[np.ndarray]:
    network.parameters.zero_gradients()
    outputs = network.forward(values).copy()
    return [outputs, network.backward(signals).copy(), network.parameters.gradients.copy()]
