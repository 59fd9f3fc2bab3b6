"""Recording never breaks a run, and a run that is killed is seen to be lost."""

import logging
import shlex
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support import patience
from tests.support.places import ROOT
from workbench.errors import InputError
from workbench.records import About, Label, Query, Recorder, Store, recording, records_path, writer
from workbench.records.process import running_system

TRAINING = """
import sys, time
from pathlib import Path
from workbench.records import About, recording
with recording(About("killed", {"units": 8}, Path("run")), sys.argv[1]) as recorder:
    for step in range(100_000):
        recorder.statistics(step, {"loss": 1 / (step + 1)})
        time.sleep(0.01)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs" / "records.sqlite"


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch):
    """Write at once, and wait for nobody."""
    monkeypatch.setattr(writer, "INTERVAL", 0.02)
    monkeypatch.setattr(writer, "PATIENCE", 0.01)


def read(path: Path):
    with Store.open(path) as store:
        (run,) = store.runs()
        number = run.number
        return (
            run,
            store.settings([number])[number],
            store.results([number])[number],
            store.statistics(number),
        )


def test_a_run_is_recorded(path: Path, tmp_path: Path):
    (tmp_path / "model").write_bytes(b"12345")
    with recording(About("test", {"units": 8}, tmp_path, 3, "9 entries"), path) as recorder:
        recorder.settings({"entries": 9})
        recorder.statistics(1, {"loss": 0.5, "missing": None})
        recorder.results({"accuracy": 0.75, "missing": None})
        recorder.artefacts([tmp_path / "model", tmp_path / "not there"], "model")
    run, settings, results, statistics = read(path)
    assert (run.state, run.reason, run.number) == ("done", "", recorder.number)
    assert (run.seed, run.data, run.folder) == (3, "9 entries", tmp_path)
    assert run.started_at <= run.ended_at <= time.time()
    assert (settings, results) == ({"units": 8, "entries": 9}, {"accuracy": 0.75})
    assert statistics == {"loss": ([1], [0.5])}
    with Store.open(path) as store:
        (file,) = store.artefacts(run.number)
        (session,) = store.sessions(run.number)
    assert (file.path, file.role, file.size) == (Path("model"), "model", 5)
    assert file.digest == "5994471abb01112afcc18159f6cc74b4f511b99806da59b3caf5a9c173cacfc5"
    assert session.code["python"] == sys.version.partition(" ")[0]
    assert session.machine["cores"]
    assert session.command == shlex.join(sys.orig_argv)


@pytest.mark.parametrize(
    ("error", "state", "reason"),
    [
        (ValueError("of this\nkind"), "failed", r"ValueError: of this\nkind"),
        (KeyboardInterrupt(), "stopped", "interrupted"),
        (SystemExit(3), "failed", "exit status 3"),
        (SystemExit(0), "done", ""),
    ],
)
def test_an_error_ends_the_run_and_goes_on(path: Path, error: BaseException, state: str, reason: str):
    with pytest.raises(type(error)), recording(About("test"), path):
        raise error
    run, *_ = read(path)
    assert (run.state, run.reason) == (state, reason)


def test_of_an_exit_the_error_counts_that_it_was_made_for(path: Path):
    with pytest.raises(SystemExit), recording(About("test"), path):
        try:
            raise ValueError("of this kind")
        except ValueError:
            sys.exit(2)
    assert read(path)[0].reason == "ValueError: of this kind"


def test_the_first_end_counts(path: Path):
    with recording(About("test"), path) as recorder:
        recorder.finish("stopped", "interrupted")
    assert read(path)[0].state == "stopped"


def test_what_goes_on_has_the_same_record(path: Path, tmp_path: Path):
    for step in (None, 2):
        with recording(About("test", folder=tmp_path), path, step) as recorder:
            for later in range(step or 0, 4):
                recorder.statistics(later, {"loss": later + (0.5 if step else 0.0)})
    run, _, _, statistics = read(path)
    assert statistics == {"loss": ([0, 1, 2, 3], [0.0, 1.0, 2.5, 3.5])}
    assert run.state == "done"


def test_trials_bear_the_label_of_the_environment(path: Path, monkeypatch: pytest.MonkeyPatch):
    label = Label("rates/of learning", 7)
    for name, text in label.environment.items():
        monkeypatch.setenv(name, text)
    with recording(About("test"), path):
        pass
    assert read(path)[0].label == label
    monkeypatch.setenv("GANGLION_TRIAL", "rates")
    with pytest.raises(InputError, match="GANGLION_TRIAL=rates: give the name of a sweep"):
        Recorder(About("test"), path)


def test_where_the_records_are(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("GANGLION_RECORDS")
    assert records_path() == Path("runs/records.sqlite")
    assert records_path("here") == Path("here")
    monkeypatch.setenv("GANGLION_RECORDS", "there")
    assert records_path() == Path("there")
    assert records_path("here") == Path("here")
    assert records_path("off") is None
    monkeypatch.setenv("GANGLION_RECORDS", "off")
    assert records_path() is None


def test_nothing_is_recorded_where_records_are_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    with recording(About("test", folder=tmp_path)) as recorder:
        recorder.statistics(1, {"loss": 0.5})
        recorder.results({"accuracy": 0.75})
        recorder.artefacts([tmp_path])
    assert recorder.number is None
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_recorded_is_left_out_and_said_once(path: Path, caplog: pytest.LogCaptureFixture):
    with recording(About("test", {"network": object()}), path) as recorder:
        for step in (1, 2):
            recorder.statistics(step, {"loss": "low", "rate": 0.5})
    assert [record.getMessage() for record in caplog.records] == [
        "records: network is left out: a record keeps numbers, texts, lists and dictionaries, not object",
        "records: loss is left out: a statistic is a number, not str",
    ]
    assert read(path)[3] == {"rate": ([1, 2], [0.5, 0.5])}


def test_a_file_locked_for_a_while_costs_nothing_but_a_warning(path: Path, caplog: pytest.LogCaptureFixture):
    Store.open(path, create=True).close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with recording(About("test", {"units": 8}), path) as recorder:
        given_up = time.monotonic() + patience.SECONDS
        while not caplog.records:
            assert time.monotonic() < given_up
            recorder.statistics(1, {"loss": 0.5})
            time.sleep(0.001)
        other.execute("COMMIT")
    said = "another program keeps it locked: try again later. The run goes on; it is tried again"
    assert [record.getMessage() for record in caplog.records] == [f"records: {path}: {said}"]
    run, settings, _, statistics = read(path)
    assert (run.state, settings, statistics) == ("done", {"units": 8}, {"loss": ([1], [0.5])})
    other.close()


def test_a_file_locked_for_ever_is_given_up(
    path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(writer, "CLOSE_SECONDS", 0.1)
    Store.open(path, create=True).close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with recording(About("test"), path) as recorder:
        recorder.results({"accuracy": 0.75})
    assert caplog.records[-1].getMessage() == f"{path}: the end of the run could not be written there"
    other.close()


@pytest.mark.parametrize("trouble", ["folder", "unwritable", "newer", "other"])
def test_a_file_that_cannot_be_used_costs_nothing_but_a_warning(
    path: Path, trouble: str, caplog: pytest.LogCaptureFixture
):
    said = make_trouble(path, trouble)
    with recording(About("test"), path) as recorder:
        for step in range(3):
            recorder.statistics(step, {"loss": 0.5})
            time.sleep(0.05)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert said in record.getMessage()
    assert record.getMessage().endswith("The run goes on; there will be no record of it")
    assert recorder.number is None


def make_trouble(path: Path, trouble: str) -> str:
    """Put something in the way of a records file; return what is said of it."""
    if trouble == "unwritable":
        path.parent.write_text("no folder")
        return "its folder cannot be made"
    path.parent.mkdir()
    if trouble == "folder":
        path.mkdir()
        return "is a folder"
    if trouble == "other":
        path.write_text("no records" * 100)
        return "is no records file"
    with Store.open(path, create=True) as store:
        store.connection.execute("PRAGMA user_version = 99")
    return "was written by a newer version"


def test_a_full_disk_costs_nothing_but_a_warning(
    path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    opened = Store.open.__func__

    def cramped(cls, *arguments, **options):
        store = opened(cls, *arguments, **options)
        (pages,) = store.connection.execute("PRAGMA page_count").fetchone()
        store.connection.execute(f"PRAGMA max_page_count = {pages + 2}")
        return store

    monkeypatch.setattr(Store, "open", classmethod(cramped))
    monkeypatch.setattr(writer, "CLOSE_SECONDS", 0.2)
    with recording(About("test"), path) as recorder:
        for step in range(2000):
            recorder.statistics(step, {f"loss {place}": 0.5 for place in range(5)})
    assert "the disk is full: make room. The run goes on; it is tried again" in caplog.records[0].getMessage()
    assert "could not be written there" in caplog.records[-1].getMessage()
    assert len(caplog.records) == 2


def test_a_run_that_is_deleted_while_it_goes_on_is_not_made_again(
    path: Path, caplog: pytest.LogCaptureFixture
):
    with recording(About("test"), path) as recorder:
        patience.wait_until(lambda: recorder.number is not None)
        with Store.open(path) as store, store.writing():
            store.delete([recorder.number])
        recorder.statistics(1, {"loss": 0.5})
    assert "the record of the run was deleted" in caplog.records[0].getMessage()
    with Store.open(path) as store:
        assert store.runs() == []


@pytest.mark.skipif(not running_system(), reason="elsewhere a dead process is known after a while only")
def test_a_killed_process_leaves_a_lost_run_that_goes_on(path: Path, tmp_path: Path):
    process = subprocess.Popen(
        [sys.executable, "-c", TRAINING, str(path)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        stderr=subprocess.PIPE,
    )
    patience.wait_until(lambda: process.poll() is not None or written_steps(path) > 3)
    with Store.open(path) as store:
        assert store.runs()[0].state == "running"
    process.kill()
    _, said = process.communicate()
    assert said == b""
    with Store.open(path) as store:
        (lost,) = store.runs(Query(states=["lost"]))
        assert lost.reason.startswith("its process ended without a word")
        assert lost.ended_at == lost.seen_at > lost.started_at
        steps = store.statistics(lost.number)["loss"].steps
    assert steps == list(range(len(steps)))
    with recording(About("killed", folder=tmp_path / "run"), path, step=1):
        pass
    run, _, _, statistics = read(path)
    assert (run.number, run.state) == (lost.number, "done")
    assert statistics["loss"].steps == [0, 1]


def written_steps(path: Path) -> int:
    if not path.exists():
        return 0
    with Store.open(path, create=True) as store:
        return sum(len(store.statistics(run.number).get("loss", ([],))[0]) for run in store.runs())
