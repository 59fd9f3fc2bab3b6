"""Connections: the values that networks of a model take and give, put together before the model is.

    image = Input(Shape(28, 28, 1), generator=generator)
    code = Use(Dense.of(32), image, name="encoder")
    again = Use(Dense.of(image.shape), code, name="decoder")
    model = Model(image, again)

A network that is used twice has the same parameters in both places: `Use(code.network, other)`.
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
from nn.choices import choose
from nn.shape import AnyShape, ShapeLike, layer_shape
from nn.shown import shown


class Wire:
    """Values with a shape.

    Attributes
    ----------
    shape
        Without the histories.
    sources
        The wires it is computed from.
    generator, dtype
        What recipes that read it draw from, None where no input has one, and float32 or float64, None where
        no input says it and no network.
    """

    shape: AnyShape
    sources: tuple[Wire, ...] = ()
    generator: np.random.Generator | None = None
    dtype: np.dtype | None = None


class Input(Wire):
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


class Use(Wire):
    """What a network makes of one wire, or of several.

    Parameters
    ----------
    network
        Any, or the recipe of one; one that merges takes several wires. A network used twice shares its
        parameters; a recipe builds a new one every time.
    sources
        As many as the network has inputs. A recipe draws from the generator of the first that has one.
    name
        Of the network in the model; by default its family, with a number from the second on.

    Raises
    ------
    ValueError
        When there are more or fewer sources than inputs, or a shape does not fit; the message names
        both sides. When the network is none or of another dtype, a recipe cannot be built, or a source is no
        wire.
    """

    def __init__(self, network: Network | Recipe[Network], *sources: Wire, name: str | None = None) -> None:
        if isinstance(network, Recipe):
            what, alone = str(network), not network.merges
        else:
            check_network("model: what is used", network)
            what, alone = network.family, False
        for source in sources:
            if not isinstance(source, Wire):
                kind = type(source).__name__
                raise ValueError(f"{what}: a source is of type {kind}: give an Input or a Use")
        if not sources:
            raise ValueError(f"{what}: takes at least one input, none is given: give an Input or a Use")
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


def wires_by_name(given: Wire | Mapping[str, Wire], alone: str) -> dict[str, Wire]:
    """Return wires by name, one that is given `alone` by this name.

    Raises
    ------
    ValueError
        When something else than wires is given.
    """
    wires: Any = given if isinstance(given, Mapping) else {alone: given}
    for name, wire in wires.items():
        if not isinstance(wire, Wire):
            raise ValueError(
                f"model: {name} is of type {type(wire).__name__}: give an Input or a Use, or some by name"
            )
    return dict(wires)


def input_shapes(network: Network) -> Sequence[AnyShape]:
    """Return the shapes of all inputs of a network: one, or those that it merges or knows by name."""
    several: Sequence[AnyShape] | Mapping[str, AnyShape] | None = getattr(network, "input_shapes", None)
    if several is None:
        return [network.input_shape]
    return list(several.values()) if isinstance(several, Mapping) else list(several)


def together(network: Network, arrays: Sequence[Any]) -> Any:
    """Return what a network's forward takes for the values of its inputs in their order."""
    several = getattr(network, "input_shapes", None)
    if isinstance(several, Mapping):
        return dict(zip(several, arrays, strict=True))
    return arrays[0] if several is None else list(arrays)


def apart(network: Network, signals: Any) -> Sequence[Any]:
    """Return the signals of a network's inputs in their order."""
    several = getattr(network, "input_shapes", None)
    if isinstance(several, Mapping):
        return [signals[name] for name in several] if len(several) > 1 else [signals]
    return [signals] if several is None else signals


def uses_before(outputs: Sequence[Wire]) -> list[Use]:
    """Return all uses that lead to some wires, each after those it depends on."""
    ordered: list[Use] = []
    seen: set[int] = set()
    waiting: list[tuple[Wire, bool]] = [(wire, False) for wire in reversed(outputs)]
    while waiting:
        wire, sources_done = waiting.pop()
        if sources_done:
            assert isinstance(wire, Use)
            ordered.append(wire)
        elif id(wire) not in seen:
            seen.add(id(wire))
            if isinstance(wire, Use):
                waiting.append((wire, True))
                waiting.extend((source, False) for source in reversed(wire.sources))
    return ordered


