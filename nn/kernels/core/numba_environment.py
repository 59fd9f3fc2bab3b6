"""Clear errors for environment variables of Numba that ask for the impossible."""

from __future__ import annotations

import os

THREADS, LAYER = "NUMBA_NUM_THREADS", "NUMBA_THREADING_LAYER"


class NumbaEnvironmentError(RuntimeError):
    """Numba cannot run as the environment asks for; the message says which variable to change."""


def check_environment() -> None:
    """Refuse a number of threads with which Numba cannot even be imported.

    Raises
    ------
    NumbaEnvironmentError
        When it is below 1.
    """
    given = os.environ.get(THREADS, "").strip()
    if given.removeprefix("-").isdecimal() and int(given) < 1:
        raise NumbaEnvironmentError(f"{THREADS}={given}: unset it, or give a number of at least 1")


def layer_error(error: Exception) -> NumbaEnvironmentError:
    """Return what to say where Numba could not load a layer for its threads."""
    reason = str(error).partition("\n")[0]
    return NumbaEnvironmentError(
        f"{LAYER}={os.environ.get(LAYER, '')}: {reason} Unset it, or choose omp or workqueue"
    )
