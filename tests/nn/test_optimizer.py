"""Rules for every optimizer: equal bits of both paths, frozen parameters, and saving and loading of state."""

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn import optimizer as base
from nn.optimizers import SGD, Adam
from nn.parameters import Parameters
from tests.support.optimizer_checks import EVERY_KIND, make_parameters, run_steps


@pytest.mark.parametrize("name", EVERY_KIND)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_parallel_path_gives_the_bits_of_the_serial_one_for_any_threads(name, dtype, monkeypatch):
    size = 100_003  # not a whole number of chunks or of vectors
    results = []
    threads = numba.get_num_threads()
    try:
        for parallel_from, used in ((size + 1, 1), (size, 1), (size, threads)):
            monkeypatch.setattr(base, "PARALLEL_FROM", parallel_from)
            numba.set_num_threads(used)
            parameters = make_parameters(size, dtype)
            results.append(run_steps(EVERY_KIND[name](), parameters, 3).tobytes())
            assert not parameters.gradients.any()
    finally:
        numba.set_num_threads(threads)
    assert results[0] == results[1] == results[2]


@pytest.mark.parametrize("name", EVERY_KIND)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_step_clears_the_gradients_and_keeps_the_dtype(name, dtype):
    parameters = make_parameters(dtype=dtype)
    before = parameters.values.copy()
    optimizer = EVERY_KIND[name]()
    run_steps(optimizer, parameters, 2)
    assert not parameters.gradients.any()
    assert parameters.values.dtype == dtype
    assert (parameters.values != before).all()
    assert all(array.dtype == dtype for key, array in optimizer.state().items() if key != "steps")


def split_parameters(sizes):
    """Return parameters in pieces, a to e; the flat array is the same for all pieces."""
    parameters = Parameters(dict(zip("abcde", [(size,) for size in sizes], strict=True)), np.float64)
    parameters.values[:] = np.random.default_rng(1).standard_normal(parameters.size)
    return parameters


@pytest.mark.parametrize("name", EVERY_KIND)
@given(
    sizes=st.lists(st.integers(0, 20), min_size=5, max_size=5),
    frozen=st.sets(st.sampled_from("abcde")),
)
def test_frozen_values_stay_and_the_others_step_as_if_nothing_were_frozen(name, sizes, frozen):
    free, held = split_parameters(sizes), split_parameters(sizes)
    optimizers = EVERY_KIND[name](), EVERY_KIND[name]()
    run_steps(optimizers[0], free, 3)
    run_steps(optimizers[1], held, 3)  # so that there is momentum when they are frozen
    before = held.values.copy()
    for array in frozen:
        held.freeze(array)
    kept = {slot: array.copy() for slot, array in optimizers[1].state().items() if slot != "steps"}
    run_steps(optimizers[0], free, 2, seed=5)
    run_steps(optimizers[1], held, 2, seed=5)
    assert not held.gradients.any()
    for array in "abcde":
        place = held.slice_of(array)
        expected = before if array in frozen else free.values
        assert held.values[place].tobytes() == expected[place].tobytes()
        if array in frozen:
            for slot, values in kept.items():
                assert optimizers[1].state()[slot][place].tobytes() == values[place].tobytes()


@pytest.mark.parametrize("name", EVERY_KIND)
def test_what_is_unfrozen_goes_on(name):
    parameters, optimizer = split_parameters([7] * 5), EVERY_KIND[name]()
    parameters.freeze("b")
    run_steps(optimizer, parameters, 3)
    before = parameters["b"].copy()
    parameters.unfreeze("b")
    parameters.gradients[:] = 0
    parameters.gradient("b")[:] = 1
    optimizer.step(parameters)
    assert (parameters["b"] < before).all()
    assert (parameters["b"] > before - 0.2).all()


@pytest.mark.parametrize("name", EVERY_KIND)
def test_nan_in_a_gradient_shows_in_the_values(name):
    parameters, optimizer = make_parameters(), EVERY_KIND[name]()
    parameters.gradients[3] = np.nan
    optimizer.step(parameters)
    assert np.flatnonzero(np.isnan(parameters.values)).tolist() == [3]


