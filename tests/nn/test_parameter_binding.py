"""Optimizers and schedules that have learned from one network are refused by another."""

import gc
from copy import deepcopy

import numpy as np
import pytest

from networks.sequential import Sequential
from nn.optimizers import SGD, Adam
from nn.parameter_binding import bind, can_bind, check_binding
from nn.parameters import Parameters
from nn.schedules import Constant, Plateau, WarmUp
from nn.training import EarlyStopping
from tests.support.copying import WAYS
from tests.support.optimizer_checks import EVERY_KIND, make_parameters, run_steps
from tests.support.tiny_training import everything, make_network, make_trainer, snapshot_of

every_kind = pytest.mark.parametrize("kind", EVERY_KIND)
every_way = pytest.mark.parametrize("way", WAYS)


class Thing:
    """An object that learns."""


def test_nothing_belongs_to_anybody_at_first():
    thing, first, second = Thing(), make_parameters(), make_parameters()
    check_binding("thing", thing, first)
    check_binding("thing", thing, second)
    bind(thing, first)
    check_binding("thing", thing, first)
    with pytest.raises(ValueError, match="thing has been used with another network"):
        check_binding("thing", thing, second)
    bind(thing, second)
    assert can_bind(thing, second) and not can_bind(thing, first)


def test_what_is_of_a_network_that_is_gone_is_for_no_other():
    thing, gone = Thing(), make_parameters()
    bind(thing, gone)
    del gone
    gc.collect()
    assert not can_bind(thing, make_parameters())


def test_the_same_numbers_under_other_names_are_the_same_network():
    thing, part, other = Thing(), make_parameters(), make_parameters()
    bind(thing, part)
    whole, again = Parameters.join({"part": part}), make_parameters()
    again.share(part)
    assert can_bind(thing, whole) and can_bind(thing, again)
    assert not can_bind(thing, Parameters.join({"whole": whole, "other": other}))
    assert not can_bind(thing, other)


@every_way
def test_a_copy_goes_with_the_copies_of_its_network(way):
    thing, parameters, other = Adam(), make_parameters(), make_parameters()
    early = WAYS[way](parameters)
    bind(thing, parameters)
    bind(Thing(), other)
    copied, its = WAYS[way](thing), WAYS[way](parameters)
    assert not can_bind(thing, its)
    assert not can_bind(copied, other) and not can_bind(copied, early)
    assert can_bind(copied, its) and can_bind(copied, parameters)
    bind(copied, its)
    assert not can_bind(copied, parameters)
    assert can_bind(thing, parameters)


@every_kind
def test_an_optimizer_of_another_network_of_the_same_size_is_refused(kind):
    optimizer = EVERY_KIND[kind]()
    first, second = make_parameters(), make_parameters(seed=3)
    optimizer.prepare(second)
    run_steps(optimizer, first, 2)
    before = {name: array.copy() for name, array in optimizer.state().items()}
    values = second.values.copy()
    for refuse in (optimizer.prepare, optimizer.step):
        with pytest.raises(ValueError, match=r"another network.*use one optimizer for each network"):
            refuse(second)
    assert (second.values == values).all()
    assert all((optimizer.state()[name] == array).all() for name, array in before.items())
    run_steps(optimizer, first, 1)


@every_kind
def test_a_trainer_refuses_the_optimizer_of_another(kind):
    optimizer = EVERY_KIND[kind]()
    first = make_trainer(optimizer=optimizer, schedule=Constant())
    waiting = make_trainer(optimizer=optimizer, schedule=Constant())
    first.train(epochs=1)
    with pytest.raises(ValueError, match="use one optimizer for each network"):
        make_trainer(optimizer=optimizer)
    with pytest.raises(ValueError, match="use one optimizer for each network"):
        make_trainer().use_optimizer(optimizer)
    before = everything(waiting)
    with pytest.raises(ValueError, match="use one optimizer for each network"):
        waiting.make_step()
    assert everything(waiting) == before and waiting.shuffle._order is None
    first.train(epochs=2)


