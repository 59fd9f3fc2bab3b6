"""Recipes: networks that get the shape of their input when they are put together."""

import copy
import pickle

import numpy as np
import pytest

from networks import (
    GRU,
    LSTM,
    Add,
    BatchNormalisation,
    Call,
    Classifier,
    Convolution,
    Dense,
    Dropout,
    Flatten,
    GraphNetwork,
    Input,
    MaxPooling,
    Model,
    Recipe,
    Reshape,
    Sequential,
    SpectralNormalisation,
    TimeDistributed,
)
from networks.base.network import Network
from networks.ladder import CONTAINERS, FAMILIES, RUNGS
from nn.activations import Identity, Tanh
from nn.shape import SequenceShape, Shape, VideoShape, layer_shape
from tests.support.rung_checks import every_rung

IMAGE = Shape(8, 8, 1)


def draws(seed=3):
    return np.random.default_rng(seed)


def kinds(rung):
    return [FAMILIES[name].rungs[rung] for name in ("convolution", "max_pooling", "dropout", "dense")]


def same_bits(network, other):
    assert network.to_configuration() == other.to_configuration()
    assert network.parameters.names == other.parameters.names
    assert network.parameters.values.tobytes() == other.parameters.values.tobytes()
    values = draws(5).normal(size=(*network.input_shape, 4)).astype(network.dtype)
    outputs = [each.forward(values, training=True).tobytes() for each in (network, other)]
    assert outputs[0] == outputs[1]


@every_rung
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_same_seed_gives_the_same_bits_as_by_hand(rung, dtype):
    convolution, pooling, dropout, dense = kinds(rung)
    layers = [
        convolution.of(channels=3, kernel=3, activation=Tanh()),
        pooling.of(window=2),
        dropout.of(rate=0.4),
        SpectralNormalisation.of(dense.of(5)),
        dense.of(Shape(2, 1, 1), activation=Identity()),
    ]
    found = Sequential(IMAGE, layers, generator=draws(), dtype=dtype)
    generator = draws()
    options = {"generator": generator, "dtype": dtype}
    by_hand = [
        convolution(IMAGE, channels=3, kernel=3, activation=Tanh(), **options),
        pooling(Shape(6, 6, 3), window=2, dtype=dtype),
        dropout(Shape(3, 3, 3), rate=0.4, **options),
        SpectralNormalisation(
            Shape(3, 3, 3), dense(Shape(3, 3, 3), Shape(1, 1, 5), **options), generator=generator
        ),
        dense(Shape(1, 1, 5), Shape(2, 1, 1), activation=Identity(), **options),
    ]
    same_bits(found, Sequential(by_hand))
    assert found.dtype == np.dtype(dtype)


def test_networks_lie_within_networks_and_have_names():
    halves = {
        "encoder": Sequential.of([LSTM.of(units=4, bidirectional=True), TimeDistributed.of(Dense.of(3))]),
        "decoder": GRU.of(units=2, whole_sequence=False),
    }
    network = Sequential(SequenceShape(5, 2), halves, generator=draws())
    assert list(network.leaves) == ["encoder.0", "encoder.1.network", "decoder"]
    assert network.output_shape == Shape(1, 1, 2)
    generator = draws()
    lstm = LSTM(SequenceShape(5, 2), units=4, bidirectional=True, generator=generator)
    step = Dense(Shape(1, 1, 8), Shape(1, 1, 3), generator=generator)
    encoder = Sequential([lstm, TimeDistributed(SequenceShape(5, 8), step)])
    decoder = GRU(SequenceShape(5, 3), units=2, whole_sequence=False, generator=generator)
    same_bits(network, Sequential({"encoder": encoder, "decoder": decoder}))


def test_networks_that_are_made_already_stand_beside_recipes():
    first = Dense(6, 4, generator=draws())
    network = Sequential([first, Dense.of(2)], generator=draws())
    assert network.networks[0] is first
    assert network.output_shape == Shape(1, 1, 2)
    with pytest.raises(ValueError, match=r"the input gives 1x1x5, but network 0 \(dense\) takes 1x1x6"):
        Sequential(5, [Dense(6, 4, generator=draws())])


def test_a_generator_and_a_dtype_of_its_own_go_before_those_around_it():
    own = draws(8)
    layers = [Dense.of(4), Dropout.of(rate=0.5, generator=own)]
    network = Sequential(3, layers, generator=draws())
    assert network.generators["1.noise"] is own
    assert Dense.of(4, dtype="float64").build(3, generator=draws()).dtype == np.dtype("float64")


