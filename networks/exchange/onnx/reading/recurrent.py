"""LSTM and GRU: one layer in one direction or both, and its last hidden values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from networks.exchange.onnx.reading.factors import axis, size_of, whole
from networks.exchange.onnx.reading.layouts import step_by_step
from networks.exchange.onnx.reading.node import Node
from networks.exchange.onnx.reading.plan import Layer, Value, permuted_columns
from networks.exchange.onnx.reading.tensors import Constant
from nn.shape import AnyShape, SequenceShape, Shape

DIRECTIONS = {"forward": ("forward",), "bidirectional": ("forward", "backward")}

LSTM_GATES = (0, 2, 3, 1)
"""Where our gates are among theirs: input, output, forget, cell there; input, forget, cell, output here."""

GRU_GATES = (1, 0, 2)
"""Update, reset and candidate there; reset, update, candidate here."""

PEEPHOLES = (0, 2, 1)
"""Of the input, output and forget gate there; of the input, forget and output gate here."""


class Kind(NamedTuple):
    """What differs between recurrent operators.

    Attributes
    ----------
    family
        Of ours.
    gates
        Where ours are among theirs.
    activations
        Of one direction, those alone that ours has.
    """

    family: str
    gates: tuple[int, ...]
    activations: tuple[str, ...]


LSTM = Kind("lstm", LSTM_GATES, ("sigmoid", "tanh", "tanh"))
GRU = Kind("gru", GRU_GATES, ("sigmoid", "tanh"))


def lstm(node: Node) -> list[Value]:
    """Read an LSTM, perhaps with peepholes."""
    node.expect("input_forget", 0)
    return _recurrent(node, LSTM)


def gru(node: Node) -> list[Value]:
    """Read a GRU whose reset gate stands behind the recurrent product."""
    if node.integer("linear_before_reset", 0) != 1:
        node.refuse(
            "attribute linear_before_reset is 0, 1 alone is mapped: the reset gate of ours stands behind the "
            "recurrent product"
        )
    return _recurrent(node, GRU)


def _recurrent(node: Node, kind: Kind) -> list[Value]:
    value = node.value(0)
    directions = _directions(node, kind)
    units = node.integer("hidden_size", 0)
    layout = node.integer("layout", 0)
    if layout not in (0, 1) or len(value.axes) != 3:
        node.refuse(f"attribute layout is {layout}, and input 0 has {len(value.axes)} axes, not 3")
    steps, entries = value.axes[layout], value.axes[1 - layout]
    features = value.axes[2]
    if len(entries) != 1 or not entries[0].is_batch:
        node.lies_otherwise(f"entries are not counted by axis {1 - layout} of its input")
    arrays = _arrays(node, kind, directions, units, size_of(features))
    _check_states(node, size_of(steps))
    source, ours = step_by_step(node, value, steps, features, is_sequence=True)
    for name, array in arrays.items():
        if name.endswith("input_weights"):
            arrays[name] = permuted_columns(array, features, ours)
    both, hidden = axis(len(directions)), axis(units)
    fields = {
        "units": units,
        "layers": 1,
        "bidirectional": len(directions) == 2,
        "stateful": False,
        **({"peepholes": node.input(7) is not None} if kind is LSTM else {}),
    }
    width = units * len(directions)
    shapes: tuple[AnyShape, AnyShape] = SequenceShape(size_of(steps), width), Shape(1, 1, width)
    orders = (*steps, *both, *hidden), (*both, *hidden)
    whole_layer, last = (
        Layer(
            node.name,
            kind.family,
            shape,
            order,
            (source,),
            {**fields, "whole_sequence": shape is shapes[0]},
            arrays,
            origins=node.origins(),
        )
        for shape, order in zip(shapes, orders, strict=True)
    )
    whole_layer.twin, last.twin = last, whole_layer
    if layout:
        return [Value(whole_layer, (entries, steps, both, hidden)), Value(last, (entries, both, hidden))]
    return [Value(whole_layer, (steps, both, entries, hidden)), Value(last, (both, entries, hidden))]


def _directions(node: Node, kind: Kind) -> tuple[str, ...]:
    direction = node.text("direction", "forward")
    if direction not in DIRECTIONS:
        node.refuse(f"attribute direction is {direction}; forward and bidirectional are mapped")
    directions = DIRECTIONS[direction]
    activations = node.texts("activations")
    if activations is not None and [each.lower() for each in activations] != [*kind.activations] * len(
        directions
    ):
        node.refuse(f"attribute activations is {activations}: ours has {', '.join(kind.activations)}")
    return directions


def _arrays(
    node: Node, kind: Kind, directions: tuple[str, ...], units: int, features: int
) -> dict[str, np.ndarray]:
    """Return the parameters of ours by name."""
    count, rows = len(directions), len(kind.gates) * units
    inputs, recurrent = node.weights(1, 3), node.weights(2, 3)
    if units < 1 or inputs.shape != (count, rows, features) or recurrent.shape != (count, rows, units):
        node.refuse(
            f"the weights are {inputs.shape} and {recurrent.shape}, and there are {count} directions "
            f"of {units} units (hidden_size) with {len(kind.gates)} gates that read {features} features"
        )
    biases = np.zeros((count, 2 * rows), np.float32) if node.input(3) is None else node.weights(3, 2)
    if biases.shape != (count, 2 * rows):
        node.refuse(f"input 3 is {biases.shape}, not {(count, 2 * rows)}")
    found: dict[str, np.ndarray] = {}
    for number, name in enumerate(directions):
        own = {
            "input_weights": _gates(inputs[number], kind.gates),
            "recurrent_weights": _gates(recurrent[number], kind.gates),
            **_biases(kind, *np.split(biases[number], 2)),
            **(_peepholes(node, number, (count, 3 * units)) if kind is LSTM else {}),
        }
        found |= {f"layer_0.{name}.{each}": array for each, array in own.items()}
    return found


def _gates(array: np.ndarray, gates: tuple[int, ...]) -> np.ndarray:
    """Return rows with the gates in our order."""
    blocks = np.split(array, len(gates))
    return np.concatenate([blocks[each] for each in gates])


def _biases(kind: Kind, of_inputs: np.ndarray, recurrent: np.ndarray) -> Mapping[str, np.ndarray]:
    """Return the biases of ours: sums of both, but for the candidate of a GRU."""
    own, other = _gates(of_inputs, kind.gates), _gates(recurrent, kind.gates)
    if kind is LSTM:
        return {"biases": own + other}
    gates = 2 * len(own) // 3
    return {
        "biases": np.concatenate([own[:gates] + other[:gates], own[gates:]]),
        "recurrent_biases": other[gates:],
    }


def _peepholes(node: Node, number: int, shape: tuple[int, int]) -> Mapping[str, np.ndarray]:
    if node.input(7) is None:
        return {}
    weights = node.weights(7, 2)
    if weights.shape != shape:
        node.refuse(f"input 7 is {weights.shape}, not {shape}")
    return {"peepholes": _gates(weights[number], PEEPHOLES).reshape(3, -1)}


def _check_states(node: Node, steps: int) -> None:
    """Refuse what begins elsewhere than at zero, or ends before the last step.

    Lengths that are given when a model runs are what `step_masks` of ours are.
    """
    lengths = node.input(4)
    is_given = isinstance(lengths, Value) and not lengths.layer.family and len(lengths.axes) == 1
    is_whole = isinstance(lengths, Constant) and _is_all(lengths.array, steps)
    if lengths is not None and not is_given and not is_whole:
        node.refuse("input 4, sequence_lens, is neither an input of the model nor all of the steps")
    for number in (5, 6):
        given = node.input(number)
        if given is not None and not (isinstance(given, Constant) and _is_all(given.array, 0)):
            node.refuse(f"input {number}, an initial state, is not zero: networks of ours begin at zero")


def _is_all(array: np.ndarray, number: int) -> bool:
    """Return whether all numbers are one; those that are repeated are looked at once."""
    once = array[tuple(slice(None if stride else 1) for stride in array.strides)]
    return bool((once == number).all())


def last_step(value: Value, place: int, number: int) -> Value | None:
    """Return the last hidden values where an axis's place is the last step; None where it is another.

    Parameters
    ----------
    value
        What may be those of every step.
    place, number
        The axis, and the place on it.
    """
    layer, steps = value.layer, whole(value.axes[place])
    order = whole(layer.order)
    is_last = number in (-1, size_of(steps) - 1)
    if (
        layer.twin is None
        or not layer.fields["whole_sequence"]
        or layer.fields["bidirectional"]
        or not is_last
    ):
        return None
    if not value.is_alone or not steps or order[: len(steps)] != steps or size_of(steps) != layer.shape[0]:
        return None
    axes = [each for other, each in enumerate(value.axes) if other != place]
    return Value(layer.twin, tuple(axes))


def is_final(layer: Layer) -> bool:
    """Return whether a layer gives the last hidden values of a recurrent one."""
    return layer.twin is not None and not layer.fields["whole_sequence"]
