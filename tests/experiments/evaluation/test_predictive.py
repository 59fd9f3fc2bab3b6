"""Predictive score: known answers by both definitions."""

import numpy as np
import pytest

from experiments.evaluation.predictive import (
    Series,
    bounds_of,
    next_step_task,
    predictive_errors,
    published_task,
)
from tests.experiments.evaluation.known_answers import changed, waves

pytestmark = pytest.mark.usefixtures("one_thread")


def score(task, made, tested, seeds=1):
    bounds = bounds_of(Series(waves(200, 0)[..., : made.values.shape[2]]))
    generator = np.random.default_rng(0)
    return predictive_errors(task, made, tested, bounds=bounds, generator=generator, seeds=seeds).mean()


@pytest.mark.parametrize("kind", ["time", "noise"])
def test_the_next_step_is_predicted_worse_the_larger_the_change(kind):
    fresh, tested = waves(200, 1), Series(waves(200, 2))
    found = [score(next_step_task(), Series(changed(fresh, kind, size)), tested) for size in (0, 0.5, 1)]
    assert (np.diff(found) > 0.005).all(), found


def test_the_published_task_is_of_the_last_variable_from_the_others():
    """A last variable that says nothing of itself is predicted from the others alone."""
    task = published_task(5)
    assert (task.inputs, task.targets, task.units) == (slice(0, -1), slice(4, None), 2)
    assert published_task(2).units == 1
    fresh, tested = waves(200, 1), Series(waves(200, 2))
    shuffled = changed(fresh, "time", 1.0)
    assert score(published_task(2), Series(shuffled), tested, 2) > 1.2 * score(
        published_task(2), Series(fresh), tested, 2
    )


def test_one_variable_has_a_score_by_the_next_step_alone():
    fresh, tested = waves(200, 1)[..., :1], waves(200, 2)[..., :1]
    assert score(next_step_task(), Series(fresh), Series(tested)) < 0.1
    with pytest.raises(ValueError, match="two variables or more"):
        published_task(1)


def test_errors_count_where_the_real_series_have_steps_alone():
    """What lies beyond the end changes nothing, in training or test."""
    mask = np.arange(24) < np.random.default_rng(0).integers(6, 25, 100)[:, None]
    found = []
    for beyond in (0.0, 1e6):
        made, real = (Series(np.where(mask[..., None], waves(100, k), beyond), mask) for k in (1, 2))
        found.append(score(next_step_task(), made, real))
    assert found[0] == found[1] < 0.1


def test_bounds_are_those_of_what_is_there():
    values = np.arange(12.0).reshape(2, 3, 2)
    least, greatest = bounds_of(Series(values, np.array([[True, True, False], [True, False, False]])))
    assert (least.tolist(), greatest.tolist()) == ([0, 1], [6, 7])


def test_what_has_no_next_step_is_refused():
    with pytest.raises(ValueError, match="two steps or more"):
        score(next_step_task(), Series(np.ones((30, 1, 2))), Series(np.ones((30, 1, 2))))
    alone = np.arange(24) < np.ones((100, 1))
    with pytest.raises(ValueError, match="single step"):
        score(next_step_task(), Series(waves(100, 1)), Series(waves(100, 2), alone))
