"""What a process that trains is started with, and what it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from autoencoder.validation import Given

CLOSE = "close"
"""Asked last: save, say where things stand, and end. No operation of a page."""

UNASKED = 0
"""Number of what is sent though nobody asked for it."""


@dataclass(frozen=True)
class Order:
    """What to train, and what may be chosen from.

    Attributes
    ----------
    given
        Settings as they were written, by field.
    overwrite
        Whether a model that is there already is replaced; otherwise it is gone on with.
    inputs, models
        Folders and files of images, and model directories, beside those of the run itself.
    """

    given: Mapping[str, Given] = field(default_factory=dict)
    overwrite: bool = False
    inputs: tuple[Path, ...] = ()
    models: tuple[Path, ...] = ()


class Request(NamedTuple):
    """Something asked of the process that trains.

    Attributes
    ----------
    number
        Comes back with the answer.
    op, args
        Of an operation.
    """

    number: int
    op: str
    args: dict[str, Any]
