"""Initializers: variances, ranges, determinism."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks.convolution import Convolution
from networks.dense import Dense
from nn.initializers import (
    INITIALIZERS,
    BiasInitializer,
    Glorot,
    He,
    Normal,
    Orthogonal,
    Uniform,
    initializer_by_name,
)
from nn.shape import Shape

SHAPE = (200, 100)
FAN_IN, FAN_OUT = 100, 200


def draw(initializer, seed=0, dtype=np.float64, shape=SHAPE):
    return initializer(shape, FAN_IN, FAN_OUT, generator=np.random.default_rng(seed), dtype=dtype)


@pytest.mark.parametrize("name", INITIALIZERS)
def test_the_same_seed_gives_the_same_weights_in_either_dtype(name):
    initializer = initializer_by_name(name)
    assert initializer.name == name
    weights = draw(initializer)
    assert weights.shape == SHAPE
    assert weights.dtype == np.float64
    assert np.array_equal(weights, draw(initializer))
    assert np.array_equal(weights.astype(np.float32), draw(initializer, dtype=np.float32))
    assert not np.array_equal(weights, draw(initializer, seed=1))


@pytest.mark.parametrize(
    ("initializer", "deviation", "limit"),
    [
        (Uniform(0.3), 0.3 / math.sqrt(3), 0.3),
        (Normal(0.3), 0.3, math.inf),
        (Glorot(), math.sqrt(2 / 300), math.sqrt(6 / 300)),
        (He(), math.sqrt(2 / 100), math.sqrt(6 / 100)),
    ],
)
def test_deviation_and_range(initializer, deviation, limit):
    weights = draw(initializer)
    assert weights.std() == pytest.approx(deviation, rel=0.02)
    assert abs(weights.mean()) < 5 * deviation / math.sqrt(weights.size)
    assert np.abs(weights).max() <= limit


@given(st.integers(1, 12), st.integers(1, 12))
def test_orthogonal_rows_or_columns(rows, columns):
    weights = draw(Orthogonal(), shape=(rows, columns))
    product = weights @ weights.T if rows <= columns else weights.T @ weights
    assert np.allclose(product, np.eye(min(rows, columns)), atol=1e-12)


def test_orthogonal_flattens_all_but_the_last_axis():
    weights = draw(Orthogonal(), shape=(2, 3, 10)).reshape(6, 10)
    assert np.allclose(weights @ weights.T, np.eye(6), atol=1e-12)


def test_biases_have_a_mean_and_a_spread():
    biases = BiasInitializer(mean=-1, spread=0.5)(
        (10_000,), generator=np.random.default_rng(0), dtype=np.float64
    )
    assert biases.mean() == pytest.approx(-1, abs=0.02)
    assert biases.std() == pytest.approx(0.5, rel=0.03)
    zeros = BiasInitializer()((3,), generator=np.random.default_rng(0))
    assert zeros.dtype == np.float32
    assert zeros.tolist() == [0, 0, 0]


@pytest.mark.parametrize("setting", [-1.0, math.nan, math.inf, "1", None])
def test_a_spread_that_is_none_is_refused(setting):
    with pytest.raises(ValueError, match="spread"):
        BiasInitializer(spread=setting)
    with pytest.raises(ValueError, match="initializer uniform: limit"):
        Uniform(setting)
    with pytest.raises(ValueError, match="initializer normal: deviation"):
        Normal(setting)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_start_that_the_dtype_cannot_hold_is_refused(dtype):
    large = {"float32": 1e39, "float64": 1.7e308}[dtype]
    for start in (Normal(large), *[Uniform(large)] * (dtype == "float32")):
        with pytest.raises(ValueError, match=f"{start.name}: a start of .* too large for {dtype}"):
            start((64,), 1, 1, generator=np.random.default_rng(0), dtype=dtype)
    with pytest.raises(ValueError, match=f"bias: a start of .* is too large for {dtype}"):
        BiasInitializer(large, large)((64,), generator=np.random.default_rng(0), dtype=dtype)


@pytest.mark.parametrize("mean", [math.nan, -math.inf, "1"])
def test_a_mean_that_is_no_number_is_refused(mean):
    with pytest.raises(ValueError, match="bias mean"):
        BiasInitializer(mean=mean)


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(ValueError, match="did you mean glorot"):
        initializer_by_name("glorrot")


@pytest.mark.parametrize("initializer", [Glorot(), He()], ids=lambda each: each.name)
@pytest.mark.parametrize("kind", [Dense, Convolution])
def test_weights_start_within_the_limits_of_torch(kind, initializer):
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    options = {"generator": np.random.default_rng(0), "initializer": initializer}
    if kind is Dense:
        network, theirs = Dense(Shape(1, 1, 90), Shape(1, 1, 60), **options), torch.nn.Linear(90, 60).weight
    else:
        network = Convolution(Shape(9, 9, 10), channels=20, kernel=3, **options)
        theirs = torch.nn.Conv2d(10, 20, 3).weight
    if isinstance(initializer, Glorot):
        torch.nn.init.xavier_uniform_(theirs)
    else:
        torch.nn.init.kaiming_uniform_(theirs, nonlinearity="relu")
    ours = network.parameters["weights"]
    assert np.abs(ours).max() == pytest.approx(theirs.abs().max().item(), rel=0.01)
    assert ours.std() == pytest.approx(theirs.std().item(), rel=0.05)
