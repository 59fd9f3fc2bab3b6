"""What stands for each layer in PyTorch: a module, and tensors that are views of our parameters.

Our images are (height, width, channels), PyTorch's (channels, height, width), and a dense layer that reads or
makes one has its weights in the other order there: as behind `torch.nn.Flatten`. An LSTM has two biases there
where ours has one: the second is written as zero, and both are added when they are read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from networks.base.network import Network
from networks.exchange.errors import ExchangeError

WHOLE = slice(None)


class Part(NamedTuple):
    """Some of our numbers, and what they are there.

    Attributes
    ----------
    array
        A view of ours with the axes in the order of the tensor's, perhaps split: writing to it changes the
        network.
    names
        Of the tensors whose sum it is; the first is what it is written to, the others are zero there.
    rows
        Of these tensors.
    """

    array: np.ndarray
    names: tuple[str, ...]
    rows: slice = WHOLE


class Counterpart(NamedTuple):
    """A module.

    Attributes
    ----------
    module
        How it is made there, after `torch.nn.`; empty for what has no tensors.
    shapes
        Of its tensors, by name.
    parts
        Which together are all of them.
    """

    module: str
    shapes: Mapping[str, tuple[int, ...]]
    parts: tuple[Part, ...]


NOTHING = Counterpart("", {}, ())

COUNTED = "num_batches_tracked"
"""How many batches a normalisation of theirs has seen, which ours does not count."""


def counterpart(name: str, layer: Network) -> Counterpart:
    """Return what stands for a layer.

    Parameters
    ----------
    name
        Of the layer, for errors.
    layer
        One that holds no others.

    Raises
    ------
    ExchangeError
        When nothing there is the same.
    """
    make = LAYERS.get(layer.family)
    if make is not None:
        return make(name, layer)
    if layer.parameters.size or layer.state():
        raise ExchangeError(f"{_called(name)}a {layer.family} has no counterpart in torch.nn: leave it out")
    if layer.family in ("flatten", "reshape") and _is_image(layer):
        raise ExchangeError(
            f"{_called(name)}a {layer.family} puts height and width first, PyTorch channels: leave it out "
            "where a dense layer follows, which reads images as they are"
        )
    return NOTHING


def _called(name: str) -> str:
    return f"{name}: " if name else ""


def _is_image(layer: Network) -> bool:
    shape = layer.input_shape
    return len(shape) == 3 and shape[-1] > 1 and shape[0] * shape[1] > 1


def _dense(name: str, layer: Any) -> Counterpart:
    sizes = layer.output_shape.size, layer.input_shape.size
    outputs, inputs = _order(name, layer.output_shape), _order(name, layer.input_shape)
    weights = layer.parameters["weights"].reshape(*layer.output_shape, *layer.input_shape)
    biases = layer.parameters["biases"].reshape(layer.output_shape)
    return Counterpart(
        f"Linear({sizes[1]}, {sizes[0]})",
        {"weight": sizes, "bias": sizes[:1]},
        (
            Part(weights.transpose(*outputs, *(len(outputs) + axis for axis in inputs)), ("weight",)),
            Part(biases.transpose(outputs), ("bias",)),
        ),
    )


def _order(name: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the axes of what a dense layer reads or makes in the order that PyTorch flattens them in."""
    if len(shape) > 3:
        raise ExchangeError(f"{_called(name)}PyTorch has no one order of a video's axes for a dense layer")
    return (2, 0, 1) if len(shape) == 3 else tuple(range(len(shape)))


def _convolution(name: str, layer: Any) -> Counterpart:
    weights = layer.parameters["weights"].transpose(0, 3, 1, 2)
    return _windows("Conv2d", layer, weights)


def _transposed_convolution(name: str, layer: Any) -> Counterpart:
    if layer.kernel.padding == "same":
        raise ExchangeError(f"{_called(name)}torch.nn.ConvTranspose2d has no padding 'same': give the zeros")
    # ours are (input channels, rows, columns, output channels), as those of the convolution it transposes
    weights = layer.parameters["weights"].transpose(0, 3, 1, 2)
    return _windows("ConvTranspose2d", layer, weights)


def _windows(module: str, layer: Any, weights: np.ndarray) -> Counterpart:
    kernel = layer.kernel
    channels = layer.input_shape.channels, layer.output_shape.channels
    padding = repr(kernel.padding)
    made = (
        f"{module}({channels[0]}, {channels[1]}, kernel_size={kernel.size}, stride={kernel.stride}, "
        f"padding={padding}, dilation={kernel.dilation})"
    )
    shapes = {"weight": weights.shape, "bias": (channels[1],)}
    return Counterpart(
        made, shapes, (Part(weights, ("weight",)), Part(layer.parameters["biases"], ("bias",)))
    )


