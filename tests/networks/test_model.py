"""Models: branches, several inputs and outputs, shared networks; gradients of all of them."""

import json
import tracemalloc
from functools import partial

import numpy as np
import pytest

from networks.base.network import Network
from networks.base.nodes import Call, Input
from networks.ladder import FAMILIES, RUNGS, network_from_configuration
from networks.merge import Add, Concatenate, Multiply
from networks.model import Model
from networks.sequential import Sequential
from nn.activations import Tanh
from nn.checks.gradients import check_gradients
from nn.parameters import Parameters
from nn.shape import Shape
from tests.support import network_checks as checks
from tests.support.clamped_neurons import check_clamped_gradients
from tests.support.rung_checks import every_rung

pytestmark = pytest.mark.usefixtures("one_thread")

TOLERANCE = {"float32": 3e-5, "float64": 1e-11}
WIDE, NARROW = Shape(2, 3, 2), Shape(1, 1, 5)


def maker(rung, dtype="float64", seed=0):
    kind = FAMILIES["dense"].rungs[rung]
    return partial(kind, activation=Tanh(), generator=np.random.default_rng(seed), dtype=dtype)


def diamond(rung="plain", dtype="float64"):
    """One input that passes through two branches, and past both; the branches meet."""
    dense = maker(rung, dtype)
    image = Input(WIDE)
    left = Call(dense(WIDE, NARROW), image, name="left")
    right = Call(dense(WIDE, NARROW), image, name="right")
    gated = Call(Multiply([NARROW, NARROW], dtype=dtype), left, right)
    both = Call(Concatenate([NARROW, NARROW], dtype=dtype), gated, left, name="both")
    return Model(image, Call(dense(both.shape, Shape(1, 2, 2)), both, name="last"))


def siamese(rung="plain", dtype="float64"):
    """One network that looks at two images; their codes are added."""
    dense = maker(rung, dtype)
    first, second = Input(WIDE), Input(WIDE)
    tower = Sequential([dense(WIDE, Shape(1, 1, 4)), dense(Shape(1, 1, 4), NARROW)])
    codes = [Call(tower, image, name="tower") for image in (first, second)]
    total = Call(Add([NARROW, NARROW], dtype=dtype), *codes, name="total")
    outputs = {"sum": Call(dense(NARROW, Shape(1, 1, 3)), total, name="head"), "code": codes[0]}
    return Model({"first": first, "second": second}, outputs)


class OneArray(Network):
    """A model of several inputs and outputs seen as one of a single input and output."""

    family = "one_array"

    def __init__(self, model):
        self.model = model
        self.input_shape = Shape(1, 1, sum(shape.size for shape in model.input_shapes.values()))
        self.output_shape = Shape(1, 1, sum(shape.size for shape in model.output_shapes.values()))
        self.parameters: Parameters = model.parameters
        self._values = self._signals = np.zeros((*self.output_shape, 0))

    def forward(self, values, training=False):
        outputs = self.model.forward(self._split(values, self.model.input_shapes), training)
        self._values = self._join(outputs)
        return self._values

    def backward(self, signals, learning_rate=None):
        self._signals = signals
        return self._join(self.model.backward(self._split(signals, self.model.output_shapes), learning_rate))

    def _split(self, array, shapes):
        ends = np.cumsum([shape.size for shape in shapes.values()])[:-1]
        parts = np.split(array.reshape(-1, array.shape[-1]), ends)
        return {
            name: part.reshape(*shape, -1) for (name, shape), part in zip(shapes.items(), parts, strict=True)
        }

    def _join(self, arrays):
        flat = [array.reshape(-1, array.shape[-1]) for array in arrays.values()]
        return np.concatenate(flat)[None, None]

    @property
    def values(self):
        return self._values

    @property
    def signals(self):
        return self._signals

    connections = 0

    def to_configuration(self):
        return {}


BUILDS = {"diamond": diamond, "siamese": lambda *arguments: OneArray(siamese(*arguments))}
every_model = pytest.mark.parametrize("build", BUILDS.values(), ids=BUILDS)


@every_rung
@every_model
def test_gradients(rung, build):
    checks.check_gradients(build(rung), 3)


def test_a_wrong_gradient_of_a_shared_network_is_found():
    network = OneArray(siamese())
    twin = network.model.named["tower:2"]
    right = twin.backward
    twin.backward = lambda signals, learning_rate=None: right(1.01 * signals, learning_rate)
    report = check_gradients(network, checks.numbers(network, 2)[0])
    assert not report.ok


