"""Rows of windows with weights of their own, against `unfold` and `einsum`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from benchmarks.layer_row import Layer, layer_row
from benchmarks.row import Row
from benchmarks.torch_peer import TorchLayer, TorchTraining, fused_adam, torch
from benchmarks.training_row import LEARNING_RATE, Training, autoencoder_title, training_row
from networks import FAMILIES, Network, Recipe, Sequential
from nn import LeakyReLU, Shape

LEAKAGE = 0.1
WINDOW = 5


class Blocks(NamedTuple):
    """A layer: the sides of its input and output blocks, and the channels of its output."""

    input_block: int
    output_block: int
    channels: int


IMAGE = Shape(64, 64, 3)
AUTOENCODER = (Blocks(2, 1, 8), Blocks(2, 1, 16), Blocks(1, 2, 8), Blocks(1, 2, 3))
"""64 x 64 x 3 to 32 x 32 x 8 to 16 x 16 x 16, and back."""


def rows() -> list[Row]:
    """Return two layers that condense, one that expands, and the step of an autoencoder."""
    return [
        _layer(IMAGE, AUTOENCODER[0], 32),
        _layer(Shape(32, 32, 8), AUTOENCODER[1], 32),
        _layer(Shape(16, 16, 16), AUTOENCODER[2], 32),
        autoencoder_row(IMAGE, AUTOENCODER, 32),
    ]


def _layer(shape: Shape, blocks: Blocks, histories: int) -> Row:
    def build(rung: str) -> Network:
        return _recipe(blocks, rung).build(shape, generator=np.random.default_rng(0))

    output = build("plain").output_shape
    title = f"{shape} to {output}, windows {WINDOW}"
    return layer_row("local", title, histories, Layer(build, _torch_layer))


def autoencoder_row(shape: Shape, layers: Sequence[Blocks], histories: int) -> Row:
    """Return the training step of layers of windows."""
    training = Training(partial(build_autoencoder, shape, layers), _torch_training)
    title = autoencoder_title(training.build("plain"))
    return training_row("local", title, histories, training)


def build_autoencoder(shape: Shape, layers: Sequence[Blocks], rung: str) -> Sequential:
    """Return layers of windows one after another."""
    recipes = [_recipe(each, rung) for each in layers]
    return Sequential(shape, recipes, generator=np.random.default_rng(0))


def _recipe(blocks: Blocks, rung: str) -> Recipe[Network]:
    kind = FAMILIES["local"].rungs[rung]
    layer: Recipe[Network] = kind.of(**blocks._asdict(), window=WINDOW, activation=LeakyReLU(LEAKAGE))
    return layer


def _as_images(values: np.ndarray) -> np.ndarray:
    """Turn histories (H, W, C, N) into images (N, C, H, W)."""
    return values.transpose(3, 2, 0, 1)


def _function(network: Any) -> Any:
    """Return the layer of images, weights (tiles, outputs, inputs) and biases (outputs, tiles)."""
    tiling, functional = network.tiling, torch.nn.functional
    side, channels = tiling.output_block, network.output_shape.channels
    near = tiling.margin
    far = tiling.window - tiling.input_block - near

    def layer(batch: Any, weights: Any, biases: Any) -> Any:
        padded = functional.pad(batch, (near, far, near, far))
        columns = functional.unfold(padded, tiling.window, stride=tiling.input_block)
        sums = torch.einsum("toi,nit->not", weights, columns) + biases
        blocks = functional.leaky_relu(sums, LEAKAGE)
        blocks = blocks.view(-1, side, side, channels, tiling.rows, tiling.columns)
        image = blocks.permute(0, 3, 4, 1, 5, 2)
        return image.reshape(-1, channels, tiling.rows * side, tiling.columns * side)

    return layer


def _leaves(network: Any) -> list[np.ndarray]:
    """Return weights and biases for `unfold`: windows are whole, with zeros beyond the image's edges."""
    tiling, channels = network.tiling, network.input_shape.channels
    outputs, window = network.outputs_per_tile, tiling.window
    weights = np.zeros((len(tiling), outputs, channels, window, window), np.float32)
    biases = np.empty((outputs, len(tiling)), np.float32)
    for number, (tile, patch) in enumerate(zip(tiling, network.patches(), strict=True)):
        box = tile.window
        top = box.top - (tile.row * tiling.input_block - tiling.margin)
        left = box.left - (tile.column * tiling.input_block - tiling.margin)
        own = network.parameters["weights"][patch.weights]
        own = own.reshape(outputs, box.height, box.width, channels).transpose(0, 3, 1, 2)
        weights[number, :, :, top : top + box.height, left : left + box.width] = own
        biases[:, number] = network.parameters["biases"][patch.block].ravel()
    return [weights.reshape(len(tiling), outputs, -1), biases]


def _torch_layer(network: Network, values: np.ndarray) -> TorchLayer:
    return TorchLayer(_function(network), [_as_images(values), *_leaves(network)], _as_images)


def _torch_training(network: Network, inputs: np.ndarray, targets: np.ndarray) -> TorchTraining:
    class Windows(torch.nn.Module):
        """A locally connected layer."""

        def __init__(self, layer: Network) -> None:
            super().__init__()
            leaves = [torch.nn.Parameter(torch.from_numpy(each)) for each in _leaves(layer)]
            self.weights, self.biases = leaves
            self.function = _function(layer)

        def forward(self, batch: Any) -> Any:
            return self.function(batch, self.weights, self.biases)

    images = _as_images(inputs)
    model = torch.nn.Sequential(*map(Windows, network.layers))
    return TorchTraining(model, images, images, fused_adam(LEARNING_RATE))
