"""What the tests of a run that is watched share: small models of every architecture, and plain answers."""

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from autoencoder.live.inspector import CodeInspector
from autoencoder.model import AutoEncoder
from autoencoder.session import Session
from networks.ladder import rung
from networks.local import Local
from networks.sequential import Sequential
from nn.activations import Identity
from nn.data import ImageSet
from nn.shape import Shape
from tests.support.autoencoder_runs import tiny_settings

ARCHITECTURES: dict[str, dict[str, Any]] = {
    "dense": {"architecture": "dense"},
    "local": {"architecture": "local", "layers": "3,2", "code_size": 8, "channels": 3, "middle": 1},
    "graph": {"architecture": "graph", "connections": 5},
}


def make_model(name: str = "dense", **changes: Any) -> AutoEncoder:
    """Return an untrained model; `unmixed` is of local layers whose channels are not mixed."""
    generator = np.random.default_rng(3)
    if name == "unmixed":
        return _unmixed_model(generator, changes)
    return AutoEncoder.create(tiny_settings(**{**ARCHITECTURES[name], **changes}), generator=generator)


def _unmixed_model(generator: np.random.Generator, changes: dict[str, Any]) -> AutoEncoder:
    """Return a model with windows of different margins, where only the last layer mixes channels."""
    settings = tiny_settings(architecture="local", width=6, height=8, channels=3, **changes)
    kind = rung("local", settings.rung)

    def layer(shape: Shape, sides: tuple[int, int, int], channels: int, mixing: bool = False) -> Local:
        names = ("input_block", "window", "output_block")
        options = dict(zip(names, sides, strict=True))
        network: Local = kind(
            shape, channels=channels, mixing=mixing, activation=Identity(), generator=generator, **options
        )
        return network

    encoder = Sequential([layer(Shape(8, 6, 3), (2, 5, 1), 6), layer(Shape(4, 3, 6), (1, 3, 1), 6)])
    decoder = Sequential(
        [layer(Shape(4, 3, 6), (1, 2, 2), 6), layer(Shape(8, 6, 6), (2, 2, 2), 3, mixing=True)]
    )
    return AutoEncoder(encoder, decoder, settings)


@dataclass
class Run:
    """What an inspector needs of a run."""

    session: Session
    run: int = 1
    state: str = "idle"


def make_images(model: AutoEncoder, count: int, *, masked: bool = False, seed: int = 6) -> ImageSet:
    """Return random images, with a border that does not count where they are masked."""
    generator = np.random.default_rng(seed)
    images = generator.integers(0, 256, (count, *model.shape), np.uint8)
    masks = np.zeros(images.shape[:3], np.bool_)
    masks[:, 1:, :-2] = True
    return ImageSet(images, [f"image {n}" for n in range(count)], masks if masked else None)


def make_session(
    name: str = "dense", *, count: int = 40, held_out: int = 5, masked: bool = False, **changes: Any
) -> Session:
    """Return a session that has not made a step, with random images."""
    model = make_model(name, **changes)
    images = make_images(model, count, masked=masked), make_images(model, held_out, seed=7)
    return Session(model.settings, model, images, generator=np.random.default_rng(9))


def inspect(session: Session, **options: Any) -> tuple[Run, CodeInspector]:
    """Return a run that stands still, and an inspector of it."""
    run = Run(session)
    return run, CodeInspector(run, **options)


def checksum(session: Session) -> str:
    """Return a checksum of the state of training: parameters, and the state of the optimizer."""
    arrays, _ = session.trainer.state()
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(np.ascontiguousarray(arrays[name]).tobytes())
    return digest.hexdigest()
