"""Compiled kernels cached on disk until one of their sources changes.

Numba keys a function by its own file alone, so an edited or upgraded callee would live on in its callers.
Here the key is a digest of the function's module and of all modules of this package that it imports, directly
or not.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any, Self

import llvmlite
from numba.core import config
from numba.core.caching import CompileResultCacheImpl, FunctionCache, _CacheLocator
from numba.misc.appdirs import AppDirs

from nn.kernels.core.separate import calls_of, make_ready
from nn.kernels.core.tuple_fields import fields_in

logger = logging.getLogger(__name__)

PACKAGE = Path(__file__).resolve().parents[2]
"""The folder of `nn`."""

FROM = re.compile(r"^[ \t]*from[ \t]+(nn[.\w]*)[ \t]+import[ \t]+(\([^)]*\)|[^\n]*)", re.MULTILINE)
IMPORT = re.compile(r"^[ \t]*import[ \t]+(nn[.\w]*)", re.MULTILINE)
NAME = re.compile(r"\w+")

SETTINGS = ("BOUNDSCHECK", "OPT", "LOOP_VECTORIZE", "SLP_VECTORIZE", "ENABLE_AVX", "DEBUGINFO_DEFAULT")
"""Of Numba's environment, what changes the code that it makes and is no part of its own key."""


def source_digest(file: Path) -> str:
    """Return a digest of a module of this package and of all that it imports from it."""
    digest = hashlib.sha256(llvmlite.__version__.encode())
    for each in sorted(_with_imported(file)):
        digest.update(_digest_of(each))
    return digest.hexdigest()


@cache
def _digest_of(file: Path) -> bytes:
    return hashlib.sha256(file.read_bytes()).digest()


def _with_imported(file: Path) -> set[Path]:
    """Return a module's file and those of the modules that it imports, directly or not."""
    found, left = {file}, [file]
    while left:
        new = _imported(left.pop()) - found
        found |= new
        left += new
    return found


@cache
def _imported(file: Path) -> frozenset[Path]:
    """Return the files of the modules of this package that one imports."""
    source = file.read_text(encoding="utf-8")
    names = [*_imported_names(source)]
    return frozenset(path for name in names if (path := _module_file(name)) is not None)


def _imported_names(source: str) -> Iterator[str]:
    """Yield what may be modules: `nn.a` and `nn.a.b` where b is imported from nn.a."""
    for match in IMPORT.finditer(source):
        yield match[1]
    for match in FROM.finditer(source):
        yield match[1]
        for name in NAME.findall(match[2]):
            yield f"{match[1]}.{name}"


def _module_file(name: str) -> Path | None:
    """Return the file of a module, None where there is no such module."""
    place = PACKAGE.joinpath(*name.split(".")[1:])
    for file in (place.with_suffix(".py"), place / "__init__.py"):
        if file.is_file():
            return file
    return None


@cache
def _cache_folder(beside: Path) -> Path | None:
    """Return where the kernels of a folder of sources are cached: the first place that is writable.

    That is NUMBA_CACHE_DIR where it is set, else `__pycache__` beside the sources, else the user's cache.
    """
    name = f"{beside.name}_{hashlib.sha256(str(beside).encode()).hexdigest()[:16]}"
    places = [beside / "__pycache__", Path(AppDirs(appname="numba", appauthor=False).user_cache_dir) / name]
    if config.CACHE_DIR:
        places.insert(0, Path(config.CACHE_DIR) / name)
    return next((place for place in places if _is_writable(place)), None)


def _is_writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


@cache
def _warn_once(message: str) -> None:
    """Warn, once for each message."""
    logger.warning(
        "compiled kernels cannot be kept (%s), so every process compiles them anew, which takes up to half a "
        "minute: set NUMBA_CACHE_DIR to a folder that can be written",
        message,
    )


class _KernelLocator(_CacheLocator):
    """Where a kernel is cached, and under which key."""

    def __init__(self, file: Path, folder: Path) -> None:
        self._py_file, self._folder = str(file), folder

    @classmethod
    def from_function(cls, py_func: FunctionType, py_file: str) -> Self | None:
        """Return the place of a function; None where no folder can be written."""
        file = Path(py_file).resolve()
        folder = _cache_folder(file.parent)
        return None if folder is None else cls(file, folder)

    def get_cache_path(self) -> str:
        """Return the folder."""
        return str(self._folder)

    def get_source_stamp(self) -> str:
        """Return the digest of all sources of the function."""
        return source_digest(Path(self._py_file))

    def get_disambiguator(self) -> str:
        """Return what separates code compiled with other settings."""
        settings = repr([getattr(config, name, None) for name in SETTINGS])
        return hashlib.sha256(settings.encode()).hexdigest()[:8]


class _Implementation(CompileResultCacheImpl):
    _locator_classes = (_KernelLocator,)

    def reduce(self, cres: Any) -> Any:
        """Return what is saved of a compiled version, with the separate kernels that it calls."""
        return calls_of(cres), super().reduce(cres)

    def rebuild(self, target_context: Any, payload: Any) -> Any:
        """Return a compiled version, after the separate kernels that it calls."""
        calls, version = payload
        make_ready(calls)
        return super().rebuild(target_context, version)


class _SerialImplementation(_Implementation):
    def get_filename_base(self, fullname: str, abiflags: str) -> str:
        return f"{super().get_filename_base(fullname, abiflags)}-serial"


class KernelCache(FunctionCache):
    """The compiled versions of one kernel; see the module.

    Raises
    ------
    RuntimeError
        When no folder is writable.
    """

    _impl_class = _Implementation

    def _index_key(self, sig: Any, codegen: Any) -> tuple[Any, ...]:
        """Return the key of a version: Numba's, and the fields of the named tuples that it takes.

        They may be declared in a module that the kernel does not import, and a kernel reads them by place.
        """
        return *super()._index_key(sig, codegen), tuple(fields_in(sig))

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return a cached version; None where there is none or it is unreadable."""
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # a damaged file may raise anything: forget it, and the kernel is compiled anew
            with suppress(OSError):
                self.flush()
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Save a version; warn once where that fails."""
        try:
            super().save_overload(sig, data)
        except OSError as error:
            _warn_once(f"{error.filename or self.cache_path}: {error.strerror}")


class SerialKernelCache(KernelCache):
    """The versions of a kernel with parallel regions that are compiled for one thread."""

    _impl_class = _SerialImplementation


def cached_on_disk(dispatcher: Any, kind: type[KernelCache] = KernelCache) -> Any:
    """Cache the compiled function on disk, or warn once that there is no place for it; return it."""
    try:
        dispatcher._cache = kind(dispatcher.py_func)
    except RuntimeError:
        _warn_once("neither beside the sources nor in the user's cache")
    return dispatcher
