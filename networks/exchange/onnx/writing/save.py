"""A network as an ONNX file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from numpy.typing import DTypeLike

from networks.base.checks import check_dtype, check_network
from networks.base.network import Network
from networks.exchange.errors import ExchangeError
from networks.exchange.library import optional
from networks.exchange.onnx.writing.graph import GraphWriter, Value, channel_axis, sizes_of
from networks.exchange.onnx.writing.networks import input_shapes, labels_of, takes_any_steps, write
from nn.files import replacing
from nn.shape import AnyShape, Shape

OPSET, VERSION = 22, 10
"""Of the operators, and of the file: runtimes since ONNX Runtime 1.20 take both."""


def save(
    network: Network,
    path: Path | str,
    *,
    dtype: DTypeLike | None = None,
    optional_inputs: bool = True,
) -> None:
    """Write a network as an ONNX model; a file that was there stays until all is written.

    Images are (N, channels, height, width) there, sequences (N, steps, features), labels (N, steps) of
    int64. N is any number, and so is that of steps where every layer takes any.

    Parameters
    ----------
    network
        Any of layers that ONNX has operators for; what acts in training alone is left out.
    path
        In an existing folder; by convention it ends in `.onnx`.
    dtype
        float32 or float64, of the numbers; by default that of the network.
    optional_inputs
        Whether every recurrent layer has inputs that may be left out, called after it: `initial_hidden` and
        `initial_cells` (layers * directions, N, units), zero by default, and `lengths` (N,) of int32, by
        default -1, for all steps. ONNX Runtime warns of each that it is no constant. Without them states
        begin at zero, and all steps are there.

    Raises
    ------
    ExchangeError
        When a layer has no counterpart, or no runtime computes it in float64, or its neurons are clamped;
        names it. Or when the file would be larger than the format allows, or cannot be written.
    """
    content = model(network, dtype, optional_inputs).SerializeToString()
    try:
        with replacing(Path(path)) as file:
            file.write(content)
    except OSError as error:
        raise ExchangeError(f"{path}: cannot be written: {error.strerror}") from error


def model(network: Network, dtype: DTypeLike | None = None, optional_inputs: bool = True) -> Any:
    """Return a network as an ONNX message; see `save`."""
    check_network("onnx: what is to be written", network)
    helper = optional("onnx").helper
    graph = GraphWriter(check_dtype(network.dtype if dtype is None else dtype), optional_inputs)
    steps = takes_any_steps(network)
    values = [_input(graph, network, name, shape, steps) for name, shape in input_shapes(network).items()]
    found = write(graph, "", network, values)
    outputs = []
    for name, value in found.items():
        called = name or "output"
        if called in input_shapes(network):
            called = f"{called}_output"
        graph.nodes.append(helper.make_node("Identity", [value.name], [called], name=called))
        kind = helper.np_dtype_to_tensor_dtype(graph.dtype)
        outputs.append(helper.make_tensor_value_info(called, kind, _sizes(value.shape, steps)))
    made = helper.make_graph(graph.nodes, "ganglion", graph.inputs, outputs, graph.initializers)
    return helper.make_model(
        made,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=VERSION,
        producer_name="ganglion",
    )


def _sizes(shape: AnyShape, steps: bool) -> list[str | int]:
    sizes: list[str | int] = ["entries", *sizes_of(shape)]
    if steps and not isinstance(shape, Shape):
        sizes[1] = "steps"
    return sizes


def _input(graph: GraphWriter, network: Network, name: str, shape: AnyShape, steps: bool) -> Value:
    sizes, kind = _sizes(shape, steps), graph.kind
    is_labels = labels_of(network, name)
    if is_labels:
        del sizes[channel_axis(shape)]
        kind = optional("onnx").TensorProto.INT64
    graph.add_input(name, kind, sizes)
    return Value(name, shape, is_labels)


def size(network: Network, dtype: DTypeLike | None = None) -> int:
    """Return how many bytes the file of a network has, before it is written; see `save`."""
    return int(model(network, dtype).ByteSize())
