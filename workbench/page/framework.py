"""The framework of the page, which is an extra."""

from __future__ import annotations

import importlib.util

from workbench.errors import InputError


def require_framework() -> None:
    """Refuse to serve a page without it.

    Raises
    ------
    InputError
        When NiceGUI is not installed.
    """
    if importlib.util.find_spec("nicegui") is None:
        raise InputError("the page needs NiceGUI: pip install 'ganglion[web]'")
