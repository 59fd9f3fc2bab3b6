"""Packages of the extra `exchange`, imported when they are used."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from networks.exchange.errors import ExchangeError

FILES = {"onnx": "ONNX files", "pyfive": "files of Keras", "h5py": "files of Keras"}
"""Which need a package."""


def optional(name: str) -> ModuleType:
    """Return one of the packages.

    Raises
    ------
    ExchangeError
        When it is not installed, with the extra to install.
    """
    assert name in FILES
    try:
        return import_module(name)
    except ImportError as error:
        raise ExchangeError(
            f"{FILES[name]} need the package {name}: python -m pip install 'ganglion[exchange]'"
        ) from error
