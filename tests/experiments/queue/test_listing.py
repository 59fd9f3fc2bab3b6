"""The queue in a table, as JSON, and what jobs have printed."""

import json
import re
from pathlib import Path

from experiments.queue.jobs import Jobs
from tests.support.quick_queue import run
from tests.support.running_queue import RECORDS, submit
from workbench.records import Store


def listed(capsys, *words: str) -> str:
    capsys.readouterr()
    assert run("jobs", *words) == 0
    return capsys.readouterr().out


def test_the_table_shows_what_runs_what_waits_and_what_ended(capsys):
    for _ in range(4):
        submit("--epochs", "3")
    with Store.open(RECORDS) as store:
        jobs = Jobs(store)
        jobs.note_waiting(jobs.job(2), "room")
        for number in (1, 3, 4):
            jobs.take(number, "one")
        jobs.release(jobs.job(3), "one", "failed", reason="why", attempts=3, exit_status=1)
        jobs.release(jobs.job(4), "one", "waiting", reason="", attempts=1, exit_status=1)
        jobs.ask_to_cancel(1)
    lines = [re.split(r"  +", line.strip()) for line in listed(capsys).splitlines()]
    assert [line[:2] for line in lines[1:]] == [
        ["1", "cancelling"],
        ["2", "waiting"],
        ["4", "waiting"],
        ["3", "failed"],
    ]
    assert lines[2][-1] == "waits for room" and lines[3][-1] == "failed 1 of 3 times"
    assert lines[4][-1] == "why"
    assert listed(capsys, "--state", "failed").count("\n") == 2
    (found,) = json.loads(listed(capsys, "--state", "failed", "--json"))
    assert (found["number"], found["words"], found["exit_status"]) == (3, ["train", "--epochs", "3"], 1)
    assert found["folder"] == str(Path("runs/jobs/0003").absolute()) and found["run"] is None


def test_a_log_is_printed_whatever_is_in_it_and_followed_to_the_end(capsys):
    submit()
    assert run("log", "1") == 2
    assert "job 1: is waiting and has printed nothing yet" in capsys.readouterr().err
    Path("runs/jobs/0001/log.txt").write_bytes("grün".encode() * 50_000 + b"\xff\n")
    assert run("cancel", "1") == 0
    capsys.readouterr()
    assert run("log", "1", "--follow") == 0
    assert capsys.readouterr().out == "grün" * 50_000 + "\ufffd\n"


def test_without_a_queue_there_is_nothing_to_list(capsys):
    assert run("jobs") == 2
    assert "there is none yet" in capsys.readouterr().err
