"""Workers and jobs that are killed at random moments: nothing is lost or done twice, to the same bits."""

import csv
import os
import random
import time
from pathlib import Path

import pytest

from tests.support import patience, quick_training
from tests.support.running_queue import PRINTED, RECORDS, begin_worker, job, states, submit, wait_for
from tests.support.running_sweeps import descendants, kill
from workbench.records import Store

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "exhaustive"
"""In `make test-all`: twenty jobs and a hundred kills."""

KILLS, JOBS = (100, 20) if THOROUGH else (3, 3)

EPOCHS = 100


def rows(folder: Path) -> list[list[str]]:
    """Return the table that a training has written, without its times."""
    with (folder / "losses.csv").open() as file:
        return [row[:-1] for row in csv.reader(file)]


@pytest.mark.skipif(not THOROUGH, reason="takes minutes: make test-all")
def test_records_that_are_locked_for_half_a_minute_are_waited_for():
    submit("--epochs", "20", "--pause", "0.05")
    worker = begin_worker("--until-empty")
    wait_for((job(1).folder / "losses.csv").exists, worker)
    with Store.open(RECORDS, patience=30) as store, store.writing():
        time.sleep(30)
    assert worker.wait(patience.SECONDS) == 0, PRINTED.read_text()
    assert (states(), job(1).attempts) == ({1: "done"}, 0)


def test_jobs_end_as_if_nobody_had_been_killed(folder: Path):
    for seed in range(JOBS):
        words = ["--epochs", str(EPOCHS), "--seed", str(seed)]
        submit(*words, "--pause", "0.05", terms=("--retries", "1000"))
        assert quick_training.main(["train", *words, "--folder", f"quiet/{seed}"]) == 0
    generator = random.Random(0)
    workers = [begin_worker("--until-empty", "--slots", "2"), begin_worker("--until-empty")]
    kills = KILLS
    while kills and not all(state == "done" for state in states().values()):
        time.sleep(generator.uniform(0, 1))
        place = generator.randrange(len(workers))
        alive = descendants(workers[place].pid)
        if len(alive) == 1 and generator.random() < 0.9:
            continue  # mostly while it has something to lose
        victim = generator.choice(alive)
        kills -= kill(victim)
        if victim == workers[place].pid:
            workers[place].wait()
            workers[place] = begin_worker("--until-empty")
    for worker in workers:
        assert worker.wait(patience.SECONDS) == 0, PRINTED.read_text()
    assert kills < KILLS
    assert states() == dict.fromkeys(range(1, JOBS + 1), "done")
    for seed in range(JOBS):
        assert rows(job(seed + 1).folder) == rows(folder / "quiet" / str(seed))
    assert not list(folder.rglob("two at once"))
