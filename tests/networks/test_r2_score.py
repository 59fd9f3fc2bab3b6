"""The coefficient of determination is that of scikit-learn: any outputs, constant or not, weighted or not."""

import math

import numpy as np
import pytest

from networks.base.r2_score import r2_score
from networks.estimators import Classifier, Compressor, Regressor

pytestmark = pytest.mark.usefixtures("one_thread")

metrics = pytest.importorskip("sklearn.metrics", reason="needs scikit-learn")
GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(40, 3))
SMALL_AND_LARGE = X[:, :2] * [1e-3, 1e3]
WEIGHTS = [None, np.arange(40), np.r_[np.zeros(30), np.ones(10)]]


def pairs():
    noise = GENERATOR.normal(size=(40, 2))
    constant = np.tile([3.0, 1.0], (40, 1))
    half_constant = np.column_stack([constant[:, 0], noise[:, 0]])
    return {
        "one": (noise[:, 0], noise[:, 1]),
        "column": (noise[:, :1], noise[:, 1]),
        "several": (noise, noise[::-1] * 0.3),
        "other scales": (SMALL_AND_LARGE, SMALL_AND_LARGE + noise),
        "right": (noise, noise.copy()),
        "constant, right": (constant, constant.copy()),
        "constant, wrong": (constant, constant + noise),
        "one constant, right": (half_constant, half_constant.copy()),
        "one constant, wrong": (half_constant, half_constant + 0.1),
        "far from 0": (noise + 1e6, noise[::-1] + 1e6),
        "integers": (np.arange(40), np.arange(40) // 2),
    }


PAIRS = pairs()


@pytest.mark.parametrize("weights", WEIGHTS, ids=["alike", "weighted", "some of weight 0"])
@pytest.mark.parametrize("case", PAIRS)
def test_it_is_that_of_scikit_learn(case, weights):
    wanted, found = PAIRS[case]
    for by_variance, average in ((False, "uniform_average"), (True, "variance_weighted")):
        expected = metrics.r2_score(wanted, found, sample_weight=weights, multioutput=average)
        assert r2_score(wanted, found, weights, by_variance=by_variance) == pytest.approx(
            expected, rel=1e-9, abs=1e-12
        )


def test_a_single_entry_has_none():
    with pytest.warns(UserWarning, match="less than two samples") as told:
        assert math.isnan(r2_score(np.ones(1), np.ones(1)))
    assert told[0].category.__name__ == "UndefinedMetricWarning"


@pytest.mark.parametrize("targets", [X[:, 0], X[:, :1], SMALL_AND_LARGE], ids=["one", "column", "several"])
@pytest.mark.parametrize("weights", WEIGHTS[:2], ids=["alike", "weighted"])
def test_a_regressor_scores_as_scikit_learn_would_its_predictions(targets, weights):
    regressor = Regressor((5,), epochs=2).fit(X, targets)
    expected = metrics.r2_score(targets, regressor.predict(X), sample_weight=weights)
    assert regressor.score(X, targets, weights) == pytest.approx(expected, rel=1e-12)
    assert regressor.score(X, targets.tolist(), sample_weight=weights) == regressor.score(X, targets, weights)


def test_a_compressor_scores_the_variance_that_codes_keep():
    scaled = X * [1e-2, 1, 1e2]
    compressor = Compressor((), epochs=5).fit(scaled)
    again = compressor.inverse_transform(compressor.transform(scaled))
    expected = metrics.r2_score(scaled.astype(np.float32), again, multioutput="variance_weighted")
    assert compressor.score(scaled) == pytest.approx(expected, rel=1e-6)
    with pytest.warns(UserWarning, match="less than two samples"):
        assert math.isnan(compressor.score(scaled[:1]))


@pytest.mark.parametrize("weights", WEIGHTS, ids=["alike", "weighted", "some of weight 0"])
def test_a_classifier_scores_as_scikit_learn_would_its_labels(weights):
    labels = np.array(["left", "middle", "right"])[np.digitize(X[:, 0], [-0.5, 0.5])]
    classifier = Classifier((5,), epochs=2).fit(X, labels)
    expected = metrics.accuracy_score(labels, classifier.predict(X), sample_weight=weights)
    assert classifier.score(X, labels, weights) == pytest.approx(expected, rel=1e-12)
