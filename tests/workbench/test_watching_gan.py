"""Adversarial training of a program's own, with a page: the same bits, and samples that nobody chose."""

from typing import Any

import numpy as np
import pytest

import workbench
from networks.gan import GanTrainer
from networks.gan.round import GanDiverged
from tests.support.gan_pairs import IMAGE, SERIES, blueprint, trainer
from workbench.errors import InputError
from workbench.inspect.samples import default_samples

pytestmark = pytest.mark.usefixtures("one_thread")


def test_watching_trains_as_training_does(capfd: pytest.CaptureFixture[str]):
    pytest.importorskip("nicegui")
    alone, watched = trainer(), trainer()
    epochs: list[int] = []
    alone.train(epochs=2)
    reason = workbench.watch_gan(
        watched, epochs=2, on_epoch=[lambda each: epochs.append(each.shuffle.epoch)], wait=False
    )
    assert (reason, epochs) == ("done", [1, 2])
    for name, array in alone.state()[0].items():
        np.testing.assert_array_equal(watched.state()[0][name], array)

    def spoil(learner: GanTrainer) -> None:
        learner.gan.generator.parameters.values[:] = np.nan

    with pytest.raises(GanDiverged):
        workbench.watch_gan(trainer(), epochs=1, on_step=[spoil], wait=False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"trainer": None}, "watch: trainer is None: give a GanTrainer"),
        ({}, "watch: give epochs or minutes"),
        ({"epochs": -1}, "epochs"),
        ({"epochs": 1, "port": 99999}, "watch: port is 99999: give 0 to 65535"),
    ],
)
def test_what_cannot_be_watched_is_refused(arguments: dict[str, Any], message: str):
    pytest.importorskip("nicegui")
    with pytest.raises((ValueError, InputError), match=message):
        workbench.watch_gan(**{"trainer": trainer(), **arguments})


def test_samples_are_of_every_class_or_of_the_first_entries():
    labelled = trainer(blueprint(IMAGE, architecture="convolution", classes=3, conditioning="projection"))
    samples = default_samples(labelled)
    assert samples.columns == 3 and list(samples.headings) == ["0", "1", "2"] and len(samples) == 18
    drawn = samples.pictures(samples.make(labelled.gan))
    assert drawn.shape == (18, 8, 8, 1) and drawn.dtype == np.uint8
    np.testing.assert_array_equal(drawn[15:], np.rint(255 * (samples.real + 1) / 2))

    masks = np.arange(6) < np.arange(1, 13)[:, None]
    series = trainer(blueprint(SERIES), masks=masks)
    samples = default_samples(series)
    assert samples.columns == 10 and not samples.headings
    drawn = samples.pictures(samples.make(series.gan))
    assert drawn.shape[:2] == (60, 6) and not drawn[50, 1:].any()