def test_a_recipe_builds_a_network_of_its_own_every_time():
    recipe, generator = Dense.of(4), draws()
    first, second = (recipe.build(3, generator=generator) for _ in range(2))
    assert first.parameters.values.tobytes() != second.parameters.values.tobytes()
    assert first.output_shape == second.output_shape == Shape(1, 1, 4)


def test_networks_that_draw_nothing_need_no_generator():
    network = Sequential(IMAGE, [MaxPooling.of(window=2), BatchNormalisation.of(), Flatten.of()])
    assert network.output_shape == Shape(1, 1, 16)


@pytest.mark.parametrize(
    ("recipe", "written"),
    [
        (Dense.of(10), "Dense.of(10)"),
        (Dense.of(output_shape=10, activation=Tanh()), "Dense.of(10, activation=Tanh())"),
        (MaxPooling.of(window=2), "MaxPooling.of(window=2)"),
        (Sequential.of([LSTM.of(units=3), Dense.of(1)]), "Sequential.of([LSTM.of(units=3), Dense.of(1)])"),
        (TimeDistributed.of(Dense.of(3)), "TimeDistributed.of(Dense.of(3))"),
        (Flatten.of(), "Flatten.of()"),
    ],
)
def test_a_recipe_is_shown_as_it_is_written(recipe, written):
    assert repr(recipe) == written
    for other in (copy.deepcopy(recipe), pickle.loads(pickle.dumps(recipe))):
        assert other == recipe


@pytest.mark.parametrize("rung", RUNGS)
def test_every_class_of_the_ladder_has_recipes(rung):
    for name, family in FAMILIES.items():
        kind = family.rungs[rung]
        if name == "graph":
            continue
        with pytest.raises(ValueError, match=rf"unknown argument of {kind.__name__}\.of 'colour'"):
            kind.of(colour=3)
    assert all(issubclass(kind, Network) for kind in CONTAINERS.values())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Dense.of(10, activatoin=Tanh()),
            "argument of Dense.of 'activatoin'; did you mean activation",
        ),
        (lambda: Convolution.of(channels=8), r"Convolution\.of: kernel is missing"),
        (Dense.of, r"Dense\.of: output_shape is missing"),
        (lambda: Dense.of(3, 4), r"Dense\.of: takes 1 arguments without their names, 2 are given"),
        (lambda: Dense.of(3, output_shape=4), r"Dense\.of: output_shape is given twice"),
        (lambda: MaxPooling.of(window=2, generator=draws()), "argument of MaxPooling.of 'generator'; known"),
        (lambda: Dense.of(3, input_shape=4), "unknown argument of Dense.of 'input_shape'"),
        (GraphNetwork.of, "GraphNetwork learns nothing from an input shape"),
        (Model.of, "Model learns nothing from an input shape"),
        (lambda: Sequential(5, [Dense.of(10)]), r"network 0: Dense\.of\(10\) draws, and there is no gener"),
        (lambda: Sequential([Dense.of(10)], generator=draws()), r"it is the first: give Sequential\(input"),
        (
            lambda: Sequential(5, {"code": Dense.of(3), "last": Dense.of(0)}, generator=draws()),
            "network last: dense: output_shape 0 must be a whole number of units, at least 1, or a shape",
        ),
        (lambda: Sequential(5, [Dense.of(3)], generator=7), "network 0: generator 7 draws nothing"),
        (lambda: Sequential(Shape(1, 1, 5)), "Shape.* is not a list of networks"),
        (lambda: Sequential(5, Dense.of(3), generator=draws()), r"Dense\.of\(3\) is not a list of networks"),
        (lambda: Sequential(5, "dense"), "'dense' is not a list of networks"),
        (
            lambda: Sequential(IMAGE, [Convolution.of(channels=3, kernel=9)], generator=draws()),
            "network 0: convolution: height 8 with 0 . 0 of padding is smaller than a kernel of 9",
        ),
        (lambda: TimeDistributed(SequenceShape(3, 4), Dense.of(2)), r"time_distributed: network: Dense\.of"),
        (
            lambda: SpectralNormalisation(5, Dense(4, 3, generator=draws()), generator=draws()),
            r"the input is 1x1x5, but network \(dense\) takes 1x1x4",
        ),
        (lambda: SpectralNormalisation(5, 3, generator=draws()), "network is int, not a network"),
    ],
)
def test_mistakes_are_refused_where_they_are_made(make, message):
    with pytest.raises(ValueError, match=message):
        make()


class Doubled(Dense):
    """A layer of another program."""

    def __init__(self, input_shape, *, generator):
        super().__init__(input_shape, 2 * layer_shape("input", input_shape).size, generator=generator)


