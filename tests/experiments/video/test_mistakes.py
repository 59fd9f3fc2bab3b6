"""Mistakes beside the same runs without them: what differs, going on, the table and the figure."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from experiments.video import mistakes
from experiments.video.data import load_data
from experiments.video.folder import RunFolder
from experiments.video.settings import blueprint_of
from tests.support.video_runs import TINY, run, tiny

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """One seed, and short films."""
    monkeypatch.setattr(mistakes, "PLANS", mistakes.PLANS[: len(mistakes.KINDS)])
    monkeypatch.setattr(mistakes, "FILMS", 10)
    monkeypatch.setattr(mistakes, "FILM_FRAMES", 12)


def options(folder: Path, **changes: object) -> list[object]:
    texts = {**TINY, **changes, "steps": 3, "report-every": 1, "folder": folder}
    return [part for key, value in texts.items() for part in (f"--{key}", value)]


def test_a_mistake_differs_from_the_right_way_in_itself_alone():
    base = tiny(folder=Path("mistakes"))
    expected = [{"last", "allow_squeezed"}, {"handed_on"}, {"clip_order"}]
    for (right, wrong), names in zip(mistakes.MISTAKES.values(), expected, strict=True):
        before, after = (mistakes.Planned(kind, 0).settings(base).model_dump() for kind in (right, wrong))
        assert {name for name in before if before[name] != after[name]} == {*names, "folder"}


@pytest.mark.usefixtures("small")
def test_neighbours_overlap_and_shuffled_windows_come_from_everywhere(tmp_path: Path):
    base = tiny(folder=tmp_path)
    assert mistakes.run_mistakes(base.model_copy(update={"steps": 1}), lambda _: None, lambda _: [])
    for kind, overlapping in ((mistakes.NEIGHBOURS, True), (mistakes.SHUFFLED, False)):
        settings = mistakes.Planned(kind, 0).settings(base)
        data = load_data(settings, blueprint_of(settings).steps)
        first, second, third = data.training.clips(np.arange(3))
        assert (
            np.array_equal(first[1:], second[:-1]) and np.array_equal(first[2:], third[:-2])
        ) == overlapping
        assert (
            np.array_equal(data.training.clips(np.arange(data.count, data.count + 1))[0], first)
            == overlapping
        )


@pytest.mark.usefixtures("small")
def test_all_are_trained_once_tabled_and_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert run("mistakes", *options(tmp_path)) == 0
    printed = capsys.readouterr().out
    assert printed.count("run ") == len(mistakes.KINDS)
    lines = (tmp_path / "mistakes.md").read_text().splitlines()
    assert lines[2].startswith("| squeezed range | without | all states, sigmoid |")
    assert len(lines) == 2 + 2 * len(mistakes.MISTAKES)
    with Image.open(tmp_path / "mistakes.png") as picture:
        assert np.asarray(picture).std() > 5
    report = RunFolder(tmp_path / "cells-at-zero-0").report
    written = report.stat().st_mtime_ns
    assert run("mistakes", *options(tmp_path)) == 0
    assert "run 1" not in capsys.readouterr().out
    assert report.stat().st_mtime_ns == written


def test_films_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    np.save(tmp_path / "films.npy", np.zeros((4, 9, 8, 8), np.uint8))
    assert run("mistakes", "--data", tmp_path / "films.npy", "--folder", tmp_path / "runs") == 2
    assert "films of their own are made here: give digits" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()
