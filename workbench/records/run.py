"""What is known of a run: before it begins, and as it was recorded."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from workbench.records.labels import Label
from workbench.records.process import Process
from workbench.records.values import Plain

RUNNING, DONE, STOPPED, FAILED, LOST = "running", "done", "stopped", "failed", "lost"
STATES = (RUNNING, DONE, STOPPED, FAILED, LOST)
"""Going on; ended by itself; ended by a person; ended by an error; its process is gone without a word."""


def new_key() -> str:
    """Return a name for a run that no other has."""
    return uuid.uuid4().hex


@dataclass(frozen=True)
class About:
    """What a program says of a run before it begins.

    Attributes
    ----------
    program
        The program's name, such as "gan".
    settings
        By name; anything that `workbench.records.values.plain` takes.
    folder
        Where the run keeps its files, by which a later process finds its record; None for nowhere.
    seed
        Of all that is drawn; None where there is no single one.
    data
        The fingerprint of the data.
    label
        The trial that it is; None for none.
    key
        The run's name in all files, by which its record is found again.
    """

    program: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    folder: Path | None = None
    seed: int | None = None
    data: str = ""
    label: Label | None = None
    key: str = field(default_factory=new_key)


@dataclass(frozen=True)
class Run:
    """A recorded run.

    Attributes
    ----------
    number
        In its file; `key` is its name in all files.
    program, folder, seed, data, label
        As in `About`.
    state
        One of `STATES`.
    reason
        Why it ended, in words; empty where there is nothing to say.
    started_at, ended_at
        Seconds since 1970; the end is None while it runs, and where it was lost the last sign of life.
    seen_at
        The last sign of life.
    process
        That it runs in, or ran in last.
    seconds
        Of all its sessions together, without the breaks between them.
    """

    number: int
    key: str
    program: str
    folder: Path | None
    seed: int | None
    data: str
    label: Label | None
    state: str
    reason: str
    started_at: float
    ended_at: float | None
    seen_at: float
    process: Process
    seconds: float


class Session(NamedTuple):
    """A stretch of a run in one process: a run that was gone on with has several.

    Attributes
    ----------
    state, reason, started_at, ended_at
        As of a run.
    command
        The command line.
    code, machine
        What it ran on; see `workbench.code_version` and `workbench.records.machine`.
    """

    started_at: float
    ended_at: float | None
    state: str
    reason: str
    command: str
    code: Mapping[str, str]
    machine: Mapping[str, Plain]


class Artefact(NamedTuple):
    """A file that a run wrote.

    Attributes
    ----------
    path
        Within the run's folder where it lies there, else absolute.
    role
        What it is: "model", "result".
    size
        In bytes.
    digest
        SHA-256, hexadecimal.
    """

    path: Path
    role: str
    size: int
    digest: str


class Curve(NamedTuple):
    """A statistic over the steps of a run: as many values as steps, which grow; NaN where it was NaN."""

    steps: list[int]
    values: list[float]
