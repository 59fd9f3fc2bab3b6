"""The comparison of small folders runs end to end, with and without images of its own to test on."""

import numpy as np
import pytest

from experiments import small_folders
from tests.support.autoencoder_runs import write_images

pytestmark = pytest.mark.usefixtures("one_thread")


def test_folders_of_two_sizes(tmp_path, capsys):
    np.save(tmp_path / "images.npy", np.random.default_rng(0).integers(0, 256, (60, 8, 8), np.uint8))
    arguments = ["--images", "20,30", "--code-size", "3", "--tests", "20", "--steps", "4", "--side", "8"]
    assert small_folders.main([str(tmp_path / "images.npy"), *arguments]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[3].split() == " ".join(small_folders.HEADINGS).split()
    assert [line.split()[:2] for line in lines[4:]] == [["20", "3"], ["30", "3"]]


def test_crops_are_tested_on_strips_that_no_crop_touches(tmp_path, capsys):
    write_images(tmp_path / "photos", 2, side=90)
    arguments = ["--images", "20", "--tests", "8", "--steps", "2", "--side", "8", "--channels", "3"]
    assert small_folders.main([str(tmp_path / "photos"), *arguments, "--fit", "random-crop"]) == 0
    assert "8 other images" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments", [["nowhere"], ["{images}", "--images", "0"], ["{images}", "--tests", "99"]]
)
def test_bad_input_is_an_error_without_a_traceback(tmp_path, arguments):
    np.save(tmp_path / "images.npy", np.zeros((60, 8, 8), np.uint8))
    with pytest.raises(SystemExit) as stopped:
        small_folders.main([each.format(images=tmp_path / "images.npy") for each in arguments])
    assert stopped.value.code == 2
