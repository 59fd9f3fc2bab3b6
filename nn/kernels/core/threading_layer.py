"""Limits of Numba's threading layers, checked beforehand: the library would abort the process.

GNU's OpenMP cannot continue in a process that was forked after its parent used it, and Numba's own layer,
`workqueue`, serves one Python thread at a time (Numba's documentation, "The threading layers"). Neither
raises an error: both abort.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module

import numba

from nn.kernels.core.numba_environment import layer_error


class ThreadingLayer:
    """What is known of the layer that runs parallel regions.

    Attributes
    ----------
    was_forked
        Whether this process must run on one thread, because its parent used threads that the fork lacks.
    """

    def __init__(self) -> None:
        self.was_forked = False
        self._name: str | None = None
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forked)

    @property
    def name(self) -> str | None:
        """The layer; None before the first parallel region has chosen one."""
        if self._name is None:
            try:
                self._name = numba.threading_layer()
            except ValueError:
                return None
        return self._name

    @property
    def takes_turns(self) -> bool:
        """Whether regions of several Python threads must not overlap, as far as is known."""
        return self.name in (None, "workqueue")

    def _forked(self) -> None:
        self.was_forked = self.name == "omp" and _is_gnu()


def _is_gnu() -> bool:
    return bool(import_module("numba.np.ufunc.omppool").openmp_vendor == "GNU")


def available_threads() -> int:
    """Return how many threads Numba may use now; the first call starts them.

    Raises
    ------
    NumbaEnvironmentError
        When the layer that the environment asks for cannot be had.
    """
    try:
        count: int = numba.get_num_threads()
    except ValueError as error:
        raise layer_error(error) from error
    return count


def after_fork(function: Callable[[], None]) -> None:
    """Call a function in every process that is forked from this one."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=function)
