"""Why a model cannot be read: what is raised while a file is gone through."""

from __future__ import annotations

from networks.exchange.errors import ExchangeError


class RefusedError(ExchangeError):
    """Something in a model that is not mapped; the message does not name the file."""


class LaidOutOtherwiseError(RefusedError):
    """Values that do not lie as a layer reads them: with other axes of an input they may."""
