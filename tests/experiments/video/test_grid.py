"""The grid: which runs it has, that it goes on where it was stopped, its table and its figures."""

from pathlib import Path

import pytest

from experiments.video import grid
from experiments.video.folder import RunFolder
from experiments.video.settings import blueprint_of
from nn.training.callbacks import Callback
from nn.training.interrupts import INTERRUPTED
from tests.support.video_runs import TINY, run, tiny

pytestmark = pytest.mark.usefixtures("one_thread")

FEW = [grid.CELLS[place] for place in (2, 13, 28)]


def options(folder: Path, **changes: object) -> list[object]:
    texts = {**TINY, **changes, "steps": 3, "report-every": 1, "folder": folder}
    return [part for key, value in texts.items() for part in (f"--{key}", value)]


def test_there_are_thirty_runs_that_all_can_be():
    assert len({cell.name for cell in grid.CELLS}) == 30
    for cell in grid.CELLS:
        blueprint_of(cell.settings(tiny(folder=Path("grid"))))


class InterruptedAfterTwo(Callback):
    """Stops the second run as Ctrl-C does."""

    runs = 0

    def on_start(self, trainer):
        type(self).runs += 1

    def on_step(self, trainer):
        if self.runs == 2 and trainer.step == 2:
            trainer.stop(INTERRUPTED)


def test_it_goes_on_where_it_was_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(grid, "CELLS", FEW)
    base = tiny(folder=tmp_path / "grid", steps=3, report_every=1)
    said: list[str] = []
    assert grid.run_grid(base, said.append, lambda _: [InterruptedAfterTwo()]) is None
    assert len(said) == 2
    first = RunFolder(tmp_path / "grid" / FEW[0].name).report
    written = first.stat().st_mtime_ns
    assert run("grid", *options(tmp_path / "grid", units=5)) == 2
    assert "units=4, not 5" in capsys.readouterr().err
    assert run("grid", *options(tmp_path / "grid")) == 0
    printed = capsys.readouterr().out
    assert [line for line in printed.splitlines() if line.startswith("run ")] == [
        f"run {number} of 3: {FEW[number - 1].name}" for number in (2, 3)
    ]
    assert first.stat().st_mtime_ns == written
    names = {path.name for path in (tmp_path / "grid").iterdir() if path.is_file()}
    figures = {"five-losses-mse.png", "five-losses-nats.png", "all-runs.png", "sigmoid.png"}
    assert names == {"grid.md", *figures}
    table = (tmp_path / "grid" / "grid.md").read_text().splitlines()
    assert len(table) == 2 + len(FEW)
    assert table[2].startswith("| reconstruction | zeros | 0-1 | sigmoid | bce | 3 |")
    assert all(line.count("|") == table[0].count("|") for line in table)


def test_a_run_that_diverges_is_said_and_not_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(grid, "CELLS", [grid.CELLS[14]])
    wild = {"optimizer": "sgd", "learning-rate": 1e30, "batch-size": 2}
    for expected in (1, 0):
        assert run("grid", *options(tmp_path / "grid", **wild)) == 0
        printed = capsys.readouterr().out
        assert printed.count("run 1 of 1") == expected
        assert "diverged" in printed
