"""Resuming from a snapshot: every part of a trainer is restored, or none is."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any, NamedTuple

import numpy as np

from nn.dotted_names import select_prefix
from nn.optimizer import Optimizer
from nn.parameter_binding import bind
from nn.schedules import Schedule
from nn.snapshot import Snapshot, SnapshotError
from nn.training.learned_state import LearnedState
from nn.training.random_state import check_generator_state, set_generator_state
from nn.training.shuffle import Shuffle
from nn.training.state import (
    CARRIED,
    TRAINED,
    TrainingState,
    check_parameters,
    load_optimizer,
    load_parameters,
    read_state,
)
from nn.training.trainable import Trainable, state_copy


class Parts(NamedTuple):
    """The parts of a trainer that are saved and restored."""

    network: Trainable
    optimizer: Optimizer
    schedule: Schedule
    shuffle: Shuffle


def restore_parts(snapshot: Snapshot, parts: Parts) -> TrainingState:
    """Set all parts to what they were, and return the rest of the state.

    Raises
    ------
    SnapshotError
        When a part does not fit, or there is no state of training; nothing is changed then.
    """
    state = read_state(snapshot)
    network = parts.network
    check_parameters(snapshot, network.parameters)
    try:
        parts.shuffle.check_state(state.shuffle)
        _check_generators(network.generators, state.generators)
        _check_trained(snapshot, network)
        with ExitStack() as undo:
            undo.callback(network.load_state, state_copy(network))
            network.load_state(select_prefix(snapshot.arrays, CARRIED))
            undo.callback(parts.schedule.load_state, parts.schedule.state())
            parts.schedule.load_state(state.schedule)
            load_optimizer(snapshot, parts.optimizer, network.parameters)
            undo.pop_all()
            if (observer := parts.schedule.observer) is not None:
                bind(observer, network.parameters)
    except ValueError as error:
        raise SnapshotError(f"{snapshot.path}: {error}") from error
    load_parameters(snapshot, network.parameters)
    parts.shuffle.load_state(state.shuffle)
    for name, generator in network.generators.items():
        set_generator_state(generator, state.generators[name])
    return state


def trained_in(snapshot: Snapshot) -> LearnedState | None:
    """Return what training goes on from where that is not what the network knows; else None."""
    return LearnedState.from_arrays(select_prefix(snapshot.arrays, TRAINED))


def _check_trained(snapshot: Snapshot, network: Trainable) -> None:
    trained = trained_in(snapshot)
    if trained is not None:
        try:
            trained.check(network)
        except ValueError as error:
            raise ValueError(f"what training goes on from: {error}") from error


def _check_generators(
    generators: Mapping[str, np.random.Generator], states: Mapping[str, Mapping[str, Any]]
) -> None:
    if set(generators) != set(states):
        there, here = (", ".join(sorted(names)) or "nothing" for names in (states, generators))
        raise ValueError(f"was saved from another network: {there} drew random numbers there, {here} here")
    for name, generator in generators.items():
        try:
            check_generator_state(generator, states[name])
        except ValueError as error:
            raise ValueError(f"the generator of {name}: {error}") from error
