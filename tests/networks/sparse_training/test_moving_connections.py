"""SET and RigL in training: when they move, exact resume, going back, files, bad input."""

from itertools import pairwise

import numba
import numpy as np
import pytest

from networks import SET, Dense, GraphNetwork, RigL, Sequential, load_model, model_metadata, save_model
from networks.base.nodes import Call, Input
from networks.model import Model
from nn import Callback, EarlyStopping, Graph, Shape, Snapshots, Tanh
from nn.snapshot import SnapshotError, load_latest
from tests.support.sparse_networks import (
    KINDS,
    connected,
    make_trainer,
    odd_graph,
    sparse_graph,
    train,
)

pytestmark = pytest.mark.usefixtures("one_thread")
every_kind = pytest.mark.parametrize("kind", KINDS)
EPOCHS = 3
STEPS = 9


class StopAt(Callback):
    def __init__(self, step):
        self.step = step

    def on_step(self, trainer):
        if trainer.step == self.step:
            trainer.stop()


def learned(trainer):
    arrays, metadata = trainer.state()
    metadata["training"].pop("seconds")
    for row in metadata["training"]["log"]["rows"]:
        row.pop("seconds")
    return {name: array.copy() for name, array in arrays.items()}, metadata


def assert_same(found, expected):
    assert found[0].keys() == expected[0].keys()
    for name, array in expected[0].items():
        assert np.array_equal(found[0][name], array), name
    assert found[1] == expected[1]


@every_kind
def test_training_goes_on_to_the_same_bits_after_any_step(kind, tmp_path):
    whole = make_trainer(GraphNetwork(odd_graph(3)))
    whole.train(epochs=EPOCHS, callbacks=[Snapshots(tmp_path / "whole", 0, {}), KINDS[kind]()])
    for step in range(1, STEPS):
        first = make_trainer(GraphNetwork(odd_graph(3)))
        path = tmp_path / f"{step}"
        first.train(epochs=EPOCHS, callbacks=[Snapshots(path, 0, {}), KINDS[kind](), StopAt(step)])
        again = make_trainer(GraphNetwork(odd_graph(3)), seed=5)
        again.batches = first.batches
        again.held_out = first.held_out
        again.restore(load_latest(path))
        options = {"generator": np.random.default_rng(99)} if kind == "SET" else {}
        again.train(epochs=EPOCHS, callbacks=[KINDS[kind](**options)])
        assert_same(learned(again), learned(whole))


@every_kind
def test_threads_change_no_bit(kind):
    graph, found = Graph(), []
    generator = np.random.default_rng(0)
    image = graph.input_layer(300)
    hidden = graph.sparse(image, 200, density=0.2, activation=Tanh(), generator=generator)
    graph.set_output(graph.sparse(hidden, 5, density=0.3, generator=generator))
    before = numba.get_num_threads()
    for threads in (1, 2):
        numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))
        found.append(learned(train(kind, graph.copy())))
    numba.set_num_threads(before)
    assert_same(*found)


@every_kind
def test_the_best_epoch_comes_back_with_its_connections(kind):
    network = GraphNetwork(sparse_graph())
    stopping = EarlyStopping(restore_best=True, patience=None)
    trainer = make_trainer(network)
    kept = []

    class Keep(Callback):
        def on_epoch(self, trainer):
            kept.append((trainer.rows[-1].held_out_loss, connected(network.graph), network.weights.copy()))
            trainer.optimizer.learning_rate = 100.0  # so that the first epoch is the best

    trainer.train(epochs=6, callbacks=[Keep(), stopping, KINDS[kind]()])
    best = min(range(6), key=lambda epoch: kept[epoch][0])
    assert best < 5
    assert kept[best][1] != kept[-1][1]
    assert connected(network.graph) == kept[best][1]
    assert np.array_equal(network.weights, kept[best][2])


