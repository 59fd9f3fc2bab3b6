"""Sums of many numbers are as exact as one addition, on every rung: constant images in every layer."""

from functools import partial

import numpy as np
import pytest

from networks import Dense, SpectralNormalisation
from networks.base.layer_families import LAYERS
from networks.base.weightless_families import WEIGHTLESS
from nn.activations import Identity
from nn.clipping import ClipByGlobalNorm, global_norm
from nn.graph import Graph
from nn.kernels.core.sums import columns_times, dot, length_of, rows_times, sum_range
from nn.parameters import Parameters
from nn.regularizers import L1, L2, MaxNorm
from nn.shape import SequenceShape, Shape
from nn.sums import mean, total, variance
from tests.nn.test_activations_edges import every_rung

pytestmark = pytest.mark.usefixtures("one_thread")

IMAGE = Shape(128, 128, 3)
LEVELS = [0.8, 0.3, 1000.1]
every_level = pytest.mark.parametrize("level", LEVELS)


def kind(family, rung):
    return {**LAYERS, **WEIGHTLESS}[family].rungs[rung]


def constant(level, histories=3, shape=IMAGE):
    return np.full((*shape, histories), np.float32(level))


@every_rung
@every_level
@pytest.mark.parametrize("family", ["layer_normalisation", "batch_normalisation"])
def test_a_constant_image_has_no_variance(family, rung, level):
    options = {"axes": "all"} if family == "layer_normalisation" else {}
    network = kind(family, rung)(IMAGE, **options)
    values = constant(level)
    assert np.abs(network.forward(values, training=True)).max() <= 1e-6
    signals = network.backward(np.full_like(values, 0.7))
    assert np.abs(signals).max() <= 1e-4  # a rounding of 0.7 over the root of epsilon
    shift = network.parameters.gradient("shift").ravel()
    count = values.size / shift.size
    np.testing.assert_allclose(shift, np.float32(0.7) * count, rtol=3e-7)


@every_rung
@pytest.mark.parametrize("family", ["layer_normalisation", "batch_normalisation"])
@pytest.mark.parametrize("scale", [1e30, 3e38])
def test_numbers_whose_sums_are_too_large_are_normalised_to_zero(family, rung, scale):
    """Their variance is infinite, as it is in PyTorch; that of a constant is still zero."""
    options = {"axes": "all"} if family == "layer_normalisation" else {}
    network = kind(family, rung)(IMAGE, **options)
    assert not network.forward(constant(scale), training=True).any()
    values = constant(scale)
    values[::2] *= -1
    assert not network.forward(values, training=True).any()


@every_rung
@pytest.mark.parametrize("family", ["layer_normalisation", "batch_normalisation"])
@pytest.mark.parametrize("offset", [0, 1000])
def test_normalised_numbers_are_those_of_exact_sums(family, rung, offset):
    """Also where the mean is much larger than the deviation."""
    options = {"axes": "all"} if family == "layer_normalisation" else {}
    generator = np.random.default_rng(0)
    values = (offset + generator.random((*IMAGE, 3))).astype(np.float32)
    exact = kind(family, "plain")(IMAGE, **options, dtype=np.float64)
    expected = exact.forward(values.astype(np.float64), training=True)
    found = kind(family, rung)(IMAGE, **options).forward(values, training=True)
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-6 if not offset else 2e-4)


@every_rung
@every_level
@pytest.mark.parametrize("family", ["global_average_pooling", "average_pooling"])
def test_the_average_of_a_constant_is_the_constant(family, rung, level):
    options = {} if family.startswith("global") else {"window": (64, 50), "stride": 32}
    network = kind(family, rung)(IMAGE, **options)
    np.testing.assert_allclose(network.forward(constant(level)), np.float32(level), rtol=2.5e-7)


@every_rung
def test_an_infinite_average_is_infinite(rung):
    values = constant(0.8)
    values[70, 20, 1, 2] = np.inf
    found = kind("global_average_pooling", rung)(IMAGE).forward(values)
    assert found[0, 0, 1, 2] == np.inf
    assert np.isfinite(np.delete(found.ravel(), 5)).all()


