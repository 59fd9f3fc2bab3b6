"""Results of two machines brought together: once, again, after kills, and from files that are not trusted."""

import hashlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from experiments.sweep.trials import Trials
from experiments.sync import files
from experiments.sync.command import main
from tests.support.places import ROOT
from tests.support.recorded_runs import BEGAN, add_run
from tests.support.sweep_files import sweep_of
from workbench.records import About, Artefact, Store
from workbench.records.process import Process

DEAD = Process("another system", 1, 1)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with the records of another machine, which had its files elsewhere."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GANGLION_RECORDS", raising=False)
    return tmp_path


def artefact(path: Path | str, content: bytes) -> Artefact:
    return Artefact(Path(path), "model", len(content), hashlib.sha256(content).hexdigest())


def add(root: Path, name: str, content: bytes = b"model", key: str = "", **how: Any) -> str:
    """Add a run with a model in its folder, and a picture elsewhere, to the records in a folder."""
    about = About(
        "tiny", {"units": 8, "name": name}, Path("/home/me/runs", name), 0, "data", key=key or f"{name:0>32}"
    )
    with Store.open(root / "records.sqlite", create=True) as store:
        number = add_run(store, about, {"loss": 0.5}, curves={"loss": [2.0, 1.0]}, process=DEAD, **how)
        picture = artefact(f"/home/me/runs/pictures/{name}.png", b"picture " + content)
        with store.writing():
            store.write_artefacts(number, [artefact("parts/model", content), picture])
    for path, text in {
        root / name / "parts/model": content,
        root / f"pictures/{name}.png": b"picture " + content,
    }.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
    return about.key


