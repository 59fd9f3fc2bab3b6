"""The fields of a protobuf message, counted before they are parsed.

A parser makes objects of about a hundred bytes from two bytes of a file, and keeps what it does not know
without a word. So all fields are walked first: how many there are, how deep, whether each is one that the
format has, of the kind that it has there, and whether its texts are texts.
"""

from __future__ import annotations

from typing import Any, NamedTuple

MOST_FIELDS = 300_000
"""Most fields of a file: a model of a thousand nodes has about 20,000."""

DEEPEST = 20
"""Deepest nesting of messages: a tensor in an attribute of a node is at 4."""

VARINT, EIGHT_BYTES, BYTES, FOUR_BYTES = 0, 1, 2, 5

LONG = {1, 6, 16}
"""Kinds of fields in descriptions of messages that take eight bytes: double, fixed64, sfixed64."""

SHORT = {2, 7, 15}
"""Those that take four: float, fixed32, sfixed32."""

TEXT, MESSAGE, RAW = 9, 11, 12


class WireError(ValueError):
    """Bytes that are not such a message; says where."""


class _Part(NamedTuple):
    """A message within the bytes, by its description."""

    start: int
    end: int
    described: Any
    depth: int


def check_wire(data: bytes, described: Any) -> None:
    """Refuse bytes that are no message of a kind, or one of more fields or deeper than is sensible.

    Parameters
    ----------
    data
        All of the message.
    described
        Its descriptor, of the protobuf library.

    Raises
    ------
    WireError
        Naming the message and the field.
    """
    count = 0
    waiting = [_Part(0, len(data), described, 0)]
    while waiting:
        part = waiting.pop()
        place = part.start
        while place < part.end:
            count += 1
            if count > MOST_FIELDS:
                raise WireError(f"more than {MOST_FIELDS:,} fields")
            key, place = _varint(data, place, part)
            field = _field(key, part)
            begin, place = _content(data, place, key & 7, part)
            if field.type == MESSAGE:
                if part.depth == DEEPEST:
                    raise WireError(f"messages nested deeper than {DEEPEST}")
                waiting.append(_Part(begin, place, field.message_type, part.depth + 1))
            elif field.type == TEXT:
                _check_text(data[begin:place], field)


def _field(key: int, part: _Part) -> Any:
    number, kind = key >> 3, key & 7
    field = part.described.fields_by_number.get(number)
    if field is None:
        raise WireError(
            f"{part.described.name} has no field {number}: the file is damaged, or newer than onnx"
        )
    natural = (
        EIGHT_BYTES
        if field.type in LONG
        else FOUR_BYTES
        if field.type in SHORT
        else BYTES
        if field.type in (TEXT, MESSAGE, RAW)
        else VARINT
    )
    if kind not in (natural, BYTES if field.is_repeated else natural):
        raise WireError(f"field {field.name} of {part.described.name} is of another kind")
    return field


def _content(data: bytes, place: int, kind: int, part: _Part) -> tuple[int, int]:
    """Return where the content of a field begins and ends."""
    if kind == VARINT:
        return place, _varint(data, place, part)[1]
    length, begin = {EIGHT_BYTES: (8, place), FOUR_BYTES: (4, place)}.get(kind) or _varint(data, place, part)
    if begin + length > part.end:
        raise WireError(f"{part.described.name} ends within a field")
    return begin, begin + length


def _varint(data: bytes, place: int, part: _Part) -> tuple[int, int]:
    """Return a number of variable length, and where it ends."""
    value = 0
    for shift in range(0, 70, 7):
        if place >= part.end:
            raise WireError(f"{part.described.name} ends within a field")
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
    raise WireError(f"a number in {part.described.name} is longer than 64 bits")


def _check_text(data: bytes, field: Any) -> None:
    try:
        data.decode()
    except UnicodeDecodeError:
        raise WireError(f"field {field.name} is not text") from None
