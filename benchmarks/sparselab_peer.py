"""SparseLab's product of a sparse matrix, by its public functions. Absent, its column stays empty."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial

import numpy as np

from benchmarks.row import BOTH, FORWARD, Peer, assert_agreement
from benchmarks.torch_peer import TOLERANCE, tensor, torch

try:
    import sparselab
except ImportError:
    sparselab = None

SPARSELAB = "SparseLab"

_KEPT: list[object] = []
"""All matrices so far: SparseLab finds a transpose by where its matrix lies, where another may lie later."""


def sparse_peers(matrix: np.ndarray, batch: np.ndarray, outputs: np.ndarray) -> dict[str, Callable[[], Peer]]:
    """Return the same product in SparseLab, to be compared with ours.

    Parameters
    ----------
    matrix
        Weights, (targets, sources), zero where there is no connection.
    batch
        Values (sources, N), which is also how SparseLab's product takes them.
    outputs
        Ours, (targets, N).
    """
    return {} if sparselab is None else {SPARSELAB: partial(_peer, matrix, batch, outputs)}


def _peer(matrix: np.ndarray, batch: np.ndarray, outputs: np.ndarray) -> Peer:
    """Forward without anything kept; both with the gradients of the inputs and of the weights.

    There are no biases, which a layer of SparseLab adds with PyTorch.
    """
    warnings.filterwarnings("ignore", "Sparse CSR", UserWarning)
    weights = sparselab.PaddedCSR.from_dense(tensor(matrix))
    _KEPT.append(weights)
    values, signals = tensor(batch).requires_grad_(), torch.ones(outputs.shape)

    def forward() -> object:
        with torch.no_grad():
            return sparselab.spmm(weights, values)

    def both() -> object:
        return torch.autograd.grad(sparselab.spmm(weights, values), [values], signals)

    def check() -> None:
        assert_agreement(SPARSELAB, sparselab.spmm(weights, values.detach()).numpy(), outputs, TOLERANCE)

    return Peer({FORWARD: forward, BOTH: both}, check)
