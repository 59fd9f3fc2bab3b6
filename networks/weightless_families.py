"""The families without parameters; `networks.ladder` adds them to the others."""

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
from networks.family import USUAL_TOLERANCE, Family
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


def _family(modules: tuple[ModuleType, ...], name: str, **options: Any) -> Family:
    """Return a family from the modules of its rungs, the name of the class and the example's options."""
    rungs = {rung: getattr(module, name) for rung, module in zip(("plain", "o1", "o2"), modules, strict=True)}
    example = _merge_example if modules is MERGE else partial(_layer_example, **options)
    return Family(rungs, example, USUAL_TOLERANCE)


WEIGHTLESS: dict[str, Family] = {
    "activation": _family(ACTIVATION, "ActivationLayer", activation=Tanh()),
    "add": _family(MERGE, "Add"),
    "average_pooling": _family(POOLING, "AveragePooling", window=2, padding=1),
    "bilinear_upsampling": _family(UPSAMPLING, "BilinearUpsampling", factor=2),
    "concatenate": _family(MERGE, "Concatenate"),
    "flatten": _family(RESHAPE, "Flatten"),
    "global_average_pooling": _family(POOLING, "GlobalAveragePooling"),
    "global_max_pooling": _family(POOLING, "GlobalMaxPooling"),
    "max_pooling": _family(POOLING, "MaxPooling", window=3, stride=2),
    "multiply": _family(MERGE, "Multiply"),
    "nearest_upsampling": _family(UPSAMPLING, "NearestUpsampling", factor=2),
    "reshape": _family(RESHAPE, "Reshape", output_shape=Shape(6, 2, 5)),
    "softmax": _family(SOFTMAX, "Softmax"),
}
