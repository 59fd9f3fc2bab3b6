"""Every loss with several settings, and outputs and targets that fit it."""

import numpy as np
from hypothesis import strategies as st

from nn.losses import LOSSES, loss_from_configuration

SETTINGS = {
    **{name: {"name": name} for name in LOSSES},
    "huber, short": {"name": "huber", "delta": 0.2},
    "hinge, squared": {"name": "hinge", "squared": True},
    **{
        f"{name}, {what}": {"name": name, **settings}
        for name in ("binary_cross_entropy", "binary_cross_entropy_with_logits")
        for what, settings in {
            "weighted": {"positive_weight": 3},
            "smooth and weighted": {"positive_weight": 0.4, "label_smoothing": 0.2},
        }.items()
    },
    **{
        f"{name}, {what}": {"name": name, **settings}
        for name in ("categorical_cross_entropy", "categorical_cross_entropy_with_logits")
        for what, settings in {
            "smooth": {"label_smoothing": 0.3},
            "weighted": {"class_weights": [0.5, 2, 1, 3]},
            "smooth and weighted": {"class_weights": [0.5, 2, 1, 3], "label_smoothing": 0.1},
        }.items()
    },
}


def make(variant, classes=4):
    """Return a loss; class weights are those for a number of classes."""
    settings = dict(SETTINGS[variant])
    if "class_weights" in settings:
        settings["class_weights"] = settings["class_weights"][:classes]
    return loss_from_configuration(settings)


def is_categorical(loss):
    return loss.name.startswith("categorical")


def sample(loss, shape, generator, dtype=np.float64, labels=False):
    """Draw outputs and targets (..., classes, N), off every kink; labels (..., 1, N) where wanted."""
    if is_categorical(loss):
        outputs, targets = _classes(shape, generator, labels)
        outputs = np.log(outputs) if loss.applies else outputs
    elif loss.name in ("hinge", "wasserstein"):
        targets = generator.choice([-1.0, 1.0], shape)
        outputs = targets * (1 + generator.choice([-1, 1], shape) * generator.uniform(0.1, 2, shape))
    else:
        targets = generator.uniform(0.05, 0.9, shape)
        outputs = np.where(generator.random(shape) < 0.5, targets / 2, targets / 2 + 0.5)
    return outputs.astype(dtype), targets.astype(dtype)


def _classes(shape, generator, labels):
    def probabilities():
        drawn = generator.uniform(0.1, 2, shape)
        return drawn / drawn.sum(axis=-2, keepdims=True)

    if labels:
        return probabilities(), generator.integers(0, shape[-2], (*shape[:-2], 1, shape[-1]))
    return probabilities(), probabilities()


def draw_mask(kind, loss, shape, generator):
    """Return a mask of one kind that lets the first entry's first output count."""
    positions = (*shape[:-2], 1, shape[-1])
    masks = {
        "none": None,
        "positions": generator.random(positions),
        "entries": generator.uniform(0.1, 1, shape[-1]),
        "outputs": generator.uniform(0.1, 1, (1, 1, 1 if is_categorical(loss) else shape[-2], 1)),
        "booleans": generator.random(positions if is_categorical(loss) else shape) < 0.7,
    }
    if kind == "booleans":
        masks[kind][..., 0] = True
    return masks[kind]


@st.composite
def cases(draw, loss_of):
    """Draw a loss made by `loss_of(classes)`, outputs, targets, active entries and mask."""
    height, width, histories = (draw(st.integers(1, 3)) for _ in range(3))
    classes = draw(st.integers(2, 4))
    loss, shape = loss_of(classes), (height, width, classes, histories)
    generator = np.random.default_rng(draw(st.integers(0, 1000)))
    outputs, targets = sample(loss, shape, generator, labels=draw(st.booleans()))
    entries = draw(st.sampled_from([None, *range(1, histories + 1)]))
    kind = draw(st.sampled_from(["none", "positions", "entries", "outputs", "booleans"]))
    return loss, outputs, targets, entries, draw_mask(kind, loss, shape, generator)
