"""Recording a run: what never breaks it, and never keeps it waiting."""

from __future__ import annotations

import logging
import shlex
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar

from nn.one_line import one_line
from workbench.code_version import code_version
from workbench.records.artefacts import artefacts
from workbench.records.labels import label_of_environment
from workbench.records.machine import machine
from workbench.records.place import records_path
from workbench.records.process import Process
from workbench.records.run import DONE, FAILED, RUNNING, STOPPED, About, Session
from workbench.records.store import Store
from workbench.records.values import encode, number
from workbench.records.writer import Change, Writer

Value = TypeVar("Value")

logger = logging.getLogger(__name__)

code_of_process = cache(code_version)
"""The version of the code that this process runs, which cannot change while it runs."""


class Recorder:
    """Records one run; all methods return at once but `finish`, and none raises an error.

    Parameters
    ----------
    about
        What is known of the run. Without a label, it has that of the environment.
    path
        The records file; None records nothing.
    step
        Where a run goes on: it has the record of the last run of the same program in the same folder, or
        of the same key. None for a new run.
    fingerprint
        Returns the fingerprint of the data, where it takes too long to wait for it.

    Raises
    ------
    InputError
        When the environment's label is none.
    """

    def __init__(
        self,
        about: About,
        path: Path | None,
        step: int | None = None,
        *,
        fingerprint: Callable[[], str] | None = None,
    ) -> None:
        self.about = replace(
            about,
            folder=None if about.folder is None else about.folder.absolute(),
            label=about.label or label_of_environment(),
        )
        self._ended, self._began_at = False, time.time()
        self._step, self._fingerprint = step, fingerprint
        self._refused: set[str] = set()
        self._path, self._writer = path, None if path is None else Writer(path, self._prepare)
        self.settings(about.settings)

    @property
    def number(self) -> int | None:
        """The number of the run in the file; None until it is written there."""
        return None if self._writer is None else self._writer.number

    @property
    def where(self) -> str:
        """Where the record is, for people; empty as long as nothing is written, and where nothing will be."""
        number = self.number
        return "" if number is None else f"run {number} in {self._path}"

    def settings(self, values: Mapping[str, Any]) -> None:
        """Record settings, over those of the same names."""
        self._add(partial(_write, "write_settings", self._usable(values, encode)))

    def statistics(self, step: int, values: Mapping[str, Any]) -> None:
        """Record statistics of a step; what is None is missing."""
        known = {name: value for name, value in values.items() if value is not None}
        self._add(partial(_write_statistics, int(step), self._usable(known, number)))

    def results(self, values: Mapping[str, Any]) -> None:
        """Record results, over those of the same names; what is None is missing."""
        known = {name: value for name, value in values.items() if value is not None}
        self._add(partial(_write, "write_results", self._usable(known, encode)))

    def artefacts(self, paths: Iterable[Path], role: str = "result") -> None:
        """Record files that are there, with sizes and digests: they are read."""
        if self._writer is not None:
            self._add(partial(_write, "write_artefacts", list(artefacts(paths, self.about.folder, role))))

    def finish(self, state: str = DONE, reason: str = "") -> None:
        """Record how the run ended, and wait until everything is written; the first call counts."""
        if self._ended or self._writer is None:
            return
        self._ended = True
        self._add(partial(_finish, state, reason, time.time()))
        self._writer.close()

    def fail(self, error: BaseException) -> None:
        """Record that an error ended the run, or Ctrl-C; of an exit, the error that it was made for."""
        if isinstance(error, KeyboardInterrupt):
            self.finish(STOPPED, "interrupted")
        elif isinstance(error, SystemExit) and error.__context__ is not None:
            self.fail(error.__context__)
        elif isinstance(error, SystemExit):
            self.finish(FAILED if error.code else DONE, f"exit status {error.code}" if error.code else "")
        else:
            self.finish(FAILED, f"{type(error).__name__}: {error}")

    def _add(self, change: Change) -> None:
        if self._writer is not None:
            self._writer.add(change)

    def _usable(self, values: Mapping[str, Any], convert: Callable[[Any], Value]) -> dict[str, Value]:
        """Return values as they are written; of one that cannot be, warn once."""
        found = {}
        for name, value in values.items():
            try:
                found[one_line(str(name))] = convert(value)
            except (TypeError, ValueError, RecursionError) as error:
                if name not in self._refused:
                    self._refused.add(name)
                    logger.warning("records: %s is left out: %s", name, error)
        return found

    def _prepare(self) -> Callable[[Store], int]:
        about, process = self.about, Process.own()
        if self._fingerprint is not None:
            about = replace(about, data=self._fingerprint())
        command = shlex.join(sys.orig_argv)
        session = Session(self._began_at, None, RUNNING, "", command, code_of_process(), machine())
        if self._step is None:
            return lambda store: _settled(store).begin(about, session, process)
        step = self._step
        return lambda store: _settled(store).go_on(about, session, process, step)


@contextmanager
def recording(
    about: About,
    records: str | Path | None = None,
    step: int | None = None,
    *,
    fingerprint: Callable[[], str] | None = None,
) -> Iterator[Recorder]:
    """Record what happens in the block as a run: done at its end, failed where it raises an error.

    Parameters
    ----------
    about
        What is known of the run.
    records
        As the option `--records` has it; see `workbench.records.place`.
    step, fingerprint
        Where a run goes on, and that of its data; see `Recorder`.
    """
    recorder = Recorder(about, records_path(records), step, fingerprint=fingerprint)
    try:
        yield recorder
    except BaseException as error:
        recorder.fail(error)
        raise
    recorder.finish()


def _settled(store: Store) -> Store:
    store.mark_lost()
    return store


def _write(method: str, values: Any, store: Store, number: int) -> None:
    getattr(store, method)(number, values)


def _write_statistics(step: int, values: Mapping[str, float], store: Store, number: int) -> None:
    store.write_statistics(number, step, values)


def _finish(state: str, reason: str, at: float, store: Store, number: int) -> None:
    store.finish(number, state, reason, at)
