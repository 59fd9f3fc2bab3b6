"""The families of networks without parameters."""

from __future__ import annotations

from functools import partial
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from networks import (
    activation,
    activation_o1,
    activation_o2,
    merge,
    merge_o1,
    merge_o2,
    pooling,
    pooling_o1,
    pooling_o2,
    reshape,
    softmax,
    softmax_o1,
    softmax_o2,
    upsampling,
    upsampling_o1,
    upsampling_o2,
)
from networks.dense import Dense
from networks.family import Family, family
from networks.model import Model
from networks.network import Network
from networks.wires import Input, Use
from nn.activations import Tanh
from nn.shape import Shape

ACTIVATION = (activation, activation_o1, activation_o2)
MERGE = (merge, merge_o1, merge_o2)
POOLING = (pooling, pooling_o1, pooling_o2)
RESHAPE = (reshape, reshape, reshape)
SOFTMAX = (softmax, softmax_o1, softmax_o2)
UPSAMPLING = (upsampling, upsampling_o1, upsampling_o2)


def _layer_example(
    kind: Any, *, generator: np.random.Generator, dtype: DTypeLike = np.float32, **options: Any
) -> Network:
    """Build a layer, which draws nothing."""
    network: Network = kind(Shape(4, 5, 3), **options, dtype=dtype)
    return network


def _merge_example(kind: Any, *, generator: np.random.Generator, dtype: DTypeLike = np.float32) -> Network:
    """Build a model of two branches from one input."""
    image = Input(Shape(3, 2, 2))
    make = partial(Dense, image.shape, Shape(2, 2, 3), activation=Tanh(), generator=generator, dtype=dtype)
    branches = [Use(make(), image, name=name) for name in ("left", "right")]
    return Model(image, Use(kind([branch.shape for branch in branches], dtype=dtype), *branches))


def _layer(modules: tuple[ModuleType, ...], name: str, **options: Any) -> Family:
    return family(modules, name, partial(_layer_example, **options))


WEIGHTLESS: dict[str, Family] = {
    "activation": _layer(ACTIVATION, "ActivationLayer", activation=Tanh()),
    "add": family(MERGE, "Add", _merge_example),
    "average_pooling": _layer(POOLING, "AveragePooling", window=2, padding=1),
    "bilinear_upsampling": _layer(UPSAMPLING, "BilinearUpsampling", factor=2),
    "concatenate": family(MERGE, "Concatenate", _merge_example),
    "flatten": _layer(RESHAPE, "Flatten"),
    "global_average_pooling": _layer(POOLING, "GlobalAveragePooling"),
    "global_max_pooling": _layer(POOLING, "GlobalMaxPooling"),
    "max_pooling": _layer(POOLING, "MaxPooling", window=3, stride=2),
    "multiply": family(MERGE, "Multiply", _merge_example),
    "nearest_upsampling": _layer(UPSAMPLING, "NearestUpsampling", factor=2),
    "reshape": _layer(RESHAPE, "Reshape", output_shape=Shape(6, 2, 5)),
    "softmax": _layer(SOFTMAX, "Softmax"),
}
