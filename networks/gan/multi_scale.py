"""Generators and discriminators with an image at every size, so that gradients arrive at every layer.

The generator draws an image of its features at every size, by a convolution of 1 x 1 where that is smaller
than the whole; the discriminator reads each beside its own features of that size, as further channels, and
has a last convolution for the smallest. Real images are shown at the same sizes. (Karnewar and Wang 2020,
"MSG-GAN: multi-scale gradients for generative adversarial networks", section 2, with their simple
concatenation.)
"""

from __future__ import annotations

from networks.base.network import Network
from networks.base.nodes import Call, Input, Node
from networks.gan.architectures import LEAKY, OUTPUTS, Architect, Layers
from networks.gan.sizes import Size, halved, size_name
from networks.model import Model
from nn.shape import Shape


class MultiScaleArchitect(Architect):
    """Builds convolutional networks that exchange images of every size; see `Architect`."""

    def generator(self) -> Network:
        """Return the network that makes an image of every size, by its name, of noise."""
        noise = Input(self._blueprint.noise_shape, **self._options)
        node: Node = noise
        images: dict[str, Node] = {}
        for size, layers in zip(reversed(self._sizes), self._growing(), strict=True):
            node = _chain(layers, node)
            images[size_name(size)] = _chain(self._drawn(size), node)
        return Model(noise, dict(reversed(images.items())))

    def discriminator(self) -> Network:
        """Return the network that scores images of every size, given by their names."""
        features = self._blueprint.judged_shape[-1]
        images = {size_name(size): Input(Shape(*size, features), **self._options) for size in self._sizes}
        whole, *smaller = images.values()
        node: Node = whole
        for image, layers in zip(smaller, self._shrinking(), strict=True):
            node = Call(self._of("concatenate"), _chain(layers, node), image)
        return Model(images, _chain([*self._last(), *self._heads()], node))

    @property
    def _sizes(self) -> list[Size]:
        return halved(self._blueprint.image)

    def _drawn(self, size: Size) -> Layers:
        """Return what draws an image of a size."""
        image, output = self._blueprint.image, OUTPUTS[self._blueprint.output]
        if size == self._sizes[0]:
            return [self._convolution(image.channels, image, output)]
        return [self._of("convolution", channels=image.channels, kernel=1, activation=output)]

    def _last(self) -> Layers:
        """Return the convolution that reads the smallest image beside its features."""
        count = len(self._sizes) - 1
        channels = self._blueprint.channels * 2 ** (count - 1)
        image = Shape(*self._sizes[-1], channels)
        convolution = self._smooth(self._convolution(channels, image, LEAKY))
        return [convolution, *self._normalised_input(count), *self._dropout()]


def _chain(layers: Layers, node: Node) -> Node:
    """Return a node with some layers one after another behind it."""
    for layer in layers:
        node = Call(layer, node)
    return node
