"""Models on disk: loaded as they were saved, and refused where something does not fit."""

import numpy as np
import pytest

from networks.dense import Dense
from networks.graph_o2 import GraphNetwork
from networks.ladder import RUNGS
from networks.model_file import load_model, model_arrays, model_metadata, save_model, structure_arrays
from networks.normalisation import BatchNormalisation
from networks.sequential import Sequential
from nn.losses import SquaredError
from nn.optimizers import Adam
from nn.shape import Shape
from nn.snapshot import MissingSnapshotError, SnapshotError, load_latest, save
from nn.training import ArrayBatches, Snapshots, Trainer
from tests.support.graph_networks import layered_graph

WIDE, NARROW = Shape(4, 4, 1), Shape(1, 1, 3)


class Counting(Dense):
    """A network whose state counts its forwards."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.runs = np.zeros(1, self.dtype)

    def state(self):
        return {"runs": self.runs}

    def load_state(self, state):
        self.runs[:] = state["runs"]


def network(kind=Dense, dtype=np.float32):
    generator = np.random.default_rng(0)
    parts = [
        kind(WIDE, NARROW, generator=generator, dtype=dtype),
        Dense(NARROW, WIDE, generator=generator, dtype=dtype),
    ]
    return Sequential(dict(zip(("encoder", "decoder"), parts, strict=True)))


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_is_saved_comes_back_on_every_rung(tmp_path, rung, dtype):
    saved = network()
    saved.parameters.freeze("encoder.weights")
    save_model(tmp_path / "model.safetensors", saved, {"trained_on": "nothing"})
    loaded = load_model(tmp_path / "model.safetensors", rung_name=rung, dtype=dtype)
    assert loaded.dtype == dtype
    assert loaded.to_configuration() == saved.to_configuration()
    assert np.array_equal(loaded.parameters.values, saved.parameters.values)
    assert loaded.parameters.frozen == ["encoder.weights"]
    images = np.random.default_rng(1).random((5, *WIDE))
    assert np.allclose(loaded.predict(images), saved.predict(images), atol=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_parameters_come_back_in_the_dtype_that_they_had(tmp_path, dtype):
    saved = network(dtype=np.dtype(dtype))
    save_model(tmp_path / "model.safetensors", saved)
    loaded = load_model(tmp_path / "model.safetensors")
    assert loaded.dtype == dtype
    assert np.array_equal(loaded.parameters.values, saved.parameters.values)


def test_a_graph_comes_back_with_its_wiring(tmp_path):
    saved = GraphNetwork(layered_graph())
    save_model(tmp_path / "graph.safetensors", saved)
    loaded = load_model(tmp_path / "graph.safetensors", rung_name="o2")
    images = np.random.default_rng(1).random((3, *saved.input_shape))
    assert np.allclose(loaded.predict(images), saved.predict(images), atol=1e-5)


def test_carried_state_is_in_the_file():
    saved = network(Counting)
    saved.networks[0].runs[:] = 7
    assert model_arrays(saved)["state.encoder.runs"] == 7


def test_a_snapshot_of_training_is_a_model(tmp_path):
    """With the wiring of the graph, the running statistics, and frozen parameters."""
    wiring = layered_graph()
    normalised = BatchNormalisation(GraphNetwork(wiring).output_shape)
    saved = Sequential({"graph": GraphNetwork(wiring), "normalised": normalised})
    saved.parameters.freeze("normalised.shift")
    generator = np.random.default_rng(1)
    inputs, targets = (generator.random((20, *shape)) for shape in (saved.input_shape, saved.output_shape))
    path = tmp_path / "model.safetensors"
    snapshots = Snapshots(path, 60, model_metadata(saved), structure_arrays(saved))
    data = ArrayBatches(inputs, targets)
    trainer = Trainer(saved, SquaredError(), Adam(0.01), data, batch_size=8, generator=generator)
    trainer.train(epochs=2, callbacks=[snapshots])
    loaded = load_model(path)
    assert loaded.parameters.frozen == ["normalised.shift"]
    np.testing.assert_allclose(loaded.predict(inputs), saved.predict(inputs), atol=1e-5)
    again = Trainer(loaded, SquaredError(), Adam(0.01), data, batch_size=8, generator=generator)
    again.restore(load_latest(path))
    assert again.step == trainer.step


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(MissingSnapshotError, match=r"model.safetensors: there is no such file"):
        load_model(tmp_path / "model.safetensors")


def nested(depth):
    """Return a description of nested stacks."""
    description = {"family": "flatten", "input_shape": "1x1x1"}
    for _ in range(depth):
        description = {"family": "sequential", "networks": {"0": description}}
    return description


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"network": None}, "holds no description of a network"),
        ({"network": {"family": "desne"}}, "did you mean dense"),
        ({"network": {"family": "sequential", "networks": {}}}, "at least one network"),
        ({"frozen": ["nothing"]}, "no parameters called 'nothing'"),
        ({"frozen": 3}, "cannot be built"),
        ({"network": nested(400)}, "networks lie within networks, more than 50 deep"),
    ],
)
def test_a_description_that_does_not_fit_is_refused(tmp_path, change, message):
    path, saved = tmp_path / "model.safetensors", network()
    save(path, model_arrays(saved), {"network": saved.to_configuration()} | change)
    with pytest.raises(SnapshotError, match=message):
        load_model(path)


def test_networks_that_are_larger_than_their_file_together_are_refused_at_the_second(tmp_path):
    path, saved = tmp_path / "model.safetensors", network()
    description = saved.to_configuration()
    large = {**description["networks"]["encoder"], "output_shape": "1x1x6", "input_shape": "4x4x1"}
    description["networks"] = {str(number): large for number in range(1000)}
    save(path, model_arrays(saved), {"network": description})
    with pytest.raises(SnapshotError, match="network 1: at least 204 parameters are described, but 115 are"):
        load_model(path)


@pytest.mark.parametrize("depth", [50, 51, 2000])
def test_networks_within_networks_are_saved_as_deep_as_they_are_loaded(tmp_path, depth):
    path = tmp_path / "model.safetensors"
    inner = Dense(NARROW, NARROW, generator=np.random.default_rng(0))
    for _ in range(min(depth, 60)):
        inner = Sequential([inner])
    if depth == 50:
        save_model(path, inner)
        assert np.array_equal(load_model(path).parameters.values, inner.parameters.values)
        return
    with pytest.raises(SnapshotError, match="networks lie within networks, more than 50 deep"):
        save_model(path, inner)
    assert not path.exists()
    arrays = {"parameters.weights": np.zeros((3, 3), np.float32)}
    try:
        save(path, arrays, {"network": nested(depth)})
    except SnapshotError:
        return  # Python's own writer goes no deeper
    with pytest.raises(SnapshotError, match="networks lie within networks, more than 50 deep"):
        load_model(path)


def test_a_network_larger_than_its_file_takes_no_memory(tmp_path):
    path, saved = tmp_path / "model.safetensors", network()
    description = saved.to_configuration()
    description["networks"]["encoder"]["input_shape"] = "60000x60000x60000"
    save(path, model_arrays(saved), {"network": description})
    with pytest.raises(SnapshotError, match=r"at least [0-9,]* parameters are described, but 115 are there"):
        load_model(path)
