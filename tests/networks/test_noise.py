"""Dropout and Gaussian noise: the same draws on every rung, gradients, statistics, and torch."""

import json

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks import noise_o2
from networks.ladder import FAMILIES
from networks.noise import expand, normal
from nn.checks.gradients import check_gradients
from nn.checks.storage import check_storage
from nn.shape import SequenceShape, Shape, VideoShape
from nn.training.random_state import generator_state
from tests.support import network_checks as checks
from tests.support.rung_checks import every_dtype, every_faster_rung, every_rung

pytestmark = pytest.mark.usefixtures("one_thread")

IMAGE = Shape(3, 2, 5)
LARGE = Shape(16, 16, 16)
KINDS = {"dropout": {"rate": 0.4}, "gaussian_noise": {"deviation": 0.5}}
TOLERANCE = FAMILIES["dropout"].tolerance

every_kind = pytest.mark.parametrize("kind", KINDS)

sides = st.integers(1, 4)
shapes = st.one_of(
    st.builds(Shape, sides, sides, sides),
    st.builds(SequenceShape, sides, sides),
    st.builds(VideoShape, sides, sides, sides, sides),
)
histories = st.integers(1, 40)


def build(kind, rung, shape=IMAGE, dtype="float64", seed=1, **options):
    options = {**KINDS[kind], **options, "generator": np.random.default_rng(seed)}
    return FAMILIES[kind].rungs[rung](shape, dtype=dtype, **options)


def train(network, values, signals):
    """Pass through a network in training."""
    return checks.pass_through(network, values, signals, training=True)


@every_rung
@every_kind
@given(shape=shapes, histories=histories)
def test_gradients(rung, kind, shape, histories):
    network = build(kind, rung, shape)
    values, _ = checks.numbers(network, histories)
    options = {"sample": 30, "generator": np.random.default_rng(1)}
    for training in (True, False):
        check_gradients(network, values, training=training, **options).raise_if_wrong()


@every_faster_rung
@every_dtype
@every_kind
@given(shape=shapes, histories=histories, seed=st.integers(0, 99))
def test_same_as_plain_in_training(rung, dtype, kind, shape, histories, seed):
    network, plain = (build(kind, each, shape, dtype, seed) for each in (rung, "plain"))
    numbers = checks.numbers(plain, histories)
    for _ in range(2):
        checks.assert_close(train(network, *numbers), train(plain, *numbers), TOLERANCE[dtype])
        assert network.generator.bit_generator.state == plain.generator.bit_generator.state


@every_faster_rung
@every_dtype
@every_kind
def test_same_as_plain_where_it_is_worth_a_parallel_region(rung, dtype, kind):
    network, plain = (build(kind, each, LARGE, dtype) for each in (rung, "plain"))
    numbers = checks.numbers(plain, 37)
    checks.assert_close(train(network, *numbers), train(plain, *numbers), TOLERANCE[dtype])


@every_dtype
@every_kind
def test_threads_do_not_change_a_bit(dtype, kind):
    if numba.config.NUMBA_NUM_THREADS < 2:
        pytest.skip("needs two threads")
    results = []
    for threads in (numba.config.NUMBA_NUM_THREADS, 1):
        numba.set_num_threads(threads)
        network = build(kind, "o2", LARGE, dtype)
        results.append(train(network, *checks.numbers(network, 37)))
    checks.assert_close(*results, 0)


@every_rung
@every_kind
@given(shape=shapes, histories=histories, more=st.integers(1, 40))
def test_an_entry_is_disturbed_the_same_in_any_batch(rung, kind, shape, histories, more):
    """Neither padding nor further entries change the noise of an entry, or that of the next batch."""
    short, long = build(kind, rung, shape), build(kind, rung, shape)
    values, signals = checks.numbers(long, histories + more)
    for _ in range(2):
        expected = train(short, values[..., :histories], signals[..., :histories])
        found = {name: array[..., :histories] for name, array in train(long, values, signals).items()}
        checks.assert_close(found, expected, 1e-12)


@every_rung
@every_kind
def test_both_dtypes_draw_the_same(rung, kind):
    networks = [build(kind, rung, dtype=dtype) for dtype in ("float32", "float64")]
    single, double = (train(each, *checks.numbers(each, 30))["outputs"] for each in networks)
    assert np.allclose(single, double, atol=1e-5)


