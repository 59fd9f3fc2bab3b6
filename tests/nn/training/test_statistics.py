"""Statistics of layers: every number against its definition, at the right steps, whole after a resume."""

import csv
import json
import logging
import math

import numpy as np
import pytest

from networks.base.nodes import Call, Input
from networks.dense import Dense
from networks.model import Model
from networks.noise import Dropout
from networks.reshape import Flatten
from networks.sequential import Sequential
from networks.time_distributed import TimeDistributed
from nn.activations import ReLU, Sigmoid
from nn.optimizers import SGD
from nn.schedules import Constant
from nn.shape import SequenceShape, Shape
from nn.snapshot import load
from nn.training import (
    ArrayBatches,
    Callback,
    ImageBatches,
    Prefetched,
    Snapshots,
    Statistics,
    evaluate,
)
from tests.support.tiny_training import CODE, SHAPE, STEPS_PER_EPOCH, make_images, make_trainer, snapshot_of


class Hold(Callback):
    """Keeps the arrays that statistics are computed from, for a single step."""

    def wants_gradients(self, trainer):
        return trainer.step == 0

    def on_gradients(self, trainer):
        leaves = trainer.network.leaves
        self.entries = {name: leaf.entries for name, leaf in leaves.items()}
        self.values, self.signals = (
            {name: getattr(leaf, what)[..., : leaf.entries].astype(float) for name, leaf in leaves.items()}
            for what in ("values", "signals")
        )
        self.gradients = {name: leaf.parameters.gradients.copy() for name, leaf in leaves.items()}
        self.before = {name: leaf.parameters.values.copy() for name, leaf in leaves.items()}

    def on_step(self, trainer):
        self.after = {
            name: leaf.parameters.values.astype(float) for name, leaf in trainer.network.leaves.items()
        }


def make_network():
    weights, drops = np.random.default_rng(2).spawn(2)
    layers = {
        "encoder": Dense(SHAPE, CODE, activation=ReLU(), generator=weights),
        "dropout": Dropout(CODE, rate=0.3, generator=drops),
        "decoder": Dense(CODE, SHAPE, activation=Sigmoid(), generator=weights),
    }
    layers["decoder"].parameters.values[:] *= 20
    return Sequential(layers)


def test_every_number_is_what_it_says():
    hold, statistics = Hold(), Statistics(interval=1, unit="steps")
    trainer = make_trainer(network=make_network(), optimizer=SGD(0.5, momentum=0.9), schedule=Constant())
    trainer.train(epochs=0.2, callbacks=[hold, statistics])
    (row,) = statistics.rows
    assert (row.step, row.epoch) == (1, pytest.approx(5 / 23))
    expected = {}
    for name, values in hold.values.items():
        flat, signals = values.reshape(-1, 5), hold.signals[name]
        expected[f"{name}.mean"] = values.mean()
        expected[f"{name}.deviation"] = values.std()
        expected[f"{name}.dead"] = np.mean([not neuron.any() for neuron in flat])
        expected[f"{name}.signal_norm"] = np.sqrt(np.mean(np.sum((signals * 5) ** 2, axis=(0, 1, 2))))
    for name in ("encoder", "decoder"):
        length, change = np.linalg.norm(hold.after[name]), hold.after[name] - hold.before[name]
        expected[f"{name}.gradient_norm"] = np.linalg.norm(hold.gradients[name])
        expected[f"{name}.parameter_norm"] = length
        expected[f"{name}.relative_update"] = np.linalg.norm(change) / length
        expected[f"{name}.largest_update"] = np.abs(change).max() / length
    decoded = hold.values["decoder"]
    expected["decoder.saturated"] = np.mean((decoded < 0.01) | (decoded > 0.99))
    assert row.numbers == pytest.approx(expected, rel=1e-6)
    assert row.numbers["decoder.relative_update"] > 0
    assert row.numbers["decoder.saturated"] > 0
    assert row.numbers["encoder.dead"] > 0


@pytest.mark.parametrize(
    ("interval", "unit", "steps"),
    [
        (1, "epochs", [5, 10, 15]),
        (2, "epochs", [10]),
        (1, "steps", range(1, 17)),
        (4, "steps", [4, 8, 12, 16]),
    ],
)
def test_the_last_step_of_every_interval_is_measured(interval, unit, steps):
    statistics = Statistics(None, interval, unit)
    make_trainer().train(epochs=3.2, callbacks=[statistics])
    assert [row.step for row in statistics.rows] == list(steps)
    assert [row.epoch * STEPS_PER_EPOCH for row in statistics.rows] == pytest.approx(list(steps), abs=0.4)


