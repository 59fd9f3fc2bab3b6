"""Clipping: against PyTorch's, large and small numbers, frozen arrays, threads, and what is refused."""

import json

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.clipping import CLIPPINGS, ClipByGlobalNorm, ClipByValue, clipping_from_configuration
from nn.parameters import Parameters

DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])
EVERY = pytest.mark.parametrize("kind", CLIPPINGS.values())


def make_parameters(sizes=(40,), dtype=np.float64, seed=1):
    parameters = Parameters({f"array{number}": (size,) for number, size in enumerate(sizes)}, dtype)
    parameters.gradients[:] = np.random.default_rng(seed).standard_normal(parameters.size)
    return parameters


@DTYPES
@EVERY
@given(
    sizes=st.lists(st.integers(0, 40), min_size=1, max_size=4),
    limit=st.floats(0.01, 20),
    frozen=st.integers(0, 4),
)
def test_equal_to_torch(kind, dtype, sizes, limit, frozen):
    torch = pytest.importorskip("torch")
    parameters = make_parameters(sizes, dtype)
    frozen = min(frozen, len(sizes) - 1)
    for name in parameters.names[:frozen]:
        parameters.freeze(name)
    theirs = [torch.tensor(parameters[name].copy(), requires_grad=True) for name in parameters.names]
    for name, tensor in zip(parameters.names, theirs, strict=True):
        tensor.grad = torch.tensor(parameters.gradient(name).copy())
    before = parameters.gradients.copy()
    result = kind(limit)(parameters)
    if kind is ClipByValue:
        torch.nn.utils.clip_grad_value_(theirs[frozen:], limit)
        assert result == np.abs(before[sum(sizes[:frozen]) :]).max(initial=0)
    else:
        norm = torch.nn.utils.clip_grad_norm_(theirs[frozen:], limit)
        assert result == pytest.approx(float(norm), rel=1e-5)
    expected = np.concatenate([tensor.grad.numpy() for tensor in theirs])
    np.testing.assert_allclose(parameters.gradients, expected, rtol=1e-4, atol=1e-6)


@EVERY
def test_gradients_within_the_limit_keep_their_bits(kind):
    parameters = make_parameters()
    before = parameters.gradients.tobytes()
    assert kind(100.0)(parameters) < 100
    assert parameters.gradients.tobytes() == before


@DTYPES
def test_a_clipped_norm_is_the_limit_and_the_direction_stays(dtype):
    parameters = make_parameters((3, 500, 70), dtype)
    before = parameters.gradients.copy()
    norm = ClipByGlobalNorm(0.5)(parameters)
    assert norm == pytest.approx(np.linalg.norm(before), rel=1e-5)
    np.testing.assert_allclose(parameters.gradients, before * (0.5 / norm), rtol=1e-5)


@DTYPES
def test_gradients_whose_squares_are_too_large_for_the_dtype_are_clipped_too(dtype):
    parameters = make_parameters((50,), dtype)
    huge = np.finfo(dtype).max / 16
    before = parameters.gradients / np.abs(parameters.gradients).max()
    parameters.gradients[:] = before * huge
    norm = ClipByGlobalNorm(1.0)(parameters)
    expected = np.linalg.norm(before)
    assert norm / float(huge) == pytest.approx(float(expected), rel=1e-5)
    np.testing.assert_allclose(parameters.gradients, before / expected, rtol=1e-5)


@EVERY
@pytest.mark.parametrize("position", [0, 17, 39])
def test_nan_is_not_hidden(kind, position):
    parameters = make_parameters()
    parameters.gradients[position] = np.nan
    assert np.isnan(kind(0.1)(parameters))
    assert np.isnan(parameters.gradients[position])


@EVERY
def test_infinity_is_told(kind):
    parameters = make_parameters()
    parameters.gradients[3] = -np.inf
    assert kind(0.1)(parameters) == np.inf


@DTYPES
@EVERY
def test_the_bits_do_not_depend_on_the_number_of_threads(kind, dtype):
    results, threads = [], numba.get_num_threads()
    try:
        for used in (1, threads):
            numba.set_num_threads(used)
            parameters = make_parameters((100_003, 5), dtype)
            before = parameters.gradients.copy()
            results.append((kind(0.7)(parameters), parameters.gradients.tobytes()))
    finally:
        numba.set_num_threads(threads)
    assert results[0] == results[1]
    if kind is ClipByGlobalNorm:
        assert results[0][0] == pytest.approx(np.linalg.norm(before.astype(np.float64)), rel=1e-6)
        assert np.linalg.norm(parameters.gradients.astype(np.float64)) == pytest.approx(0.7, rel=1e-6)


@EVERY
def test_without_gradients_there_is_nothing_to_clip(kind):
    for parameters in (Parameters({}), Parameters({"weights": (4,)})):
        assert kind(1.0)(parameters) == 0
        assert not parameters.gradients.any()


@EVERY
def test_a_clipping_comes_back_from_its_configuration(kind):
    configuration = json.loads(json.dumps(kind(0.3).to_configuration()))
    assert configuration == {"name": kind.name, "limit": 0.3}
    again = clipping_from_configuration(configuration)
    assert type(again) is kind
    assert again.limit == 0.3


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ({"name": "clip_by_valeu"}, "did you mean clip_by_value"),
        ({"name": "clip_by_value"}, "clip_by_value: field limit is missing"),
        ({"name": "clip_by_value", "limit": 1, "norm": 2}, "unknown field norm"),
        ({"name": "clip_by_global_norm", "limit": 0}, "limit 0.0 must be"),
        ({"name": "clip_by_global_norm", "limit": "1"}, "field limit is '1', not of type float"),
    ],
)
def test_a_configuration_that_does_not_fit_is_refused(configuration, message):
    with pytest.raises(ValueError, match=message):
        clipping_from_configuration(configuration)
