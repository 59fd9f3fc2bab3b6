"""Outputs in words: for every kind of target, and for several outputs."""

import numpy as np
import pytest

from nn.entries import to_history
from nn.losses import (
    BinaryCrossEntropy,
    BinaryCrossEntropyWithLogits,
    CategoricalCrossEntropyWithLogits,
    SquaredError,
)
from nn.training.batch import Batch
from nn.training.losses import Losses
from workbench.inspect.answers import answers
from workbench.inspect.examples import Images

CATEGORICAL = CategoricalCrossEntropyWithLogits()


def said(output, target, loss, mask=None):
    """Return the answer for one example."""
    outputs = to_history(np.float32([output]))
    masks = None if mask is None else to_history(np.float32([mask]))
    batch = Batch(np.zeros((1, 1, 1, 16), np.float32), to_history(np.float32([target])), masks, 1)
    return answers(Images(batch, ["one"]), outputs, loss)


PIXELS = np.moveaxis([[[3, 0], [0, 0]], [[0, 5], [2, 9]]], 0, -1)
"""Logits of two classes for 2 x 2 pixels, of which 0, 1, 1, 1 are the greatest."""


@pytest.mark.parametrize(
    ("output", "target", "loss", "expected"),
    [
        ([[[-0.5]]], [[[1]]], BinaryCrossEntropyWithLogits(), "0 (1)"),
        ([[[0.2]]], [[[1]]], BinaryCrossEntropyWithLogits(), "1 (1)"),
        ([[[0.2]]], [[[0]]], BinaryCrossEntropy(), "0 (0)"),
        ([[[0.2, -1, 3, 4]]], [[[1, 1, 1, 1]]], BinaryCrossEntropyWithLogits(), "75 % right"),
        ([[[0.2, -1, 3]]], [[[1]]], CATEGORICAL, "2 (1)"),
        ([[[0.2, -1, 3]]], [[[0, 0, 1]]], CATEGORICAL, "2 (2)"),
        (PIXELS, [[[0], [1]], [[0], [1]]], CATEGORICAL, "75 % right"),
        (PIXELS, np.eye(2)[[[0, 1], [1, 1]]], CATEGORICAL, "100 % right"),
        ([[[0.25]]], [[[1]]], SquaredError(), "0.25 (1)"),
    ],
)
def test_an_answer_is_what_the_loss_compares(output, target, loss, expected):
    assert said(output, target, loss) == [expected]


def test_what_a_mask_leaves_out_is_not_judged():
    mask = [[[1], [1]], [[0], [1]]]
    assert said(PIXELS, [[[0], [1]], [[0], [1]]], CATEGORICAL, mask) == ["100 % right"]


def test_every_output_has_its_line():
    targets = {"digit": to_history(np.float32([[[[1]]]])), "odd": to_history(np.float32([[[[1]]]]))}
    outputs = {"digit": to_history(np.float32([[[[0, 2, 1]]]])), "odd": to_history(np.float32([[[[-3]]]]))}
    batch = Batch(np.zeros((1, 1, 1, 16), np.float32), targets, None, 1)
    loss = Losses({"digit": CATEGORICAL, "odd": BinaryCrossEntropyWithLogits()})
    assert answers(Images(batch, ["one"]), outputs, loss) == ["digit: 1 (1)\nodd: 0 (1)"]
