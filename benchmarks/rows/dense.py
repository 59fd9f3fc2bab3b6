"""Rows of dense layers, and of autoencoders and tiny networks made of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from benchmarks import jax_peer
from benchmarks.jax_peer import JaxLayer, JaxTraining
from benchmarks.layer_row import Layer, layer_row
from benchmarks.row import BACKWARD, FORWARD, Row
from benchmarks.torch_peer import TorchLayer, TorchTraining, fused_adam, torch
from benchmarks.training_row import LEARNING_RATE, Training, training_row
from networks import FAMILIES, Network, Sequential
from nn import LeakyReLU, Shape

LEAKAGE = 0.1
AUTOENCODER = (784, 256, 64, 32, 64, 256, 784)
TINY = (2, 16, 16, 1)


def rows() -> list[Row]:
    """Return a small layer, a large one, and the steps of two networks."""
    return [
        _layer(16, 16, 32),
        _layer(512, 512, 64, headline=(FORWARD, BACKWARD)),
        stack_row("autoencoder", AUTOENCODER, 64),
        stack_row("tiny network", TINY, 32, autoencoder=False),
    ]


def _layer(inputs: int, outputs: int, histories: int, headline: Sequence[str] = ()) -> Row:
    layer = Layer(partial(_build_layer, inputs, outputs), _torch_layer, _jax_layer)
    return layer_row("dense", f"{inputs} to {outputs}", histories, layer, headline=headline)


def stack_row(name: str, sizes: Sequence[int], histories: int, *, autoencoder: bool = True) -> Row:
    """Return the training step of dense layers one after another."""
    build = partial(build_stack, sizes)
    training = Training(build, torch_training, _jax_training, autoencoder=autoencoder)
    return training_row("dense", f"{name} {'-'.join(map(str, sizes))}", histories, training)


def _build_layer(inputs: int, outputs: int, rung: str) -> Network:
    shapes = Shape(1, 1, inputs), Shape(1, 1, outputs)
    kind = FAMILIES["dense"].rungs[rung]
    network: Network = kind(*shapes, activation=LeakyReLU(LEAKAGE), generator=np.random.default_rng(0))
    return network


def build_stack(sizes: Sequence[int], rung: str) -> Sequential:
    """Return dense layers of leaky ReLU one after another."""
    kind, (inputs, *rest) = FAMILIES["dense"].rungs[rung], sizes
    layers = [kind.of(units, activation=LeakyReLU(LEAKAGE)) for units in rest]
    return Sequential(inputs, layers, generator=np.random.default_rng(0))


def _as_rows(values: np.ndarray) -> np.ndarray:
    """Turn histories (H, W, C, N) into a batch (N, features)."""
    return values.reshape(-1, values.shape[-1]).T


def _torch_layer(network: Network, values: np.ndarray) -> TorchLayer:
    functional = torch.nn.functional

    def layer(batch: Any, weights: Any, biases: Any) -> Any:
        return functional.leaky_relu(functional.linear(batch, weights, biases), LEAKAGE)

    leaves = _as_rows(values), network.parameters["weights"], network.parameters["biases"]
    return TorchLayer(layer, leaves, _as_rows)


def _jax_layer(network: Network, values: np.ndarray) -> JaxLayer:
    def layer(batch: Any, weights: Any, biases: Any) -> Any:
        return jax_peer.jax.nn.leaky_relu(batch @ weights.T + biases, LEAKAGE)

    leaves = _as_rows(values), network.parameters["weights"], network.parameters["biases"]
    return JaxLayer(layer, leaves, _as_rows)


def torch_training(network: Network, inputs: np.ndarray, targets: np.ndarray) -> TorchTraining:
    """Return the same stack as `nn.Sequential` of `nn.Linear` and `nn.LeakyReLU`."""
    modules: list[Any] = []
    for layer in network.layers:
        linear = torch.nn.Linear(layer.input_shape.size, layer.output_shape.size)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(layer.parameters["weights"]))
            linear.bias.copy_(torch.from_numpy(layer.parameters["biases"]))
        modules += [linear, torch.nn.LeakyReLU(LEAKAGE)]
    batch = _as_rows(inputs)
    same = batch if targets is inputs else _as_rows(targets)
    return TorchTraining(torch.nn.Sequential(*modules), batch, same, fused_adam(LEARNING_RATE))


def jax_model(leaves: list[Any], batch: Any) -> Any:
    """Run weights (inputs, outputs) and biases one after another."""
    for weights, biases in zip(leaves[::2], leaves[1::2], strict=True):
        batch = jax_peer.jax.nn.leaky_relu(batch @ weights + biases, LEAKAGE)
    return batch


def jax_leaves(network: Network) -> list[np.ndarray]:
    """Return weights (inputs, outputs) and biases of every layer."""
    parameters = [layer.parameters for layer in network.layers]
    return [array for each in parameters for array in (each["weights"].T, each["biases"])]


def _jax_training(network: Network, inputs: np.ndarray, targets: np.ndarray) -> JaxTraining:
    arrays = jax_leaves(network), _as_rows(inputs), _as_rows(targets)
    return JaxTraining(jax_model, *arrays, learning_rate=LEARNING_RATE)
