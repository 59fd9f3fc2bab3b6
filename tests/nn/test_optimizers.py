"""Optimizers: against PyTorch's over 100 steps, decay, configurations, and what they refuse."""

import json
from functools import partial

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn import optimizer as optimizers
from nn.optimizers import (
    FTRL,
    KINDS,
    OPTIMIZERS,
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    Nadam,
    RMSprop,
    optimizer_by_name,
    optimizer_from_configuration,
)
from nn.parameters import Parameters
from tests.support.optimizer_checks import EVERY_KIND, make_parameters, run_steps

DECAYS = st.floats(0.5, 0.99)
RATES = st.floats(0.001, 0.05)
EPSILONS = st.sampled_from([1e-8, 1e-6, 1e-3])
MOMENTS = {"mean_decay": DECAYS, "square_decay": DECAYS, "epsilon": EPSILONS}


def torch_moments(mean_decay, square_decay, epsilon, **others):
    return {"betas": (mean_decay, square_decay), "eps": epsilon, **others}


def torch_root_mean_square(decay, epsilon, **others):
    return {"alpha": decay, "eps": epsilon, **others}


PEERS = [
    pytest.param(SGD, {}, "SGD", dict, id="sgd"),
    pytest.param(SGD, {"momentum": DECAYS, "nesterov": st.booleans()}, "SGD", dict, id="momentum"),
    pytest.param(
        RMSprop,
        {"decay": DECAYS, "epsilon": EPSILONS, "momentum": st.just(0.0) | DECAYS, "centered": st.booleans()},
        "RMSprop",
        torch_root_mean_square,
        id="rmsprop",
    ),
    pytest.param(Adagrad, {"epsilon": EPSILONS}, "Adagrad", lambda epsilon: {"eps": epsilon}, id="adagrad"),
    pytest.param(
        Adadelta,
        {"decay": DECAYS, "epsilon": EPSILONS},
        "Adadelta",
        lambda decay, epsilon: {"rho": decay, "eps": epsilon},
        id="adadelta",
    ),
    pytest.param(Adam, {**MOMENTS, "amsgrad": st.booleans()}, "Adam", torch_moments, id="adam"),
    pytest.param(
        AdamW,
        {**MOMENTS, "amsgrad": st.booleans(), "weight_decay": st.floats(0, 1)},
        "AdamW",
        torch_moments,
        id="adamw",
    ),
    pytest.param(Adamax, MOMENTS, "Adamax", torch_moments, id="adamax"),
    pytest.param(
        Nadam,
        {**MOMENTS, "momentum_decay": st.floats(0, 0.1), "weight_decay": st.floats(0, 1)},
        "NAdam",
        lambda **settings: {**torch_moments(**settings), "decoupled_weight_decay": True},
        id="nadam",
    ),
]


@pytest.mark.parametrize(("kind", "settings", "peer", "translate"), PEERS)
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-9), (np.float32, 5e-5)])
@given(data=st.data(), size=st.integers(1, 40), rate=RATES)
def test_equal_to_torch_over_100_steps_with_a_changing_rate(
    kind, settings, peer, translate, dtype, tolerance, data, size, rate
):
    torch = pytest.importorskip("torch")
    chosen = data.draw(st.fixed_dictionaries(settings))
    parameters, optimizer = make_parameters(size, dtype), kind(rate, **chosen)
    theirs = torch.tensor(parameters.values.copy(), requires_grad=True)
    reference = getattr(torch.optim, peer)([theirs], lr=rate, **translate(**chosen))
    generator = np.random.default_rng(3)
    for step in range(100):
        gradients = generator.standard_normal(parameters.size).astype(dtype) * (step % 7)
        factor = 1.0 - step / 200
        parameters.gradients[:] = gradients
        optimizer.step(parameters, factor)
        theirs.grad = torch.tensor(gradients)
        reference.param_groups[0]["lr"] = rate * factor
        reference.step()
    np.testing.assert_allclose(parameters.values, theirs.detach().numpy(), rtol=tolerance, atol=tolerance)
    assert optimizer.steps == 100


