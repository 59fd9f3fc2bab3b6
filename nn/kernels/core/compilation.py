"""How every kernel is compiled: the one place that decides it.

Each kernel states the options that Numba would otherwise take from its first caller: a helper that
was first called by a kernel with fast mathematics would stay blind to NaN for all others, on disk too.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn

from numba import njit, types
from numba.core import config
from numba.extending import intrinsic, overload

from nn.kernels.core.cache import SerialKernelCache, cached_on_disk
from nn.kernels.core.numba_environment import NumbaEnvironmentError
from nn.kernels.core.separate import separate
from nn.threads import ParallelKernel

Fastmath = bool | set[str]

STATED = {"nogil": True, "error_model": "numpy", "fastmath": False}


def kernel(
    function: Callable[..., Any] | None = None,
    /,
    *,
    parallel: bool = False,
    inline: bool = False,
    allocates: bool = True,
    separately: bool = False,
    fastmath: Fastmath = False,
) -> Any:
    """Compile a function when it is first called, and cache the result on disk.

    It releases Python's global interpreter lock, and divides by zero as NumPy does.

    Parameters
    ----------
    parallel
        Whether its `prange` loops are run by several threads; see `nn.threads.ParallelKernel`.
    inline
        Whether its source is inlined into its callers before anything is compiled.
    allocates
        False where neither it nor what it calls makes arrays: references to arrays are not counted then.
    separately
        Whether kernels that call it jump to its code, rather than have a copy of it compiled into theirs:
        that compiles in a fraction of the time, and a call takes some ten nanoseconds more.
    fastmath
        Which floating-point optimisations LLVM may apply.
    """
    options: dict[str, Any] = STATED | {"fastmath": fastmath}
    if inline:
        options["inline"] = "always"
    if not allocates:
        options["_nrt"] = False

    def compiled(python: Callable[..., Any]) -> Any:
        if config.DISABLE_JIT:
            return python
        if inline:
            return njit(**options)(python)
        if parallel:
            return ParallelKernel(
                cached_on_disk(njit(parallel=True, **options)(python)), partial(serial, python)
            )
        dispatcher = without_literals(cached_on_disk(njit(**options)(python)))
        return separate(dispatcher) if separately else dispatcher

    def serial(python: Callable[..., Any]) -> Any:
        return cached_on_disk(njit(**options)(python), SerialKernelCache)

    return compiled if function is None else compiled(function)


def without_literals(dispatcher: Any) -> Any:
    """Treat a literal in a call as any other number: Numba would compile the kernel for that literal."""
    template = dispatcher.get_call_template

    def general_template(arguments: Any, keywords: dict[str, Any]) -> Any:
        general = {name: types.unliteral(each) for name, each in keywords.items()}
        return template(tuple(types.unliteral(each) for each in arguments), general)

    dispatcher.get_call_template = general_template
    return dispatcher


def instruction(python: Callable[..., Any] | None = None) -> Callable[[Callable[..., Any]], Any]:
    """Make an intrinsic that kernels can call from a function that writes LLVM code; see
    `numba.extending.intrinsic`.

    Parameters
    ----------
    python
        What does the same where Numba's compiler is off; without it, kernels that need the instruction
        say so.
    """

    def made(generate: Callable[..., Any]) -> Any:
        if not config.DISABLE_JIT:
            return intrinsic(generate)
        return python or _missing

    return made


def _missing(*_: Any) -> NoReturn:
    raise CompilerOffError(
        "this rung is made of vector instructions that Numba compiles, and NUMBA_DISABLE_JIT has switched it "
        "off: unset it, or build the plain rung, such as networks.dense.Dense"
    )


def in_kernels_only() -> NoReturn:
    """Refuse a vector function that is called as Python: outside of kernels, or with the compiler off."""
    if config.DISABLE_JIT:
        _missing()
    raise NotImplementedError("a vector lives in kernels only")


class CompilerOffError(NumbaEnvironmentError):
    """A kernel has to be compiled, and Numba's compiler is switched off."""


def compiled_as(stub: Callable[..., Any]) -> Any:
    """Make a function the implementation of `stub` in kernels; see `numba.extending.overload`."""
    return overload(stub, jit_options=STATED)
