"""A worker whose slots are processes that an engine starts: here on this machine."""

import os
import signal
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from experiments.engines.local import LocalEngine, LocalProcess
from experiments.queue.spread import work_spread
from tests.support import patience
from tests.support.quick_queue import NEVER_BUSY, WORKER, run
from tests.support.running_queue import RECORDS, job, states, submit
from workbench.errors import OperationError
from workbench.records import Store

WORDS = (*WORKER, *NEVER_BUSY, "--records", str(RECORDS))


class Counting(LocalEngine):
    """Keeps what it has started."""

    def __init__(self, processes: int) -> None:
        super().__init__(processes)
        self.started: list[LocalProcess] = []

    def start(self, words: Sequence[str]) -> LocalProcess:
        """Start Python with some words."""
        self.started.append(super().start(words))
        return self.started[-1]


def spread(engine: LocalEngine, said: list[str], *more: str, until_empty: bool = True) -> bool:
    """Work with two slots; return whether all has ended."""
    with Store.open(RECORDS) as store:
        words = [*WORDS, *more]
        return work_spread(engine, store, words, slots=2, until_empty=until_empty, say=said.append)


def act_when(happens, act) -> threading.Thread:
    """Do something, in a thread, once something is true."""

    def wait() -> None:
        patience.wait_until(happens)
        act()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_jobs_go_on_though_a_slot_is_killed_and_it_is_said_what_becomes_of_them():
    submit("--epochs", "60", "--pause", "0.02")
    submit("--epochs", "1", "--breaks-at", "99")
    engine = Counting(2)
    snapshot = job(1).folder / "state.json"
    killing = act_when(snapshot.exists, lambda: engine.started[0].kill() or engine.started[1].kill())
    said: list[str] = []
    assert spread(engine, said)
    killing.join()
    assert states() == {1: "done", 2: "failed"}
    assert len((job(1).folder / "losses.csv").read_text().splitlines()) == 61
    assert not (job(1).folder / "two at once").exists()
    assert len(engine.started) == 4
    assert "job 1  running  quick train --pause 0.02 --epochs 60" in said
    assert "job 2  failed  exit status 2: holds a run already" in said
    assert "job 1  done" in said
    assert all(process.poll() is not None for process in engine.started)


def test_ctrl_c_lets_jobs_save_and_wait():
    submit("--epochs", "3000", "--pause", "0.02")
    said: list[str] = []
    asking = act_when(lambda: said, lambda: os.kill(os.getpid(), signal.SIGINT))
    assert not spread(LocalEngine(2), said, until_empty=False)
    asking.join()
    assert (job(1).state, job(1).attempts, job(1).owner) == ("waiting", 0, None)
    assert said == ["job 1  running  quick train --pause 0.02 --epochs 3000", "job 1  waiting"]


def test_a_slot_ends_with_the_process_that_started_it():
    submit("--epochs", "3000", "--pause", "0.02")
    slot = LocalProcess([*WORDS, "--hosted", "1"])
    patience.wait_until((job(1).folder / "state.json").exists)
    slot._process.stdin.close()
    assert slot._process.wait(patience.SECONDS) == -signal.SIGKILL
    assert run("cancel", "1") == 0
    assert states() == {1: "cancelled"}


def test_a_slot_that_cannot_work_is_said(folder: Path):
    submit()
    with pytest.raises(OperationError, match="a worker failed, as it says above"):
        spread(LocalEngine(2), [], "--notices", str(folder / "missing.toml"))


def test_a_worker_makes_no_queue_that_is_named_or_to_be_emptied(folder: Path, capsys):
    for words in (["--until-empty"], ["--records", "mistyped.sqlite", "--until-empty"]):
        assert run("worker", *words) == 2
        assert "there is none yet" in capsys.readouterr().err
    assert run("worker", "--records", "mistyped.sqlite") == 2
    assert list(folder.iterdir()) == []
