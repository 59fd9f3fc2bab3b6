"""Moves: what they keep, what goes along, and where connections grow."""

from collections import Counter
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks import Dense, Sequential
from networks.graph_o2 import GraphNetwork
from networks.ladder import FAMILIES
from networks.sparse_training.gradients import steepest_places
from networks.sparse_training.moves import largest, random_places
from networks.sparse_training.places import movable_groups
from nn import SGD, Adam, CycleError, Graph, Tanh, check_gradients
from nn.graph import Kind
from nn.graph.rows import carried_once
from tests.support.sparse_networks import (
    KINDS,
    connected,
    counts,
    kinds,
    make_trainer,
    odd_graph,
    seeds,
    sparse_graph,
    train,
)

pytestmark = pytest.mark.usefixtures("one_thread")


class Watched:
    """Moving connections that remember weights and moments by their ends, before and after every move."""

    def look(self, trainer):
        network = self.network
        start, found = network.parameters.start_within(trainer.network.parameters), {}
        slots = [trainer.optimizer.state()[slot] for slot in trainer.optimizer.slots]
        wiring = network.graph
        for number, place in enumerate(wiring.weight_of.tolist()):
            if place >= 0:
                ends = int(wiring.sources[number]), int(wiring.targets[number]), int(wiring.delays[number])
                numbers = float(network.weights[place]), *(float(slot[start + place]) for slot in slots)
                found.setdefault(ends, []).append(numbers)
        return found

    def before_step(self, trainer):
        before = self.look(trainer)
        super().before_step(trainer)
        if (after := self.look(trainer)) != before:
            self.moves.append((before, after))


def watched(kind, graph, build=lambda inner: inner):
    """Train with moves; return the network, and what was there before and after each."""
    moving = KINDS[kind](fraction=0.5)
    moving.__class__ = type(kind, (Watched, type(moving)), {})
    moving.network, moving.moves = GraphNetwork(graph), []
    make_trainer(build(moving.network)).train(epochs=3, callbacks=[moving])
    assert moving.moves
    return moving.network, moving.moves


def assert_followed(kind, moves):
    """What stays keeps its weight and its moments, and all else is new."""
    for before, after in moves:
        new = 0
        for ends, found in after.items():
            for weight, *moments in found:
                if (weight, *moments) not in before.get(ends, []):
                    assert moments == [0, 0]
                    assert (weight == 0) == (kind == "RigL")
                    new += 1
        assert 0 < new < sum(map(len, after.values()))


@given(seeds, kinds)
def test_moves_keep_counts_and_close_no_cycle_and_double_nothing(seed, kind):
    graph = odd_graph(seed)
    network, _ = watched(kind, graph)
    after = network.graph
    assert counts(after) == counts(graph)
    assert not connected(after) - (connected(graph) | Counter(set(connected(after))))
    assert len(after.levels.neurons) == graph.neuron_count  # which a cycle would prevent
    still = ~carried_once(graph.weight_of, len(graph.weights)) | (graph.kinds[graph.targets] != Kind.SUM)
    assert np.array_equal(after.sources[still], graph.sources[still])
    assert np.array_equal(after.targets[still], graph.targets[still])


@given(seeds, kinds)
def test_what_stays_keeps_its_weight_and_moments_and_what_is_new_has_none(seed, kind):
    assert_followed(kind, watched(kind, odd_graph(seed))[1])


@pytest.mark.parametrize("kind", KINDS)
def test_connections_of_a_graph_inside_another_network_move_with_their_moments(kind):
    def with_dense(inner):
        return Sequential([Dense(5, inner.input_shape, generator=np.random.default_rng(3)), inner])

    assert_followed(kind, watched(kind, sparse_graph(), with_dense)[1])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rung", FAMILIES["graph"].rungs)
def test_gradients_are_right_after_moves(kind, rung):
    build = partial(FAMILIES["graph"].rungs[rung], dtype=np.float64)
    network = train(kind, sparse_graph(), build=build).network
    assert connected(network.graph) != connected(sparse_graph())
    check_gradients(network, np.random.default_rng(0).normal(size=(1, 1, 6, 3)))


@pytest.mark.parametrize("kind", KINDS)
def test_rungs_move_the_same_connections(kind):
    found = [
        connected(train(kind, sparse_graph(), build=build).network.graph)
        for build in FAMILIES["graph"].rungs.values()
    ]
    assert found[0] == found[1] == found[2]


@given(seeds)
def test_gradients_of_places_are_those_of_connections_that_are_put_there(seed):
    graph = odd_graph(seed)
    network = GraphNetwork(graph, dtype=np.float64, ticks=3)
    generator = np.random.default_rng(seed)
    inputs = generator.normal(size=(*network.input_shape, 5))
    signals = generator.normal(size=(*network.output_shape, 5))
    network.forward(inputs)
    network.backward(signals)
    groups = movable_groups(network.graph)
    group = groups[generator.integers(len(groups))]
    occupied = group.occupied(np.arange(len(group.taken)))
    free = np.setdiff1d(np.arange(group.places), occupied)
    count = min(3, len(free))
    found = steepest_places(network, group, occupied, count)

    extended = network.learned_graph()
    for source, target in zip(*group.ends(free), strict=True):
        extended.connect(extended.neuron(source), extended.neuron(target), 0.0, delay=group.delay)
    other = GraphNetwork(extended, dtype=np.float64, ticks=3)
    other.forward(inputs)
    other.backward(signals)
    sizes = np.abs(other.parameters.gradient("weights")[-len(free) :])
    expected = np.sort(sizes)[-count:]
    np.testing.assert_allclose(np.sort(sizes[np.searchsorted(free, found)]), expected, rtol=1e-9, atol=1e-12)