def named_networks(uses: Sequence[Use]) -> dict[str, Network]:
    """Return the networks of some uses by the names they were given, or by their families.

    Raises
    ------
    ValueError
        When a network has two names, or two networks have one.
    """
    given: dict[int, str] = {}
    for use in uses:
        name = given.setdefault(id(use.network), use.name) if use.name is not None else use.name
        if name != use.name:
            raise ValueError(f"one network is called both {name!r} and {use.name!r}: give it one name")
    networks: dict[str, Network] = {}
    for use in uses:
        if use.network in networks.values():
            continue
        name = given.get(id(use.network)) or _free_name(use.network.family, {*networks, *given.values()})
        if name in networks:
            raise ValueError(f"two networks are called {name!r}: give them names of their own")
        networks[name] = use.network
    return networks


def _free_name(family: str, taken: set[str]) -> str:
    numbered = (family if number == 1 else f"{family}_{number}" for number in count(1))
    return next(name for name in numbered if name not in taken)


def use_name(network: str, number: int) -> str:
    """Name the use of a network: `tower`, and from the second on `tower:2`."""
    return network if number == 1 else f"{network}:{number}"


def wire_names(
    inputs: Mapping[str, Wire], uses: Sequence[Use], networks: Mapping[str, Network]
) -> dict[int, str]:
    """Return the name of every wire by its id.

    Raises
    ------
    ValueError
        When an input is called like a network, one wire is two inputs, or a use depends on an input that
        is not among them.
    """
    names = {id(wire): name for name, wire in inputs.items()}
    if len(names) < len(inputs) or set(inputs) & set(networks):
        raise ValueError(
            f"model: inputs ({', '.join(inputs)}) and networks ({', '.join(networks)}) need different names"
        )
    called = {id(network): name for name, network in networks.items()}
    numbers: Counter[str] = Counter()
    for use in uses:
        network = called[id(use.network)]
        for number, source in enumerate(use.sources):
            if id(source) not in names:
                raise ValueError(f"model: input {number} of {network} ({source.shape}) is not given")
        numbers[network] += 1
        names[id(use)] = use_name(network, numbers[network])
    return names


def check_ends(
    inputs: Mapping[str, Wire], outputs: Mapping[str, Wire], uses: Sequence[Use], names: Mapping[int, str]
) -> None:
    """Refuse inputs that nothing reads, and outputs that are inputs or not there.

    Raises
    ------
    ValueError
        Naming the input or output.
    """
    if not outputs or not inputs:
        raise ValueError("model: give at least one input and one output")
    read = {id(source) for use in uses for source in use.sources}
    for name, wire in inputs.items():
        if id(wire) not in read:
            raise ValueError(f"model: no output depends on the input {name}")
    for name, wire in outputs.items():
        if not isinstance(wire, Use) or id(wire) not in names:
            raise ValueError(f"model: output {name} is not what a network gives")


def wires_from_names(
    inputs: Mapping[str, Input], networks: Mapping[str, Network], uses: Sequence[Any]
) -> dict[str, Wire]:
    """Wire networks as a configuration says, and return all wires by name.

    Parameters
    ----------
    inputs, networks
        By name.
    uses
        Lists of the name of a network and of its sources, in the order in which they run.

    Raises
    ------
    ValueError
        When a use is no such list, a name is unknown, or shapes do not fit.
    """
    wires: dict[str, Wire] = dict(inputs)
    numbers: Counter[str] = Counter()
    for use in uses:
        if not isinstance(use, list) or not use:
            raise ValueError(f"model: a use is the name of a network and of its sources, not {shown(use)}")
        name, *names = use
        network = choose(networks, name, "network of the model")
        sources = [choose(wires, source, "wire of the model") for source in names]
        numbers[name] += 1
        wires[use_name(name, numbers[name])] = Use(network, *sources, name=name)
    return wires


def twin(network: Network) -> Network:
    """Return a network like another that draws from the same generators."""
    return deepcopy(network, {id(generator): generator for generator in network.generators.values()})
