"""A network from an ONNX file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike

from networks.base.checks import check_dtype
from networks.base.network import Network
from networks.exchange.errors import ExchangeError
from networks.exchange.library import optional
from networks.exchange.onnx.reading.building import build
from networks.exchange.onnx.reading.graph import read_graph
from networks.exchange.onnx.reading.model_file import read_message
from networks.exchange.onnx.reading.planning import Wanted, plan
from networks.exchange.onnx.reading.refusals import RefusedError
from nn.shape import ShapeLike


def load(
    path: Path | str,
    *,
    input_shape: ShapeLike | Mapping[str, ShapeLike] | None = None,
    outputs: Sequence[str] | None = None,
    dtype: DTypeLike = np.float32,
) -> Network:
    """Read an ONNX model as a network of ours, to look at, run and train on.

    Nothing in the file is run, and no other file is opened. What is not mapped is refused by name. Images
    are (N, H, W, C) as everywhere here, whatever they are in the file.

    Parameters
    ----------
    path
        Of a file of the operators of opset 9 or newer.
    input_shape
        Of the input as ours, (height, width, channels) or (steps, features), where the file leaves sizes
        open; by the names of the inputs where there are several.
    outputs
        Names of tensors in the file to end at, in place of its outputs.
    dtype
        float32 or float64, of the network.

    Returns
    -------
    Network
        A `Sequential` where one layer follows another, else a `Model`. Its parameters, running statistics
        included, are those in the file.

    Raises
    ------
    ExchangeError
        When it cannot be read, is damaged, or holds something that is not mapped; names the file, the node
        and the field, or the package that is not installed.
    """
    dtype = check_dtype(dtype)
    message = read_message(path)
    shapes = dict(input_shape) if isinstance(input_shape, Mapping) else input_shape
    wanted = Wanted(shapes, None if outputs is None else tuple(outputs))
    try:
        graph = read_graph(message, optional("onnx").defs.onnx_opset_version())
        return build(plan(graph, wanted), dtype)
    except RefusedError as error:
        raise ExchangeError(f"{path}: {error}") from None