def test_unused_histories_are_left_out():
    """The rung pads to whole vectors; a single entry has no spread over entries of the same image."""
    statistics = Statistics(None, 1, "steps")
    images = np.repeat(make_images(1), 3, axis=0)
    trainer = make_trainer(batches=ImageBatches(images), batch_size=3)
    trainer.train(epochs=1, callbacks=[statistics])
    values = trainer.network.leaves["0"].values[..., :1]
    single = make_trainer(batches=ImageBatches(images[:1]), batch_size=1)
    alone = Statistics(None, 1, "steps")
    single.train(epochs=1, callbacks=[alone])
    assert values.size == CODE.size
    for number in ("0.mean", "0.deviation", "0.signal_norm", "1.signal_norm"):
        assert statistics.rows[0].numbers[number] == pytest.approx(alone.rows[0].numbers[number], rel=1e-5)


def test_a_layer_at_every_step_counts_the_steps_that_are_there():
    """The steps of all entries are its histories, but the loss is a mean over the entries."""
    shape, generator = SequenceShape(4, 3), np.random.default_rng(1)
    network = Sequential(shape, [TimeDistributed.of(Dense.of(2))], generator=generator)
    there = np.arange(4) < generator.integers(1, 4, 10)[:, None]
    sequences = generator.random((10, *shape)).astype(np.float32)
    batches = ArrayBatches(sequences, generator.random((10, 4, 2)), step_masks=there)
    look, statistics = Hold(), Statistics(interval=1, unit="steps")
    trainer = make_trainer(network=network, batches=batches, held_out=None, batch_size=3)
    trainer.train(epochs=0.3, callbacks=[look, statistics])
    numbers = statistics.rows[0].numbers
    (name,) = (name for name in look.gradients if look.gradients[name].size)
    present = look.values[name][..., : look.entries[name]]
    assert 3 < look.entries[name] < 12
    assert numbers[f"{name}.mean"] == pytest.approx(present.mean(), rel=1e-6)
    assert numbers[f"{name}.deviation"] == pytest.approx(present.std(), rel=1e-6)
    length = np.linalg.norm(look.signals[name]) * np.sqrt(3)
    assert numbers[f"{name}.signal_norm"] == pytest.approx(length, rel=1e-6)


def test_the_table_is_the_rows(tmp_path):
    path, lines = tmp_path / "statistics.csv", []

    class Look(Callback):
        def on_step(self, trainer):
            if path.exists():
                lines.append(len(path.read_text().splitlines()))

    statistics = Statistics(path, 2, "steps")
    make_trainer().train(epochs=2.2, callbacks=[statistics, Look()])
    assert lines == [3] * 5 + [6] * 2
    with path.open() as file:
        table = list(csv.DictReader(file))
    assert list(table[0])[:3] == ["step", "epoch", "0.mean"]
    assert [(int(line["step"]), float(line["1.gradient_norm"])) for line in table] == [
        (row.step, row.numbers["1.gradient_norm"]) for row in statistics.rows
    ]
    assert list(tmp_path.iterdir()) == [path]


def test_a_network_of_one_layer_needs_no_name():
    statistics = Statistics()
    network = Dense(SHAPE, SHAPE, generator=np.random.default_rng(1))
    make_trainer(network=network).train(epochs=1, callbacks=[statistics])
    assert {"mean", "relative_update"} <= set(statistics.rows[0].numbers)
    assert list(statistics.curves("mean")) == [""]


def test_both_uses_of_a_shared_layer_are_measured():
    image = Input(SHAPE)
    square = Dense(SHAPE, SHAPE, generator=np.random.default_rng(1))
    statistics = Statistics()
    network = Model(image, Call(square, Call(square, image, name="square"), name="square"))
    make_trainer(network=network).train(epochs=1, callbacks=[statistics])
    numbers = statistics.rows[0].numbers
    assert len({name.rpartition(".")[0] for name in numbers}) == 2
    assert len(statistics.curves("parameter_norm")) == 2


@pytest.mark.parametrize("snapshots_first", [True, False])
def test_resumed_rows_are_those_of_an_uninterrupted_run(tmp_path, snapshots_first):
    class CutOff(Exception):  # noqa: N818 - not an error
        pass

    class CutAt(Callback):
        def on_step(self, trainer):
            if trainer.step == 6:
                raise CutOff

    def callbacks():
        both = [Statistics(None, 3, "steps"), Snapshots(path, 0, {})]
        return both[::-1] if snapshots_first else both

    path = tmp_path / "model.safetensors"
    whole = Statistics(None, 3, "steps")
    make_trainer().train(epochs=2, callbacks=[whole])
    with pytest.raises(CutOff):
        make_trainer().train(epochs=2, callbacks=[*callbacks(), CutAt()])
    resumed, again = make_trainer(), callbacks()
    resumed.restore(load(path))
    resumed.train(epochs=2, callbacks=again)
    (statistics,) = [each for each in again if isinstance(each, Statistics)]
    assert [row.step for row in whole.rows] == [3, 6, 9]
    assert statistics.rows == whole.rows


