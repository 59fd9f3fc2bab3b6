"""Workers of several machines at one queue, over a folder that they share."""

from pathlib import Path

from experiments.queue.jobs import Jobs
from tests.support import patience
from tests.support.quick_queue import run
from tests.support.running_queue import PRINTED, RECORDS, begin_worker, job, states, submit, wait_for
from workbench.records import Store


def systems() -> dict[int, str]:
    """Return which machine runs which job."""
    with Store.open(RECORDS) as store:
        return dict(store.connection.execute("SELECT number, system FROM jobs WHERE state = 'running'"))


def test_no_job_is_run_by_two_machines_and_one_is_cancelled_from_another(folder: Path):
    for _ in range(3):
        submit("--epochs", "100000", "--pause", "0.02")
    first = begin_worker("--shared", machine="one")
    wait_for(lambda: systems() == {1: "one"}, first)
    second = begin_worker("--slots", "2", machine="two")
    wait_for(lambda: systems() == {1: "one", 2: "two", 3: "two"}, second)
    wait_for((job(1).folder / "state.json").exists, first)
    assert run("cancel", "1", "2", "3") == 0
    assert states() == dict.fromkeys((1, 2, 3), "cancelled")
    assert (job(1).folder / "state.json").exists()  # it was asked, and has saved
    for worker in (first, second):
        worker.terminate()
        assert worker.wait(patience.SECONDS) == 130, PRINTED.read_text()
    assert not list(folder.rglob("two at once"))


def test_a_job_of_a_machine_that_broke_down_is_taken_over_after_its_lease(folder: Path):
    submit("--epochs", "30", "--pause", "0.02")
    first = begin_worker("--shared", machine="one")
    wait_for((job(1).folder / "state.json").exists, first)
    first.kill()
    first.wait()
    second = begin_worker("--until-empty", machine="two")
    with Store.open(RECORDS) as store:
        assert Jobs(store).job(1).state == "running"
        store.connection.execute("UPDATE jobs SET lease_until = 0")
    assert second.wait(patience.SECONDS) == 0, PRINTED.read_text()
    assert (states(), job(1).attempts) == ({1: "done"}, 0)
    assert len((job(1).folder / "losses.csv").read_text().splitlines()) == 31
