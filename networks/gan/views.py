"""Views: what the networks make and see of entries.

What the discriminator is shown of some entries is one array, whatever it is made of: real and generated
entries are put side by side, noise is added, and the norm of input gradients runs over all axes of an entry.
Of a pair at several scales (Karnewar and Wang 2020, "MSG-GAN: multi-scale gradients for generative
adversarial networks") that is an image at every size, so noise and norms are of all of them together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from networks.gan.blueprint import Blueprint
from networks.gan.conditions import beside
from networks.gan.sizes import halved, size_name
from nn.sums import mean


class View:
    """Entries as they are, (*data shape, N)."""

    def __init__(self, blueprint: Blueprint) -> None:
        self._blueprint = blueprint

    def of(self, data: np.ndarray) -> np.ndarray:
        """Return what is shown of entries (*data shape, N)."""
        return data

    def entries(self, shown: np.ndarray) -> np.ndarray:
        """Return the entries (*data shape, N) of what is shown of them."""
        return shown

    def made(self, outputs: Any) -> np.ndarray:
        """Return what the generator's outputs show."""
        shown: np.ndarray = outputs
        return shown

    def made_signals(self, signals: np.ndarray) -> Any:
        """Return signals of what the generator made as its backward takes them."""
        return np.ascontiguousarray(signals)

    def judged(self, shown: np.ndarray, conditions: np.ndarray) -> Any:
        """Return what is shown as the discriminator takes it, with conditions (classes, N)."""
        shaped = shown.reshape(*self._blueprint.judged_data, shown.shape[-1])
        return self._beside(shaped, conditions)

    def judged_signals(self, signals: Any) -> np.ndarray:
        """Return what of the discriminator's input signals is for the data, as these are shown."""
        features = self._blueprint.judged_data[-1]
        of_data: np.ndarray = signals[..., :features, :]
        return of_data.reshape(*self._blueprint.data_shape, signals.shape[-1])

    def without_conditions(self, shown: np.ndarray) -> Any:
        """Return numbers for what is shown as the discriminator takes them, zero for what says the class."""
        conditions = np.zeros((self._blueprint.judged_conditions, shown.shape[-1]), shown.dtype)
        return self.judged(shown, conditions)

    def where_all(self, region: np.ndarray) -> np.ndarray:
        """Return which of the numbers that are shown lie within a region, bool (*data shape), of entries."""
        return self.of(region[..., None].astype(np.float64)) == 1

    def where_any(self, region: np.ndarray) -> np.ndarray:
        """Return which of the numbers that are shown have any part in a region, bool (*data shape)."""
        return self.of(region[..., None].astype(np.float64)) > 0

    def _beside(self, values: np.ndarray, conditions: np.ndarray) -> np.ndarray:
        return beside(values, conditions) if self._blueprint.judged_conditions else values


class ScalesView(View):
    """Images at every size, the largest first, all numbers of an entry in one column: (numbers, N)."""

    def __init__(self, blueprint: Blueprint) -> None:
        super().__init__(blueprint)
        self._shapes = {
            size_name(size): (*size, blueprint.image.channels) for size in halved(blueprint.image)
        }

    def of(self, data: np.ndarray) -> np.ndarray:
        """Return images (H, W, C, N) at every size: means of their pixels."""
        height, width, channels, count = data.shape
        return self._packed(
            {
                name: mean(data.reshape(h, height // h, w, width // w, channels, count), axis=(1, 3))
                for name, (h, w, _) in self._shapes.items()
            }
        )

    def entries(self, shown: np.ndarray) -> np.ndarray:
        """Return the images of full size."""
        return next(iter(self._unpacked(shown).values()))

    def made(self, outputs: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return the generator's images of every size in one array."""
        return self._packed(outputs)

    def made_signals(self, signals: np.ndarray) -> dict[str, np.ndarray]:
        """Return signals of what the generator made by the size of the image."""
        return {name: np.ascontiguousarray(each) for name, each in self._unpacked(signals).items()}

    def judged(self, shown: np.ndarray, conditions: np.ndarray) -> dict[str, np.ndarray]:
        """Return images by size, with conditions beside the pixels of each."""
        return {name: self._beside(each, conditions) for name, each in self._unpacked(shown).items()}

    def judged_signals(self, signals: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return the signals of the images of all sizes in one array."""
        channels = self._blueprint.image.channels
        return self._packed({name: each[..., :channels, :] for name, each in signals.items()})

    def _packed(self, images: Mapping[str, np.ndarray]) -> np.ndarray:
        flat = [images[name].reshape(-1, images[name].shape[-1]) for name in self._shapes]
        return np.concatenate(flat)

    def _unpacked(self, shown: np.ndarray) -> dict[str, np.ndarray]:
        images, start = {}, 0
        for name, shape in self._shapes.items():
            end = start + int(np.prod(shape))
            images[name] = shown[start:end].reshape(*shape, -1)
            start = end
        return images


def view_of(blueprint: Blueprint) -> View:
    """Return how the networks of a blueprint see entries."""
    return ScalesView(blueprint) if blueprint.multi_scale else View(blueprint)
