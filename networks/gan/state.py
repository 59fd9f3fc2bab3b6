"""Adversarial training in a snapshot: both networks, both optimizers, and everything that draws."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from networks.base.network import Network
from networks.gan.gan import Gan
from networks.gan.record import Count, EpochSums, GanRow, MovingLosses
from nn.dotted_names import select_prefix
from nn.optimizer import Optimizer
from nn.snapshot import Snapshot, SnapshotError
from nn.training.mean_loss import Real
from nn.training.random_state import check_generator_state, generator_state, set_generator_state
from nn.training.shuffle import ShuffleState
from nn.training.state import (
    CARRIED,
    OPTIMIZER,
    check_parameters,
    load_parameters,
    read_metadata,
    state_arrays,
)

AVERAGED = "averaged"
SIDES = ("generator", "discriminator")


class GanState(BaseModel):
    """The part of the state that is not arrays.

    Attributes
    ----------
    step, seconds
        Rounds done, and seconds of training over all runs together.
    shuffle
        Position in the data.
    random
        State of the generator that draws noise.
    generators
        States of those that the networks draw from, by side and name.
    learning_rates
        Of both sides.
    losses, sums, rows
        What is recorded.
    """

    model_config = ConfigDict(extra="forbid")

    step: Count
    seconds: Annotated[Real, Field(ge=0)]
    shuffle: ShuffleState
    random: dict[str, Any]
    generators: dict[str, dict[str, dict[str, Any]]]
    learning_rates: dict[str, Annotated[Real, Field(ge=0)]]
    losses: MovingLosses
    sums: EpochSums
    rows: list[GanRow]


def arrays_of(networks: Mapping[str, Network], optimizers: Mapping[str, Optimizer]) -> dict[str, np.ndarray]:
    """Return the arrays of both sides by the names they have in a snapshot: views, not copies."""
    return {
        f"{side}.{name}": array
        for side in SIDES
        for name, array in state_arrays(networks[side], optimizers[side]).items()
    }


def draws_of(networks: Mapping[str, Network]) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the states of all generators that the networks draw from."""
    return {
        side: {name: generator_state(each) for name, each in networks[side].generators.items()}
        for side in SIDES
    }


def read_gan_state(snapshot: Snapshot) -> GanState:
    """Return the state in a snapshot's metadata.

    Raises
    ------
    SnapshotError
        When there is none, or a field is missing, unknown or of the wrong kind; the message names it.
    """
    return read_metadata(snapshot, "gan", GanState, "adversarial training")


def side_of(snapshot: Snapshot, side: str) -> Snapshot:
    """Return what a snapshot holds of one side, as one of that network alone."""
    return Snapshot(select_prefix(snapshot.arrays, f"{side}."), snapshot.metadata, snapshot.path)


def check_networks(
    snapshot: Snapshot,
    state: GanState,
    networks: Mapping[str, Network],
    optimizers: Mapping[str, Optimizer],
) -> None:
    """Refuse a snapshot of other networks, optimizers or generators; nothing is changed.

    Raises
    ------
    SnapshotError
        Naming what differs.
    """
    for side in SIDES:
        network, part = networks[side], side_of(snapshot, side)
        check_parameters(part, network.parameters)
        kept = {"steps", *optimizers[side].slots}
        found = set(select_prefix(part.arrays, OPTIMIZER))
        if found != kept:
            raise SnapshotError(
                f"{snapshot.path}: {side}: its optimizer keeps {sorted(kept)}, not {sorted(found)}"
            )
        saved = state.generators.get(side, {})
        if set(saved) != set(network.generators):
            raise SnapshotError(f"{snapshot.path}: {side}: the networks draw from other generators")
        try:
            for name, generator in network.generators.items():
                check_generator_state(generator, saved[name])
        except ValueError as error:
            raise SnapshotError(f"{snapshot.path}: {side}: {error}") from error


def load_sides(
    snapshot: Snapshot,
    state: GanState,
    networks: Mapping[str, Network],
    optimizers: Mapping[str, Optimizer],
) -> None:
    """Restore both sides from a snapshot that `check_networks` has seen."""
    for side in SIDES:
        network, part = networks[side], side_of(snapshot, side)
        _load_network(part, network)
        optimizers[side].load_state(select_prefix(part.arrays, OPTIMIZER), network.parameters)
        optimizers[side].learning_rate = state.learning_rates[side]
        for name, generator in network.generators.items():
            set_generator_state(generator, state.generators[side][name])


def load_gan(snapshot: Snapshot, gan: Gan) -> None:
    """Give a pair of networks what a snapshot of its training holds, to generate with and not to train on.

    Raises
    ------
    SnapshotError
        When it is of other networks; nothing is changed then.
    """
    for side, network in gan.networks.items():
        check_parameters(side_of(snapshot, side), network.parameters)
    averaged = snapshot.arrays.get(AVERAGED)
    if averaged is not None and averaged.shape != (gan.generator.parameters.size,):
        raise SnapshotError(f"{snapshot.path}: {AVERAGED} has {averaged.shape} parameters")
    for side, network in gan.networks.items():
        _load_network(side_of(snapshot, side), network)
    gan.averaged = None if averaged is None else averaged.astype(gan.dtype)


def _load_network(part: Snapshot, network: Network) -> None:
    """Give a network the parameters of a snapshot of one side, and what it carried."""
    load_parameters(part, network.parameters)
    network.load_state(select_prefix(part.arrays, CARRIED))
