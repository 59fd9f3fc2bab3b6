"""Workers that run jobs: results, failures, retries, priorities, cancelling, stopping, going on."""

import signal
from pathlib import Path

import pytest

from experiments.queue.alive import is_worked_at
from tests.support import patience
from tests.support.quick_queue import GRACE, run
from tests.support.running_queue import PRINTED, RECORDS, begin_worker, job, states, submit, wait_for
from workbench.records import Store


def work(*words: str) -> int:
    return run("worker", "--until-empty", *words)


def test_jobs_run_in_folders_of_their_own(folder: Path, capsys):
    for epochs in ("2", "3"):
        submit("--epochs", epochs, "--rate", "0.5")
    assert work("--slots", "2") == 0
    assert states() == {1: "done", 2: "done"}
    for number, epochs in ((1, 2), (2, 3)):
        lines = (folder / f"runs/jobs/000{number}/losses.csv").read_text().splitlines()
        assert len(lines) == 1 + epochs
        found = job(number)
        assert (found.exit_status, found.attempts, found.owner) == (0, 0, None)
        assert found.submitted_at <= found.started_at <= found.ended_at
    printed = capsys.readouterr().out
    assert "job 1  running  quick train --rate 0.5 --epochs 2\n" in printed
    assert "job 2  done\n" in printed


def test_the_highest_priority_runs_first(capsys):
    for priority in ("0", "7", "-7", "7"):
        submit("--epochs", "1", terms=("--priority", priority))
    capsys.readouterr()
    assert work() == 0
    began = [line.split()[1] for line in capsys.readouterr().out.splitlines() if "running" in line]
    assert began == ["2", "4", "1", "3"]


def test_a_failure_is_tried_again_until_its_retries_are_used_up_and_bad_input_never(capsys):
    submit("--epochs", "3", "--breaks-at", "2", terms=("--retries", "1"))
    submit("--breaks-at", "99")
    assert work("--slots", "2") == 0
    broken, bad = job(1), job(2)
    assert (broken.state, broken.attempts, broken.exit_status) == ("failed", 2, 1)
    assert broken.reason == "exit status 1: loss is not finite"
    assert (bad.state, bad.attempts, bad.exit_status) == ("failed", 1, 2)
    capsys.readouterr()
    assert run("log", "1") == 0
    assert capsys.readouterr().out == "loss is not finite\n" * 2
    assert run("retry", "1", "2") == 0
    assert states() == {1: "waiting", 2: "waiting"}


def test_a_job_that_had_ended_when_its_worker_was_killed_is_not_run_again(folder: Path, capsys):
    submit()
    (folder / "runs/jobs/0001/finished").touch()
    assert work() == 0
    assert states() == {1: "done"}
    assert not (folder / "runs/jobs/0001/log.txt").exists()


def test_ctrl_c_lets_jobs_save_and_wait_and_they_go_on(folder: Path):
    submit("--epochs", "300", "--pause", "0.02")
    process = begin_worker()
    wait_for((folder / "runs/jobs/0001/state.json").exists, process)
    assert is_worked_at(folder / "runs/jobs")
    process.send_signal(signal.SIGINT)
    assert process.wait(patience.SECONDS) == 130
    assert not is_worked_at(folder / "runs/jobs")
    found = job(1)
    assert (found.state, found.attempts, found.owner) == ("waiting", 0, None)
    saved = len((folder / "runs/jobs/0001/losses.csv").read_text().splitlines())
    assert 1 < saved < 301
    assert work() == 0
    lines = (folder / "runs/jobs/0001/losses.csv").read_text().splitlines()
    assert len(lines) == 301
    assert not (folder / "runs/jobs/0001/two at once").exists()


@pytest.mark.parametrize("dead", [False, True], ids=["its worker lives", "its worker was killed"])
def test_cancel_ends_a_job_and_what_it_has_started_though_neither_ends_when_asked(
    folder: Path, monkeypatch, dead: bool
):
    submit("--epochs", "9", "--stubborn", "yes", "--pause", "1000")
    monkeypatch.setenv(GRACE, "0.1")
    process = begin_worker()
    processes = folder / "runs/jobs/0001/processes"
    wait_for(processes.exists, process)
    alive = [int(number) for number in processes.read_text().split()]
    if dead:
        process.kill()
        process.wait()
    assert run("cancel", "1") == 0
    assert job(1).state == "cancelled"
    patience.wait_until(lambda: not any(map(is_alive, alive)))
    process.kill()
    process.wait()


def is_alive(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_a_program_that_a_worker_does_not_know_waits_for_another_worker():
    submit()
    with Store.open(RECORDS) as store:
        store.connection.execute("UPDATE jobs SET program = 'slow'")
    process = begin_worker()
    wait_for(lambda: job(1).waiting_for, process)
    process.terminate()
    assert process.wait(patience.SECONDS) == 130
    assert (job(1).state, job(1).waiting_for) == ("waiting", "a worker that knows the program 'slow'")


def test_a_job_waits_with_the_reason_while_it_cannot_start(folder: Path, capsys, monkeypatch):
    place = folder / "place"
    place.mkdir()
    monkeypatch.chdir(place)
    run("submit", "--records", str(folder / RECORDS), "quick", "train")
    monkeypatch.chdir(folder)
    place.rename(folder / "moved")
    process = begin_worker("--until-empty")
    wait_for(lambda: job(1).waiting_for, process)
    assert job(1).waiting_for == f"the folder that it works in, which is not on this machine: {place}"
    capsys.readouterr()
    assert run("jobs") == 0
    assert "waits for the folder that it works in" in capsys.readouterr().out
    (folder / "moved").rename(place)
    assert process.wait(patience.SECONDS) == 0, PRINTED.read_text()
    assert states() == {1: "done"}
