"""What the tests of a run that is watched share: small models of every architecture, and plain answers."""

from typing import Any

import numpy as np
from autoencoder_runs import tiny_settings

from autoencoder.model import AutoEncoder
from networks.ladder import rung
from networks.local import Local
from networks.sequential import Sequential
from nn.activations import Identity
from nn.shape import Shape

ARCHITECTURES: dict[str, dict[str, Any]] = {
    "dense": {"architecture": "dense"},
    "local": {"architecture": "local", "layers": "3,2", "code_size": 8, "channels": 3, "middle": 1},
    "graph": {"architecture": "graph", "connections": 5},
}


def make_model(name: str = "dense", **changes: Any) -> AutoEncoder:
    """Return an untrained model; `unmixed` is of local layers whose channels are not mixed."""
    generator = np.random.default_rng(3)
    if name == "unmixed":
        return _unmixed_model(generator, str(changes.get("rung", "plain")))
    return AutoEncoder.create(tiny_settings(**{**ARCHITECTURES[name], **changes}), generator=generator)


def _unmixed_model(generator: np.random.Generator, rung_name: str) -> AutoEncoder:
    """Return a model with windows whose margins differ, and two outputs for every channel."""
    kind = rung("local", rung_name)

    def layer(shape: Shape, sides: tuple[int, int, int], channels: int) -> Local:
        names = ("input_block", "window", "output_block")
        options = dict(zip(names, sides, strict=True))
        network: Local = kind(
            shape, channels=channels, mixing=False, activation=Identity(), generator=generator, **options
        )
        return network

    encoder = Sequential([layer(Shape(8, 6, 3), (2, 5, 1), 6), layer(Shape(4, 3, 6), (1, 3, 1), 6)])
    decoder = Sequential([layer(Shape(4, 3, 6), (1, 2, 2), 6), layer(Shape(8, 6, 6), (2, 2, 2), 12)])
    settings = tiny_settings(architecture="local", width=6, height=8, channels=3, rung=rung_name)
    return AutoEncoder(encoder, decoder, settings)
