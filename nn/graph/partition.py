"""Parts of a graph with nearly equal work and few connections between them.

The partitioner is METIS (Karypis and Kumar 1998, "A fast and high quality multilevel scheme for
partitioning irregular graphs").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nn.graph.columns import compress

SEED = 1


@dataclass(frozen=True)
class Partition:
    """A graph in parts.

    Attributes
    ----------
    parts
        Part of every neuron, int32 (neurons,).
    cut
        Number of connections between two parts.
    cut_share
        The same as a share of all connections.
    work
        Work of every part, int64 (parts,): a neuron's work is 1 and its connections in and out.
    """

    parts: np.ndarray
    cut: int
    cut_share: float
    work: np.ndarray

    def __str__(self) -> str:
        heaviest = self.work.max() / self.work.mean() if self.work.any() else 1.0
        return (
            f"{len(self.work)} parts, {self.cut} connections cut ({self.cut_share:.1%}), "
            f"the heaviest part has {heaviest:.2f} times the mean work"
        )


def partition(sources: np.ndarray, targets: np.ndarray, neurons: int, count: int) -> Partition:
    """Divide neurons into parts; the same graph always gives the same parts.

    Parameters
    ----------
    sources, targets
        Ends of the connections, whole numbers below `neurons`.
    neurons
        Number of neurons.
    count
        Number of parts; some stay empty when there are fewer neurons.

    Returns
    -------
    Partition

    Raises
    ------
    ValueError
        When `count` is below 1.
    """
    if count < 1:
        raise ValueError(f"{count} parts: a graph has at least one")
    work = 1 + np.bincount(sources, minlength=neurons) + np.bincount(targets, minlength=neurons)
    parts = np.zeros(neurons, np.int32)
    if count >= neurons:
        parts = np.arange(neurons, dtype=np.int32)
    elif count > 1:
        parts = _metis(sources, targets, work, count)
    cut = int((parts[sources] != parts[targets]).sum())
    share = cut / len(sources) if len(sources) else 0.0
    return Partition(parts, cut, share, np.bincount(parts, work, minlength=count).astype(np.int64))


def _metis(sources: np.ndarray, targets: np.ndarray, work: np.ndarray, count: int) -> np.ndarray:
    """Pass METIS the graph in its format: undirected, without loops, parallel connections as weights."""
    import pymetis  # noqa: PLC0415 - only graphs that are partitioned need it

    neurons = len(work)
    low, high = np.minimum(sources, targets), np.maximum(sources, targets)
    pairs, weights = np.unique(low[low < high] * np.int64(neurons) + high[low < high], return_counts=True)
    ends = np.divmod(pairs, neurons)
    near, far = np.concatenate(ends), np.concatenate(ends[::-1])
    rows = compress(near, neurons)
    _, parts = pymetis.part_graph(
        count,
        pymetis.CSRAdjacency(rows.starts, far[rows.items]),
        vweights=work,
        eweights=np.concatenate([weights, weights])[rows.items],
        options=pymetis.Options(seed=SEED),
    )
    return np.asarray(parts, np.int32)