@every_kind
def test_files_have_the_connections_as_they_are(kind, tmp_path):
    graph = sparse_graph()
    network = GraphNetwork(graph)
    trainer = make_trainer(network)
    snapshots = Snapshots(tmp_path / "snapshot.safetensors", 0, model_metadata(network))
    structure = {f"structure.{name}": array for name, array in network.structure().items()}
    snapshots.arrays = structure  # of the beginning
    trainer.train(epochs=EPOCHS, callbacks=[snapshots, KINDS[kind]()])
    save_model(tmp_path / "model.safetensors", network)
    entries = np.random.default_rng(0).normal(size=(5, 1, 1, 6)).astype(np.float32)
    expected = network.predict(entries)
    assert connected(network.graph) != connected(graph)
    for name in ("snapshot", "model"):
        for rung in ("o1", "o2"):
            loaded = load_model(tmp_path / f"{name}.safetensors", rung_name=rung)
            assert connected(loaded.graph) == connected(network.graph)
            np.testing.assert_allclose(loaded.predict(entries), expected, rtol=1e-5, atol=1e-6)
    assert np.array_equal(loaded.predict(entries), expected)
    again = GraphNetwork(network.learned_graph())
    assert np.array_equal(again.predict(entries), expected)


def test_state_of_another_wiring_is_refused_and_changes_nothing():
    network = GraphNetwork(sparse_graph())
    network.carries_wiring = True
    state = {name: array.copy() for name, array in network.state().items()}
    with pytest.raises(ValueError, match="carries sources and targets of connections; means is given"):
        network.load_state({"means": state["sources"]})
    with pytest.raises(ValueError, match="source -3"):
        network.load_state({**state, "sources": state["sources"] - 3})
    assert np.array_equal(network.graph.sources, state["sources"])
    network.load_state({})
    assert not network.state()
    trainer = make_trainer(network)
    snapshot = trainer.checkpoint()
    snapshot.arrays["state.sources"] = state["sources"] + 1000
    snapshot.arrays["state.targets"] = state["targets"]
    with pytest.raises(SnapshotError, match="source 1000"):
        trainer.restore(snapshot)
    assert np.array_equal(network.graph.sources, state["sources"])


def test_the_share_that_moves_follows_half_a_cosine():
    moving = RigL(10, 0.4, until=100)
    assert [round(moving.fraction_at(step), 6) for step in (0, 25, 50, 75, 100, 200)] == [
        0.4,
        pytest.approx(0.2 * (1 + np.sqrt(0.5)), abs=1e-6),
        0.2,
        pytest.approx(0.2 * (1 - np.sqrt(0.5)), abs=1e-6),
        0,
        0,
    ]
    assert SET(10, 0.4, generator=np.random.default_rng(0)).fraction_at(1000) == 0.4


@every_kind
def test_connections_move_at_their_steps_and_not_after_the_last(kind):
    moved, network = [], GraphNetwork(sparse_graph())

    class Look(Callback):
        def on_step(self, trainer):
            moved.append((trainer.step, connected(network.graph)))

    make_trainer(network).train(epochs=4, callbacks=[KINDS[kind](until=8), Look()])
    changed = [step for (_, before), (step, after) in pairwise(moved) if before != after]
    assert set(changed) <= {3, 5, 7}  # the steps after moves at 2, 4 and 6
    assert changed
    assert moved[-1][0] == 12


BAD = [
    ({"every": 0, "generator": None}, "every 0 must be a whole number"),
    ({"every": 2, "fraction": 0.0}, "fraction 0.0 must be above 0"),
    ({"every": 2, "fraction": 1.5}, "fraction 1.5 must be above 0 and at most 1"),
    ({"every": 2, "until": 0}, "until 0 must be a whole number"),
    ({"every": 2, "layers": "hidden"}, "layers 'hidden': give a list of names"),
    ({"every": 2, "generator": 3}, "generator 3 draws nothing"),
]


