"""Options: invalid ones are refused, and each has its effect."""

import numpy as np
import pytest

from nn.clipping import ClipByGlobalNorm
from nn.metrics import MeanAbsoluteError
from nn.optimizers import SGD
from nn.regularizers import L2, MaxNorm
from nn.schedules import Constant
from nn.training import Batch, Options
from tests.support.tiny_training import everything, make_network, make_trainer


def test_a_reset_must_be_one_of_three():
    with pytest.raises(ValueError, match="reset 'always': must be one of epoch, batch, never"):
        Options(reset="always")


def test_the_last_batch_is_one_of_three():
    with pytest.raises(ValueError, match="last_batch 'skip': must be one of keep, drop, merge"):
        Options(last_batch="skip")


def test_metrics_have_names_of_their_own():
    with pytest.raises(ValueError, match="two have the same name"):
        Options(metrics=[MeanAbsoluteError(), MeanAbsoluteError()])


def step_of(optimizer, **options):
    """Return the parameters before and after one step, and their gradients without any option."""
    trainer = make_trainer(
        network=make_network(np.float64),
        optimizer=optimizer,
        batches=DATA,
        held_out=None,
        schedule=Constant(),
        options=Options(**options, shuffled=False),
    )
    before = trainer.network.parameters.values.copy()
    batch = DATA.batch(np.arange(5))
    network = make_network(np.float64)
    outputs = network.forward(batch.inputs)
    network.backward(trainer.loss(outputs, batch.targets, entries=5)[1])
    trainer.make_step()
    return before, trainer.network.parameters.values, network.parameters.gradients


class Data:
    """Five entries of the dtype of the tests."""

    def __len__(self):
        return 5

    def batch(self, indices):
        values = np.random.default_rng(1).random((2, 3, 1, 16)) * (np.arange(16) < 5)
        return Batch(values, values, None, 5)


DATA = Data()


def test_a_penalty_is_part_of_the_gradient():
    before, after, gradients = step_of(SGD(0.1), regularizers=[L2(0.5)])
    weights = make_network(np.float64).parameters
    penalised = np.zeros(weights.size)
    for name in ("0.weights", "1.weights"):
        penalised[weights.slice_of(name)] = 0.5 * before[weights.slice_of(name)]
    np.testing.assert_allclose(after, before - 0.1 * (gradients + penalised), rtol=1e-12)


def test_clipping_shortens_the_step():
    before, after, gradients = step_of(SGD(0.1), clipping=ClipByGlobalNorm(0.01))
    assert np.linalg.norm(after - before) == pytest.approx(0.1 * 0.01)
    np.testing.assert_allclose((after - before) / 0.001, -gradients / np.linalg.norm(gradients), rtol=1e-9)


def test_a_limit_holds_after_the_step():
    trainer = make_trainer(options=Options(regularizers=[MaxNorm(0.2)]))
    trainer.train(epochs=1)
    lengths = np.linalg.norm(trainer.network.parameters["0.weights"].reshape(4, -1), axis=1)
    assert (lengths <= 0.2 + 1e-6).all()


def test_frozen_parameters_stay_with_plain_descent():
    trainer = make_trainer(optimizer=SGD(0.5), schedule=Constant())
    trainer.network.parameters.freeze("0")
    before = trainer.network.parameters.copy()
    trainer.train(epochs=2)
    after = trainer.network.parameters
    np.testing.assert_array_equal(after["0.weights"], before["0.weights"])
    assert (after["1.weights"] != before["1.weights"]).any()


def test_unused_options_change_no_bit():
    runs = [make_trainer(), make_trainer(options=Options(clipping=ClipByGlobalNorm(1e6)))]
    for run in runs:
        run.train(epochs=2)
    assert everything(runs[0]) == everything(runs[1])
