"""Nodes: the values that make up a model, inputs and calls of networks.

    image = Input(Shape(28, 28, 1), generator=generator)
    code = Call(Dense.of(32), image, name="encoder")
    again = Call(Dense.of(image.shape), code, name="decoder")
    model = Model(image, again)

A network that is used twice has the same parameters in both places: `Call(code.network, other)`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from copy import deepcopy
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from networks.base.building import built
from networks.base.checks import check_dtype, check_network
from networks.base.network import Network
from networks.base.recipe import Recipe
from nn.lookup import look_up
from nn.shape import AnyShape, ShapeLike, layer_shape
from nn.short_text import short_repr


class Node:
    """Values with a shape.

    Attributes
    ----------
    shape
        Without the histories.
    sources
        The nodes it is computed from.
    generator, dtype
        What recipes that read it draw from, None where no input has one, and float32 or float64, None where
        no input says it and no network.
    """

    shape: AnyShape
    sources: tuple[Node, ...] = ()
    generator: np.random.Generator | None = None
    dtype: np.dtype | None = None


class Input(Node):
    """Values that come from outside.

    Parameters
    ----------
    shape
        Of the values, without the histories; a number of units stands for 1 x 1 x units.
    generator, dtype
        What recipes draw from, and float32 or float64, of all that reads these values. By default recipes
        build what the networks before them are, or else float32.
    """

    def __init__(
        self,
        shape: ShapeLike,
        *,
        generator: np.random.Generator | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        self.shape = layer_shape("input: shape", shape)
        self.generator = generator
        self.dtype = None if dtype is None else check_dtype(dtype)


class Call(Node):
    """A network applied to one node, or to several.

    Parameters
    ----------
    network
        Any, or the recipe of one; one that merges takes several nodes. A network used twice shares its
        parameters; a recipe builds a new one every time.
    sources
        As many as the network has inputs. A recipe draws from the generator of the first that has one.
    name
        Of the network in the model; by default its family, with a number from the second on.

    Raises
    ------
    ValueError
        When there are more or fewer sources than inputs, or a shape does not fit; the message names
        both sides. When the network is not one or of another dtype, a recipe cannot be built, or a source
        is not a node.
    """

    def __init__(self, network: Network | Recipe[Network], *sources: Node, name: str | None = None) -> None:
        if isinstance(network, Recipe):
            what, alone = str(network), not network.merges
        else:
            check_network("model: what is used", network)
            what, alone = network.family, False
        for source in sources:
            if not isinstance(source, Node):
                kind = type(source).__name__
                raise ValueError(f"{what}: a source is of type {kind}: give an Input or a Call")
        if not sources:
            raise ValueError(f"{what}: takes at least one input, none is given: give an Input or a Call")
        if alone and len(sources) > 1:
            raise ValueError(f"{what}: takes 1 input, {len(sources)} are given")
        self.generator = next((each.generator for each in sources if each.generator is not None), None)
        taken = [source.shape for source in sources]
        known = [each.dtype for each in sources if each.dtype is not None]
        dtype = known[0] if known else None
        if len(set(known)) > 1:
            theirs = ", ".join(map(str, known))
            raise ValueError(f"{what}: its inputs are {theirs}: give all of a model one dtype")
        called = "model" if name is None else f"model: network {name}"
        network = built(called, network, *taken, generator=self.generator, dtype=dtype)
        shapes = input_shapes(network)
        if len(sources) != len(shapes):
            raise ValueError(f"{network.family}: takes {len(shapes)} inputs, {len(sources)} are given")
        for number, (source, shape) in enumerate(zip(sources, shapes, strict=True)):
            if source.shape != shape:
                raise ValueError(
                    f"{network.family}: input {number} has shape {source.shape}, the network takes {shape}"
                )
        self.network, self.dtype = network, network.dtype
        self.name = name
        self.sources = sources
        self.shape = network.output_shape


def nodes_by_name(given: Node | Mapping[str, Node], alone: str) -> dict[str, Node]:
    """Return nodes by name, one that is given `alone` by this name.

    Raises
    ------
    ValueError
        When something else than nodes is given.
    """
    nodes: Any = given if isinstance(given, Mapping) else {alone: given}
    for name, node in nodes.items():
        if not isinstance(node, Node):
            raise ValueError(
                f"model: {name} is of type {type(node).__name__}: give an Input or a Call, or some by name"
            )
    return dict(nodes)


def input_shapes(network: Network) -> Sequence[AnyShape]:
    """Return the shapes of all inputs of a network: one, or those that it merges or knows by name."""
    several: Sequence[AnyShape] | Mapping[str, AnyShape] | None = getattr(network, "input_shapes", None)
    if several is None:
        return [network.input_shape]
    return list(several.values()) if isinstance(several, Mapping) else list(several)


def pack_inputs(network: Network, arrays: Sequence[Any]) -> Any:
    """Return what a network's forward takes for the values of its inputs in their order."""
    several = getattr(network, "input_shapes", None)
    if isinstance(several, Mapping):
        return dict(zip(several, arrays, strict=True))
    return arrays[0] if several is None else list(arrays)


