"""Validation scores: what they see of entries and of their classes."""

import numpy as np

from experiments.gan.parts import Part
from experiments.gan.scores import Scores
from nn import Shape
from tests.support.gan_pairs import CLASSES


class Echo:
    """A generator that repeats entries, of the classes it is asked for or of those so many further."""

    def __init__(self, part: Part, shift: int, knows: bool) -> None:
        self._part, self._shift, self.blueprint = part, shift, self
        self.conditions, self.completes = CLASSES if knows else 0, False

    def generate(self, count, *, generator, labels=None, masks=None, known=None):
        if labels is None:
            return self._part.values[generator.permutation(len(self._part))[:count]]
        wanted = (labels + self._shift) % CLASSES
        chosen = [generator.choice(np.flatnonzero(self._part.labels == label)) for label in wanted]
        return self._part.values[chosen]


def part(count: int, seed: int) -> Part:
    """Entries whose level says their class."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(CLASSES, size=count)
    values = generator.normal(size=(count, *Shape(2, 2, 1))) * 0.1 + (labels - 1)[:, None, None, None] * 0.8
    return Part(values.astype(np.float32), labels, None)


def test_classes_that_are_mixed_up_count():
    scores = Scores(part(400, 0), part(400, 1), seed=0)
    right, mixed = (scores.measure(Echo(part(400, 2), shift, knows=True), 1) for shift in (0, 1))
    assert abs(right) < 0.02
    assert mixed > 0.3


def test_without_classes_entries_alone_count():
    scores = Scores(part(400, 0), part(400, 1), seed=0)
    assert abs(scores.measure(Echo(part(400, 2), 1, knows=False), 1)) < 0.02
