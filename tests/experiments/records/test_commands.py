"""The commands on records: what they print, write and delete, and what they refuse."""

import csv
import io
import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from experiments.__main__ import main
from experiments.records.choosing import parse_moment, parse_numbers
from nn.training.lock import FolderLock
from tests.support.places import ROOT
from tests.support.recorded_runs import BEGAN, add_run, fill
from workbench.errors import InputError
from workbench.records import About, Query, Store


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "records.sqlite"
    monkeypatch.setenv("GANGLION_RECORDS", str(path))
    fill(path, tmp_path / "folders")
    return path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]):
    """Run a command and return what it printed."""

    def call(*words: str, status: int = 0) -> str:
        assert main([str(word) for word in words]) == status
        printed = capsys.readouterr()
        return printed.err if status else printed.out

    return call


def first_column(table: str) -> list[str]:
    """The numbers of the runs in a list."""
    lines = table.partition("\n\n")[0].splitlines()[1:]
    return [line.split()[0] for line in lines]


@pytest.mark.usefixtures("path")
def test_list_shows_the_newest_first(run):
    printed = run("list")
    heading, newest, failed, *_ = printed.splitlines()
    assert heading.split() == ["run", "started", "program", "state", "took", "seed", "result"]
    assert newest.split()[0] == "8"
    assert "other (rates 7)  running" in newest
    assert "failed" in failed
    assert "loss nan" in failed
    assert first_column(printed) == list("87654321")


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--program", "tiny", "--where", "units=256"), "642"),
        (("--where", "units=256", "--where", "loss<2.2"), "42"),
        (("--sort", "loss", "--limit", "3"), "135"),
        (("--sort", "loss", "--reverse", "--limit", "2"), "64"),
        (("--sort", "started", "--reverse", "--limit", "1", "--program", "tiny"), "7"),
        (("--state", "failed", "--state", "running"), "87"),
        (("--sweep", "rates"), "8"),
        (("--runs", "2-3,5"), "532"),
        (("--limit", "0"), "87654321"),
        (("--limit", "2"), "87"),
        (("--state", "lost"), ""),
        (("--since", "2100-01-01"), ""),
    ],
)
def test_list_chooses_and_orders(run, words: tuple[str, ...], expected: str):
    assert "".join(first_column(run("list", *words))) == expected


@pytest.mark.usefixtures("path")
def test_list_says_how_many_it_left_out_and_shows_columns(run):
    printed = run("list", "--limit", "2", "--columns", "units, rate", "--sort", "loss")
    assert "2 of 8 runs; --limit 0 shows all" in printed
    assert printed.splitlines()[0].split()[-3:] == ["units", "rate", "loss"]
    assert printed.splitlines()[1].split()[-3:] == ["8", "0.5", "1.03125"]
    assert "of 8 runs" not in run("list", "--limit", "8")


@pytest.mark.usefixtures("path")
def test_list_as_csv_and_json(run):
    rows = list(csv.DictReader(io.StringIO(run("list", "--csv"))))
    assert [row["number"] for row in rows] == list("87654321")
    assert rows[1]["result.loss"] == "nan"
    assert rows[1]["setting.layers"] == "2,3"
    assert rows[0]["setting.units"] == ""
    assert rows[2]["setting.units"] == "256"
    described = json.loads(run("list", "--json", "--runs", "7,6"))
    assert described[0]["result.loss"] == "NaN"
    assert described[0]["setting.layers"] == [2, 3]
    assert described[1]["seconds"] == 60.0


@pytest.mark.usefixtures("path")
def test_show_tells_all(run):
    printed = run("show", "7")
    for text in (
        "run 7, tiny, failed: TrainingDiverged: at step 3",
        "command    train it",
        "code       ganglion 0.2, python 3.11",
        "machine    name here, cores 2",
        "  layers  2,3",
    ):
        assert text in printed
    (loss,) = [line.split() for line in printed.splitlines() if line.startswith("  loss   ")][-1:]
    assert loss == ["loss", "3", "2", "inf", "2", "10", "inf", "30"]
    both = run("show", "6", "8")
    assert "run 6, tiny, done" in both
    assert "trial      7 of the sweep rates" in both
    assert "abababababab" in both
    (whole,) = json.loads(run("show", "7", "--json"))
    assert whole["statistics"]["loss"] == {"steps": [10, 20, 30], "values": [2.0, "NaN", "Infinity"]}
    assert whole["sessions"][0]["state"] == "failed"


