"""Rows of convolutions and their transposes: the layers of autoencoders of images, and the autoencoders."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from benchmarks import jax_peer
from benchmarks.jax_peer import JaxTraining
from benchmarks.layer_row import Layer, layer_row
from benchmarks.row import Row
from benchmarks.torch_peer import TorchLayer, TorchTraining, fused_adam, torch
from benchmarks.training_row import LEARNING_RATE, Training, autoencoder_title, training_row
from networks import FAMILIES, Network, Recipe, Sequential
from nn import LeakyReLU, Shape

LEAKAGE = 0.1
HISTORIES = 64
KERNEL = 3


class Plan(NamedTuple):
    """A layer of 3 x 3 windows that halves the image or keeps it or, transposed, doubles it."""

    channels: int
    stride: int
    transposed: bool = False

    @property
    def sides(self) -> dict[str, int]:
        """Options of the layer, which have the same names in PyTorch."""
        padding = {"output_padding": self.stride - 1} if self.transposed else {}
        return {"stride": self.stride, "padding": 1, **padding}

    def recipe(self, rung: str) -> Recipe[Network]:
        """Return a function that builds the layer for images of a shape."""
        family = "transposed_convolution" if self.transposed else "convolution"
        options = {"kernel": KERNEL, "activation": LeakyReLU(LEAKAGE)}
        layer: Recipe[Network] = (
            FAMILIES[family].rungs[rung].of(channels=self.channels, **self.sides, **options)
        )
        return layer


def rows() -> list[Row]:
    """Return the layers of two encoders, those of their decoders, and the steps of both autoencoders."""
    return [
        _layer(Shape(28, 28, 1), Plan(16, 2)),
        _layer(Shape(14, 14, 16), Plan(32, 2)),
        _layer(Shape(64, 64, 3), Plan(16, 2)),
        _layer(Shape(32, 32, 16), Plan(32, 1)),
        _layer(Shape(32, 32, 16), Plan(32, 2)),
        _layer(Shape(14, 14, 16), Plan(1, 2, True)),
        _layer(Shape(7, 7, 32), Plan(16, 2, True)),
        _layer(Shape(16, 16, 32), Plan(16, 2, True)),
        _layer(Shape(32, 32, 16), Plan(3, 2, True)),
        autoencoder_row(Shape(28, 28, 1), _mirrored(1), HISTORIES),
        autoencoder_row(Shape(64, 64, 3), _mirrored(3), HISTORIES),
    ]


def _mirrored(channels: int) -> list[Plan]:
    return [Plan(16, 2), Plan(32, 2), Plan(16, 2, True), Plan(channels, 2, True)]


def _layer(shape: Shape, plan: Plan) -> Row:
    def build(rung: str) -> Network:
        return plan.recipe(rung).build(shape, generator=np.random.default_rng(0))

    title = f"{shape} to {build('plain').output_shape}{', transposed' * plan.transposed}"
    return layer_row("convolution", title, HISTORIES, Layer(build, partial(_torch_layer, plan)))


def autoencoder_row(shape: Shape, plans: Sequence[Plan], histories: int) -> Row:
    """Return the training step of convolutions and their transposes one after another."""

    def build(rung: str) -> Sequential:
        layers = [plan.recipe(rung) for plan in plans]
        return Sequential(shape, layers, generator=np.random.default_rng(0))

    training = Training(build, partial(_torch_training, plans), partial(_jax_training, plans), images=True)
    return training_row("convolution", autoencoder_title(build("plain")), histories, training)


def _as_images(values: np.ndarray) -> np.ndarray:
    """Turn histories (H, W, C, N) into PyTorch's images (N, C, H, W)."""
    return values.transpose(3, 2, 0, 1)


def _module(plan: Plan, layer: Any) -> Any:
    kind = torch.nn.ConvTranspose2d if plan.transposed else torch.nn.Conv2d
    module = kind(layer.input_shape.channels, plan.channels, KERNEL, **plan.sides)
    weights = np.ascontiguousarray(layer.parameters["weights"].transpose(0, 3, 1, 2))
    with torch.no_grad():
        module.weight.copy_(torch.from_numpy(weights))
        module.bias.copy_(torch.from_numpy(layer.parameters["biases"]))
    return module


def _torch_layer(plan: Plan, network: Network, values: np.ndarray) -> TorchLayer:
    module = _module(plan, network)

    def layer(batch: Any, *_: Any) -> Any:
        return torch.nn.functional.leaky_relu(module(batch), LEAKAGE)

    return TorchLayer(layer, [_as_images(values), *module.parameters()], _as_images)


def _torch_training(
    plans: Sequence[Plan], network: Network, inputs: np.ndarray, targets: np.ndarray
) -> TorchTraining:
    modules: list[Any] = []
    for plan, layer in zip(plans, network.layers, strict=True):
        modules += [_module(plan, layer), torch.nn.LeakyReLU(LEAKAGE)]
    images = _as_images(inputs)
    return TorchTraining(torch.nn.Sequential(*modules), images, images, fused_adam(LEARNING_RATE))


def _jax_training(
    plans: Sequence[Plan], network: Network, inputs: np.ndarray, targets: np.ndarray
) -> JaxTraining:
    """Return the same on images (N, H, W, C), XLA's favourite order; kernels (rows, columns, in, out)."""
    jax = jax_peer.jax

    def model(leaves: list[Any], images: Any) -> Any:
        for plan, kernel, biases in zip(plans, leaves[::2], leaves[1::2], strict=True):
            images = jax.nn.leaky_relu(_jax_convolution(plan, images, kernel) + biases, LEAKAGE)
        return images

    leaves = []
    for plan, layer in zip(plans, network.layers, strict=True):
        weights = layer.parameters["weights"]
        turned = (
            weights[:, ::-1, ::-1].transpose(1, 2, 0, 3) if plan.transposed else weights.transpose(1, 2, 3, 0)
        )
        leaves += [turned, layer.parameters["biases"]]
    images = np.moveaxis(inputs, -1, 0)
    return JaxTraining(model, leaves, images, images, LEARNING_RATE)


def _jax_convolution(plan: Plan, images: Any, kernel: Any) -> Any:
    """A transposed convolution convolves the image, zeros between its pixels, with the flipped kernel."""
    convolve = partial(
        jax_peer.jax.lax.conv_general_dilated, images, kernel, dimension_numbers=("NHWC", "HWIO", "NHWC")
    )
    if not plan.transposed:
        return convolve(window_strides=(plan.stride,) * 2, padding=((1, 1),) * 2)
    near = KERNEL - 2
    far = near + plan.sides["output_padding"]
    return convolve(window_strides=(1, 1), padding=((near, far),) * 2, lhs_dilation=(plan.stride,) * 2)