def test_places_are_looked_through_in_blocks(monkeypatch):
    network = GraphNetwork(sparse_graph(density=0.3))
    generator = np.random.default_rng(0)
    network.forward(generator.normal(size=(1, 1, 6, 16)).astype(np.float32))
    network.backward(generator.normal(size=(1, 1, 4, 16)).astype(np.float32))
    group = movable_groups(network.graph)[0]
    whole = steepest_places(network, group, np.sort(group.taken), 10)
    monkeypatch.setattr("networks.sparse_training.gradients.BLOCK", 13)
    assert np.array_equal(steepest_places(network, group, np.sort(group.taken), 10), whole)


@given(st.lists(st.integers(0, 5), min_size=1), st.data())
def test_the_largest_are_found_and_of_equal_ones_the_first(numbers, data):
    count = data.draw(st.integers(0, len(numbers)))
    expected = sorted(sorted(range(len(numbers)), key=lambda place: (-numbers[place], place))[:count])
    assert largest(np.array(numbers, float), count).tolist() == expected


def test_every_free_place_is_drawn_equally_often():
    graph = sparse_graph(density=0.5)
    GraphNetwork(graph)
    group = movable_groups(graph)[0]
    occupied, generator = np.unique(group.taken), np.random.default_rng(0)
    drawn = [random_places(group, occupied, 6, generator=generator) for _ in range(4000)]
    assert all(len(set(each.tolist())) == 6 for each in drawn)
    times = np.bincount(np.concatenate(drawn), minlength=group.places)
    assert not times[occupied].any()
    free = np.delete(times, occupied)
    expected = 4000 * 6 / len(free)
    assert np.abs(free - expected).max() < 6 * np.sqrt(expected)


def test_what_cannot_move_is_left_alone():
    generator = np.random.default_rng(0)
    graph = Graph()
    image = graph.input_layer(4)
    full = graph.dense(image, 3, generator=generator)
    product = graph.add_layer("products", (1, 1, 2), Kind.PRODUCT)
    graph.add_connections([full.first, full.first], list(product.neurons), [0, 1])
    shared = graph.unconnected(4, generator=generator)
    graph.add_connections([full.first] * 4, list(shared.neurons), graph.add_weights(0.5))
    graph.connect(graph.neuron(full.first + 1), graph.neuron(shared.first), None)
    sparse = graph.sparse(shared, 3, density=0.5, generator=generator, activation=Tanh())
    graph.set_output(sparse)
    GraphNetwork(graph)
    (group,) = movable_groups(graph)
    assert (group.source, group.target, len(group.connections)) == (shared, sparse, 6)
    assert movable_groups(graph, ["layer 1"]) == []


def test_wiring_that_cannot_be_is_refused_and_changes_nothing():
    graph = sparse_graph()
    network = GraphNetwork(graph)
    sources, targets = graph.sources.copy(), graph.targets.copy()
    values = network.forward(np.ones((1, 1, 6, 2), np.float32)).copy()
    hidden = graph.layer("hidden").first
    for changed, message in [
        ((sources[1:], targets[1:]), "expected a whole number for each of"),
        ((sources + 0.5, targets), "sources are float64"),
        ((np.where(sources == 0, 99, sources), targets), "source 99: the graph has"),
        ((sources, np.zeros_like(targets)), "neuron 0 is an input"),
    ]:
        with pytest.raises(ValueError, match=message):
            network.rewire(*changed)
    with pytest.raises(CycleError, match="hidden"):
        network.rewire(np.where(targets == hidden, hidden, sources), targets)
    assert network.graph is graph
    assert not network.carries_wiring
    assert np.array_equal(network.forward(np.ones((1, 1, 6, 2), np.float32)), values)
    with pytest.raises(ValueError, match="make a network of it first"):
        sparse_graph().rewired(sources, targets)


def test_plain_descent_moves_connections_too():
    for optimizer in (SGD(0.1), SGD(0.1, momentum=0.9), Adam(0.01)):
        trainer = make_trainer(GraphNetwork(sparse_graph()), optimizer)
        trainer.train(epochs=3, callbacks=[KINDS["RigL"]()])
        assert counts(trainer.network.graph) == counts(sparse_graph())
        assert connected(trainer.network.graph) != connected(sparse_graph())


@pytest.mark.parametrize("kind", KINDS)
def test_connections_stay_sorted_and_weights_that_are_read_together_lie_together(kind):
    graph = train(kind, sparse_graph()).network.graph
    assert np.array_equal(np.lexsort([graph.sources, graph.targets]), np.arange(graph.connection_count))
    assert np.array_equal(graph.weight_of, np.arange(graph.connection_count))


def test_wiring_that_was_looked_at_before_shows_where_connections_are_now():
    network = GraphNetwork(sparse_graph())
    hidden = network.wiring()[0].wiring
    before = hidden.ends(np.arange(hidden.count))
    trainer = make_trainer(network)
    trainer.train(epochs=3, callbacks=[KINDS["SET"]()])
    sources, targets = hidden.ends(np.arange(hidden.count))
    assert not np.array_equal(before, (sources, targets))
    inside = network.graph.targets < network.graph.layer("output").first
    assert set(zip(sources, targets + 6, strict=True)) == {
        *zip(network.graph.sources[inside], network.graph.targets[inside], strict=True)
    }
    for source, target in zip(sources, targets, strict=True):
        assert source in hidden.incoming(target).neurons
        number = hidden.weight(target, source)
        found = np.flatnonzero((network.graph.sources == source) & (network.graph.targets == target + 6))
        assert number == network.graph.weight_of[found[0]]