@pytest.mark.parametrize("size", [1e-12, 1e-15, 1e-17, 1e-20])
@pytest.mark.parametrize("epsilon", [1e-20, 1e-30])
@pytest.mark.parametrize("make", [Adam, partial(Adam, amsgrad=True), Nadam, RMSprop, Adadelta])
def test_steps_stay_as_small_where_squares_are_too_small_to_be_kept(make, epsilon, size):
    parameters, optimizer = make_parameters(3, np.float32), make(0.001, epsilon=epsilon)
    parameters.values[:] = 0
    for _ in range(20):
        before = parameters.values.copy()
        parameters.gradients[:] = size, -size, 0
        optimizer.step(parameters)
        steps = np.abs(parameters.values - before)
        assert steps.max() <= 0.0101 and steps[2] == 0  # 1 / sqrt(1 - decay) of the rate


def test_rounding_never_makes_a_centered_variance_negative():
    parameters, optimizer = make_parameters(1000, np.float32), RMSprop(0.01, decay=0.5, centered=True)
    gradients = np.random.default_rng(1).standard_normal(1000)
    for _ in range(60):
        parameters.gradients[:] = gradients
        optimizer.step(parameters)
    state = optimizer.state()
    assert (state["squares"] < state["means"] ** 2).any()
    assert np.isfinite(parameters.values).all()


@pytest.mark.parametrize("name", [name for name in OPTIMIZERS if name not in ("adam", "ftrl")])
def test_weight_decay_is_decoupled_it_never_enters_what_is_kept(name):
    plain, decayed = (optimizer_by_name(name, 0.01) for _ in range(2))
    plain.weight_decay, decayed.weight_decay = 0.0, 0.5
    values = [run_steps(optimizer, make_parameters(), 20) for optimizer in (plain, decayed)]
    assert (values[0] != values[1]).all()
    for slot in plain.slots:
        assert plain.state()[slot].tobytes() == decayed.state()[slot].tobytes()


@pytest.mark.parametrize(
    "make",
    [
        lambda: SGD(0.1, weight_decay=0.5),
        lambda: SGD(0.1, momentum=0.9, nesterov=True, weight_decay=0.5),
        lambda: RMSprop(0.1, weight_decay=0.5),
        lambda: RMSprop(0.1, momentum=0.9, weight_decay=0.5),
        lambda: RMSprop(0.1, centered=True, weight_decay=0.5),
        lambda: Adagrad(0.1, weight_decay=0.5),
        lambda: Adadelta(0.1, weight_decay=0.5),
        lambda: AdamW(0.1, weight_decay=0.5),
        lambda: AdamW(0.1, amsgrad=True, weight_decay=0.5),
        lambda: Adamax(0.1, weight_decay=0.5),
        lambda: Nadam(0.1, weight_decay=0.5),
    ],
)
def test_without_gradients_values_shrink_by_the_scheduled_rate(make):
    parameters = make_parameters()
    before = parameters.values.copy()
    make().step(parameters, factor=0.5)
    np.testing.assert_allclose(parameters.values, before * (1 - 0.1 * 0.5 * 0.5))


def test_only_descent_without_momentum_and_decay_is_plain():
    assert [name for name, make in EVERY_KIND.items() if make().is_plain_sgd] == ["sgd"]


@pytest.mark.parametrize(
    "make",
    [
        lambda: SGD(0.1, momentum=1.0),
        lambda: SGD(0.1, nesterov=True),
        lambda: SGD(0.1, weight_decay=np.inf),
        lambda: RMSprop(decay=-0.1),
        lambda: RMSprop(epsilon=0),
        lambda: RMSprop(momentum=2),
        lambda: Adagrad(epsilon=-1),
        lambda: Adadelta(decay=1),
        lambda: Adadelta(epsilon=np.nan),
        lambda: Adam(mean_decay=1.0),
        lambda: Adam(square_decay=np.nan),
        lambda: Adam(epsilon=np.inf),
        lambda: AdamW(weight_decay=-1),
        lambda: Adamax(weight_decay=-1),
        lambda: Nadam(momentum_decay=-1),
        lambda: FTRL(beta=0),
        lambda: FTRL(l1=-1),
        lambda: FTRL(l2=np.nan),
        lambda: Adam(-0.1),
    ],
)
def test_settings_out_of_range_are_refused(make):
    with pytest.raises(ValueError, match=r"must be|momentum"):
        make()


@pytest.mark.parametrize("name", EVERY_KIND)
def test_an_optimizer_comes_back_from_its_configuration(name):
    optimizer = EVERY_KIND[name]()
    configuration = json.loads(json.dumps(optimizer.to_configuration()))
    again = optimizer_from_configuration(configuration)
    assert type(again) is type(optimizer)
    assert again.to_configuration() == configuration
    values = [run_steps(each, make_parameters(), 5).tobytes() for each in (optimizer, again)]
    assert values[0] == values[1]


