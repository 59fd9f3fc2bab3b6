"""What is raised where a model cannot be exchanged."""

from __future__ import annotations


class ExchangeError(ValueError):
    """A model or a file that cannot be exchanged; names the layer, tensor or file and what to do."""
