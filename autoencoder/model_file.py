"""Model files: one snapshot with the settings, the network and the state of its training."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from autoencoder.model import STRUCTURE, AutoEncoder
from autoencoder.settings import Settings
from autoencoder.validation import Given
from networks.configuration import Fields
from networks.ladder import network_from_configuration, rung
from networks.network import Network
from networks.sequential import Sequential
from nn.image import Tiling
from nn.prefixes import under
from nn.shape import Shape
from nn.snapshot import Snapshot, SnapshotError, load_latest, previous
from nn.training.state import PARAMETERS, load_parameters

FILE_NAME = "model.safetensors"


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


def settings_of(snapshot: Snapshot) -> dict[str, Given]:
    """Return the settings that a model was made with.

    Raises
    ------
    SnapshotError
        When they are missing or not a table of texts.
    """
    stored = snapshot.metadata.get("settings")
    if not isinstance(stored, dict) or not all(isinstance(text, str) for text in stored.values()):
        raise SnapshotError(f"{snapshot.path}: holds no settings, so no model of this program")
    return {name: Given(text, f"{snapshot.path}: {name}") for name, text in stored.items()}


def build_model(snapshot: Snapshot, settings: Settings) -> AutoEncoder:
    """Make the model of a snapshot, on the rung that the settings name.

    Raises
    ------
    SnapshotError
        When the description and the arrays in it do not fit each other.
    """
    try:
        encoder, decoder = _build_halves(snapshot, settings.rung)
        model = AutoEncoder(encoder, decoder, settings)
    except KeyError as error:
        raise SnapshotError(f"{snapshot.path}: {error} is missing from the description in it") from error
    except (ValueError, TypeError, IndexError) as error:
        raise SnapshotError(f"{snapshot.path}: the network in it cannot be built: {error}") from error
    if (model.shape, model.code_shape.size) != (settings.shape, settings.code_size):
        raise SnapshotError(
            f"{snapshot.path}: its network takes {model.shape} to {model.code_shape.size} numbers, "
            f"its settings {settings.shape} to {settings.code_size}"
        )
    load_parameters(snapshot, model.network.parameters)
    return model


def _build_halves(snapshot: Snapshot, rung_name: str) -> list[Network]:
    halves = _parts(snapshot.metadata["network"])
    if len(halves) != 2:
        raise ValueError(f"{len(halves)} networks, expected an encoder and a decoder")
    for half, configuration in halves.items():
        for position, layer in _parts(configuration).items():
            _check_size(layer, under(snapshot.arrays, f"{PARAMETERS}{half}.{position}."))
    structure = under(snapshot.arrays, STRUCTURE)
    return [
        network_from_configuration(configuration, under(structure, f"{half}."), rung_name=rung_name)
        for half, configuration in halves.items()
    ]


def _parts(configuration: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    with Fields(configuration) as fields:
        if fields.family != Sequential.family:
            raise ValueError(f"a {fields.family} where a sequential one is expected")
        return fields.named("networks")


def _check_size(configuration: Mapping[str, Any], parameters: Mapping[str, np.ndarray]) -> None:
    """Compare a layer with the parameters stored for it, before memory is taken on its word."""
    expected = _parameter_count(configuration)
    found = sum(array.size for array in parameters.values())
    if found != expected:
        raise ValueError(
            f"a {configuration['family']} layer of {expected} parameters, of which {found} are there"
        )


def _parameter_count(configuration: Mapping[str, Any]) -> int:
    family = configuration["family"]
    rung(str(family), "plain")  # refuses unknown ones
    if family == "graph":
        return int(configuration["graph"]["weights"]) + int(configuration["graph"]["biases"])
    inputs = Shape.parse(configuration["input_shape"])
    if family == "dense":
        outputs = Shape.parse(configuration["output_shape"]).size
        return (inputs.size + 1) * outputs
    blocks = (int(configuration[name]) for name in ("input_block", "window", "output_block"))
    tiling = Tiling(inputs, *blocks)
    outputs = int(configuration["channels"]) * tiling.output_block**2
    return (int(tiling.window_pixels.sum()) * inputs.channels + len(tiling)) * outputs
