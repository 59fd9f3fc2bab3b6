"""What is raised while a model is read or written, without the name of the file."""

from __future__ import annotations

from networks.exchange.errors import ExchangeError


class RefusedError(ExchangeError):
    """Something that is damaged or has no counterpart; names the layer and the field, and not the file."""
