"""A `.keras` file: a zip of a description and of weights, every size checked before it is read."""

from __future__ import annotations

import zipfile
from io import BytesIO
from typing import NamedTuple

from networks.exchange.keras.reading.json_text import MOST_BYTES
from networks.exchange.keras.refusals import RefusedError
from nn.short_text import short_repr

CONFIGURATION, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"

MOST_EXPANSION = 100
"""How many times its bytes in the file a member may become: Keras compresses nothing."""


class Archive(NamedTuple):
    """The members of a `.keras` file."""

    configuration: bytes
    metadata: bytes
    weights: bytes


def read_archive(data: bytes) -> Archive:
    """Return the members of a `.keras` file.

    Raises
    ------
    RefusedError
        When it is no such file, a member is missing, there twice or unknown, or becomes far larger than the
        file.
    """
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            _check_names([each.filename for each in archive.infolist()])
            return Archive(
                _member(archive, CONFIGURATION, MOST_BYTES),
                _member(archive, METADATA, MOST_BYTES),
                _member(archive, WEIGHTS, len(data) * MOST_EXPANSION),
            )
    except RefusedError:
        raise
    except Exception as error:  # of the library, whose kinds are many
        raise RefusedError("truncated, damaged or no zip file") from error


def _check_names(names: list[str]) -> None:
    known = (CONFIGURATION, METADATA, WEIGHTS)
    for name in names:
        if name not in known:
            raise RefusedError(f"holds {short_repr(name)}, which is not mapped")
    for name in known:
        if names.count(name) != 1:
            raise RefusedError(f"{name} is there {names.count(name)} times")


def _member(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    found = archive.getinfo(name)
    if found.flag_bits & 1:
        raise RefusedError(f"{name} is encrypted")
    if found.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise RefusedError(f"{name} is compressed in a way that is not mapped")
    if found.file_size > min(most, found.compress_size * MOST_EXPANSION):
        raise RefusedError(f"{name} becomes {found.file_size:,} bytes of {found.compress_size:,}")
    with archive.open(name) as member:
        data = member.read(found.file_size + 1)
    if len(data) != found.file_size:
        raise RefusedError(f"{name} has {len(data):,} bytes, and says {found.file_size:,}")
    return data