@pytest.mark.parametrize(("options", "message"), BAD)
def test_bad_settings_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        SET(**{"generator": np.random.default_rng(0), **options})


def _dense():
    return Dense(3, 2, generator=np.random.default_rng(0))


def _full():
    graph = Graph()
    graph.set_output(graph.dense(graph.input_layer(3), 2, generator=np.random.default_rng(0)))
    return GraphNetwork(graph)


def _twice():
    network = GraphNetwork(sparse_graph(density=0.5))
    left, right = (Input(Shape(1, 1, 6), generator=np.random.default_rng(0)) for _ in range(2))
    code = Call(network, left, name="code")
    return Model({"left": left, "right": right}, {"a": code, "b": Call(network, right)})


def _frozen():
    network = GraphNetwork(sparse_graph())
    network.parameters.freeze("weights")
    return network


@every_kind
@pytest.mark.parametrize(
    ("build", "options", "message"),
    [
        (_dense, {}, "the network has no connection that can move; connections move between layers"),
        (_full, {}, "the network has no connection that can move"),
        (lambda: Sequential([_full()]), {}, "the network has no connection that can move"),
        (_frozen, {}, "the weights of network '' are frozen: unfreeze them"),
        (_twice, {}, "network 'code' is used twice: its connections cannot move"),
        (lambda: GraphNetwork(sparse_graph()), {"layers": ["hiden"]}, "no connection into layer 'hiden' can"),
    ],
)
def test_networks_whose_connections_cannot_move_are_refused(kind, build, options, message):
    class Stand:
        network = build()

    with pytest.raises(ValueError, match=message):
        KINDS[kind](**options).on_start(Stand)


@every_kind
def test_chosen_layers_move_and_others_stay(kind):
    network = train(kind, sparse_graph(), layers=["output"]).network
    before, after = sparse_graph(), network.graph
    output = before.targets >= before.layer("output").first
    assert np.array_equal(after.sources[~output], before.sources[~output])
    assert not np.array_equal(after.sources[output], before.sources[output])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"moved_at": -1}, "-1 is not a whole number"),
        ({"found_at": "x"}, "'x' is not a whole number"),
        ({"0.origins": np.zeros(3, int)}, r"origins are int64 \(3,\)"),
        ({"0.origins": np.full(32, -2)}, "origins are not different connections"),
        ({"0.origins": np.full(32, 4)}, "origins are not different connections"),
        ({"0.sources": np.full(32, 99)}, "source 99"),
        ({"0.targets": np.zeros(32, int)}, "is an input"),
    ],
)
def test_a_move_from_a_damaged_snapshot_is_refused(change, message):
    trainer = make_trainer(GraphNetwork(sparse_graph()))
    trainer.train(epochs=EPOCHS, callbacks=[KINDS["RigL"](), StopAt(2)])
    snapshot = trainer.checkpoint()
    state = snapshot.metadata["training"]["callbacks"]["RigL"]
    assert len(snapshot.arrays["callbacks.RigL/0.origins"]) == 32
    for name, value in change.items():
        if isinstance(value, np.ndarray):
            snapshot.arrays[f"callbacks.RigL/{name}"] = value
        else:
            state[name] = value
    again = make_trainer(GraphNetwork(sparse_graph()))
    again.restore(snapshot)
    with pytest.raises(ValueError, match=message):
        again.train(epochs=EPOCHS, callbacks=[KINDS["RigL"]()])
    assert again.step == 2


@every_kind
@pytest.mark.parametrize("storage", ["float32", "bfloat16"])
def test_incomplete_batches_and_stored_halves_are_no_obstacle(kind, storage):
    network = GraphNetwork(sparse_graph())
    network.store_as(storage)
    trainer = make_trainer(network)
    trainer.batch_size = 5
    trainer.train(epochs=EPOCHS, callbacks=[KINDS[kind]()])
    assert connected(trainer.network.graph) != connected(sparse_graph())
