"""Balanced class weights: by their formula, against scikit-learn, and their effect on a loss."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.class_weights import balanced_class_weights
from nn.losses import CategoricalCrossEntropy

every_class = st.lists(st.integers(0, 4), max_size=40).map(lambda labels: np.array([0, 1, 2, 3, 4, *labels]))


@given(labels=every_class)
def test_every_class_has_the_same_sum(labels):
    weights = balanced_class_weights(labels, 5)
    sums = np.bincount(labels, weights[labels])
    np.testing.assert_allclose(sums, len(labels) / 5)


@given(labels=every_class)
def test_scikit_learn_gives_the_same(labels):
    utilities = pytest.importorskip("sklearn.utils")
    expected = utilities.compute_class_weight("balanced", classes=np.arange(5), y=labels)
    np.testing.assert_allclose(balanced_class_weights(labels, 5), expected)


def test_labels_of_any_shape_and_dtype():
    labels = np.array([0, 0, 0, 1])
    for given_labels in (
        labels.reshape(2, 1, 2),
        labels.astype(np.float32),
        labels.astype(np.uint8),
        [0, 0, 0, 1],
    ):
        assert balanced_class_weights(given_labels, 2).tolist() == [4 / 6, 2]


def test_a_loss_takes_them():
    labels = np.array([[0, 0, 0, 1]])
    loss = CategoricalCrossEntropy(balanced_class_weights(labels, 2))
    assert loss.weight(labels) == pytest.approx(4)
    wrong_once, _ = loss(np.array([[0.9, 0.9, 0.9, 0.9], [0.1, 0.1, 0.1, 0.1]]), labels)
    assert wrong_once == pytest.approx(-(np.log(0.9) + np.log(0.1)) / 2)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 1, 3], "label 3 of entry 2 is none of the 3 classes, 0 to 2"),
        ([0, -1, 2], "label -1 of entry 1"),
        ([0.5, 1, 2], "label 0.5 of entry 0"),
        ([0, 2, 2], "class 1 has no entry"),
        ([], "class 0 has no entry"),
    ],
)
def test_labels_without_weights_are_refused(labels, message):
    with pytest.raises(ValueError, match=message):
        balanced_class_weights(np.array(labels), 3)
