"""FrozenElements: parameters that stay constant, bit for bit, whatever else happens in a step."""

import json

import numpy as np
import pytest

from networks.dense import Dense
from networks.sequential import Sequential
from nn.frozen_elements import FrozenElements
from nn.optimizers import OPTIMIZERS, SGD, Adam
from nn.regularizers import L2, MaxNorm
from nn.schedules import Constant
from nn.training import Options
from tests.support.tiny_training import CODE, SHAPE, ImageBatches, make_images, make_network, make_trainer

STEPS = 7
OPTIMIZER_OPTIONS = {"sgd": {"momentum": 0.9, "weight_decay": 0.1}, "adamw": {"weight_decay": 0.1}}

every_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def places(network):
    """Return the places of a bias of the first layer and of weights of both layers in the whole network."""
    parameters = network.parameters
    first, second = (parameters.slice_of(f"{layer}.weights").start for layer in (0, 1))
    return [parameters.slice_of("0.biases").start + 2, first, first + 7, second + 5]


def regularized(network, regularizers, **changes):
    """Return a trainer whose first step has the same rate as all others."""
    options = Options(regularizers=regularizers)
    return make_trainer(network=network, schedule=Constant(), options=options, **changes)


def trained(regularizers, optimizer=None, dtype=np.float32):
    network = make_network(dtype)
    batches = ImageBatches(make_images(), dtype=dtype)
    optimizer = optimizer or Adam(0.01)
    trainer = regularized(network, regularizers, optimizer=optimizer, batches=batches, held_out=None)
    before = network.parameters.values.copy()
    for _ in range(STEPS):
        trainer.make_step()
    return before, network.parameters.values.copy()


@every_dtype
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_locked_parameters_stay_and_all_others_learn(name, dtype):
    locked = places(make_network())
    optimizer = OPTIMIZERS[name](0.01, **OPTIMIZER_OPTIONS.get(name, {}))
    before, after = trained([L2(0.1), MaxNorm(0.5), FrozenElements(locked)], optimizer, dtype)
    assert after.dtype == dtype
    assert np.array_equal(np.flatnonzero(before == after), np.sort(locked))


def test_without_locks_the_same_parameters_learn():
    before, after = trained([L2(0.1)])
    assert (before != after).all()


def test_the_gradients_of_locked_parameters_are_zero_in_the_step():
    network = make_network()
    network.parameters.gradients[:] = 1
    locks = FrozenElements(places(network))
    assert locks.before_step(network.parameters) == 0
    assert np.array_equal(np.flatnonzero(network.parameters.gradients == 0), np.sort(locks.indices))


def test_others_learn_as_if_the_locked_had_no_gradient():
    """In plain descent every parameter moves along its own gradient: locks do not change those of others."""
    networks = [make_network(), make_network()]
    locked = places(networks[0])
    for network, regularizers in zip(networks, ([], [FrozenElements(locked)]), strict=True):
        regularized(network, [L2(0.0), *regularizers], optimizer=SGD(0.1)).make_step()
    free, held = (network.parameters.values for network in networks)
    assert np.array_equal(np.flatnonzero(free != held), np.sort(locked))


def test_the_indices_are_replaced_between_steps():
    network, locks = make_network(), FrozenElements([3])
    trainer = regularized(network, [locks])
    for locked in ([3], [5, 9], []):
        locks.indices = locked
        before = network.parameters.values.copy()
        trainer.make_step()
        assert np.flatnonzero(before == network.parameters.values).tolist() == locked
    assert locks.indices.dtype == np.int64


def test_no_locks_change_no_bit_and_touch_nothing():
    with_none, without = (trained(regularizers)[1] for regularizers in ([FrozenElements()], []))
    assert np.array_equal(with_none, without)
    parameters = make_network().parameters
    parameters.values.setflags(write=False)
    locks = FrozenElements(np.array([], np.int64))
    locks.before_step(parameters)
    locks.after_step(parameters)


def test_indices_count_in_a_stack_of_stacks():
    generator = np.random.default_rng(0)
    encoder = Sequential([Dense(SHAPE, CODE, generator=generator)])
    network = Sequential([encoder, Sequential([Dense(CODE, SHAPE, generator=generator)])])
    start = network.parameters.slice_of("1.0.biases").start
    before = network.parameters.values.copy()
    regularized(network, [FrozenElements(start + np.arange(SHAPE.size))]).make_step()
    changed = before != network.parameters.values
    assert changed[:start].all()
    assert not changed[start:].any()


def test_an_index_with_nothing_behind_it_is_refused_and_nothing_is_changed():
    network = make_network()
    size = network.parameters.size
    trainer = regularized(network, [FrozenElements([0, size])])
    before = network.parameters.values.copy()
    with pytest.raises(
        ValueError, match=f"frozen elements: index {size}, but there are {size} parameters, from 0"
    ):
        trainer.make_step()
    assert np.array_equal(network.parameters.values, before)


@pytest.mark.parametrize(
    ("indices", "message"),
    [
        ([1, -1], "index -1 is out of range: parameters count from 0"),
        ([0.5], r"indices are float64 \(1,\), expected a list of whole numbers"),
        ([[1]], r"indices are int64 \(1, 1\)"),
        (["a"], r"expected a list of whole numbers"),
        (3, r"indices are int64 \(\)"),
        ([True], "indices are bool"),
        (np.array([2**63], np.uint64), "index 9223372036854775808 is out of range"),
    ],
)
def test_what_is_no_list_of_places_is_refused(indices, message):
    locks = FrozenElements([4])
    for give in (FrozenElements, lambda given: setattr(locks, "indices", given)):
        with pytest.raises(ValueError, match=f"frozen elements: .*{message}"):
            give(indices)
    assert locks.indices.tolist() == [4]


def test_configuration_is_json():
    assert json.loads(json.dumps(FrozenElements([4, 1]).to_configuration())) == {
        "name": "frozen_elements",
        "indices": [4, 1],
    }
