"""Estimators: they learn, keep scikit-learn's conventions, and refuse what does not go together."""

import numpy as np
import pytest

from networks.dense import Dense
from networks.estimators import Classifier, Compressor, Regressor
from networks.lstm import LSTM
from nn.shape import SequenceShape, Shape

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
        from networks.sequential import Sequential

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
        (lambda: Classifier().predict(np.zeros((2, 3))), "call fit before"),
        (lambda: Compressor().transform(np.zeros((2, 3))), "call fit first"),
        (lambda: Classifier().fit(np.zeros((2, 3)), [1, 1]), "takes two classes"),
        (lambda: Classifier().fit(np.zeros((2, 3)), [1, 2, 3]), "2 entries, but 3 targets"),
        (lambda: Classifier().fit(np.zeros((2, 3)), [[1], [2]]), "not one row for each entry"),
        (lambda: Classifier().fit(np.zeros(3), [1, 2, 3]), "give numbers"),
        (lambda: Classifier().fit(np.array([["a"], ["b"]]), [1, 2]), "give numbers"),
        (lambda: Classifier(class_weight="even").fit(np.zeros((2, 3)), [1, 2]), "None or 'balanced'"),
        (lambda: Classifier(patience=2).fit(np.zeros((2, 3)), [1, 2]), "both a patience and a validation"),
        (lambda: Classifier(optimizer="adm").fit(np.zeros((2, 3)), [1, 2]), "did you mean adam"),
        (lambda: Regressor().fit(np.zeros((2, 3)), np.zeros((2, 1, 1))), "not one row for each entry"),
        (lambda: Regressor(hidden=8).fit(np.zeros((2, 3)), [1, 2]), r"hidden 8 must be .* such as \(100,\)"),
        (lambda: Compressor(hidden=("8",)).fit(np.zeros((2, 3))), r"hidden \('8',\) must be the units"),
        (lambda: fitted(Classifier).score(POINTS, [0]), "8 entries, but 1 targets"),
        (
            lambda: fitted(Regressor).score(POINTS, np.zeros((8, 1))),
            r"targets have shape \(8, 1\), the predictions \(8,\)",
        ),
        (lambda: fitted(Compressor).inverse_transform(np.zeros((2, 4))), r"\(2, 4\), expected \(N, 2\)"),
    ],
)
def test_what_does_not_go_together_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_scikit_learn_takes_them():
    pytest.importorskip("sklearn", reason="needs scikit-learn")
    from sklearn.base import clone, is_classifier
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    points, labels = rings(120)
    assert is_classifier(Classifier())
    assert clone(Classifier((3,), seed=2)).get_params() == Classifier((3,), seed=2).get_params()
    pipeline = make_pipeline(
        StandardScaler(), Compressor((), code_size=2, epochs=1), Classifier((10,), epochs=1)
    )
    assert pipeline.fit(points, labels).predict(points).shape == (120,)
    search = GridSearchCV(Classifier((10,), learning_rate=0.02), {"epochs": [0.1, 30]}, cv=2)
    assert search.fit(points, labels).best_params_ == {"epochs": 30}
