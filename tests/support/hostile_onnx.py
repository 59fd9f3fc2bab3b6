"""Files that are no honest model, and what has to be said of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.support.onnx_models import model
from tests.support.onnx_samples import branches, chain, decoder, drawn, gru, lstm, node

Change = Callable[[Any], None]


def altered(make: Callable[[], Any], change: Change) -> bytes:
    """Return a sample with a change."""
    made = make()
    change(made)
    written: bytes = made.SerializeToString()
    return written


def initializer(number: int, **fields: Any) -> Change:
    """Return a change of fields of an initializer."""

    def change(made: Any) -> None:
        tensor = made.graph.initializer[number]
        for name, value in fields.items():
            if isinstance(value, list):
                del getattr(tensor, name)[:]
                getattr(tensor, name).extend(value)
            else:
                setattr(tensor, name, value)

    return change


def attribute(number: int, name: str, value: Any) -> Change:
    """Return a change of an attribute of a node, which may be a new one."""
    from onnx import helper

    def change(made: Any) -> None:
        attributes = made.graph.node[number].attribute
        kept = [each for each in attributes if each.name != name]
        del attributes[:]
        attributes.extend([*kept, helper.make_attribute(name, value)])

    return change


def external(made: Any) -> None:
    """Let an initializer lie in another file."""
    tensor = made.graph.initializer[0]
    tensor.ClearField("raw_data")
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "../../etc/passwd"
    tensor.data_location = 1


def external_in_constant(made: Any) -> None:
    """Let a tensor of a node lie in another file."""
    tensor = made.graph.node.add(op_type="Constant", output=["z"]).attribute.add(name="value", type=4).t
    tensor.dims.append(1)
    tensor.data_type = 1
    tensor.external_data.add(key="location", value="/dev/zero")
    made.graph.node.insert(0, made.graph.node.pop())
    made.graph.node[1].input.append("z")


def doubled(field: str) -> Change:
    """Return a change that gives the first of something twice."""

    def change(made: Any) -> None:
        getattr(made.graph, field).append(getattr(made.graph, field)[0])

    return change


def cycle(made: Any) -> None:
    """Let the first node read what the last gives."""
    made.graph.node[0].input[0] = made.graph.node[-1].output[0]


def subgraph(made: Any) -> None:
    """Put a graph into an attribute."""
    made.graph.node.add(op_type="Loop", output=["z"]).attribute.add(name="body", type=5).g.name = "inner"


def deep(made: Any) -> None:
    """Nest graphs in graphs."""
    graph = made.graph
    for _ in range(40):
        graph = graph.node.add(op_type="If", output=["z"]).attribute.add(name="then_branch", type=5).g


def field(name: str, value: Any) -> Change:
    """Return a change of a field of the whole."""
    return lambda made: setattr(made, name, value)


def added(*path: str) -> Change:
    """Return a change that adds an empty message to a repeated field."""

    def change(made: Any) -> None:
        target = made
        for name in path[:-1]:
            target = getattr(target, name)
        getattr(target, path[-1]).add()

    return change


def opset(version: int) -> Change:
    """Return a change of the set of operators."""
    return lambda made: setattr(made.opset_import[0], "version", version)


def rename(number: int, op: str, domain: str = "") -> Change:
    """Return a change of an operator."""

    def change(made: Any) -> None:
        made.graph.node[number].op_type, made.graph.node[number].domain = op, domain

    return change


def input_sizes(*sizes: int) -> Change:
    """Return a change of the sizes of the input."""

    def change(made: Any) -> None:
        shape = made.graph.input[0].type.tensor_type.shape
        for dimension, size in zip(shape.dim, sizes, strict=True):
            dimension.dim_value = size

    return change


def nothing(made: Any) -> None:
    """Change nothing."""


def many_views(count: int) -> bytes:
    """Return as many unsqueezings, one after another."""
    nodes = [node("Unsqueeze", [f"{n}" if n else "x", "a"], [f"{n + 1}"]) for n in range(count)]
    made = model(nodes, {"x": [1, 3]}, {"a": np.zeros(1, np.int64)}, outputs=[str(count)])
    return bytes(made.SerializeToString())


def repeated_expand() -> bytes:
    """Return a state of more zeros than any memory holds, which is not one of zeros."""
    made = lstm()
    made.graph.node[5].CopyFrom(node("Expand", ["v", "big"], ["6"]))
    made.graph.initializer.add(name="big", data_type=7, dims=[3]).int64_data.extend([2**40, 6, 2])
    return bytes(made.SerializeToString())


def repeated_weights() -> bytes:
    """Return a product with one number, repeated."""
    nodes = [node("Expand", ["w", "sizes"], ["1"]), node("MatMul", ["x", "1"], ["y"])]
    constants = {"w": drawn(1, 1), "sizes": np.array([3, 2**40])}
    return bytes(model(nodes, {"x": ["n", 3]}, constants).SerializeToString())


def constructions() -> dict[str, tuple[bytes, str]]:
    """Return files by name, each with a pattern of what is said of it."""
    nan = drawn(4)
    nan[2] = np.nan
    huge = [2**40, 2, 3, 3]
    return {
        "nothing": (b"", "is empty"),
        "text": (b"#!/usr/bin/env python\nimport os\n", "no ONNX file"),
        "zeros": (bytes(1000), "no ONNX file"),
        "many fields": (b"\x3a\x00" * 300_001, "more than 300,000 fields"),
        "endless number": (b"\xff" * 100, "no ONNX file"),
        "length beyond the end": (b"\x3a\xff\xff\xff\xff\x0f", "ends within a field"),
        "text that is none": (altered(chain, nothing).replace(b"first", b"fir\xfft"), "is not text"),
        "deep nesting": (altered(chain, deep), "nested deeper"),
        "shape bomb": (altered(chain, initializer(0, dims=huge)), "in raw_data"),
        "product that wraps round": (altered(chain, initializer(0, dims=[2**62, 4])), "in raw_data"),
        "negative size": (altered(chain, initializer(0, dims=[-4, -18])), "none below 0"),
        "many axes": (altered(chain, initializer(0, dims=[1] * 100)), "up to 8"),
        "other number of values": (altered(chain, initializer(0, dims=[4, 2, 3, 2])), "in raw_data"),
        "two kinds of content": (altered(chain, initializer(1, float_data=[1.0])), "and in float_data"),
        "unknown kind": (altered(chain, initializer(0, data_type=99)), "data_type 99"),
        "texts as weights": (altered(chain, initializer(0, data_type=8)), "data_type 8"),
        "NaN": (altered(chain, initializer(1, raw_data=nan.tobytes())), "NaN or infinity"),
        "external data": (altered(chain, external), "another file"),
        "external data of a constant": (altered(chain, external_in_constant), "another file"),
        "tensor twice": (altered(chain, doubled("initializer")), "is there 2 times"),
        "input twice": (altered(chain, doubled("input")), "is there 2 times"),
        "node twice": (altered(chain, doubled("node")), "is there 2 times"),
        "output twice": (altered(chain, doubled("output")), "is there 2 times"),
        "cycle": (altered(chain, cycle), "nothing before it gives"),
        "subgraph": (altered(chain, subgraph), "graph of its own"),
        "function": (altered(chain, added("functions")), "functions"),
        "training": (altered(chain, added("training_info")), "training_info"),
        "sparse": (altered(chain, added("graph", "sparse_initializer")), "sparse_initializer"),
        "quantization": (altered(chain, added("graph", "quantization_annotation")), "quantization"),
        "nameless tensor": (altered(chain, added("graph", "initializer")), "no name"),
        "other domain": (altered(chain, rename(1, "Relu", "com.example")), "com.example"),
        "unknown operator": (altered(chain, rename(1, "__import__('os')")), "not mapped"),
        "old opset": (altered(chain, opset(8)), "opset 8"),
        "opset to come": (altered(chain, opset(2**40)), "opset 1099511627776"),
        "two opsets": (altered(chain, lambda made: made.opset_import.add(version=21)), "2 versions"),
        "huge padding": (altered(chain, attribute(0, "pads", [2**62] * 4)), "pads"),
        "huge stride": (altered(chain, attribute(0, "strides", [2**62, 1])), "strides"),
        "many numbers": (altered(chain, attribute(0, "pads", [0] * 100_000)), "100,000 numbers"),
        "attribute of another kind": (altered(chain, attribute(0, "pads", 1.5)), "type 1"),
        "unknown attribute": (altered(chain, attribute(0, "code", b"import os")), "'code' is not mapped"),
        "infinite attribute": (altered(chain, attribute(4, "alpha", float("inf"))), "alpha is inf"),
        "huge window": (altered(chain, attribute(2, "kernel_shape", [10**9, 10**9])), "smaller|beyond"),
        "huge image": (altered(chain, input_sizes(1, 2, 2**30, 2**30)), "features|values"),
        "image of nothing": (altered(chain, input_sizes(1, 2, 0, 4)), "at least 1"),
        "size beyond all": (altered(chain, input_sizes(1, 2, 2**62, 4)), "sizes"),
        "no input": (altered(chain, lambda made: made.graph.input.pop()), "nothing before it gives"),
        "no output": (altered(chain, lambda made: made.graph.output.pop()), "no output"),
        "output of nothing": (altered(chain, lambda made: made.graph.node.pop()), "no node gives"),
        "input of texts": (altered(gru, field_of_input(8)), "elem_type 8"),
        "variances below zero": (
            altered(branches, initializer(2, raw_data=(-nan[:2]).tobytes())),
            "NaN|below zero",
        ),
        "larger than any": (
            altered(decoder, initializer(4, raw_data=np.array([1, 1, 1e30, 2], np.float32).tobytes())),
            "factors",
        ),
        "large image": (
            altered(decoder, initializer(4, raw_data=np.array([1, 1, 1e15, 1e15], np.float32).tobytes())),
            "values",
        ),
        "reshape to no size": (
            altered(decoder, initializer(2, raw_data=np.array([0, -3, 2, 2]).tobytes())),
            "asks for",
        ),
        "repeated without end": (repeated_expand(), "is not zero|too large"),
        "weights repeated without end": (repeated_weights(), "repeated"),
        "views without end": (many_views(500), "axes"),
    }


def field_of_input(kind: int) -> Change:
    """Return a change of the kind of numbers of the input."""
    return lambda made: setattr(made.graph.input[0].type.tensor_type, "elem_type", kind)
