"""Rows of the layers that cost little beside those with weights: memory is their limit."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks.layer_row import Layer, layer_row
from benchmarks.row import Row
from benchmarks.torch_peer import TorchLayer, torch
from networks import FAMILIES, Call, Input, Model, Network
from nn import AnyShape, SequenceShape, Shape, Tanh, VideoShape

IMAGE = Shape(32, 32, 16)
HISTORIES = 64
EPSILON = 1e-5

Function = Callable[[Any, Any], Callable[..., Any]]
"""Makes the function of images and parameters from the module `torch.nn.functional` and our network."""


def rows() -> list[Row]:
    """Return a row of each."""
    return [
        _image_row("activation", "activation", _tanh, activation=Tanh()),
        _row("softmax", "softmax", Shape(1, 1, 1000), _softmax),
        _image_row("pooling", "max_pooling", _max_pooling, window=2),
        _image_row("pooling", "average_pooling", _average_pooling, window=2),
        _row("upsampling", "nearest_upsampling", Shape(16, 16, 16), _nearest, factor=2),
        _row("upsampling", "bilinear_upsampling", Shape(16, 16, 16), _bilinear, factor=2),
        _image_row("normalisation", "batch_normalisation", _batch_norm, epsilon=EPSILON),
        _row("normalisation", "layer_normalisation", SequenceShape(28, 128), _layer_norm, epsilon=EPSILON),
        _image_row("noise", "dropout", _dropout, drawn=True, rate=0.3),
        _image_row("noise", "gaussian_noise", _gaussian_noise, drawn=True, deviation=0.3),
        _merge_row("add", _add),
        _merge_row("concatenate", _concatenate),
        _merge_row("multiply", _multiply),
        _embedding_row(),
        _convolutional_lstm_row(),
    ]


def _image_row(family: str, kind: str, function: Function, *, drawn: bool = False, **options: Any) -> Row:
    return _row(family, kind, IMAGE, function, drawn=drawn, **options)


def _row(
    family: str, kind: str, shape: AnyShape, function: Function, *, drawn: bool = False, **options: Any
) -> Row:
    """Return the row of a layer; one that draws has numbers of its own."""

    def build(rung: str) -> Network:
        generator = {"generator": np.random.default_rng(0)} if drawn else {}
        network: Network = FAMILIES[kind].rungs[rung](shape, **options, **generator)
        return network

    layer = Layer(build, partial(_torch_layer, function, drawn))
    return layer_row(family, f"{kind.replace('_', ' ')}, {shape}", HISTORIES, layer)


def _torch_layer(function: Function, drawn: bool, network: Network, values: np.ndarray) -> TorchLayer:
    """Return a function of images (N, C, H, W), or of anything else (N, ...), and of all parameters."""
    arrange = _as_images if isinstance(network.input_shape, Shape) else _as_batch
    parameters = [network.parameters[name] for name in network.parameters.names]
    layer = function(torch.nn.functional, network)
    return TorchLayer(layer, [arrange(values), *parameters], None if drawn else arrange)


def _as_images(values: np.ndarray) -> np.ndarray:
    return values.transpose(3, 2, 0, 1)


def _as_batch(values: np.ndarray) -> np.ndarray:
    return np.moveaxis(values, -1, 0)


def _tanh(functional: Any, network: Network) -> Callable[..., Any]:
    return torch.tanh


def _softmax(functional: Any, network: Network) -> Callable[..., Any]:
    return partial(functional.softmax, dim=1)


def _max_pooling(functional: Any, network: Network) -> Callable[..., Any]:
    return partial(functional.max_pool2d, kernel_size=2)


def _average_pooling(functional: Any, network: Network) -> Callable[..., Any]:
    return partial(functional.avg_pool2d, kernel_size=2)


def _nearest(functional: Any, network: Network) -> Callable[..., Any]:
    return partial(functional.interpolate, scale_factor=2, mode="nearest")


def _bilinear(functional: Any, network: Network) -> Callable[..., Any]:
    return partial(functional.interpolate, scale_factor=2, mode="bilinear", align_corners=False)


def _batch_norm(functional: Any, network: Network) -> Callable[..., Any]:
    def layer(images: Any, scale: Any, shift: Any) -> Any:
        """The running statistics are new arrays: the graph of a backward forbids that they change later."""
        means, variances = torch.zeros(IMAGE.channels), torch.ones(IMAGE.channels)
        options = {"training": True, "eps": EPSILON}
        return functional.batch_norm(images, means, variances, scale, shift, **options)

    return layer


def _layer_norm(functional: Any, network: Network) -> Callable[..., Any]:
    def layer(batch: Any, scale: Any, shift: Any) -> Any:
        return functional.layer_norm(batch, scale.shape, scale, shift, EPSILON)

    return layer


def _dropout(functional: Any, network: Network) -> Callable[..., Any]:
    return partial(functional.dropout, p=0.3)


def _gaussian_noise(functional: Any, network: Network) -> Callable[..., Any]:
    return lambda images: images + 0.3 * torch.randn_like(images)


def _merge_row(kind: str, function: Callable[[Any], Any]) -> Row:
    """Return the row of a merge of an image with itself, which both sides have to read twice."""

    def build(rung: str) -> Network:
        image = Input(IMAGE)
        return Model(image, Call(FAMILIES[kind].rungs[rung]([IMAGE, IMAGE]), image, image))

    layer = Layer(build, partial(_torch_layer, lambda *_: function, False))
    return layer_row("merge", f"{kind}, two of {IMAGE}", HISTORIES, layer)


def _add(images: Any) -> Any:
    return images + images


def _concatenate(images: Any) -> Any:
    return torch.cat([images, images], 1)


def _multiply(images: Any) -> Any:
    return images * images


def _embedding_row() -> Row:
    shape = SequenceShape(64, 1)

    def build(rung: str) -> Network:
        generator = np.random.default_rng(0)
        network: Network = FAMILIES["embedding"].rungs[rung](
            shape, labels=10_000, features=64, generator=generator
        )
        return network

    def torch_layer(network: Network, values: np.ndarray) -> TorchLayer:
        labels = _as_batch(values[:, 0]).astype(np.int64)
        return TorchLayer(torch.nn.functional.embedding, [labels, network.parameters["weights"]], _as_batch)

    return layer_row("embedding", "64 of 10,000 labels, 64 features", HISTORIES, Layer(build, torch_layer))


def _convolutional_lstm_row() -> Row:
    shape, channels, histories = VideoShape(8, 16, 16, 8), 16, 16

    def build(rung: str) -> Network:
        options = {"channels": channels, "kernel": 3, "peepholes": False}
        network: Network = FAMILIES["convolutional_lstm"].rungs[rung](
            shape, **options, generator=np.random.default_rng(0)
        )
        return network

    title = f"{shape} to {channels} channels, 3x3"
    return layer_row("convolutional_lstm", title, histories, Layer(build, _torch_convolutional_lstm))


def _torch_convolutional_lstm(network: Network, values: np.ndarray) -> TorchLayer:
    """Convolve the images of all steps at once, then go through the steps (Shi et al. 2015, equation 3)."""
    convolve = partial(torch.nn.functional.conv2d, padding="same")

    def layer(video: Any, weights: Any, recurrent: Any, biases: Any) -> Any:
        steps, entries, _, height, width = video.shape
        sums = convolve(video.flatten(0, 1), weights, biases).unflatten(0, (steps, entries))
        hidden = cells = torch.zeros(entries, recurrent.shape[1], height, width)
        outputs = []
        for step in range(steps):
            i, f, g, o = (sums[step] + convolve(hidden, recurrent)).chunk(4, 1)
            cells = torch.sigmoid(f) * cells + torch.sigmoid(i) * torch.tanh(g)
            hidden = torch.sigmoid(o) * torch.tanh(cells)
            outputs.append(hidden)
        return torch.stack(outputs)

    kernels = [network.parameters[f"{name}_weights"].transpose(0, 3, 1, 2) for name in ("input", "recurrent")]
    leaves = [_as_video(values), *kernels, network.parameters["biases"]]
    return TorchLayer(layer, leaves, _as_video)


def _as_video(values: np.ndarray) -> np.ndarray:
    """Turn histories (steps, H, W, C, N) into (steps, N, C, H, W)."""
    return values.transpose(0, 4, 3, 1, 2)
