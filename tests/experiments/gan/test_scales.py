"""The program with images at several sizes, and with minibatch statistics."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.gan.folder import RunFolder
from experiments.gan.settings import blueprint_of, gan_settings
from nn import SequenceShape
from tests.support.gan_runs import assert_same_bits, model, run, tiny, train
from workbench.errors import SettingsError

pytestmark = pytest.mark.usefixtures("one_thread")

RUNS: dict[str, dict[str, Any]] = {
    "scales": {"multi_scale": "yes", "conditioning": "inputs", "penalty": "r1_r2"},
    "statistics": {"minibatch_statistics": 4},
    "both": {"multi_scale": "yes", "minibatch_statistics": 8, "penalty": "gradient"},
    "parts": {"multi_scale": "yes", "given": "rows:0-3", "ignored": "columns:7-7", "limit": 200},
    "series": {
        **{"data": "sines", "window": 6, "sine_variables": 2},
        **{"minibatch_statistics": 2, "sequences": "yes"},
    },
}


@pytest.mark.parametrize("name", RUNS)
def test_a_run_goes_on_to_the_same_bits_and_is_rebuilt_from_its_folder(name: str, tmp_path: Path):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    train(whole, **RUNS[name])
    train(parts, **{**RUNS[name], "epochs": 1})
    assert run("continue", "--folder", parts, "--epochs", "2") == 0
    assert_same_bits(parts, whole)
    for words in (("generate", "--count", "4"), ("interpolate", "--rows", "2", "--steps", "3")):
        assert run(*words, "--folder", whole) == 0
    shape = model(whole).gan.blueprint.data_shape
    for path in (whole / "generated.npz", RunFolder(whole).arrays):
        assert np.load(path)["values"].shape[1:] == tuple(shape)


def test_settings_that_do_not_go_together_are_refused(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SettingsError, match="--minibatch-statistics 3 does not divide --batch-size 8: a gr"):
        gan_settings(tiny(minibatch_statistics=3))
    with pytest.raises(SettingsError, match="minibatch_statistics 1 must be a whole number of at least 2"):
        blueprint_of(tiny(minibatch_statistics=1), SequenceShape(4, 2), 0)
    with pytest.raises(SettingsError, match="multi_scale is for images and convolution on both sides"):
        blueprint_of(tiny(multi_scale=True), SequenceShape(4, 2), 0)
    assert run("train", "--minibatch-statistics", "-1") == 2
    assert "--minibatch-statistics=-1: it should be a whole number from 0 to 65536" in capsys.readouterr().err
