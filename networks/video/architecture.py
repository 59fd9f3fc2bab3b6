"""The networks that a blueprint describes: readers of frames, recurrent layers, and writers of frames."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from networks.base.network import Network
from networks.base.recipe import Recipe
from networks.ladder import rung
from networks.sequential import Sequential
from networks.video.blueprint import INITIALIZERS, Blueprint
from nn.activations import Activation, Identity, LeakyReLU
from nn.initializers import Orthogonal, Zeros
from nn.shape import AnyShape, SequenceShape, Shape, VideoShape

LEAKY = LeakyReLU(0.2)
ORTHOGONAL = ("glorot", "he")

Cells = Mapping[str, Callable[[], Network]]
"""What makes single steps of the recurrent layers, by name."""

NOTHING = 1
"""Numbers that a head reads at a step where it reads zeros."""


class Architect:
    """Builds the networks of a blueprint on a rung.

    Parameters
    ----------
    blueprint
        What to build.
    rung_name
        Of the ladder: "plain", "o1" or "o2".
    generator
        Draws the weights.
    dtype
        float32 or float64.
    """

    def __init__(
        self, blueprint: Blueprint, rung_name: str, generator: np.random.Generator, dtype: DTypeLike
    ) -> None:
        self._blueprint, self._rung = blueprint, rung_name
        self._options: dict[str, Any] = {"generator": generator, "dtype": dtype}
        self._initializer = INITIALIZERS[blueprint.initializer]

    def encoder(self) -> tuple[dict[str, Network], Cells]:
        """Return the networks of the encoder by name, in order, and what makes single steps."""
        reader = self._reader()
        layers, cells = self._recurrent(self._blueprint.steps_in, _shape_read(self._blueprint, reader))
        return _named(reader) | layers, cells

    def head(self, name: str) -> tuple[dict[str, Network], Cells]:
        """Return the networks of a head by name, in order, and what makes single steps."""
        blueprint = self._blueprint
        if blueprint.inputs == "zeros":
            reader, read = None, self._shape_of_zeros()
        else:
            reader = self._reader()
            read = _shape_read(blueprint, reader)
        layers, cells = self._recurrent(blueprint.steps_of(name), read)
        return _named(reader) | layers | {"writer": self._writer()}, cells

    def _shape_of_zeros(self) -> Shape:
        if self._blueprint.kind == "convolutional_lstm":
            height, width, _ = self._blueprint.folded
            return Shape(height, width, NOTHING)
        return Shape(1, 1, NOTHING)

    def _reader(self) -> Network | None:
        """Return what frames go through before the recurrent layers; None where that is nothing."""
        blueprint, layers = self._blueprint, []
        if blueprint.kind == "convolution":
            layers = [
                self._of(
                    "convolution",
                    channels=blueprint.channels * 2**number,
                    kernel=4,
                    stride=2,
                    padding=1,
                    activation=LEAKY,
                    initializer=self._initializer,
                )
                for number in range(blueprint.halvings)
            ]
        if blueprint.adapter:
            layers.append(self._dense(blueprint.adapter, Identity()))
        return Sequential(blueprint.folded, layers, **self._options) if layers else None

    def _writer(self) -> Network:
        """Return what makes the sums of a frame of the last recurrent layer's values."""
        blueprint, layers = self._blueprint, []
        if blueprint.kind == "convolutional_lstm":
            height, width, channels = blueprint.folded
            last = self._of(
                "convolution",
                channels=channels,
                kernel=1,
                activation=Identity(),
                initializer=self._initializer,
            )
            return Sequential(Shape(height, width, blueprint.units), [last], **self._options)
        if blueprint.adapter:
            layers.append(self._dense(blueprint.adapter, Identity()))
        if blueprint.kind == "lstm":
            layers.append(self._dense(blueprint.frame, Identity()))
        else:
            layers += self._upwards()
        return Sequential(Shape(1, 1, blueprint.units), layers, **self._options)

    def _upwards(self) -> list[Recipe[Any]]:
        """Return what makes a frame of features: the convolutions of the reader turned round."""
        blueprint = self._blueprint
        side, frame = 2**blueprint.halvings, blueprint.frame
        deepest = blueprint.channels * 2 ** (blueprint.halvings - 1)
        small = Shape(frame.height // side, frame.width // side, deepest)
        layers = [self._dense(small, LEAKY)]
        for number in reversed(range(blueprint.halvings)):
            layers.append(
                self._of(
                    "transposed_convolution",
                    channels=blueprint.channels * 2 ** (number - 1) if number else frame.channels,
                    kernel=4,
                    stride=2,
                    padding=1,
                    activation=LEAKY if number else Identity(),
                    initializer=self._initializer,
                )
            )
        return layers

    def _recurrent(self, steps: int, read: Shape) -> tuple[dict[str, Network], Cells]:
        """Return the recurrent layers by name, for whole sequences, and what makes single steps of each."""
        blueprint, layers, cells = self._blueprint, {}, {}
        for number in range(blueprint.layers):
            name = f"layer_{number}"
            layers[name], cells[name] = self.layer(read, steps), partial(self.cell, read)
            sides = read[:2] if blueprint.kind == "convolutional_lstm" else (1, 1)
            read = Shape(*sides, blueprint.units)
        return layers, cells

    def layer(self, read: Shape, steps: int) -> Network:
        """Return a recurrent layer that reads a shape at so many steps."""
        drawn = {"initializer": self._initializer, "recurrent_initializer": self._recurrent_initializer}
        if self._blueprint.kind == "convolutional_lstm":
            return self._build("convolutional_lstm", VideoShape(steps, *read), drawn)
        return self._build("lstm", SequenceShape(steps, read.size), drawn)

    def cell(self, read: Shape) -> Network:
        """Return a single step of it, without weights of its own: it is to use those of a layer."""
        undrawn = {"initializer": Zeros(), "recurrent_initializer": Zeros()}
        if self._blueprint.kind == "convolutional_lstm":
            return self._build("convolutional_lstm", VideoShape(1, *read), undrawn)
        return self._build("lstm_cell", Shape(1, 1, read.size), undrawn)

    def _build(self, family: str, shape: AnyShape, options: dict[str, Any]) -> Network:
        blueprint = self._blueprint
        given = self._options | options
        given |= {"peepholes": blueprint.peepholes, "forget_bias": blueprint.forget_bias}
        if family == "convolutional_lstm":
            given |= {"channels": blueprint.units, "kernel": blueprint.kernel}
        else:
            given["units"] = blueprint.units
        network: Network = rung(family, self._rung)(shape, **given)
        return network

    @property
    def _recurrent_initializer(self) -> Any:
        return Orthogonal() if self._blueprint.initializer in ORTHOGONAL else self._initializer

    def _of(self, family: str, *arguments: Any, **options: Any) -> Recipe[Any]:
        recipe: Recipe[Any] = rung(family, self._rung).of(*arguments, **options)
        return recipe

    def _dense(self, units: Any, activation: Activation) -> Recipe[Any]:
        return self._of("dense", units, activation=activation, initializer=self._initializer)


def _named(reader: Network | None) -> dict[str, Network]:
    return {} if reader is None else {"reader": reader}


def _shape_read(blueprint: Blueprint, reader: Network | None) -> Shape:
    shape = blueprint.folded if reader is None else reader.output_shape
    assert isinstance(shape, Shape)
    return shape
