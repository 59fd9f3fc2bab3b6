"""Classes that a network finds in synthetic entries, and distances in its features: known answers."""

import numpy as np
import pytest

from experiments.evaluation.classes import class_shares, share_distance, share_entropy, shares
from experiments.evaluation.classifiers import NETWORK, RECURRENT, fit
from experiments.evaluation.frechet import frechet_distance
from tests.experiments.evaluation.known_answers import SIZES, changed, clusters, waves

pytestmark = pytest.mark.usefixtures("one_thread")
LABELS = np.arange(400) % 8


@pytest.fixture(scope="module")
def learned():
    return fit(NETWORK, 0, clusters(400, 0), LABELS)


def test_shares_of_classes():
    found = shares(np.array(["a", "b", "a", "a"]), np.array(["a", "b", "c"]))
    assert found.tolist() == [0.75, 0.25, 0]
    assert share_distance(found, np.array([0.25, 0.25, 0.5])) == 0.5
    assert share_entropy(np.full(4, 0.25)) == pytest.approx(1)
    assert share_entropy(np.array([0.5, 0.5, 0, 0])) == pytest.approx(0.5)
    assert share_entropy(np.array([1.0, 0])) == 0


def told(model, made, asked=LABELS):
    return class_shares(model.predict(made), asked, model.classes, generator=np.random.default_rng(0))


def test_real_entries_have_the_shares_they_came_with(learned):
    found = told(learned, clusters(400, 1))
    assert found.distance < 0.06
    assert found.entropy > 0.99
    assert found.missing == []
    assert 0 < found.distance_error < 0.05


def test_dropped_modes_are_missing_step_by_step(learned):
    found = [told(learned, changed(clusters(400, 1), "dropped", size)) for size in (0, 0.34, 0.67, 1)]
    assert (np.diff([each.distance for each in found]) > 0.1).all()
    assert (np.diff([each.entropy for each in found]) < -0.05).all()
    assert 0.6 < found[-1].distance < 0.8


def test_a_class_of_which_nothing_is_made_is_missing(learned):
    only = clusters(400, 1)[LABELS < 2]
    found = told(learned, only)
    assert set(found.missing) >= {6, 7} and not set(found.missing) & {0, 1}


@pytest.mark.parametrize("change", ["shift", "scale", "noise", "dropped"])
def test_the_distance_in_features_rises_with_the_change(learned, change):
    known = learned.features(clusters(400, 0))
    found = [
        frechet_distance(known, learned.features(changed(clusters(400, 1), change, size))) for size in SIZES
    ]
    assert all(np.diff(found) > 0), found


def test_features_are_those_before_the_last_layer(learned):
    assert learned.features(clusters(10, 3)).shape == (10, 64)
    series = waves(60, 0)
    model = fit(RECURRENT, 0, series, np.arange(60) % 2)
    assert model.features(series[:7]).shape == (7, 64)
