"""The commands that use a model: reconstruct, encode, decode, render and info."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from autoencoder import results
from autoencoder.code_file import read_codes
from autoencoder.comparison import comparison_of
from autoencoder.files import picture_names, prepare_for_pictures, write_pictures
from autoencoder.model import BATCH_SIZE, AutoEncoder
from autoencoder.model_file import build_model, load_snapshot
from autoencoder.report import describe_model
from autoencoder.session_images import generators, load_data
from autoencoder.settings import TABLE, Settings
from nn import ImageSet, Snapshot, SnapshotError
from nn.data import load_all
from nn.training.state import TrainingState, read_state
from workbench.errors import InputError
from workbench.files import make_directory, write_array, write_text
from workbench.settings.options import given_settings
from workbench.settings.stored import settings_of
from workbench.settings.table import Given
from workbench.terminal import reading, use_threads

OF_THE_RUN = ("model_directory", "output_directory", "threads", "rung", "storage")
"""Settings that are those of the command, given or default, and never those of the training."""

OF_THE_DATA = ("input_directory", "fit")
"""Settings that are those of the training unless they are given."""


class Opened(NamedTuple):
    """A loaded model with its options.

    Attributes
    ----------
    model, snapshot
        The model, and what it was read from.
    settings
        Those it was made with, but for what the command says.
    own_data
        Whether the images are those it was trained with.
    limit
        How many images to use; None for all.
    """

    model: AutoEncoder
    snapshot: Snapshot
    settings: Settings
    own_data: bool
    limit: int | None


def open_model(arguments: argparse.Namespace) -> Opened:
    """Load the model that the arguments name."""
    given = given_settings(arguments, TABLE)
    asked = TABLE.make(given)
    use_threads(asked.threads)
    try:
        snapshot = load_snapshot(asked.model_directory)
        texts = TABLE.texts(asked)
        chosen = {name: Given(texts[name], name) for name in OF_THE_RUN}
        chosen |= {name: given[name] for name in OF_THE_DATA if name in given}
        settings = TABLE.make({**settings_of(snapshot), **chosen})
        model = build_model(snapshot, settings)
    except SnapshotError as error:
        raise InputError(str(error)) from error
    return Opened(model, snapshot, settings, "input_directory" not in given, asked.limit)


def load_every_image(opened: Opened) -> ImageSet:
    """Load the images of the input directory in order; of built-in digits those that were held out."""
    settings = opened.settings
    if settings.input_directory is None:
        images = load_unseen(opened)
        return images.select(np.arange(len(images))[: opened.limit])
    with reading() as progress:
        return load_all(
            settings.input_directory, settings.shape, fit=settings.fit, limit=opened.limit, progress=progress
        )


def load_unseen(opened: Opened) -> ImageSet:
    """Load the training data and return the held-out part, or all where nothing was held out."""
    with reading() as progress:
        training, held_out = load_data(opened.settings, generators(opened.settings)[0], progress)
    return held_out if len(held_out) else training


def reconstruct(arguments: argparse.Namespace) -> int:
    """Write the reconstruction of every image."""
    opened = open_model(arguments)
    images = load_every_image(opened)
    outputs = opened.model.reconstruct(images.images)
    _write_images(arguments, opened.settings, "reconstructions", outputs, images.names)
    print(f"{'error':10} {mean_squared_error(images, outputs):.6f} mean squared, pixels in [0, 1]")
    return 0


def encode(arguments: argparse.Namespace) -> int:
    """Write the codes of every image as one array."""
    opened = open_model(arguments)
    images = load_every_image(opened)
    codes = opened.model.encode(images.images)
    make_directory(opened.settings.output_directory)
    path = opened.settings.output_directory / "codes.npy"
    write_array(path, codes)
    write_text(path.with_suffix(".txt"), "".join(f"{name}\n" for name in images.names))
    print(f"{'codes':10} {path} {codes.shape}, the images' names in {path.with_suffix('.txt').name}")
    return 0


def decode(arguments: argparse.Namespace) -> int:
    """Turn a file of codes into images."""
    opened = open_model(arguments)
    path = arguments.file or opened.settings.output_directory / "codes.npy"
    codes = read_codes(path, opened.settings.code_size)
    _write_images(arguments, opened.settings, "decoded", opened.model.decode(codes), ())
    return 0


def render(arguments: argparse.Namespace) -> int:
    """Draw the results of a model again."""
    opened = open_model(arguments)
    images = load_unseen(opened) if opened.own_data else load_every_image(opened)
    paths = results.write_pictures(opened.model, images, opened.settings.output_directory)
    state = _training_state(opened.snapshot)
    paths += results.write_losses(state.log.rows, state.log, opened.settings, state.shuffle.entries)
    for path in paths:
        print(f"{'result':10} {path}")
    return 0


def _training_state(snapshot: Snapshot) -> TrainingState:
    try:
        return read_state(snapshot)
    except SnapshotError as error:
        raise InputError(str(error)) from error


def info(arguments: argparse.Namespace) -> int:
    """Print what a model is made of."""
    opened = open_model(arguments)
    try:
        comparison = comparison_of(opened.snapshot)
    except SnapshotError as error:
        raise InputError(str(error)) from error
    print(describe_model(opened.model))
    if comparison is not None:
        print(f"\n{comparison}")
    return 0


def mean_squared_error(images: ImageSet, outputs: np.ndarray) -> float:
    """Return the mean over all pixels that count, in float64; NaN where none does."""
    total = count = 0.0
    for start in range(0, len(images), BATCH_SIZE):
        batch, mask = images.batch(np.arange(start, min(start + BATCH_SIZE, len(images))))
        weights = np.broadcast_to(np.ones(1) if mask is None else mask, batch.shape)
        chosen = weights != 0
        found = outputs[start : start + len(batch)][chosen]
        differences = np.subtract(found, batch[chosen], dtype=np.float64)
        total += float((np.square(differences) * weights[chosen]).sum())
        count += float(weights.sum(dtype=np.float64))
    return total / count if count else math.nan


def _write_images(
    arguments: argparse.Namespace, settings: Settings, name: str, images: np.ndarray, sources: Sequence[str]
) -> None:
    """Write images as one array or as a directory of pictures, and say where."""
    place = settings.output_directory / name
    if arguments.array:
        make_directory(settings.output_directory)
        write_array(place.with_suffix(".npy"), images)
        print(f"{'array':10} {place.with_suffix('.npy')} {images.shape}")
        return
    prepare_for_pictures(place, overwrite=arguments.overwrite)
    with reading("writing images") as progress:
        write_pictures(place, images, picture_names(len(images), sources), progress)
    print(f"{'images':10} {len(images)} in {place}")
