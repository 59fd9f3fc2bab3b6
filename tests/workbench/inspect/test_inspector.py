"""The inspector: it shows the numbers of the model, and inspecting a run does not change it."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from autoencoder.live.inspector import CodeInspector
from autoencoder.session import HALVES, Session
from tests.support import branching_training
from tests.support.live_models import ARCHITECTURES, Run, checksum, inspect, make_images, make_session
from workbench.errors import AddressError, OperationError
from workbench.inspect.anatomy import Anatomy
from workbench.inspect.inspector import Inspector
from workbench.run.changes import parse_changes
from workbench.run.operations import KINDS
from workbench.run.trainer_session import TrainerSession

NAMES = [*ARCHITECTURES, "unmixed"]


def change(session: Session, *changes: dict[str, Any]) -> None:
    session.steering.apply(parse_changes(list(changes)))


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "momentum"])
@pytest.mark.parametrize("name", NAMES)
def test_training_gives_the_same_bits_when_it_is_looked_at(name: str, optimizer: str):
    alone, watched = (make_session(name, rung="o2", optimizer=optimizer) for _ in range(2))
    _, inspector = inspect(watched)
    for number in range(7):
        alone.trainer.make_step()
        watched.trainer.make_step()
        inspector.frame(KINDS)
        inspector.show(("training", "held_out")[number % 2], number, number)
        inspector.neuron(1, number)
        inspector.code()
        inspector.between(0, 1, 0.5)
    assert watched.trainer.optimizer.is_plain_sgd == (optimizer == "sgd")
    assert checksum(watched) == checksum(alone)


@pytest.mark.parametrize("name", NAMES)
def test_a_frame_has_the_images_and_what_the_model_makes_of_them(name: str):
    session = make_session(name)
    _, inspector = inspect(session)
    inspector.show("training", 35, 2)
    header, arrays = inspector.frame(["values", "biases"])
    images = session.training.images[35:]
    np.testing.assert_array_equal(arrays["inputs"], images)
    outputs = session.model.reconstruct(images)
    assert np.abs(arrays["outputs"] - outputs * 255.0).max() <= 0.501
    errors = np.square(outputs - images / 255.0).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(header["errors"], errors, rtol=1e-4)
    assert header["names"] == [f"image {number}" for number in range(35, 40)]
    place = {"source": "training", "position": 35, "entry": 2, "count": 40, "shown": 5}
    assert place.items() <= header.items()
    assert (header["step"], header["run"], header["kinds"], header["walk"]) == (
        0,
        1,
        ["values", "biases"],
        None,
    )
    np.testing.assert_allclose(arrays["values"][: images[0].size], images[2].ravel() / 255.0, rtol=1e-6)
    assert arrays["values"].dtype == arrays["biases"].dtype == np.float32


@pytest.mark.parametrize("name", NAMES)
def test_biases_are_at_their_neurons(name: str):
    session = make_session(name)
    session.model.network.parameters.values[:] = np.random.default_rng(1).random(
        session.model.network.parameters.size
    )
    anatomy = Anatomy(session.model.network, HALVES)
    _, arrays = inspect(session)[1].frame(["biases"])
    assert np.isnan(arrays["biases"][: session.model.shape.size]).all()
    for number, layer in enumerate(anatomy.layers[1:], 1):
        places = [anatomy.bias(number, neuron) for neuron in range(layer.shape.size)]
        found = arrays["biases"][layer.offset : layer.offset + layer.shape.size]
        np.testing.assert_array_equal(found, session.model.network.parameters.values[places])


@pytest.mark.parametrize("name", NAMES)
def test_change_is_the_root_of_the_mean_square_since_the_baseline(name: str):
    session = make_session(name)
    _, inspector = inspect(session)
    first = inspector.frame(["change"])[1]["change"]
    session.trainer.make_step()
    inspector.set_baseline()
    before = session.model.network.parameters.values.copy()
    session.trainer.make_step()
    session.trainer.make_step()
    after = session.model.network.parameters.values
    change = inspector.frame(["change"])[1]["change"]
    anatomy = Anatomy(session.model.network, HALVES)
    for number, layer in enumerate(anatomy.layers[1:], 1):
        for neuron in range(0, layer.shape.size, 3):
            places = anatomy.incoming_parameters(number, neuron)
            moved = np.sqrt(np.mean(np.square(after[places] - before[places], dtype=np.float64)))
            assert change[layer.offset + neuron] == pytest.approx(moved, rel=1e-5, abs=1e-12)
    assert np.isnan(change[: session.model.shape.size]).all()
    assert not first[session.model.shape.size :].any()


def test_rows_are_compared_a_part_at_a_time(monkeypatch: pytest.MonkeyPatch):
    session = make_session("unmixed")
    _, inspector = inspect(session)
    inspector.set_baseline()
    session.trainer.make_step()
    whole = inspector.frame(["change"])[1]["change"]
    monkeypatch.setattr("workbench.inspect.baseline.PART", 50)
    np.testing.assert_array_equal(inspector.frame(["change"])[1]["change"], whole)


@pytest.mark.parametrize("name", NAMES)
def test_a_neuron_is_told_with_its_numbers(name: str):
    session = make_session(name)
    _, inspector = inspect(session)
    change(session, {"kind": "bias", "layer": 2, "neuron": 3, "value": 0.25})
    inspector.show("training", 4, 1)
    _, arrays = inspector.frame(["values", "signals"])
    neuron, _ = inspector.neuron(2, 3)
    layer = Anatomy(session.model.network, HALVES).layers[2]
    assert neuron["value"] == arrays["values"][layer.offset + 3]
    assert neuron["signal"] == arrays["signals"][layer.offset + 3] != 0
    place = neuron["row"], neuron["column"], neuron["channel"]
    assert np.ravel_multi_index(place, layer.shape) == 3
    assert (neuron["bias"], neuron["clamp"], neuron["locked"]) == (0.25, None, False)
    connections, arrays = inspector.connections(2, 3)
    assert (neuron["incoming"], neuron["outgoing"]) == (len(arrays["sources"]), len(arrays["targets"]))
    assert (connections["window"] is not None) == (layer.kind == "local")
    assert inspector.neuron(0, 0)[0]["bias"] is None


@pytest.mark.parametrize("name", NAMES)
def test_connections_have_the_weights_of_their_ends(name: str):
    session = make_session(name)
    _, inspector = inspect(session)
    _, arrays = inspector.connections(1, 5)
    for source, weight in zip(arrays["sources"], arrays["source_weights"], strict=True):
        found, _ = inspector.connection(1, 5, int(source))
        assert found == {"weight": weight, "locked": False, "fixed": False}
    for target, weight in zip(arrays["targets"], arrays["target_weights"], strict=True):
        assert inspector.connection(2, int(target), 5)[0]["weight"] == weight
    assert {array.dtype.name for array in arrays.values()} == {"int32", "float32"}
    _, arrays = inspector.strongest(2, 4)
    for source, target, weight in zip(
        *(arrays[key] for key in ("sources", "targets", "weights")), strict=True
    ):
        assert inspector.connection(2, int(target), int(source))[0]["weight"] == weight


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_clamps_and_locks_are_told(name: str):
    session = make_session(name)
    _, inspector = inspect(session)
    source = int(inspector.connections(2, 1)[1]["sources"][0])
    other = int(inspector.connections(2, 2)[1]["sources"][0])
    change(
        session,
        {"kind": "clamp", "layer": 2, "neuron": 1, "value": 1.5},
        {"kind": "lock", "layer": 2, "neuron": 1, "locked": True},
        {"kind": "lock_weight", "layer": 2, "target": 2, "source": other, "locked": True},
    )
    neuron, _ = inspector.neuron(2, 1)
    assert (neuron["value"], neuron["signal"], neuron["clamp"], neuron["locked"]) == (1.5, 0, 1.5, True)
    assert inspector.neuron(2, 2)[0]["locked"] is False
    assert inspector.connection(2, 1, source)[0]["locked"] is True
    assert inspector.connection(2, 2, other)[0]["locked"] is True
    change(session, {"kind": "clamp", "layer": 2, "neuron": 1, "value": None})
    neuron, _ = inspector.neuron(2, 1)
    assert neuron["clamp"] is None
    assert neuron["value"] != 1.5


def test_places_are_the_nearest_there_are():
    _, inspector = inspect(make_session())
    assert inspector.show("training", 39, 7)[0] == {
        "source": "training",
        "position": 39,
        "entry": 0,
        "count": 40,
    }
    assert inspector.show("held_out", 1000, 3)[0]["position"] == 4
    assert inspector.show("held_out", 0, 7)[0]["entry"] == 4


def test_an_image_of_ones_own_is_a_source():
    session = make_session()
    _, inspector = inspect(session)
    with pytest.raises(OperationError, match="draw or upload one"):
        inspector.show("own", 0, 0)
    image = np.random.default_rng(5).integers(0, 256, tuple(session.model.shape), np.uint8)
    assert inspector.own(image)[0] == {"source": "own", "position": 0, "entry": 0, "count": 1}
    header, arrays = inspector.frame(["values"])
    np.testing.assert_array_equal(arrays["inputs"], image[None])
    assert (header["shown"], header["names"]) == (1, ["own image"])
    assert inspector.code()[0]["code"] == pytest.approx(
        session.model.encode(image[None])[0].tolist(), rel=1e-5
    )
    with pytest.raises(OperationError, match=r"the image is uint8 3x3x1, but the network takes uint8 8x8x1"):
        inspector.own(np.zeros((3, 3, 1), np.uint8))
    with pytest.raises(OperationError, match=r"the image is float64 8x8x1"):
        inspector.own(np.zeros((8, 8, 1)))


def test_what_does_not_count_is_left_out_of_errors_and_signals():
    session = make_session(masked=True)
    header, arrays = inspect(session)[1].frame(["signals"])
    images, masks = session.training.images[:8], session.training.masks
    assert masks is not None
    differences = np.square(session.model.reconstruct(images) - images / 255.0)
    errors = [part[mask].mean() for part, mask in zip(differences, masks, strict=False)]
    np.testing.assert_allclose(header["errors"], errors, rtol=1e-4)
    signals = arrays["signals"][-session.model.shape.size :].reshape(session.model.shape)
    assert not signals[~masks[0]].any()
    assert signals[masks[0]].all()


def test_a_diverged_run_can_be_looked_at():
    session = make_session()
    session.model.network.parameters.values[:] = np.nan
    _, inspector = inspect(session)
    header, arrays = inspector.frame(KINDS)
    assert header["errors"] == [None] * 8
    assert not arrays["outputs"].any()
    assert inspector.neuron(1, 0)[0]["value"] is None
    with pytest.raises(OperationError, match="training has diverged"):
        inspector.code()


def test_what_cannot_be_shown_is_refused():
    _, inspector = inspect(make_session(held_out=0))
    with pytest.raises(OperationError, match="kind 'weights': give some of values, signals, biases, change"):
        inspector.frame(["values", "weights"])
    with pytest.raises(OperationError, match="no image is held out"):
        inspector.show("held_out", 0, 0)
    with pytest.raises(OperationError, match="source 'test': give one of training, held_out, own"):
        inspector.show("test", 0, 0)
    with pytest.raises(OperationError, match="count 0"):
        inspector.strongest(1, 0)
    with pytest.raises(AddressError, match="no layer 7"):
        inspector.strongest(7, 3)
    with pytest.raises(AddressError, match="no neuron 99"):
        inspector.neuron(1, 99)


def test_no_memory_for_a_baseline_is_said(monkeypatch: pytest.MonkeyPatch):
    _, inspector = inspect(make_session())
    monkeypatch.setattr("nn.data.memory.available_memory", lambda: 100)
    with pytest.raises(OperationError, match="the copy from which changes are measured needs"):
        inspector.set_baseline()


def test_another_session_is_noticed():
    run = Run(make_session())
    inspector = CodeInspector(run)
    image = np.full(tuple(run.session.model.shape), 9, np.uint8)
    inspector.own(image)
    inspector.show("held_out", 2, 1)
    run.session, run.run = make_session("graph", seed=8), 2
    header, arrays = inspector.frame(["values"])
    assert (header["run"], header["source"], header["position"], header["entry"]) == (2, "held_out", 2, 1)
    outputs = run.session.model.reconstruct(run.session.held_out.images[2:])
    np.testing.assert_allclose(arrays["outputs"], outputs * 255, atol=0.501)
    assert inspector.show("own", 0, 0)[0]["count"] == 1
    run.session = make_session("unmixed")
    assert inspector.frame([])[0]["source"] == "training"


def test_neurons_are_not_run_anew_for_every_question_while_training_goes_on():
    now = [0.0]
    session = make_session()
    run, inspector = inspect(session, clock=lambda: now[0])
    first = inspector.neuron(1, 0)[0]["value"]
    session.model.network.parameters.values[:] *= 2
    standing = inspector.neuron(1, 0)[0]["value"]
    assert standing != first
    run.state = "training"
    session.model.network.parameters.values[:] *= 2
    assert inspector.neuron(1, 0)[0]["value"] == standing
    inspector.show("training", 1, 0)
    assert inspector.neuron(1, 0)[0]["value"] != standing
    now[0], standing = 0.3, inspector.neuron(1, 0)[0]["value"]
    session.model.network.parameters.values[:] *= 2
    assert inspector.neuron(1, 0)[0]["value"] != standing


def test_images_that_are_no_bytes_can_be_looked_at():
    session = make_session()
    images = make_images(session.model, 5)
    numbers = np.linspace(0, 1, images.images.size, dtype=np.float32).reshape(images.images.shape)
    session.held_out = type(images)(numbers, images.names)
    _, inspector = inspect(session)
    inspector.show("held_out", 0, 0)
    _, arrays = inspector.frame(["values"])
    np.testing.assert_array_equal(arrays["inputs"], np.rint(numbers * 255))


def inspect_branches() -> Inspector:
    """Return an inspector of a model with two inputs, several branches and two outputs."""
    session = TrainerSession(branching_training.make_trainer())
    return Inspector(SimpleNamespace(session=session, run=1, state="idle"))


def test_all_inputs_are_shown_each_with_its_range():
    inspector = inspect_branches()
    header, arrays = inspector.frame(["values"])
    assert header["inputs"] == [{"name": "image", "range": [-1, 1]}, {"name": "series", "range": [-2, 1]}]
    assert (arrays["inputs"].shape, arrays["inputs 1"].shape) == ((8, 8, 8, 1), (8, 6, 3, 1))
    np.testing.assert_array_equal(arrays["inputs"][:, 0, :2, 0], [[0, 255]] * 8)
    series = arrays["values"][64 : 64 + 18].reshape(6, 3)
    np.testing.assert_array_equal(arrays["inputs 1"][0, ..., 0], np.rint((series + 2) / 3 * 255))
    assert len(arrays["outputs"]) == 0


def test_a_connection_without_a_weight_says_what_it_multiplies_by():
    inspector = inspect_branches()
    both, label = map(branching_training.LAYERS.index, ("both", "label"))
    fixed = {"weight": 1.0, "locked": False, "fixed": True}
    assert inspector.connection(both, 3, 12 + 3)[0] == fixed
    assert not inspector.connection(label, 1, 11)[0]["fixed"]
    with pytest.raises(AddressError, match="no connection from neuron 4 to neuron 3"):
        inspector.connection(both, 3, 4)
