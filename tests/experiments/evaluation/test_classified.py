"""TSTR, TRTS and the discriminative score: known answers with a network and with a forest."""

import numpy as np
import pytest

from experiments.evaluation.classifiers import (
    BOOSTED,
    CONVOLUTIONAL,
    FOREST,
    NETWORK,
    RECURRENT,
    fit,
    strong_judges,
    weak,
)
from experiments.evaluation.discrimination import customary_scores, signed_scores
from experiments.evaluation.table import labelled_waves
from experiments.evaluation.transfer import Labelled, transfer
from tests.experiments.evaluation.known_answers import changed, clusters, waves

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(params=[NETWORK, FOREST], ids=lambda each: each.name)
def judge(request):
    if request.param is FOREST:
        pytest.importorskip("sklearn")
    return request.param


def labelled(seed, count=240):
    return Labelled(clusters(count, seed), np.arange(count) % 8)


def generator():
    return np.random.default_rng(5)


def test_real_data_does_as_well_as_real_data(judge):
    found = transfer(judge, labelled(0), labelled(1), labelled(2), generator=generator(), seeds=2)
    assert found.trtr.mean() > 0.8
    assert found.shares("tstr").mean() == pytest.approx(1, abs=0.06)
    assert found.shares("trts").mean() == pytest.approx(1, abs=0.06)


def test_wrong_labels_lower_both_step_by_step(judge):
    rows = []
    for size in (0.0, 0.4, 0.8):
        made = labelled(2)
        wrong = np.arange(240) < round(240 * size)
        labels = np.where(wrong, np.random.default_rng(0).permutation(made.labels), made.labels)
        rows.append(
            transfer(
                judge, labelled(0), labelled(1), made._replace(labels=labels), generator=generator(), seeds=2
            )
        )
    for name in ("tstr", "trts"):
        assert (np.diff([row.shares(name).mean() for row in rows]) < -0.05).all()


def test_dropped_classes_lower_tstr_and_not_trts():
    made = labelled(2)
    kept = made.labels < 4
    found = transfer(
        NETWORK,
        labelled(0),
        labelled(1),
        Labelled(*(each[kept] for each in made)),
        generator=generator(),
        seeds=2,
    )
    assert found.tstr.mean() < 0.55
    assert found.shares("trts").mean() > 0.9


def test_one_class_alone_predicts_itself():
    made = Labelled(clusters(80, 2)[::8], np.zeros(10, int))
    found = transfer(NETWORK, labelled(0, 80), labelled(1, 80), made, generator=generator(), seeds=1)
    assert found.tstr.tolist() == [1 / 8]


def pictures(count, seed):
    """Images (count, 8, 8, 1) of a bright bar at one of six columns."""
    generator = np.random.default_rng(seed)
    images = 0.1 * generator.normal(size=(count, 8, 8, 1))
    images[np.arange(count), :, generator.integers(1, 7, count)] += 1
    return images


def corners(count, seed):
    """Entries (count, 4) near the corners of a cube."""
    generator = np.random.default_rng(seed)
    return generator.choice([-1.0, 1.0], (count, 4)) + 0.1 * generator.normal(size=(count, 4))


SHAPES = {"vectors": corners, "series": waves, "images": pictures}


def noise_like(entries):
    """Noise with the mean and the deviation of entries."""
    generator = np.random.default_rng(0)
    return generator.normal(entries.mean(), entries.std(), entries.shape)


@pytest.mark.parametrize("data", SHAPES)
@pytest.mark.parametrize("place", range(3))
def test_each_of_three_strong_classifiers_tells_noise_from_data_and_not_data_from_data(data, place):
    pytest.importorskip("sklearn")
    real, fresh = (SHAPES[data](300, seed) for seed in range(2))
    judge = strong_judges(real.shape[1:])[place]
    found = signed_scores(judge, real, noise_like(real), generator=generator(), seeds=2)
    assert found.min() > 0.4
    floor = signed_scores(judge, real, fresh, generator=generator())
    assert abs(floor.mean()) < 0.12


def test_the_recurrent_network_does_not_stop_before_it_learned():
    """With less patience, half of the seeds found nothing."""
    real, fresh = (labelled_waves(240, seed).values for seed in range(2))
    noisy = fresh + 0.2 * np.random.default_rng(2).normal(size=fresh.shape)
    assert signed_scores(RECURRENT, real, noisy, generator=generator(), seeds=4).min() > 0.35


def test_the_third_classifier_suits_the_shape():
    pytest.importorskip("sklearn")
    thirds = {shape: strong_judges(shape)[2] for shape in ((4,), (24, 2), (8, 8, 1), (1, 4))}
    assert list(thirds.values()) == [BOOSTED, RECURRENT, CONVOLUTIONAL, BOOSTED]


def test_without_scikit_learn_the_networks_judge(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert strong_judges((4,)) == [NETWORK]
    assert strong_judges((24, 2)) == [NETWORK, RECURRENT]


def test_the_strong_score_rises_with_a_shift(judge):
    real, fresh = clusters(300, 0), clusters(300, 1)
    found = [
        signed_scores(judge, real, changed(fresh, "shift", size), generator=generator(), seeds=3).mean()
        for size in (0, 1, 2)
    ]
    assert (np.diff(found) > 0).all()


def test_the_strong_score_is_signed():
    """Over many seeds of nothing to tell it lies on both sides of zero."""
    pytest.importorskip("sklearn")
    generators = map(np.random.default_rng, range(6))
    found = np.concatenate([
        signed_scores(FOREST, clusters(60, 2 * k), clusters(60, 2 * k + 1), generator=each, seeds=2)
        for k, each in enumerate(generators)
    ])  # fmt: skip
    assert found.min() < 0 < found.max()


def test_unequal_counts_are_balanced(judge):
    found = signed_scores(judge, clusters(900, 0), clusters(150, 1), generator=generator(), seeds=3)
    assert abs(found.mean()) < 0.15


def test_time_shuffled_series_are_told():
    real, fresh = waves(200, 0), waves(200, 1)
    shuffled = changed(fresh, "time", 1.0)
    assert signed_scores(NETWORK, real, shuffled, generator=generator(), seeds=2).mean() > 0.35


@pytest.mark.parametrize(("data", "variables"), [(clusters, 4), (waves, 2)])
def test_the_customary_score_is_of_few_units(data, variables):
    real = data(100, 0)
    judge = weak(variables, recurrent=real.ndim == 3)
    fitted = fit(judge, 0, np.concatenate([real, real + 5]), np.repeat([0, 1], 100))
    sizes = [layer.output_shape.size for layer in fitted.model.network_.layers]
    assert (sizes[0], sizes[-1]) == (max(1, variables // 2), 2)
    found = customary_scores(judge, real, real + 5, generator=generator(), seeds=1)
    assert 0.3 < found[0] <= 0.5


def test_the_same_generator_has_the_same_scores():
    real, fresh = clusters(60, 0), clusters(60, 1)
    found = [signed_scores(NETWORK, real, fresh, generator=generator(), seeds=2) for _ in range(2)]
    assert found[0].tolist() == found[1].tolist()
