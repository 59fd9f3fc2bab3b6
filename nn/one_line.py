"""Text from outside on one line: file names in lists and messages, whatever they contain.

A file name may contain line breaks, or bytes that are not text, which Python
reads as lone surrogates (PEP 383). What would break a line or cannot be encoded is escaped as in Python's own
texts: a line break is `\\n`, the byte 255 `\\xff`.
"""

from __future__ import annotations

import re

_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}

_BYTES = range(0xDC80, 0xDD00)
"""Surrogates that stand for the bytes from 0x80 on."""


def is_encodable(text: str) -> bool:
    """Return whether a text can be encoded: it holds no lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def one_line(text: str) -> str:
    """Return a text as one line that can be encoded."""
    return _UNSAFE.sub(_escaped, text)


def printable_name(name: str) -> str:
    """Return a name as one line: backslashes are doubled, so that different names stay different."""
    return one_line(name.replace("\\", r"\\"))


def _escaped(found: re.Match[str]) -> str:
    character = found[0]
    code = ord(character)
    if code in _BYTES:
        return f"\\x{code - 0xDC00:02x}"
    return _SHORT.get(character) or (f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}")