@pytest.mark.parametrize("name", EVERY_KIND)
def test_state_carried_to_another_optimizer_goes_on_with_the_same_bits(name):
    parameters = make_parameters()
    optimizer = EVERY_KIND[name]()
    run_steps(optimizer, parameters, 5)
    state = {key: array.copy() for key, array in optimizer.state().items()}
    copy, other = parameters.copy(), EVERY_KIND[name]()
    other.load_state(state, copy)
    run_steps(optimizer, parameters, 5, seed=9)
    run_steps(other, copy, 5, seed=9)
    assert parameters.values.tobytes() == copy.values.tobytes()
    assert other.steps == 10


@pytest.mark.parametrize("name", EVERY_KIND)
def test_going_back_to_an_earlier_state_repeats_the_steps(name):
    parameters, optimizer = make_parameters(), EVERY_KIND[name]()
    run_steps(optimizer, parameters, 3)
    state = {key: array.copy() for key, array in optimizer.state().items()}
    copy = parameters.copy()
    after = run_steps(optimizer, parameters, 4).copy()
    optimizer.load_state(state, copy)
    assert run_steps(optimizer, copy, 4).tobytes() == after.tobytes()


def test_a_loaded_state_is_copied_not_shared():
    parameters, optimizer = make_parameters(), Adam()
    state = {"steps": np.array(3), "means": np.ones(37), "squares": np.ones(37)}
    optimizer.load_state(state, parameters)
    run_steps(optimizer, parameters, 1)
    assert (state["means"] == 1).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"means": None}, "state has"),
        ({"velocities": np.zeros(37)}, "velocities"),
        ({"means": np.zeros(36)}, r"means is float64 \(36,\)"),
        ({"squares": np.zeros(37, np.float32)}, "squares is float32"),
        ({"squares": np.zeros((37, 1))}, r"\(37, 1\)"),
        ({"steps": np.array(-1)}, "steps"),
        ({"steps": np.array(1.5)}, "steps"),
        ({"steps": np.array([1])}, "steps"),
    ],
)
def test_a_state_that_does_not_fit_is_refused_and_changes_nothing(change, message):
    parameters, optimizer = make_parameters(), Adam()
    run_steps(optimizer, parameters, 2)
    before = {key: array.copy() for key, array in optimizer.state().items()}
    state = {"steps": np.array(9), "means": np.ones(37), "squares": np.ones(37)} | change
    state = {key: array for key, array in state.items() if array is not None}
    with pytest.raises(ValueError, match=message):
        optimizer.load_state(state, parameters)
    assert all((optimizer.state()[key] == array).all() for key, array in before.items())


def test_an_optimizer_serves_one_network_only():
    optimizer = Adam()
    run_steps(optimizer, make_parameters(37), 1)
    with pytest.raises(ValueError, match="37 float64 parameters and cannot step 38"):
        optimizer.step(make_parameters(38))
    with pytest.raises(ValueError, match="float32"):
        optimizer.step(make_parameters(37, np.float32))


def test_the_learning_rate_may_change_between_steps_but_stays_sensible():
    parameters, optimizer = make_parameters(), SGD(0.5)
    optimizer.learning_rate = 0
    before = parameters.values.copy()
    run_steps(optimizer, parameters, 1)
    assert (parameters.values == before).all()
    for rate in (-1, np.nan, np.inf):
        with pytest.raises(ValueError, match="learning rate"):
            optimizer.learning_rate = rate
    assert optimizer.learning_rate == 0


@pytest.mark.parametrize("name", EVERY_KIND)
def test_at_a_factor_of_zero_nothing_moves(name):
    parameters, optimizer = make_parameters(), EVERY_KIND[name]()
    before = parameters.values.copy()
    parameters.gradients[:] = 1
    optimizer.step(parameters, factor=0.0)
    assert (parameters.values == before).all()
    assert not parameters.gradients.any()
    assert optimizer.steps == 1


@pytest.mark.parametrize("name", EVERY_KIND)
def test_a_network_without_parameters_can_be_stepped(name):
    parameters = Parameters({}, np.float32)
    EVERY_KIND[name]().step(parameters)
    assert parameters.values.size == 0
