"""Model files: one snapshot with the settings, the network and the state of its training."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from autoencoder.model import STRUCTURE, AutoEncoder
from autoencoder.settings import Settings
from networks import Network, Sequential, network_from_configuration
from networks.base.configuration import Fields
from networks.base.container import build_all
from networks.model_file import UNBUILDABLE
from nn import Shape, Snapshot, SnapshotError, load_latest
from nn.dotted_names import select_prefix
from nn.lookup import look_up
from nn.parameter_limit import at_most_parameters
from nn.snapshot import previous
from nn.training.state import PARAMETERS, load_parameters

FILE_NAME = "model.safetensors"

LAYERS = ("dense", "graph", "local")
"""Families of the layers of an encoder and a decoder."""


def model_path(directory: Path) -> Path:
    """Return where the model is in its directory."""
    return directory / FILE_NAME


def holds_model(directory: Path) -> bool:
    """Return whether there is a model, or the one before it."""
    path = model_path(directory)
    return path.exists() or previous(path).exists()


def load_snapshot(directory: Path) -> Snapshot:
    """Read the model in a directory, or the one before it when that is damaged.

    Raises
    ------
    SnapshotError
        When there is none, or none that can be read.
    """
    if not holds_model(directory):
        raise SnapshotError(f"{directory}: no {FILE_NAME} in it; `autoencoder train` makes one")
    return load_latest(model_path(directory))


def build_model(snapshot: Snapshot, settings: Settings) -> AutoEncoder:
    """Make the model of a snapshot, on the rung that the settings name.

    Raises
    ------
    SnapshotError
        When the description and the arrays in it do not fit each other.
    """
    stored = select_prefix(snapshot.arrays, PARAMETERS)
    try:
        with at_most_parameters(sum(array.size for array in stored.values())):
            encoder, decoder = _build_halves(snapshot, settings.rung)
        model = AutoEncoder(encoder, decoder, settings)
    except UNBUILDABLE as error:
        raise SnapshotError(f"{snapshot.path}: the network in it cannot be built: {error}") from error
    if (model.shape, model.code_shape.size) != (settings.shape, settings.code_size):
        raise SnapshotError(
            f"{snapshot.path}: its network takes {model.shape} to {model.code_shape.size} numbers, "
            f"its settings {settings.shape} to {settings.code_size}"
        )
    load_parameters(snapshot, model.network.parameters)
    return model


def _build_halves(snapshot: Snapshot, rung_name: str) -> list[Network]:
    halves = _parts(snapshot.metadata.get("network"))
    if len(halves) != 2:
        raise ValueError(f"{len(halves)} networks, expected an encoder and a decoder")
    for half in halves.values():
        for layer in _parts(half).values():
            look_up(dict.fromkeys(LAYERS), layer.get("family"), "family of layers in an autoencoder")
    build = partial(network_from_configuration, rung_name=rung_name)
    built = build_all(Sequential.family, halves, select_prefix(snapshot.arrays, STRUCTURE), build)
    for network in built.values():
        for shape in (network.input_shape, network.output_shape):
            if not isinstance(shape, Shape):
                raise ValueError(f"{shape} is not a shape of images")
    return list(built.values())


def _parts(configuration: Any) -> dict[str, dict[str, Any]]:
    with Fields(configuration) as fields:
        if fields.family != Sequential.family:
            raise ValueError(f"a {fields.family} where a sequential one is expected")
        return fields.named("networks")
