"""A network from a file of Keras."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import DTypeLike

from networks.base.checks import check_dtype
from networks.base.network import Network
from networks.exchange.errors import ExchangeError
from networks.exchange.file_bytes import opened_file
from networks.exchange.keras.reading.archive import read_archive
from networks.exchange.keras.reading.building import build
from networks.exchange.keras.reading.entries import MODELS, entry
from networks.exchange.keras.reading.groups import Groups
from networks.exchange.keras.reading.hdf5 import Group, read_hdf5, text_of
from networks.exchange.keras.reading.json_text import MOST_BYTES, read_json
from networks.exchange.keras.reading.model import Container, Given, read_model
from networks.exchange.keras.reading.named import NamedArrays
from networks.exchange.keras.reading.region import Region
from networks.exchange.keras.refusals import RefusedError
from nn.shape import AnyShape, ShapeLike, layer_shape

HDF5 = b"\x89HDF\r\n\x1a\n"
"""How such a file begins."""

BEGINNING = 4096
"""Bytes of a file that say what it is."""


Shapes: TypeAlias = AnyShape | Mapping[str, AnyShape] | None
"""Of the inputs as ours, by name or of all, where a file leaves sizes open."""


def load(
    path: Path | str,
    *,
    weights: Path | str | None = None,
    input_shape: ShapeLike | Mapping[str, ShapeLike] | None = None,
    masked: bool = False,
    dtype: DTypeLike = np.float32,
) -> Network:
    """Read a model of Keras as a network of ours, to look at, run and train on.

    Nothing in the file is run, and no other file is opened. What is not mapped is refused by name. How layers
    were to be trained (initializers, regularizers, constraints, optimizer and loss) is not taken over, but
    what is not `trainable` is frozen.

    Parameters
    ----------
    path
        Of a `.keras` file, of a legacy `.h5` of a whole model, or of a description, `model.to_json()` of
        Keras 2 or 3.
    weights
        Of a file of weights, `.h5`, beside a description.
    input_shape
        Of the input as ours, (height, width, channels) or (steps, features), where the file leaves sizes
        open; by the names of the inputs where there are several.
    masked
        Whether steps that the model masks by its inputs (`Masking`, `mask_zero` of an `Embedding`) are left
        to the `step_masks` that come with the data here. Answers are those of Keras where steps are there.
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
    shapes = shapes_given(input_shape)
    with ExitStack() as opened:
        file = opened.enter_context(opened_file(path))
        beside = None if weights is None else opened.enter_context(opened_file(weights))
        try:
            return build(planned(source_of(file, beside), shapes, masked), dtype)
        except RefusedError as error:
            raise ExchangeError(f"{path}: {error}") from None


class Source(NamedTuple):
    """What a file says of a model: its description, its weights, and how old it is."""

    description: dict[str, Any]
    weights: Groups | NamedArrays | None
    is_old: bool


def source_of(file: BinaryIO, weights: BinaryIO | None = None) -> Source:
    """Return what is in a file, of which arrays are not read yet.

    Parameters
    ----------
    file
        Of a `.keras` file, a legacy file of a whole model, or a description in JSON.
    weights
        A file of weights, beside a description; like `file` it stays open until the last array is read.

    Raises
    ------
    RefusedError
        When it is none of these, or damaged.
    """
    begin = beginning(file)
    if begin.lstrip()[:1] == b"{":
        description = read_json(file.read(MOST_BYTES + 1), "the description")
        beside = None if weights is None else _weights_of(read_hdf5(Region(weights)))
        return Source(description, beside, _is_old(description.get("keras_version"), otherwise=False))
    if weights is not None:
        raise RefusedError("has weights of its own: leave `weights` out")
    if begin.startswith(HDF5):
        return _legacy(read_hdf5(Region(file)))
    archive = read_archive(file)
    description = read_json(archive.configuration, "config.json")
    version = read_json(archive.metadata, "metadata.json").get("keras_version")
    return Source(description, Groups(read_hdf5(archive.weights)), _is_old(version, otherwise=False))


def _is_old(version: Any, otherwise: bool) -> bool:
    """Return whether a version is of Keras 2, and what is known otherwise where none is given."""
    return not version.startswith("3") if isinstance(version, str) else otherwise


def beginning(file: BinaryIO) -> bytes:
    """Return how a file begins, and stand there."""
    file.seek(0)
    found = file.read(BEGINNING)
    file.seek(0)
    return found


def _legacy(file: Group) -> Source:
    """Return what is in a whole model in HDF5, as Keras 2 has it."""
    text = text_of(file.attributes.get("model_config"))
    weights = file.group("model_weights")
    if text is None or weights is None:
        raise RefusedError("has weights alone: give the description of the model, and this file as `weights`")
    version = text_of(file.attributes.get("keras_version"))
    description = read_json(text.encode(), "model_config")
    return Source(description, NamedArrays(weights), _is_old(version, otherwise=True))


def _weights_of(file: Group) -> Groups | NamedArrays:
    """Return the arrays of a file of weights: by groups of Keras 3, or by names."""
    if "layer_names" in file.attributes or "layer_names0" in file.attributes:
        return NamedArrays(file)
    weights = file.group("model_weights")
    return Groups(file) if weights is None else NamedArrays(weights)


def planned(source: Source, shapes: Shapes = None, masked: bool = False) -> Container:
    """Return what becomes of a model.

    Raises
    ------
    RefusedError
        When something in it is not mapped.
    """
    if source.weights is None:
        raise RefusedError("is a description alone: give the file of the weights as `weights`")
    model = entry(source.description)
    if model.kind not in MODELS:
        raise RefusedError(f"{model.where}: is no Sequential and no Functional model; these are mapped")
    container = read_model(model, source.weights, Given(shapes, source.is_old, masked))
    source.weights.check_all_read()
    return container


def shapes_given(given: ShapeLike | Mapping[str, ShapeLike] | None) -> Shapes:
    """Return shapes of inputs, of which a number of units may be one.

    Raises
    ------
    ExchangeError
        When one is no shape.
    """
    try:
        if isinstance(given, Mapping):
            return {name: layer_shape(f"input_shape of {name}", each) for name, each in given.items()}
        return None if given is None else layer_shape("input_shape", given)
    except ValueError as error:
        raise ExchangeError(str(error)) from None
