"""Training of videos beside PyTorch: both sides do the same, and what is written of it."""

import json

import numpy as np
import pytest

from benchmarks.video_curves import Point, table
from experiments.video.data import load_data
from experiments.video.folder import build
from experiments.video.settings import Settings, blueprint_of
from networks.video import ClipBatches

pytest.importorskip("torch")

from benchmarks import video_training

SMALL = {"size": 8, "units": 6, "adapter": 5}


def test_both_sides_learn_the_same():
    settings = Settings(limit=40, validation_clips=4, batch_size=4, **SMALL)
    data = load_data(settings, blueprint_of(settings).steps)
    clips = ClipBatches(data.training, blueprint_of(settings), count=4)
    sides = [
        side(build(settings, np.random.default_rng(0)), 0.01)
        for side in (video_training.Ours, video_training.Theirs)
    ]
    began = [side.network().parameters.values.copy() for side in sides]
    assert np.array_equal(*began)
    for step in range(3):
        for side in sides:
            side.step(clips, np.arange(4 * step, 4 * step + 4), 0.5)
    ours, theirs = (side.network().parameters.values for side in sides)
    assert np.abs(ours - began[0]).max() > 0.005
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_a_race_writes_its_table_and_picture(tmp_path, capsys):
    results, document, picture = (tmp_path / name for name in ("r.json", "video.md", "beside.png"))
    words = [word for name, value in SMALL.items() for word in (f"--{name}", str(value))]
    assert video_training.main(["--minutes", "0.005", "--results", str(results), *words]) == 0
    printed = capsys.readouterr().out
    document.write_text("# Videos\n\n<!-- video training -->\n<!-- end video training -->\n")
    found = json.loads(results.read_text())
    video_training.write(found, document, picture)
    assert printed.strip() in document.read_text()
    assert picture.stat().st_size > 5000
    measured = video_training.points_of(found)
    assert {point.side for point in measured} == {"Ganglion", "PyTorch"}
    assert all(point.steps > 0 and point.errors["prediction"]["nats"] > 0 for point in measured)


def test_the_table_has_both_sides_after_a_quarter_half_and_all_of_their_minutes():
    points = [
        Point(side, minutes, 100 * minutes, {"prediction": {"mse": 9.0, "nats": 50.0 - minutes}})
        for side in ("Ganglion", "PyTorch")
        for minutes in range(1, 9)
    ]
    rows = [line.split(" | ") for line in table(points).split("\n")[2:]]
    assert [row[0].strip("| ") for row in rows] == ["2", "2", "4", "4", "8", "8"]
    assert rows[-1][-1] == "42.0 |"


def test_data_that_are_not_there_are_named(tmp_path, capsys):
    with pytest.raises(SystemExit):
        video_training.main(["--data", str(tmp_path / "none"), "--results", str(tmp_path / "r.json")])
    assert str(tmp_path / "none") in capsys.readouterr().err
