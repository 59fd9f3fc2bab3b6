"""Admission: what a job needs against what there is, what running jobs will take, and who may pass whom."""

from typing import Any

import pytest

from experiments.queue.admission import LOOK, SAME, Admission
from experiments.queue.line import PASSING
from experiments.queue.needs import PROCESS, needs_of
from experiments.queue.room import Room, room_now
from experiments.sweep.programs import program_by_name
from nn.byte_sizes import MEBIBYTE, format_bytes
from tests.support.made_up_jobs import made_up_job
from tests.support.quick_sweeps import PROGRAMS

GIBIBYTE = 2**30
PLENTY = Room(8 * GIBIBYTE, 16 * GIBIBYTE, False, 4, 0.0, 4)


class Machine:
    """A machine whose room, processes and clock are made up; it is looked at anew for every job."""

    def __init__(self) -> None:
        self.room, self.taken, self.now = PLENTY, {}, 0.0
        self.admission = Admission(
            1,
            programs=PROGRAMS,
            room=lambda: self.room,
            taken=lambda group: self.taken.get(group, 0),
            clock=lambda: self.now,
        )

    def refusal(self, number: int, *words: str, **terms: Any) -> str | None:
        """Return why a job may not start now; it does not start where it may."""
        self.now += LOOK
        reason = self.admission.refusal(made_up_job(number, *words, **terms))
        if reason is None:
            self.end(number)
        return reason

    def start(self, number: int, *words: str, **terms: Any) -> None:
        self.now += LOOK
        assert self.admission.refusal(made_up_job(number, *words, **terms)) is None
        self.admission.started(made_up_job(number), group=number)

    def end(self, number: int) -> None:
        self.admission.ended(made_up_job(number))


@pytest.fixture
def machine() -> Machine:
    return Machine()


def test_an_estimate_and_the_process_are_what_is_needed(machine: Machine):
    machine.room = PLENTY._replace(free=PROCESS + 100 * MEBIBYTE)
    assert machine.refusal(1, "--units", "100") is None
    assert machine.refusal(2, "--units", "101") == (
        "room: needs 613.0 MiB, 612.0 MiB are free (of this machine)"
    )
    machine.room = machine.room._replace(in_container=True)
    assert "612.0 MiB are free (limit of the container)" in str(machine.refusal(3, "--units", "101"))


def test_a_limit_of_the_job_comes_before_the_estimate(machine: Machine):
    machine.room = PLENTY._replace(free=1000 * MEBIBYTE)
    assert machine.refusal(1, "--units=800", memory_mib=1000) is None
    assert (
        machine.refusal(2, memory_mib=1001) == "room: needs 1001.0 MiB, 1000.0 MiB are free (of this machine)"
    )


def test_a_sweep_needs_its_limit_or_a_process(machine: Machine):
    machine.room = PLENTY._replace(free=MEBIBYTE)
    sweep = {"program": "sweep", "words": ("run", "rates.toml", "--workers", "8")}
    said = machine.admission.refusal(made_up_job(1, **sweep))
    assert said == "room: needs 512.0 MiB, 1.0 MiB are free (of this machine)"
    said = machine.admission.refusal(made_up_job(2, memory_mib=600, **sweep))
    assert said == "room: needs 600.0 MiB, 1.0 MiB are free (of this machine)"


def test_what_running_jobs_are_going_to_take_is_not_free(machine: Machine):
    machine.start(1, memory_mib=5 * 1024)
    machine.taken[1] = 2 * GIBIBYTE
    assert machine.refusal(2, memory_mib=5 * 1024) is None
    assert machine.refusal(3, memory_mib=5 * 1024 + 1) == (
        "room: needs 5.0 GiB, 5.0 GiB are free (of this machine, beside 3.0 GiB that running jobs will take)"
    )
    machine.taken[1] = 6 * GIBIBYTE  # more than it was to take: what is free tells that already
    assert machine.refusal(3, memory_mib=5 * 1024 + 1) is None


@pytest.mark.parametrize("terms", [{"memory_mib": 5 * 1024}, {}])
def test_what_may_start_counts_before_it_has_processes(machine: Machine, terms: dict[str, Any]):
    machine.room = PLENTY._replace(cores=1) if not terms else PLENTY
    assert machine.admission.refusal(made_up_job(1, **terms)) is None
    assert machine.admission.refusal(made_up_job(2, **terms)) is not None
    machine.end(1)
    assert machine.admission.refusal(made_up_job(2, **terms)) is None


