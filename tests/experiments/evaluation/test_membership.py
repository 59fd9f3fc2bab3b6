"""ROC and membership inference: formulas, copying and honest generators."""

import numpy as np
import pytest

from experiments.evaluation.membership import attack
from experiments.evaluation.roc import area, area_error, roc, true_rate
from tests.experiments.evaluation.known_answers import clusters


def test_the_area_is_how_often_the_higher_wins():
    generator = np.random.default_rng(0)
    one, other = generator.integers(0, 6, 30) + 1.0, generator.integers(0, 6, 20) * 1.0
    wins = (one[:, None] > other).mean() + (one[:, None] == other).mean() / 2
    assert area(one, other) == pytest.approx(wins)
    assert area(other, one) == pytest.approx(1 - wins)


def test_equal_scores_are_one_step():
    false, true = roc(np.ones(5), np.ones(3))
    assert (false.tolist(), true.tolist()) == ([0, 1], [0, 1])
    assert true_rate(np.ones(5), np.ones(3), 0.01) == 0


def test_the_rate_at_few_false_positives():
    positive, negative = np.array([9.0, 8, 3, 1]), np.arange(100) / 14
    assert true_rate(positive, negative, 0.01) == 0.5
    assert true_rate(positive, negative, 0.6) == 0.75


def test_the_error_of_the_area_is_that_of_repetitions():
    generator = np.random.default_rng(0)
    found = [area(generator.normal(1, 1, 80), generator.normal(0, 1, 50)) for _ in range(300)]
    assert area_error(float(np.mean(found)), 80, 50) == pytest.approx(np.std(found), rel=0.15)


def test_an_honest_generator_is_not_told():
    for seed in range(3):
        found = attack(*(clusters(1000, 10 * seed + number) for number in range(3)))
        assert found.auc == pytest.approx(0.5, abs=0.05)
        assert found.true_rate < 0.04
        assert not (found.copies or found.leaks)


def test_a_copying_generator_is_flagged():
    training, held_out = clusters(1000, 0), clusters(1000, 1)
    noise = 0.05 * np.random.default_rng(2).normal(size=training.shape)
    found = attack(training, held_out, training + noise)
    assert found.auc > 0.9
    assert found.true_rate > 0.9
    assert found.copies
    assert found.leaks


def test_it_rises_with_the_share_of_copies():
    training, held_out, honest = clusters(1000, 0), clusters(1000, 1), clusters(1000, 2)
    found = []
    for size in (0, 300, 600, 1000):
        made = honest.copy()
        made[:size] = training[:size]
        found.append(attack(training, held_out, made))
    assert (np.diff([each.auc for each in found]) > 0).all()
    assert (np.diff([each.true_rate for each in found]) > 0).all()