def test_classes_of_other_people_have_recipes_too():
    assert Sequential(3, [Doubled.of(), Doubled.of()], generator=draws()).output_shape == Shape(1, 1, 12)


def test_a_model_is_wired_of_recipes():
    image = Input(IMAGE, generator=draws(), dtype="float64")
    code = Call(Dense.of(4), image, name="code")
    both = Call(Add.of(), Call(Dense.of(4), code), Call(Dense.of(4), code))
    found = Model(image, Call(code.network, Call(Dense.of(IMAGE), both)))
    generator = draws()
    options = {"generator": generator, "dtype": "float64"}
    pixels = Input(IMAGE)
    first = Dense(IMAGE, 4, **options)
    once = Call(first, pixels, name="code")
    branches = [Call(Dense(4, 4, **options), once) for _ in range(2)]
    added = Call(Add([Shape(1, 1, 4)] * 2, dtype="float64"), *branches)
    same_bits(found, Model(pixels, Call(first, Call(Dense(4, IMAGE, **options), added), name="code")))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Call(Dense.of(3), Input(5)), r"model: Dense\.of\(3\) draws, and there is no generator"),
        (lambda: Call(Dense.of(3), 5), r"Dense\.of\(3\): a source is of type int: give an Input or a Call"),
        (
            lambda: Call(Dense.of(3), *[Input(5, generator=draws())] * 2),
            r"Dense\.of\(3\): takes 1 input, 2 are given",
        ),
        (lambda: Call(Add.of(), Input(5)), "add: give at least two inputs"),
        (lambda: Input(0), "input: shape 0 must be a whole number of units"),
    ],
)
def test_wires_that_do_not_fit_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_estimators_take_recipes():
    images = draws(1).random((20, 8, 8, 1)).astype(np.float32)
    labels = np.arange(20) % 3
    recipe = Sequential.of([Convolution.of(channels=2, kernel=3), Dense.of(3, activation=Identity())])

    def by_hand(inputs, outputs, generator):
        convolution = Convolution(inputs, channels=2, kernel=3, generator=generator)
        last = Dense(convolution.output_shape, outputs, activation=Identity(), generator=generator)
        return Sequential([convolution, last])

    learned = [Classifier(network=each, epochs=1).fit(images, labels) for each in (recipe, by_hand)]
    same_bits(learned[0].network_, learned[1].network_)
    assert "network=Sequential.of([Convolution.of(" in repr(learned[0])
    with pytest.raises(ValueError, match=r"made one from 8x8x1 to 1x1x2, not from 8x8x1.*to 1x1x3"):
        Classifier(network=Dense.of(2)).fit(images, labels)


@pytest.mark.parametrize("units", [7, np.int64(7), Shape(1, 1, 7)])
def test_a_number_of_units_is_a_shape(units):
    numbers = Dense(units, units, generator=draws())
    same_bits(numbers, Dense(Shape(1, 1, 7), Shape(1, 1, 7), generator=draws()))
    assert Reshape(Shape(7, 1, 1), units).output_shape == Shape(1, 1, 7)


@pytest.mark.parametrize("units", [0, -3, True, False, float("nan"), 1.5, 7.0, float("inf"), 10**17])
@every_rung
def test_what_is_no_number_of_units_is_refused(rung, units):
    kind = FAMILIES["dense"].rungs[rung]
    for arguments in ((units, 3), (3, units)):
        with pytest.raises(
            ValueError, match=r"a whole number of units, at least 1, or a shape|no memory holds"
        ):
            kind(*arguments, generator=draws())


@pytest.mark.parametrize("shape", ["7", None, (1, 2, 0), VideoShape])
def test_what_is_no_shape_is_refused(shape):
    with pytest.raises(ValueError, match="each at least 1"):
        Dense(3, shape, generator=draws())


def test_a_recipe_says_what_it_is():
    recipe = Dense.of(3, activation=Tanh())
    assert isinstance(recipe, Recipe)
    assert recipe.kind is Dense
    assert recipe.arguments == {"output_shape": 3, "activation": Tanh()}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Call(Dense.of(3)), r"Dense.of\(3\): takes at least one input, none is given"),
        (lambda: Call(Dense.of(3), Input(5), Input(5)), r"Dense.of\(3\): takes 1 input, 2 are given"),
        (lambda: Sequential(5, {1: Dense.of(3)}), "sequential: 1 is not a name for a network: names are"),
    ],
)
def test_what_a_recipe_cannot_be_used_for_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def shared(kind):
    """Return new arguments of every kind that a caller might change afterwards."""
    return kind(
        Dense,
        {
            "list": [1, [2, 3]],
            "pairs": {"a": [1], "b": (2, [3])},
            "numbers": np.arange(6.0).reshape(2, 3),
            "names": {"x", "y"},
        },
    )


