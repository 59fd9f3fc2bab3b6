"""A network of ours as layers of Keras and calls of them; networks within networks are gone through."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from networks.base.network import Network
from networks.exchange.keras.refusals import RefusedError
from networks.exchange.keras.writing.layers import theirs
from networks.exchange.keras.writing.theirs import Ours, Theirs, arranged, theirs_of
from networks.model import Model
from networks.sequential import Sequential
from networks.time_distributed import TimeDistributed
from nn.shape import Shape

MERGES = ("add", "concatenate", "multiply")


class Node(NamedTuple):
    """What a call of a layer gives.

    Attributes
    ----------
    layer
        Its name.
    call
        Which of its calls.
    sizes
        Of the values.
    """

    layer: str
    call: int
    sizes: tuple[int, ...]


class Wiring:
    """Layers of Keras by name, and their calls.

    Attributes
    ----------
    layers
        By name, inputs included.
    calls
        Of each layer, the nodes that every call reads.
    inputs, outputs
        Nodes.
    """

    def __init__(self) -> None:
        self.layers: dict[str, Theirs] = {}
        self.calls: dict[str, list[tuple[Node, ...]]] = {}
        self.inputs: list[Node] = []
        self.outputs: list[Node] = []
        self._made: dict[tuple[str, ...], list[str]] = {}

    def input(self, name: str, sizes: tuple[int, ...], labels: bool) -> Node:
        """Add an input."""
        name = self._free(name)
        kind = {"batch_shape": [None, *sizes], "dtype": "int32" if labels else None}
        self.layers[name] = Theirs("InputLayer", sizes, kind)
        self.calls[name] = []
        node = Node(name, 0, sizes)
        self.inputs.append(node)
        return node

    def apply(self, path: tuple[str, ...], network: Network, sources: Sequence[Node]) -> Node:
        """Let a network read nodes, and return what it gives."""
        _check_not_clamped(path, network)
        if isinstance(network, Sequential):
            (node,) = sources
            for name, each in network.named.items():
                node = self.apply((*path, name), each, [node])
            return node
        if isinstance(network, Model):
            given = dict(zip(network.input_shapes, sources, strict=True))
            outputs = self.graph(path, network, given)
            if len(outputs) > 1:
                raise RefusedError(
                    f"{'.'.join(path)}: has several outputs within a model, which is not written"
                )
            return next(iter(outputs.values()))
        if network.family in MERGES:
            shapes: Any = network
            sources = [
                self._chain((*path, str(number)), arranged(source.sizes, theirs_of(shape)), [source])
                for number, (source, shape) in enumerate(zip(sources, shapes.input_shapes, strict=True))
            ]
        given_sizes = tuple(source.sizes for source in sources)
        name = ".".join(path)
        if isinstance(network, TimeDistributed):
            made = _at_every_step(name, network, given_sizes[0])
        else:
            made = theirs(Ours(name, network, given_sizes))
        return self._chain(path, made, sources)

    def graph(self, path: tuple[str, ...], model: Model, given: Mapping[str, Node]) -> dict[str, Node]:
        """Apply a model to nodes by the names of its inputs, and return its outputs."""
        nodes = dict(given)
        for call in model.calls:
            sources = [nodes[source] for source in call.sources]
            _check_statistics(".".join((*path, call.network)), model, call.name, call.network)
            nodes[call.name] = self.apply((*path, call.network), model.named[call.network], sources)
        return {name: nodes[node] for name, node in model.output_nodes.items()}

    def _chain(self, path: tuple[str, ...], made: list[Theirs], sources: Sequence[Node]) -> Node:
        """Call layers one after another; those that a call before has made are called again."""
        if path not in self._made:
            self._made[path] = [self._add(path, number, each, made) for number, each in enumerate(made)]
        if [self.layers[name].sizes for name in self._made[path]] != [each.sizes for each in made]:
            raise RefusedError(f"{'.'.join(path)}: is called with values of different shapes in Keras")
        nodes = tuple(sources)
        for name in self._made[path]:
            self.calls[name].append(nodes)
            nodes = (Node(name, len(self.calls[name]) - 1, self.layers[name].sizes),)
        return nodes[0]

    def _add(self, path: tuple[str, ...], number: int, layer: Theirs, made: list[Theirs]) -> str:
        plain = "_".join(path)
        if number != _main(made):
            plain = f"{plain}_{re.sub('2D$', '', layer.kind).lower()}"
        name = self._free(plain)
        self.layers[name] = layer
        self.calls[name] = []
        return name

    def _free(self, name: str) -> str:
        plain = re.sub(r"\W+", "_", name) or "layer"
        found, number = plain, 2
        while found in self.layers:
            found, number = f"{plain}_{number}", number + 1
        return found


def _check_not_clamped(path: tuple[str, ...], network: Network) -> None:
    """Refuse a container of which neurons are held at values, as nothing in Keras is."""
    if isinstance(network, Sequential | Model) and network.clamped:
        name = ".".join((*path, next(iter(network.clamped))))
        raise RefusedError(f"{name}: its neurons are clamped, which Keras has not: release them")


def _check_statistics(name: str, model: Model, call: str, first: str) -> None:
    """Refuse a further call of a network that has measured something else than the first."""
    ours, theirs = model.named[call].state(), model.named[first].state()
    if any(not np.array_equal(array, theirs[each]) for each, array in ours.items()):
        raise RefusedError(f"{name}: its calls have measured different statistics, and Keras keeps one")


def _main(made: list[Theirs]) -> int:
    """Return which of some layers has the name of ours: the first with arrays, else the last."""
    return next((n for n, each in enumerate(made) if each.variables or each.inside), len(made) - 1)


def _at_every_step(name: str, network: TimeDistributed, given: tuple[int, ...]) -> list[Theirs]:
    """Return the layers within, each for every step."""
    inside = Wiring()
    steps = network.input_shape[0]
    sizes = tuple(given[1:])
    begin = Theirs("InputLayer", sizes)
    inside.layers["input"], inside.calls["input"] = begin, []
    node = inside.apply((name or "step",), network.network, [Node("input", 0, sizes)])
    names = [each for each in inside.layers if each != "input"]
    if any(len(inside.calls[each]) != 1 or len(inside.calls[each][0]) != 1 for each in names):
        raise RefusedError(f"{name or network.family}: a model of branches at every step is not written")
    made = [inside.layers[each] for each in names]
    wrapped = [
        Theirs("TimeDistributed", (steps, *each.sizes), inside={"layer": each}, trainable=each.trainable)
        for each in made
    ]
    flat = theirs_of(network.output_shape)
    return [*wrapped, *arranged((steps, *node.sizes), flat)]


def wired(network: Network) -> Wiring:
    """Return the layers and calls of a network.

    Raises
    ------
    RefusedError
        When something in it has no counterpart; names it.
    """
    wiring = Wiring()
    _check_not_clamped((), network)
    if isinstance(network, Model):
        given = {}
        for name, shape in network.input_shapes.items():
            labels = _reads_labels(
                [network.named[call.name] for call in network.calls if name in call.sources]
            )
            sizes = tuple(shape[:-1]) if labels else theirs_of(shape)
            given[name] = wiring.input(name, sizes, labels)
        wiring.outputs = list(wiring.graph((), network, given).values())
    else:
        labels = _reads_labels([network])
        shape = network.input_shape
        sizes = tuple(shape[:-1]) if labels else theirs_of(shape)
        path = () if isinstance(network, Sequential) else (network.family,)
        wiring.outputs = [wiring.apply(path, network, [wiring.input("input", sizes, labels)])]
    return wiring


def _reads_labels(readers: Sequence[Network]) -> bool:
    """Return whether an input is read as labels of steps or positions alone."""
    return bool(readers) and all(map(_is_embedding, readers))


def _is_embedding(network: Network) -> bool:
    while isinstance(network, Sequential):
        network = next(iter(network.named.values()))
    return network.family == "embedding" and not (
        isinstance(network.input_shape, Shape) and network.input_shape[:2] == (1, 1)
    )
