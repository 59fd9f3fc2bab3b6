"""Parts of entries that are given or ignored."""

from pathlib import Path

import numpy as np
import pytest

from experiments.gan.data import load_data
from experiments.gan.folder import RunFolder
from experiments.gan.region import region_of
from tests.support.gan_runs import model, run, tiny, train
from workbench.errors import SettingsError

pytestmark = pytest.mark.usefixtures("one_thread")


def test_parts_are_named():
    image, series = load_data(tiny()).form, load_data(tiny(data="sines", window=6)).form
    lower = region_of(["rows:4-7", "columns:0-0"], image, "--given")
    assert lower is not None
    assert lower[4:].all()
    assert lower[:, 0].all()
    assert not lower[:4, 1:].any()
    first = region_of(["v1", "steps:0-1"], series, "--given")
    assert first is not None
    assert first[:, 1].all()
    assert first[:2].all()
    assert first.sum() == 6 + 2 * 4
    assert region_of([], image, "--given") is None


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["rows:4-8"], "--given rows:4-8: rows are 0 to 7"),
        (["rows:3-2"], "rows are 0 to 7"),
        (["steps:0-1"], "there is no 'steps:0-1'; there are rows:FIRST-LAST, columns:FIRST-LAST"),
        (["rows:0-7"], "that is all of an entry"),
    ],
)
def test_parts_that_are_not_there_are_refused(names: list[str], message: str):
    with pytest.raises(SettingsError, match=message):
        region_of(names, load_data(tiny()).form, "--given")


def test_what_is_given_stays_and_the_rest_is_made(tmp_path: Path):
    train(tmp_path, given="rows:0-3", ignored="columns:7-7", limit=200)
    data = load_data(model(tmp_path).settings)
    upper = {each.tobytes() for each in data.form.unscaled(data.test.values)[:, :4]}
    for words in (("generate", "--count", "6"), ("interpolate", "--rows", "2", "--steps", "3")):
        assert run(*words, "--folder", tmp_path) == 0
    for path in (tmp_path / "generated.npz", RunFolder(tmp_path).arrays):
        values = np.load(path)["values"]
        assert {each.tobytes() for each in values[:, :4]} <= upper
        assert len({each.tobytes() for each in values[:, 4:]}) == len(values)
    assert run("continue", "--folder", tmp_path, "--epochs", 3) == 0
