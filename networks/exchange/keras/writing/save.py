"""A `.keras` file from a network."""

from __future__ import annotations

import json
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from networks.base.network import Network
from networks.exchange.errors import ExchangeError
from networks.exchange.keras.reading.groups import FLOATS, snake_case
from networks.exchange.keras.refusals import RefusedError
from networks.exchange.keras.writing.description import described, is_chain
from networks.exchange.keras.writing.order import layers_in_order
from networks.exchange.keras.writing.theirs import Theirs
from networks.exchange.keras.writing.wiring import Wiring, wired
from networks.exchange.library import optional
from nn.files import replacing

VERSION = "3.15.1"
"""Of the Keras whose format is written."""

BEGIN = (1980, 1, 1, 0, 0, 0)
"""Time of all members, the earliest of the format: the same network gives the same file."""


def save(network: Network, path: Path | str, *, dtype: DTypeLike | None = None) -> None:
    """Write a network as a model that `keras.models.load_model` of Keras 3 opens.

    Networks within networks are written layer by layer; a chain becomes a `keras.Sequential`, all others a
    functional model. Values of 1 x 1 x features are features there. The optimizer is not in the file.

    Parameters
    ----------
    network
        Of layers that Keras has.
    path
        Ends in `.keras`.
    dtype
        float16, bfloat16, float32 or float64, of the weights and of what Keras computes with; by default that
        of the network.

    Raises
    ------
    ExchangeError
        When a layer has no counterpart, numbers are too large for the dtype, the file cannot be written, or
        h5py is not installed.
    """
    path = Path(path)
    if path.suffix != ".keras":
        raise ExchangeError(f"{path}: Keras opens models by their name: let it end in .keras")
    contents = members(network, dtype)
    try:
        with replacing(path) as file, zipfile.ZipFile(file, "w") as archive:
            for name, data in contents.items():
                archive.writestr(zipfile.ZipInfo(name, BEGIN), data)
    except OSError as error:
        raise ExchangeError(f"{path}: cannot be written: {error.strerror or error}") from error


def members(network: Network, dtype: DTypeLike | None) -> dict[str, bytes]:
    """Return the files within a `.keras` file, of a network and the kind of its weights; see `save`."""
    kind = _kind(network, dtype)
    wiring = wired(network)
    return {
        "metadata.json": _text({"keras_version": VERSION, "date_saved": ""}),
        "config.json": _text(described(wiring, str(kind))),
        "model.weights.h5": _weights(wiring, kind),
    }


def _kind(network: Network, dtype: DTypeLike | None) -> np.dtype:
    from ml_dtypes import bfloat16  # noqa: PLC0415 - named by its text

    found = network.dtype if dtype is None else np.dtype(bfloat16 if dtype == "bfloat16" else dtype)
    if str(found) not in FLOATS:
        raise ExchangeError(f"dtype {found}: weights are of one of {', '.join(FLOATS)}")
    return found


def _text(values: dict[str, Any]) -> bytes:
    return json.dumps(values).encode()


def _weights(wiring: Wiring, kind: np.dtype) -> bytes:
    library = optional("h5py")
    names = layers_in_order(wiring)
    if is_chain(wiring):
        names = [name for name in names if wiring.layers[name].kind != "InputLayer"]
    buffer = BytesIO()
    numbers: dict[str, int] = {}
    with library.File(buffer, "w") as file:
        file.create_group("vars").attrs["name"] = "model"
        layers = file.create_group("layers")
        for name in names:
            layer = wiring.layers[name]
            base = snake_case(layer.kind)
            number = numbers.get(base, 0)
            numbers[base] = number + 1
            _write(layers.create_group(f"{base}_{number}" if number else base), name, layer, kind)
    return buffer.getvalue()


PARTS = {("Bidirectional", "layer"): "forward_layer"}
"""Names of groups that differ from those of the descriptions."""


def _write(group: Any, name: str, layer: Theirs, kind: np.dtype) -> None:
    """Write the arrays of a layer into its group."""
    variables = group.create_group("vars")
    variables.attrs["name"] = name
    if layer.part:
        variables = group.create_group(f"{layer.part}/vars")
    for number, (called, array) in enumerate(layer.variables.items()):
        _put(variables, str(number), f"{name}: {called}", array, kind)
    for part, inside in layer.inside.items():
        _write(group.create_group(PARTS.get((layer.kind, part), part)), f"{name}_{part}", inside, kind)


def _put(group: Any, place: str, what: str, array: np.ndarray, kind: np.dtype) -> None:
    with np.errstate(over="ignore"):  # said below
        converted = np.ascontiguousarray(array).astype(kind)
    if not np.isfinite(converted.astype(np.float64)).all():
        raise RefusedError(f"{what} has NaN, or numbers too large for {kind}")
    if str(kind) == "bfloat16":
        group.create_dataset(place, data=converted).attrs["dtype"] = "bfloat16"
    else:
        group.create_dataset(place, data=converted)
