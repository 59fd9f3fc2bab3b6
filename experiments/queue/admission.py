"""Whether a job may start: what it needs against what there is, and what running jobs are going to take."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from experiments.queue.child import SWEEP
from experiments.queue.job import Job
from experiments.queue.line import Line
from experiments.queue.needs import PROCESS, Needs, needs_of
from experiments.queue.own_load import OwnLoad
from experiments.queue.process_memory import memory_of
from experiments.queue.room import Room, room_now
from experiments.queue.saying import what_for
from experiments.sweep.programs import PROGRAMS, Programs, program_by_name
from nn.byte_sizes import format_bytes
from workbench.errors import SettingsError

BUSY = 2.0
"""Load by other programs for each processor of the machine, above which no job is started."""


LOOK = 1.0
"""Seconds after which the machine and the running jobs are looked at again."""


SAME = 30.0
"""Seconds for which what a job waits for is said with the same figures, which change all the time."""


class Running(NamedTuple):
    """A job that runs, or may start: what it needs, and the group of its processes, where it has some."""

    needs: Needs
    group: int | None


class Said(NamedTuple):
    """What was said, at a time, that a job waits for."""

    at: float
    reason: str


class Looked(NamedTuple):
    """What was seen at a time: what there is, and the bytes that running jobs have, by their numbers."""

    at: float
    room: Room
    taken: Mapping[int, int]


class Admission:
    """Says what keeps jobs from starting, on this machine and beside the jobs that a worker runs already.

    Any thread may ask.

    Parameters
    ----------
    threads
        Of a job whose settings name no number.
    busy
        See `BUSY`.
    programs
        Those that jobs run.
    room, taken, clock
        Return what there is, how many bytes the processes of a group have, and seconds.
    """

    def __init__(
        self,
        threads: int,
        busy: float = BUSY,
        programs: Programs = PROGRAMS,
        room: Callable[[], Room] = room_now,
        taken: Callable[[int], int] = memory_of,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.threads, self.busy, self.programs = threads, busy, programs
        self._room, self._taken, self._clock = room, taken, clock
        self._line, self._own_load = Line(clock), OwnLoad(clock)
        self._needs: dict[int, Needs] = {}
        self._running: dict[int, Running] = {}
        self._said: dict[int, Said] = {}
        self._looked: Looked | None = None
        self._lock = threading.Lock()

    def refusal(self, job: Job) -> str | None:
        """Return what a job waits for, with what it needs and what there is; None where it may start.

        One that may start counts as running from then on, until `ended` is told. Jobs are asked for again and
        again, in the order in which they are to run; `Line` says who may pass.
        """
        with self._lock:
            reason = self._refusal(job)
            if reason is not None:
                return self._again(job, reason)
            needs = self._needs[job.number]
            self._running[job.number] = Running(needs, None)
            self._own_load.change(needs.threads)
            self._line.leave(job)
            self._said.pop(job.number, None)
            return None

    def _again(self, job: Job, reason: str) -> str:
        """Return what was said of a job not long ago, where this is the same but for its figures."""
        now, said = self._clock(), self._said.get(job.number)
        if said is None or now - said.at >= SAME or what_for(said.reason) != what_for(reason):
            self._said[job.number] = said = Said(now, reason)
        return said.reason

    def started(self, job: Job, group: int) -> None:
        """Note which group of processes a job that may start is: it has its leader's number."""
        with self._lock:
            self._running[job.number] = self._running[job.number]._replace(group=group)

    def ended(self, job: Job) -> None:
        """Note that a job that could start has ended, or was not started after all."""
        with self._lock:
            self._own_load.change(-self._running.pop(job.number).needs.threads)
            self._needs.pop(job.number)
            self._looked = None

    def needs(self, job: Job) -> Needs:
        """Return what a job needs."""
        if job.number not in self._needs:
            self._needs[job.number] = self._estimate(job)
        return self._needs[job.number]

    def _estimate(self, job: Job) -> Needs:
        program = None if job.program == SWEEP else program_by_name(job.program, self.programs)
        try:
            return needs_of(job, program, self.threads, self._look().room.total)
        except SettingsError:  # the program will say it
            return Needs(PROCESS, self.threads)

    def _look(self) -> Looked:
        now = self._clock()
        if self._looked is None or now - self._looked.at >= LOOK:
            groups = {number: each.group for number, each in self._running.items()}
            taken = {number: self._taken(group) for number, group in groups.items() if group is not None}
            self._looked = Looked(now, self._room(), taken)
        return self._looked

    def _refusal(self, job: Job) -> str | None:
        needs, looked = self.needs(job), self._look()
        never = _never(needs, looked.room)
        if never is not None:
            return never
        reason = self._lacking(needs, looked)
        if reason is None and self._running:
            reason = self._line.first_before(job)
        if reason is None:
            return self._others_load(looked.room)
        self._line.wait(job)
        return reason

    def _lacking(self, needs: Needs, looked: Looked) -> str | None:
        """Return what there is too little of."""
        running, room = self._running.items(), looked.room
        still = sum(max(each.needs.memory - looked.taken.get(number, 0), 0) for number, each in running)
        free = max(room.free - still, 0)
        if needs.memory > free:
            where = "limit of the container" if room.in_container else "of this machine"
            beside = f", beside {format_bytes(still)} that running jobs will take" if still else ""
            needed = format_bytes(needs.memory)
            return f"room: needs {needed}, {format_bytes(free)} are free ({where}{beside})"
        used = sum(each.needs.threads for _, each in running)
        if needs.threads + used > room.cores:
            cores = _count(room.cores, "core")
            return f"cores: needs {_count(needs.threads, 'thread')}, jobs have {used} of {cores}"
        return None

    def _others_load(self, room: Room) -> str | None:
        """Return that a job waits for other programs, where they keep the machine too busy."""
        load, most = max(room.load - self._own_load.now(), 0.0), self.busy * room.processors
        if load <= most:
            return None
        return (
            f"other programs, which keep this machine busy: their load is {load:.1f}, above {most:g} for "
            f"{_count(room.processors, 'processor')}"
        )


def _never(needs: Needs, room: Room) -> str | None:
    """Return that a job waits for another machine, where it can never start on this one."""
    if needs.memory > room.total:
        needed, total = format_bytes(needs.memory), format_bytes(room.total)
        return f"another machine: needs {needed}, {total} are all that this one has"
    if needs.threads > room.cores:
        return (
            f"another machine: needs {needs.threads} threads, {_count(room.cores, 'core')} may be used here"
        )
    return None


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