def test_configurations_tell_what_was_set():
    assert SGD(0.1, momentum=0.9, nesterov=True).to_configuration() == {
        "name": "sgd",
        "learning_rate": 0.1,
        "momentum": 0.9,
        "nesterov": True,
        "weight_decay": 0.0,
    }
    assert AdamW(0.1, weight_decay=0.2).to_configuration()["weight_decay"] == 0.2
    assert "weight_decay" not in Adam(0.1).to_configuration()


def test_what_a_configuration_leaves_out_has_its_default():
    assert optimizer_from_configuration({"name": "adam"}).learning_rate == 0.001
    assert type(optimizer_from_configuration({"name": "sgd", "learning_rate": 1}).learning_rate) is float


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ({"name": "adm"}, r"'adm'; did you mean adam\?"),
        ({"learning_rate": 0.1}, "unknown optimizer None"),
        ({"name": "sgd"}, "sgd: field learning_rate is missing"),
        ({"name": "adam", "weight_decay": 0.1, "beta": 1}, "adam: unknown field beta, weight_decay"),
        ({"name": "adam", "amsgrad": 1}, "adam: field amsgrad is 1, not of type bool"),
        ({"name": "adam", "epsilon": "small"}, "adam: field epsilon is 'small', not of type float"),
        ({"name": "adam", "epsilon": True}, "adam: field epsilon is True, not of type float"),
        ({"name": "adam", "epsilon": -1}, "epsilon -1.0 must be"),
    ],
)
def test_a_configuration_that_does_not_fit_is_refused(configuration, message):
    with pytest.raises(ValueError, match=message):
        optimizer_from_configuration(configuration)


def test_an_unknown_name_suggests_the_nearest():
    with pytest.raises(ValueError, match=r"'adm'; did you mean adam\?"):
        optimizer_by_name("adm", 0.1)


def test_every_kind_is_called_what_it_calls_itself():
    assert {name: kind.name for name, kind in KINDS.items()} == {name: name for name in KINDS}
    assert set(OPTIMIZERS) == {*KINDS, "momentum", "nesterov"}


def test_decay_of_the_paper_is_that_of_ours_times_the_rate():
    """Loshchilov and Hutter 2019, algorithm 1, without gradients: values -= eta * decay * values."""
    eta, rate, decay = 0.5, 0.1, 0.2
    parameters = Parameters({"weights": (3,)}, np.float64)
    parameters.values[:] = 1
    SGD(rate, weight_decay=decay).step(parameters, eta)
    np.testing.assert_allclose(parameters.values, 1 - eta * (rate * decay))


@pytest.mark.parametrize("make", [partial(SGD, momentum=0.9), Adam, AdamW, FTRL])
def test_steps_have_the_same_bits_on_any_number_of_threads(make, monkeypatch):
    found, before = set(), numba.get_num_threads()
    for smallest, threads in ((10**9, 1), (0, 1), (0, numba.config.NUMBA_NUM_THREADS)):
        monkeypatch.setattr(optimizers, "PARALLEL_FROM", smallest)
        numba.set_num_threads(threads)
        generator = np.random.default_rng(0)
        parameters, optimizer = Parameters({"weights": (70_003,)}), make(0.01)
        parameters.values[:] = generator.normal(size=parameters.size)
        for _ in range(2):
            scales = 10.0 ** generator.integers(-30, 3, parameters.size)
            parameters.gradients[:] = generator.normal(size=parameters.size) * scales
            optimizer.step(parameters, 0.7)
        found.add(parameters.values.tobytes())
    numba.set_num_threads(before)
    assert len(found) == 1


def test_squares_that_are_raised_leave_the_bits_of_a_step():
    """The textbook's Adam in float32, on gradients whose squares are tiny or underflow to zero."""
    parameters = Parameters({"weights": (40,)})
    gradients = (10.0 ** -np.linspace(12, 30, 40)).astype(np.float32)
    parameters.gradients[:] = gradients
    Adam(0.01).step(parameters)
    rate, mean_rate, square_rate, root = np.float32(
        [0.01 / (1 - 0.9), 1 - 0.9, 1 - 0.999, (1 - 0.999) ** -0.5]
    )
    mean, square = mean_rate * gradients, square_rate * (gradients * gradients)
    expected = -rate * mean / (np.sqrt(square) * root + np.float32(1e-8))
    assert np.array_equal(parameters.values, expected)
