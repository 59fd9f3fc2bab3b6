"""Partitions: balance, cut, determinism."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.graph import Graph
from nn.graph.partition import partition
from nn.shape import Shape


def grid_graph(seed=0):
    """A locally connected pair of images."""
    graph = Graph()
    image = graph.input_layer(Shape(24, 24, 1))
    graph.local(image, 1, 3, 1, 2, generator=np.random.default_rng(seed))
    return graph


@pytest.mark.parametrize("count", [2, 3, 8])
def test_parts_of_windows_are_balanced_and_few_connections_are_cut(count):
    graph = grid_graph()
    found = graph.partition(count)
    assert set(found.parts) == set(range(count))
    assert found.work.max() < 1.05 * found.work.mean()
    crossing = found.parts[graph.sources] != found.parts[graph.targets]
    assert found.cut == crossing.sum()
    assert found.cut_share == pytest.approx(crossing.mean())
    assert found.cut_share < 0.05 * count
    assert f"{count} parts, {found.cut} connections cut" in str(found)


def test_partition_finds_windows_behind_shuffled_numbers():
    graph = grid_graph()
    places = np.random.default_rng(1).permutation(graph.neuron_count)
    shuffled = partition(places[graph.sources], places[graph.targets], graph.neuron_count, 2)
    by_index = (
        places[graph.sources] * 2 // graph.neuron_count != places[graph.targets] * 2 // graph.neuron_count
    )
    assert shuffled.cut < 0.2 * by_index.sum()


def test_work_counts_neurons_and_both_ends_of_connections():
    found = partition(np.array([0, 0, 1]), np.array([1, 1, 2]), 3, 1)
    assert found.work.tolist() == [3 + 2 * 3]
    assert found.cut == 0


def test_the_same_graph_gives_the_same_parts():
    first, second = (grid_graph().partition(4).parts for _ in range(2))
    assert (first == second).all()


@given(st.integers(0, 8), st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=20), st.data())
def test_any_graph_can_be_divided(neurons, pairs, data):
    pairs = [pair for pair in pairs if max(pair) < neurons]
    sources, targets = (np.array([pair[end] for pair in pairs], np.int64) for end in (0, 1))
    count = data.draw(st.integers(1, 10))
    found = partition(sources, targets, neurons, count)
    assert found.parts.shape == (neurons,)
    assert ((found.parts >= 0) & (found.parts < count)).all()
    assert found.work.sum() == neurons + 2 * len(pairs)
    assert 0 <= found.cut_share <= 1


def test_no_parts_are_refused():
    with pytest.raises(ValueError, match="0 parts"):
        grid_graph().partition(0)
