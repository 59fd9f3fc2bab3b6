"""Small models of ONNX, one for each kind of reader, to be altered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.support.onnx_models import model


def drawn(*shape: int, seed: int = 0) -> np.ndarray:
    """Return float32 numbers, normally distributed."""
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def node(*arguments: Any, **attributes: Any) -> Any:
    """Return a `NodeProto`."""
    from onnx import helper

    return helper.make_node(*arguments, **attributes)


def chain() -> Any:
    """A convolution, a pooling and a product, with activations between them."""
    constants = {"k": drawn(4, 2, 3, 3), "b": drawn(4), "w": drawn(5, 4 * 3 * 2), "c": drawn(5)}
    nodes = [
        node("Conv", ["x", "k", "b"], ["1"], "first", pads=[1, 1, 1, 1]),
        node("Relu", ["1"], ["2"]),
        node("MaxPool", ["2"], ["3"], kernel_shape=[2, 2], strides=[2, 2]),
        node("Flatten", ["3"], ["4"]),
        node("Gemm", ["4", "w", "c"], ["5"], "last", transB=1, alpha=0.5, beta=2.0),
        node("Softmax", ["5"], ["y"]),
    ]
    return model(nodes, {"x": ["n", 2, 6, 4]}, constants)


def decoder() -> Any:
    """A product whose outputs become an image, which grows."""
    constants = {
        "w": drawn(3, 12),
        "b": drawn(12),
        "s": np.array([0, 3, 2, 2]),
        "k": drawn(3, 2, 3, 3),
        "f": np.array([1, 1, 2, 2], np.float32),
    }
    nodes = [
        node("MatMul", ["x", "w"], ["1"]),
        node("Add", ["1", "b"], ["2"]),
        node("Tanh", ["2"], ["3"]),
        node("Reshape", ["3", "s"], ["4"]),
        node("ConvTranspose", ["4", "k"], ["5"], strides=[2, 2], output_padding=[1, 1], pads=[1, 1, 1, 1]),
        node("Resize", ["5", "", "f"], ["6"], mode="linear"),
        node("Sigmoid", ["6"], ["y"]),
    ]
    return model(nodes, {"x": ["n", 3]}, constants)


def lstm() -> Any:
    """An LSTM with peepholes in both directions, from states of zeros, and a product at every step."""
    constants = {
        "w": drawn(2, 12, 4),
        "r": drawn(2, 12, 3),
        "b": drawn(2, 24),
        "p": drawn(2, 9),
        "one": np.array([1]),
        "sizes": np.array([2, 1, 3]),
        "shape": np.array([0, 0, -1]),
        "v": drawn(6, 2),
    }
    nodes = [
        node("Shape", ["x"], ["1"]),
        node("Gather", ["1", "one"], ["2"]),
        node("Constant", [], ["3"], value_ints=[2]),
        node("Constant", [], ["4"], value_ints=[3]),
        node("Concat", ["3", "2", "4"], ["5"], axis=0),
        node("ConstantOfShape", ["5"], ["6"]),
        node(
            "LSTM", ["x", "w", "r", "b", "", "6", "6", "p"], ["7"], hidden_size=3, direction="bidirectional"
        ),
        node("Transpose", ["7"], ["8"], perm=[0, 2, 1, 3]),
        node("Reshape", ["8", "shape"], ["9"]),
        node("MatMul", ["9", "v"], ["y"]),
    ]
    return model(nodes, {"x": [5, "n", 4]}, constants)


def gru() -> Any:
    """Labels, a GRU, and its last hidden values."""
    constants = {
        "t": drawn(7, 4),
        "w": drawn(1, 9, 4),
        "r": drawn(1, 9, 3),
        "b": drawn(1, 18),
        "a": np.array([0]),
    }
    nodes = [
        node("Gather", ["t", "x"], ["1"]),
        node("Transpose", ["1"], ["2"], perm=[1, 0, 2]),
        node("GRU", ["2", "w", "r", "b"], ["", "3"], hidden_size=3, linear_before_reset=1),
        node("Squeeze", ["3", "a"], ["y"]),
    ]
    return model(nodes, {"x": ["n", 5]}, constants, kind=7)


def branches() -> Any:
    """A sum and a concatenation of normalised images, averaged."""
    constants = {
        "k": drawn(2, 2, 1, 1),
        "s": drawn(2),
        "v": np.abs(drawn(2)),
        "g": drawn(4),
        "w": drawn(4, 3),
    }
    nodes = [
        node("Conv", ["x", "k"], ["1"]),
        node("Add", ["1", "x"], ["2"]),
        node("BatchNormalization", ["2", "s", "s", "s", "v"], ["3"], momentum=0.8),
        node("LeakyRelu", ["3"], ["4"], alpha=0.2),
        node("Concat", ["4", "x"], ["5"], axis=1),
        node("AveragePool", ["5"], ["6"], kernel_shape=[2, 2], count_include_pad=1),
        node("GlobalAveragePool", ["6"], ["7"]),
        node("Flatten", ["7"], ["8"]),
        node("LayerNormalization", ["8", "g"], ["9"]),
        node("Gemm", ["9", "w"], ["y"]),
    ]
    return model(nodes, {"x": ["n", 2, 4, 4]}, constants)


def scaled() -> Any:
    """Images that are scaled and padded, a convolution of what it sees, a leaking squash, and a mean."""
    constants = {
        "m": drawn(2, 1, 1),
        "d": np.array([0.5], np.float32),
        "p": np.array([0, 0, 1, 1, 0, 0, 1, 1]),
        "k": drawn(3, 2, 2, 2),
        "s": np.array([0]),
        "e": np.array([4]),
        "a": np.array([3]),
        "l": np.array(-1, np.float32),
        "h": np.array(1, np.float32),
        "f": np.array(0.25, np.float32),
        "r": np.array([2, 3]),
    }
    nodes = [
        node("Sub", ["x", "m"], ["1"]),
        node("Div", ["1", "d"], ["2"]),
        node("Pad", ["2", "p"], ["3"]),
        node("Conv", ["3", "k"], ["4"]),
        node("Clip", ["4", "l", "h"], ["5"]),
        node("Sub", ["4", "5"], ["6"]),
        node("Mul", ["6", "f"], ["7"]),
        node("Add", ["5", "7"], ["8"]),
        node("Slice", ["8", "s", "e", "a"], ["9"]),
        node("Conv", ["9", "k2"], ["10"], strides=[1, 2]),
        node("ReduceMean", ["10", "r"], ["y"], keepdims=0),
    ]
    return model(nodes, {"x": ["n", 2, 4, 4]}, {**constants, "k2": drawn(2, 3, 2, 2)})


SAMPLES: dict[str, Callable[[], Any]] = {
    each.__name__: each for each in (chain, decoder, lstm, gru, branches, scaled)
}
