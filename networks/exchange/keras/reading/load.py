"""A network from a file of Keras."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike

from networks.base.checks import check_dtype
from networks.base.network import Network
from networks.exchange.errors import ExchangeError
from networks.exchange.keras.reading.archive import file_bytes, read_archive
from networks.exchange.keras.reading.building import build
from networks.exchange.keras.reading.entries import MODELS, entry
from networks.exchange.keras.reading.groups import Groups
from networks.exchange.keras.reading.hdf5 import read_hdf5
from networks.exchange.keras.reading.json_text import read_json
from networks.exchange.keras.reading.model import Container, Given, read_model
from networks.exchange.keras.refusals import RefusedError
from nn.shape import AnyShape, ShapeLike, layer_shape


def load(
    path: Path | str,
    *,
    input_shape: ShapeLike | Mapping[str, ShapeLike] | None = None,
    dtype: DTypeLike = np.float32,
) -> Network:
    """Read a model of Keras as a network of ours, to look at, run and train on.

    Nothing in the file is run, and no other file is opened. What is not mapped is refused by name. How layers
    were to be trained (initializers, regularizers, constraints, optimizer and loss) is not taken over, but
    what is not `trainable` is frozen.

    Parameters
    ----------
    path
        Of a `.keras` file.
    input_shape
        Of the input as ours, (height, width, channels) or (steps, features), where the file leaves sizes
        open; by the names of the inputs where there are several.
    dtype
        float32 or float64, of the network.

    Returns
    -------
    Network
        A `Sequential` where one layer follows another, else a `Model`.

    Raises
    ------
    ExchangeError
        When it cannot be read, is damaged, or holds something that is not mapped; names the file, the layer
        and the field, or the package that is not installed.
    """
    dtype = check_dtype(dtype)
    given = Given(_shapes(input_shape))
    data = file_bytes(path)
    try:
        return build(planned(data, given), dtype)
    except RefusedError as error:
        raise ExchangeError(f"{path}: {error}") from None


def planned(data: bytes, given: Given) -> Container:
    """Return what becomes of the bytes of a file.

    Raises
    ------
    RefusedError
        When something in it is not mapped.
    """
    archive = read_archive(data)
    model = entry(read_json(archive.configuration, "config.json"))
    if model.kind not in MODELS:
        raise RefusedError(f"{model.where}: is no Sequential and no Functional model; these are mapped")
    weights = Groups(read_hdf5(archive.weights))
    container = read_model(model, weights, given)
    weights.check_all_read()
    return container


def _shapes(given: ShapeLike | Mapping[str, ShapeLike] | None) -> AnyShape | Mapping[str, AnyShape] | None:
    try:
        if isinstance(given, Mapping):
            return {name: layer_shape(f"input_shape of {name}", each) for name, each in given.items()}
        return None if given is None else layer_shape("input_shape", given)
    except ValueError as error:
        raise ExchangeError(str(error)) from None