def unpack_signals(network: Network, signals: Any) -> Sequence[Any]:
    """Return the signals of a network's inputs in their order."""
    several = getattr(network, "input_shapes", None)
    if isinstance(several, Mapping):
        return [signals[name] for name in several] if len(several) > 1 else [signals]
    return [signals] if several is None else signals


def topological_order(outputs: Sequence[Node]) -> list[Call]:
    """Return all calls that lead to some nodes, each after those it depends on."""
    ordered: list[Call] = []
    seen: set[int] = set()
    waiting: list[tuple[Node, bool]] = [(node, False) for node in reversed(outputs)]
    while waiting:
        node, sources_done = waiting.pop()
        if sources_done:
            assert isinstance(node, Call)
            ordered.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            if isinstance(node, Call):
                waiting.append((node, True))
                waiting.extend((source, False) for source in reversed(node.sources))
    return ordered


def named_networks(calls: Sequence[Call]) -> dict[str, Network]:
    """Return the networks of some calls by the names they were given, or by their families.

    Raises
    ------
    ValueError
        When a network has two names, or two networks have one.
    """
    given: dict[int, str] = {}
    for call in calls:
        name = given.setdefault(id(call.network), call.name) if call.name is not None else call.name
        if name != call.name:
            raise ValueError(f"one network is called both {name!r} and {call.name!r}: give it one name")
    networks: dict[str, Network] = {}
    for call in calls:
        if call.network in networks.values():
            continue
        name = given.get(id(call.network)) or _free_name(call.network.family, {*networks, *given.values()})
        if name in networks:
            raise ValueError(f"two networks are called {name!r}: give them names of their own")
        networks[name] = call.network
    return networks


def _free_name(family: str, taken: set[str]) -> str:
    numbered = (family if number == 1 else f"{family}_{number}" for number in count(1))
    return next(name for name in numbered if name not in taken)


def call_name(network: str, number: int) -> str:
    """Name the call of a network: `tower`, and from the second on `tower:2`."""
    return network if number == 1 else f"{network}:{number}"


def node_names(
    inputs: Mapping[str, Node], calls: Sequence[Call], networks: Mapping[str, Network]
) -> dict[int, str]:
    """Return the name of every node by its id.

    Raises
    ------
    ValueError
        When an input is called like a network, one node is two inputs, or a call depends on an input that
        is not among them.
    """
    names = {id(node): name for name, node in inputs.items()}
    if len(names) < len(inputs) or set(inputs) & set(networks):
        raise ValueError(
            f"model: inputs ({', '.join(inputs)}) and networks ({', '.join(networks)}) need different names"
        )
    called = {id(network): name for name, network in networks.items()}
    numbers: Counter[str] = Counter()
    for call in calls:
        network = called[id(call.network)]
        for number, source in enumerate(call.sources):
            if id(source) not in names:
                raise ValueError(f"model: input {number} of {network} ({source.shape}) is not given")
        numbers[network] += 1
        names[id(call)] = call_name(network, numbers[network])
    return names


def check_inputs_and_outputs(
    inputs: Mapping[str, Node], outputs: Mapping[str, Node], calls: Sequence[Call], names: Mapping[int, str]
) -> None:
    """Refuse inputs that nothing reads, and outputs that are inputs or not there.

    Raises
    ------
    ValueError
        Naming the input or output.
    """
    if not outputs or not inputs:
        raise ValueError("model: give at least one input and one output")
    read = {id(source) for call in calls for source in call.sources}
    for name, node in inputs.items():
        if id(node) not in read:
            raise ValueError(f"model: no output depends on the input {name}")
    for name, node in outputs.items():
        if not isinstance(node, Call) or id(node) not in names:
            raise ValueError(f"model: output {name} is not what a network gives")


def nodes_from_names(
    inputs: Mapping[str, Input], networks: Mapping[str, Network], calls: Sequence[Any]
) -> dict[str, Node]:
    """Call networks as a configuration says, and return all nodes by name.

    Parameters
    ----------
    inputs, networks
        By name.
    calls
        Lists of the name of a network and of its sources, in the order in which they run.

    Raises
    ------
    ValueError
        When a call is not such a list, a name is unknown, or shapes do not fit.
    """
    nodes: dict[str, Node] = dict(inputs)
    numbers: Counter[str] = Counter()
    for call in calls:
        if not isinstance(call, list) or not call:
            raise ValueError(
                f"model: a call is the name of a network and of its sources, not {short_repr(call)}"
            )
        name, *names = call
        network = look_up(networks, name, "network of the model")
        sources = [look_up(nodes, source, "node of the model") for source in names]
        numbers[name] += 1
        nodes[call_name(name, numbers[name])] = Call(network, *sources, name=name)
    return nodes


def copy_with_same_generators(network: Network) -> Network:
    """Return a network like another that draws from the same generators."""
    return deepcopy(network, {id(generator): generator for generator in network.generators.values()})
