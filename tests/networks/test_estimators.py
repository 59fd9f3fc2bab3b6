"""Estimators: they learn, keep scikit-learn's conventions, and refuse arguments that do not fit together."""

import signal

import numpy as np
import pytest

from networks.dense import Dense
from networks.estimators import Classifier, Compressor, Regressor
from networks.lstm import LSTM
from networks.normalisation import BatchNormalisation
from networks.sequential import Sequential
from nn.activations import Identity
from nn.shape import SequenceShape, Shape
from nn.training import TrainingDiverged

pytestmark = pytest.mark.usefixtures("one_thread")

KINDS = [Classifier, Regressor, Compressor]


def rings(count=300, seed=0):
    """Two classes that no straight line separates."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 2, count)
    angles, radii = generator.uniform(0, 2 * np.pi, count), 0.5 + labels + generator.normal(0, 0.1, count)
    points = np.column_stack([radii * np.cos(angles), radii * np.sin(angles)])
    return points, np.array(["inner", "outer"])[labels]


def test_a_classifier_learns_rings_and_gives_labels_back():
    points, labels = rings()
    classifier = Classifier((20,), epochs=40, learning_rate=0.02).fit(points, labels)
    assert classifier.score(*rings(seed=1)) > 0.95
    assert classifier.classes_.tolist() == ["inner", "outer"]
    assert set(classifier.predict(points)) == {"inner", "outer"}
    probabilities = classifier.predict_proba(points)
    assert probabilities.shape == (300, 2)
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    assert (classifier.classes_[probabilities.argmax(axis=1)] == classifier.predict(points)).all()


def test_balanced_classes_make_rare_ones_count():
    generator = np.random.default_rng(0)
    labels = (generator.random(600) < 0.05).astype(int)
    points = generator.normal(size=(600, 1)) + labels[:, None]
    plain, balanced = (
        Classifier((), epochs=30, learning_rate=0.05, class_weight=weight).fit(points, labels)
        for weight in (None, "balanced")
    )
    found = [np.mean(each.predict(points)[labels == 1]) for each in (plain, balanced)]
    assert found[1] > found[0] + 0.3


@pytest.mark.parametrize("outputs", [(), (2,)])
def test_a_regressor_learns_a_curve(outputs):
    x = np.random.default_rng(0).uniform(-1, 1, (400, 1))
    y = np.broadcast_to(np.sin(3 * x), (400, *outputs)) if outputs else np.sin(3 * x)[:, 0]
    regressor = Regressor((30,), epochs=60, learning_rate=0.01).fit(x, y)
    assert regressor.predict(x).shape == (400, *outputs)
    assert regressor.score(x, y) > 0.97


def test_a_compressor_keeps_what_varies_and_inverts_its_codes():
    generator = np.random.default_rng(0)
    entries = generator.normal(size=(300, 2)) @ generator.normal(size=(2, 8))
    compressor = Compressor((), code_size=2, epochs=150, learning_rate=0.02)
    codes = compressor.fit_transform(entries)
    assert codes.shape == (300, 2)
    assert compressor.score(entries) > 0.98
    again = compressor.inverse_transform(codes)
    assert again.shape == (300, 8)
    assert np.mean((again - entries) ** 2) < 0.05 * entries.var()


def test_images_come_back_as_images():
    images = np.random.default_rng(0).integers(0, 256, (20, 4, 4, 1), dtype=np.uint8)
    compressor = Compressor((), code_size=3, epochs=1).fit(images)
    assert compressor.inverse_transform(compressor.transform(images)).shape == (20, 4, 4, 1)


@pytest.mark.parametrize("kind", [Classifier, Compressor])
def test_images_in_bytes_are_those_of_numbers_up_to_one(kind):
    images = np.random.default_rng(0).integers(0, 256, (20, 4, 4, 1), dtype=np.uint8)
    labels, numbers = np.arange(20) % 2, images / np.float32(255)
    estimator = kind((5,), epochs=3).fit(images, labels)
    again = kind((5,), epochs=3).fit(numbers, labels)
    for each in (estimator, again):
        outputs = "predict_proba" if kind is Classifier else "transform"
        np.testing.assert_allclose(getattr(each, outputs)(images), getattr(each, outputs)(numbers), atol=1e-6)
    np.testing.assert_allclose(estimator.score(images, labels), again.score(numbers, labels), atol=1e-6)


def test_a_network_of_your_own_reads_sequences():
    generator = np.random.default_rng(0)
    sequences = generator.normal(size=(200, 5, 1)).astype(np.float32)
    labels = sequences[:, 0, 0] > 0
    built = []

    def network(inputs, outputs, generator):
        assert (inputs, outputs) == (SequenceShape(5, 1), Shape(1, 1, 2))
        lstm = LSTM(inputs, units=8, whole_sequence=False, generator=generator)
        built.append(Sequential([lstm, Dense(lstm.output_shape, outputs, generator=generator)]))
        return built[-1]

    classifier = Classifier(network=network, epochs=15, learning_rate=0.02, batch_size=20).fit(
        sequences, labels
    )
    assert classifier.network_ is built[0]
    assert classifier.score(sequences, labels) > 0.9


def test_the_same_seed_gives_the_same_bits():
    points, labels = rings()
    first, second, other = (
        Classifier((5,), epochs=2, seed=seed).fit(points, labels).predict_proba(points) for seed in (3, 3, 4)
    )
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


def test_early_stopping_ends_when_the_held_out_loss_rises():
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(60, 20)), generator.normal(size=60)
    regressor = Regressor((50,), epochs=500, learning_rate=0.01, validation_fraction=0.3, patience=3).fit(
        x, y
    )
    assert len(regressor.history_) < 100
    assert regressor.history_[-1].held_out_loss is not None


@pytest.mark.parametrize("kind", KINDS)
def test_parameters_go_in_and_out(kind):
    estimator = kind((7,), epochs=3)
    parameters = estimator.get_params()
    assert parameters["hidden"] == (7,)
    assert parameters["epochs"] == 3
    twin = kind(**parameters)
    assert twin.get_params() == parameters
    assert repr(twin) == repr(estimator)
    assert estimator.set_params(epochs=5, seed=1) is estimator
    assert (estimator.epochs, estimator.seed) == (5, 1)
    with pytest.raises(ValueError, match=r"unknown parameter of .* 'epoch'; did you mean epochs"):
        estimator.set_params(epoch=2)


POINTS = np.eye(8, 3, dtype=np.float32)


def fitted(kind):
    return kind((2,), epochs=1).fit(POINTS, np.arange(8) % 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Classifier().predict(np.zeros((2, 3))), "call fit first"),
        (lambda: Compressor().transform(np.zeros((2, 3))), "call fit first"),
        (lambda: Classifier().fit(np.zeros((2, 3)), [1, 1]), "takes two classes"),
        (lambda: Classifier().fit(np.zeros((2, 3)), [1, 2, 3]), "2 entries, but 3 targets"),
        (lambda: Classifier().fit(np.zeros((2, 3)), np.eye(2)), r"\(2, 2\); .* y.argmax\(axis=1\)"),
        (lambda: Classifier().fit(np.zeros(3), [1, 2, 3]), "Reshape your data"),
        (lambda: Classifier().fit(np.array([["a"], ["b"]]), [1, 2]), "give numbers"),
        (
            lambda: Classifier(class_weight="even").fit(np.zeros((2, 3)), [1, 2]),
            "None, 'balanced' or a mapping",
        ),
        (lambda: Classifier(class_weight={3: 1}).fit(np.zeros((2, 3)), [1, 2]), r"has 3, .* \[1, 2\]"),
        (lambda: Classifier(patience=2).fit(np.zeros((2, 3)), [1, 2]), "both a patience and a validation"),
        (lambda: Classifier(epochs=None).fit(np.zeros((2, 3)), [1, 2]), "epochs None must be a finite"),
        (lambda: Compressor(epochs=np.nan).fit(np.zeros((2, 3))), "Compressor: epochs nan must be a finite"),
        (lambda: Regressor(validation_fraction=None).fit([[1]], [1]), "validation_fraction None must be at"),
        (lambda: Classifier(optimizer="adm").fit(np.zeros((2, 3)), [1, 2]), "did you mean adam"),
        (lambda: Regressor().fit(np.zeros((2, 3)), np.zeros((2, 1, 1))), "not one row for each entry"),
        (lambda: Regressor(hidden=8).fit(np.zeros((2, 3)), [1, 2]), r"hidden 8 must be .* such as \(100,\)"),
        (lambda: Compressor(hidden=("8",)).fit(np.zeros((2, 3))), r"hidden \('8',\) must be the units"),
        (lambda: fitted(Classifier).score(POINTS, [0]), "8 entries, but 1 targets"),
        (
            lambda: fitted(Regressor).score(POINTS, np.zeros((8, 2))),
            r"targets have shape \(8, 2\), the predictions \(8, 1\)",
        ),
        (lambda: fitted(Compressor).inverse_transform(np.zeros((2, 4))), r"\(2, 4\), expected \(N, 2\)"),
    ],
)
def test_what_does_not_go_together_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def state(estimator):
    """What an estimator has learned, down to the last bit."""
    parameters = estimator.network_.parameters.values.copy()
    return {**vars(estimator), "parameters": parameters.tolist(), "rows": list(estimator.history_)}


class Interrupted(Dense):
    """A layer in whose seventh step of training Ctrl-C is pressed."""

    steps = 0
    presses = 1

    def forward(self, values, training=False):
        self.steps += training
        for _ in range(self.presses if training and self.steps == 7 else 0):
            signal.raise_signal(signal.SIGINT)
        return super().forward(values, training)


class InterruptedTwice(Interrupted):
    """A layer in whose seventh step Ctrl-C is pressed again at once."""

    presses = 2


def single(kind):
    """Makes networks of one layer of a kind; a compressor's has two halves."""

    def network(inputs, outputs, generator):
        if inputs != outputs:
            return kind(inputs, outputs, generator=generator)
        code = Shape(1, 1, 2)
        encoder = kind(inputs, code, generator=generator)
        return Sequential({"encoder": encoder, "decoder": Dense(code, outputs, generator=generator)})

    return network


