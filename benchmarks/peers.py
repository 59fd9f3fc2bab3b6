"""What a user would reach for instead: the same layers in PyTorch. Absent, its columns stay empty."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

try:
    import torch
except ImportError:
    torch = None


class Peer(NamedTuple):
    """The peer's forward, and its backward with gradients of inputs and parameters."""

    forward: Callable[[], Any]
    backward: Callable[[], Any]


def _tensor(array: np.ndarray) -> Any:
    return torch.from_numpy(np.ascontiguousarray(array)).requires_grad_()


def _peer(function: Callable[..., Any], leaves: list[Any]) -> Peer:
    """Make a peer of a differentiable function: the graph is kept, so backward alone is timed."""
    output = function(*leaves)
    signals = torch.ones_like(output)

    def forward() -> Any:
        with torch.no_grad():
            return function(*leaves)

    return Peer(forward, lambda: torch.autograd.grad(output, leaves, signals, retain_graph=True))


def dense(weights: np.ndarray, biases: np.ndarray, values: np.ndarray, leakage: float) -> Peer:
    """`nn.Linear` and leaky ReLU on a batch (N, inputs)."""
    functional = torch.nn.functional

    def layer(weight: Any, bias: Any, batch: Any) -> Any:
        return functional.leaky_relu(functional.linear(batch, weight, bias), leakage)

    return _peer(layer, [_tensor(weights), _tensor(biases), _tensor(values.T)])


def local(weights: np.ndarray, biases: np.ndarray, images: np.ndarray, blocks: tuple[int, int, int]) -> Peer:
    """`unfold` and `einsum`: weights (tiles, outputs, inputs), images (N, channels, height, width)."""
    block, window, margin = blocks
    functional = torch.nn.functional

    def layer(weight: Any, bias: Any, batch: Any) -> Any:
        far = window - block - margin
        padded = functional.pad(batch, (margin, far, margin, far))
        columns = functional.unfold(padded, window, stride=block)
        return functional.leaky_relu(torch.einsum("toi,nit->not", weight, columns) + bias.T, 0.1)

    return _peer(layer, [_tensor(weights), _tensor(biases), _tensor(images)])


def graph(weights: np.ndarray, sources: np.ndarray, starts: np.ndarray, values: np.ndarray) -> Peer:
    """Sparse compressed rows: forward `W @ x`; backward `W^T @ d` and the sampled product for dW.

    PyTorch keeps no fast derivative of its own for compressed rows, so the two products of the
    backward pass are called directly: the transposed matrix is made beforehand, and the gradient of
    the weights is `sampled_addmm` on the same pattern.
    """
    warnings.filterwarnings("ignore", "Sparse", UserWarning)
    inputs, _ = values.shape
    outputs = len(starts) - 1
    pattern = [torch.from_numpy(starts), torch.from_numpy(sources)]
    matrix = torch.sparse_csr_tensor(*pattern, torch.from_numpy(weights), (outputs, inputs))
    transposed = matrix.to_dense().T.contiguous().to_sparse_csr()
    zeros = torch.sparse_csr_tensor(*pattern, torch.zeros(len(weights)), (outputs, inputs))
    batch = torch.from_numpy(np.ascontiguousarray(values))
    deltas = torch.ones((outputs, values.shape[1]))

    def backward() -> Any:
        return transposed @ deltas, torch.sparse.sampled_addmm(zeros, deltas, batch.T)

    return Peer(lambda: matrix @ batch, backward)


def convolution(
    values: np.ndarray, channels: int, leakage: float, sides: dict[str, int], *, transposed: bool
) -> Peer:
    """`nn.Conv2d` or `nn.ConvTranspose2d` of 3 x 3 and leaky ReLU on images (N, channels, height, width)."""
    kind = torch.nn.ConvTranspose2d if transposed else torch.nn.Conv2d
    module = kind(values.shape[2], channels, 3, **sides)

    def layer(batch: Any, *_: Any) -> Any:
        return torch.nn.functional.leaky_relu(module(batch), leakage)

    return _peer(layer, [_tensor(values.transpose(3, 2, 0, 1)), *module.parameters()])


def recurrent(family: str, values: np.ndarray, units: int) -> Peer:
    """`nn.LSTM` or `nn.GRU` on sequences (T, N, features), its own favourite order."""
    module = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[family](values.shape[1], units)

    def layer(batch: Any, *_: Any) -> Any:
        return module(batch)[0]

    return _peer(layer, [_tensor(values.transpose(0, 2, 1)), *module.parameters()])
