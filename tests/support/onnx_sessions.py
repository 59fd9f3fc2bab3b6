"""Exported networks in ONNX Runtime, beside ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from networks.base.network import Network
from networks.exchange import onnx
from networks.model import Model
from nn.shape import AnyShape, SequenceShape, Shape


def session(path: Path) -> Any:
    """Open a file in ONNX Runtime, without its warnings of inputs that may be left out."""
    runtime = pytest.importorskip("onnxruntime")
    options = runtime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    return runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def exported(network: Network, folder: Path, **options: Any) -> Any:
    """Write a network, check the file by ONNX's own rules, and open it."""
    library = pytest.importorskip("onnx")
    path = folder / "model.onnx"
    onnx.save(network, path, **options)
    library.checker.check_model(library.load(path), full_check=True)
    return session(path)


def as_theirs(values: np.ndarray, shape: AnyShape) -> np.ndarray:
    """Turn values (*shape, N) into a tensor, entries first and channels before rows."""
    first = np.moveaxis(values, -1, 0)
    if isinstance(shape, SequenceShape):
        return np.ascontiguousarray(first)
    if isinstance(shape, Shape) and shape[:2] == (1, 1):
        return first.reshape(len(first), -1)
    return np.ascontiguousarray(np.moveaxis(first, -1, -3))


def as_ours(tensor: np.ndarray, shape: AnyShape) -> np.ndarray:
    """Turn a tensor into values (N, *shape)."""
    moved = np.moveaxis(tensor, -3, -1) if tensor.ndim > 3 else tensor
    return moved.reshape(len(tensor), *shape)


def shapes_of(network: Network, what: str) -> dict[str, AnyShape]:
    """Return the shapes of the inputs, or of the outputs."""
    if isinstance(network, Model):
        return dict(getattr(network, f"{what}_shapes"))
    return {"input": getattr(network, f"{what}_shape")}


def feed(network: Network, values: dict[str, np.ndarray], model: Any) -> dict[str, np.ndarray]:
    """Return the inputs of a session for values (*shape, N) of ours."""
    kinds = {each.name: each.type for each in model.get_inputs()}
    fed = {}
    for name, shape in shapes_of(network, "input").items():
        tensor = as_theirs(values[name], shape)
        if kinds[name] == "tensor(int64)":
            tensor = tensor.squeeze(-3 if tensor.ndim > 3 else -1).astype(np.int64)
        fed[name] = tensor
    return fed


def largest_difference(network: Network, values: dict[str, np.ndarray], model: Any) -> float:
    """Run a network and its session; return the largest difference, relative to the largest number."""
    given = values if isinstance(network, Model) and len(values) > 1 else next(iter(values.values()))
    outputs = shapes_of(network, "output")
    results = network.forward(given)
    ours = results if isinstance(results, dict) else dict.fromkeys(outputs, results)
    theirs = model.run(None, feed(network, values, model))
    worst = 0.0
    for found, (name, shape) in zip(theirs, outputs.items(), strict=True):
        wanted = as_theirs(ours[name], shape)
        assert found.shape == wanted.shape and found.dtype == wanted.dtype
        worst = max(worst, float(np.abs(found - wanted).max() / max(1.0, np.abs(wanted).max())))
    return worst
