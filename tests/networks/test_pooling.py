"""Pooling: every rung against central differences, the plain rung, torch and by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks.pooling import AveragePooling, GlobalAveragePooling, MaxPooling
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

WINDOWED = ("max_pooling", "average_pooling")
GLOBAL = ("global_max_pooling", "global_average_pooling")


@st.composite
def poolings(draw, name):
    """Draw a shape and options that fit it."""
    shape = draw(images)
    if name in GLOBAL:
        return shape, {}
    padding = tuple(draw(st.integers(0, 2)) for _ in range(2))
    window = tuple(
        draw(st.integers(max(1, 2 * pad), max(min(side + 2 * pad, 6), 2 * pad)))
        for side, pad in zip(shape[:2], padding, strict=True)
    )
    stride = draw(st.none() | st.integers(1, 4) | st.tuples(st.integers(1, 4), st.integers(1, 4)))
    options = {"window": window, "stride": stride, "padding": padding}
    return shape, options | ({"count_padding": draw(st.booleans())} if name == "average_pooling" else {})


@every_rung(*WINDOWED, *GLOBAL)
@given(data=st.data(), histories=histories)
def test_gradients(name, rung, data, histories):
    shape, options = data.draw(poolings(name))
    checks.check_gradients(layer(name, rung, shape, **options), histories)


@every_rung(*WINDOWED, *GLOBAL, faster=True)
@every_dtype
@given(data=st.data(), histories=histories)
def test_same_as_plain(name, rung, dtype, data, histories):
    shape, options = data.draw(poolings(name))
    network, plain = (layer(name, each, shape, dtype, **options) for each in (rung, "plain"))
    check_same_as_plain(network, plain, histories, dtype)


@every_rung(*WINDOWED, *GLOBAL)
@every_dtype
@given(data=st.data(), histories=histories)
def test_same_as_torch(name, rung, dtype, data, histories):
    shape, options = data.draw(poolings(name))

    def pool(torch, images):
        functional = torch.nn.functional
        if name in GLOBAL:
            adaptive = functional.adaptive_max_pool2d if "max" in name else functional.adaptive_avg_pool2d
            return adaptive(images, 1)
        arguments = [options[key] for key in ("window", "stride", "padding")]
        if name == "max_pooling":
            return functional.max_pool2d(images, *arguments)
        return functional.avg_pool2d(images, *arguments, count_include_pad=options["count_padding"])

    check_same_as_torch(layer(name, rung, shape, dtype, **options), pool, histories, dtype)


@every_rung("max_pooling")
@every_dtype
def test_the_first_of_equal_numbers_gets_the_signal(name, rung, dtype):
    network = layer(name, rung, Shape(2, 4, 1), dtype, window=2)
    image = np.array([[3, 7, -np.inf, -np.inf], [7, 7, -np.inf, -np.inf]], dtype)
    outputs = network.forward(image[:, :, None, None])
    assert outputs.ravel().tolist() == [7, -np.inf]
    input_signals = network.backward(np.array([5, 6], dtype).reshape(1, 2, 1, 1))
    assert input_signals[:, :, 0, 0].tolist() == [[0, 5, 6, 0], [0, 0, 0, 0]]


@every_rung("max_pooling")
@every_dtype
def test_padding_is_never_the_greatest(name, rung, dtype):
    network = layer(name, rung, Shape(2, 2, 1), dtype, window=2, padding=1)
    outputs = network.forward(np.full((2, 2, 1, 1), -np.inf, dtype))
    assert (outputs == -np.inf).all()
    assert (network.backward(np.ones_like(outputs)) == 1).all()


@every_rung("max_pooling", "global_max_pooling")
@every_dtype
@pytest.mark.parametrize("place", range(4))
def test_nan_wins_wherever_it_is(name, rung, dtype, place):
    network = layer(name, rung, Shape(2, 2, 1), dtype, **({"window": 2} if name == "max_pooling" else {}))
    values = np.arange(4, dtype=dtype)
    values[place] = np.nan
    assert np.isnan(network.forward(values.reshape(2, 2, 1, 1))).all()
    assert network.backward(np.ones((1, 1, 1, 1), dtype)).ravel()[place] == 1


@every_rung("average_pooling")
@pytest.mark.parametrize(
    ("count_padding", "expected"), [(True, [[0.25, 0.5], [0.75, 1]]), (False, [[1, 2], [3, 4]])]
)
def test_padding_counts_as_zeros_or_not_at_all(name, rung, count_padding, expected):
    network = layer(name, rung, Shape(2, 2, 1), window=2, padding=1, count_padding=count_padding)
    outputs = network.forward(np.array([[1.0, 2], [3, 4]])[:, :, None, None])
    assert outputs[:, :, 0, 0].tolist() == expected
    shares = network.backward(np.ones_like(outputs))
    assert (shares == (0.25 if count_padding else 1)).all()


@every_rung("max_pooling")
def test_windows_that_overlap_add_up(name, rung):
    network = layer(name, rung, Shape(1, 3, 1), window=(1, 2), stride=1)
    network.forward(np.array([1.0, 5, 2]).reshape(1, 3, 1, 1))
    signals = network.backward(np.array([10.0, 20]).reshape(1, 2, 1, 1))
    assert signals.ravel().tolist() == [0, 30, 0]


@every_rung(*WINDOWED)
def test_pixels_between_windows_get_no_signal(name, rung):
    network = layer(name, rung, Shape(1, 5, 1), window=1, stride=(1, 3))
    outputs = network.forward(np.arange(5.0).reshape(1, 5, 1, 1))
    assert outputs.ravel().tolist() == [0, 3]
    assert network.backward(np.ones_like(outputs)).ravel().tolist() == [1, 0, 0, 1, 0]


@pytest.mark.parametrize("kind", [MaxPooling, AveragePooling])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"window": 0}, "kernel: size 0 x 0 must be at least 1"),
        ({"window": 2, "stride": (1, 0)}, "kernel: stride 1 x 0 must be at least 1"),
        ({"window": 3, "padding": -1}, "kernel: padding -1 x -1 must be at least 0"),
        ({"window": 3, "padding": 2}, "padding 2 is more than half of the window 3"),
        ({"window": (3, 9)}, "width 4 with 0 \\+ 0 of padding is smaller than a kernel of 9"),
    ],
)
def test_what_cannot_be_pooled_is_refused(kind, options, message):
    with pytest.raises(ValueError, match=f"{kind.family}: {message}"):
        kind(Shape(6, 4, 2), **options)
    with pytest.raises(ValueError, match=f"{kind.family}: takes images"):
        kind(SequenceShape(6, 4), window=1)


def test_shapes_and_ranges():
    assert MaxPooling(Shape(28, 28, 3), window=2).output_shape == Shape(14, 14, 3)
    assert MaxPooling(Shape(7, 9, 3), window=3, stride=2, padding=1).output_shape == Shape(4, 5, 3)
    assert GlobalAveragePooling(Shape(7, 9, 3)).output_shape == Shape(1, 1, 3)
    assert MaxPooling(Shape(4, 4, 1), window=2, padding=1).output_range((2, 3)) == (2, 3)
    assert AveragePooling(Shape(4, 4, 1), window=2).output_range((2, 3)) == (2, 3)
    assert AveragePooling(Shape(4, 4, 1), window=2, padding=1).output_range((2, 3)) == (0, 3)
    alone = AveragePooling(Shape(4, 4, 1), window=2, padding=1, count_padding=False)
    assert alone.output_range((-3, -2)) == (-3, -2)