@every_rung
@every_level
@pytest.mark.parametrize("family", ["nearest_upsampling", "bilinear_upsampling"])
def test_signals_of_a_large_factor_come_back_whole(family, rung, level):
    network = kind(family, rung)(Shape(2, 2, 3), factor=64)
    network.forward(np.zeros((2, 2, 3, 3), np.float32))
    signals = network.backward(constant(level))
    np.testing.assert_allclose(signals, np.float32(level) * 64 * 64, rtol=1e-6)


@every_rung
@every_level
@pytest.mark.parametrize("family", ["dense", "convolution", "local", "graph"])
def test_biases_add_up_all_histories(family, rung, level):
    histories = 50_000
    if family == "graph":
        network = graph(kind(family, rung))
    else:
        shape = Shape(4, 4, 1)
        build = partial(kind(family, rung), shape, activation=Identity(), generator=np.random.default_rng(0))
        network = {
            "dense": partial(build, output_shape=Shape(1, 1, 2)),
            "convolution": partial(build, channels=2, kernel=1),
            "local": partial(build, input_block=2, window=2, output_block=1, channels=1),
        }[family]()
    network.forward(np.zeros((*network.input_shape, histories), np.float32))
    network.backward(np.full((*network.output_shape, histories), np.float32(level)))
    found = network.parameters.gradient("biases").ravel()
    positions = network.output_shape.size / found.size
    np.testing.assert_allclose(found, positions * histories * np.float64(np.float32(level)), rtol=1e-6)


def graph(kind):
    wiring = Graph()
    source = wiring.input_layer(Shape(1, 1, 1))
    target = wiring.add_neuron(Identity(), bias=0.1)
    wiring.connect(wiring.neuron(source.first), target, 1.0)
    wiring.set_output([target])
    return kind(wiring)


def test_torch_gives_the_same_normalisation_of_a_constant_image():
    torch = pytest.importorskip("torch")
    values = constant(0.8)
    norm = torch.nn.LayerNorm([3, 128, 128])
    expected = norm(torch.tensor(np.moveaxis(values, (3, 2), (0, 1)).copy())).detach().numpy()
    found = kind("layer_normalisation", "o2")(IMAGE, axes="all").forward(values)
    np.testing.assert_allclose(np.moveaxis(found, (3, 2), (0, 1)), expected, atol=1e-6)