@every_rung
@every_dtype
@every_kind
def test_outside_training_nothing_is_drawn_or_changed(rung, dtype, kind):
    network = build(kind, rung, dtype=dtype)
    values, signals = checks.numbers(network, 5)
    before = network.generator.bit_generator.state
    train(network, values, signals)
    state = network.generator.bit_generator.state
    assert state != before
    found = checks.pass_through(network, values, signals)
    checks.assert_close(found, {"outputs": values, "input signals": signals}, 0)
    assert network.generator.bit_generator.state == state
    assert np.array_equal(network.values, values)
    assert np.array_equal(network.signals, signals)


@every_rung
@every_kind
def test_values_given_are_left_alone(rung, kind):
    """Outside training the input itself is returned: no later forward may write into it."""
    network = build(kind, rung)
    values, _ = checks.numbers(network, 5)
    kept = values.copy()
    network.forward(values)
    network.forward(values, training=True)
    assert np.array_equal(values, kept)


@every_rung
@every_kind
def test_a_generator_set_back_draws_again(rung, kind):
    network = build(kind, rung)
    numbers = checks.numbers(network, 20)
    assert list(network.generators) == ["noise"]
    state = network.generators["noise"].bit_generator.state
    first = train(network, *numbers)
    assert not np.array_equal(train(network, *numbers)["outputs"], first["outputs"])
    network.generators["noise"].bit_generator.state = state
    checks.assert_close(train(network, *numbers), first, 0)


@every_rung
@every_dtype
@given(shape=shapes, histories=histories, rate=st.sampled_from([0.0, 0.1, 0.5, 0.9]))
def test_torch_gives_the_same_for_what_is_kept(rung, dtype, shape, histories, rate):
    torch = pytest.importorskip("torch")
    network = build("dropout", rung, shape, dtype, rate=rate)
    values, signals = checks.numbers(network, histories)
    key = np.random.default_rng(1).integers(2**64, dtype=np.uint64)
    kept = (expand(key, shape.size, histories) >= np.uint64(int(rate * 2**64))).reshape(values.shape)
    inputs = torch.tensor(values, requires_grad=True)
    outputs = torch.where(torch.tensor(kept), inputs / (1 - rate), 0 * inputs)
    outputs.backward(torch.tensor(signals))
    expected = {"outputs": outputs.detach().numpy(), "input signals": inputs.grad.numpy()}
    checks.assert_close(train(network, values, signals), expected, TOLERANCE[dtype])
    again = torch.nn.Dropout(rate).eval()(inputs).detach().numpy()
    assert np.array_equal(network.forward(values), again)


@every_rung
@pytest.mark.parametrize("rate", [0.0, 0.2, 0.5, 0.95])
def test_the_rate_is_kept_and_so_is_the_mean(rung, rate):
    network = build("dropout", rung, Shape(20, 20, 5), rate=rate)
    outputs = network.forward(np.ones((20, 20, 5, 50)), training=True)
    assert set(np.unique(outputs)) <= {0, network.dtype.type(1 / (1 - rate))}
    assert abs((outputs == 0).mean() - rate) < 0.005
    for axis in range(4):  # no row, column, channel or entry is treated differently
        others = tuple(each for each in range(4) if each != axis)
        assert np.abs((outputs == 0).mean(axis=others) - rate).max() < 0.04


@every_rung
@every_dtype
def test_the_noise_is_normal(rung, dtype):
    stats = pytest.importorskip("scipy.stats")
    network = build("gaussian_noise", rung, Shape(20, 20, 5), dtype, deviation=2.0)
    numbers = network.forward(np.zeros((20, 20, 5, 50), dtype), training=True) / 2
    assert stats.kstest(numbers.ravel(), "norm").pvalue > 0.01
    neighbours = [np.corrcoef(numbers[1:].ravel(), numbers[:-1].ravel())[0, 1]]
    neighbours.append(np.corrcoef(numbers[..., 1:].ravel(), numbers[..., :-1].ravel())[0, 1])
    assert np.abs(neighbours).max() < 0.01


def test_bits_are_those_of_splitmix64():
    """The first five numbers of seed 1234567, as published for the reference implementation."""
    assert expand(np.uint64(1234567), 1, 5)[0].tolist() == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    assert expand(np.uint64(1234567), 5, 1)[:, 0].tolist() == expand(np.uint64(1234567), 1, 5)[0].tolist()


