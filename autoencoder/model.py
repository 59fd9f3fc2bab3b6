"""An autoencoder: an encoder and a decoder with the settings that made them, on disk and in memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from autoencoder.architecture import plan_architecture
from autoencoder.settings import TABLE, Settings
from networks import Network, Sequential
from nn import Shape
from nn.data.memory import require_memory
from nn.data.processors import Processors, ReadImages, ScalePixels
from nn.finite import check_finite, check_unmasked
from nn.pixel_scaling import scale_pixels
from nn.training.state import PARAMETERS

STRUCTURE = "structure."
BATCH_SIZE = 256
"""Images at a time where nothing is learned."""


class AutoEncoder:
    """An encoder, a decoder, and both as one network.

    Attributes
    ----------
    encoder, decoder
        Stacks that can be run alone.
    network
        The two together, with all parameters.
    settings
        What it was made with.
    """

    def __init__(self, encoder: Network, decoder: Network, settings: Settings) -> None:
        self.encoder, self.decoder = encoder, decoder
        self.network = Sequential([encoder, decoder])
        self.network.store_as(settings.storage)
        self.settings = settings

    @classmethod
    def create(cls, settings: Settings, *, generator: np.random.Generator) -> AutoEncoder:
        """Make one whose weights are drawn from the generator.

        Raises
        ------
        SettingsError
            When the settings do not describe a network.
        """
        encoder, decoder = plan_architecture(settings).build(settings, generator=generator)
        return cls(encoder, decoder, settings)

    @property
    def shape(self) -> Shape:
        """Shape of an image."""
        return Shape(*self.network.input_shape)

    @property
    def code_shape(self) -> Shape:
        """Shape of the code as a layer."""
        return Shape(*self.encoder.output_shape)

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Return the codes of images.

        Parameters
        ----------
        images
            (N, height, width, channels), floating point in [0, 1] or uint8.

        Returns
        -------
        ndarray
            float32 (N, code size).

        Raises
        ------
        ValueError
            When the shape is another or a number is not finite; names the entry and the place in it.
        """
        return _run(self.encoder, _as_images(images)).reshape(len(images), -1)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Return the images of codes.

        Parameters
        ----------
        codes
            Numbers (N, code size).

        Returns
        -------
        ndarray
            float32 (N, height, width, channels) in [0, 1].

        Raises
        ------
        ValueError
            As `encode`.
        """
        check_unmasked(codes, "codes")
        codes, size = np.asarray(codes), self.code_shape.size
        if codes.ndim != 2 or codes.shape[1] != size:
            raise ValueError(f"codes have shape {codes.shape}, expected (N, {size})")
        check_finite(codes, "codes")
        layers = codes.astype(np.float32, copy=False).reshape(len(codes), *self.code_shape)
        images = _run(self.decoder, layers)
        return np.clip(images, 0, 1, out=images)

    def reconstruct(self, images: np.ndarray) -> np.ndarray:
        """Return the reconstructions of images.

        Parameters
        ----------
        images
            As for `encode`.

        Returns
        -------
        ndarray
            float32 (N, height, width, channels) in [0, 1].

        Raises
        ------
        ValueError
            As `encode`.
        """
        outputs = _run(self.network, _as_images(images))
        return np.clip(outputs, 0, 1, out=outputs)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the parameters and the wiring of graphs by the names they have in a file; no copies."""
        parameters = self.network.parameters
        arrays = {PARAMETERS + name: parameters[name] for name in parameters.names}
        return arrays | {STRUCTURE + name: array for name, array in self.network.structure().items()}

    def metadata(self) -> dict[str, Any]:
        """Return the JSON-able part of a model file."""
        return {
            "settings": TABLE.texts(self.settings),
            "network": self.network.to_configuration(),
            "processors": processors_of(self.settings).to_configuration(),
        }


def processors_of(settings: Settings) -> Processors:
    """Return what makes of an image file what a model takes, as in training."""
    images = ReadImages(settings.height, settings.width, settings.channels, settings.fit)
    return Processors(images, ScalePixels())


def _as_images(images: np.ndarray) -> np.ndarray:
    """Return images in bytes of one pixel, which a network would take for vectors, as 0 to 1."""
    return scale_pixels(images) if images.shape[1:3] == (1, 1) else images


def _run(network: Network, values: np.ndarray) -> np.ndarray:
    """Return the outputs for inputs (N, H, W, C), float32 (N, H, W, C), a batch at a time."""
    shape = (len(values), *network.output_shape)
    require_memory(int(np.prod(shape)) * 4, f"an array of {shape}")
    return network.predict(values, BATCH_SIZE)
