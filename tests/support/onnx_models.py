"""Models of ONNX, made node by node, and what onnxruntime computes of them beside a network of ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from networks.base.network import Network
from networks.exchange import onnx
from networks.exchange.errors import ExchangeError


def model(  # type: ignore[no-untyped-def]
    nodes: Sequence[Any],
    inputs: Mapping[str, Sequence[Any]],
    constants: Mapping[str, np.ndarray],
    *,
    opset: int = 22,
    outputs: Sequence[str] = ("y",),
    kind: int = 1,
):
    """Return a `ModelProto` with sizes of inputs as given, a text where one is left open."""
    import onnx
    from onnx import helper, numpy_helper

    graph = helper.make_graph(
        list(nodes),
        "graph",
        [helper.make_tensor_value_info(name, kind, sizes) for name, sizes in inputs.items()],
        [helper.make_tensor_value_info(name, 1, None) for name in outputs],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    made.ir_version = min(10, onnx.IR_VERSION)
    return made


def written(made: Any, folder: Path) -> Path:
    """Write a model and return where it lies."""
    path = folder / "model.onnx"
    path.write_bytes(made.SerializeToString())
    return path


def in_runtime(path: Path, values: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    """Return what onnxruntime computes."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what fails is raised
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    results: list[np.ndarray] = session.run(None, dict(values))
    return results


def ours(values: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    """Return values of theirs (N, ...) as those of a shape of ours: channels of images last."""
    moved = np.moveaxis(values, -3, -1) if values.ndim >= 4 else values
    return moved.reshape(len(values), *shape)


def theirs(values: np.ndarray, sizes: Sequence[int]) -> np.ndarray:
    """Return values of ours (N, ...) as those of theirs of some sizes."""
    moved = np.moveaxis(values, -1, -3) if len(sizes) >= 4 else values
    return moved.reshape(sizes)


def check_same(path: Path, network: Network, values: np.ndarray, tolerance: float = 1e-5) -> None:
    """Compare a network of one input and output with onnxruntime on the file it is from."""
    (expected,) = in_runtime(path, {"x": values})
    given = ours(values, network.input_shape).astype(np.float32)
    found = theirs(network.predict(given), expected.shape)
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


def image_model(  # type: ignore[no-untyped-def]
    op: str,
    constants: Mapping[str, np.ndarray] | None = None,
    opset: int = 22,
    sizes: Sequence[Any] = ("n", 2, 5, 6),
    **attributes: Any,
):
    """Return a model of one node, which reads images, or values of other sizes."""
    from onnx import helper

    constants = constants or {}
    node = helper.make_node(op, ["x", *constants], ["y"], **attributes)
    return model([node], {"x": list(sizes)}, constants, opset=opset)


def check(made: Any, folder: Path, *shape: int, **options: Any) -> Network:
    """Compare what is read from a model with the runtime, on drawn values; return it."""
    path = written(made, folder)
    network = onnx.load(path, **options)
    check_same(path, network, np.random.default_rng(1).normal(size=shape).astype(np.float32))
    return network


def refused(made: Any, folder: Path, pattern: str, **options: Any) -> None:
    """Expect that a model is refused."""
    with pytest.raises(ExchangeError, match=pattern):
        onnx.load(written(made, folder), **options)
