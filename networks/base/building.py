"""Building the contents of containers: existing networks and those of recipes, all of one dtype."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from networks.base.checks import check_dtype, check_network
from networks.base.network import Network
from networks.base.recipe import Recipe
from nn.shape import ShapeLike


def common_dtype(dtype: DTypeLike | None, networks: Iterable[Any]) -> np.dtype | None:
    """Return the dtype that a container asks for, or that of the first existing network.

    Raises
    ------
    ValueError
        When it is neither float32 nor float64.
    """
    if dtype is not None:
        return check_dtype(dtype)
    return next((each.dtype for each in networks if isinstance(each, Network)), None)


def built(
    what: str,
    made: Network | Recipe[Network],
    *input_shapes: ShapeLike,
    generator: np.random.Generator | None = None,
    dtype: DTypeLike | None = None,
) -> Network:
    """Return an existing network, or build the one of a recipe.

    Raises
    ------
    ValueError
        When it is not a network, cannot be built, or it is of another dtype than the one that is given; the
        message begins with `what`.
    """
    network: Any = made
    if isinstance(made, Recipe):
        try:
            network = made.build(*input_shapes, generator=generator, dtype=dtype)
        except ValueError as error:
            raise ValueError(f"{what}: {error}") from error
    check_network(what, network)
    if dtype is not None and network.dtype != check_dtype(dtype):
        wanted = check_dtype(dtype)
        raise ValueError(
            f"{what}: {network.family} is {network.dtype}, but everything here is to be {wanted}: make it "
            f'with dtype="{wanted}", or give another dtype to all'
        )
    return network
