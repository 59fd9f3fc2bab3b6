"""From a description and arrays to a network."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

import numpy as np

from networks.base.network import Network
from networks.exchange.keras.reading.model import Container
from networks.exchange.keras.refusals import RefusedError
from networks.ladder import network_from_configuration
from nn.one_line import one_line
from nn.parameter_limit import at_most_parameters

UNBUILDABLE = (ValueError, TypeError, KeyError, IndexError, RecursionError, MemoryError)


def build(container: Container, dtype: np.dtype) -> Network:
    """Return the network of a model, with its parameters and running statistics.

    Raises
    ------
    RefusedError
        When it cannot be built, or numbers are too large for the dtype.
    """
    arrays = _prefixed({name: part.arrays for name, part in container.parts.items()})
    state = _prefixed({name: part.state for name, part in container.parts.items()})
    described = container.describe()
    try:
        with at_most_parameters(sum(math.prod(array.shape) for array in arrays.values())):
            network = network_from_configuration(described, {}, dtype=dtype)
    except UNBUILDABLE as error:
        raise RefusedError(f"the network in it cannot be built: {one_line(str(error))}") from error
    there = network.state()
    for name, array in arrays.items():
        _write(network.parameters[name], array, name)
    for name, target in there.items():  # those of further calls of a network are the same
        _write(target, state[re.sub(r":\d+(?=\.)", "", name)], name)
    for name, part in container.parts.items():
        for each in part.frozen:
            network.parameters.freeze(f"{name}.{each}".removesuffix("."))
    return network


def _prefixed(inside: Mapping[str, Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {f"{name}.{each}": array for name, arrays in inside.items() for each, array in arrays.items()}


def _write(target: np.ndarray, array: np.ndarray, name: str) -> None:
    with np.errstate(over="ignore"):  # said below
        target[...] = array.reshape(target.shape)
    if not np.isfinite(target).all():
        raise RefusedError(f"{one_line(name[:60])}: holds numbers too large for {target.dtype}")