@pytest.mark.parametrize("rung", RUNGS[1:])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@every_model
def test_same_as_plain(rung, dtype, build):
    network, plain = build(rung, dtype), build("plain", dtype)
    values, signals = checks.numbers(plain, 5)
    found, expected = (checks.pass_through(each, values, signals) for each in (network, plain))
    checks.assert_close(found, expected, TOLERANCE[dtype])


@every_rung
@every_model
def test_learning_rate_descends_along_the_gradient(rung, build):
    checks.check_learning_rate(build, rung, "float64", 4, 1e-11)


def test_descending_at_once_keeps_gradients_that_were_there():
    network = siamese()
    network.parameters.gradients[:] = 1
    values = {name: np.ones((*WIDE, 2)) for name in network.input_shapes}
    network.backward({name: np.ones_like(array) for name, array in network.forward(values).items()}, 0.1)
    assert (network.parameters.gradients == 1).all()


def test_a_shared_network_has_one_set_of_parameters_and_values_of_every_use():
    network = siamese()
    assert network.parameters.names == [
        *("tower.0.weights", "tower.0.biases", "tower.1.weights", "tower.1.biases"),
        *("head.weights", "head.biases"),
    ]
    first, second = network.named["tower"], network.named["tower:2"]
    network.parameters["tower.0.biases"][...] = 7
    assert (second.parameters["0.biases"] == 7).all()
    images = np.random.default_rng(0).normal(size=(2, *WIDE, 3))
    network.forward({"first": images[0], "second": images[1]})
    assert not np.array_equal(first.values[-1], second.values[-1])
    assert list(network.values) == ["tower", "tower:2", "total", "head"]
    assert "tower:2.1" in network.leaves


def test_names_are_families_unless_given():
    dense = maker("plain")
    image = Input(WIDE)
    hidden = Call(dense(WIDE, NARROW), image)
    model = Model(image, Call(dense(NARROW, NARROW), hidden))
    assert list(model.named) == ["dense", "dense_2"]


@every_rung
@pytest.mark.parametrize("build", [diamond, siamese])
def test_configuration_is_json_and_builds_the_same_model_on_every_rung(rung, build):
    network = build()
    configuration = json.loads(json.dumps(network.to_configuration()))
    twin = network_from_configuration(configuration, network.structure(), rung_name=rung, dtype=np.float64)
    assert twin.to_configuration() == network.to_configuration()
    twin.parameters.copy_from(network.parameters)
    values = {
        name: np.random.default_rng(0).normal(size=(*shape, 3))
        for name, shape in network.input_shapes.items()
    }
    found, expected = (each.forward(values) for each in (twin, network))
    if not isinstance(found, dict):
        found, expected = {"output": found}, {"output": expected}
    checks.assert_close(found, expected, 1e-11)


def test_predict_takes_and_gives_arrays_by_name():
    network = siamese(dtype="float32")
    images = np.random.default_rng(0).random((2, 7, *WIDE)).astype(np.float32)
    batch = dict(zip(network.input_shapes, images, strict=True))
    outputs = network.predict(batch, batch_size=3)
    assert {name: array.shape for name, array in outputs.items()} == {
        "sum": (7, 1, 1, 3),
        "code": (7, 1, 1, 5),
    }
    whole = network.forward({name: np.moveaxis(array, 0, -1) for name, array in batch.items()})
    assert np.allclose(outputs["sum"], np.moveaxis(whole["sum"], -1, 0), atol=1e-6)
    assert diamond().predict(images[0]).shape == (7, 1, 2, 2)


def test_input_signals_are_left_out_where_nobody_wants_them():
    network = diamond("o2")
    network.propagates = False
    assert [network.named[name].propagates for name in ("left", "right", "last")] == [False, False, True]


def test_freezing_by_name_reaches_inside():
    network = siamese()
    network.parameters.freeze("tower.0")
    assert network.named["tower"].parameters.frozen == ["0.weights", "0.biases"]
    assert network.named["tower:2"].parameters.frozen == ["0.weights", "0.biases"]
    assert network.parameters.trainable_slices() == [
        slice(network.parameters.slice_of("tower.1.weights").start, network.parameters.size)
    ]


def code_of(image):
    return Call(maker("plain")(WIDE, NARROW), image)


def two_names():
    square, image = maker("plain")(NARROW, NARROW), Input(WIDE)
    return Model(image, Call(square, Call(square, code_of(image), name="a"), name="b"))


def one_name_twice():
    dense, image = maker("plain"), Input(WIDE)
    return Model(image, Call(dense(NARROW, NARROW), Call(dense(WIDE, NARROW), image, name="a"), name="a"))


