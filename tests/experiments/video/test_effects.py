"""Settings that would do nothing for a run are refused."""

from pathlib import Path

import numpy as np
import pytest

from experiments.idle_settings import refuse_idle
from experiments.video.effects import idle_settings
from tests.support.video_runs import run, tiny
from workbench.errors import SettingsError
from workbench.settings.table import Given

PATCHES = {"model": "convolutional_lstm"}
REFUSED = [
    ({}, "patch", "2", "is for --model convolutional_lstm, and this is lstm"),
    ({}, "kernel", "5", "is for --model convolutional_lstm, and this is lstm"),
    (PATCHES, "filters", "3", "is for --model convolution, and this is convolutional_lstm"),
    ({}, "halvings", "1", "is for --model convolution, and this is lstm"),
    ({"task": "prediction"}, "order", "forward", "is for the reconstruction, which --task prediction"),
    ({"task": "prediction"}, "reconstruction_weight", "2", "is for the reconstruction, which"),
    ({"task": "reconstruction"}, "prediction_weight", "2", "is for the prediction, which"),
    ({"range": "-1-1"}, "factor", "100", "is for a sigmoid, and the last activation is tanh"),
    ({}, "allow_squeezed", "yes", "is for --last tanh_sigmoid"),
    ({}, "stride", "3", "is for films, and the data are digits that move"),
    ({}, "clip_order", "film", "is for films, and the data are digits that move"),
    ({}, "fit", "pad", "is for films, and the data are digits that move"),
    ({"data": "films.npy"}, "step_length", "0.2", "is for digits that move, and the data are films"),
]


@pytest.mark.parametrize(("others", "name", "value", "message"), REFUSED)
def test_what_does_nothing_is_refused_with_what_it_needs(others, name, value, message):
    settings = tiny(**{**others, name: value})
    given = {name: Given(value, f"--{name}")}
    with pytest.raises(SettingsError, match=f"--{name}={value}: {message}.*, or leave it out"):
        refuse_idle(settings, given, idle_settings(settings, digits="data" not in others))


def test_what_does_something_or_is_not_said_is_not_refused():
    for others, name, value in (
        (PATCHES, "kernel", "5"),
        ({"model": "convolution"}, "halvings", "1"),
        ({}, "factor", "100"),
        ({"test_data": "films.npy"}, "fit", "pad"),
    ):
        settings = tiny(**{**others, name: value})
        refuse_idle(settings, {name: Given(value, f"--{name}")}, idle_settings(settings, digits=True))
    refuse_idle(tiny(kernel="5"), {}, idle_settings(tiny(kernel="5"), digits=True))


def test_the_program_refuses_before_it_begins(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    np.save(tmp_path / "films.npy", np.zeros((4, 9, 8, 8), np.uint8))
    words = ("train", "--folder", tmp_path / "run")
    assert run(*words, "--kernel", 5) == 2
    assert "--kernel=5: is for --model convolutional_lstm" in capsys.readouterr().err
    assert run(*words, "--data", tmp_path / "films.npy", "--digits-per-clip", 3) == 2
    assert "--digits-per-clip=3: is for digits that move" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
