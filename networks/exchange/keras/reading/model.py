"""A model of theirs as networks of ours and the calls between them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol

import numpy as np

from networks.base.nodes import call_name
from networks.exchange.keras.reading.classes import CLASSES
from networks.exchange.keras.reading.entries import (
    FUNCTIONAL,
    MODELS,
    SEQUENTIAL,
    Entry,
    entries_of,
    entry,
    in_order,
    nodes_listed,
)
from networks.exchange.keras.reading.fields import Fields
from networks.exchange.keras.reading.groups import Named
from networks.exchange.keras.reading.layers.windows import crop, zero_padding
from networks.exchange.keras.reading.masking import WHAT_TO_DO, check_masked
from networks.exchange.keras.reading.parts import Layer, Part, Value, at_every_step, only
from networks.exchange.keras.refusals import RefusedError
from nn.shape import AnyShape
from nn.short_text import short_repr

DEEPEST = 8
"""Deepest nesting of models."""

LABELS = ("int32", "int64", "uint32", "uint64", "int16", "int8", "uint16")

REFUSED = {
    "Lambda": "is code, which is not run",
}
"""Why some classes are not mapped."""


KNOWN = {*CLASSES, *MODELS, "InputLayer", "Masking", "TimeDistributed", "ZeroPadding2D", "Cropping2D"}


class Weights(Protocol):
    """Where the arrays of a layer, or of the layers of a model, are."""

    def layers(self, layers: Sequence[Named]) -> Sequence[Weights]:
        """Return those of the layers of a model."""

    def part(self, name: str) -> Weights:
        """Return those of a layer within a layer."""

    def read(self, where: str, shapes: Mapping[str, tuple[int, ...]], *inside: str) -> dict[str, np.ndarray]:
        """Return arrays by name, of these shapes."""


class Given(NamedTuple):
    """What is known beside the file.

    Attributes
    ----------
    shapes
        Of the inputs as ours, by name or of all, where the file leaves sizes open.
    is_old
        Whether the file is of Keras 2.
    is_masked
        Whether masks that it makes of its inputs are left to step masks.
    """

    shapes: AnyShape | Mapping[str, AnyShape] | None = None
    is_old: bool = False
    is_masked: bool = False


class Container:
    """Networks of ours, and the calls between them, as a model of theirs is gone through."""

    def __init__(self, where: str, given: Given, depth: int) -> None:
        if depth > DEEPEST:
            raise RefusedError(f"{where}: models lie within models, more than {DEEPEST} deep")
        self.where, self.given, self.depth = where, given, depth
        self.inputs: dict[str, Value] = {}
        self.parts: dict[str, Part] = {}
        self.uses: list[list[str]] = []
        self.outputs: dict[str, str] = {}
        self.values: dict[str, Value] = {}
        self._of_layer: dict[str, tuple[list[str], list[Value]]] = {}
        self._calls: Counter[str] = Counter()
        self._unpadded: dict[str, str] = {}

    def input(self, name: str, value: Value) -> str:
        """Add an input, and return its node."""
        name = self._free(name)
        self.inputs[name] = self.values[name] = value
        return name

    def call(self, layer: Entry, sources: Sequence[str], weights: Weights, is_alone: bool = True) -> str:
        """Let a layer read some nodes, perhaps alone, and return the node of what it gives."""
        values = [self.values[source] for source in sources]
        if layer.kind == "Masking":
            return self._mask(layer, sources[0], values)
        if layer.kind == "Cropping2D":
            return self._crop(layer, sources[0], is_alone)
        if layer.kind == "ZeroPadding2D":
            return self._pad(layer, sources[0], values)
        sources = [self._unpadded.get(source, source) for source in sources]
        if layer.name not in self._of_layer:
            parts = self.read(layer, values, weights)
            self._of_layer[layer.name] = [self._add(layer, part) for part in parts], values
        names, first = self._of_layer[layer.name]
        if first != values:
            raise RefusedError(
                f"{layer.where}: is called with inputs of different shapes, which is not mapped"
            )
        for name in names:
            self.uses.append([name, *sources])
            self._calls[name] += 1
            node = call_name(name, self._calls[name])
            self.values[node] = self.parts[name].value
            sources = [node]
        return sources[0]

    def _mask(self, layer: Entry, source: str, values: list[Value]) -> str:
        """Return the node that a Masking reads: what it masks are steps that are not there."""
        fields = Fields(layer.where, layer.configuration)
        if len(only(fields, values).sizes) != 2:
            fields.refuse("reads no sequence of features; these are mapped")
        masked = fields.number("mask_value", 0.0)
        if not self.given.is_masked:
            fields.refuse(WHAT_TO_DO.format(f"{masked:g} in all features"))
        self._end(fields)
        return source

    def _pad(self, layer: Entry, source: str, values: list[Value]) -> str:
        """Return a node that is another with zeros around it, which no network adds but the next."""
        fields = Fields(layer.where, layer.configuration)
        value = zero_padding(fields, values)
        self._end(fields)
        node = f"{source}:{len(self._unpadded)}:{layer.name}"
        self.values[node], self._unpadded[node] = value, source
        return node

    def _crop(self, layer: Entry, node: str, is_alone: bool) -> str:
        """Let the transposed convolution that gives a node crop more."""
        fields, part = Fields(layer.where, layer.configuration), self.parts.get(node)
        if part is None or part.described["family"] != "transposed_convolution" or not is_alone:
            fields.refuse("reads no Conv2DTranspose alone; this is mapped")
        crop(fields, part)
        self._end(fields)
        self.values[node] = part.value
        return node

    def _end(self, fields: Fields) -> bool:
        """Take what all layers have, refuse what is left, and return whether the layer learns."""
        is_learned = fields.take("trainable", True)
        fields.check_dtype()
        fields.ignore("name", "batch_input_shape", "batch_shape")
        fields.end()
        return is_learned is not False

    def read(self, layer: Entry, values: list[Value], weights: Weights) -> list[Part]:
        """Return what a layer becomes: networks one after another."""
        if layer.kind in MODELS:
            return [read_model(layer, weights, self.given, self.depth + 1, values).as_part(layer.where)]
        fields = Fields(layer.where, layer.configuration)
        if layer.kind == "TimeDistributed":
            parts = [self._at_steps(layer, fields, values, weights.part("layer"))]
        else:
            parts = self._plain(layer, fields, values, weights)
        if not self._end(fields):
            for part in parts:
                part.frozen = ("",) if part.arrays else ()
        return parts

    def _plain(self, layer: Entry, fields: Fields, values: list[Value], weights: Weights) -> list[Part]:
        reader = CLASSES.get(layer.kind)
        if reader is None:
            fields.refuse(REFUSED.get(layer.kind, "this class is not mapped"))
        return reader(Layer(fields, partial(weights.read, layer.where), *self.given[1:]), values)

    def _at_steps(self, layer: Entry, fields: Fields, values: list[Value], weights: Weights) -> Part:
        (value,) = values if len(values) == 1 else [None]
        if value is None or value.is_labels or len(value.sizes) not in (2, 4):
            fields.refuse("reads no sequence of features or of images; these are mapped")
        inside = entry(fields.take("layer"))
        step = Value(value.sizes[1:])
        container = Container(layer.where, self.given, self.depth + 1)
        source = container.input("input", step)
        node = container.call(inside, [source], weights)
        container.outputs["output"] = node
        whole = container.as_part(layer.where)
        if len(whole.value.sizes) not in (1, 3):
            fields.refuse("gives neither features nor an image at every step; these are mapped")
        if len(container.parts) == 1:
            (whole,) = container.parts.values()
        return at_every_step(value, whole, (value.sizes[0], *whole.value.sizes))

    def _add(self, layer: Entry, part: Part) -> str:
        first = layer.name not in self._of_layer
        name = self._free(layer.name if first else f"{layer.name}_{part.described['family']}")
        self.parts[name] = part
        return name

    def _free(self, name: str) -> str:
        """Return a name of ours like one of theirs that is not taken."""
        plain = re.sub(r"\W+", "_", name)[:60] or "layer"
        found, number = plain, 2
        while found in self.parts or found in self.inputs:
            found, number = f"{plain}_{number}", number + 1
        return found

    @property
    def is_chain(self) -> bool:
        """Whether every network reads the one before, and the last alone is given."""
        if len(self.inputs) != 1 or len(self.outputs) != 1 or len(self.uses) != len(self.parts):
            return False
        nodes = [*self.inputs, *(use[0] for use in self.uses)]
        return list(self.outputs.values()) == nodes[-1:] and all(
            use[1:] == [before] for use, before in zip(self.uses, nodes, strict=False)
        )

    def describe(self) -> dict[str, Any]:
        """Return the description that `networks.network_from_configuration` reads."""
        networks = {name: part.described for name, part in self.parts.items()}
        if not networks:
            raise RefusedError(f"{self.where}: has no layers beside its inputs")
        if self.is_chain:
            return {"family": "sequential", "networks": networks}
        return {
            "family": "model",
            "inputs": {name: str(value.shape) for name, value in self.inputs.items()},
            "networks": networks,
            "uses": self.uses,
            "outputs": self.outputs,
        }

    def as_part(self, where: str) -> Part:
        """Return the whole as one network."""
        if len(self.inputs) != 1 or len(self.outputs) != 1:
            raise RefusedError(f"{where}: has several inputs or outputs within a model, which is not mapped")
        arrays: dict[str, np.ndarray] = {}
        state: dict[str, np.ndarray] = {}
        frozen: list[str] = []
        for name, part in self.parts.items():
            arrays |= {f"{name}.{each}": array for each, array in part.arrays.items()}
            state |= {f"{name}.{each}": array for each, array in part.state.items()}
            frozen += [f"{name}.{each}".removesuffix(".") for each in part.frozen]
        (node,) = self.outputs.values()
        return Part(self.describe(), self.values[node], arrays, state, tuple(frozen))


def read_model(
    model: Entry, weights: Weights, given: Given, depth: int = 0, values: Sequence[Value] | None = None
) -> Container:
    """Return a model as networks and calls.

    Parameters
    ----------
    model
        Its description.
    weights
        Of its layers.
    given
        What is known beside the file.
    depth
        How many models it is in.
    values
        What it reads, where it is in another.

    Raises
    ------
    RefusedError
        When something in it is not mapped; names the layer and the field.
    """
    container = Container(model.where, given, depth)
    fields = Fields(model.where, model.configuration)
    fields.ignore("name", "build_input_shape", "layers", "input_layers", "output_layers")
    is_learned = fields.take("trainable", True)
    fields.check_dtype()
    fields.end()
    entries = entries_of(model.where, model.configuration)
    for each in entries:
        if each.kind not in KNOWN:
            raise RefusedError(f"{each.where}: {REFUSED.get(each.kind, 'this class is not mapped')}")
    found = weights.layers([Named(each.kind, each.name) for each in _with_groups(model, entries)])
    by_name = dict(zip((each.name for each in _with_groups(model, entries)), found, strict=True))
    if model.kind in SEQUENTIAL:
        _read_chain(container, model, entries, by_name, values)
    elif model.kind in FUNCTIONAL:
        _read_graph(container, model, entries, by_name, values)
    else:
        raise RefusedError(f"{model.where}: is no Sequential and no Functional model; these are mapped")
    if given.is_masked and depth == 0:
        order = entries if model.kind in SEQUENTIAL else [each for each, _ in in_order(model.where, entries)]
        inner = [each for each in order if each.kind != "InputLayer"]
        check_masked(model.where, inner, container.is_chain)
    if is_learned is False:
        for part in container.parts.values():
            part.frozen = ("",) if part.arrays else ()
    return container


def _with_groups(model: Entry, entries: list[Entry]) -> list[Entry]:
    """Return the layers that have groups: the input of a Sequential has none."""
    if model.kind in SEQUENTIAL:
        return [each for each in entries if each.kind != "InputLayer"]
    return entries


def _read_chain(
    container: Container,
    model: Entry,
    entries: list[Entry],
    weights: Mapping[str, Weights],
    values: Sequence[Value] | None,
) -> None:
    begins = entries[0].kind == "InputLayer"
    layers = entries[1:] if begins else entries
    if not layers or any(each.kind == "InputLayer" for each in layers):
        raise RefusedError(f"{model.where}: has an InputLayer elsewhere than first, or nothing else")
    sizes = (
        _input_sizes(entries[0])
        if begins
        else layers[0].configuration.get(
            "batch_input_shape",
            layers[0].configuration.get("batch_shape", model.configuration.get("build_input_shape")),
        )
    )
    name = entries[0].name if begins else "input"
    value = _value(container, name, sizes, _reads_labels(layers[0]), values, 0)
    node = container.input(name, value)
    for layer in layers:
        node = container.call(layer, [node], weights[layer.name])
    _check_output(container, node)
    container.outputs["output"] = node


def _check_output(container: Container, node: str) -> None:
    if any(container.values[node].margins):
        raise RefusedError(
            f"{container.where}: ends in a ZeroPadding2D, which is mapped before a layer alone"
        )


def _read_graph(
    container: Container,
    model: Entry,
    entries: list[Entry],
    weights: Mapping[str, Weights],
    values: Sequence[Value] | None,
) -> None:
    inputs = nodes_listed(model.where, model.configuration.get("input_layers"))
    outputs = nodes_listed(model.where, model.configuration.get("output_layers"))
    by_name = {each.name: each for each in entries}
    nodes: dict[tuple[str, int], str] = {}
    if values is not None and len(values) != len(inputs):
        raise RefusedError(f"{model.where}: reads {len(values)} values, and has {len(inputs)} inputs")
    for number, (name, call) in enumerate(inputs):
        each = by_name.get(name)
        if each is None or each.kind != "InputLayer" or call or (name, 0) in nodes:
            raise RefusedError(
                f"{model.where}: its input {short_repr(name)} is no InputLayer, or twice there"
            )
        readers = [other for other in entries if any((name, 0) in sources for sources in other.calls)]
        labels = bool(readers) and all(map(_reads_labels, readers))
        value = _value(container, name, _input_sizes(each), labels, values, number)
        nodes[name, 0] = container.input(name, value)
    reads = Counter(outputs)
    for each in entries:
        reads.update(source for sources in each.calls for source in sources)
    for layer, call in in_order(model.where, entries):
        missing = [source for source in layer.calls[call] if source not in nodes]
        if missing:
            raise RefusedError(f"{layer.where}: reads {short_repr(missing[0][0])}, which is no input")
        sources = [nodes[source] for source in layer.calls[call]]
        is_alone = len(layer.calls) == 1 and all(reads[source] == 1 for source in layer.calls[call])
        nodes[layer.name, call] = container.call(layer, sources, weights[layer.name], is_alone)
    for name, call in outputs:
        if (name, call) not in nodes:
            raise RefusedError(f"{model.where}: its output {short_repr(name)} is not there")
        node = nodes[name, call]
        _check_output(container, node)
        container.outputs[_output_name(container, name, len(outputs))] = node


def _output_name(container: Container, name: str, count: int) -> str:
    plain = re.sub(r"\W+", "_", name)[:60] if count > 1 else "output"
    found, number = plain, 2
    while found in container.outputs:
        found, number = f"{plain}_{number}", number + 1
    return found


def _input_sizes(layer: Entry) -> Any:
    """Return what an input says of its sizes, entries first."""
    fields = Fields(layer.where, layer.configuration)
    dtype = fields.take("dtype", "float32")
    kind = dtype.get("config", {}).get("name") if isinstance(dtype, dict) else dtype
    if kind not in ("float32", "float64", "float16", "bfloat16", *LABELS):
        fields.refuse(f"dtype is {short_repr(dtype)}, which is not mapped")
    fields.only(sparse=False, ragged=False, optional=False)
    fields.ignore("name", "trainable")
    sizes = fields.take("batch_shape", None)
    if sizes is None:
        sizes = fields.take("batch_input_shape", None)
    fields.ignore("batch_input_shape")
    fields.end()
    return sizes


def _reads_labels(layer: Entry) -> bool:
    """Return whether a layer takes whole numbers for rows of features: an Embedding, or a model of one."""
    for _ in range(DEEPEST):
        if layer.kind not in SEQUENTIAL:
            return layer.kind == "Embedding"
        inside = [each for each in entries_of(layer.where, layer.configuration) if each.kind != "InputLayer"]
        if not inside:
            return False
        layer = inside[0]
    return False


def _value(
    container: Container,
    name: str,
    sizes: Any,
    is_labels: bool,
    values: Sequence[Value] | None,
    number: int,
) -> Value:
    """Return what an input gives: what a model within a model reads, or what it says of its sizes."""
    where = f"{container.where}: input {short_repr(name)}"
    if values is not None:
        return values[number]
    wanted = container.given.shapes
    shape = wanted.get(name) if isinstance(wanted, Mapping) else wanted
    if sizes is None:
        if shape is None:
            raise RefusedError(f"{where} has no sizes: give `input_shape`")
        return Value(_sizes_of(shape, is_labels, None), is_labels)
    if not isinstance(sizes, list) or not 2 <= len(sizes) <= 5:
        raise RefusedError(f"{where} has the sizes {short_repr(sizes)}; entries and 1 to 4 more are mapped")
    said = sizes[1:]
    if not all(
        each is None or (isinstance(each, int) and not isinstance(each, bool) and each > 0) for each in said
    ):
        raise RefusedError(
            f"{where} has the sizes {short_repr(sizes)}, which are no whole numbers of at least 1"
        )
    if shape is None:
        if None in said:
            raise RefusedError(f"{where} has open sizes, {short_repr(sizes)}: give `input_shape`")
        return Value(tuple(said), is_labels)
    found = _sizes_of(shape, is_labels, len(said))
    if len(found) != len(said) or any(
        each is not None and each != size for each, size in zip(said, found, strict=False)
    ):
        raise RefusedError(
            f"{where} has the sizes {short_repr(sizes)}, which `input_shape` {shape} does not fit"
        )
    return Value(found, is_labels)


def _sizes_of(shape: AnyShape, is_labels: bool, rank: int | None) -> tuple[int, ...]:
    sizes = tuple(shape)
    if is_labels and sizes[-1] == 1:
        sizes = sizes[:-1]
    if sizes[:2] == (1, 1) and len(sizes) == 3 and rank != 3:
        return sizes[2:]
    return sizes
