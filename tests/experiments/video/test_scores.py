"""Errors step by step, of networks as the trainer measures them, and of what needs none as NumPy does."""

import numpy as np
import pytest

from experiments.video.data import load_data
from experiments.video.folder import build
from experiments.video.scores import COPY, FLOOR, MEAN, means, network_errors, reference_errors
from experiments.video.settings import blueprint_of
from networks.video import ClipBatches, measure
from tests.support.video_runs import tiny

pytestmark = pytest.mark.usefixtures("one_thread")

SETTINGS = [
    tiny(),
    tiny(range="-1-1", task="prediction"),
    tiny(loss="mse", task="reconstruction", decoder_input="zeros"),
    tiny(model="convolutional_lstm", units=2, patch=2, last="none"),
]


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda settings: f"{settings.model} {settings.task}")
def test_means_over_the_steps_are_what_the_trainer_measures(settings):
    network = build(settings, np.random.default_rng(1))
    clips = load_data(settings, network.blueprint.steps).validation
    expected = measure(network, ClipBatches(clips, network.blueprint))
    errors = network_errors(network, clips)
    assert errors.keys() == expected.keys()
    for head, of_head in errors.items():
        assert len(of_head["mse"]) == network.blueprint.steps_of(head)
        for error, steps in of_head.items():
            assert steps.mean() == pytest.approx(expected[head][f"{error}_per_frame"], rel=1e-5)


def test_what_needs_no_network_is_what_it_says():
    settings = tiny()
    data = load_data(settings, 5)
    found = reference_errors(data.validation, data.probe, blueprint_of(settings))
    true, last = data.validation[:, 3:] / 255, data.validation[:, 2:3] / 255
    expected = np.square(true - last).sum(axis=(2, 3, 4)).mean(axis=0)
    np.testing.assert_allclose(found["prediction"][COPY]["mse"], expected, rtol=1e-5)
    mean = (data.probe / 255).mean(axis=(0, 1))
    expected = np.square(true - mean).sum(axis=(2, 3, 4)).mean(axis=0)
    np.testing.assert_allclose(found["prediction"][MEAN]["mse"], expected, rtol=1e-5)
    inside = np.clip(true, 1e-12, 1 - 1e-12)
    entropy = -(inside * np.log(inside) + (1 - inside) * np.log1p(-inside)).sum(axis=(2, 3, 4)).mean(axis=0)
    np.testing.assert_allclose(found["prediction"][FLOOR]["nats"], entropy, rtol=1e-4)
    assert not found["prediction"][FLOOR]["mse"].any()
    assert found["reconstruction"][COPY]["mse"][-1] == 0
    dark = (data.probe[:, 3:] / 255)[
        np.broadcast_to(data.probe[:, 2:3] <= 127, data.probe[:, 3:].shape)
    ].mean()
    bright = (data.probe[:, 3:] / 255)[
        np.broadcast_to(data.probe[:, 2:3] > 127, data.probe[:, 3:].shape)
    ].mean()
    copied = np.clip(dark + (bright - dark) * last, 1e-7, 1 - 1e-7)
    nats = -(true * np.log(copied) + (1 - true) * np.log1p(-copied)).sum(axis=(2, 3, 4)).mean(axis=0)
    np.testing.assert_allclose(found["prediction"][COPY]["nats"], nats, rtol=1e-4)
    assert means(found)["prediction"][COPY]["nats"] == pytest.approx(nats.mean(), rel=1e-4)


def test_a_clip_that_is_all_black_has_references():
    blueprint = blueprint_of(tiny())
    black = np.zeros((2, 5, 8, 8, 1), np.uint8)
    for rows in reference_errors(black, black, blueprint).values():
        for errors in rows.values():
            assert np.isfinite(errors["nats"]).all()
            assert (errors["mse"] == 0).all()
