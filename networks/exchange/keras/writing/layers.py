"""What is written for each family of layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from networks.exchange.keras.refusals import RefusedError
from networks.exchange.keras.writing.activations import activated, written
from networks.exchange.keras.writing.recurrent import gru, lstm
from networks.exchange.keras.writing.theirs import Ours, Theirs, arranged, theirs_of
from networks.exchange.keras.writing.windows import (
    average_pooling,
    convolution,
    global_pooling,
    max_pooling,
    transposed_convolution,
    upsampling,
)


def theirs(ours: Ours) -> list[Theirs]:
    """Return the layers of Keras that compute what a layer of ours does.

    Raises
    ------
    RefusedError
        When there are none.
    """
    write = LAYERS.get(ours.layer.family)
    if write is None:
        refuse(ours, f"a {ours.layer.family} has no counterpart in Keras")
    found = write(ours)
    names = ours.layer.parameters.names
    if names and set(ours.layer.parameters.frozen) >= set(names):
        for each in found:
            each.trainable = False
    return found


def refuse(ours: Ours, problem: str) -> NoReturn:
    """Raise the error of a problem with a layer."""
    raise RefusedError(f"{ours.name or ours.layer.family}: {problem}")


def _dense(ours: Ours) -> list[Theirs]:
    layer: Any = ours.layer
    units = layer.output_shape.size
    product = Theirs(
        "Dense",
        (units,),
        {"units": units, "use_bias": True},
        {"kernel": layer.parameters["weights"].T, "bias": layer.parameters["biases"]},
    )
    made = [*arranged(ours.given[0], (layer.input_shape.size,)), *activated(ours, product, layer.activation)]
    return [*made, *arranged((units,), theirs_of(layer.output_shape))]


def _embedding(ours: Ours) -> list[Theirs]:
    layer: Any = ours.layer
    labels = ours.given[0] if ours.given[0] != tuple(layer.input_shape) else tuple(layer.input_shape)[:-1]
    sizes = (*labels, layer.output_shape[-1])
    rows = Theirs(
        "Embedding",
        sizes,
        {"input_dim": layer.labels, "output_dim": sizes[-1], "mask_zero": False},
        {"embeddings": layer.parameters["weights"]},
    )
    return [*arranged(ours.given[0], labels), rows, *arranged(sizes, theirs_of(layer.output_shape))]


def _batch_normalisation(ours: Ours) -> list[Theirs]:
    layer: Any = ours.layer
    state = layer.state()
    made = Theirs(
        "BatchNormalization",
        ours.given[0],
        {"axis": -1, "momentum": 1 - layer.momentum, "epsilon": layer.epsilon, "center": True, "scale": True},
        {
            "gamma": layer.parameters["scale"],
            "beta": layer.parameters["shift"],
            "moving_mean": state["means"],
            "moving_variance": state["variances"],
        },
        trainable=not layer.fixed_statistics,
    )
    return [made]


def _layer_normalisation(ours: Ours) -> list[Theirs]:
    layer: Any = ours.layer
    sizes = theirs_of(layer.input_shape)
    is_last = layer.axes == "last"
    shape = sizes[-1:] if is_last else sizes
    made = Theirs(
        "LayerNormalization",
        sizes,
        {
            "axis": -1 if is_last else list(range(1, len(sizes) + 1)),
            "epsilon": layer.epsilon,
            "center": True,
            "scale": True,
        },
        {
            "gamma": layer.parameters["scale"].reshape(shape),
            "beta": layer.parameters["shift"].reshape(shape),
        },
    )
    return [*arranged(ours.given[0], sizes), made]


def _noise(kind: str, name: str, attribute: str) -> Callable[[Ours], list[Theirs]]:
    def write(ours: Ours) -> list[Theirs]:
        return [Theirs(kind, ours.given[0], {name: getattr(ours.layer, attribute)})]

    return write


def _activation(ours: Ours) -> list[Theirs]:
    layer: Any = ours.layer
    return [written(ours, ours.given[0], layer.activation)]


def _softmax(ours: Ours) -> list[Theirs]:
    return [Theirs("Softmax", ours.given[0], {"axis": -1})]


def _reshape(ours: Ours) -> list[Theirs]:
    wanted = theirs_of(ours.layer.output_shape)
    return arranged(ours.given[0], wanted) or [Theirs("Reshape", wanted, {"target_shape": list(wanted)})]


def _merge(kind: str) -> Callable[[Ours], list[Theirs]]:
    def write(ours: Ours) -> list[Theirs]:
        sizes = theirs_of(ours.layer.output_shape)
        return [Theirs(kind, sizes, {"axis": -1} if kind == "Concatenate" else {})]

    return write


LAYERS: dict[str, Callable[[Ours], list[Theirs]]] = {
    "activation": _activation,
    "add": _merge("Add"),
    "average_pooling": average_pooling,
    "batch_normalisation": _batch_normalisation,
    "bilinear_upsampling": upsampling("bilinear"),
    "concatenate": _merge("Concatenate"),
    "convolution": convolution,
    "dense": _dense,
    "dropout": _noise("Dropout", "rate", "rate"),
    "embedding": _embedding,
    "flatten": _reshape,
    "gaussian_noise": _noise("GaussianNoise", "stddev", "deviation"),
    "global_average_pooling": global_pooling("GlobalAveragePooling2D"),
    "global_max_pooling": global_pooling("GlobalMaxPooling2D"),
    "gru": gru,
    "layer_normalisation": _layer_normalisation,
    "lstm": lstm,
    "max_pooling": max_pooling,
    "multiply": _merge("Multiply"),
    "nearest_upsampling": upsampling("nearest"),
    "reshape": _reshape,
    "softmax": _softmax,
    "transposed_convolution": transposed_convolution,
}
"""By the family's name. Beside these there are containers, which are gone through."""
