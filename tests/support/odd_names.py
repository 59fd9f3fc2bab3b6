"""Names that files can have, and how lists show them."""

import os

ODD_NAMES = {
    b"plain.png": "plain.png",
    b"with space .png": "with space .png",
    b"-dash.png": "-dash.png",
    b"a,b;c.png": "a,b;c.png",
    b"quo'te\".png": "quo'te\".png",
    b"$HOME %s {x}.png": "$HOME %s {x}.png",
    "ümlaut 字 👩\u200d👧.png".encode(): "ümlaut 字 👩\u200d👧.png",
    b"line\nbreak.png": r"line\nbreak.png",
    b"return\r.png": r"return\r.png",
    b"tab\t.png": r"tab\t.png",
    b"bell\x07.png": r"bell\x07.png",
    b"colour\x1b[31m.png": r"colour\x1b[31m.png",
    b"delete\x7f.png": r"delete\x7f.png",
    b"page\x0c.png": r"page\x0c.png",
    "next\u0085line.png".encode(): r"next\u0085line.png",
    "separator\u2028.png".encode(): r"separator\u2028.png",
    b"byte\xff.png": r"byte\xff.png",
    b"byte\x85.png": r"byte\x85.png",
    b"latin-\xe4.png": r"latin-\xe4.png",
    b"half\xe2\x80.png": r"half\xe2\x80.png",
    b"back\\slash.png": r"back\\slash.png",
    b"byte\\xff.png": r"byte\\xff.png",
    b"line\\nbreak.png": r"line\\nbreak.png",
}
"""Bytes of the name to how it is written."""


def file_name(name: bytes) -> str:
    """Return a name as Python has it."""
    return os.fsdecode(name)