def raising(error):
    def network(inputs, outputs, generator):
        raise error

    return network


OTHER_POINTS = np.random.default_rng(1).normal(size=(10, 4)).astype(np.float32) * 10
FAILURES = [
    ({"learning_rate": 1e30, "epochs": 40, "optimizer": "sgd"}, TrainingDiverged, "before the update"),
    ({"hidden": None, "network": raising(RuntimeError("broken"))}, RuntimeError, "broken"),
    ({"hidden": None, "network": raising(KeyboardInterrupt("pressed"))}, KeyboardInterrupt, "pressed"),
    ({"hidden": None, "network": single(InterruptedTwice), "epochs": 20}, KeyboardInterrupt, "^$"),
    ({"optimizer": "adm"}, ValueError, "did you mean adam"),
    ({"batch_size": 0}, ValueError, "batch size"),
    ({"validation_fraction": 0.5}, ValueError, "early stopping needs"),
    (
        {"hidden": None, "network": lambda i, o, g: "dense"},
        ValueError,
        "what network.* made is str, not a network",
    ),
    (
        {"hidden": None, "network": lambda i, o, g: Dense(i, Shape(1, 1, 9), generator=g)},
        ValueError,
        "to 1x1x9, not .*",
    ),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("arguments", "error", "message"), FAILURES)
