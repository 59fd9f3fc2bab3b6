"""Several machines at one sweep, over a folder that they share."""

from pathlib import Path
from typing import Any

import pytest

from experiments.sweep import commands
from tests.support import patience
from tests.support.quick_machines import launcher
from tests.support.quick_sweeps import run
from tests.support.running_sweeps import PRINTED, RECORDS, begin, table
from tests.support.sweep_files import write_sweep
from workbench.records import Store, disk, several_machines

pytestmark = pytest.mark.usefixtures("folder")

PARTS: dict[str, Any] = {
    "seeds": 2,
    "settings": {"gate": "open"},  # nothing ends before both machines are at work, however slow these are
    "space": {"rate": {"choice": [0.1, 0.3, 0.5]}},
    "search": {"kind": "halving", "candidates": 3, "first": 10, "factor": 2},
    "budget": {"epochs": 20},
}


def at_work() -> set[str]:
    """Return which machines have taken a trial."""
    if not RECORDS.exists():
        return set()
    with Store.open(RECORDS) as store:
        query = "SELECT DISTINCT system FROM trials WHERE state = 'running'"
        return {system for (system,) in store.connection.execute(query)}


def test_another_machine_joins_a_sweep_and_the_table_is_the_same(folder: Path, capsys):
    quiet = {**PARTS, "settings": {}}
    assert run("run", str(write_sweep(folder, "quiet", **quiet))) == 0
    path = write_sweep(folder, "joined", **PARTS)
    first = begin("run", path, "--shared", launcher=launcher("one"))
    patience.wait_until(lambda: first.poll() is not None or at_work() == {"one"})
    second = begin("work", path, launcher=launcher("two"))
    patience.wait_until(lambda: second.poll() is not None or at_work() == {"one", "two"})
    capsys.readouterr()
    assert run("status", str(path)) == 0
    assert "joined, running" in capsys.readouterr().out
    assert run("stop", str(path)) == 0
    assert (first.wait(patience.SECONDS), second.wait(patience.SECONDS)) == (130, 130), PRINTED.read_text()
    assert run("work", str(path)) == 2
    assert "joined.toml: was stopped: `resume` goes on with it" in capsys.readouterr().err
    first = begin("resume", path, launcher=launcher("one"))
    patience.wait_until(lambda: first.poll() is not None or at_work() == {"one"})
    second = begin("work", path, launcher=launcher("two"))
    patience.wait_until(lambda: second.poll() is not None or at_work() == {"one", "two"})
    (folder / "open").touch()
    assert (first.wait(patience.SECONDS), second.wait(patience.SECONDS)) == (0, 0), PRINTED.read_text()
    assert table(folder, "joined", **PARTS) == table(folder, "quiet", **quiet)
    assert not list(folder.rglob("two at once"))


def test_who_cannot_join_is_told_why(folder: Path, capsys, monkeypatch):
    path = write_sweep(folder, budget={"epochs": 1})
    assert run("work", str(path), "--records", "none.sqlite") == 2
    assert "none.sqlite: there is none yet" in capsys.readouterr().err
    assert run("run", str(path)) == 0
    (folder / "runs/sweeps/sweep").rename(folder / "elsewhere")
    assert run("work", str(path)) == 2
    assert "runs/sweeps/sweep: is not here: join in the folder in which" in capsys.readouterr().err
    monkeypatch.setattr(several_machines, "disk_kind", lambda path: disk.UNLOCKED)
    for command in ("work", "resume"):
        assert run(command, str(path), *["--shared"] * (command == "resume")) == 2
        assert "its disk may not tell other machines what is locked" in capsys.readouterr().err


def test_a_sweep_that_others_work_at_is_not_begun_anew(folder: Path, capsys, monkeypatch):
    path = write_sweep(folder, budget={"epochs": 1})
    assert run("run", str(path)) == 0
    monkeypatch.setattr(commands, "_is_worked_at", lambda trials, folder: True)
    capsys.readouterr()
    assert run("run", str(path), "--overwrite") == 2
    assert "other workers are at its trials (`work`): `stop` ends them" in capsys.readouterr().err
    assert [row[3] for row in table(folder, budget={"epochs": 1})] == ["done"] * 2
