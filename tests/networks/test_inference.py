"""Looking at a network never changes what it learns: the same bits with callbacks that look at everything."""

import copy
from contextlib import nullcontext
from functools import partial

import numpy as np
import pytest

from networks.base.nodes import Call, Input
from networks.dense import Dense
from networks.gru import GRU
from networks.ladder import FAMILIES, RUNGS
from networks.lstm import LSTM
from networks.merge import Merge
from networks.model import Model
from networks.noise import Dropout, GaussianNoise
from networks.normalisation import BatchNormalisation
from networks.sequential import Sequential
from networks.spectral_normalisation import SpectralNormalisation
from networks.time_distributed import TimeDistributed
from nn.checks.gradients import check_gradients
from nn.checks.storage import check_storage
from nn.losses import SquaredError
from nn.optimizers import SGD, Adam
from nn.shape import SequenceShape, Shape, VideoShape
from nn.training import ArrayBatches, Callback, Losses, Options, Statistics, Trainer, evaluate
from nn.training.memory import estimate
from tests.support.tiny_training import everything

ENTRIES, BATCH_SIZE, HISTORIES = 12, 5, 16

NETWORKS = [(family, rung) for family in FAMILIES for rung in RUNGS]


def example(family, rung):
    return FAMILIES[family].example(FAMILIES[family].rungs[rung], generator=np.random.default_rng(1))


def sequences(*layers, dtype=np.float32):
    return Sequential(SequenceShape(4, 3), layers, generator=np.random.default_rng(2), dtype=dtype)


def containers(dtype=np.float32):
    """Return functions that build networks of networks, with states and generators, by name."""

    def generator():
        return np.random.default_rng(2)

    options = {"dtype": dtype}
    spectral = SpectralNormalisation.of(Dense.of(2))

    def stateful(kind):
        def make():
            last = kind.of(units=2, whole_sequence=False, stateful=True)
            return sequences(LSTM.of(units=3, stateful=True), last, **options)

        return make

    def noisy():
        noise, drops = GaussianNoise.of(deviation=0.1), Dropout.of(rate=0.2)
        layers = [noise, Dense.of(2), BatchNormalisation.of(), drops, spectral]
        return Sequential(4, layers, generator=generator(), **options)

    def wired():
        vector = Input(4, generator=generator(), **options)
        first = Call(Sequential.of([Dense.of(2), BatchNormalisation.of()]), vector, name="tower")
        second = Call(Dense.of(4), first, name="back")
        return Model(vector, Call(first.network, second))

    def distributed():
        return TimeDistributed(SequenceShape(4, 3), spectral, generator=generator(), **options)

    return {
        "stateful lstm": stateful(LSTM),
        "stateful gru": stateful(GRU),
        "noise, batch and spectral normalisation": noisy,
        "a model that uses a network twice": wired,
        "time distributed": distributed,
    }


def entries_of(network, count, seed=3):
    generator = np.random.default_rng(seed)
    shape = (count, *network.input_shape)
    if network.labels is not None:
        return generator.integers(network.labels, size=shape)
    return generator.normal(size=shape).astype(network.dtype)


def trainer_of(network, optimizer=None, **options):
    generator = np.random.default_rng(4)
    targets = generator.normal(size=(ENTRIES, *network.output_shape)).astype(network.dtype)
    source = ArrayBatches(entries_of(network, ENTRIES), targets, dtype=network.dtype)
    held_out = ArrayBatches(entries_of(network, 7, 5), targets[:7], dtype=network.dtype)
    return Trainer(
        network,
        SquaredError(),
        optimizer or Adam(0.01),
        source,
        held_out,
        batch_size=BATCH_SIZE,
        generator=np.random.default_rng(6),
        options=Options(**options),
    )


