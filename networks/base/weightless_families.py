"""The families of networks without parameters."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from networks.base.family import USUAL_TOLERANCE, Family, Rungs, family
from networks.base.network import Network
from networks.base.nodes import Call, Input
from networks.dense import Dense
from networks.model import Model
from nn.activations import Tanh
from nn.shape import Shape


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
    branches = [Call(make(), image, name=name) for name in ("left", "right")]
    return Model(image, Call(kind([branch.shape for branch in branches], dtype=dtype), *branches))


def _layer(module: str, name: str, **options: Any) -> Family:
    return family(module, name, partial(_layer_example, **options))


def _single(module: str, name: str, **options: Any) -> Family:
    """Return a family with one class for all rungs."""
    return Family(Rungs(module, name, single=True), partial(_layer_example, **options), USUAL_TOLERANCE)


WEIGHTLESS: dict[str, Family] = {
    "activation": _layer("activation", "ActivationLayer", activation=Tanh()),
    "add": family("merge", "Add", _merge_example),
    "average_pooling": _layer("pooling", "AveragePooling", window=2, padding=1),
    "bilinear_upsampling": _layer("upsampling", "BilinearUpsampling", factor=2),
    "concatenate": family("merge", "Concatenate", _merge_example),
    "flatten": _single("reshape", "Flatten"),
    "global_average_pooling": _layer("pooling", "GlobalAveragePooling"),
    "global_max_pooling": _layer("pooling", "GlobalMaxPooling"),
    "max_pooling": _layer("pooling", "MaxPooling", window=3, stride=2),
    "minibatch_deviation": _single("minibatch_deviation", "MinibatchDeviation"),
    "multiply": family("merge", "Multiply", _merge_example),
    "nearest_upsampling": _layer("upsampling", "NearestUpsampling", factor=2),
    "reshape": _single("reshape", "Reshape", output_shape=Shape(6, 2, 5)),
    "softmax": _layer("softmax", "Softmax"),
}
