"""Erdős-Rényi densities, and layers that have them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn import Graph, Shape, erdos_renyi_densities

sizes = st.lists(st.integers(1, 1000), min_size=2, max_size=6)


@given(sizes, st.floats(0.001, 1))
def test_the_mean_is_the_density_and_no_layer_is_more_than_dense(sizes, density):
    found = np.array(erdos_renyi_densities(sizes, density))
    places, sums = np.multiply(sizes[:-1], sizes[1:]), np.add(sizes[:-1], sizes[1:])
    assert found @ places / places.sum() == pytest.approx(density)
    assert (found > 0).all()
    assert (found <= 1 + 1e-12).all()
    per_sum = (found * places / sums)[found < 1 - 1e-12]
    assert per_sum == pytest.approx(np.full(len(per_sum), per_sum.mean() if len(per_sum) else 0))
    full = found >= 1 - 1e-12
    assert (places / sums)[full].max(initial=0) <= per_sum.max(initial=np.inf if full.all() else 0) * (
        1 + 1e-9
    )


def test_lenet_of_the_papers():
    found = erdos_renyi_densities([784, 300, 100, 10], 0.05)
    assert [round(each, 4) for each in found] == [0.0385, 0.1113, 0.9185]


@pytest.mark.parametrize(
    ("sizes", "density", "message"),
    [
        ([784], 0.1, "give the neurons of two layers at least"),
        ([784, 0], 0.1, "layer size 0"),
        ([784, 10], 0.0, "density 0.0 must be above 0 and at most 1"),
        ([784, 10], 1.5, "density 1.5 must be"),
    ],
)
def test_bad_sizes_and_densities_are_refused(sizes, density, message):
    with pytest.raises(ValueError, match=message):
        erdos_renyi_densities(sizes, density)


@given(st.integers(1, 30), st.integers(1, 30), st.floats(0.001, 1), st.integers(0, 2**32 - 1))
def test_a_sparse_layer_has_its_share_of_different_pairs(sources, targets, density, seed):
    graph = Graph()
    image = graph.input_layer(Shape(1, 1, sources))
    layer = graph.sparse(image, targets, density=density, generator=np.random.default_rng(seed))
    pairs = np.stack([graph.targets - layer.first, graph.sources])
    assert graph.connection_count == max(1, round(density * sources * targets))
    assert len(np.unique(pairs, axis=1)[0]) == graph.connection_count
    assert np.array_equal(np.lexsort(pairs[::-1]), np.arange(graph.connection_count))
    assert len(graph.weights) == graph.connection_count


def test_every_pair_is_drawn_equally_often():
    times = np.zeros(24)
    generator = np.random.default_rng(0)
    for _ in range(3000):
        graph = Graph()
        layer = graph.sparse(graph.input_layer(6), 4, density=0.25, generator=generator)
        times[(graph.targets - layer.first) * 6 + graph.sources] += 1
    assert np.abs(times - 750).max() < 6 * np.sqrt(750)


def test_weights_have_the_spread_of_the_mean_number_of_connections():
    graph = Graph()
    graph.sparse(graph.input_layer(1000), 200, density=0.1, generator=np.random.default_rng(0))
    assert graph.weights.std() == pytest.approx(np.sqrt(2 / (100 + 20)), rel=0.02)


@pytest.mark.parametrize("density", [0, -0.1, 1.1, np.nan])
def test_a_density_that_is_none_is_refused(density):
    graph = Graph()
    image = graph.input_layer(3)
    with pytest.raises(ValueError, match="must be above 0 and at most 1"):
        graph.sparse(image, 3, density=density, generator=np.random.default_rng(0))
    assert len(graph.layers) == 1
