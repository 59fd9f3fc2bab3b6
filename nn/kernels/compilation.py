"""How every kernel is compiled: the one place that decides it.

Each kernel states the options that Numba would otherwise take from whoever compiles it first: a helper that
was first called by a kernel with fast mathematics would stay blind to NaN for all others, on disk too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit
from numba.core import config
from numba.extending import overload

from nn.kernels.cache import keep

Fastmath = bool | set[str]

STATED = {"nogil": True, "error_model": "numpy", "fastmath": False}


def kernel(
    function: Callable[..., Any] | None = None,
    /,
    *,
    parallel: bool = False,
    inline: bool = False,
    allocates: bool = True,
    fastmath: Fastmath = False,
) -> Any:
    """Compile a function when it is first called, and keep the result on disk.

    It lets go of Python's global lock, and divides by zero as NumPy does.

    Parameters
    ----------
    parallel
        Whether its `prange` loops are run by several threads.
    inline
        Whether it is put into those that call it, as it is written, before anything is compiled.
    allocates
        False where neither it nor what it calls makes arrays: references to arrays are not counted then.
    fastmath
        Which liberties LLVM takes with floating point.
    """
    options = STATED | {"fastmath": fastmath, "parallel": parallel}
    if inline:
        options["inline"] = "always"
    if not allocates:
        options["_nrt"] = False

    def compiled(python: Callable[..., Any]) -> Any:
        dispatcher = njit(**options)(python)
        if not inline and not config.DISABLE_JIT:
            keep(dispatcher)
        return dispatcher

    return compiled if function is None else compiled(function)


def compiled_as(stub: Callable[..., Any]) -> Any:
    """Make of a function what a kernel that calls `stub` has compiled; see `numba.extending.overload`."""
    return overload(stub, jit_options=STATED)