@pytest.mark.parametrize("shape", [(3, 50_000), (50_000, 3), (40, 1000), (1, 1), (5, 33)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_products_with_a_matrix(shape, dtype):
    matrix = np.full(shape, 0.8, dtype)
    left, right = (np.full(length, 0.3, dtype) for length in shape)
    rows, columns = np.empty(shape[0], dtype), np.empty(shape[1], dtype)
    rows_times(matrix, right, rows)
    columns_times(matrix, left, columns)
    product = np.float64(dtype(0.8)) * np.float64(dtype(0.3))
    np.testing.assert_allclose(rows, shape[1] * product, rtol=5e-7)
    np.testing.assert_allclose(columns, shape[0] * product, rtol=5e-7)
    assert dot(matrix.ravel(), matrix.ravel()) == pytest.approx(matrix.size * np.float64(dtype(0.8)) ** 2)


@pytest.mark.parametrize("count", [0, 1, 15, 16, 17, 5000, 100_001])
def test_a_range_adds_up(count):
    values = np.full(count + 7, np.float32(0.3))
    assert sum_range(values, 3, count) == pytest.approx(count * np.float64(np.float32(0.3)), rel=3e-7)


@pytest.mark.parametrize("axis", [0, 1, (0, 1), (1, 2)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_sums_of_arrays_are_those_in_float64(axis, keepdims):
    values = np.full((3000, 50, 4), np.float32(0.3))
    for own, numpy in ((total, np.sum), (mean, np.mean), (variance, np.var)):
        found = own(values, axis=axis, keepdims=keepdims)
        assert found.dtype == np.float32
        expected = numpy(values.astype(np.float64), axis=axis, keepdims=keepdims)
        np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-30)


def parameters(values):
    held = Parameters({"weights": values.shape}, values.dtype)
    held["weights"][...] = values
    held.gradients[...] = values.ravel()
    return held


@pytest.mark.parametrize("count", [5, 300_000])
@pytest.mark.parametrize("size", [1e-25, 1e-40, 0.8, 1e20, 3e38, 0.0])
def test_norms_of_any_size_are_measured(count, size):
    values = np.full((count,), size, np.float32)
    exact = float(np.float32(size)) * np.sqrt(count)
    assert global_norm([values]) == pytest.approx(exact, rel=1e-12)
    assert length_of(values) == pytest.approx(exact, rel=1e-12)
    clipped = parameters(values)
    if exact:
        ClipByGlobalNorm(exact / 8)(clipped)
        assert global_norm([clipped.gradients]) == pytest.approx(exact / 8, rel=1e-4)


@pytest.mark.parametrize("size", [1e-200, 1e200, 1.5e308])
def test_norms_of_float64_neither_vanish_nor_overflow(size):
    values = np.array([3.0, -4.0]) * (size / 5)
    assert global_norm([values]) == pytest.approx(size, rel=1e-12)
    assert length_of(values) == pytest.approx(size, rel=1e-12)


def test_what_is_no_number_has_no_norm():
    assert np.isnan(global_norm([np.array([1, np.nan], np.float32)]))
    assert np.isnan(length_of(np.array([1, np.nan], np.float32)))
    assert length_of(np.array([1, np.inf], np.float32)) == np.inf
    assert global_norm([np.array([1, -np.inf], np.float32)]) == np.inf


@pytest.mark.parametrize("size", [1e-25, 0.8, 1e20, 1e30])
@pytest.mark.parametrize("count", [1000, 300_000])
def test_penalties_of_any_size_are_measured(size, count):
    values, exact = np.full((1, count), size, np.float32), float(np.float32(size))
    assert L2(2.0).before_step(parameters(values)) == pytest.approx(count * exact**2, rel=1e-9)
    assert L1(1.0).before_step(parameters(values)) == pytest.approx(count * exact, rel=1e-9)


@pytest.mark.parametrize("size", [0.8, 1e20, 1e30])
def test_rows_of_any_length_are_shortened_to_the_limit(size):
    held = parameters(np.full((2, 50_000), size, np.float32))
    MaxNorm(1.5).after_step(held)
    lengths = np.linalg.norm(held["weights"].astype(np.float64), axis=1)
    np.testing.assert_allclose(lengths, 1.5, rtol=1e-6)


@pytest.mark.parametrize("size", [0.8, 1e-25, 1e18])
def test_a_spectral_norm_is_that_of_exact_sums(size):
    """All weights alike: the largest singular value is their size times the root of their number."""
    draws = np.random.default_rng(0)
    dense = Dense(Shape(1, 1, 20_000), Shape(1, 1, 4), generator=draws, activation=Identity())
    network = SpectralNormalisation(dense.input_shape, dense, generator=draws)
    network.parameters["network.weights"][...] = size
    for _ in range(3):
        network.forward(np.zeros((1, 1, 20_000, 1), np.float32), training=True)
    used = network.network.parameters["weights"]
    np.testing.assert_allclose(used, 1 / np.sqrt(80_000), rtol=1e-6)


@every_rung
def test_long_sequences_add_up(rung):
    """As torch's, whose own float32 is off by as much."""
    for family in ("lstm", "gru"):
        build = partial(SequenceShape, 300, 1)
        network = kind(family, rung)(build(), units=1, generator=np.random.default_rng(0))
        exact = kind(family, "plain")(build(), units=1, generator=np.random.default_rng(0), dtype=np.float64)
        values = np.full((300, 1, 64), np.float32(0.8))
        for each in (network, exact):
            given = values.astype(each.dtype)
            each.backward(np.full_like(each.forward(given), 0.8))
        np.testing.assert_allclose(network.parameters.gradients, exact.parameters.gradients, rtol=5e-4)
