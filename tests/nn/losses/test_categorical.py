"""Losses between many classes: against PyTorch, labels and one-hot codes, extreme logits, bad labels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.losses import CategoricalCrossEntropy, CategoricalCrossEntropyWithLogits

every_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])
both_forms = pytest.mark.parametrize("kind", [CategoricalCrossEntropy, CategoricalCrossEntropyWithLogits])
settings = {
    "sides": st.tuples(*[st.integers(1, 4)] * 3),
    "classes": st.integers(2, 12),
    "label_smoothing": st.sampled_from([0, 0.1, 0.7]),
    "weighted": st.booleans(),
    "seed": st.integers(0, 1000),
}
IGNORED = -100


def one_hot(labels, classes):
    """Labels (height, width, 1, N) as (height, width, classes, N)."""
    return (labels == np.arange(classes)[:, None]).astype(float)


def draw(generator, sides, classes, weighted):
    """Logits (height, width, classes, N), labels, and class weights."""
    height, width, histories = sides
    logits = generator.normal(0, 3, (height, width, classes, histories))
    labels = generator.integers(0, classes, (height, width, 1, histories))
    return logits, labels, generator.uniform(0.2, 3, classes) if weighted else None


def classes_second(torch, array):
    """Histories (height, width, classes, N) as PyTorch wants them, (N, classes, height, width)."""
    return torch.tensor(np.ascontiguousarray(np.transpose(array, (3, 2, 0, 1))))


def outputs_of(kind, logits):
    if kind is CategoricalCrossEntropyWithLogits:
        return logits
    powers = np.exp(logits)
    return powers / powers.sum(axis=-2, keepdims=True)


def peer(torch, kind, outputs, dtype):
    """A leaf tensor of the outputs in double precision, and the logarithms of probabilities it stands for."""
    tensor = classes_second(torch, outputs.astype(dtype).astype(np.float64)).requires_grad_()
    return tensor, tensor if kind is CategoricalCrossEntropyWithLogits else torch.log(tensor)


def assert_same(found, expected, tensor, dtype):
    expected.backward()
    tolerance = 1e-5 if dtype == np.float32 else 1e-11
    assert found[0] == pytest.approx(expected.item(), rel=tolerance, abs=tolerance / 10)
    gradient = np.transpose(tensor.grad.numpy(), (2, 3, 1, 0))
    np.testing.assert_allclose(found[1], gradient, rtol=tolerance, atol=tolerance)


@every_dtype
@given(masked=st.booleans(), **settings)
def test_torch_gives_the_same_on_labels(dtype, sides, classes, label_smoothing, weighted, masked, seed):
    torch = pytest.importorskip("torch")
    kind, generator = CategoricalCrossEntropyWithLogits, np.random.default_rng(seed)
    logits, labels, weights = draw(generator, sides, classes, weighted)
    mask = generator.random(labels.shape) < 0.6 if masked else None
    if masked:
        mask[..., 0] = True
        labels[~mask] = IGNORED
    tensor, _ = peer(torch, kind, logits, dtype)
    expected = torch.nn.functional.cross_entropy(
        tensor,
        classes_second(torch, labels)[:, 0],
        weight=None if weights is None else torch.tensor(weights),
        ignore_index=IGNORED,
        label_smoothing=label_smoothing,
    )
    found = kind(weights, label_smoothing)(logits.astype(dtype), labels, mask=mask)
    assert_same(found, expected, tensor, dtype)


@every_dtype
@given(**settings)
def test_torch_gives_the_same_on_probabilities(dtype, sides, classes, label_smoothing, weighted, seed):
    """PyTorch divides by the number of positions where targets are probabilities, we by their weight."""
    torch = pytest.importorskip("torch")
    kind, generator = CategoricalCrossEntropyWithLogits, np.random.default_rng(seed)
    logits, _, weights = draw(generator, sides, classes, weighted)
    targets = generator.dirichlet(np.ones(classes), (*sides[:2], sides[2])).swapaxes(-1, -2)
    tensor, _ = peer(torch, kind, logits, dtype)
    total = torch.nn.functional.cross_entropy(
        tensor,
        classes_second(torch, targets),
        weight=None if weights is None else torch.tensor(weights),
        reduction="sum",
        label_smoothing=label_smoothing,
    )
    loss = kind(weights, label_smoothing)
    weight = np.prod(sides) if weights is None else (targets * weights[:, None]).sum()
    assert loss.weight(targets) == pytest.approx(weight)
    assert_same(loss(logits.astype(dtype), targets), total / weight, tensor, dtype)


@every_dtype
@given(sides=settings["sides"], classes=settings["classes"], weighted=st.booleans(), seed=settings["seed"])
def test_negative_log_likelihood_of_torch_is_the_form_on_probabilities(dtype, sides, classes, weighted, seed):
    torch = pytest.importorskip("torch")
    kind = CategoricalCrossEntropy
    logits, labels, weights = draw(np.random.default_rng(seed), sides, classes, weighted)
    epsilon = np.finfo(dtype).eps  # ours keeps probabilities that far away from 0 and 1, torch's does not
    outputs = np.clip(outputs_of(kind, logits), epsilon, 1 - epsilon)
    tensor, logarithms = peer(torch, kind, outputs, dtype)
    weight = None if weights is None else torch.tensor(weights)
    expected = torch.nn.functional.nll_loss(logarithms, classes_second(torch, labels)[:, 0], weight)
    value, signals = kind(weights)(outputs.astype(dtype), labels)
    expected.backward()
    tolerance = 1e-5 if dtype == np.float32 else 1e-11
    assert value == pytest.approx(expected.item(), rel=tolerance, abs=tolerance / 10)
    gradient = np.transpose(tensor.grad.numpy(), (2, 3, 1, 0))
    inside = outputs > 2 * epsilon  # below, ours is flat
    np.testing.assert_allclose(signals[inside], gradient[inside], rtol=tolerance)


@both_forms
@given(**settings)
def test_a_label_and_its_one_hot_code_are_the_same(kind, sides, classes, label_smoothing, weighted, seed):
    logits, labels, weights = draw(np.random.default_rng(seed), sides, classes, weighted)
    loss, outputs = kind(weights, label_smoothing), outputs_of(kind, logits)
    expected, signals = loss(outputs, one_hot(labels, classes))
    for dtype in (np.uint8, np.int64, np.float32):
        value, found = loss(outputs, labels.astype(dtype))
        assert value == expected
        assert np.array_equal(found, signals)
    assert loss.weight(labels) == loss.weight(one_hot(labels, classes))


@both_forms
def test_both_forms_agree_and_sequences_have_steps(kind):
    generator = np.random.default_rng(0)
    logits, labels = generator.normal(size=(5, 3, 8)), generator.integers(0, 3, (5, 1, 8))
    expected = -np.log(
        np.take_along_axis(outputs_of(CategoricalCrossEntropy, logits), labels, axis=-2)
    ).mean()
    assert kind()(outputs_of(kind, logits), labels)[0] == pytest.approx(expected)
    assert kind().weight(labels) == 40


@every_dtype
def test_extreme_logits_stay_exact(dtype):
    large = np.finfo(dtype).max / 4
    logits = np.array([[1e4, -1e4, 1e4, large, -large], [-1e4, 1e4, 1e4, -large, large]], dtype)
    labels = np.array([[0, 0, 1, 0, 1]])
    with np.errstate(all="raise", under="ignore"):
        value, signals = CategoricalCrossEntropyWithLogits()(logits, labels)
    assert value * 5 == pytest.approx(2e4 + np.log(2), rel=1e-6)
    assert np.allclose(signals * 5, [[0, -1, 0.5, 0, 0], [0, 1, -0.5, 0, 0]], atol=1e-6)


@every_dtype
def test_saturated_probabilities_have_a_bounded_loss_that_is_flat(dtype):
    outputs = np.array([[0, 1, -0.1, 1.2], [1, 0, 1.1, -0.2]], dtype)
    labels = np.array([[0, 0, 0, 0]])
    with np.errstate(all="raise", under="ignore"):
        value, signals = CategoricalCrossEntropy()(outputs, labels)
    assert value * 4 == pytest.approx(-2 * np.log(np.finfo(dtype).eps), rel=1e-5)
    assert np.array_equal(signals * 4, [[0, -1, 0, 0], [0, 0, 0, 0]])


@both_forms
@pytest.mark.parametrize("label", [-1, 10, 0.5, np.nan, -0.001, np.inf])
def test_a_label_that_is_no_class_is_refused(kind, label):
    outputs, labels = np.full((10, 4), 0.1), np.array([[0.0, 9.0, 3.0, 1.0]])
    labels[0, 2] = label
    with pytest.raises(ValueError, match=f"label {label} of entry 2 is none of the 10 classes, 0 to 9"):
        kind()(outputs, labels)
    with pytest.raises(ValueError, match=f"label {label} of entry 2"):
        kind(class_weights=[1] * 10).weight(labels)
    kind()(outputs, labels, entries=2)
    kind()(outputs, labels, mask=np.array([1, 1, 0, 1]))


@both_forms
def test_the_position_of_a_bad_label_is_named(kind):
    labels = np.zeros((2, 3, 1, 4), int)
    labels[1, 2, 0, 3] = 7
    with pytest.raises(ValueError, match=r"label 7 of entry 3 at position \(1, 2\) is none of the 5 classes"):
        kind()(np.full((2, 3, 5, 4), 0.2), labels)


@both_forms
def test_targets_that_are_no_probabilities_are_refused(kind):
    targets = one_hot(np.array([[[[0, 1, 2, 1]]]]), 3)
    targets[0, 0, 0, 1] = 1
    with pytest.raises(ValueError, match="the target probabilities of entry 1 sum to 2, expected 1"):
        kind()(np.full(targets.shape, 1 / 3), targets)
    targets[0, 0, :, 1] = np.nan
    with pytest.raises(ValueError, match="entry 1 sum to nan"):
        kind()(np.full(targets.shape, 1 / 3), targets)
    kind()(np.full(targets.shape, 1 / 3), targets, mask=np.array([1, 0, 1, 1]))


@both_forms
@pytest.mark.parametrize(
    ("outputs", "targets", "message"),
    [
        ((1, 8), (1, 8), "with at least two classes"),
        ((8,), (8,), "with at least two classes"),
        ((2, 3, 8), (2, 8), r"expected labels \(2, 1, 8\) or probabilities \(2, 3, 8\)"),
        ((2, 3, 8), (2, 2, 8), r"expected labels \(2, 1, 8\) or probabilities \(2, 3, 8\)"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(kind, outputs, targets, message):
    with pytest.raises(ValueError, match=message):
        kind()(np.ones(outputs), np.ones(targets))


@both_forms
def test_class_weights_and_masks_that_do_not_fit_are_refused(kind):
    with pytest.raises(ValueError, match="3 class weights for 4 classes"):
        kind(class_weights=[1, 2, 3])(np.ones((4, 5)), np.zeros((1, 5)))
    with pytest.raises(ValueError, match=r"the mask has shape \(4, 5\), expected \(1, 5\)"):
        kind()(np.ones((4, 5)), np.zeros((1, 5)), mask=np.ones((4, 5)))


@both_forms
def test_a_class_weight_repeats_the_class(kind):
    logits, labels = np.random.default_rng(0).normal(size=(3, 4)), np.array([[0, 1, 2, 1]])
    repeats = np.array([0, 1, 1, 1, 2, 3, 3, 3])
    outputs = outputs_of(kind, logits)
    expected, _ = kind()(outputs[:, repeats], labels[:, repeats])
    assert kind(class_weights=[1, 3, 1])(outputs, labels)[0] == pytest.approx(expected)
    assert kind(class_weights=[1, 3, 1]).weight(labels) == 8


def test_torch_averages_over_entries_for_probabilities_and_over_weights_for_labels():
    """Over steps of descent on each of its losses, of which ours is the one with labels for both."""
    torch = pytest.importorskip("torch")
    labels, classes = np.array([0, 1, 2, 1, 1]), np.array([1.0, 3.0, 0.5])
    given = {"labels": torch.tensor(labels), "probabilities": torch.eye(3, dtype=torch.float64)[labels]}
    loss = CategoricalCrossEntropyWithLogits(classes.tolist())
    share = classes[labels].sum() / len(labels)
    for kind, targets in given.items():
        values = np.random.default_rng(0).normal(size=(5, 3))
        theirs = torch.tensor(values, requires_grad=True)
        optimizer = torch.optim.SGD([theirs], lr=0.5)
        ours = values.T.copy()
        for _ in range(5):
            optimizer.zero_grad()
            expected = torch.nn.functional.cross_entropy(theirs, targets, weight=torch.tensor(classes))
            expected.backward()
            optimizer.step()
            probabilities = np.eye(3)[:, labels]
            found, signals = loss(ours, labels[None] if kind == "labels" else probabilities)
            factor = 1.0 if kind == "labels" else share
            assert found * factor == pytest.approx(expected.item(), rel=1e-10)
            ours -= 0.5 * factor * signals
        np.testing.assert_allclose(ours.T, theirs.detach().numpy(), rtol=1e-10)


def test_the_span_of_targets_is_that_of_smoothed_probabilities():
    loss = CategoricalCrossEntropy(label_smoothing=0.4)
    assert loss.target_span(np.array([[0.0, 3.0]]), 4) == pytest.approx((0.1, 0.7))
    assert loss.target_span(np.array([[0.5], [0.5]]), 2) == pytest.approx((0.5, 0.5))
