"""What a job needs: memory, by its limit or by its program's estimate, and threads."""

from __future__ import annotations

from typing import Any, NamedTuple

from experiments.queue.job import Job
from experiments.sweep.programs.program import SweepProgram, given_of
from nn.byte_sizes import MEBIBYTE

PROCESS = 512 * MEBIBYTE
"""Bytes that a training's process takes beside its network: interpreter, libraries, kernels. The programs'
smallest trainings take 290 to 430 MiB."""


class Needs(NamedTuple):
    """Bytes of memory, and threads."""

    memory: int
    threads: int


def needs_of(job: Job, program: SweepProgram | None, threads: int, total: int) -> Needs:
    """Return what a job needs.

    Its memory is the limit that it was submitted with, if any, or else what its program estimates and its
    process takes; a program without an estimate, and a sweep, count as their process alone.

    Parameters
    ----------
    job, program
        The job, and its program; None for a sweep, whose trainings share the threads, and differ.
    threads
        That it gets where its settings name no number.
    total
        Bytes that the machine has; an estimate stops where it is beyond them.

    Raises
    ------
    SettingsError
        When the program refuses its settings by now.
    """
    settings = None if program is None else program.table.make(given_of(job.words))
    wanted = getattr(settings, "threads", None) or threads
    if job.memory_mib is not None:
        return Needs(int(job.memory_mib * MEBIBYTE), wanted)
    return Needs(PROCESS + _estimate(settings, program, total), wanted)


def _estimate(settings: Any, program: SweepProgram | None, total: int) -> int:
    if program is None or program.memory is None:
        return 0
    try:
        return program.memory(settings, total)
    except ValueError:  # its parameters alone are more
        return total
