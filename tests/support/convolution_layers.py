"""Convolutions and their transposes for tests: random ones, a small one, one that runs in parallel."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from networks.convolution import Convolution
from networks.ladder import FAMILIES
from nn.activations import ELU, Identity, LeakyReLU, Softplus, Tanh
from nn.initializers import BiasInitializer
from nn.shape import Shape
from tests.support import network_checks as checks

NAMES = ("convolution", "transposed_convolution")
RUNGS = [(name, rung) for name in NAMES for rung in FAMILIES[name].rungs]
FASTER_RUNGS = [(name, rung) for name, rung in RUNGS if rung != "plain"]

pairs_up_to_3 = st.tuples(st.integers(1, 3), st.integers(1, 3))


@st.composite
def windows(draw: Any, transposed: bool) -> dict[str, Any]:
    """Draw kernel, stride, padding and dilation, with the smallest image or a slightly larger one."""
    kernel = draw(st.tuples(st.integers(1, 5), st.integers(1, 4)))
    stride, dilation = draw(pairs_up_to_3), draw(pairs_up_to_3)
    padding = draw(st.tuples(st.integers(0, 3), st.integers(0, 3)))
    sides = []
    for size, step, zeros, spacing in zip(kernel, stride, padding, dilation, strict=True):
        span = (size - 1) * spacing + 1
        least = -((span - 2 * zeros - 1) // step) + 1 if transposed else span - 2 * zeros
        sides.append(max(1, least) + draw(st.integers(0, 5)))
    arguments = {"kernel": kernel, "stride": stride, "padding": padding, "dilation": dilation}
    if transposed:
        limits = (max(pair) - 1 for pair in zip(stride, dilation, strict=True))
        arguments["output_padding"] = tuple(draw(st.integers(0, limit)) for limit in limits)
    return arguments | {"sides": sides}


@st.composite
def layers(draw: Any, name: str) -> dict[str, Any]:
    """Draw the arguments of a layer."""
    arguments = draw(windows(name == "transposed_convolution"))
    arguments["input_shape"] = Shape(*arguments.pop("sides"), draw(st.integers(1, 4)))
    arguments["channels"] = draw(st.sampled_from([1, 2, 3, 5, 9]))
    arguments["activation"] = draw(st.sampled_from([Identity(), LeakyReLU(), ELU(), Softplus(), Tanh()]))
    return arguments


def layer(name: str, rung: str, dtype: Any = "float64", **arguments: Any) -> Convolution:
    """Build a layer, always with the same parameters."""
    network: Convolution = FAMILIES[name].rungs[rung](
        **arguments, bias=BiasInitializer(spread=0.5), generator=np.random.default_rng(2), dtype=dtype
    )
    return network


def small(name: str, rung: str, dtype: Any = "float64") -> Convolution:
    """Build a layer with a stride that does not fit evenly, padding and an even kernel side."""
    geometry: dict[str, Any] = {"kernel": (3, 4), "stride": (2, 1), "padding": (1, 2)}
    return layer(name, rung, dtype, input_shape=Shape(6, 5, 2), channels=3, **geometry, activation=Tanh())


def large(name: str, rung: str, dtype: Any = "float64") -> Convolution:
    """Build a layer that runs in parallel with 35 histories."""
    geometry: dict[str, Any] = {"kernel": 5, "stride": 2, "padding": 2}
    return layer(name, rung, dtype, input_shape=Shape(21, 18, 3), channels=10, **geometry)


def numbers(network: Convolution, histories: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw input values and output signals whose mean is not zero.

    The gradient of a shared bias is one sum over the whole image. Where it cancels, only rounding is left,
    and no two ways to compute it agree.
    """
    values, signals = checks.numbers(network, histories)
    return values, signals + network.dtype.type(1)


def check_same_as_plain(network: Convolution, plain: Convolution, histories: int) -> None:
    """Compare a rung with the plain one, starting from the same parameters."""
    assert np.array_equal(network.parameters.values, plain.parameters.values)
    values, signals = numbers(plain, histories)
    tolerance = FAMILIES[plain.family].tolerance[str(plain.dtype)]
    found, expected = (checks.pass_through(each, values, signals) for each in (network, plain))
    checks.assert_close(found, expected, tolerance)
    assert np.array_equal(network.values, found["outputs"])
    assert np.array_equal(network.signals, signals)
