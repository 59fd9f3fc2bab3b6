"""Indices of connections against plain double loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.graph.connection_lists import (
    convolution_connections,
    dense_connections,
    local_connections,
    random_connections,
)
from nn.shape import Shape
from nn.tiling import Tiling


@st.composite
def tilings(draw):
    block = draw(st.integers(1, 3))
    shape = Shape(block * draw(st.integers(1, 4)), block * draw(st.integers(1, 4)), draw(st.integers(1, 4)))
    return Tiling(shape, block, block + draw(st.integers(0, 4)), draw(st.integers(1, 3)))


@st.composite
def windows(draw):
    """A tiling, the number of output channels, and whether channels mix."""
    tiling, mixing = draw(tilings()), draw(st.booleans())
    factor = draw(st.integers(1, 3))
    return tiling, factor if mixing else factor * tiling.input_shape.channels, mixing


def seen_channels(tiling, channels, mixing, channel):
    everything = tiling.input_shape.channels
    return range(everything) if mixing else [channel // (channels // everything)]


def by_double_loop(tiling, channels, mixing):
    """Yield (source, target, place in the window, channel, place in the block, channel, tile, group)."""
    shape = tiling.input_shape
    output = Shape(tiling.output_height, tiling.output_width, channels)
    for y in range(output.height):
        for x in range(output.width):
            row, column = y // tiling.output_block, x // tiling.output_block
            top = row * tiling.input_block - tiling.margin
            left = column * tiling.input_block - tiling.margin
            for channel in range(channels):
                target = (y * output.width + x) * channels + channel
                for i in range(tiling.window):
                    for j in range(tiling.window):
                        if not (0 <= top + i < shape.height and 0 <= left + j < shape.width):
                            continue
                        for seen in seen_channels(tiling, channels, mixing, channel):
                            source = ((top + i) * shape.width + left + j) * shape.channels + seen
                            block = (y % tiling.output_block, x % tiling.output_block)
                            yield source, target, (i, j), seen, block, channel, (row, column)


@given(windows())
def test_windows_connect_what_a_double_loop_connects(case):
    expected = [(source, target) for source, target, *_ in by_double_loop(*case)]
    for connections in (local_connections(*case), convolution_connections(*case)):
        assert list(zip(connections.sources, connections.targets, strict=True)) == expected


@given(windows())
def test_local_weights_are_all_different_and_lie_tile_after_tile(case):
    tiling, channels, mixing = case
    connections = local_connections(*case)
    assert sorted(connections.numbers) == list(range(len(connections.numbers)))
    per_group = channels if mixing else channels // tiling.input_shape.channels
    keys = [
        (tile, channel // per_group, block, channel % per_group, window, seen)
        for _, _, window, seen, block, channel, tile in by_double_loop(*case)
    ]
    in_order = sorted(range(len(keys)), key=keys.__getitem__)
    assert np.argsort(connections.numbers).tolist() == in_order


@given(windows())
def test_convolution_weights_depend_on_the_place_in_window_and_block_alone(case):
    tiling, channels, mixing = case
    seen_count = tiling.input_shape.channels if mixing else 1
    shape = (tiling.window, tiling.window, seen_count, tiling.output_block, tiling.output_block, channels)
    expected = [
        np.ravel_multi_index((*window, seen if mixing else 0, *block, channel), shape)
        for _, _, window, seen, block, channel, _ in by_double_loop(*case)
    ]
    assert convolution_connections(*case).numbers.tolist() == expected


@given(st.integers(1, 9), st.integers(1, 9))
def test_dense_connects_all_in_the_order_of_a_weight_matrix(sources, targets):
    connections = dense_connections(sources, targets)
    assert connections.sources.tolist() == list(range(sources)) * targets
    assert connections.targets.tolist() == [target for target in range(targets) for _ in range(sources)]
    assert connections.numbers.tolist() == list(range(sources * targets))


@given(st.integers(1, 30), st.integers(1, 20), st.data())
def test_random_sources_are_distinct_and_sorted(sources, targets, data):
    count = data.draw(st.integers(1, sources))
    connections = random_connections(
        sources, targets, count, generator=np.random.default_rng(data.draw(st.integers(0, 99)))
    )
    rows = connections.sources.reshape(targets, count)
    assert (np.diff(rows, axis=1) > 0).all()
    assert rows.min() >= 0
    assert rows.max() < sources
    assert connections.targets.tolist() == np.repeat(np.arange(targets), count).tolist()
    assert connections.numbers.tolist() == list(range(targets * count))


@pytest.mark.parametrize("count", [2, 4])
def test_random_chooses_all_sets_equally_often(count):
    connections = random_connections(6, 30_000, count, generator=np.random.default_rng(0))
    codes = (1 << connections.sources.reshape(-1, count)).sum(axis=1)
    found, times = np.unique(codes, return_counts=True)
    assert len(found) == 15
    np.testing.assert_allclose(times, 2000, rtol=0.1)


def test_random_follows_its_generator():
    draws = [
        random_connections(100, 50, 7, generator=np.random.default_rng(seed)).sources for seed in (1, 1, 2)
    ]
    assert (draws[0] == draws[1]).all()
    assert (draws[0] != draws[2]).any()


@pytest.mark.parametrize("count", [0, 6])
def test_random_refuses_more_connections_than_sources(count):
    with pytest.raises(ValueError, match=rf"{count} connections per neuron: choose 1 to 5"):
        random_connections(5, 3, count, generator=np.random.default_rng(0))
