"""Regularizers: gradients of penalties, lengths of rows, which arrays they act on, and what they refuse."""

import json

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.optimizers import SGD
from nn.parameters import Parameters
from nn.regularizers import L1, L2, REGULARIZERS, MaxNorm, regularizer_from_configuration

SHAPES = {
    "first.weights": (3, 5),
    "first.biases": (3,),
    "second.input_weights": (4, 2, 2),
    "second.scale": (4,),
}


def make_parameters(shapes=None, dtype=np.float64, seed=1):
    parameters = Parameters(SHAPES if shapes is None else shapes, dtype)
    parameters.values[:] = np.random.default_rng(seed).standard_normal(parameters.size)
    return parameters


def penalty_of(regularizer, parameters):
    copy = parameters.copy()
    return regularizer.before_step(copy)


@pytest.mark.parametrize("kind", [L1, L2])
@given(
    shape=st.lists(st.integers(1, 7), min_size=1, max_size=3).map(tuple),
    rate=st.floats(0.001, 3),
    seed=st.integers(0, 99),
)
def test_the_gradient_is_that_of_the_penalty_by_central_differences(kind, shape, rate, seed):
    parameters, regularizer = make_parameters({"weights": shape}, seed=seed), kind(rate)
    regularizer.before_step(parameters)
    step = 1e-6
    for position in range(parameters.size):
        value = parameters.values[position]
        ends = []
        for side in (-step, step):
            parameters.values[position] = value + side
            ends.append(penalty_of(regularizer, parameters))
        parameters.values[position] = value
        slope = (ends[1] - ends[0]) / (2 * step)
        if kind is L2 or abs(value) > step:
            assert parameters.gradients[position] == pytest.approx(slope, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(rate=st.floats(0, 2), size=st.integers(0, 70))
def test_penalties_are_sums_over_the_weights_and_gradients_are_added(dtype, rate, size):
    for regularizer, penalty, slope in (
        (L1(rate), lambda w: rate * np.abs(w).sum(), np.sign),
        (L2(rate), lambda w: rate / 2 * (w**2).sum(), lambda w: w),
    ):
        parameters = make_parameters({"weights": (size,)}, dtype)
        parameters.values[::5] = 0
        parameters.gradients[:] = 3
        values = parameters.values.astype(np.float64)
        assert regularizer.before_step(parameters) == pytest.approx(penalty(values), rel=1e-5)
        np.testing.assert_allclose(parameters.gradients, 3 + rate * slope(values), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_l2_is_the_weight_decay_of_torch(dtype):
    torch = pytest.importorskip("torch")
    parameters, optimizer, regularizer = make_parameters({"weights": (37,)}, dtype), SGD(0.1, 0.9), L2(0.3)
    theirs = torch.tensor(parameters.values.copy(), requires_grad=True)
    reference = torch.optim.SGD([theirs], lr=0.1, momentum=0.9, weight_decay=0.3)
    generator = np.random.default_rng(2)
    for _ in range(30):
        gradients = generator.standard_normal(37).astype(dtype)
        parameters.gradients[:] = gradients
        regularizer.before_step(parameters)
        optimizer.step(parameters)
        theirs.grad = torch.tensor(gradients)
        reference.step()
    np.testing.assert_allclose(parameters.values, theirs.detach().numpy(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(
    shape=st.lists(st.integers(1, 20), min_size=2, max_size=4).map(tuple),
    limit=st.floats(0.1, 5),
)
def test_max_norm_is_the_renorm_of_torch(dtype, shape, limit):
    torch = pytest.importorskip("torch")
    parameters = make_parameters({"weights": shape}, dtype)
    expected = torch.renorm(torch.tensor(parameters["weights"].copy()), p=2, dim=0, maxnorm=limit).numpy()
    regularizer = MaxNorm(limit)
    assert regularizer.before_step(parameters) == 0
    assert not parameters.gradients.any()
    regularizer.after_step(parameters)
    np.testing.assert_allclose(parameters["weights"], expected, rtol=2e-5)


def test_max_norm_leaves_short_rows_to_the_bit():
    parameters = make_parameters({"weights": (6, 9)})
    parameters["weights"][::2] *= 0.01
    before = parameters["weights"].copy()
    MaxNorm(1.0).after_step(parameters)
    assert (parameters["weights"][::2] == before[::2]).all()
    np.testing.assert_allclose(np.linalg.norm(parameters["weights"][1::2], axis=1), 1.0)


@pytest.mark.parametrize("kind", REGULARIZERS.values())
@pytest.mark.parametrize(
    ("arrays", "expected"),
    [
        (None, {"first.weights", "second.input_weights"}),
        (["first"], {"first.weights"}),
        (["first.weights", "first"], {"first.weights"}),
        (["second", "first"], {"first.weights", "second.input_weights"}),
        ([], set()),
    ],
)
def test_it_acts_on_weights_or_on_those_that_are_named(kind, arrays, expected):
    parameters, regularizer = make_parameters(), kind(0.1, arrays)
    before = parameters.copy()
    regularizer.before_step(parameters)
    regularizer.after_step(parameters)
    touched = {
        name
        for name in parameters.names
        if parameters.gradient(name).any() or (parameters[name] != before[name]).any()
    }
    assert touched == expected


def test_any_array_can_be_named_in_full():
    parameters = make_parameters()
    L2(1.0, ["second.scale"]).before_step(parameters)
    assert (parameters.gradient("second.scale") == parameters["second.scale"]).all()
    assert not parameters.gradient("second.input_weights").any()


@pytest.mark.parametrize("kind", REGULARIZERS.values())
def test_frozen_arrays_are_left_out(kind):
    parameters, regularizer = make_parameters(), kind(0.1)
    parameters.freeze("first")
    before = parameters.copy()
    penalty = regularizer.before_step(parameters)
    regularizer.after_step(parameters)
    assert (parameters["first.weights"] == before["first.weights"]).all()
    assert not parameters.gradient("first.weights").any()
    assert penalty == pytest.approx(penalty_of(kind(0.1, ["second"]), before))


@pytest.mark.parametrize("kind", [L1, L2])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_penalty_has_the_same_bits_for_any_threads(kind, dtype):
    results, threads = [], numba.get_num_threads()
    try:
        for used in (1, threads):
            numba.set_num_threads(used)
            parameters = make_parameters({"weights": (100_003,)}, dtype)
            results.append((kind(0.1).before_step(parameters), parameters.gradients.tobytes()))
    finally:
        numba.set_num_threads(threads)
    assert results[0] == results[1]
    values = parameters.values.astype(np.float64)
    total = 0.1 * np.abs(values).sum() if kind is L1 else 0.05 * (values**2).sum()
    assert results[0][0] == pytest.approx(total, rel=1e-5)
    np.testing.assert_allclose(
        parameters.gradients, 0.1 * (np.sign(values) if kind is L1 else values), rtol=1e-6
    )


@pytest.mark.parametrize("kind", [L1, L2])
def test_nan_in_a_weight_shows_in_the_penalty(kind):
    parameters = make_parameters({"weights": (40,)})
    for position in (3, 39):
        copy = parameters.copy()
        copy.values[position] = np.nan
        assert np.isnan(kind(0.1).before_step(copy))


def test_networks_without_parameters_have_no_penalty():
    parameters = Parameters({})
    for kind in REGULARIZERS.values():
        assert kind(0.1).before_step(parameters) == 0
        kind(0.1).after_step(parameters)


def test_max_norm_refuses_weights_without_rows_before_the_step():
    parameters = make_parameters({"local.weights": (30,)})
    for act in (MaxNorm(1).before_step, MaxNorm(1).after_step):
        with pytest.raises(ValueError, match=r"max_norm: local.weights \(30,\) has no row"):
            act(parameters)


def test_a_name_that_names_nothing_is_refused():
    for kind in REGULARIZERS.values():
        with pytest.raises(ValueError, match="no parameters called 'third'"):
            kind(0.1, ["third"]).before_step(make_parameters())


@pytest.mark.parametrize("regularizer", [L1(0.1), L2(0.2, ["first"]), MaxNorm(3, ["a", "b.weights"])])
def test_a_regularizer_comes_back_from_its_configuration(regularizer):
    configuration = json.loads(json.dumps(regularizer.to_configuration()))
    again = regularizer_from_configuration(configuration)
    assert type(again) is type(regularizer)
    assert again.to_configuration() == configuration == regularizer.to_configuration()


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ({"name": "l3"}, "unknown regularizer 'l3'; known: l1, l2, max_norm"),
        ({"name": "l2"}, "l2: field rate is missing"),
        ({"name": "l2", "rate": 0.1, "limit": 1}, "l2: unknown field limit"),
        ({"name": "l1", "rate": -1}, "rate -1.0 must be"),
        ({"name": "l1", "rate": 1, "arrays": "first"}, "arrays 'first': must be a list"),
        ({"name": "l1", "rate": 1, "arrays": [1]}, r"arrays \[1\]: must be a list"),
        ({"name": "l1", "rate": 1, "arrays": 7}, "arrays 7: must be a list"),
        ({"name": "max_norm", "limit": 0}, "limit 0.0 must be"),
    ],
)
def test_a_configuration_that_does_not_fit_is_refused(configuration, message):
    with pytest.raises(ValueError, match=message):
        regularizer_from_configuration(configuration)