@pytest.mark.parametrize(
    ("bits", "expected"),
    [(0, np.sqrt(48 * np.log(2))), (2**64 - 1, 0), (2**39, -np.sqrt(48 * np.log(2))), (2**38, 0)],
)
def test_the_ends_of_the_bits_are_finite_numbers(bits, expected):
    assert normal(np.array([bits], np.uint64))[0] == pytest.approx(expected, abs=1e-12)


@every_rung
@every_dtype
@every_kind
def test_arrays_of_any_layout(rung, dtype, kind):
    network, same = build(kind, rung, dtype=dtype), build(kind, rung, dtype=dtype)
    numbers = checks.numbers(network, 7)
    expected = train(network, *numbers)
    turned = [np.asfortranarray(array) for array in numbers]
    checks.assert_close(train(same, *turned), expected, TOLERANCE[dtype])


@every_rung
@every_dtype
@every_kind
def test_nan_is_not_hidden(rung, dtype, kind):
    network = build(kind, rung, dtype=dtype)
    checks.check_nan_is_not_hidden(network)
    values, _ = checks.numbers(network, 20)
    values[..., 3] = np.nan
    spoiled = np.isnan(network.forward(values, training=True))
    assert spoiled[..., 3].all()
    assert spoiled.sum() == IMAGE.size


@every_rung
@every_dtype
@every_kind
def test_what_does_not_fit_is_refused(rung, dtype, kind):
    messages = checks.check_wrong_input(build(kind, rung, dtype=dtype)).splitlines()
    assert len(messages) == 9
    assert all(message.startswith(f"{kind}: ") for message in messages)


@every_rung
@every_kind
def test_comes_back_from_its_description(rung, kind):
    network = build(kind, rung, dtype="float32")
    described = json.loads(json.dumps(network.to_configuration()))
    again = type(network).from_configuration(described, {}, dtype=np.float32)
    assert again.to_configuration() == described
    again.generator.bit_generator.state = network.generator.bit_generator.state
    numbers = checks.numbers(network, 5)
    checks.assert_close(train(again, *numbers), train(network, *numbers), 0)


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("dropout", {"rate": 1.0}, "dropout: rate 1.0 must be at least 0 and below 1"),
        ("dropout", {"rate": -0.1}, "rate -0.1"),
        ("dropout", {"rate": float("nan")}, "rate nan"),
        ("gaussian_noise", {"deviation": -1.0}, "gaussian_noise: deviation -1.0 must be a finite number"),
        ("gaussian_noise", {"deviation": float("inf")}, "deviation inf"),
    ],
)
def test_options_out_of_range_are_refused(kind, options, message):
    with pytest.raises(ValueError, match=message):
        build(kind, "plain", **options)


def test_what_outputs_can_reach():
    assert build("dropout", "plain", rate=0.5).output_range((1, 3)) == (0, 6)
    assert build("dropout", "plain", rate=0.5).output_range((-1, -0.5)) == (-2, 0)
    assert build("dropout", "plain", rate=0.0).output_range((1, 3)) == (1, 3)
    assert build("dropout", "plain").output_range() == (-np.inf, np.inf)
    assert build("gaussian_noise", "plain").output_range((0, 1)) == (-np.inf, np.inf)


class Spawned(noise_o2.GaussianNoise):
    """Takes the key of every forward from a generator that it spawns."""

    def forward(self, values, training=False):
        own = self.generator
        try:
            self.generator = own.spawn(1)[0] if training else own
            return super().forward(values, training)
        finally:
            self.generator = own


def test_checks_give_every_run_the_same_children():
    options = {"deviation": 0.3, "generator": np.random.default_rng(0)}
    values = np.random.default_rng(1).normal(size=(2, 2, 3, 5))
    network = Spawned(Shape(2, 2, 3), **options, dtype=np.float64)
    check_gradients(network, values, training=True).raise_if_wrong()
    stored = Spawned(Shape(2, 2, 3), **options)
    before = generator_state(stored.generator)
    check_storage(stored, values.astype(np.float32), training=True).raise_if_wrong()
    assert generator_state(stored.generator) == before
