"""The jobs in the records: their order, who may take which, what is done to them, and where they are."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from experiments.leases import LEASE_SECONDS
from experiments.queue.job import Job, Terms
from experiments.queue.jobs import Jobs
from experiments.sweep.training import training_environment
from workbench.errors import InputError
from workbench.records import About, Label, RecordsError, Store, recording


@pytest.fixture
def jobs(folder: Path) -> Iterator[Jobs]:
    with Store.open(folder / "runs/records.sqlite", create=True) as store:
        yield Jobs(store)


def submit(jobs: Jobs, priority: int = 0) -> Job:
    return jobs.submit("quick", ["train", "--epochs", "3"], Path.cwd(), Terms(priority=priority))


def end(jobs: Jobs, number: int, state: str = "done") -> None:
    job = jobs.take(number, "one")
    assert job is not None
    jobs.release(job, "one", state, reason="", attempts=0, exit_status=0)


def test_a_job_comes_back_as_it_was_submitted(folder: Path, jobs: Jobs):
    terms = Terms(
        priority=-3, retries=7, memory_mib=100.5, minutes=2.0, silent_minutes=1.0, notice="somebody"
    )
    place = folder / "elsewhere"
    job = jobs.submit("quick", ["train", "--rate=-1", "it's"], place, terms)
    assert job == jobs.job(1)
    assert {name: getattr(job, name) for name in vars(terms)} == vars(terms)
    assert (job.program, job.words, job.place) == ("quick", ("train", "--rate=-1", "it's"), place)
    assert job.folder == folder / "runs/jobs/0001" and job.folder.is_dir()
    assert (job.state, job.reason, job.attempts, job.cancelling) == ("waiting", "", 0, False)


def test_places_are_known_wherever_the_whole_folder_is_mounted(folder: Path, jobs: Jobs):
    submit(jobs)
    jobs.store.close()
    other = folder / "elsewhere"
    other.mkdir()
    (folder / "runs").rename(other / "runs")
    with Store.open(other / "runs/records.sqlite") as store:
        job = Jobs(store).job(1)
    assert (job.place, job.folder) == (other, other / "runs/jobs/0001")


def test_a_job_is_the_same_by_every_way_to_a_folder_that_is_a_link(folder: Path, monkeypatch):
    disk, work = folder / "disk", folder / "work"
    for each in (disk, work):
        each.mkdir()
    (work / "runs").symlink_to(disk)
    monkeypatch.chdir(work)
    with Store.open(Path("runs/records.sqlite"), create=True) as store:
        job = Jobs(store).submit("quick", ["train"], work, Terms())
    assert (job.place, job.folder) == (work, disk / "jobs/0001")
    for path in (disk / "records.sqlite", Path("../disk/records.sqlite"), work / "runs/records.sqlite"):
        with Store.open(path) as store:
            assert Jobs(store).job(1) == job
        environment = training_environment(path, Label("job", 1), 1)
        assert environment["GANGLION_RECORDS"] == str(disk / "records.sqlite")


def test_a_job_and_its_run_are_the_same_from_every_folder(folder: Path, jobs: Jobs, monkeypatch):
    job = submit(jobs)
    with recording(About("quick", folder=job.folder, label=Label("job", 1)), jobs.store.path):
        pass
    (folder / "below").mkdir()
    monkeypatch.chdir(folder / "below")
    with Store.open(Path("../runs/records.sqlite")) as store:
        there = Jobs(store)
        assert (there.job(1), there.run_of(job)) == (job, 1)
        assert there.run_of(there.job(1)) == 1


def test_folders_of_another_queue_are_left_alone(jobs: Jobs, folder: Path):
    for name in ("0001", "0002"):
        (folder / "runs/jobs" / name).mkdir(parents=True)
    assert [submit(jobs).number, submit(jobs).number] == [3, 4]


def test_a_job_that_cannot_be_written_leaves_nothing(jobs: Jobs, folder: Path):
    jobs.store.connection.execute(
        "CREATE TRIGGER full BEFORE INSERT ON jobs BEGIN SELECT raise(ABORT, 'x'); END"
    )
    with pytest.raises(RecordsError):
        submit(jobs)
    assert os.listdir(folder / "runs/jobs") == [] and jobs.jobs() == []


def test_the_highest_priority_comes_first_then_the_number(jobs: Jobs):
    for priority in (0, 5, -1, 5):
        submit(jobs, priority)
    assert jobs.takeable() == [2, 4, 1, 3]
    jobs.set_priority(3, 9)
    assert jobs.takeable() == [3, 2, 4, 1]


def test_those_that_run_are_listed_first_and_those_that_ended_last(jobs: Jobs):
    for _ in range(5):
        submit(jobs)
    for number in (1, 2):
        end(jobs, number)
    jobs.take(5, "one")
    assert [job.number for job in jobs.jobs()] == [5, 3, 4, 2, 1]
    assert [job.number for job in jobs.jobs(limit=1)] == [5, 3, 4, 2]
    assert [job.number for job in jobs.jobs(["waiting", "done"], limit=1)] == [3, 4, 2]
    assert not jobs.are_all_ended()


def test_what_is_taken_or_ended_is_not_taken_again(jobs: Jobs):
    submit(jobs)
    jobs.take(1, "one")
    jobs.store.connection.execute("UPDATE jobs SET system = 'another'")
    assert jobs.take(1, "two") is None
    jobs.store.connection.execute("UPDATE jobs SET state = 'done'")
    assert jobs.take(1, "two") is None and jobs.takeable() == []


def test_a_worker_that_has_lost_its_job_changes_nothing(jobs: Jobs):
    job = submit(jobs)
    jobs.take(1, "one")
    jobs.take(1, "two")
    assert not jobs.renew("one") and jobs.renew("two")
    jobs.release(job, "one", "done", reason="", attempts=0, exit_status=0)
    assert (jobs.job(1).state, jobs.job(1).owner) == ("running", "two")


def test_a_job_of_another_machine_is_left_alone_until_it_has_been_silent(jobs: Jobs, monkeypatch):
    submit(jobs)
    jobs.take(1, "one")
    jobs.store.connection.execute("UPDATE jobs SET system = 'another'")
    then = time.time()
    monkeypatch.setattr(time, "time", lambda: then + LEASE_SECONDS - 10)
    assert jobs.takeable() == [] and jobs.renew("one")
    monkeypatch.setattr(time, "time", lambda: then + LEASE_SECONDS + 10)
    assert jobs.takeable() == [] and jobs.take(1, "two") is None
    monkeypatch.setattr(time, "time", lambda: then + 2 * LEASE_SECONDS)
    assert jobs.takeable() == [1] and jobs.take(1, "two") is not None


def test_why_a_job_waits_is_known_until_it_is_taken(jobs: Jobs):
    jobs.note_waiting(submit(jobs), "more memory")
    assert jobs.job(1).waiting_for == "more memory"
    jobs.take(1, "one")
    assert jobs.job(1).waiting_for == ""
    jobs.note_waiting(jobs.job(1), "too late")
    assert jobs.job(1).waiting_for == ""


def test_one_that_waits_is_cancelled_at_once_and_one_that_runs_is_asked(jobs: Jobs):
    submit(jobs)
    submit(jobs)
    jobs.take(2, "one")
    for number in (1, 2):
        jobs.ask_to_cancel(number)
    assert [(job.number, job.state) for job in jobs.jobs()] == [(2, "running"), (1, "cancelled")]
    assert jobs.is_cancelling(2)


def test_what_failed_or_was_cancelled_waits_again_with_all_retries(jobs: Jobs):
    job = submit(jobs)
    jobs.take(1, "one")
    jobs.ask_to_cancel(1)
    jobs.release(job, "one", "failed", reason="why", attempts=3, exit_status=1)
    jobs.retry(1)
    job = jobs.job(1)
    assert (job.state, job.reason, job.attempts, job.cancelling) == ("waiting", "", 0, False)
    assert (job.exit_status, job.started_at, job.ended_at) == (None, None, None)


def test_what_makes_no_sense_is_refused(jobs: Jobs):
    submit(jobs)
    with pytest.raises(
        InputError, match="job 1: is waiting: what failed or was cancelled can be tried again"
    ):
        jobs.retry(1)
    end(jobs, 1)
    with pytest.raises(InputError, match="job 1: is done: nothing is left to cancel"):
        jobs.ask_to_cancel(1)
    with pytest.raises(InputError, match="job 1: is done: what has ended comes before nothing"):
        jobs.set_priority(1, 5)
    with pytest.raises(InputError, match="has no job 2; `python -m experiments jobs` shows which"):
        jobs.retry(2)


def test_the_run_of_a_job_is_known_by_its_label_and_its_folder(jobs: Jobs):
    job = submit(jobs)
    assert jobs.run_of(job) is None
    for folder in (job.folder / "model", job.folder.parent / "0099"):
        with recording(About("quick", folder=folder, label=Label("job", 1)), jobs.store.path):
            pass
    assert jobs.run_of(job) == 1
