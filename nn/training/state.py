"""The state of training in a snapshot: all that decides further training, and how it is read back."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nn.dotted_names import select_prefix
from nn.optimizer import Optimizer
from nn.parameters import Parameters
from nn.snapshot import Snapshot, SnapshotError
from nn.training.log import Real, TrainingLog, Whole
from nn.training.shuffle import Count, ShuffleState
from nn.training.trainable import Trainable

PARAMETERS = "parameters."
OPTIMIZER = "optimizer."
CARRIED = "state."
CALLBACKS = "callbacks."
TRAINED = "trained."

Kind = TypeVar("Kind", bound=BaseModel)


class OptimizerState(BaseModel):
    """What is known of an optimizer beside its arrays: its name and its learning rate."""

    name: str
    learning_rate: Annotated[Real, Field(ge=0)]


class TrainingState(BaseModel):
    """The part of the state that is not arrays.

    Attributes
    ----------
    step
        Steps done.
    seconds
        Of training, over all runs together.
    shuffle
        Position in the data and in the random numbers.
    optimizer
        Its configuration.
    log
        Rows and curve.
    batch_size
        Entries in a step; None in snapshots that do not tell.
    schedule
        What it keeps from epoch to epoch.
    generators
        States of those that the network draws from, by name.
    callbacks
        States by the names of the callbacks.
    restored
        Epochs done at the row that the network went back to; None where it did not. What training goes on
        from is in the arrays then, beside the parameters.
    """

    model_config = ConfigDict(extra="forbid")

    step: Count
    seconds: Annotated[Real, Field(ge=0)]
    shuffle: ShuffleState
    optimizer: OptimizerState
    log: TrainingLog
    batch_size: Annotated[Whole, Field(gt=0)] | None = None
    schedule: dict[str, Any] = {}
    generators: dict[str, dict[str, Any]] = {}
    callbacks: dict[str, dict[str, Any]] = {}
    restored: Real | None = None


def state_arrays(network: Trainable, optimizer: Optimizer) -> dict[str, np.ndarray]:
    """Return the arrays by the names they have in a snapshot: views, not copies."""
    kept = {OPTIMIZER + name: array for name, array in optimizer.state().items()}
    carried = {CARRIED + name: array for name, array in network.state().items()}
    return {**_parameter_arrays(network.parameters), **kept, **carried}


def read_state(snapshot: Snapshot) -> TrainingState:
    """Return the training state in a snapshot's metadata.

    Raises
    ------
    SnapshotError
        When there is none, or a field is missing, unknown or of the wrong kind; the message names it.
    """
    return read_metadata(snapshot, "training", TrainingState, "state of training")


def read_metadata(snapshot: Snapshot, name: str, model: type[Kind], what: str) -> Kind:
    """Return what a snapshot's metadata hold under a name, checked against a model.

    Raises
    ------
    SnapshotError
        As `read_state`; `what` says what is missing.
    """
    if name not in snapshot.metadata:
        raise SnapshotError(f"{snapshot.path}: holds no {what} to go on from")
    try:
        return model.model_validate(snapshot.metadata[name])
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, (name, *first["loc"])))
        raise SnapshotError(f"{snapshot.path}: {field}: {first['msg']}") from error


def load_parameters(snapshot: Snapshot, parameters: Parameters) -> None:
    """Copy a snapshot's parameters into a network's.

    Raises
    ------
    SnapshotError
        When names, shapes or dtypes differ; nothing is copied then.
    """
    check_parameters(snapshot, parameters)
    for name, array in _parameter_arrays(parameters).items():
        array[...] = snapshot.arrays[name]


def check_parameters(snapshot: Snapshot, parameters: Parameters) -> None:
    """Raise the SnapshotError that `load_parameters` would, and change nothing."""
    expected = {name: _describe(array) for name, array in _parameter_arrays(parameters).items()}
    found = {name: _describe(array) for name, array in snapshot.arrays.items() if name.startswith(PARAMETERS)}
    for name in [*expected, *found]:
        here, there = expected.get(name, "missing"), found.get(name, "missing")
        if here != there:
            raise SnapshotError(
                f"{snapshot.path}: was saved from another network: {name} is {there} in the file "
                f"and {here} in the network"
            )


def load_optimizer(snapshot: Snapshot, optimizer: Optimizer, parameters: Parameters) -> None:
    """Restore an optimizer from a snapshot's state.

    Raises
    ------
    SnapshotError
        When the state is of another optimizer or does not fit; nothing is changed then.
    """
    saved = read_state(snapshot).optimizer
    if saved.name != optimizer.name:
        raise SnapshotError(f"{snapshot.path}: was trained with {saved.name}, not with {optimizer.name}")
    try:
        optimizer.load_state(select_prefix(snapshot.arrays, OPTIMIZER), parameters)
    except ValueError as error:
        raise SnapshotError(f"{snapshot.path}: {error}") from error
    optimizer.learning_rate = saved.learning_rate


def _parameter_arrays(parameters: Parameters) -> dict[str, np.ndarray]:
    return {PARAMETERS + name: parameters[name] for name in parameters.names}


def _describe(array: np.ndarray) -> str:
    return f"{array.dtype} {array.shape}"
