"""Sequential: networks one after another, of any family and any rung."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self, TypeAlias, overload

import numpy as np
from numpy.typing import DTypeLike

from networks.base.building import built, common_dtype
from networks.base.checks import check_network
from networks.base.clamping import Clamp
from networks.base.clamping_container import ClampingContainer
from networks.base.configuration import Fields
from networks.base.container import Build, build_all, check_names
from networks.base.dense_stack import DenseStack, stacked
from networks.base.network import Network
from networks.base.recipe import Recipe
from networks.base.wiring import NeuronLayer
from nn.parameters import Parameters
from nn.shape import AnyShape, ShapeLike, layer_shape
from nn.short_text import short_repr

Layers: TypeAlias = Sequence[Network | Recipe[Network]] | Mapping[str, Network | Recipe[Network]]
"""What a `Sequential` is made of: networks, and recipes of networks, in order or by name."""


class Sequential(ClampingContainer):
    """Feeds each network's output to the next one.

        layers = [Convolution.of(channels=8, kernel=3), MaxPooling.of(window=2), Dense.of(10)]
        Sequential(Shape(28, 28, 1), layers, generator=generator)

    Parameters
    ----------
    input_shape
        The shape of the input, or a number of units, which stands for 1 x 1 x units. It may be left out
        where the first is an existing network, not a recipe.
    networks
        At least one, neighbours with equal shapes and all of one dtype; a mapping gives them names,
        otherwise they are called "0", "1" and so on. Recipes, such as `Dense.of(10)`, are built in order,
        each for the output shape of the one before. The parameters of all move into one flat array: the
        `weights` of network `code` are called `code.weights`. Networks may hold networks, such as an encoder
        and a decoder that can also be run alone.
    generator
        Source of the random draws of recipes.
    dtype
        float32 or float64, of all of them. By default recipes build in the dtype of the existing networks,
        or else float32.

    Raises
    ------
    ValueError
        When there is none, one is neither a network nor a recipe, a recipe cannot be built, a name is empty
        or holds a dot or colon, dtypes differ, or two neighbours do not fit; the message names both sides.
    """

    family = "sequential"

    @overload
    def __init__(
        self,
        networks: Layers,
        /,
        *,
        generator: np.random.Generator | None = None,
        dtype: DTypeLike | None = ...,
    ) -> None: ...

    @overload
    def __init__(
        self,
        input_shape: ShapeLike,
        networks: Layers,
        *,
        generator: np.random.Generator | None = None,
        dtype: DTypeLike | None = ...,
    ) -> None: ...

    def __init__(
        self,
        input_shape: Any,
        networks: Any = None,
        *,
        generator: np.random.Generator | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        super().__init__()
        given, start = (input_shape, None) if networks is None else (networks, input_shape)
        named = self._by_name(given)
        self.input_shape = self._first_shape(next(iter(named.values())), start)
        self.named = {}
        dtype = common_dtype(dtype, named.values())
        below, shape = "the input", self.input_shape
        for name, each in named.items():
            what = f"sequential: network {name}"
            network = built(what, each, shape, generator=generator, dtype=dtype)
            here, taken = f"network {name} ({network.family})", network.input_shape
            if taken != shape:
                raise ValueError(f"{below} gives {shape}, but {here} takes {taken}")
            self.named[name] = network
            below, shape = here, network.output_shape
        self.networks = list(self.named.values())
        self.output_shape = shape
        self.parameters = Parameters.join({name: each.parameters for name, each in self.named.items()})
        self._runs = stacked(self.networks, self.parameters)

    @classmethod
    def _by_name(cls, given: Any) -> Mapping[str, Any]:
        """Return networks and recipes by name; refuse what is neither a list of them nor a mapping."""
        if not isinstance(given, Mapping | Sequence) or isinstance(given, str | AnyShape):
            raise ValueError(
                f"sequential: {short_repr(given)} is not a list of networks: give one, such as [Dense.of(10)]"
            )
        if not given:
            raise ValueError("sequential: give at least one network")
        named = given if isinstance(given, Mapping) else {str(n): each for n, each in enumerate(given)}
        check_names(cls.family, named)
        return named

    @staticmethod
    def _first_shape(first: Any, given: ShapeLike | None) -> AnyShape:
        """Return the shape of the input; an existing first network has it."""
        if given is not None:
            return layer_shape("sequential: input_shape", given)
        if isinstance(first, Recipe):
            raise ValueError(
                f"sequential: {first} learns its input shape from what is before it, and it is the first: "
                "give Sequential(input_shape, [...])"
            )
        check_network("sequential: network 0", first)
        shape: AnyShape = first.input_shape
        return shape

    @property
    def propagates(self) -> bool:
        """Whether the first network computes its input signals."""
        return self.networks[0].propagates

    @propagates.setter
    def propagates(self, wanted: bool) -> None:
        self.networks[0].propagates = wanted

    @property
    def labels(self) -> int | None:  # type: ignore[override]
        """How many labels an input of the first network may be."""
        return self.networks[0].labels

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the output values (*output_shape, N) of input values (*input_shape, N)."""
        values = self._zero_masked_steps(values)
        for each in self._steps():
            values = each.forward(values, training)
        return self._zero_masked_steps(values)

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals (*input_shape, N) of output signals (*output_shape, N)."""
        signals = self._zero_masked_steps(signals)
        for each in reversed(self._steps()):
            signals = each.backward(signals, learning_rate)
        return self._zero_masked_steps(signals)

    @property
    def returned(self) -> np.ndarray:
        """What the last network returned in the last forward."""
        outputs: np.ndarray = self._steps()[-1].returned
        return outputs

    def _steps(self) -> Sequence[Network | DenseStack | Clamp]:
        """Return what runs one after another; while a neuron is clamped, every network on its own."""
        if not self._clamps:
            return self._runs
        return [self._run_of(name) for name in self.named]

    @property
    def layers(self) -> Sequence[Network]:
        """The networks, with containers replaced by what they contain."""
        return [layer for network in self.networks for layer in network.layers]

    def to_configuration(self) -> dict[str, Any]:
        """Describe the networks in order."""
        networks = {name: each.to_configuration() for name, each in self.named.items()}
        return {"family": self.family, "networks": networks}

    @classmethod
    def from_configuration(  # type: ignore[override]  # it is given what builds the networks in it
        cls, configuration: Mapping[str, Any], structure: Mapping[str, np.ndarray], *, build: Build
    ) -> Self:
        """Build the networks that `to_configuration` described, with parameters of zero.

        Raises
        ------
        ValueError
            Naming the field that is missing, unknown or does not fit.
        """
        with Fields(configuration) as fields:
            described = fields.named("networks")
        return cls(build_all(cls.family, described, structure, build))

    def output_range(self, input_range: tuple[float, float] = (-np.inf, np.inf)) -> tuple[float, float]:
        """Return the range of the last network, given the ranges of those before it."""
        for network in self.networks:
            input_range = network.output_range(input_range)
        return input_range

    def wiring(self) -> Sequence[NeuronLayer]:
        """Return the layers of all networks; see `Network.wiring`."""
        layers: list[NeuronLayer] = []
        for name, network in self.named.items():
            layers += self._layers_of(name, network, len(layers), [len(layers) - 1])
        return layers
