"""A file of weights of Keras, by the names of layers, into a network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np

from networks.base.network import Network
from networks.exchange.errors import ExchangeError
from networks.exchange.file_bytes import opened_file
from networks.exchange.keras.reading.archive import read_archive
from networks.exchange.keras.reading.groups import checked
from networks.exchange.keras.reading.hdf5 import Array, read_hdf5
from networks.exchange.keras.reading.load import HDF5, beginning
from networks.exchange.keras.reading.region import Region
from networks.exchange.keras.refusals import RefusedError
from networks.exchange.keras.weights.counterparts import VARIANCE, Counterpart, Slot, counterparts, label
from networks.exchange.keras.weights.places import Places, places_in
from networks.exchange.report import Report
from nn.short_text import short_repr


def load_weights(
    network: Network,
    path: Path | str,
    *,
    layers: Mapping[str, str] | None = None,
    partial: bool = False,
) -> Report:
    """Read a file of weights into a network, by the names of layers.

    Nothing of the network is changed unless everything fits, or what does not may be left out. What the
    layers compute is not in such a file, and is that of the network.

    Parameters
    ----------
    network
        Of layers that Keras has, which are called as there.
    path
        Of what `model.save_weights` of Keras 3 or 2 wrote, or of a whole model, `.keras` or `.h5`.
    layers
        Names of layers, or of models within the model, in the file to those in the network, where they
        differ: `{"dense_3": "head", "sequential_1": "encoder"}`.
    partial
        Whether arrays that only one of both has, or whose shapes differ, are left as they are, and only
        reported.

    Returns
    -------
    Report
        What was read, and what was not; shapes are those of Keras.

    Raises
    ------
    ExchangeError
        When the file is none, is damaged, has numbers that are no parameters, or arrays that may be others,
        or does not fit; or a layer of the network has no counterpart.
    """
    if not isinstance(layers, Mapping | None):
        raise ExchangeError(
            f"layers: give {{name in the file: name in the network}}, not a {type(layers).__name__}"
        )
    calls = counterparts(network)
    ours = {name: each[0] for name, each in calls.items()}
    slots = {called: slot for name, each in ours.items() for called, slot in each.labelled(name).items()}
    theirs = _theirs(list(ours), layers or {})
    with opened_file(path) as file:
        try:
            places = places_in(read_hdf5(_weights(file)))
            found = _found(ours, theirs, places)
            report = _compared(slots, found, places)
            if not (report.is_whole or partial):
                raise RefusedError(f"does not fit the network:\n{report}")
            arrays = {name: _numbers(name, found[name], network.dtype) for name in report.matched}
        except RefusedError as error:
            raise ExchangeError(f"{path}: {error}") from None
    for name, every_call in calls.items():
        for each in every_call:
            for called, slot in each.labelled(name).items():
                if called in arrays:
                    slot.write(arrays[called])
    return report


def _weights(file: BinaryIO) -> Region:
    return Region(file) if beginning(file).startswith(HDF5) else read_archive(file).weights


def _theirs(ours: list[str], layers: Mapping[str, str]) -> dict[str, str]:
    """Return the names in the file by those in the network, of layers whose name is not another's there."""
    renamed = {name: there for there, name in layers.items()}
    if len(renamed) < len(layers):
        twice = next(name for name in layers.values() if list(layers.values()).count(name) > 1)
        raise ExchangeError(f"layers: {short_repr(twice)} is named twice")
    for name in renamed:
        if not any(_is_within(each, name) for each in ours):
            raise ExchangeError(f"layers: the network has no layer {short_repr(name)} with parameters")
    found: dict[str, str] = {}
    for name in ours:
        around = max((each for each in renamed if _is_within(name, each)), key=len, default=None)
        if around is not None:
            found[name] = label(renamed[around], name[len(around) :].removeprefix("."))
        elif not any(_is_within(name, each) for each in layers):
            found[name] = name
    return found


def _is_within(name: str, other: str) -> bool:
    return not other or name == other or name.startswith(f"{other}.")


def _found(ours: Mapping[str, Counterpart], theirs: Mapping[str, str], places: Places) -> dict[str, Array]:
    return {
        label(name, called): array
        for name, there in theirs.items()
        for called, array in places.find(there, ours[name]).items()
    }


def _compared(slots: Mapping[str, Slot], found: Mapping[str, Array], places: Places) -> Report:
    differing = {
        name: (slots[name].shape, tuple(array.shape))
        for name, array in found.items()
        if tuple(array.shape) != slots[name].shape
    }
    return Report(
        tuple(name for name in found if name not in differing),
        tuple(name for name in slots if name not in found),
        tuple(places.others()),
        differing,
    )


def _numbers(name: str, found: Array, dtype: np.dtype) -> np.ndarray:
    with np.errstate(over="ignore"):  # said below
        array: np.ndarray = checked(name, "array", found, tuple(found.shape)).astype(dtype)
    if not np.isfinite(array).all():
        raise RefusedError(f"{name}: holds numbers too large for {dtype}")
    if name.endswith(VARIANCE) and (array < 0).any():
        raise RefusedError(f"{name}: has variances below zero")
    return array
