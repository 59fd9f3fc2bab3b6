"""Texts between markers in files that are otherwise written by hand."""

from __future__ import annotations

import re
from pathlib import Path

HEADER_BEGIN, HEADER_END = ".. benchmark: begin", ".. benchmark: end"


def write_between_markers(path: Path, name: str, text: str) -> None:
    """Replace what stands between `<!-- name -->` and `<!-- end name -->` in a file.

    Raises
    ------
    ValueError
        When the file has no such markers.
    """
    replace_between(path, f"<!-- {name} -->", f"<!-- end {name} -->", f"\n{text}\n\n")


def replace_between(path: Path, begin: str, end: str, text: str) -> None:
    """Replace all lines between two others; a file in which nothing changes is not written.

    Raises
    ------
    ValueError
        When the file does not have the two lines, each once and in this order.
    """
    content = path.read_text(encoding="utf-8")
    parts = re.split(rf"(?m)^({re.escape(begin)}\n|{re.escape(end)}$)", content)
    if len(parts) != 5 or parts[1] != f"{begin}\n":
        raise ValueError(f"{path} has no markers {begin} and {end}")
    parts[2] = text
    replaced = "".join(parts)
    if replaced != content:
        path.write_text(replaced, encoding="utf-8")
