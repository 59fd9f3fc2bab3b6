"""A trainer of any program, watched and steered: the same bits, and a person's changes take effect."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import workbench
from networks.base.network import Network
from networks.base.nodes import Call, Input
from networks.convolution import Convolution
from networks.dense import Dense
from networks.graph import GraphNetwork
from networks.gru import GRU
from networks.lstm import LSTM
from networks.merge import Concatenate
from networks.model import Model
from networks.noise import Dropout
from networks.normalisation import BatchNormalisation
from networks.pooling import MaxPooling
from networks.sequential import Sequential
from nn.activations import Identity, Tanh
from nn.graph import Graph
from nn.losses import CategoricalCrossEntropyWithLogits, SquaredError
from nn.optimizers import Adam
from nn.shape import SequenceShape, Shape
from nn.training import ArrayBatches, Trainer, TrainingDiverged
from nn.training.callbacks import Callback
from nn.training.limits import Limits
from workbench.errors import InputError, OperationError, SettingsError
from workbench.inspect.inspector import Inspector
from workbench.run.changes import ChangeError
from workbench.run.mailbox import HUNG_UP
from workbench.run.messages import unpack
from workbench.run.operations import KINDS, Opened
from workbench.run.requests import Request
from workbench.run.run_directory import RunDirectory
from workbench.run.trainer_run import TrainerRun
from workbench.run.trainer_session import TrainerSession
from workbench.watching import ProgramLoop

ENTRIES = 40


def recurrent(generator: np.random.Generator) -> Network:
    return Sequential(
        [
            LSTM(SequenceShape(5, 4), units=3, generator=generator),
            GRU(SequenceShape(5, 3), units=4, whole_sequence=False, generator=generator),
            Dense(Shape(1, 1, 4), Shape(1, 1, 3), activation=Identity(), generator=generator),
        ]
    )


def convolutional(generator: np.random.Generator) -> Network:
    convolution = Convolution(
        Shape(6, 6, 1), channels=3, kernel=3, padding="same", activation=Tanh(), generator=generator
    )
    return Sequential(
        [
            convolution,
            BatchNormalisation(Shape(6, 6, 3)),
            MaxPooling(Shape(6, 6, 3), window=2),
            Dropout(Shape(3, 3, 3), rate=0.4, generator=generator),
            Dense(Shape(3, 3, 3), Shape(1, 1, 3), generator=generator),
        ]
    )


def branched(generator: np.random.Generator) -> Network:
    image = Input(Shape(1, 1, 4))
    branches = [Call(Dense(image.shape, Shape(1, 1, 2), generator=generator), image) for _ in range(2)]
    together = Call(Concatenate([Shape(1, 1, 2)] * 2), *branches)
    return Model(image, Call(Dense(together.shape, Shape(1, 1, 3), generator=generator), together))


NETWORKS: dict[str, tuple[Callable[[np.random.Generator], Network], tuple[int, ...]]] = {
    "recurrent": (recurrent, (5, 4)),
    "convolutional": (convolutional, (6, 6, 1)),
    "branched": (branched, (4,)),
}


def make_trainer(name: str = "recurrent", **options: Any) -> Trainer:
    """Return a trainer that has not made a step, the same one every time."""
    build, shape = NETWORKS[name]
    generator = np.random.default_rng(4)
    inputs = generator.normal(size=(ENTRIES, *shape)).astype(np.float32)
    labels = generator.integers(0, 3, ENTRIES)
    network = build(generator)
    network.propagates = False
    return Trainer(
        network,
        CategoricalCrossEntropyWithLogits(),
        Adam(0.01),
        ArrayBatches(inputs, labels),
        ArrayBatches(inputs[:8], labels[:8]),
        batch_size=16,
        generator=generator,
        **options,
    )


def bits(trainer: Trainer) -> str:
    """Return a checksum of the whole state of training."""
    arrays, metadata = trainer.state()
    digest = hashlib.sha256(repr(metadata["training"]["step"]).encode())
    for name in sorted(arrays):
        digest.update(np.ascontiguousarray(arrays[name]).tobytes())
    return digest.hexdigest()


class Letters:
    """A mailbox with requests that are repeated, and everything that is sent."""

    def __init__(self, requests: Sequence[Request], rounds: int = 10**6) -> None:
        self.requests, self.left, self.sent = list(requests), rounds * len(requests), []

    def next_command(self) -> Request | None:
        return None

    def next(self, seconds: float = 0.0) -> Request | None:
        if not self.left:
            return HUNG_UP if seconds else None
        self.left -= 1
        self.requests.append(self.requests.pop(0))
        return self.requests[-1]

    def send(self, message: bytes, *, answers: bool = True) -> None:
        self.sent.append(unpack(message)[0])

    def errors(self) -> set[str]:
        return {header["error"] for header in self.sent if "error" in header}


def make_run(
    folder: Path, trainer: Trainer, callbacks: Sequence[Callback] = ()
) -> tuple[TrainerRun, Inspector]:
    run = TrainerRun(TrainerSession(trainer), RunDirectory(folder), callbacks)
    return run, Inspector(run)


@pytest.mark.parametrize("name", NETWORKS)
def test_looking_on_changes_no_bit(name: str, tmp_path: Path):
    alone, watched = make_trainer(name), make_trainer(name)
    alone.train(3)
    watched.train(3, callbacks=[Looking(tmp_path, watched)])
    assert bits(watched) == bits(alone)


class Looking(Callback):
    """Inspects everything after every step, and walks through the next."""

    def __init__(self, folder: Path, trainer: Trainer) -> None:
        self.run, self.inspector = make_run(folder, trainer)

    def on_step(self, trainer: Trainer) -> None:
        inspector, layers = self.inspector, self.run.overview()["layers"]
        header, arrays = inspector.frame(list(KINDS))
        assert len(header["answers"]) == len(header["errors"]) == 8 and not header["repeats"]
        assert len(arrays["values"]) == sum(layer["neurons"] for layer in layers)
        for layer in range(len(layers)):
            inspector.neuron(layer, 1)
            inspector.connections(layer, 1)
        for layer in range(1, len(layers)):
            inspector.strongest(layer, 5)
        inspector.show("held_out", 0, trainer.step % 8)
        stages = inspector.walk("begin")[0]["walk"]["stages"]
        for _ in stages[1:]:
            inspector.walk("next")
        values, signals = (inspector.frame([kind])[1][kind] for kind in ("values", "signals"))
        assert not np.isnan(values).any()
        assert np.isfinite(signals).mean() > 0.5
        inspector.walk("end")


def test_requests_between_steps_are_answered_and_change_no_bit(tmp_path: Path):
    alone, trainer = make_trainer(), make_trainer()
    alone.train(4)
    trainer.limits = trainer.limits._replace(epochs=4)
    run, inspector = make_run(tmp_path, trainer)
    letters = Letters(
        [
            Request(1, "frame", {"kinds": ["values", "signals"]}),
            Request(2, "neuron", {"layer": 1, "neuron": 3}),
            Request(3, "status", {}),
            Request(4, "journal", {"count": 5}),
            Request(5, "overview", {}),
            Request(6, "code", {}),
        ]
    )
    ProgramLoop(Opened(run, inspector, ""), letters).run(wait=False)  # type: ignore[arg-type]
    assert bits(trainer) == bits(alone)
    assert {header["id"] for header in letters.sent} >= {2, 3, 4, 5, 6}
    assert all("no operation 'code'" in error or "newer request" in error for error in letters.errors())
    assert run.state == "finished"


def test_a_person_stops_changes_and_goes_on(tmp_path: Path):
    trainer = make_trainer("convolutional")
    run, inspector = make_run(tmp_path, trainer)
    run.train(lambda: run.stop() and None)
    assert run.state == "idle" and trainer.step == 1 and run.paused
    weights = trainer.network.parameters.values
    place = run.session.steering.anatomy.weight(1, 30, 3)
    changes = [
        {"kind": "weight", "layer": 1, "target": 30, "source": 3, "value": 0.125},
        {"kind": "lock_weight", "layer": 1, "target": 30, "source": 3, "locked": True},
        {"kind": "clamp", "layer": 3, "neuron": 2, "value": 0.5},
        {"kind": "setting", "name": "learning-rate", "value": "0.005"},
        {"kind": "setting", "name": "optimizer", "value": "momentum"},
        {"kind": "setting", "name": "batch-size", "value": "8"},
    ]
    run.apply(changes)
    for _ in range(3):
        run.step()
    assert weights[place] == 0.125
    assert inspector.neuron(3, 2)[0]["value"] == 0.5
    assert (trainer.optimizer.learning_rate, trainer.batch_size) == (0.005, 8)
    assert [event["event"] for event in run.journal(9)["events"]] == ["begin", "stop", "change"]
    run.close()


def test_what_cannot_be_is_refused_and_nothing_changes(tmp_path: Path):
    trainer = make_trainer()
    run, _ = make_run(tmp_path, trainer)
    before = bits(trainer)
    for change, message in (
        (
            {"kind": "clamp", "layer": 1, "neuron": 0, "value": 1.0},
            "layer 1 .lstm 0 gates.: .*cannot be clamped",
        ),
        ({"kind": "setting", "name": "leakage", "value": "0.2"}, "no leaky ReLUs"),
        ({"kind": "setting", "name": "batch-size", "value": "none"}, "batch-size=none: it should be"),
        ({"kind": "setting", "name": "optimizer", "value": "adum"}, "optimizer=adum: .*adam"),
        ({"kind": "weight", "layer": 1, "target": 0, "source": 19, "value": 1.0}, "there is no connection"),
        ({"kind": "bias", "layer": 2, "neuron": 0, "value": 1.0}, "has no bias"),
    ):
        with pytest.raises(ChangeError, match=message):
            run.apply([change])
    with pytest.raises(OperationError, match="leave the seed empty"):
        run.reset(3)
    assert bits(trainer) == before


def test_one_goes_back_to_a_snapshot_and_to_the_beginning(tmp_path: Path):
    other, trainer = make_trainer(), make_trainer()
    other.train(2)
    run, _ = make_run(tmp_path, trainer)
    run.apply([{"kind": "bias", "layer": 1, "neuron": 0, "value": 2.0}])
    run.step()
    name, at_snapshot = run.snapshot()["name"], bits(trainer)
    run.apply(
        [
            {"kind": "setting", "name": "optimizer", "value": "sgd"},
            {"kind": "lock", "layer": 1, "neuron": 0, "locked": True},
        ]
    )
    run.step()
    run.rewind(name)
    assert bits(trainer) == at_snapshot
    assert not run.status()["locks"] and run.status()["changes"] == 1
    assert run.status()["settings"]["optimizer"] == "" and isinstance(trainer.optimizer, Adam)
    run.reset(None)
    assert trainer.step == 0 and run.status()["changes"] == 0
    trainer.train(2)
    assert bits(trainer) == bits(other)


def test_where_outputs_repeat_inputs_they_are_shown_beside_them(tmp_path: Path):
    generator = np.random.default_rng(1)
    images = generator.random((20, 4, 4, 1), np.float32)
    network = Dense(Shape(4, 4, 1), Shape(4, 4, 1), generator=generator)
    trainer = Trainer(
        network, SquaredError(), Adam(0.01), ArrayBatches(images), batch_size=5, generator=generator
    )
    run, inspector = make_run(tmp_path, trainer)
    header, arrays = inspector.frame(["values"])
    assert header["repeats"] and not header["answers"] and header["sources"] == ["training"]
    np.testing.assert_array_equal(arrays["inputs"], np.rint(images[:8] * 255))
    assert arrays["outputs"].shape == (8, 4, 4, 1)
    assert [layer["grey"] for layer in run.overview()["layers"]] == [True, True]
    with pytest.raises(OperationError, match="no image is held out"):
        inspector.show("held_out", 0, 0)


def test_training_goes_on_when_the_page_has_ended(tmp_path: Path):
    trainer = make_trainer()
    trainer.limits = trainer.limits._replace(epochs=2)
    run, inspector = make_run(tmp_path, trainer)
    ProgramLoop(Opened(run, inspector, ""), Letters([HUNG_UP], 1)).run(wait=True)  # type: ignore[arg-type]
    assert run.state == "finished"


@pytest.mark.parametrize("name", NETWORKS)
def test_signs_of_trouble_are_looked_for_in_every_network_without_changing_a_bit(tmp_path: Path, name: str):
    alone, trainer = make_trainer(name), make_trainer(name)
    _, inspector = make_run(tmp_path, trainer)
    for _ in range(5):
        header, arrays = inspector.diagnose()
        assert not header["findings"]
        assert len(header["layers"]) == len(arrays["counts"]) == arrays["quantiles"].shape[1]
        alone.advance()
        trainer.advance()
    assert bits(trainer) == bits(alone)


def test_where_it_does_not_begin_it_trains_when_it_is_started(tmp_path: Path):
    class Visitor(Letters):
        def next(self, seconds: float = 0.0) -> Request | None:
            return self.requests.pop(0) if self.requests and seconds else HUNG_UP if seconds else None

    def left_by(*requests: Request) -> Trainer:
        trainer = make_trainer()
        trainer.limits = trainer.limits._replace(epochs=2)
        run, inspector = make_run(tmp_path / str(len(requests)), trainer)
        ProgramLoop(Opened(run, inspector, ""), Visitor(requests)).run(True, begins=False)  # type: ignore[arg-type]
        return trainer

    untouched, alone = make_trainer(), make_trainer()
    alone.train(2)
    assert bits(left_by(Request(1, "status", {}))) == bits(untouched)
    assert bits(left_by(Request(1, "status", {}), Request(2, "start", {}))) == bits(alone)


def test_errors_are_for_the_program():
    class Failing(Callback):
        def on_step(self, trainer: Trainer) -> None:
            raise RuntimeError("a fault of the program")

    with pytest.raises(RuntimeError, match="a fault of the program"):
        workbench.watch(make_trainer(), epochs=1, callbacks=[Failing()])

    class Spoiling(Callback):
        def on_step(self, trainer: Trainer) -> None:
            trainer.network.parameters.values[0] = np.nan

    with pytest.raises(TrainingDiverged):
        workbench.watch(make_trainer(), epochs=1, callbacks=[Spoiling()], wait=False)
    with pytest.raises(ValueError, match="epochs"):
        workbench.watch(make_trainer(), epochs=-1)


def test_watching_trains_as_training_does(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    alone, watched = make_trainer(), make_trainer()
    expected = alone.train(2)
    outcome = workbench.watch(watched, epochs=2, directory=tmp_path, wait=False)
    assert bits(watched) == bits(alone)
    assert (outcome.stopped, outcome.row and outcome.row.step) == (False, expected.row and expected.row.step)
    assert (tmp_path / "journal.jsonl").is_file()


def test_settings_of_a_session_name_what_is_wrong():
    session = TrainerSession(make_trainer())
    with pytest.raises(SettingsError, match="minutes=-1: it should be a number of at least 0"):
        session.checked_texts({"minutes": "-1"})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"trainer": None}, "watch: trainer is None: give a Trainer"),
        ({"callbacks": Callback()}, "watch: callbacks is of type Callback: give a list of them"),
        ({"port": 99999}, "watch: port is 99999: give 0 to 65535"),
        ({"port": -1}, "watch: port is -1: give 0 to 65535"),
    ],
)
def test_what_cannot_be_watched_is_refused(arguments: dict[str, Any], message: str):
    with pytest.raises((ValueError, InputError), match=message):
        workbench.watch(**{"trainer": make_trainer(), **arguments})


def test_no_epochs_are_no_training():
    trainer = make_trainer()
    trainer.limits = Limits(0, None)
    assert TrainerSession(trainer).settings.epochs == 0


def test_a_graph_of_single_neurons_is_looked_into(tmp_path: Path):
    graph = Graph()
    image = graph.input_layer(Shape(1, 1, 4))
    neurons = [graph.add_neuron(Tanh()) for _ in range(3)]
    for neuron in neurons:
        graph.connect(graph.neuron(image.first), neuron, 0.5)
    graph.set_output(neurons)
    generator = np.random.default_rng(0)
    source = ArrayBatches(generator.normal(size=(16, 4)), generator.normal(size=(16, 3)))
    network = GraphNetwork(graph)
    trainer = Trainer(network, SquaredError(), Adam(), source, batch_size=8, generator=generator)
    run, inspector = make_run(tmp_path, trainer)
    assert inspector and len(run.overview()["layers"]) >= 1


class StopsAt(Callback):
    """Stops training itself."""

    def on_step(self, trainer: Trainer) -> None:
        if trainer.step == 3:
            trainer.stop()


def test_a_callback_that_stops_does_not_end_the_watching(tmp_path: Path):
    trainer, waited = make_trainer(), []

    class Waiting(Letters):
        def next(self, seconds: float = 0.0) -> Request | None:
            waited.extend([seconds] if seconds else [])
            return HUNG_UP if seconds else None

    run, inspector = make_run(tmp_path, trainer, [StopsAt()])
    ProgramLoop(Opened(run, inspector, ""), Waiting([])).run(wait=True)  # type: ignore[arg-type]
    assert (trainer.step, len(waited), run.state) == (3, 1, "idle")


def test_the_status_tells_the_first_step_and_what_was_measured(tmp_path: Path):
    run, _ = make_run(tmp_path, make_trainer())
    assert (run.state, run.starting) == ("idle", False)
    run.announce()
    assert (run.status()["state"], run.status()["starting"]) == ("training", True)
    seen = []
    run.train(lambda: seen.append(run.starting) or run.stop())  # type: ignore[func-returns-value]
    assert seen == [False]
    assert (run.state, run.status()["starting"]) == ("idle", False)
    run.start()
    assert run.status()["starting"] is False  # what is compiled stays so
    assert "accuracy" in run.status()["metrics"]


class Stopping(Callback):
    """Stops after a step, or fails."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error

    def on_step(self, trainer: Trainer) -> None:
        if self.error is not None:
            raise self.error
        trainer.stop("it is good enough")