def test_an_optimizer_goes_on_with_its_network():
    network, optimizer = make_network(), Adam(0.01)
    make_trainer(network=network, optimizer=optimizer).train(epochs=1)
    again = make_trainer(network=network, optimizer=optimizer)
    again.use_optimizer(SGD(0.1))
    again.train(epochs=1)
    again.use_optimizer(optimizer)
    again.train(epochs=2)
    make_trainer(network=Sequential([network]), optimizer=optimizer).train(epochs=1)
    assert optimizer.steps == 15


def test_an_optimizer_that_a_snapshot_is_loaded_into_belongs_to_the_restored_network():
    trainer = make_trainer()
    trainer.train(epochs=1)
    optimizer = Adam(0.01)
    resumed = make_trainer(optimizer=optimizer)
    resumed.restore(snapshot_of(trainer))
    with pytest.raises(ValueError, match="use one optimizer for each network"):
        make_trainer(optimizer=optimizer)
    parameters = make_parameters(trainer.network.parameters.size, np.float32)
    optimizer.load_state(trainer.optimizer.state(), parameters)
    optimizer.prepare(parameters)
    with pytest.raises(ValueError, match="use one optimizer for each network"):
        resumed.train(epochs=2)


@every_way
def test_a_network_and_its_optimizer_may_be_copied_one_by_one(way):
    trainer = make_trainer()
    trainer.train(epochs=1)
    network, optimizer = WAYS[way](trainer.network), WAYS[way](trainer.optimizer)
    make_trainer(network=network, optimizer=optimizer).train(epochs=1)
    with pytest.raises(ValueError, match="use one optimizer for each network"):
        make_trainer(network=WAYS[way](network), optimizer=trainer.optimizer)
    trainer.train(epochs=2)


def used_plateau():
    plateau = Plateau(factor=0.5, patience=0)
    trainer = make_trainer(schedule=plateau)
    trainer.train(epochs=1)
    return plateau, trainer


@pytest.mark.parametrize(
    "wrap", [lambda schedule: schedule, WarmUp, lambda schedule: WarmUp(WarmUp(schedule))]
)
def test_a_schedule_that_observed_another_network_is_refused(wrap):
    plateau, trainer = used_plateau()
    with pytest.raises(ValueError, match="schedule plateau has been used with another network"):
        make_trainer(schedule=wrap(plateau))
    make_trainer(network=trainer.network, schedule=wrap(plateau)).train(epochs=1)
    make_trainer(network=deepcopy(trainer.network), schedule=deepcopy(wrap(plateau))).train(epochs=1)
    trainer.schedule = Constant()
    trainer.train(epochs=2)


def test_a_schedule_that_two_trainers_were_given_serves_the_first_to_observe():
    plateau = Plateau()
    first, second = (make_trainer(schedule=plateau) for _ in range(2))
    first.train(epochs=1)
    with pytest.raises(ValueError, match="schedule plateau"):
        second.train(epochs=1)
    assert second.step == 0
    second.schedule = Plateau()
    second.restore(snapshot_of(first))
    with pytest.raises(ValueError, match="schedule plateau"):
        make_trainer(schedule=second.schedule)


def test_a_callback_of_a_trainer_begins_anew_with_a_copy_of_it():
    trainer, stopping = make_trainer(), EarlyStopping("training_loss", minimum_change=100.0)
    trainer.train(epochs=2, callbacks=[stopping])
    other, copied = deepcopy((trainer, stopping))
    alone = deepcopy(stopping)
    assert stopping.waited == copied.waited == alone.waited == 1
    other.train(epochs=3, callbacks=[copied])
    other.train(epochs=4, callbacks=[alone])
    assert (copied.waited, alone.waited) == (2, 2)
    other.train(epochs=5, callbacks=[stopping])
    assert stopping.waited == 0
