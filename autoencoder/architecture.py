"""From settings to the layers of an encoder and a decoder, planned before anything is allocated."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from autoencoder.layer_plans import DensePlan, GraphPlan, LayerPlan, LocalPlan, Start
from autoencoder.settings import Settings
from networks import Sequential
from nn import Activation, BiasInitializer, Identity, LeakyReLU, Shape, initializer_by_name
from nn.activations import activation_from_configuration
from workbench.errors import SettingsError

KEEPING_WINDOW = 3
"""Side of the windows of local layers that keep the size of the image."""


class Architecture(NamedTuple):
    """The layers of both halves, in order; the last one of the encoder is the code."""

    encoder: Sequence[LayerPlan]
    decoder: Sequence[LayerPlan]

    @property
    def layers(self) -> list[LayerPlan]:
        """All layers in order."""
        return [*self.encoder, *self.decoder]

    @property
    def parameters(self) -> int:
        """Number of weights and biases."""
        return sum(plan.connections + plan.neurons for plan in self.layers)

    def build(self, settings: Settings, *, generator: np.random.Generator) -> tuple[Sequential, Sequential]:
        """Make the encoder and the decoder, with weights drawn in the order of the layers."""
        bias = BiasInitializer(mean=settings.bias_mean)
        start = Start(generator, initializer_by_name(settings.initializer), bias)
        encoder = Sequential([plan.make(settings.rung, start) for plan in self.encoder])
        return encoder, Sequential([plan.make(settings.rung, start) for plan in self.decoder])


def plan_architecture(settings: Settings) -> Architecture:
    """Plan the layers that the settings describe.

    Raises
    ------
    SettingsError
        When the sizes are incompatible; the message names the keys.
    """
    plan = {"dense": _plan_dense, "local": _plan_local, "graph": _plan_graph}[settings.architecture]
    return plan(settings, LeakyReLU(settings.leakage), _output_activation(settings))


def _output_activation(settings: Settings) -> Activation:
    return activation_from_configuration({"name": settings.output_activation or "sigmoid"})


def _plan_dense(settings: Settings, hidden: Activation, output: Activation) -> Architecture:
    shapes = _shapes(settings)

    def chain(shapes: Sequence[Shape], last: Activation) -> list[LayerPlan]:
        activations = [hidden] * (len(shapes) - 2) + [last]
        return [DensePlan(*each) for each in zip(shapes[:-1], shapes[1:], activations, strict=True)]

    return Architecture(chain(shapes, Identity()), chain(shapes[::-1], output))


def _plan_graph(settings: Settings, hidden: Activation, output: Activation) -> Architecture:
    shapes = _shapes(settings)
    encoder = GraphPlan(tuple(shapes), settings.connections, hidden, Identity())
    decoder = GraphPlan(tuple(shapes[::-1]), settings.connections, hidden, output)
    return Architecture([encoder], [decoder])


def _shapes(settings: Settings) -> list[Shape]:
    """Return the shapes from the image to the code, where every layer is a list of neurons."""
    return [settings.shape, *(nearly_square(width) for width in (*settings.layer_sizes, settings.code_size))]


def nearly_square(size: int) -> Shape:
    """Return the shape of one channel with `size` neurons that is nearest to a square."""
    height = next(side for side in range(math.isqrt(size), 0, -1) if size % side == 0)
    return Shape(height, size // height, 1)


def _plan_local(settings: Settings, hidden: Activation, output: Activation) -> Architecture:
    channels = settings.layer_sizes
    _check_halving(settings, len(channels))
    halvings = 2 ** len(channels)
    code = Shape(settings.height // halvings, settings.width // halvings, channels[-1])
    is_code = code.size == settings.code_size and not settings.middle
    encoder: list[LayerPlan] = []
    shape = settings.shape
    for count, activation in zip(channels, _activations(len(channels), hidden, is_code), strict=True):
        encoder.append(LocalPlan(shape, 2, settings.window, 1, count, activation))
        shape = encoder[-1].output_shape
    decoder: list[LayerPlan] = []
    source, window = shape, _expanding_window(settings.window)
    for count in channels[-2::-1]:
        decoder.append(LocalPlan(source, 1, window, 2, count, hidden))
        source = decoder[-1].output_shape
    decoder.append(LocalPlan(source, 1, window, 2, settings.channels, output))
    if is_code:
        return Architecture(encoder, decoder)
    middle = [_keep(shape, shape.channels, hidden)] * settings.middle
    to_code, from_code = _plan_code(settings.code_size, shape, hidden)
    return Architecture([*encoder, *middle, to_code], [from_code, *middle, *decoder])


def _activations(count: int, hidden: Activation, is_code: bool) -> list[Activation]:
    """Return the activations of the layers that condense; a code is linear."""
    return [hidden] * (count - 1) + [Identity() if is_code else hidden]


def _check_halving(settings: Settings, times: int) -> None:
    for key in ("width", "height"):
        side = getattr(settings, key)
        if side % 2**times:
            raise SettingsError(
                f"{key}={side} cannot be halved {times} times, once for each of "
                f"layers={','.join(map(str, settings.layer_sizes))}: "
                f"choose a multiple of {2**times} or give fewer layers"
            )


def _plan_code(code_size: int, shape: Shape, hidden: Activation) -> tuple[LayerPlan, LayerPlan]:
    """Return the layers to and from the code: an image where the sizes divide, a list otherwise."""
    channels, rest = divmod(code_size, shape.height * shape.width)
    if rest:
        code = nearly_square(code_size)
        return DensePlan(shape, code, Identity()), DensePlan(code, shape, hidden)
    code = Shape(shape.height, shape.width, channels)
    return _keep(shape, channels, Identity()), _keep(code, shape.channels, hidden)


def _keep(shape: Shape, channels: int, activation: Activation) -> LocalPlan:
    return LocalPlan(shape, 1, KEEPING_WINDOW, 1, channels, activation)


def _expanding_window(window: int) -> int:
    """Return the window, in small pixels, of all large windows that a block of 2 x 2 pixels is part of."""
    return 2 * ((window + 1) // 4) + 1