def test_a_fit_that_fails_leaves_the_estimator_as_it_was(kind, arguments, error, message):
    estimator = fitted(kind)
    before, usual = state(estimator), estimator.get_params()
    asked = estimator.transform if kind is Compressor else estimator.predict
    answers = asked(POINTS)
    with pytest.raises(error, match=message):
        estimator.set_params(**arguments).fit(OTHER_POINTS, np.arange(10) % 3)
    assert state(estimator.set_params(**usual)) == before
    assert np.array_equal(asked(POINTS), answers)


@pytest.mark.parametrize("kind", KINDS)
def test_a_first_fit_that_fails_leaves_nothing(kind):
    estimator = kind((2,), learning_rate=1e30, epochs=40, optimizer="sgd")
    before = dict(vars(estimator))
    with pytest.raises(TrainingDiverged):
        estimator.fit(OTHER_POINTS, np.arange(10) % 3)
    assert vars(estimator) == before
    assert not [name for name in dir(estimator) if name.endswith("_") and not name.startswith("_")]


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_learned_until_ctrl_c_is_kept_with_a_warning(kind):
    estimator = kind(network=single(Interrupted), epochs=20, batch_size=4)
    with pytest.warns(
        UserWarning, match="interrupted after 3.5 of 20 epochs; what was learned by then is kept"
    ):
        estimator.fit(POINTS, np.arange(8) % 2)
    assert estimator.history_[-1].step == 7
    undisturbed = kind(network=single(Dense), epochs=3.5, batch_size=4).fit(POINTS, np.arange(8) % 2)
    found, expected = (each.network_.parameters.values for each in (estimator, undisturbed))
    assert np.array_equal(found, expected)


def test_a_network_that_was_trained_before_is_no_new_one():
    network = Dense(Shape(1, 1, 3), Shape(1, 1, 2), generator=np.random.default_rng(0))
    classifier = Classifier(network=lambda i, o, g: network, epochs=1).fit(POINTS, np.arange(8) % 2)
    before = state(classifier)
    with pytest.raises(ValueError, match=r"network\(...\) gave the network trained before"):
        classifier.fit(POINTS, np.arange(8) % 2)
    assert state(classifier) == before


