"""Models on disk: the description of a network and its arrays in one snapshot file.

A file describes a network by the names of families, which are looked up in the ladder: nothing in it is ever
run or imported.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike

from networks.base.container import Container
from networks.base.network import Network
from networks.ladder import DEEPEST, network_from_configuration
from nn.dotted_names import select_prefix
from nn.parameter_limit import at_most_parameters
from nn.short_text import short_repr
from nn.snapshot import Snapshot, SnapshotError, load_latest, save
from nn.training.state import CARRIED, PARAMETERS, load_parameters

if TYPE_CHECKING:
    from nn.data.processors import Processors

STRUCTURE = "structure."

PROCESSORS = "processors"
"""Where the processors of a model are described in the metadata."""

UNBUILDABLE = (ValueError, TypeError, KeyError, IndexError, RecursionError, MemoryError)
"""The errors that an invalid description raises."""


def model_arrays(network: Network) -> dict[str, np.ndarray]:
    """Return parameters, carried state and structure by the names they have in a file; no copies."""
    parameters = {PARAMETERS + name: network.parameters[name] for name in network.parameters.names}
    state = {CARRIED + name: array for name, array in network.state().items()}
    return parameters | state | structure_arrays(network)


def structure_arrays(network: Network) -> dict[str, np.ndarray]:
    """Return the arrays of the description, such as the wiring of graphs, by their names in a file."""
    return {STRUCTURE + name: array for name, array in network.structure().items()}


def model_metadata(network: Network) -> dict[str, Any]:
    """Return the description of a network, which turns a file of its arrays into a model.

    So `nn.training.Snapshots(path, interval, model_metadata(network), structure_arrays(network))` saves
    snapshots that are models as well.

    Raises
    ------
    ValueError
        When networks lie within networks, deeper than `load_model` reads.
    """
    _check_depth(network)
    return {"network": network.to_configuration(), "frozen": network.parameters.frozen}


def save_model(
    path: Path,
    network: Network,
    metadata: Mapping[str, Any] | None = None,
    *,
    processors: Processors | None = None,
) -> None:
    """Write a network to a file; see `nn.snapshot.save`.

    Parameters
    ----------
    path
        In an existing folder; by convention it ends in `.safetensors`.
    network
        Any; frozen parameters are frozen when it is loaded again.
    metadata
        JSON-able, to be kept beside the network.
    processors
        What makes of a file what the network takes: `networks.load_with_processors` makes them again.

    Raises
    ------
    SnapshotError
        When it cannot be saved; a file that was there is untouched.
    """
    try:
        described = model_metadata(network)
    except ValueError as error:
        raise SnapshotError(f"{path}: cannot be stored in a snapshot: {error}") from error
    if processors is not None:
        described[PROCESSORS] = processors.to_configuration()
    save(path, model_arrays(network), {**(metadata or {}), **described})


def _check_depth(network: Network) -> None:
    """Check the networks within networks, one level after another."""
    inside = [network]
    for _ in range(DEEPEST + 1):
        inside = [inner for each in inside if isinstance(each, Container) for inner in each.named.values()]
    if inside:
        raise ValueError(f"networks lie within networks, more than {DEEPEST} deep")


def load_model(path: Path, *, rung_name: str = "o2", dtype: DTypeLike | None = None) -> Network:
    """Read a network from a file.

    Parameters
    ----------
    path
        A file that `save_model` wrote, or a snapshot with the metadata of a model.
    rung_name
        On which rung of the ladder to build it.
    dtype
        float32 or float64, to which parameters are converted; None for what they have in the file.

    Raises
    ------
    SnapshotError
        When the file is missing, damaged or holds no network, or its parts do not fit each other.
    """
    return build_network(load_latest(path), rung_name=rung_name, dtype=dtype)


def build_network(snapshot: Snapshot, *, rung_name: str = "o2", dtype: DTypeLike | None = None) -> Network:
    """Build the network of a snapshot; see `load_model`."""
    configuration = snapshot.metadata.get("network")
    if not isinstance(configuration, dict):
        raise SnapshotError(f"{snapshot.path}: holds no description of a network")
    stored = select_prefix(snapshot.arrays, PARAMETERS)
    structure = select_prefix(snapshot.arrays, STRUCTURE)
    if dtype is None:
        dtype = np.float64 if any(array.dtype == np.float64 for array in stored.values()) else np.float32
    try:
        with at_most_parameters(sum(array.size for array in stored.values())):
            network = network_from_configuration(configuration, structure, rung_name=rung_name, dtype=dtype)
        arrays = {name: _as_dtype(array, dtype) for name, array in snapshot.arrays.items()}
        load_parameters(snapshot._replace(arrays=arrays), network.parameters)
        network.load_state(select_prefix(arrays, CARRIED))
        _freeze(network, snapshot.metadata.get("frozen", []))
    except UNBUILDABLE as error:
        raise SnapshotError(f"{snapshot.path}: the network in it cannot be built: {error}") from error
    return network


def _as_dtype(array: np.ndarray, dtype: DTypeLike) -> np.ndarray:
    return array.astype(dtype, copy=False) if array.dtype.kind == "f" else array


def _freeze(network: Network, names: Any) -> None:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"frozen is {short_repr(names)}, not a list of names of parameters")
    for name in dict.fromkeys(names):
        network.parameters.freeze(name)
