"""The packages that read and write HDF5, imported when they are used."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from networks.exchange.errors import ExchangeError


def optional(name: str) -> ModuleType:
    """Return pyfive or h5py.

    Raises
    ------
    ExchangeError
        When it is not installed, with the extra to install.
    """
    assert name in ("pyfive", "h5py")
    try:
        return import_module(name)
    except ImportError as error:
        raise ExchangeError(
            f"files of Keras need the package {name}: python -m pip install 'ganglion[exchange]'"
        ) from error