def test_why_a_run_has_ended_is_said(tmp_path: Path):
    trainer = make_trainer()
    trainer.limits = Limits(1, None)
    run, _ = make_run(tmp_path / "limit", trainer)
    run.train(lambda: None)
    assert run.why_ended() == "training reached its limit at step 3"
    run, _ = make_run(tmp_path / "stopped", make_trainer(), [Stopping()])
    run.train(lambda: None)
    assert run.status()["message"] == "it is good enough"
    assert run.why_ended() == "training stopped after step 1: it is good enough"
    run, _ = make_run(tmp_path / "failed", make_trainer(), [Stopping(RuntimeError("broken"))])
    with pytest.raises(RuntimeError):
        run.train(lambda: None)
    assert run.why_ended() == "RuntimeError after step 1: broken"


def test_what_every_layer_reads_is_told(tmp_path: Path):
    run, _ = make_run(tmp_path, make_trainer("branched"))
    layers = run.overview()["layers"]
    assert [(layer["kind"], layer["sources"], layer["output"]) for layer in layers] == [
        ("input", [], False),
        ("dense", [0], False),
        ("dense", [0], False),
        ("concatenate", [1, 2], False),
        ("dense", [3], True),
    ]


def test_what_cannot_be_looked_at_is_refused():
    network, data = make_trainer().network, ArrayBatches(np.zeros((3, 5, 4), np.float32), np.zeros(3))
    with pytest.raises(ValueError, match="look: network"):
        workbench.look(data, data)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="port is -1"):
        workbench.look(network, data, port=-1)