class Looks(Callback):
    """Looks at everything in every hook."""

    def __init__(self, forward=True):
        self.forward, self.looks = forward, 0

    def wants_gradients(self, trainer):
        return True

    def _look(self, trainer, forward=True):
        network = trainer.network
        self.looks += 1
        network.predict(entries_of(network, 3), 2)
        network.predict(entries_of(network, HISTORIES))
        for layer in (each for each in network.layers if each is not network and each.labels is None):
            layer.predict(entries_of(layer, 3))
        trainer.evaluate()
        evaluate(network, trainer.loss, copy.copy(trainer.batches), 4, reset="never")
        if forward and self.forward:
            network.forward(np.moveaxis(entries_of(network, HISTORIES), 0, -1).astype(network.dtype).copy())
        network.summary()
        network.history_bytes(7)
        network.output_range()
        estimate(network, trainer.optimizer, 9)
        str((network.values, network.signals, network.returned, network.leaves, network.named_outputs))
        str((network.state(), network.generators, network.to_configuration(), network.structure()))
        twin = copy.deepcopy(network)
        twin.reset()
        twin.step_mask = twin.entries = None
        outputs = twin.forward(np.moveaxis(entries_of(network, 3), 0, -1).astype(network.dtype).copy(), True)
        twin.backward(np.ones_like(outputs))
        twin.parameters.values[:] = 0
        trainer.checkpoint()
        copy.deepcopy(trainer)
        trainer.shuffle.peek(3)

    def on_start(self, trainer):
        self._look(trainer, forward=False)

    def before_step(self, trainer):
        self._look(trainer)

    def on_gradients(self, trainer):
        self._look(trainer, forward=False)

    def on_step(self, trainer):
        self._look(trainer)

    def on_epoch(self, trainer):
        self._look(trainer)

    def before_end(self, trainer):
        self._look(trainer)

    def on_end(self, trainer):
        self._look(trainer)


class Calm(Callback):
    """Wants the gradients too, so that plain descent runs in the same way."""

    def wants_gradients(self, trainer):
        return True


def rows(statistics):
    return [(row.step, sorted(row.numbers.items())) for row in statistics.rows]


def assert_looking_changes_nothing(make, looks, **options):
    calm, watched = trainer_of(make(), **options), trainer_of(make(), **options)
    own, theirs = (Statistics(interval=1, unit="steps") for _ in range(2))
    calm.train(epochs=2, callbacks=[Calm(), own])
    watched.train(epochs=2, callbacks=[looks, theirs])
    assert looks.looks == 1 + 3 * watched.step + 2 + 2 == 23
    assert everything(watched)[0] == everything(calm)[0]
    assert everything(watched)[1]["log"] == everything(calm)[1]["log"]
    assert everything(watched)[1]["generators"] == everything(calm)[1]["generators"]
    assert rows(theirs) == rows(own)


@pytest.mark.parametrize(("family", "rung"), NETWORKS)
def test_looking_changes_nothing(family, rung):
    assert_looking_changes_nothing(partial(example, family, rung), Looks())


@pytest.mark.parametrize("name", containers())
@pytest.mark.parametrize("reset", ["epoch", "never"])
def test_looking_into_networks_of_networks_changes_nothing(name, reset):
    make = containers()[name]
    assert_looking_changes_nothing(make, Looks(), reset=reset)


@pytest.mark.parametrize("name", containers())
def test_checks_of_gradients_and_storage_change_nothing(name):
    make = containers(np.float64)[name]

    class Checks(Looks):
        def _look(self, trainer, forward=True):
            self.looks += 1
            network = trainer.network
            network.propagates = True
            values = np.moveaxis(entries_of(network, HISTORIES), 0, -1).copy()
            for training in (False, True):
                check_gradients(
                    network, values, sample=2, generator=np.random.default_rng(0), training=training
                )

    calm, watched = trainer_of(make()), trainer_of(make())
    calm.train(epochs=1, callbacks=[Calm()])
    watched.train(epochs=1, callbacks=[Checks()])
    assert everything(watched)[0] == everything(calm)[0]
    assert everything(watched)[1]["generators"] == everything(calm)[1]["generators"]


