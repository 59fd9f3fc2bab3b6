"""Models of `torch.nn` that are built like networks of ours, written out here, with the same names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from networks.base.network import Network
from networks.sequential import Sequential
from tests.support.torch_activations import torch_peer


def torch_model(torch: Any, network: Sequential) -> Any:
    """Return a model whose modules are called as our layers; it takes tensors as PyTorch has them.

    Images are (N, C, H, W), sequences (N, T, features), labels (N, T).
    """
    nn = torch.nn
    kind = getattr(torch, str(network.dtype))

    class Model(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            for name, layer in network.named.items():
                module = _module(nn, layer)
                if module is not None:
                    self.add_module(name, module.to(kind))

        def forward(self, values: Any) -> Any:
            for name, layer in network.named.items():
                values = _apply(torch, getattr(self, name, None), layer, values)
            return values

    return Model()


def _module(nn: Any, layer: Any) -> Any:
    make = MODULES.get(layer.family)
    return None if make is None else make(nn, layer)


def _windows(nn: Any, layer: Any) -> Any:
    kind = nn.Conv2d if layer.family == "convolution" else nn.ConvTranspose2d
    channels, kernel = (layer.input_shape.channels, layer.output_shape.channels), layer.kernel
    options = {"stride": kernel.stride, "padding": kernel.padding, "dilation": kernel.dilation}
    return kind(*channels, kernel.size, **options)


def _recurrent(nn: Any, layer: Any) -> Any:
    options = {"num_layers": layer.layer_count, "bidirectional": layer.directions == 2}
    kind = getattr(nn, layer.family.upper())
    return kind(layer.input_shape[-1], layer.units, batch_first=True, **options)


MODULES: dict[str, Callable[[Any, Any], Any]] = {
    "dense": lambda nn, layer: nn.Linear(layer.input_shape.size, layer.output_shape.size),
    "convolution": _windows,
    "transposed_convolution": _windows,
    "batch_normalisation": lambda nn, layer: nn.BatchNorm2d(layer.input_shape[-1], eps=layer.epsilon),
    "layer_normalisation": lambda nn, layer: nn.LayerNorm(layer.input_shape[-1], eps=layer.epsilon),
    "embedding": lambda nn, layer: nn.Embedding(*layer.parameters["weights"].shape),
    "lstm": _recurrent,
    "gru": _recurrent,
}


def _apply(torch: Any, module: Any, layer: Any, values: Any) -> Any:
    if layer.family == "dense":
        sums = module(values.flatten(1))
        shape = layer.output_shape
        values = sums.reshape(-1, shape.channels, shape.height, shape.width)
    elif layer.family in ("lstm", "gru"):
        values = module(values)[0]
    elif layer.family == "max_pooling":
        return torch.nn.functional.max_pool2d(values, 2)
    elif module is not None:
        values = module(values)
    activation = getattr(layer, "activation", None)
    return values if activation is None else torch_peer(torch, activation)(values)


def as_torch(torch: Any, values: np.ndarray, network: Network) -> Any:
    """Return values (..., N) of ours as a tensor."""
    moved = np.moveaxis(values, -1, 0)
    if len(network.input_shape) == 3:
        moved = np.moveaxis(moved, -1, 1)
    elif next(iter(network.leaves.values())).family == "embedding":
        moved = moved[..., 0].astype(np.int64)
    return torch.tensor(np.ascontiguousarray(moved))


def from_torch(values: Any, network: Network) -> np.ndarray:
    """Return a tensor as values (..., N) of ours."""
    array = values.detach().numpy()
    if len(network.output_shape) == 3:
        array = np.moveaxis(array, 1, -1)
    return np.moveaxis(array, 0, -1)
