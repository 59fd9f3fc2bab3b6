"""Models of `torch.nn` that are built like networks of ours, written out here, with the same names."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import add, mul
from typing import Any

import numpy as np

from networks import Model, Network, Sequential, TimeDistributed
from nn.shape import AnyShape
from tests.support.torch_activations import torch_peer


def torch_model(torch: Any, network: Network) -> Any:
    """Return a model whose modules are called as our layers; it takes tensors as PyTorch has them.

    Images are (N, C, H, W), features (N, C, 1, 1), sequences (N, T, features), videos (N, T, C, H, W), labels
    (N, T). Of several inputs, and outputs, each is one, in order.

    Raises
    ------
    LookupError
        When `torch.nn` has nothing of which a layer could be made.
    """
    return _made(torch, network).to(getattr(torch, str(network.dtype)))


def _made(torch: Any, network: Network) -> Any:
    if isinstance(network, Model):
        return _model(torch, network)
    if isinstance(network, TimeDistributed):
        return _time_distributed(torch, network)
    if isinstance(network, Sequential):
        return _chain(torch, network)
    raise LookupError(f"torch.nn has no such {network.family}")


def _part(torch: Any, owner: Any, name: str, layer: Network) -> Callable[..., Any]:
    """Make a layer, a module of its owner if it has tensors, and return what applies it."""
    if isinstance(layer, Model | Sequential | TimeDistributed):
        owner.add_module(name, _made(torch, layer))
        return getattr(owner, name)
    if layer.family not in MODULES | FUNCTIONS or getattr(layer, "peepholes", False):
        raise LookupError(f"torch.nn has no such {layer.family}")
    if layer.family in MODULES:
        owner.add_module(name, MODULES[layer.family](torch.nn, layer))
        apply = APPLIED[layer.family]
        return lambda values: _activated(torch, layer, apply(torch, getattr(owner, name), layer, values))
    return lambda *values: FUNCTIONS[layer.family](torch, layer, *values)


def _chain(torch: Any, network: Sequential) -> Any:
    class Chain(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.parts = [_part(torch, self, name, layer) for name, layer in network.named.items()]

        def forward(self, values: Any) -> Any:
            for part in self.parts:
                values = part(values)
            return values

    return Chain()


def _model(torch: Any, network: Model) -> Any:
    class Wired(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.parts = {
                call.name: _part(torch, self, call.name, network.named[call.name])
                for call in network.calls
                if call.name == call.network
            }

        def forward(self, *values: Any) -> Any:
            nodes = dict(zip(network.input_shapes, values, strict=True))
            for call in network.calls:
                nodes[call.name] = self.parts[call.network](*(nodes[each] for each in call.sources))
            found = tuple(nodes[name] for name in network.output_nodes.values())
            return found if len(found) > 1 else found[0]

    return Wired()


def _time_distributed(torch: Any, network: TimeDistributed) -> Any:
    shapes = network.network.input_shape, network.network.output_shape

    class EveryStep(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.part = _part(torch, self, "network", network.network)

        def forward(self, values: Any) -> Any:
            steps = network.input_shape[0]
            single = theirs(ours(values, network.input_shape).reshape(-1, *shapes[0]), shapes[0])
            found = ours(self.part(single), shapes[1])
            return theirs(found.reshape(-1, steps, *network.output_shape[1:]), network.output_shape)

    return EveryStep()


def theirs(values: Any, shape: AnyShape) -> Any:
    """Return a tensor (N, *shape) as it is there: channels of images before rows."""
    return moved(values, values.ndim - 1, values.ndim - 3) if len(shape) > 2 else values


def ours(values: Any, shape: AnyShape) -> Any:
    """Return a tensor with its axes as ours, (N, *shape)."""
    return moved(values, values.ndim - 3, values.ndim - 1) if len(shape) > 2 else values


def moved(values: Any, source: int, place: int) -> Any:
    """Return a tensor with an axis moved, in order in memory.

    `movedim` is exported with negative axes, which ONNX has not, and of an image that lies otherwise a
    convolution of torch 2.13.0 may end the process (a window of zeros alone, channels last).
    """
    axes = [axis for axis in range(values.ndim) if axis != source]
    return values.permute(*axes[:place], source, *axes[place:]).contiguous()


def _windows(nn: Any, layer: Any) -> Any:
    kernel = layer.kernel
    options = {"stride": kernel.stride, "padding": kernel.padding, "dilation": kernel.dilation}
    channels = (layer.input_shape.channels, layer.output_shape.channels)
    if layer.family == "convolution":
        return nn.Conv2d(*channels, kernel.size, **options)
    return nn.ConvTranspose2d(*channels, kernel.size, output_padding=layer.output_padding, **options)


def _recurrent(nn: Any, layer: Any) -> Any:
    options = {"num_layers": layer.layer_count, "bidirectional": layer.directions == 2}
    kind = getattr(nn, layer.family.upper())
    return kind(layer.input_shape[-1], layer.units, batch_first=True, **options)


def _batch_normalisation(nn: Any, layer: Any) -> Any:
    kind = {2: nn.BatchNorm1d, 3: nn.BatchNorm2d, 4: nn.BatchNorm3d}[len(layer.input_shape)]
    return kind(layer.input_shape[-1], eps=layer.epsilon)


def _layer_normalisation(nn: Any, layer: Any) -> Any:
    shape = layer.input_shape
    if layer.axes == "last":
        return nn.LayerNorm(shape[-1], eps=layer.epsilon)
    return nn.LayerNorm((*shape[:-3], shape[-1], *shape[-3:-1]) if len(shape) > 2 else shape, layer.epsilon)


MODULES: dict[str, Callable[[Any, Any], Any]] = {
    "batch_normalisation": _batch_normalisation,
    "convolution": _windows,
    "dense": lambda nn, layer: nn.Linear(layer.input_shape.size, layer.output_shape.size),
    "embedding": lambda nn, layer: nn.Embedding(*layer.parameters["weights"].shape),
    "gru": _recurrent,
    "gru_cell": lambda nn, layer: nn.GRUCell(layer.input_shape[-1], layer.units),
    "layer_normalisation": _layer_normalisation,
    "lstm": _recurrent,
    "lstm_cell": lambda nn, layer: nn.LSTMCell(layer.input_shape[-1], layer.units),
    "transposed_convolution": _windows,
}
"""Layers with tensors, as modules."""


def _apply_batch_normalisation(torch: Any, module: Any, layer: Any, values: Any) -> Any:
    channels = values.ndim + (-1 if len(layer.input_shape) == 2 else -3)
    return moved(module(moved(values, channels, 1)), 1, channels)


def _apply_dense(torch: Any, module: Any, layer: Any, values: Any) -> Any:
    shape = layer.output_shape
    return module(values.flatten(1)).reshape(-1, shape.channels, shape.height, shape.width)


def _apply_layer_normalisation(torch: Any, module: Any, layer: Any, values: Any) -> Any:
    if layer.axes == "all":
        return module(values)
    return theirs(module(ours(values, layer.input_shape)), layer.input_shape)


def _apply_recurrent(torch: Any, module: Any, layer: Any, values: Any) -> Any:
    outputs, states = module(values)
    if layer.whole_sequence:
        return outputs
    hidden = states[0] if isinstance(states, tuple) else states
    last = hidden[-1] if layer.directions == 1 else torch.cat([hidden[-2], hidden[-1]], 1)
    return last[..., None, None]


def _apply_cell(torch: Any, module: Any, layer: Any, values: Any) -> Any:
    found = module(values.flatten(1))
    return (found[0] if isinstance(found, tuple) else found)[..., None, None]


def _called(torch: Any, module: Any, layer: Any, values: Any) -> Any:
    return module(values)


APPLIED: dict[str, Callable[[Any, Any, Any, Any], Any]] = {
    "batch_normalisation": _apply_batch_normalisation,
    "convolution": _called,
    "dense": _apply_dense,
    "embedding": lambda torch, module, layer, values: theirs(module(values), layer.output_shape),
    "gru": _apply_recurrent,
    "gru_cell": _apply_cell,
    "layer_normalisation": _apply_layer_normalisation,
    "lstm": _apply_recurrent,
    "lstm_cell": _apply_cell,
    "transposed_convolution": _called,
}
"""What makes the outputs of such a layer of its module."""


def _activated(torch: Any, layer: Any, values: Any) -> Any:
    activation = getattr(layer, "activation", None)
    return values if activation is None else torch_peer(torch, activation)(values)


def _pooled(torch: Any, layer: Any, values: Any) -> Any:
    functional, options = torch.nn.functional, (layer.window, layer.stride, layer.padding)
    if layer.family == "max_pooling":
        return functional.max_pool2d(values, *options)
    return functional.avg_pool2d(values, *options, count_include_pad=layer.count_padding)


def _enlarged(mode: str) -> Callable[..., Any]:
    def apply(torch: Any, layer: Any, values: Any) -> Any:
        factors = tuple(map(float, layer.factor))
        return torch.nn.functional.interpolate(values, scale_factor=factors, mode=mode)

    return apply


def _reshaped(torch: Any, layer: Any, values: Any) -> Any:
    found = ours(values, layer.input_shape).reshape(-1, *layer.output_shape)
    return theirs(found, layer.output_shape)


def _channels(layer: Any) -> int:
    return -3 if len(layer.output_shape) > 2 else -1


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "activation": _activated,
    "add": lambda torch, layer, *values: reduce(add, values),
    "average_pooling": _pooled,
    "bilinear_upsampling": _enlarged("bilinear"),
    "concatenate": lambda torch, layer, *values: torch.cat(values, _channels(layer)),
    "dropout": lambda torch, layer, values: values,
    "flatten": _reshaped,
    "gaussian_noise": lambda torch, layer, values: values,
    "global_average_pooling": lambda torch, layer, values: values.mean((2, 3), keepdim=True),
    "global_max_pooling": lambda torch, layer, values: values.amax((2, 3), keepdim=True),
    "max_pooling": _pooled,
    "multiply": lambda torch, layer, *values: reduce(mul, values),
    "nearest_upsampling": _enlarged("nearest"),
    "reshape": _reshaped,
    "softmax": lambda torch, layer, values: values.softmax(_channels(layer)),
}
"""Layers without tensors, outside of training."""


def as_torch(torch: Any, values: np.ndarray, network: Network) -> Any:
    """Return values (..., N) of ours as a tensor."""
    moved = np.moveaxis(values, -1, 0)
    if network.labels is not None:
        return torch.tensor(np.ascontiguousarray(moved[..., 0]).astype(np.int64))
    return theirs(torch.tensor(np.ascontiguousarray(moved)), values.shape[:-1])


def from_torch(values: Any, network: Network) -> np.ndarray:
    """Return a tensor as values (..., N) of ours."""
    found: np.ndarray = np.moveaxis(ours(values, network.output_shape).detach().numpy(), 0, -1)
    return found