def test_a_check_of_storage_changes_nothing():
    def make():
        generator = np.random.default_rng(3)
        kind = FAMILIES["dense"].rungs["o2"]
        shape = Shape(1, 1, 16)
        drops = FAMILIES["dropout"].rungs["o2"](shape, rate=0.5, generator=generator)
        return Sequential([kind(shape, shape, generator=generator), drops])

    class Checks(Looks):
        def _look(self, trainer, forward=True):
            self.looks += 1
            values = np.moveaxis(entries_of(trainer.network, HISTORIES), 0, -1).copy()
            trainer.network.propagates = True
            check_storage(trainer.network, values, training=True)

    calm, watched = trainer_of(make()), trainer_of(make())
    calm.train(epochs=1, callbacks=[Calm()])
    watched.train(epochs=1, callbacks=[Checks()])
    assert everything(watched)[0] == everything(calm)[0]
    assert everything(watched)[1]["generators"] == everything(calm)[1]["generators"]


def numbers(network, histories, seed=0):
    generator = np.random.default_rng(seed)
    values = np.moveaxis(entries_of(network, histories, seed), 0, -1).astype(network.dtype).copy()
    return values, generator.normal(size=(*network.output_shape, histories)).astype(network.dtype)


@pytest.mark.parametrize(("family", "rung"), NETWORKS)
def look_at(network):
    """Predict with the whole and every part, and evaluate."""
    for part in network.all_networks:
        if part.labels is None and not isinstance(part, Merge):
            part.predict(entries_of(part, HISTORIES, seed=9))
    targets = np.zeros((3, *network.output_shape), network.dtype)
    evaluate(network, SquaredError(), ArrayBatches(entries_of(network, 3), targets, dtype=network.dtype), 2)


def assert_a_backward_after_a_look_is_right(make, training):
    looked_at, other = make(), make()
    values, signals = numbers(other, HISTORIES)
    for each in (looked_at, other):
        each.forward(values, training)
        if each is looked_at:
            look_at(each)
        each.input_signals = each.backward(signals).copy()
        if each is looked_at:
            look_at(each)
            with pytest.raises(ValueError, match="predict or an evaluation ran since: run forward once more"):
                each.backward(signals)
        each.forward(values, training)
        each.backward(signals)
    np.testing.assert_array_equal(looked_at.parameters.gradients, other.parameters.gradients)
    np.testing.assert_array_equal(looked_at.input_signals, other.input_signals)


@pytest.mark.parametrize(("family", "rung"), NETWORKS)
def test_a_look_between_forward_and_backward_changes_nothing(family, rung):
    assert_a_backward_after_a_look_is_right(partial(example, family, rung), training=True)


@pytest.mark.parametrize("name", containers())
@pytest.mark.parametrize("training", [False, True])
def test_a_look_between_passes_of_networks_of_networks_changes_nothing(name, training):
    assert_a_backward_after_a_look_is_right(containers()[name], training)


@pytest.mark.parametrize("name", containers())
def test_a_look_copies_the_network_only_where_its_values_are_needed(name, monkeypatch):
    network, copied = containers()[name](), []
    values, signals = numbers(network, HISTORIES)
    monkeypatch.setattr(
        "networks.base.inference.deepcopy", lambda each: copied.append(each) or copy.deepcopy(each)
    )
    network.predict(entries_of(network, 3))
    network.forward(values, training=True)
    network.backward(signals)
    network.predict(entries_of(network, 3))
    assert copied == []
    trainer_of(network).train(epochs=2)
    network.predict(entries_of(network, 3))
    assert copied == []
    network.forward(values)
    network.predict(entries_of(network, 3))
    assert copied == [network]


