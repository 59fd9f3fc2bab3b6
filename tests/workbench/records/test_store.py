"""The file itself: made once, brought up to date, shared by processes, refused where it cannot be used."""

import json
import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.support.places import ROOT
from workbench.errors import InputError
from workbench.records import About, Artefact, Label, Query, RecordsError, Store, schema
from workbench.records.process import Process
from workbench.records.run import Session
from workbench.records.values import encode

CODE, MACHINE = {"ganglion": "0.1"}, {"name": "here", "cores": 2}
SESSION = Session(100.0, None, "running", "", "train it", CODE, MACHINE)

WRITER = """
import sys
from pathlib import Path
from workbench.records import About, Store
from workbench.records.process import Process
from workbench.records.run import Session
with Store.open(Path(sys.argv[1]), create=True) as store:
    for place in range(int(sys.argv[3])):
        with store.writing():
            known = store.count()
            session = Session(float(place), None, "running", "", str(known), {}, {})
            store.begin(About(sys.argv[2]), session, Process.own())
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "records.sqlite"


@pytest.fixture
def store(path: Path):
    with Store.open(path, create=True) as opened:
        yield opened


def begin(store: Store, about: About | None = None, at: float = 100.0) -> int:
    with store.writing():
        return store.begin(about or About("test"), SESSION._replace(started_at=at), Process.own())


def go_on(store: Store, about: About, step: int) -> int:
    with store.writing():
        return store.go_on(about, SESSION._replace(started_at=200.0), Process.own(), step)


def test_a_run_comes_back_whole(store: Store, tmp_path: Path):
    about = About("test", folder=tmp_path / "run", seed=3, data="9 entries", label=Label("rates", 7))
    number = begin(store, about)
    file = Artefact(Path("model"), "model", 5, "ab")
    with store.writing():
        store.write_settings(number, {"units": encode(8)})
        store.write_results(number, {"z": encode(1), "a": encode(2)})
        store.write_artefacts(number, [file])
        store.finish(number, "done", "patience\nended", 160.0)
    run = store.run(number)
    assert (run.program, run.folder, run.seed, run.data) == ("test", tmp_path / "run", 3, "9 entries")
    assert (run.label, run.state, run.reason) == (Label("rates", 7), "done", r"patience\nended")
    assert (run.started_at, run.ended_at, run.seconds) == (100.0, 160.0, 60.0)
    assert store.settings([number]) == {number: {"units": 8}}
    assert list(store.results([number])[number]) == ["z", "a"]
    assert store.artefacts(number) == [file]
    assert store.sessions(number) == [
        SESSION._replace(ended_at=160.0, state="done", reason=r"patience\nended")
    ]


def test_a_run_that_goes_on_has_one_record_and_two_sessions(store: Store, tmp_path: Path):
    about = About("test", {"units": 8}, tmp_path)
    number = begin(store, about)
    other = begin(store, About("another", folder=tmp_path))
    with store.writing():
        for step in (1, 2, 3):
            store.write_statistics(number, step, {"loss": float(step)})
    assert go_on(store, About("test", folder=tmp_path), step=2) == number
    assert store.statistics(number)["loss"].steps == [1, 2]
    first, second = store.sessions(number)
    assert (first.state, first.ended_at, second.state) == ("lost", 100.0, "running")
    assert store.run(number).started_at == 100.0
    assert store.run(number).state == "running"
    with store.writing():
        store.finish(number, "done", "", 230.0)
    assert store.run(number).seconds == 30.0, "the break is left out"
    assert go_on(store, About("test", folder=tmp_path / "elsewhere"), step=2) not in (number, other)


def test_a_run_is_found_by_its_key_wherever_it_lies(store: Store, tmp_path: Path):
    number = begin(store, About("test", key="a" * 32))
    assert go_on(store, About("test", folder=tmp_path, key="a" * 32), step=0) == number
    assert begin(store, About("test", key="a" * 32)) == number
    assert store.count() == 1


def test_the_last_of_several_runs_in_a_folder_goes_on(store: Store, tmp_path: Path):
    begin(store, About("test", folder=tmp_path))
    second = begin(store, About("test", folder=tmp_path))
    assert go_on(store, About("test", folder=tmp_path), step=1) == second
    assert store.count() == 2


def test_a_trial_that_is_begun_again_is_the_same_run(store: Store, tmp_path: Path):
    trial = Label("rates", 7)
    number = begin(store, About("test", folder=tmp_path, label=trial))
    with store.writing():
        store.write_statistics(number, 1, {"loss": 1.0})
        store.write_results(number, {"accuracy": encode(0.5)})
    assert begin(store, About("test", folder=tmp_path, label=trial)) == number
    assert store.statistics(number) == {}
    assert store.results([number]) == {number: {}}
    assert begin(store, About("test", folder=tmp_path, label=Label("rates", 8))) != number
    assert [run.number for run in store.runs(Query(sweep="rates", trial=7))] == [number]


def test_deleting_a_run_deletes_all_that_is_known_of_it(store: Store):
    number, kept = begin(store), begin(store)
    with store.writing():
        for run in (number, kept):
            store.write_settings(run, {"units": encode(8)})
            store.write_results(run, {"accuracy": encode(0.5)})
            store.write_statistics(run, 1, {"loss": 1.0})
            store.write_artefacts(run, [Artefact(Path("model"), "model", 5, "ab")])
    with store.writing():
        store.delete([number])
    for table in ("sessions", "settings", "results", "statistics", "artefacts"):
        assert store.connection.execute(f"SELECT DISTINCT run FROM {table}").fetchall() == [(kept,)]
    assert begin(store) > kept, "numbers do not come again"
    with pytest.raises(InputError, match=f"has no run {number}"):
        store.run(number)


def test_what_fails_midway_is_not_written(store: Store):
    number = begin(store)
    with pytest.raises(ZeroDivisionError), store.writing():
        store.write_statistics(number, 1, {"loss": 1.0})
        raise ZeroDivisionError
    assert store.statistics(number) == {}
    with pytest.raises(RecordsError, match="was deleted"), store.writing():
        store.write_statistics(number + 1, 1, {"loss": 1.0})


def test_two_processes_write_at_once(path: Path):
    """They read before they write in each transaction, which fails at once unless it is begun as a writer."""
    path.parent.mkdir()
    command = [sys.executable, "-c", WRITER, str(path)]
    both = [
        subprocess.Popen([*command, name, "40"], cwd=ROOT, stderr=subprocess.PIPE, text=True)
        for name in ("first", "second")
    ]
    for process in both:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
    with Store.open(path) as store:
        assert store.count(Query(programs=["first"])) == store.count(Query(programs=["second"])) == 40
        seen = [int(store.sessions(run.number)[0].command) for run in store.runs()]
        assert seen == list(range(79, -1, -1)), "each saw all before it"


def test_a_locked_file_is_waited_for(store: Store, path: Path):
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.3, lambda: other.execute("COMMIT"))
    timer.start()
    assert begin(store) == 1
    timer.join()
    other.execute("BEGIN IMMEDIATE")
    with (
        Store.open(path, patience=0.01) as hurried,
        pytest.raises(RecordsError, match="keeps it locked: try again later") as caught,
    ):
        begin(hurried)
    assert caught.value.passing
    other.close()


def test_a_newer_file_is_refused_and_left_alone(store: Store, path: Path):
    begin(store)
    store.connection.execute(f"PRAGMA user_version = {len(schema.MIGRATIONS) + 1}")
    store.close()
    before = path.read_bytes()
    with pytest.raises(RecordsError, match=f"{path}: was written by a newer version of this program"):
        Store.open(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("version", range(1, len(schema.MIGRATIONS) + 1))
def test_an_older_file_is_brought_up_to_date(path: Path, version: int, monkeypatch: pytest.MonkeyPatch):
    """Of every version there was, and to one that is to come."""
    monkeypatch.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:version])
    with Store.open(path, create=True) as old:
        number = begin(old)
    monkeypatch.undo()
    further = ("ALTER TABLE runs ADD COLUMN note TEXT", "CREATE TABLE further (number INTEGER) STRICT")
    monkeypatch.setattr(schema, "MIGRATIONS", [*schema.MIGRATIONS, further])
    with Store.open(path) as new:
        assert new.connection.execute("PRAGMA user_version").fetchone() == (len(schema.MIGRATIONS),)
        query = "SELECT number, program, note FROM runs"
        assert new.connection.execute(query).fetchall() == [(number, "test", None)]
        assert new.connection.execute("SELECT * FROM further").fetchall() == []
        assert [run.number for run in new.runs()] == [number]
        assert begin(new) == number + 1


def test_a_migration_that_fails_changes_nothing(store: Store, path: Path, monkeypatch: pytest.MonkeyPatch):
    begin(store)
    store.close()
    broken = ("CREATE TABLE further (number INTEGER) STRICT", "ALTER TABLE nowhere ADD COLUMN note TEXT")
    monkeypatch.setattr(schema, "MIGRATIONS", [*schema.MIGRATIONS, broken])
    with pytest.raises(RecordsError, match="no such table: nowhere"):
        Store.open(path)
    monkeypatch.undo()
    with Store.open(path) as again:
        assert again.count() == 1
        tables = again.connection.execute("SELECT name FROM sqlite_schema").fetchall()
        assert ("further",) not in tables


def test_a_truncated_file_is_refused(store: Store, path: Path):
    for _ in range(50):
        number = begin(store)
        with store.writing():
            store.write_settings(number, {f"name {place}": encode("x" * 100) for place in range(10)})
    store.close()
    os.truncate(path, path.stat().st_size // 2 // 4096 * 4096)
    with pytest.raises(RecordsError, match="is damaged: move it away"), Store.open(path) as cut:
        cut.settings([run.number for run in cut.runs()])
    short = path.with_name("short.sqlite")
    short.write_bytes(path.read_bytes()[:60])
    with pytest.raises(RecordsError, match="is damaged"):
        Store.open(short)


def test_other_things_in_place_of_a_file_are_refused(path: Path, tmp_path: Path):
    with pytest.raises(RecordsError, match="there is none yet: a run makes it"):
        Store.open(path)
    path.mkdir(parents=True)
    with pytest.raises(RecordsError, match="is a folder: give another file"):
        Store.open(path)
    text = tmp_path / "text"
    text.write_text("not a file of records, but long enough to be read" * 10)
    with pytest.raises(RecordsError, match="is no records file"):
        Store.open(text)
    with pytest.raises(RecordsError, match="its folder cannot be made"):
        Store.open(text / "records.sqlite", create=True)
    foreign = tmp_path / "foreign.sqlite"
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE songs (name TEXT)")
    connection.close()
    with pytest.raises(RecordsError, match="holds tables of another program"):
        Store.open(foreign, create=True)


def test_a_full_disk_is_said_and_passes(store: Store):
    number = begin(store)
    (pages,) = store.connection.execute("PRAGMA page_count").fetchone()
    store.connection.execute(f"PRAGMA max_page_count = {pages}")
    values = {f"name {place}": encode("x" * 200) for place in range(100)}
    with pytest.raises(RecordsError, match="the disk is full: make room") as caught, store.writing():
        store.write_settings(number, values)
    assert caught.value.passing
    store.connection.execute(f"PRAGMA max_page_count = {pages + 100}")
    with store.writing():
        store.write_settings(number, values)
    assert len(store.settings([number])[number]) == 100


def test_a_value_that_was_tampered_with_is_named_by_its_file(store: Store, path: Path):
    number = begin(store)
    with store.writing():
        store.write_settings(number, {"layers": encode([1, 2])})
        store.connection.execute("UPDATE settings SET value = '[1, 2'")
    with pytest.raises(RecordsError, match=f"{path}: is damaged"):
        store.settings([number])
    with store.writing():
        store.connection.execute("UPDATE sessions SET code = '{'")
    with pytest.raises(RecordsError, match="is damaged"):
        store.sessions(number)


def test_the_tables_hold_to_their_types_and_to_their_runs(store: Store):
    begin(store)
    with pytest.raises(RecordsError), store.writing():
        store.connection.execute("UPDATE runs SET state = 'sleeping'")
    with pytest.raises(RecordsError), store.writing():
        store.connection.execute("INSERT INTO statistics VALUES (1, 'loss', 1, 'high')")
    assert store.connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert json.loads(store.connection.execute("SELECT code FROM sessions").fetchone()[0]) == CODE
