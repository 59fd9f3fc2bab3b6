"""Refusing arrays and dtypes that do not fit a network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from networks.base.inference import Histories
from networks.base.network import Network
from nn.activations import Activation
from nn.shape import AnyShape, Shape, as_shape


def check_network(what: str, network: Any) -> None:
    """Refuse what is not a network.

    Raises
    ------
    ValueError
        Saying what it is instead; `what` begins the message.
    """
    if not isinstance(network, Network):
        kind = f"the class {network.__name__}" if isinstance(network, type) else type(network).__name__
        raise ValueError(f"{what} is {kind}, not a network: make one, such as Dense(...)")


def check_activation(family: str, activation: Activation) -> Activation:
    """Check the activation of a network, and return it.

    Raises
    ------
    ValueError
        When it is not an activation, such as a name or a class.
    """
    if not isinstance(activation, Activation):
        raise ValueError(f"{family}: {activation!r} is not an activation: give one, such as Tanh()")
    return activation


def check_input(network: Network, values: np.ndarray, shape: AnyShape, what: str) -> None:
    """Refuse an array that does not fit a network, before it runs forward.

    Parameters
    ----------
    network
        Takes values of its dtype.
    values
        Should be (*shape, N) with N at least 1.
    shape
        What all axes but the last should be.
    what
        What the message calls the array.

    Raises
    ------
    ValueError
        Naming the network, the shape it has and the shape it was given.
    """
    _check_array(network, values, shape, what)
    network.histories = Histories.NEEDED


def _check_array(network: Network, values: np.ndarray, shape: AnyShape, what: str) -> None:
    if not isinstance(values, np.ndarray):
        kind = type(values).__name__
        raise ValueError(f"{network.family}: {what} are a {kind}, expected an array ({shape}, histories)")
    if values.shape[:-1] != tuple(shape) or not values.size:
        raise ValueError(f"{network.family}: {what} have shape {values.shape}, expected ({shape}, histories)")
    if network.dtype != values.dtype != network.stored_dtype:
        raise ValueError(f"{network.family}: {what} are {values.dtype}, the network is {network.dtype}")


def check_signals(network: Network, signals: np.ndarray, histories: int | None = None) -> None:
    """Refuse output signals that do not belong to the last forward, before they run backward.

    Parameters
    ----------
    network, signals
        The network they are for, and an array that should be (*output_shape, N).
    histories
        The number of histories of the last forward; by default that of the network's values.

    Raises
    ------
    ValueError
        As `check_input`, when the number of histories is another than that of the last forward, or when
        another forward ran in between.
    """
    check_histories_intact(network)
    _check_array(network, signals, network.output_shape, "signals")
    histories = network.values.shape[-1] if histories is None else histories
    if signals.shape[-1] != histories:
        raise ValueError(
            f"{network.family}: signals have {signals.shape[-1]} histories, the last forward had {histories}"
        )
    network.histories = Histories.FREE


def check_histories_intact(network: Network) -> None:
    """Refuse signals of a forward whose values are gone.

    Raises
    ------
    ValueError
        When another forward ran in between, with `predict` for instance.
    """
    if network.histories is Histories.GONE:
        raise ValueError(
            f"{network.family}: the values that these signals belong to are gone, because predict or an "
            "evaluation ran since: run forward once more before backward"
        )


def check_state(network: Network, state: Mapping[str, np.ndarray]) -> None:
    """Refuse arrays whose names, shapes or dtypes differ from those in a network's state.

    Raises
    ------
    ValueError
        Naming the array that is missing, foreign, or of another shape or dtype.
    """
    expected, found = (
        {name: f"{array.dtype} {array.shape}" for name, array in arrays.items()}
        for arrays in (network.state(), state)
    )
    for name in [*expected, *found]:
        here, there = expected.get(name, "nothing"), found.get(name, "nothing")
        if here != there:
            raise ValueError(f"{network.family}: state {name} is {there}, expected {here}")


def check_dtype(dtype: DTypeLike) -> np.dtype:
    """Return float32 or float64 as a dtype.

    Raises
    ------
    ValueError
        For anything else.
    """
    try:
        chosen = np.dtype(dtype)
    except TypeError as error:
        raise ValueError(f"dtype {dtype!r}: networks compute in float32 or float64") from error
    if chosen not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise ValueError(f"dtype {chosen}: networks compute in float32 or float64")
    return chosen


def image_shape(family: str, shape: tuple[int, ...]) -> Shape:
    """Return the shape of an image at the input or output of a network.

    Raises
    ------
    ValueError
        Naming the network, when it is not a shape, or that of a sequence or a video.
    """
    try:
        checked = as_shape(shape)
    except ValueError as error:
        raise ValueError(f"{family}: {error}") from None
    if not isinstance(checked, Shape):
        raise ValueError(f"{family}: takes images (height, width, channels), not {checked}")
    return checked
