"""The order of computation against longest paths, and cycles by their names."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.graph.levels import CycleError, find_levels


def find(connections, count):
    sources, targets = (np.array([pair[end] for pair in connections], np.int64) for end in (0, 1))
    return find_levels(sources, targets, count, lambda neuron: f"neuron {neuron}")


@st.composite
def acyclic(draw):
    count = draw(st.integers(1, 12))
    names = draw(st.permutations(range(count)))
    pairs = draw(st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=30))
    return [(names[min(pair)], names[max(pair)]) for pair in pairs if pair[0] != pair[1]], count


@given(acyclic())
def test_level_is_the_longest_path(graph):
    connections, count = graph

    def longest(neuron):
        return max((1 + longest(source) for source, target in connections if target == neuron), default=0)

    levels = find(connections, count)
    expected = sorted(range(count), key=lambda neuron: (longest(neuron), neuron))
    assert levels.neurons.tolist() == expected
    sizes = np.bincount([longest(neuron) for neuron in range(count)])
    assert np.diff(levels.starts).tolist() == sizes.tolist()


def test_no_neurons_have_no_levels():
    levels = find([], 0)
    assert levels.neurons.size == 0
    assert levels.starts.tolist() == [0]


def test_chain_of_10_000_neurons():
    chain = np.arange(10_000)
    levels = find_levels(chain[:-1], chain[1:], 10_000, str)
    assert levels.neurons.tolist() == chain.tolist()
    assert len(levels.starts) == 10_001


@pytest.mark.parametrize(
    ("connections", "cycle"),
    [
        ([(0, 0)], [0]),
        ([(0, 1), (1, 0)], [0, 1]),
        ([(0, 1), (1, 2), (2, 3), (3, 1), (3, 4)], [1, 2, 3]),
        ([(4, 3), (3, 2), (2, 4), (0, 4), (4, 1)], [2, 4, 3]),
    ],
)
def test_cycle_is_named_in_the_direction_of_its_connections(connections, cycle):
    with pytest.raises(CycleError) as caught:
        find(connections, 5)
    assert caught.value.neurons == cycle
    names = " -> ".join(f"neuron {neuron}" for neuron in [*cycle, cycle[0]])
    assert names in str(caught.value)
    assert "give one of its connections a delay" in str(caught.value)


def test_long_cycle_is_shortened_in_the_message_only():
    ring = np.arange(1000)
    with pytest.raises(CycleError, match=r"988 more") as caught:
        find_levels(ring, np.roll(ring, -1), 1000, str)
    assert caught.value.neurons == ring.tolist()
    assert len(str(caught.value)) < 300
