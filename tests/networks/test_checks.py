"""Arrays that do not fit a network are refused, with a message that names both sides."""

import numpy as np
import pytest

from networks.activation import ActivationLayer
from networks.base.checks import check_dtype, check_input, check_network, check_signals, check_state
from networks.dense import Dense
from networks.noise import Dropout
from networks.normalisation import BatchNormalisation
from networks.spectral_normalisation import SpectralNormalisation
from nn.activations import Tanh
from nn.shape import Shape

GENERATOR = np.random.default_rng(0)


def network():
    return Dense(Shape(2, 3, 1), Shape(1, 1, 4), generator=np.random.default_rng(0))


@pytest.mark.parametrize("dtype", [np.float16, np.int32, np.complex64, "float128", "flot32", object()])
def test_other_dtypes_are_refused(dtype):
    with pytest.raises(ValueError, match="networks compute in float32 or float64"):
        check_dtype(dtype)


@pytest.mark.parametrize("dtype", ["float32", np.float64, np.dtype(np.float32)])
def test_floats_are_taken_by_any_name(dtype):
    assert check_dtype(dtype) == np.dtype(dtype)


@pytest.mark.parametrize("shape", [(2, 3, 1), (2, 3, 1, 0), (3, 2, 1, 5)])
def test_inputs_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match=r"dense: pixels have shape .*, expected \(2x3x1, histories\)"):
        check_input(network(), np.zeros(shape, np.float32), Shape(2, 3, 1), "pixels")


def test_inputs_of_another_dtype_are_refused():
    with pytest.raises(ValueError, match="dense: pixels are float64, the network is float32"):
        check_input(network(), np.zeros((2, 3, 1, 5)), Shape(2, 3, 1), "pixels")


def test_what_is_no_array_is_refused():
    with pytest.raises(ValueError, match=r"dense: pixels are a list, expected an array \(2x3x1, histories\)"):
        check_input(network(), [[1.0]], Shape(2, 3, 1), "pixels")


@pytest.mark.parametrize(
    ("thing", "kind"), [(Dense, "the class Dense"), ("dense", "str"), (None, "NoneType")]
)
def test_what_is_no_network_is_refused(thing, kind):
    with pytest.raises(ValueError, match=f"network 3 is {kind}, not a network: make one"):
        check_network("network 3", thing)
    check_network("network 3", network())


@pytest.mark.parametrize("activation", ["tanh", Tanh, None])
@pytest.mark.parametrize("kind", [Dense, ActivationLayer])
def test_what_is_no_activation_is_refused(kind, activation):
    arguments = {} if kind is ActivationLayer else {"output_shape": Shape(1, 1, 4), "generator": GENERATOR}
    with pytest.raises(
        ValueError, match=rf"{kind.family}: .* is not an activation: give one, such as Tanh\(\)"
    ):
        kind(Shape(2, 3, 1), activation=activation, **arguments)


@pytest.mark.parametrize(
    "build",
    [
        lambda seed: Dense(Shape(1, 1, 2), Shape(1, 1, 2), generator=seed),
        lambda seed: Dropout(Shape(1, 1, 2), rate=0.5, generator=seed),
        lambda seed: SpectralNormalisation(Shape(2, 3, 1), network(), generator=seed),
    ],
)
def test_a_seed_is_no_generator(build):
    with pytest.raises(ValueError, match="generator 3 draws nothing"):
        build(3)


def test_signals_belong_to_the_last_forward():
    subject = network()
    subject.forward(np.zeros((2, 3, 1, 5), np.float32))
    check_signals(subject, np.zeros((1, 1, 4, 5), np.float32))
    with pytest.raises(ValueError, match="signals have 6 histories, the last forward had 5"):
        check_signals(subject, np.zeros((1, 1, 4, 6), np.float32))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"means": np.zeros(2)}, r"state means is float64 \(2,\), expected float64 \(3,\)"),
        ({"means": np.zeros(3, np.float32)}, r"state means is float32 \(3,\), expected float64 \(3,\)"),
        ({"hidden": np.zeros(3)}, r"state hidden is float64 \(3,\), expected nothing"),
    ],
)
def test_states_of_another_kind_are_refused(change, message):
    subject = BatchNormalisation(Shape(2, 2, 3), dtype=np.float64)
    check_state(subject, subject.state())
    with pytest.raises(ValueError, match=f"batch_normalisation: {message}"):
        check_state(subject, {**subject.state(), **change})
