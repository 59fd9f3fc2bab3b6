"""The generators and discriminators that a blueprint describes.

(Convolutions: Radford et al. 2016, "Unsupervised representation learning with deep convolutional generative
adversarial networks", with kernels of 4 and a stride of 2. Rows as steps: Esteban et al. 2017, "Real-valued
medical time series generation with recurrent conditional GANs". Minibatch statistics in front of the
discriminator's head: Karras et al. 2018, section 3.)
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from networks.base.network import Network
from networks.base.recipe import Recipe
from networks.gan.blueprint import Blueprint
from networks.gan.sizes import Size, halved, halving
from networks.ladder import rung
from networks.reshape import Flatten, Reshape
from networks.sequential import Sequential
from networks.spectral_normalisation import SpectralNormalisation
from networks.time_distributed import TimeDistributed
from nn.activations import Activation, Identity, LeakyReLU, ReLU, Sigmoid, Tanh
from nn.shape import SequenceShape, Shape

OUTPUTS: dict[str, Activation] = {"tanh": Tanh(), "sigmoid": Sigmoid()}

LEAKY = LeakyReLU(0.2)

Layers = list[Recipe[Any]]


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

    def generator(self) -> Network:
        """Return the network that makes data of noise."""
        blueprint = self._blueprint
        makers = {
            "dense": self._dense_generator,
            "lstm": self._lstm_generator,
            "bidirectional": self._lstm_generator,
            "convolution_lstm": self._convolution_lstm_generator,
            "convolution": self._convolution_generator,
        }
        layers = makers[blueprint.architecture]()
        as_data = Reshape.of(blueprint.data_shape)
        return Sequential(blueprint.noise_shape, [*layers, as_data], **self._options)

    def discriminator(self) -> Network:
        """Return the network that scores data."""
        blueprint = self._blueprint
        makers = {
            "dense": self._dense_discriminator,
            "lstm": self._recurrent_head,
            "bidirectional": self._recurrent_head,
            "convolution_lstm": self._convolution_lstm_discriminator,
            "convolution": self._convolution_discriminator,
        }
        return Sequential(blueprint.judged_shape, makers[blueprint.judge](), **self._options)

    def _of(self, family: str, *arguments: Any, **options: Any) -> Recipe[Any]:
        recipe: Recipe[Any] = rung(family, self._rung).of(*arguments, **options)
        return recipe

    def _dense(self, units: Any, activation: Activation) -> Recipe[Any]:
        return self._of("dense", units, activation=activation)

    def _lstm(self, architecture: str, whole_sequence: bool = True) -> Recipe[Any]:
        return self._of(
            "lstm",
            units=self._blueprint.units,
            layers=self._blueprint.layers,
            bidirectional=architecture == "bidirectional",
            whole_sequence=whole_sequence,
        )

    def _dense_generator(self) -> Layers:
        hidden = [self._dense(self._blueprint.units, LEAKY) for _ in range(self._blueprint.layers)]
        return [*hidden, self._dense(self._blueprint.data_shape, OUTPUTS[self._blueprint.output])]

    def _lstm_generator(self) -> Layers:
        blueprint = self._blueprint
        drawn = self._dense(blueprint.rows.features, OUTPUTS[blueprint.output])
        return [self._lstm(blueprint.architecture), TimeDistributed.of(drawn)]

    def _convolution_lstm_generator(self) -> Layers:
        blueprint, image = self._blueprint, self._blueprint.image
        canvas = Shape(image.height, image.width, blueprint.channels)
        return [
            self._lstm(blueprint.architecture),
            TimeDistributed.of(self._dense(image.width * blueprint.channels, LEAKY)),
            Reshape.of(canvas),
            self._convolution(blueprint.channels, image, LEAKY),
            self._convolution(image.channels, image, OUTPUTS[blueprint.output]),
        ]

    def _convolution_generator(self) -> Layers:
        blueprint, image = self._blueprint, self._blueprint.image
        layers = [each for stage in self._growing() for each in stage]
        return [*layers, self._convolution(image.channels, image, OUTPUTS[blueprint.output])]

    def _growing(self) -> list[Layers]:
        """Return the layers that make features of every size of noise, from the smallest to the largest."""
        sizes, channels = halved(self._blueprint.image), self._blueprint.channels
        height, width = sizes[-1]
        smallest = Shape(height, width, channels * 2 ** (len(sizes) - 1))
        stages: list[Layers] = [[self._dense(smallest, Identity()), *self._activated()]]
        for number in reversed(range(len(sizes) - 1)):
            stages.append(self._doubled(sizes[number + 1], sizes[number], channels * 2**number))
        return stages

    def _doubled(self, small: Size, large: Size, channels: int) -> Layers:
        """Return what makes an image twice as large along the sides that were halved."""
        kernel, stride, padding = halving(large, small)
        transposed = self._of(
            "transposed_convolution",
            channels=channels,
            kernel=kernel,
            stride=stride,
            padding=padding,
            activation=Identity(),
        )
        return [transposed, *self._activated()]

    def _activated(self) -> Layers:
        """Return the generator's normalisation, and the function behind it."""
        function = self._of("activation", activation=ReLU())
        return [*self._normalisation(self._blueprint.normalisation), function]

    def _normalisation(self, kind: str) -> Layers:
        if kind in ("none", "spectral"):
            return []
        return [self._of(f"{kind}_normalisation")]

    def _convolution(self, channels: int, image: Shape, activation: Activation) -> Recipe[Any]:
        """Return a convolution that keeps the size."""
        kernel, padding = ((3, 3), (1, 1)) if image.width > 1 else ((3, 1), (1, 0))
        return self._of(
            "convolution", channels=channels, kernel=kernel, padding=padding, activation=activation
        )

    def _dense_discriminator(self) -> Layers:
        hidden: Layers = [Flatten.of()]
        for _ in range(self._blueprint.layers):
            hidden += [self._smooth(self._dense(self._blueprint.units, LEAKY)), *self._dropout()]
        return [*hidden, *self._heads()]

    def _recurrent_head(self) -> Layers:
        blueprint = self._blueprint
        recurrent = self._lstm(blueprint.judge, whole_sequence=blueprint.sequences)
        *statistics, head = self._heads()
        head = TimeDistributed.of(head) if blueprint.sequences else head
        return [recurrent, *self._dropout(), *statistics, head]

    def _convolution_lstm_discriminator(self) -> Layers:
        blueprint, image = self._blueprint, self._blueprint.image
        steps = SequenceShape(image.height, image.width * blueprint.channels)
        seen = self._smooth(self._convolution(blueprint.channels, image, LEAKY))
        return [*self._as_image(), seen, Reshape.of(steps), *self._recurrent_head()]

    def _convolution_discriminator(self) -> Layers:
        blueprint = self._blueprint
        layers = [*self._as_image(), *(each for stage in self._shrinking() for each in stage)]
        if len(halved(blueprint.image)) == 1:
            seen = self._smooth(self._convolution(blueprint.channels, blueprint.image, LEAKY))
            layers += [seen, *self._dropout()]
        return [*layers, *self._heads()]

    def _shrinking(self) -> list[Layers]:
        """Return the layers from features of every size to those of the next, from the largest on."""
        stages: list[Layers] = []
        for number, (large, small) in enumerate(pairwise(halved(self._blueprint.image))):
            kernel, stride, padding = halving(large, small)
            convolution = self._of(
                "convolution",
                channels=self._blueprint.channels * 2**number,
                kernel=kernel,
                stride=stride,
                padding=padding,
                activation=LEAKY,
            )
            stages.append([self._smooth(convolution), *self._normalised_input(number), *self._dropout()])
        return stages

    def _normalised_input(self, number: int) -> Layers:
        """Return the normalisation behind a convolution; the first has none (Radford et al. 2016)."""
        return self._normalisation(self._blueprint.discriminator_normalisation) if number else []

    def _as_image(self) -> Layers:
        blueprint = self._blueprint
        if isinstance(blueprint.data_shape, Shape):
            return []
        return [Reshape.of(Shape(blueprint.image.height, 1, blueprint.judged_shape[-1]))]

    def _dropout(self) -> Layers:
        rate = self._blueprint.dropout
        return [self._of("dropout", rate=rate)] if rate else []

    def _heads(self) -> Layers:
        """Return what scores features, after what says how much entries differ."""
        group = self._blueprint.minibatch_statistics
        statistics = [self._of("minibatch_deviation", group=group)] if group else []
        return [*statistics, self._smooth(self._dense(self._blueprint.heads, Identity()))]

    def _smooth(self, layer: Recipe[Any]) -> Recipe[Any]:
        if self._blueprint.discriminator_normalisation != "spectral":
            return layer
        return SpectralNormalisation.of(layer)