def test_a_compressor_needs_two_halves_before_it_trains():
    with pytest.raises(ValueError, match="a Sequential that has an encoder"):
        Compressor(network=lambda i, o, g: Dense(i, o, generator=g)).fit(POINTS)


def test_an_estimator_is_shown_with_what_is_not_usual_about_it():
    assert repr(Regressor()) == "Regressor()"
    shown = "Classifier(hidden=(5,), epochs=1, class_weight='balanced')"
    assert repr(Classifier((5,), epochs=1, class_weight="balanced")) == shown
    assert repr(fitted(Compressor)) == "Compressor(hidden=(2,), epochs=1)"


@pytest.mark.parametrize(("entries", "options"), [(9, {}), (18, {"validation_fraction": 0.5, "patience": 1})])
def test_a_batch_normalisation_gets_no_batch_of_one(entries, options):
    def normalised(inputs, outputs, generator):
        hidden = Shape(1, 1, 3)
        first = Dense(inputs, hidden, generator=generator)
        last = Dense(hidden, outputs, generator=generator)
        return Sequential([first, BatchNormalisation(hidden), last])

    numbers = np.random.default_rng(0).random((entries, 2))
    learned = Regressor(network=normalised, epochs=2, batch_size=4, **options).fit(numbers, numbers[:, 0])
    assert np.isfinite(learned.predict(numbers)).all()


def test_text_of_any_kind_is_compared():
    labels = np.array(["a", "b"] * 4)
    learned = Classifier((3,), epochs=1).fit(POINTS, labels.astype(np.dtypes.StringDType()))
    assert learned.score(POINTS, labels) == learned.score(POINTS, labels.astype(object))


def test_weights_of_labels_make_them_count():
    generator = np.random.default_rng(0)
    points, labels = generator.normal(size=(200, 2)), generator.choice(["a", "b"], 200)
    for label in ("a", "b"):
        classifier = Classifier((5,), epochs=3, learning_rate=0.05, class_weight={label: 50}).fit(
            points, labels
        )
        assert np.mean(classifier.predict(points) == label) > 0.9


@pytest.mark.parametrize(
    ("network", "message"),
    [
        ([Dense.of(8), Dense.of(2)], "Classifier: network is a list: give a recipe"),
        (Dense, "Classifier: network is the class Dense: give a recipe"),
        (Dense(6, 2, generator=np.random.default_rng(0)), "Classifier: network is a Dense: give a recipe"),
    ],
)
def test_what_makes_no_network_is_refused(network, message):
    entries = np.random.default_rng(0).normal(size=(20, 6))
    with pytest.raises(ValueError, match=message):
        Classifier(network=network).fit(entries, np.arange(20) % 2)


HALVES = {"encoder": Sequential.of([Dense.of(2)]), "decoder": Sequential.of([Dense.of(3)])}


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (
            Classifier(hidden=(100,), network=Dense.of(2)),
            r"Classifier: hidden \(100,\) does not apply to a network of your own: leave",
        ),
        (Classifier(hidden=(), network=lambda *_: None), r"hidden \(\) does not apply"),
        (Regressor(hidden=(5,), network=Dense.of(1)), r"hidden \(5,\) does not apply"),
        (Compressor(hidden=(5,), network=Sequential.of(HALVES)), r"hidden \(5,\) does not apply"),
        (
            Compressor(code_size=3, network=Sequential.of(HALVES)),
            "code_size is 3, but the encoder of network gives codes of 2: leave one of the two out",
        ),
    ],
)
def test_what_a_network_of_your_own_would_not_look_at_is_refused(estimator, message):
    with pytest.raises(ValueError, match=message):
        estimator.fit(np.eye(6, 3), np.arange(6) % 2)


def test_a_code_size_that_the_network_has_may_be_said():
    compressor = Compressor(code_size=2, network=Sequential.of(HALVES), epochs=1)
    assert compressor.fit(np.eye(6, 3)).transform(np.eye(6, 3)).shape == (6, 2)


def test_a_network_of_double_precision_is_trained_in_it():
    network = Sequential.of([Dense.of(2, activation=Identity(), dtype="float64")])
    classifier = Classifier(network=network, epochs=1).fit(np.eye(6, 3), np.arange(6) % 2)
    assert classifier.network_.dtype == np.dtype("float64")
    assert classifier.predict_proba(np.eye(6, 3)).shape == (6, 2)