def test_a_recipe_is_a_value():
    recipe = shared(Recipe)
    assert recipe == shared(Recipe)
    assert hash(recipe) == hash(shared(Recipe))
    assert {recipe: 1}[shared(Recipe)] == 1
    changed = dict(recipe.arguments)
    changed["numbers"][0, 0] = 5
    changed["list"][1].append(4)
    changed["pairs"]["b"][1].append(4)
    changed["names"].add("z")
    assert recipe == shared(Recipe) != Recipe(Dense, changed)
    assert Dense.of(3) == Dense.of(output_shape=3) != Dense.of(4)
    assert len({Dense.of(3), Dense.of(3), Dense.of(3, activation=Tanh())}) == 2
    assert hash(MaxPooling.of(window=2, stride=1)) == hash(MaxPooling.of(stride=1, window=2))


def test_a_recipe_keeps_what_it_was_given():
    layers, named = [Dense.of(3)], {"code": Dense.of(2)}
    recipes = [Sequential.of(layers), Sequential.of(named)]
    layers.append(Dense.of(7))
    named["more"] = Dense.of(7)
    assert [len(each.build(4, generator=draws()).networks) for each in recipes] == [1, 1]
    assert repr(recipes) == "[Sequential.of([Dense.of(3)]), Sequential.of({'code': Dense.of(2)})]"
    assert len(set(recipes)) == 2


def test_a_recipe_does_not_copy_what_is_meant_to_be_shared():
    own, network = draws(), Dense(3, 3, generator=draws())
    assert Dropout.of(rate=0.5, generator=own).arguments["generator"] is own
    assert SpectralNormalisation.of(network).build(3, generator=own).network is network


def ready(dtype):
    return Dense(3, 3, generator=draws(), dtype=dtype)


OTHER = "dense is float32, but everything here is to be float64: make it with dtype=.float64."


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Sequential([ready("float32")], dtype="float64"), f"sequential: network 0: {OTHER}"),
        (
            lambda: Sequential(3, {"a": Dense.of(3), "b": ready("float32")}, generator=draws(), dtype=float),
            f"sequential: network b: {OTHER}",
        ),
        (
            lambda: Sequential(3, [Sequential.of([ready("float32")])], dtype="float64"),
            f"sequential: network 0: sequential: network 0: {OTHER}",
        ),
        (lambda: Sequential([ready("float64"), ready("float32")]), f"sequential: network 1: {OTHER}"),
        (
            lambda: Sequential(3, [Dense.of(3, dtype="float32")], generator=draws(), dtype="float64"),
            f"sequential: network 0: {OTHER}",
        ),
        (
            lambda: TimeDistributed(SequenceShape(2, 3), ready("float32"), dtype="float64"),
            f"time_distributed: network: {OTHER}",
        ),
        (
            lambda: SpectralNormalisation(3, ready("float32"), generator=draws(), dtype="float64"),
            f"spectral_normalisation: network: {OTHER}",
        ),
        (lambda: Call(ready("float32"), Input(3, dtype="float64")), f"model: {OTHER}"),
        (
            lambda: Call(ready("float32"), Input(3, dtype="float64"), name="top"),
            f"model: network top: {OTHER}",
        ),
        (lambda: Call(ready("float32"), Call(ready("float64"), Input(3))), f"model: {OTHER}"),
        (
            lambda: Call(Add.of(), Input(3, dtype="float32"), Input(3, dtype="float64")),
            r"Add\.of\(\): its inputs are float32, float64: give all of a model one dtype",
        ),
        (lambda: Sequential([ready("float32")], dtype="float16"), "dtype float16: networks compute in"),
        (lambda: Input(3, dtype="int8"), "dtype int8: networks compute in float32 or float64"),
    ],
)
def test_a_dtype_that_networks_do_not_have_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_recipes_build_what_networks_beside_them_are():
    double = [
        Sequential([ready("float64"), Dense.of(2), Flatten.of()], generator=draws()),
        Sequential(3, [Dense.of(3), ready("float64")], generator=draws()),
        TimeDistributed(SequenceShape(2, 3), ready("float64")),
        Sequential(SequenceShape(2, 3), [TimeDistributed.of(ready("float64"))]),
        SpectralNormalisation(3, ready("float64"), generator=draws()),
        Call(Dense.of(2), Call(ready("float64"), Input(3, generator=draws()))).network,
    ]
    assert {network.dtype for network in double} == {np.dtype("float64")}
    assert Sequential(3, [Dense.of(2)], generator=draws()).dtype == np.dtype("float32")
