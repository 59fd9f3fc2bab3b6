"""Optimizers: against PyTorch's over 100 steps, both paths bit for bit, and state in and out."""

import numba
import numpy as np
import pytest

from nn import optimizers
from nn.optimizers import OPTIMIZERS, SGD, Adam, AdamW, RMSprop, optimizer_by_name
from nn.parameters import Parameters

KINDS = [
    pytest.param(lambda: SGD(0.05), "SGD", {"lr": 0.05}, id="sgd"),
    pytest.param(lambda: SGD(0.05, momentum=0.8), "SGD", {"lr": 0.05, "momentum": 0.8}, id="momentum"),
    pytest.param(
        lambda: SGD(0.05, momentum=0.8, nesterov=True),
        "SGD",
        {"lr": 0.05, "momentum": 0.8, "nesterov": True},
        id="nesterov",
    ),
    pytest.param(
        lambda: RMSprop(0.01, decay=0.9, epsilon=1e-7),
        "RMSprop",
        {"lr": 0.01, "alpha": 0.9, "eps": 1e-7},
        id="rmsprop",
    ),
    pytest.param(
        lambda: Adam(0.01, mean_decay=0.8, square_decay=0.99),
        "Adam",
        {"lr": 0.01, "betas": (0.8, 0.99)},
        id="adam",
    ),
    pytest.param(
        lambda: AdamW(0.01, weight_decay=0.1), "AdamW", {"lr": 0.01, "weight_decay": 0.1}, id="adamw"
    ),
]
NAMES = list(OPTIMIZERS)


def make_parameters(size=37, dtype=np.float64, seed=1):
    parameters = Parameters({"weights": (size,)}, dtype)
    parameters.values[:] = np.random.default_rng(seed).standard_normal(size)
    return parameters


def run_steps(optimizer, parameters, steps, seed=2):
    """Take steps along gradients drawn anew for each."""
    generator = np.random.default_rng(seed)
    for _ in range(steps):
        parameters.gradients[:] = generator.standard_normal(parameters.size)
        optimizer.step(parameters)
    return parameters.values


@pytest.mark.parametrize(("make", "peer", "settings"), KINDS)
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-10), (np.float32, 2e-5)])
def test_equal_to_torch_over_100_steps_with_a_changing_rate(make, peer, settings, dtype, tolerance):
    torch = pytest.importorskip("torch")
    parameters, optimizer = make_parameters(dtype=dtype), make()
    theirs = torch.tensor(parameters.values.copy(), requires_grad=True)
    reference = getattr(torch.optim, peer)([theirs], **settings)
    generator = np.random.default_rng(3)
    for step in range(100):
        gradients = generator.standard_normal(parameters.size).astype(dtype) * (step % 7)
        factor = 1.0 - step / 200
        parameters.gradients[:] = gradients
        optimizer.step(parameters, factor)
        theirs.grad = torch.tensor(gradients)
        reference.param_groups[0]["lr"] = settings["lr"] * factor
        reference.step()
    np.testing.assert_allclose(parameters.values, theirs.detach().numpy(), rtol=tolerance, atol=tolerance)
    assert optimizer.steps == 100


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_parallel_path_gives_the_bits_of_the_serial_one_for_any_threads(name, dtype, monkeypatch):
    size = 100_003  # not a whole number of chunks or of vectors
    results = []
    threads = numba.get_num_threads()
    try:
        for parallel_from, used in ((size + 1, 1), (size, 1), (size, threads)):
            monkeypatch.setattr(optimizers, "PARALLEL_FROM", parallel_from)
            numba.set_num_threads(used)
            parameters = make_parameters(size, dtype)
            results.append(run_steps(optimizer_by_name(name, 0.01), parameters, 3).tobytes())
            assert not parameters.gradients.any()
    finally:
        numba.set_num_threads(threads)
    assert results[0] == results[1] == results[2]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_step_clears_the_gradients_and_keeps_the_dtype(name, dtype):
    parameters = make_parameters(dtype=dtype)
    before = parameters.values.copy()
    optimizer = optimizer_by_name(name, 0.01)
    run_steps(optimizer, parameters, 2)
    assert not parameters.gradients.any()
    assert parameters.values.dtype == dtype
    assert (parameters.values != before).all()
    assert all(array.dtype == dtype for key, array in optimizer.state().items() if key != "steps")


def test_weight_decay_is_decoupled_it_never_enters_the_moments():
    plain, decayed = Adam(0.01), AdamW(0.01, weight_decay=0.5)
    run_steps(plain, make_parameters(), 20)
    run_steps(decayed, make_parameters(), 20)
    for slot in ("means", "squares"):
        assert plain.state()[slot].tobytes() == decayed.state()[slot].tobytes()


def test_without_gradients_adamw_shrinks_the_values_by_the_scheduled_rate():
    parameters = make_parameters()
    before = parameters.values.copy()
    AdamW(0.1, weight_decay=0.5).step(parameters, factor=0.5)
    np.testing.assert_allclose(parameters.values, before * (1 - 0.1 * 0.5 * 0.5))


@pytest.mark.parametrize("name", NAMES)
def test_state_carried_to_another_optimizer_goes_on_with_the_same_bits(name):
    parameters = make_parameters()
    optimizer = optimizer_by_name(name, 0.01)
    run_steps(optimizer, parameters, 5)
    state = {key: array.copy() for key, array in optimizer.state().items()}
    copy, other = parameters.copy(), optimizer_by_name(name, 0.01)
    other.load_state(state, copy)
    run_steps(optimizer, parameters, 5, seed=9)
    run_steps(other, copy, 5, seed=9)
    assert parameters.values.tobytes() == copy.values.tobytes()
    assert other.steps == 10


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


def test_only_descent_without_momentum_is_plain():
    plain = [name for name in NAMES if optimizer_by_name(name, 0.1).is_plain_descent]
    assert plain == ["sgd"]


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


@pytest.mark.parametrize(
    "make",
    [
        lambda: SGD(0.1, momentum=1.0),
        lambda: SGD(0.1, nesterov=True),
        lambda: RMSprop(decay=-0.1),
        lambda: RMSprop(epsilon=0),
        lambda: Adam(mean_decay=1.0),
        lambda: Adam(square_decay=np.nan),
        lambda: Adam(epsilon=np.inf),
        lambda: AdamW(weight_decay=-1),
        lambda: Adam(-0.1),
    ],
)
def test_settings_out_of_range_are_refused(make):
    with pytest.raises(ValueError, match=r"must be|momentum"):
        make()


def test_configurations_tell_what_was_set():
    assert SGD(0.1, momentum=0.9, nesterov=True).to_configuration() == {
        "name": "sgd",
        "learning_rate": 0.1,
        "momentum": 0.9,
        "nesterov": True,
    }
    assert AdamW(0.1, weight_decay=0.2).to_configuration()["weight_decay"] == 0.2
    assert "weight_decay" not in Adam(0.1).to_configuration()


def test_an_unknown_name_suggests_the_nearest():
    with pytest.raises(ValueError, match=r"'adm'; did you mean adam\?"):
        optimizer_by_name("adm", 0.1)


def test_a_network_without_parameters_can_be_stepped():
    parameters = Parameters({}, np.float32)
    Adam().step(parameters)
    assert parameters.values.size == 0