@pytest.mark.usefixtures("path")
def test_compare_shows_what_differs(run):
    printed = run("compare", "1", "2", "7")
    lines = {line.split("  ")[1]: line.split()[1:] for line in printed.splitlines() if line.startswith("  ")}
    assert lines["units"] == ["8", "256", "8"]
    assert lines["rate"] == ["0.5", "0.5", "9"]
    assert lines["ganglion"] == ["0.1", "0.1", "0.2"]
    assert lines["loss"][-1] == "nan"
    assert "python" not in lines
    assert "python" in run("compare", "1", "2", "--all")
    assert "run 3" in run("compare", *"12345678", "--limit", "2"), "all that are named are compared"
    assert "2 of 7 runs; --limit 0 shows all" in run("compare", "--program", "tiny", "--limit", "2")
    rows = list(csv.DictReader(io.StringIO(run("compare", "1", "2", "--csv"))))
    assert [row["setting.units"] for row in rows] == ["8", "256"]
    assert [row["number"] for row in json.loads(run("compare", "--where", "units=8", "--json"))] == [
        1,
        3,
        5,
        7,
    ]


@pytest.mark.usefixtures("path")
def test_plot_draws_a_line_for_every_variant(run, tmp_path: Path):
    words = ("--program", "tiny", "--where", "rate=0.5", "--output", tmp_path / "plots" / "loss.png")
    assert "loss.png" in run("plot", "loss", "epoch", *words)
    for more in (("--over", "seconds", "--band", "range", "--log"), ("--by", "rate"), ("--over", "epoch")):
        run("plot", "loss", *words, *more)
        with Image.open(tmp_path / "plots" / "loss.png") as picture:
            assert len(np.unique(np.asarray(picture.convert("RGB")).reshape(-1, 3), axis=0)) > 50


def test_plot_says_what_cannot_be_drawn(run, path: Path):
    with Store.open(path) as store:
        add_run(store, About("negative", {"units": 8}), curves={"negative": [-1.0, 2.0]})
    for words, said in (
        (("los",), "no run has a statistic called 'los'; did you mean loss?"),
        (("zzz",), "no run has a statistic called 'zzz'; there are epoch, loss, negative, seconds"),
        (("loss", "--over", "seconds", "--runs", "7"), "no run has finite values of 'loss' over 'seconds'"),
        (("loss", "--output", "loss.gif"), "give a file that ends in .png"),
        (("negative", "--log"), "the lowest value is -1"),
        (("loss", "--where", "units=9"), "a run must fit; none does"),
    ):
        assert said in run("plot", *words, status=2)
    with Store.open(path) as store:
        for units in range(13):
            add_run(store, About("many", {"units": units}), curves={"loss": [1.0]})
    assert "13 variants are too many lines" in run("plot", "loss", "--program", "many", status=2)


@pytest.mark.usefixtures("path")
def test_export_as_files(run, tmp_path: Path):
    run("export", tmp_path / "deep" / "runs.csv", "--program", "tiny")
    with (tmp_path / "deep" / "runs.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["number"] for row in rows] == list("1234567")
    assert float(rows[1]["result.loss"]) == 2.0
    run("export", tmp_path / "runs.json", "--runs", "2")
    (whole,) = json.loads((tmp_path / "runs.json").read_text())
    assert whole["statistics"]["loss"]["steps"] == [10, 20, 30]
    run("export", tmp_path / "points.csv", "--statistics", "--runs", "7")
    with (tmp_path / "points.csv").open() as file:
        points = list(csv.DictReader(file))
    assert [(each["step"], float(each["value"])) for each in points[::2]] == [("10", 2.0), ("30", math.inf)]
    assert math.isnan(float(points[1]["value"]))


@pytest.mark.usefixtures("path")
def test_export_for_tensorboard(run, tmp_path: Path):
    pytest.importorskip("tensorboardX", reason="needs the extra tensorboard")
    from tests.nn.training.test_tensorboard import read

    folder = tmp_path / "board"
    run("export", folder, "--tensorboard", "--where", "units=256")
    assert sorted(path.name for path in folder.iterdir()) == ["2-tiny", "4-tiny", "6-tiny"]
    found = read(folder / "2-tiny")
    assert [step for step, _ in found["loss"]] == [10, 20, 30]
    assert "is there already" in run("export", folder, "--tensorboard", "--where", "units=256", status=2)


def test_long_curves_are_said_to_be_too_long_for_tensorboard(run, path: Path, tmp_path: Path):
    """Its reader keeps 10,000 points of a curve by default."""
    pytest.importorskip("tensorboardX", reason="needs the extra tensorboard")
    with Store.open(path) as store:
        add_run(store, About("long"), curves={"loss": [0.5] * 10_001})
    printed = run("export", tmp_path / "board", "--tensorboard", "--program", "long")
    assert "--samples_per_plugin scalars=10001 shows all" in printed


def test_delete_deletes_after_asking(run, path: Path, monkeypatch: pytest.MonkeyPatch):
    assert "1 run would be deleted: add --yes" in run("delete", "7", status=2)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _: "n")
    assert "nothing was deleted" in run("delete", "7")
    monkeypatch.setattr("builtins.input", lambda _: "y")
    assert "deleted    1 run\n" in run("delete", "7")
    assert "deleted    3 runs\n" in run("delete", "--where", "units=8", "--yes")
    with Store.open(path) as store:
        assert [each.number for each in store.runs()] == [8, 6, 4, 2]


