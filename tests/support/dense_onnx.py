"""Dense layers in a file of ONNX, as other programs write them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests.support.onnx_models import model


def write_dense(
    path: Path,
    sizes: Sequence[int],
    activations: Sequence[str | None],
    image: Sequence[int] | None = None,
    *,
    back: bool = True,
) -> None:
    """Write layers called `layer0` and so on; without onnx the test is skipped.

    Parameters
    ----------
    path
        Of the file.
    sizes
        Of the input, and of every layer.
    activations
        ONNX's name of that after each layer.
    image
        (channels, height, width) of the input; None for rows of numbers.
    back
        Whether the last layer's outputs become an image, too.
    """
    node = pytest.importorskip("onnx").helper.make_node
    generator = np.random.default_rng(0)
    nodes = [node("Flatten", ["x"], ["flat"])] if image else []
    constants: dict[str, np.ndarray] = {}
    last = "flat" if image else "x"
    for number, (inputs, outputs) in enumerate(pairwise(sizes)):
        constants[f"w{number}"] = generator.normal(0, 0.3, (outputs, inputs)).astype(np.float32)
        constants[f"b{number}"] = generator.normal(0, 0.1, outputs).astype(np.float32)
        made = f"g{number}"
        nodes.append(node("Gemm", [last, f"w{number}", f"b{number}"], [made], f"layer{number}", transB=1))
        last = made
        if activations[number]:
            last = f"a{number}"
            nodes.append(node(activations[number], [made], [last]))
    if image and back:
        constants["sides"] = np.array([0, *image])
        nodes.append(node("Reshape", [last, "sides"], ["y"]))
    else:
        nodes.append(node("Identity", [last], ["y"]))
    shape = ["n", *image] if image else ["n", sizes[0]]
    path.write_bytes(model(nodes, {"x": shape}, constants, opset=17).SerializeToString())
