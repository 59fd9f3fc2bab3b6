"""How many threads kernels run on: as many as Numba has, and fewer while the machine is busy with other work.

A parallel region ends with its last thread. Where another program occupies a core, that thread waits some
milliseconds for a time slice, however little it has to do: on two cores of which one is busy, two threads
reach 0.3 to 0.7 of the speed of one. Results do not depend on the number of threads, so it is chosen while
kernels run; `nn.kernels.core.thread_choice` says how. The number that Numba has (`numba.set_num_threads`,
NUMBA_NUM_THREADS) is never exceeded or changed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, update_wrapper
from threading import Lock
from time import perf_counter_ns
from typing import Any

import numba
import numpy as np

from nn.kernels.core.thread_choice import Key, ThreadChoice
from nn.kernels.core.threading_layer import ThreadingLayer, after_fork, available_threads

logger = logging.getLogger(__name__)

SIZED = 3
"""So many arguments tell by their sizes one use of a kernel from another."""

LOOK_AGAIN = 250_000_000
"""Nanoseconds after which it is asked again how many threads Numba has, where it has one."""

NEVER = 1 << 62


class Threads:
    """Runs parallel kernels on the number of threads that is best at the moment.

    Attributes
    ----------
    quiet_until
        Before this time, in nanoseconds, regions can be run as they are: on all that Numba has, untimed.
    """

    def __init__(self) -> None:
        self._layer = ThreadingLayer()
        self._choices: dict[int, ThreadChoice] = {}
        self._adapts = True
        self._begin()
        after_fork(self._begin)

    def _begin(self) -> None:
        self._turn, self._look = Lock(), Lock()
        self.quiet_until = 0

    def use(self, count: int) -> None:
        """Fix the number of threads.

        Raises
        ------
        ValueError
            When there are not so many.
        """
        most = numba.config.NUMBA_NUM_THREADS
        if not 1 <= count <= most:
            raise ValueError(f"{count} threads: there are 1 to {most}; NUMBA_NUM_THREADS sets how many")
        available_threads()
        numba.set_num_threads(count)
        self._adapts, self.quiet_until = False, 0

    def adapt(self) -> None:
        """Choose while kernels run, up to all that Numba has been started with; this is how it begins."""
        available_threads()
        numba.set_num_threads(numba.config.NUMBA_NUM_THREADS)
        self._adapts, self.quiet_until = True, 0

    @contextmanager
    def restored(self) -> Iterator[None]:
        """Go back afterwards to the number, or the choosing, of before."""
        most, adapts = available_threads(), self._adapts
        try:
            yield
        finally:
            numba.set_num_threads(most)
            self._adapts, self.quiet_until = adapts, 0

    def __str__(self) -> str:
        """Return how many there are, to be read: `2 threads`, or `up to 2 threads` where they are chosen."""
        most = available_threads()
        return f"{'up to ' if self._adapts and most > 1 else ''}{most} thread{'s' if most > 1 else ''}"

    @property
    def count(self) -> int:
        """How many kernels run on now."""
        if self._layer.was_forked:
            return 1
        most: int = available_threads()
        if not self._adapts or most not in self._choices:
            return most
        return self._choices[most].threads

    def run(self, kernel: ParallelKernel, arguments: Sequence[Any]) -> Any:
        """Run a kernel in the way that is right now."""
        if self._layer.was_forked:
            return kernel.serial(*arguments)
        if self._layer.takes_turns:
            with self._turn:
                return self._run(kernel.compiled, arguments)
        return self._run(kernel.compiled, arguments)

    def _run(self, compiled: Any, arguments: Sequence[Any]) -> Any:
        most = available_threads()
        if not self._adapts or most == 1:
            result = compiled(*arguments)
            self._rest(perf_counter_ns() + LOOK_AGAIN if self._adapts else NEVER)
            return result
        if not self._look.acquire(blocking=False):  # another Python thread looks
            return compiled(*arguments)
        try:
            return self._choose_and_run(compiled, arguments, most)
        finally:
            self._look.release()

    def _choose_and_run(self, compiled: Any, arguments: Sequence[Any], most: int) -> Any:
        choice = self._choices.setdefault(most, ThreadChoice(most))
        before, versions = choice.chosen, len(compiled.overloads)
        choice.begin_if_due(perf_counter_ns())
        numba.set_num_threads(choice.threads)
        try:
            begin = perf_counter_ns()
            result = compiled(*arguments)
            now = perf_counter_ns()
        finally:
            numba.set_num_threads(most)
        if choice.is_looking and len(compiled.overloads) == versions:  # one that was compiled took longer
            choice.note(_key(compiled, arguments), now - begin, now)
            if choice.chosen != before:
                logger.info("kernels run on %d of %d threads", choice.chosen, most)
        if choice.is_largest and not choice.is_looking:
            self._rest(choice.due)
        else:
            self.quiet_until = 0
        return result

    def _rest(self, until: int) -> None:
        """Let kernels run as they are for a while, unless each of them has to be asked about."""
        self.quiet_until = 0 if self._layer.takes_turns else until


def _key(compiled: Any, arguments: Sequence[Any]) -> Key:
    return (id(compiled), *map(_size, arguments[:SIZED]))


def _size(argument: Any) -> int:
    """Return how many numbers are in an array, or in the first of several."""
    if isinstance(argument, np.ndarray):
        return argument.size
    return _size(argument[0]) if isinstance(argument, tuple) and argument else 0


threads = Threads()
"""Those of this process."""


def use_threads(count: int | None) -> None:
    """Keep kernels to a number of threads, or let them choose while they run.

    Parameters
    ----------
    count
        How many; None for as many as are best at the moment, up to all that Numba has been started with,
        which is how a program begins.

    Raises
    ------
    ValueError
        When there are not so many.
    """
    threads.adapt() if count is None else threads.use(count)


class ParallelKernel:
    """A compiled function with parallel regions.

    Parameters
    ----------
    compiled
        As Numba has it.
    compile_serial
        Compiles it for one thread.

    Attributes
    ----------
    compiled
        The function as Numba has it.
    """

    def __init__(self, compiled: Any, compile_serial: Callable[[], Any]) -> None:
        self.compiled, self._compile_serial = compiled, compile_serial
        update_wrapper(self, compiled.py_func)

    @cached_property
    def serial(self) -> Any:
        """The same without threads, compiled when it is first asked for."""
        return self._compile_serial()

    def __call__(self, *arguments: Any) -> Any:
        """Run it on as many threads as are best at the moment."""
        if perf_counter_ns() < threads.quiet_until:
            return self.compiled(*arguments)
        return threads.run(self, arguments)