@pytest.mark.parametrize("optimizer", [SGD(0.1), Adam(0.01)])
def test_after_a_step_nothing_of_its_batch_is_left(optimizer):
    """Padded sequences: the mask of a batch must not be used by the next forward."""
    network = sequences(LSTM.of(units=3))
    generator = np.random.default_rng(5)
    masks = np.arange(4) < generator.integers(1, 5, ENTRIES)[:, None]
    targets = generator.normal(size=(ENTRIES, *network.output_shape)).astype(np.float32)
    source = ArrayBatches(entries_of(network, ENTRIES), targets, step_masks=masks)
    trainer = Trainer(network, SquaredError(), optimizer, source, batch_size=5, generator=generator)
    for _ in range(4):
        trainer.make_step()
        fresh = sequences(LSTM.of(units=3))
        fresh.parameters.copy_from(network.parameters)
        for count in (5, 16, 3):
            entries = entries_of(network, count, 8)
            np.testing.assert_array_equal(network.predict(entries), fresh.predict(entries))
            values = np.moveaxis(entries, 0, -1).copy()
            np.testing.assert_array_equal(network.forward(values), fresh.forward(values))
            network.forward(values, training=True)


class Masked(Callback):
    """Predicts while the batch of a step is known."""

    def __init__(self):
        self.found = []

    def wants_gradients(self, trainer):
        return True

    def on_gradients(self, trainer):
        fresh = copy.deepcopy(trainer.network)
        fresh.step_mask = fresh.entries = None
        for count in (5, 16, 7):
            entries = entries_of(trainer.network, count, 8)
            self.found.append(np.array_equal(trainer.network.predict(entries), fresh.predict(entries)))
        assert trainer.network.step_mask is not None


def test_predict_between_backward_and_update_knows_nothing_of_the_batch():
    network = sequences(LSTM.of(units=3))
    masks = np.arange(4) < np.random.default_rng(5).integers(1, 5, ENTRIES)[:, None]
    targets = np.zeros((ENTRIES, *network.output_shape), np.float32)
    source = ArrayBatches(entries_of(network, ENTRIES), targets, step_masks=masks)
    trainer = Trainer(
        network, SquaredError(), SGD(0.1), source, batch_size=5, generator=np.random.default_rng(1)
    )
    masked = Masked()
    trainer.train(epochs=1, callbacks=[masked])
    assert masked.found == [True] * 9


STATEFUL = [(family, rung) for family in ("lstm", "gru", "convolutional_lstm") for rung in RUNGS]


def stateful(family, rung, carries=True):
    kind = FAMILIES[family].rungs[rung]
    if family == "convolutional_lstm":
        options = {"channels": 2, "kernel": 3}
        shape = VideoShape(3, 4, 3, 2)
    else:
        options, shape = {"units": 3, "layers": 2}, SequenceShape(4, 3)
    return kind(shape, stateful=carries, generator=np.random.default_rng(2), **options)


@pytest.mark.parametrize(("family", "rung"), STATEFUL)
def test_predict_takes_every_entry_for_a_sequence_of_its_own(family, rung):
    network, stateless = stateful(family, rung), stateful(family, rung, carries=False)
    entries = entries_of(network, 7)
    expected = stateless.predict(entries)
    network.forward(numbers(network, HISTORIES)[0], training=True)
    carried = {name: array.copy() for name, array in network.state().items()}
    for batch_size in (1, 2, 7, 256):
        np.testing.assert_allclose(network.predict(entries, batch_size), expected, rtol=1e-5, atol=1e-6)
    for name, array in network.state().items():
        np.testing.assert_array_equal(array, carried[name])


