"""Upsampling: every rung against central differences, the plain rung, torch and by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks.upsampling import BilinearUpsampling, NearestUpsampling, neighbours
from nn.shape import SequenceShape, Shape
from tests.support import network_checks as checks
from tests.support.weightless_layers import (
    check_same_as_plain,
    check_same_as_torch,
    every_dtype,
    every_rung,
    histories,
    images,
    layer,
)

pytestmark = pytest.mark.usefixtures("one_thread")

FAMILIES = ("nearest_upsampling", "bilinear_upsampling")

factors = st.integers(1, 4) | st.tuples(st.integers(1, 4), st.integers(1, 4))


@every_rung(*FAMILIES)
@given(shape=images, factor=factors, histories=histories)
def test_gradients(name, rung, shape, factor, histories):
    checks.check_gradients(layer(name, rung, shape, factor=factor), histories)


@every_rung(*FAMILIES, faster=True)
@every_dtype
@given(shape=images, factor=factors, histories=histories)
def test_same_as_plain(name, rung, dtype, shape, factor, histories):
    network, plain = (layer(name, each, shape, dtype, factor=factor) for each in (rung, "plain"))
    check_same_as_plain(network, plain, histories, dtype)


@every_rung(*FAMILIES)
@every_dtype
@given(shape=images, factor=factors, histories=histories)
def test_same_as_torch(name, rung, dtype, shape, factor, histories):
    def interpolate(torch, images):
        factors = factor if isinstance(factor, tuple) else (factor, factor)
        options = {"mode": "nearest"} if "nearest" in name else {"mode": "bilinear", "align_corners": False}
        return torch.nn.functional.interpolate(images, scale_factor=factors, **options)

    check_same_as_torch(layer(name, rung, shape, dtype, factor=factor), interpolate, histories, dtype)


@every_rung("nearest_upsampling")
def test_nearest_by_hand(name, rung):
    network = layer(name, rung, Shape(1, 2, 1), factor=(2, 3))
    outputs = network.forward(np.array([4.0, 5]).reshape(1, 2, 1, 1))
    assert outputs[:, :, 0, 0].tolist() == [[4, 4, 4, 5, 5, 5]] * 2
    signals = network.backward(np.arange(12.0).reshape(2, 6, 1, 1))
    assert signals.ravel().tolist() == [0 + 1 + 2 + 6 + 7 + 8, 3 + 4 + 5 + 9 + 10 + 11]


@every_rung("bilinear_upsampling")
def test_an_infinite_pixel_stays_in_its_neighbourhood(name, rung):
    values = np.zeros((6, 6, 1, 1), np.float32)
    values[2, 2] = np.inf
    network = layer(name, rung, Shape(6, 6, 1), "float32", factor=2)
    near = np.zeros((12, 12), np.bool_)
    near[3:7, 3:7] = True
    assert (np.isfinite(network.forward(values)[..., 0, 0]) == ~near).all()
    signals = np.zeros((12, 12, 1, 1), np.float32)
    signals[1, 1] = np.inf
    assert np.isfinite(network.backward(signals)).sum() == 32


@every_rung("bilinear_upsampling")
def test_bilinear_by_hand(name, rung):
    network = layer(name, rung, Shape(1, 2, 1), factor=(1, 2))
    outputs = network.forward(np.array([4.0, 8]).reshape(1, 2, 1, 1))
    assert outputs.ravel().tolist() == [4, 5, 7, 8]
    signals = network.backward(np.array([1.0, 1, 1, 0]).reshape(1, 4, 1, 1))
    assert signals.ravel().tolist() == [1 + 0.75 + 0.25, 0.25 + 0.75]


@every_rung(*FAMILIES)
@given(shape=images, factor=factors)
def test_a_grey_image_stays_grey(name, rung, shape, factor):
    network = layer(name, rung, shape, factor=factor)
    assert np.allclose(network.forward(np.full((*shape, 3), 0.7)), 0.7, rtol=1e-15)


@given(side=st.integers(1, 9), factor=st.integers(1, 5))
def test_neighbours_lie_on_both_sides(side, factor):
    lower, upper, distance = neighbours(side, factor)
    centres = (np.arange(side * factor) + 0.5) / factor - 0.5
    inside = (centres >= 0) & (centres <= side - 1)
    assert ((lower >= 0) & (lower <= upper) & (upper < side) & (upper - lower <= 1)).all()
    assert ((distance >= 0) & (distance < 1)).all()
    assert np.allclose((lower + (upper - lower) * distance)[inside], centres[inside])


@pytest.mark.parametrize("kind", [NearestUpsampling, BilinearUpsampling])
def test_what_cannot_be_made_larger_is_refused(kind):
    for factor in (0, (2, -1)):
        with pytest.raises(ValueError, match=f"{kind.family}: factor .* must be at least 1"):
            kind(Shape(2, 2, 1), factor=factor)
    for factor in (1.5, (1, 2, 3)):
        with pytest.raises(ValueError, match=r"factor .*: give one whole number, or one for rows"):
            kind(Shape(2, 2, 1), factor=factor)
    with pytest.raises(ValueError, match=f"{kind.family}: takes images"):
        kind(SequenceShape(2, 2), factor=2)


@pytest.mark.parametrize("kind", [NearestUpsampling, BilinearUpsampling])
def test_shapes_and_ranges(kind):
    network = kind(Shape(5, 4, 3), factor=(2, 3))
    assert network.output_shape == Shape(10, 12, 3)
    assert network.output_range((-1, 2)) == (-1, 2)