def _batch_normalisation(name: str, layer: Any) -> Counterpart:
    channels = (layer.input_shape[-1],)
    state = layer.state()
    dimensions = 2 if len(layer.input_shape) == 3 and layer.input_shape[0] * layer.input_shape[1] > 1 else 1
    names = {
        "weight": layer.parameters["scale"],
        "bias": layer.parameters["shift"],
        "running_mean": state["means"],
        "running_var": state["variances"],
    }
    return Counterpart(
        f"BatchNorm{dimensions}d({channels[0]}, eps={layer.epsilon}, momentum={layer.momentum})",
        {**dict.fromkeys(names, channels), COUNTED: ()},
        tuple(Part(array, (name,)) for name, array in names.items()),
    )


def _layer_normalisation(name: str, layer: Any) -> Counterpart:
    scale, shift = layer.parameters["scale"], layer.parameters["shift"]
    if scale.ndim > 2:  # over whole images
        scale, shift = np.moveaxis(scale, -1, -3), np.moveaxis(shift, -1, -3)
    sizes = scale.shape[0] if scale.ndim == 1 else scale.shape
    return Counterpart(
        f"LayerNorm({sizes}, eps={layer.epsilon})",
        {"weight": scale.shape, "bias": scale.shape},
        (Part(scale, ("weight",)), Part(shift, ("bias",))),
    )


def _embedding(name: str, layer: Any) -> Counterpart:
    weights = layer.parameters["weights"]
    return Counterpart(f"Embedding{weights.shape}", {"weight": weights.shape}, (Part(weights, ("weight",)),))


def _recurrent(
    kind: str, parts_of: Callable[[Mapping[str, np.ndarray], str], Iterator[Part]], name: str, layer: Any
) -> Counterpart:
    if getattr(layer, "peepholes", False):
        raise ExchangeError(f"{_called(name)}torch.nn.{kind} has no peepholes: train without them")
    if layer.family.endswith("_cell"):
        (directed,) = layer.directed_layers
        suffix, module = "", f"{kind}Cell({layer.input_shape[-1]}, {layer.units})"
        found = [(directed, suffix)]
    else:
        found = [(each, _suffix(each.prefix)) for each in layer.directed_layers]
        module = (
            f"{kind}({layer.input_shape[-1]}, {layer.units}, num_layers={layer.layer_count}, "
            f"bidirectional={layer.directions == 2})"
        )
    shapes: dict[str, tuple[int, ...]] = {}
    parts: list[Part] = []
    for directed, suffix in found:
        parameters = {
            each: layer.parameters[directed.prefix + each]
            for each in ("input_weights", "recurrent_weights", "biases", "recurrent_biases")
            if directed.prefix + each in layer.parameters.names
        }
        rows = parameters["biases"].shape
        shapes |= {
            f"weight_ih{suffix}": parameters["input_weights"].shape,
            f"weight_hh{suffix}": parameters["recurrent_weights"].shape,
            f"bias_ih{suffix}": rows,
            f"bias_hh{suffix}": rows,
        }
        parts += [
            Part(parameters["input_weights"], (f"weight_ih{suffix}",)),
            Part(parameters["recurrent_weights"], (f"weight_hh{suffix}",)),
            *parts_of(parameters, suffix),
        ]
    return Counterpart(module, shapes, tuple(parts))


def _suffix(prefix: str) -> str:
    """Return `_l0` for `layer_0.forward.`, and `_l0_reverse` for the other direction."""
    layer, direction = prefix.removeprefix("layer_").rstrip(".").split(".")
    return f"_l{layer}" + ("_reverse" if direction == "backward" else "")


def _lstm_biases(parameters: Mapping[str, np.ndarray], suffix: str) -> Iterator[Part]:
    yield Part(parameters["biases"], (f"bias_ih{suffix}", f"bias_hh{suffix}"))


def _gru_biases(parameters: Mapping[str, np.ndarray], suffix: str) -> Iterator[Part]:
    """Yield those of both gates, and of the candidate, where both biases are apart."""
    gates = 2 * len(parameters["recurrent_biases"])
    yield Part(parameters["biases"][:gates], (f"bias_ih{suffix}", f"bias_hh{suffix}"), slice(None, gates))
    yield Part(parameters["biases"][gates:], (f"bias_ih{suffix}",), slice(gates, None))
    yield Part(parameters["recurrent_biases"], (f"bias_hh{suffix}",), slice(gates, None))


def _lstm(name: str, layer: Any) -> Counterpart:
    return _recurrent("LSTM", _lstm_biases, name, layer)


def _gru(name: str, layer: Any) -> Counterpart:
    return _recurrent("GRU", _gru_biases, name, layer)


LAYERS: Mapping[str, Callable[[str, Any], Counterpart]] = {
    "dense": _dense,
    "convolution": _convolution,
    "transposed_convolution": _transposed_convolution,
    "batch_normalisation": _batch_normalisation,
    "layer_normalisation": _layer_normalisation,
    "embedding": _embedding,
    "lstm": _lstm,
    "lstm_cell": _lstm,
    "gru": _gru,
    "gru_cell": _gru,
}
"""What makes the counterpart of a layer, by family."""