def missing_input():
    image, other = Input(WIDE), Input(WIDE)
    return Model(other, Call(Add([NARROW, NARROW], dtype=float), code_of(image), code_of(other)))


def called_like_a_network():
    image = Input(WIDE)
    return Model({"dense": image}, code_of(image))


def unread_input():
    image = Input(WIDE)
    return Model({"image": image, "other": Input(WIDE)}, code_of(image))


def images(*names, shapes=(WIDE, WIDE), counts=(1, 1)):
    return {name: np.zeros((n, *shape)) for name, shape, n in zip(names, shapes, counts, strict=True)}


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: code_of(Input(NARROW)), r"dense: input 0 has shape 1x1x5, the network takes 2x3x2"),
        (
            lambda: Call(Add([NARROW, NARROW], dtype=float), code_of(Input(WIDE))),
            r"add: takes 2 inputs, 1 are given",
        ),
        (missing_input, r"input 0 of dense \(2x3x2\) is not given"),
        (unread_input, "no output depends on the input other"),
        (lambda: Model(Input(WIDE), Input(WIDE)), "no output depends on the input input"),
        (one_name_twice, "two networks are called 'a'"),
        (two_names, "called both 'a' and 'b'"),
        (called_like_a_network, r"inputs \(dense\) and networks \(dense\) need different names"),
        (lambda: siamese().forward(np.zeros((*WIDE, 1))), "has the inputs first, second: give arrays by"),
        (lambda: siamese().forward(images("first", "third")), "inputs are first, second; first, third are"),
        (lambda: siamese().predict(images("first", "second", counts=(2, 3))), "different numbers of entries"),
        (
            lambda: siamese().predict(images("first", "second", shapes=(WIDE, NARROW))),
            "input second: entries have shape",
        ),
        (lambda: siamese().predict(images("first", "second"), 0), "batch size 0"),
        (lambda: siamese().input_shape, "has 2 inputs"),
        (lambda: Call("dense", Input(WIDE)), "model: what is used is str, not a network"),
        (lambda: Call(maker("plain")(WIDE, NARROW), np.zeros(WIDE)), "dense: a source is of type ndarray"),
        (
            lambda: Model(Input(WIDE), maker("plain")(WIDE, NARROW)),
            "model: output is of type Dense: give an I",
        ),
        (
            lambda: Model({"image": WIDE}, code_of(Input(WIDE))),
            "model: image is of type Shape: give an Input",
        ),
    ],
)
def test_what_does_not_fit_is_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"uses": [["left", "nowhere"]]}, "unknown node of the model 'nowhere'"),
        ({"uses": ["left"]}, "a call is the name of a network"),
        ({"outputs": {"output": 3}}, r"outputs.output is 3, not a text"),
        ({"inputs": {"input": "2x3"}}, "has shape 2x3, the network takes 2x3x2"),
        ({"more": 1}, "unknown field more"),
    ],
)
def test_a_description_that_does_not_fit_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        network_from_configuration(diamond().to_configuration() | change, {})


def test_uses_of_a_network_have_no_parameters_of_their_own_one_after_the_other():
    """So that a small description with many uses takes no more memory than its parameters."""
    image = Input(Shape(1, 1, 512))
    tower = FAMILIES["dense"].rungs["plain"](image.shape, image.shape, generator=np.random.default_rng(0))
    uses = [Call(tower, image, name="tower") for _ in range(50)]
    merged = Call(Add([use.shape for use in uses]), *uses)
    tracemalloc.start()
    try:
        model = Model(image, merged)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert model.parameters.size == tower.parameters.size
    assert peak < 8 * tower.parameters.values.nbytes


def test_neurons_of_a_model_are_clamped_and_no_signal_passes_them():
    model = diamond()
    generator = np.random.default_rng(4)
    model.clamp("left", {1: 0.25, 4: -0.5})
    inputs = generator.normal(size=(*WIDE, 2))
    check_clamped_gradients(model, inputs)
    np.testing.assert_array_equal(model.named["left"].values.reshape(5, -1)[[1, 4]], [[0.25] * 2, [-0.5] * 2])
    other = diamond()
    other.parameters.values[:] = model.parameters.values
    other.synchronise_with(model)
    assert other.clamped == {"left": {1: 0.25, 4: -0.5}}
    np.testing.assert_array_equal(other.forward(inputs), model.forward(inputs))
    model.clamp("left", {})
    assert (model.forward(inputs) != other.forward(inputs)).any()