@pytest.mark.parametrize(("family", "rung"), STATEFUL)
def test_forwards_in_training_go_on_from_the_last_in_training(family, rung):
    network, undisturbed = stateful(family, rung), stateful(family, rung)
    batches = [numbers(network, HISTORIES, seed)[0] for seed in range(4)]
    for each in (network, undisturbed):
        each.forward(batches[0], training=True)
    in_use = network.forward(batches[1]).copy()
    assert not np.array_equal(network.forward(batches[1]), in_use), "forwards in use go on as well"
    np.testing.assert_array_equal(
        network.forward(batches[2], training=True), undisturbed.forward(batches[2], training=True)
    )
    state = {name: array.copy() for name, array in network.state().items()}
    network.forward(batches[3])
    for name, array in network.state().items():
        np.testing.assert_array_equal(array, state[name])
    network.reset()
    assert network.state() == {}
    network.forward(batches[0])
    used = {name: array.copy() for name, array in network.state().items()}
    expected = network.forward(batches[1]).copy()
    network.load_state(used)
    np.testing.assert_array_equal(network.forward(batches[1]), expected)


@pytest.mark.parametrize("trained", [False, True])
@pytest.mark.parametrize(("family", "rung"), STATEFUL)
def test_what_ran_in_use_before_is_not_what_training_goes_on_from_after_its_state_was_loaded(
    family, rung, trained
):
    network, undisturbed = stateful(family, rung), stateful(family, rung)
    batches = [numbers(network, HISTORIES, seed)[0] for seed in range(4)]
    for each in (network, undisturbed) if trained else ():
        each.forward(batches[0], training=True)
        each.load_state(each.state())
    network.forward(batches[1])
    other = stateful(family, rung)
    for each in (network, other):
        each.load_state({name: array.copy() for name, array in network.state().items()})
    in_use = copy.deepcopy(network).forward(batches[2])
    np.testing.assert_array_equal(copy.deepcopy(other).forward(batches[2]), in_use)
    expected = undisturbed.forward(batches[3], training=True)
    for each in (network, other):
        np.testing.assert_array_equal(each.forward(batches[3], training=True), expected)
    before = {name: array.copy() for name, array in network.state().items()}
    with pytest.raises(ValueError, match=r"carries hidden.*; nothing is given"):
        network.load_state({**before, "used_nothing": before["hidden"]})
    assert network.state().keys() == before.keys()


@pytest.mark.parametrize(("family", "rung"), STATEFUL)
def test_another_batch_size_by_hand_is_looked_at_after_a_reset_that_training_does_not_notice(family, rung):
    network, undisturbed = stateful(family, rung), stateful(family, rung)
    batches = [numbers(network, HISTORIES, seed)[0] for seed in range(2)]
    few, signals = numbers(network, 3)[0], numbers(network, HISTORIES)[1]
    for each in (network, undisturbed):
        each.forward(batches[0], training=True)
        each.backward(signals)
    with pytest.raises(ValueError, match=r"call reset\(\) before another batch begins, within looking\(\)"):
        network.forward(few)
    with network.inference() as looked_at:
        looked_at.reset()
        outputs = looked_at.forward(few).copy()
    np.testing.assert_array_equal(outputs, stateful(family, rung, carries=False).forward(few))
    np.testing.assert_array_equal(
        network.forward(batches[1], training=True), undisturbed.forward(batches[1], training=True)
    )


def several_ends():
    """Return a model of two inputs and two outputs that carries and measures."""
    draws = np.random.default_rng(2)
    sequence, vector = Input(SequenceShape(4, 3)), Input(Shape(1, 1, 2))
    reader = LSTM(SequenceShape(4, 3), units=3, whole_sequence=False, stateful=True, generator=draws)
    read = Call(reader, sequence, name="read")
    merged = Call(FAMILIES["concatenate"].rungs["plain"]([read.shape, vector.shape]), read, vector)
    normal = Call(BatchNormalisation(merged.shape), merged)
    ends = {"end": normal, "other": Call(Dense(normal.shape, Shape(1, 1, 2), generator=draws), normal)}
    return Model({"sequence": sequence, "vector": vector}, ends)