def test_delete_deletes_folders_of_runs_alone(run, path: Path, tmp_path: Path):
    folders = tmp_path / "folders"
    assert "deleted    2 runs, 2 folders\n" in run("delete", "1", "3", "--folder", "--yes")
    assert sorted(each.name for each in folders.iterdir()) == [
        *("tiny-256-0", "tiny-256-1", "tiny-256-2", "tiny-8-2"),
    ]
    with Store.open(path) as store:
        inside = About("tiny", folder=folders)
        add_run(store, inside)
        add_run(store, About("tiny", folder=tmp_path))
    (folders / "tiny-8-2" / "model").unlink()
    for number, said in (
        ("9", ", too: remove it by hand"),
        ("10", "holds more than run 10: remove it by hand"),
        ("5", "has no file that run 5 is known to have written"),
    ):
        assert said in run("delete", number, "--folder", "--yes", status=2)
    with FolderLock(folders / "tiny-256-0"):
        assert "is training here" in run("delete", "2", "--folder", "--yes", status=1)
    assert len(list(folders.iterdir())) == 4
    with Store.open(path) as store:
        assert store.count(Query()) == 8


def test_a_list_loads_nothing_that_computes():
    """It is to be there at once, whatever the number of runs."""
    program = "import sys, experiments.records.list_command; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert not {"numpy", "numba", "matplotlib", "pydantic"} & set(done.stdout.split())


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("list", "--sort", "los"), "no run has a result or a setting called 'los'; did you mean loss?"),
        (
            ("list", "--where", "unit=8"),
            "called 'unit'; did you mean units?",
        ),
        (("list", "--where", "units"), "is no condition"),
        (("list", "--limit", "-1"), "--limit -1: give a whole number of at least 0"),
        (("list", "--since", "yesterday"), "--since yesterday: give a date"),
        (("list", "--runs", "one"), "'one' is no number of a run"),
        (("show", "99"), "has no run 99"),
        (("compare", "1"), "at least two runs must fit; 1 does"),
        (("compare", "1", "99"), "has no run 99"),
        (("export", "runs.txt"), "give a file that ends in .csv or .json"),
        (("export", "runs.json", "--statistics"), "give a file that ends in .csv"),
        (("delete",), "say which runs"),
        (("delete", "8", "--yes"), "run 8 is running: stop it first"),
        (("list", "--records", "nowhere.sqlite"), "nowhere.sqlite: there is none yet: a run makes it"),
        (("list", "--records", "off"), "records are off"),
    ],
)
def test_what_makes_no_sense_is_refused(run, words: tuple[str, ...], said: str):
    printed = run(*words, status=2)
    assert said in printed
    assert len(printed.splitlines()) == 1


def test_a_newer_file_is_refused_by_every_command(run, path: Path):
    with Store.open(path) as store:
        store.connection.execute("PRAGMA user_version = 99")
    for words in (
        ("list",),
        ("show", "1"),
        ("compare", "1", "2"),
        ("plot", "loss"),
        ("delete", "1", "--yes"),
    ):
        assert "was written by a newer version of this program" in run(*words, status=2)


@pytest.mark.parametrize(
    ("text", "expected"), [("3", [3]), ("3,5", [3, 5]), ("3-5, 4", [3, 4, 5]), ("5-3", []), (" 7 ", [7])]
)
def test_numbers_of_runs(text: str, expected: list[int]):
    assert parse_numbers(text) == expected


@pytest.mark.parametrize("text", ["", "x", "3-", "-3", "1.5", "1-100000000", "9" * 30])
def test_what_is_no_number_of_runs(text: str):
    with pytest.raises(InputError):
        parse_numbers(text)


def test_moments(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("time.time", lambda: BEGAN)
    assert parse_moment("3 days") == BEGAN - 3 * 86400
    assert parse_moment("90minutes") == BEGAN - 90 * 60
    assert parse_moment("2026-05-31 12:00") - parse_moment("2026-05-31") == 12 * 3600
    assert parse_moment("2026-05-31T12:00:00+00:00") == 1780228800
