"""The layout for kernels: rows, runs, chunks and stages."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.activations import Identity, Tanh
from nn.graph import Graph
from nn.graph.columns import compress
from nn.graph.rows import (
    CHUNK,
    CHUNKS,
    RUN,
    carried_once,
    carriers,
    cut_into_chunks,
    first_numbers,
    level_shares,
    offsets,
    part_order,
    run_ends,
    running_sum,
    slope_rows,
    sort_rows,
    stages,
)
from nn.shape import Shape


def layered():
    graph = Graph()
    image = graph.input_layer(Shape(10, 10, 1))
    hidden = graph.local(image, 1, 3, 1, 2, activation=Tanh(), generator=np.random.default_rng(0))
    product = graph.add_product()
    for index in hidden.neurons[:3]:
        graph.connect(graph.neuron(index), product, None)
    graph.connect(product, graph.add_neuron(Identity()), 1.0)
    return graph


@given(st.lists(st.integers(0, 4), max_size=30), st.permutations(range(5)))
def test_rows_are_sorted_into_another_order(keys, order):
    rows = compress(np.array(keys, np.int64), 5)
    found = sort_rows(*rows, np.array(order))
    for place, key in enumerate(order):
        assert (
            found.connections[found.starts[place] : found.starts[place + 1]].tolist() == rows.of(key).tolist()
        )


@given(st.lists(st.lists(st.integers(-1, 3), max_size=4), max_size=8))
def test_first_numbers_are_those_of_rows_without_a_gap(rows):
    rows = [list(np.cumsum(row)) for row in rows]
    starts = running_sum(np.array([len(row) for row in rows], np.int64))
    numbers = np.array([number for row in rows for number in row], np.int64)
    expected = [
        row[0] if row and row[0] >= 0 and row == list(range(row[0], row[0] + len(row))) else -1
        for row in rows
    ]
    assert first_numbers(starts, numbers).tolist() == expected


def test_offsets_move_rows_by_their_delay():
    moved = offsets(np.array([5, 6]), np.array([0, 2], np.int32), -100)
    assert moved.tolist() == [5, -194]
    assert moved.dtype == np.int32
    with pytest.raises(ValueError, match="a delay of 3000 steps over 1000000 rows is too far"):
        offsets(np.array([5]), np.array([3000], np.int32), -1_000_000)


@given(st.lists(st.integers(0, 3000), max_size=60), st.integers(0, 5))
def test_chunks_cover_everything_with_about_equal_work(work, begin):
    bounds = cut_into_chunks(np.array(work, np.int64), begin)
    assert bounds == sorted(bounds)
    assert (bounds[0], bounds[-1]) == (begin, begin + len(work))
    chunks = len(bounds) - 1
    assert 1 <= chunks <= CHUNKS
    if chunks > 1:
        assert sum(work) >= chunks * CHUNK
        sums = [sum(work[low - begin : high - begin]) for low, high in pairwise(bounds)]
        assert max(sums) <= sum(work) / chunks + max(work)


def test_small_levels_are_joined_and_large_ones_cut():
    work = np.array([10] * 3 + [CHUNK] * 4 + [10] * 2 + [5])
    first, bounds = stages(np.array([0, 1, 3, 7, 9, 10]), work)
    assert bounds.tolist() == [0, 3, 4, 5, 6, 7, 10]
    assert first.tolist() == [0, 1, 5, 6]


def test_no_levels_make_no_stages():
    first, bounds = stages(np.array([0]), np.array([], np.int64))
    assert first.tolist() == bounds.tolist() == [0]


def test_orders_keep_levels_together_and_parts_within_them():
    graph = layered()
    parts = np.random.default_rng(0).integers(3, size=graph.neuron_count)
    for backward in (False, True):
        order = part_order(graph, parts, backward=backward)
        sizes = [100, 200, 1, 1]
        levels = np.repeat(np.arange(4), sizes)
        assert np.diff(order.starts).tolist() == (sizes[::-1] if backward else sizes)
        assert sorted(order.neurons) == list(range(302))
        keys = [(-levels[n] if backward else levels[n], parts[n], n) for n in order.neurons]
        assert keys == sorted(keys)


def test_runs_are_neighbours_of_one_kind_within_a_level():
    graph = layered()
    order = part_order(graph, level_shares(graph, 1))
    ends = run_ends(graph, order, graph.activation_of)
    bounds = sorted({0, *ends.tolist()})
    assert bounds == [0, RUN, 100, 100 + RUN, 100 + 2 * RUN, 100 + 3 * RUN, 300, 301, 302]
    scattered = run_ends(graph, part_order(graph, np.arange(302) % 2), graph.activation_of)
    assert (scattered[:299] == np.arange(1, 300)).all()


def test_level_shares_divide_every_level():
    graph = layered()
    shares = level_shares(graph, 2)
    assert [shares[:100].mean(), shares[100:300].mean()] == [0.5, 0.5]
    assert (np.diff(shares[100:300]) >= 0).all()


def test_slopes_into_products_have_rows_of_their_own():
    graph = layered()
    rows = slope_rows(graph)
    product = graph.targets == 300
    assert (rows[~product] == graph.targets[~product]).all()
    assert rows[product].tolist() == [302, 303, 304]


def test_carriers_list_every_number_that_stands_somewhere():
    numbers, rows = carriers(np.array([4, -1, 2, 4, -1, 4]), 6)
    assert numbers.tolist() == [2, 4]
    assert rows.connections.tolist() == [2, 0, 3, 5]
    assert rows.starts.tolist() == [0, 1, 4]


def test_numbers_that_stand_only_once():
    assert carried_once(np.array([4, -1, 2, 4, 0]), 6).tolist() == [False, False, True, False, True]
    assert carried_once(np.array([-1, -1]), 0).tolist() == [False, False]