def of_every_end(shapes, count, seed):
    generator = np.random.default_rng(seed)
    return {name: generator.normal(size=(count, *shape)).astype(np.float32) for name, shape in shapes.items()}


class LooksAtEnds(Callback):
    """Predicts, checks and evaluates a model of several inputs, with and without masks, in every hook."""

    def wants_gradients(self, trainer):
        return True

    def _look(self, trainer):
        model = trainer.network
        given = of_every_end(model.input_shapes, 7, 9)
        masks = np.arange(4) < np.arange(7)[:, None]
        known = model.predict(given, 2, step_masks=masks)
        for name, found in model.predict(given, step_masks=masks).items():
            np.testing.assert_allclose(found, known[name], rtol=1e-5, atol=1e-6)
        trainer.evaluate()

    before_step = on_gradients = on_step = on_epoch = on_start = before_end = on_end = _look


def test_looking_at_a_model_of_several_inputs_changes_nothing():
    def trained(callback):
        model = several_ends()
        masks = np.arange(4) < np.random.default_rng(5).integers(1, 5, ENTRIES)[:, None]
        inputs, targets = (
            of_every_end(each, ENTRIES, 3) for each in (model.input_shapes, model.output_shapes)
        )
        source = ArrayBatches(inputs, targets, step_masks=masks)
        loss = Losses({name: SquaredError() for name in model.output_shapes})
        generator = np.random.default_rng(6)
        options = Options(reset="never")
        held_out = ArrayBatches(inputs, targets)
        trainer = Trainer(
            model, loss, Adam(0.01), source, held_out, batch_size=4, generator=generator, options=options
        )
        trainer.train(epochs=2, callbacks=[callback])
        return everything(trainer)

    calm, watched = trained(Calm()), trained(LooksAtEnds())
    assert watched[0] == calm[0]
    assert watched[1]["log"] == calm[1]["log"]


def test_a_check_between_backward_and_update_leave_the_gradients():
    network = Sequential(
        [Dense(Shape(1, 1, 4), Shape(1, 1, 3), generator=np.random.default_rng(2), dtype=np.float64)]
    )
    values, signals = numbers(network, HISTORIES)
    network.forward(values, training=True)
    network.backward(signals)
    gradients = network.parameters.gradients.copy()
    check_gradients(network, values).raise_if_wrong()
    network.predict(entries_of(network, 3))
    np.testing.assert_array_equal(network.parameters.gradients, gradients)


class LooksAtSignals(Callback):
    """Runs forward and backward to see how the outputs depend on the inputs."""

    def __init__(self, hook, within):
        self.within = within
        setattr(self, hook, self._look)

    def _look(self, trainer):
        values = numbers(trainer.network, HISTORIES)[0]
        with trainer.network.inference() if self.within else nullcontext(trainer.network) as network:
            assert np.any(network.backward(np.ones_like(network.forward(values))))


@pytest.mark.parametrize("within", [False, True])
@pytest.mark.parametrize("hook", ["on_start", "before_step", "on_step", "on_epoch"])
@pytest.mark.parametrize("optimizer", [SGD(0.1), SGD(0.1, momentum=0.9), Adam(0.01)])
def test_gradients_of_who_looks_at_signals_are_not_those_of_the_next_step(optimizer, hook, within):
    found = []
    for callbacks in ([], [LooksAtSignals(hook, within)]):
        shape = Shape(1, 1, 3)
        network = Sequential([Dense(shape, shape, generator=np.random.default_rng(n)) for n in range(2)])
        inputs = np.random.default_rng(2).normal(size=(9, 3)).astype(np.float32)
        options = {"batch_size": 4, "generator": np.random.default_rng(3)}
        source = ArrayBatches(inputs, inputs[::-1].copy())
        trainer = Trainer(network, SquaredError(), copy.deepcopy(optimizer), source, **options)
        trainer.train(epochs=2, callbacks=callbacks)
        found.append(network.parameters.values.tolist())
    assert found[0] == found[1]
