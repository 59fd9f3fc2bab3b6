"""The paths that exist: requests for others never reach the code that serves files."""

from __future__ import annotations

import re
from typing import NamedTuple

PATH_BYTES = 1024
QUERY_BYTES = 4096

PLAIN = re.compile(rb"(?:/[A-Za-z0-9_~@+=,:-][A-Za-z0-9._~@+=,:-]*)*/?")
"""Unambiguous paths: without escapes, empty or hidden parts, or parts that lead upwards."""

QUERY = re.compile(rb"[\x21-\x7e]*")

ROUTES = (
    (re.compile(rb"/|/favicon\.ico|/assets/.+"), ("GET", "HEAD")),
    (
        re.compile(rb"/_nicegui/[^/]+/(?:static|components|libraries|resources|dynamic_resources|esm)/.+"),
        ("GET", "HEAD"),
    ),
    (re.compile(rb"/_nicegui/client/[0-9a-f-]{36}/upload/[0-9]{1,9}"), ("POST",)),
    (re.compile(rb"/live|/_nicegui_ws/socket\.io/"), ("WEBSOCKET",)),
)
"""Patterns of whole paths, and the methods they know."""

METHODS = ("GET", "HEAD", "POST", "WEBSOCKET")


class Refusal(NamedTuple):
    """Why a request is not answered."""

    status: int
    text: str


def refuse_path(path: bytes, query: bytes, method: str) -> Refusal | None:
    """Say why there is nothing at a path for a method; None when there is.

    Parameters
    ----------
    path, query
        As they were sent, before and after the question mark.
    method
        WEBSOCKET for the handshake of one.
    """
    if method not in METHODS:
        return Refusal(405, "Only GET, HEAD and POST are answered.")
    if len(path) > PATH_BYTES or len(query) > QUERY_BYTES:
        return Refusal(414, "The address is too long.")
    if not PLAIN.fullmatch(path) or not QUERY.fullmatch(query):
        return Refusal(400, "The address is not a plain one.")
    methods = next((methods for pattern, methods in ROUTES if pattern.fullmatch(path)), None)
    if methods is None:
        return Refusal(404, "There is nothing here.")
    if method not in methods:
        return Refusal(405, "There is nothing here for this method.")
    return None
