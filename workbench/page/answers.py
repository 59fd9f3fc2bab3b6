"""Short responses to refused requests, and the headers that every response has."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.types import Scope, Send

Header = tuple[bytes, bytes]


def header(scope: Scope, name: bytes) -> bytes | None:
    """Return a header of a request, the first of several; None without."""
    return next((value for key, value in scope["headers"] if key == name), None)


async def refuse(scope: Scope, send: Send, status: int, text: str, headers: Iterable[Header] = ()) -> None:
    """Answer a request, or a websocket that asks to be opened, with a status and a line of plain text.

    Nothing of the request is repeated, and the connection ends, whatever else was on its way.
    """
    await answer(scope, send, status, b"text/plain; charset=utf-8", text.encode() + b"\n", headers)


async def answer(
    scope: Scope, send: Send, status: int, kind: bytes, body: bytes, headers: Iterable[Header] = ()
) -> None:
    """Answer with a body of a media type; the connection ends."""
    prefix = "websocket.http.response" if scope["type"] == "websocket" else "http.response"
    all_headers = [
        *((b"content-type", kind), (b"content-length", str(len(body)).encode())),
        *((b"cache-control", b"no-store"), (b"connection", b"close")),
        *headers,
    ]
    await send({"type": f"{prefix}.start", "status": status, "headers": all_headers})
    await send({"type": f"{prefix}.body", "body": body})


def browser_headers(authority: str) -> list[Header]:
    """Return the security headers of every response.

    The page's framework makes functions from text and has inline scripts: `unsafe-eval` and `unsafe-inline`
    are needed. Everything is loaded from `authority`, nothing from elsewhere.
    """
    policy = (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
        f"connect-src 'self' ws://{authority}; object-src 'none'; frame-src 'none'; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    )
    return [
        (b"content-security-policy", policy.encode("ascii")),
        (b"x-content-type-options", b"nosniff"),
        (b"x-frame-options", b"DENY"),
        (b"referrer-policy", b"no-referrer"),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"cross-origin-resource-policy", b"same-origin"),
        (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    ]