def test_numbers_too_large_for_a_float_are_kept_out_of_snapshots():
    statistics = Statistics(interval=1, unit="steps")
    trainer = make_trainer()
    trainer.train(epochs=1, callbacks=[statistics])
    statistics.rows[2].numbers["0.deviation"] = math.inf
    state = statistics.state()
    assert all(np.isfinite(value).all() for value in state.values() if isinstance(value, np.ndarray))
    again = Statistics(interval=1, unit="steps")
    again.load_state({**state, "columns": json.loads(json.dumps(state["columns"]))})
    assert math.isnan(again.rows[2].numbers["0.deviation"])
    assert again.rows[3] == statistics.rows[3]
    assert len(again.curves("deviation")["0"]) == len(again.curves("mean")["0"]) - 1


def test_a_state_before_the_first_row_can_be_gone_on_from(tmp_path):
    path = tmp_path / "model.safetensors"
    make_trainer().train(epochs=0.5, callbacks=[Statistics(), Snapshots(path, 0, {})])
    resumed, statistics = make_trainer(), Statistics()
    resumed.restore(load(path))
    resumed.train(epochs=1, callbacks=[statistics])
    assert [row.step for row in statistics.rows] == [5]


def test_rows_of_other_layers_are_refused():
    trainer = make_trainer()
    trainer.train(epochs=1, callbacks=[Statistics()])
    state = trainer.state()[1]["training"]["callbacks"]
    snapshot = snapshot_of(trainer)
    other = make_trainer(network=make_network())
    other._callbacks.restore(state, snapshot.arrays)
    with pytest.raises(
        ValueError, match="rows are of layers 0, 1; the network has encoder, dropout, decoder"
    ):
        other.train(epochs=2, callbacks=[Statistics()])


@pytest.mark.parametrize(
    "change",
    [{"columns": ["a"]}, {"steps": np.zeros(3, np.int64)}, {"numbers": np.zeros(2)}, {"known": None}],
)
def test_a_damaged_state_is_refused(change):
    trainer, statistics = make_trainer(), Statistics()
    trainer.train(epochs=2, callbacks=[statistics])
    with pytest.raises((ValueError, TypeError)):
        Statistics().load_state({**statistics.state(), **change})


def test_a_table_that_cannot_be_written_is_logged_and_training_goes_on(tmp_path, caplog):
    statistics = Statistics(tmp_path / "nowhere" / "statistics.csv")
    with caplog.at_level(logging.ERROR):
        make_trainer().train(epochs=1, callbacks=[statistics])
    assert "statistics.csv: cannot write the table of statistics (No such file" in caplog.text
    assert len(statistics.rows) == 1


@pytest.mark.parametrize("interval", [0, 1.5, True, np.nan, np.inf, "1", None])
def test_an_interval_that_is_no_count_is_refused(interval):
    with pytest.raises(ValueError, match=r"statistics: interval .* must be a whole number of at least 1"):
        Statistics(interval=interval)


def test_an_unknown_unit_is_refused():
    with pytest.raises(ValueError, match="unit 'minutes' must be epochs or steps"):
        Statistics(unit="minutes")


class Evaluates(Callback):
    """Measures the loss on the training data, in the middle of a step."""

    def wants_gradients(self, trainer):
        return True

    def on_gradients(self, trainer):
        evaluate(trainer.network, trainer.loss, trainer.batches, 3)


@pytest.mark.parametrize("prefetched", [False, True])
def test_who_evaluates_on_the_same_data_changes_nothing_of_what_is_measured(prefetched):
    """The values of a flatten are the batch itself, which its source overwrites with the next."""
    found = []
    for first in ([], [Evaluates()]):
        source = ImageBatches(make_images())
        layers = [Flatten(SHAPE), Dense(Shape(1, 1, 6), SHAPE, generator=np.random.default_rng(0))]
        batches = Prefetched(source) if prefetched else source
        trainer = make_trainer(network=Sequential(layers), batches=batches, held_out=source)
        statistics = Statistics(interval=1, unit="steps")
        trainer.train(epochs=2, callbacks=[*first, statistics])
        found.append(statistics.rows)
    assert found[0] == found[1]