@pytest.mark.parametrize(
    ("words", "terms", "said"),
    [
        (
            (),
            {"memory_mib": 16 * 1024 + 1},
            "another machine: needs 16.0 GiB, 16.0 GiB are all that this one has",
        ),
        (("--units", "901"), {}, "another machine: needs 16.5 GiB"),
        (("--threads", "5"), {}, "another machine: needs 5 threads, 4 cores may be used here"),
    ],
)
def test_what_can_never_fit_says_so_and_keeps_nothing_back(machine: Machine, words, terms, said):
    machine.start(1)
    for _ in range(2):
        assert str(machine.refusal(2, *words, **terms)).startswith(said)
        assert machine.refusal(3) is None
        machine.now += PASSING


def test_threads_of_all_jobs_fit_the_cores(machine: Machine):
    machine.start(1, "--threads", "3")
    assert machine.refusal(2, "--threads", "2") == "cores: needs 2 threads, jobs have 3 of 4 cores"
    machine.start(3)
    assert machine.refusal(4) == "cores: needs 1 thread, jobs have 4 of 4 cores"
    machine.end(1)
    assert machine.refusal(2, "--threads", "2") is None


def test_smaller_jobs_pass_for_a_while_and_then_no_longer(machine: Machine):
    machine.start(1, "--threads", "2")
    for minutes in range(0, 30, 1):
        machine.now = 60.0 * minutes
        assert machine.refusal(2, "--threads", "3") is not None
        assert machine.refusal(3) is None
    machine.now = PASSING
    assert machine.refusal(2, "--threads", "3") is not None
    assert machine.refusal(3) == "job 2, which comes first and has waited for room for 30 minutes"
    assert machine.refusal(4, priority=1) is None  # which comes before it
    machine.end(1)
    assert machine.refusal(2, "--threads", "3") is None


def test_jobs_pass_where_no_job_of_this_worker_has_the_room(machine: Machine):
    machine.room = PLENTY._replace(free=GIBIBYTE)
    assert machine.refusal(1, memory_mib=2048) is not None
    machine.now = PASSING
    assert machine.refusal(1, memory_mib=2048) is not None
    assert machine.refusal(2) is None


def test_a_job_that_nobody_asks_for_any_more_keeps_nothing_back(machine: Machine):
    machine.start(1, "--threads", "4")
    assert machine.refusal(2, "--threads", "4") is not None
    machine.now = PASSING
    machine.end(1)
    machine.start(3)
    assert machine.refusal(4) is None


def test_the_load_of_other_programs_counts_and_not_that_of_jobs(machine: Machine):
    machine.room = PLENTY._replace(load=8.5)
    assert machine.refusal(9) == (
        "other programs, which keep this machine busy: their load is 8.5, above 8 for 4 processors"
    )
    machine.room = PLENTY
    machine.start(1, "--threads", "3")
    machine.room = PLENTY._replace(load=10.5)
    assert machine.refusal(2) is not None
    machine.now = 120.0  # by now the system's average has them
    assert machine.refusal(2) is None
    machine.end(1)
    assert machine.refusal(2) is None
    machine.now = 240.0
    assert machine.refusal(2) is not None


def test_figures_that_change_are_not_said_all_the_time(machine: Machine):
    machine.room = PLENTY._replace(free=0)
    first = machine.refusal(1)
    machine.room = PLENTY._replace(free=MEBIBYTE)
    assert machine.refusal(1) == first == "room: needs 513.0 MiB, 0 bytes are free (of this machine)"
    machine.now += SAME
    assert machine.refusal(1) == "room: needs 513.0 MiB, 1.0 MiB are free (of this machine)"
    machine.room = PLENTY._replace(free=MEBIBYTE, total=MEBIBYTE)
    assert machine.refusal(1) == "another machine: needs 513.0 MiB, 1.0 MiB are all that this one has"


def test_settings_that_the_program_would_refuse_are_left_to_it(machine: Machine):
    assert machine.refusal(1, "--units", "many") is None


@pytest.mark.parametrize(
    ("name", "words", "least"),
    [
        ("autoencoder", ["--code-size", "16"], 1),
        ("gan", ["--data", "digits"], 0),
        ("video", ["--size", "16", "--units", "64"], 1),
    ],
)
def test_every_program_tells_what_its_jobs_need(name: str, words: list[str], least: int):
    needs = needs_of(made_up_job(1, *words, program=name), program_by_name(name), 2, room_now().total)
    assert needs.threads == 2
    assert PROCESS + least * MEBIBYTE / 10 <= needs.memory < PROCESS + GIBIBYTE, format_bytes(needs.memory)


def test_the_room_of_this_machine_is_plausible():
    room = room_now()
    assert 2**20 < room.free <= room.total < 2**50
    assert 1 <= room.cores <= room.processors and room.load >= 0
