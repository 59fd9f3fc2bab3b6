"""Recipes: networks whose input shape is still open.

    Sequential(Shape(28, 28, 1), [Convolution.of(channels=8, kernel=3), Dense.of(10)], generator=generator)

`of` of every class that is built from an input shape takes what its constructor takes after that, and leaves
the rest to the container: shape, generator and dtype. Weights are drawn when networks are built, in that
order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
from numpy.typing import DTypeLike

from networks.base.fixed import fixed, given
from nn.lookup import look_up
from nn.shape import ShapeLike, layer_shape

if TYPE_CHECKING:
    from networks.base.network import Network

Made_co = TypeVar("Made_co", bound="Network", covariant=True)

SHAPES = ("input_shape", "input_shapes")
"""What constructors call the shape of their input, or those of several."""

FILLED = (*SHAPES, "generator", "dtype")
"""Arguments of a constructor that a recipe need not say."""


@dataclass(frozen=True, repr=False, init=False)
class Recipe(Generic[Made_co]):
    """What builds a network once the shape of its input is known; `Dense.of(10)` returns one.

    It can be used many times, and makes a network of its own every time. A recipe is a value: it copies its
    arguments, equals a recipe with the same arguments, and can be hashed where they can.

    Attributes
    ----------
    kind
        The class of the network.
    """

    kind: type[Made_co]
    _arguments: tuple[tuple[str, Any], ...]

    def __init__(self, kind: type[Made_co], arguments: Mapping[str, Any]) -> None:
        order = {name: place for place, name in enumerate(signature(kind).parameters)}
        named = sorted(arguments.items(), key=lambda each: order.get(each[0], len(order)))
        object.__setattr__(self, "kind", kind)
        object.__setattr__(self, "_arguments", tuple((name, fixed(value)) for name, value in named))

    @property
    def arguments(self) -> dict[str, Any]:
        """What the constructor is given beside shape, generator and dtype, by name; a copy.

        A generator or a dtype among them is used in place of the one that `build` is given.
        """
        return {name: given(value) for name, value in self._arguments}

    def build(
        self,
        *input_shapes: ShapeLike,
        generator: np.random.Generator | None = None,
        dtype: DTypeLike | None = None,
    ) -> Made_co:
        """Return a new network.

        Parameters
        ----------
        input_shapes
            The shape of its input; several for a network that merges.
        generator
            Source of what it draws. Only networks that draw are given it.
        dtype
            float32 or float64; by default that of networks in it which have been made, or else float32.

        Raises
        ------
        ValueError
            When the network draws and there is no generator, or its constructor refuses what it is given.
        """
        shapes = [layer_shape(f"{self}: input shape", shape) for shape in input_shapes]
        found = {
            "input_shape": next(iter(shapes), None),
            "input_shapes": shapes,
            "generator": generator,
            "dtype": dtype,
        }
        taken = _open_arguments(self.kind)
        filled = {name: found[name] for name in taken if found[name] is not None} | self.arguments
        draws = "generator" in taken and taken["generator"].default is Parameter.empty
        if draws and "generator" not in filled:
            raise ValueError(
                f"{self} draws, and there is no generator: give generator=numpy.random.default_rng(seed)"
            )
        return self.kind(**filled)

    @property
    def merges(self) -> bool:
        """Whether the network takes several inputs."""
        return "input_shapes" in signature(self.kind).parameters

    def __repr__(self) -> str:
        first = next(iter(_by_place(self.kind)), None)
        written = [
            repr(value) if name == first else f"{name}={value!r}" for name, value in self.arguments.items()
        ]
        return f"{self.kind.__name__}.of({', '.join(written)})"


def recipe_of(kind: type[Made_co], values: Sequence[Any], options: Mapping[str, Any]) -> Recipe[Made_co]:
    """Return the recipe of a class and some arguments of its constructor; see `Network.of`."""
    name, own, by_place = f"{kind.__name__}.of", _own_arguments(kind), _by_place(kind)
    open_arguments = _open_arguments(kind)
    if not set(SHAPES) & set(open_arguments):
        raise ValueError(
            f"{kind.__name__} learns nothing from an input shape: make one, {kind.__name__}(...)"
        )
    if len(values) > len(by_place):
        raise ValueError(
            f"{name}: takes {len(by_place)} arguments without their names, {len(values)} are given; "
            f"by name it takes {', '.join(own)}"
        )
    arguments = dict(zip(by_place, values, strict=False))
    known = {**own, **{each: how for each, how in open_arguments.items() if each not in SHAPES}}
    for each, value in options.items():
        look_up(known, each, f"argument of {name}")
        if each in arguments:
            raise ValueError(f"{name}: {each} is given twice")
        arguments[each] = value
    for each, how in own.items():
        if how.default is Parameter.empty and each not in arguments:
            raise ValueError(f"{name}: {each} is missing")
    return Recipe(kind, arguments)


def _open_arguments(kind: type) -> dict[str, Parameter]:
    """Return the parameters of a constructor that are filled when a network is built."""
    return {name: how for name, how in signature(kind).parameters.items() if name in FILLED}


def _own_arguments(kind: type) -> dict[str, Parameter]:
    """Return the parameters of a constructor that a recipe sets."""
    return {name: how for name, how in signature(kind).parameters.items() if name not in FILLED}


def _by_place(kind: type) -> list[str]:
    """Return the names of the parameters that may be positional."""
    own = _own_arguments(kind).items()
    return [name for name, how in own if how.kind is Parameter.POSITIONAL_OR_KEYWORD]