def everything(root: Path) -> tuple[list[Any], dict[str, bytes]]:
    """Return all rows of the records in a folder, and all other files."""
    rows = []
    with sqlite3.connect(root / "records.sqlite") as connection:
        tables = [
            name
            for (name,) in connection.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"
            )
        ]
        for table in tables:
            rows += [(table, *row) for row in connection.execute(f"SELECT * FROM {table}").fetchall()]
    connection.close()
    found = {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    return rows, {name: content for name, content in found.items() if not name.startswith("records.sqlite")}


def test_runs_come_with_all_that_is_known_of_them_and_their_files(folder: Path, capsys):
    add(folder / "runs", "own")
    first = add(folder / "other", "first", reason="patience")
    assert main(["other"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "runs       1 new, 0 gone on, 0 left as they are"
    assert said[1].startswith("files      2 copied")
    with Store.open("runs/records.sqlite") as here, Store.open("other/records.sqlite") as there:
        run, origin = here.run(2), there.run(1)
        assert (run.key, run.reason, run.seconds) == (first, "patience", origin.seconds)
        assert run.folder == folder / "runs/first"
        for what in ("settings", "results"):
            assert getattr(here, what)([2])[2] == getattr(there, what)([1])[1]
        assert here.statistics(2) == there.statistics(1)
        assert here.sessions(2) == there.sessions(1)
        assert [str(each.path) for each in here.artefacts(2)] == [
            "elsewhere/pictures/first.png",
            "parts/model",
        ]
        for each in here.artefacts(2):
            assert hashlib.sha256((run.folder / each.path).read_bytes()).hexdigest() == each.digest


def test_again_and_back_nothing_changes(folder: Path, capsys):
    for root, names in {"runs": ["a", "b"], "other": ["c", "d"]}.items():
        for name in names:
            add(folder / root, name)
    assert main(["other"]) == 0
    before = everything(folder / "runs")
    capsys.readouterr()
    assert main(["other/records.sqlite"]) == 0
    assert capsys.readouterr().out.splitlines()[:2] == [
        "runs       0 new, 0 gone on, 2 left as they are",
        "files      0 copied, 0 bytes",
    ]
    assert everything(folder / "runs") == before
    assert main(["runs", "--records", "other/records.sqlite"]) == 0
    assert main(["other"]) == 0
    assert everything(folder / "runs") == before
    with Store.open("runs/records.sqlite") as here, Store.open("other/records.sqlite") as there:
        assert {run.key for run in here.runs()} == {run.key for run in there.runs()}


def test_a_run_that_goes_on_is_taken_over_again_and_an_older_one_is_not(folder: Path):
    key = add(folder / "other", "run", state="running")
    assert main(["other"]) == 0
    shutil.copytree("other", "older")
    with Store.open("other/records.sqlite") as there, there.writing():
        there.write_statistics(1, 30, {"loss": 0.25})
        there.write_artefacts(1, [artefact("parts/model", b"better")])
        there.finish(1, "done", "", BEGAN + 500)
    (folder / "other/run/parts/model").write_bytes(b"better")
    for source in ("other", "older"):
        assert main([source]) == 0
        with Store.open("runs/records.sqlite") as here:
            (run,) = here.runs()
            assert (run.number, run.key, run.state) == (1, key, "done")
            assert here.statistics(1)["loss"].values == [2.0, 1.0, 0.25]
        assert (folder / "runs/run/parts/model").read_bytes() == b"better"


def test_a_run_that_runs_here_is_left(folder: Path):
    add(folder / "other", "run", at=BEGAN + 1e9)
    with Store.open("runs/records.sqlite", create=True) as here:
        number = add_run(here, About("tiny", key=f"{'run':0>32}"), state="running")
    assert main(["other"]) == 0
    with Store.open("runs/records.sqlite") as here:
        assert here.run(number).state == "running"


def test_folders_of_the_same_name_stay_apart(folder: Path):
    (folder / "runs/run").mkdir(parents=True)
    (folder / "runs/run/mine").write_bytes(b"mine")
    add(folder / "one", "run", b"one", key="1" * 32)
    add(folder / "two", "run", b"two", key="2" * 32)
    for source in ("one", "two", "one"):
        assert main([source]) == 0
    assert (folder / "runs/run/mine").read_bytes() == b"mine" and not (folder / "runs/run/parts").exists()
    for key, content in {"1" * 8: b"one", "2" * 8: b"two"}.items():
        assert (folder / f"runs/run-{key}/parts/model").read_bytes() == content
    assert len(list((folder / "runs").iterdir())) == 4


def test_files_that_are_missing_or_other_than_recorded_are_told_and_come_later(folder: Path, capsys):
    add(folder / "other", "run")
    (folder / "other/run/parts/model").write_bytes(b"other")
    assert main(["other"]) == 0
    assert "missing    1 files are not there" in capsys.readouterr().out
    assert not (folder / "runs/run/parts/model").exists()
    add(folder / "bare", "bare")
    shutil.move("bare/bare", "moved")
    assert main(["bare"]) == 0
    with Store.open("runs/records.sqlite") as here:
        assert here.run(2).folder is None
    shutil.move("moved", "bare/bare")
    assert main(["bare"]) == 0
    assert (folder / "runs/bare/parts/model").read_bytes() == b"model"


@pytest.mark.parametrize(
    "table", ["UPDATE runs SET folder = '/home/../../etc'", "UPDATE artefacts SET path = '../../x'"]
)
def test_paths_that_lead_upwards_are_refused(table: str, folder: Path, capsys):
    add(folder / "other", "run")
    with Store.open("other/records.sqlite") as there:
        there.connection.execute("DELETE FROM artefacts WHERE path LIKE '/%'")
        there.connection.execute(table)
    assert main(["other"]) == 2
    assert "leads out of its folder: nothing was taken over" in capsys.readouterr().err
    assert not list((folder / "runs").glob("*/*"))


def test_links_lead_nowhere(folder: Path):
    """Neither is a file taken from outside of the other's folder, nor one written outside of ours."""
    secret, outside = folder / "secret", folder / "outside"
    secret.write_bytes(b"model")
    outside.mkdir()
    add(folder / "other", "run")
    (folder / "other/run/parts/model").unlink()
    (folder / "other/run/parts/model").symlink_to(secret)
    add(folder / "other", "linked")
    (folder / "runs").mkdir()
    (folder / "runs/linked").symlink_to(outside)
    assert main(["other"]) == 0
    assert not (folder / "runs/run/parts/model").exists()
    assert not list(outside.iterdir())
    assert len(list((folder / "runs").glob("linked-*/parts/model"))) == 1


def test_what_is_no_records_file_of_ours_is_refused(folder: Path, capsys):
    add(folder / "other", "run")
    for change, said in {
        "CREATE VIEW extra AS SELECT 1": "has other tables than this program makes",
        "PRAGMA user_version = 99": "was written by a newer version",
    }.items():
        shutil.copytree("other", "changed", dirs_exist_ok=True)
        with sqlite3.connect("changed/records.sqlite", isolation_level=None) as connection:
            connection.execute(change)
        connection.close()
        assert main(["changed"]) == 2
        assert f"changed/records.sqlite: {said}" in capsys.readouterr().err
    Store.open("runs/records.sqlite", create=True).close()
    (folder / "changed/records.sqlite").write_bytes(b"no database, but long enough to be taken for one" * 100)
    for source, said in {
        "changed": "is no records file",
        "none": "none: is not there",
        "runs": "is the file that is to have the results",
        "other/run": "holds no records.sqlite and no runs/records.sqlite",
    }.items():
        assert main([source]) == 2
        assert said in capsys.readouterr().err
    with Store.open("runs/records.sqlite") as here:
        assert not here.runs()


def test_trials_that_have_come_further_are_taken_over(folder: Path, capsys):
    sweep = sweep_of(folder)
    for root, ended in {"runs": [0], "other": [0, 1]}.items():
        with Store.open(folder / root / "records.sqlite", create=True) as store:
            trials = Trials.begin(store, sweep)
            with store.writing():
                trials.add(0, [{"rate": rate} for rate in (0.1, 0.2, 0.3)])
            for number in ended:
                row = trials.take(number, "worker")
                assert row is not None
                trials.release(
                    row, "worker", "done", reason=root, attempts=0, statistics={"objective": number + 0.5}
                )
            trials.take(2, "worker")
    for _ in range(2):
        assert main(["other"]) == 0
        with Store.open("runs/records.sqlite") as here:
            rows = Trials.find(here, sweep).rows()
        assert [(row.state, row.reason, row.owner) for row in rows] == [
            ("done", "runs", None),
            ("done", "other", None),
            ("running", "", "worker"),
        ]
        assert rows[1].statistics == {0: {"objective": 1.5}}
    with Store.open("other/records.sqlite") as there:
        Trials.begin(there, sweep_of(folder, seeds=2), overwrite=True)
    capsys.readouterr()
    assert main(["other"]) == 0
    assert "sweep      sweep is another one here" in capsys.readouterr().out


KILLED = """
import hashlib, os, sys
from experiments.sync import command, files, runs
left = int(sys.argv[1])
def step():
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), 9)
sha256 = hashlib.sha256
class Digest:
    def __init__(self):
        self.digest = sha256()
        self.hexdigest = self.digest.hexdigest
    def update(self, piece):
        step()
        self.digest.update(piece)
write = runs.Merging._write
def written(*given):
    step()
    write(*given)
    step()
files.PIECE, files.hashlib.sha256, runs.Merging._write = 4, Digest, written
sys.exit(command.main(["other"]))
"""


def test_whatever_moment_it_is_killed_at_it_ends_the_same(folder: Path):
    for name in ("a", "b"):
        add(folder / "other", name)
    assert main(["other"]) == 0
    expected = everything(folder / "runs")
    shutil.rmtree("runs")
    for at in (
        2,
        3,
        4,
        6,
        4,
    ):  # in the first file, the second, the first run's rows, after them, the third file
        words = [sys.executable, "-c", KILLED, str(at)]
        killed = subprocess.run(words, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)
        assert killed.returncode == -signal.SIGKILL
    assert main(["other"]) == 0
    assert everything(folder / "runs") == expected


def test_ctrl_c_leaves_nothing_half(folder: Path, monkeypatch):
    add(folder / "other", "run")
    with monkeypatch.context() as interrupted:

        def interrupt(*_: object) -> None:
            raise KeyboardInterrupt

        interrupted.setattr(files, "replacing", interrupt)
        assert main(["other"]) == 130
    with Store.open("runs/records.sqlite") as here:
        assert not here.runs()
    assert main(["other"]) == 0
    assert (folder / "runs/run/parts/model").read_bytes() == b"model"
