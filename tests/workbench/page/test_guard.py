"""Access control without a server: requests as the guard receives them."""

import asyncio
from typing import Any

import pytest

from workbench.errors import InputError

pytest.importorskip("nicegui")

from workbench.page.address import Address
from workbench.page.guard import Guard
from workbench.page.paths import refuse_path

TOKEN = "secret-token"
HOST = (b"host", b"127.0.0.1:8000")
COOKIE = (b"cookie", b"ganglion-8000=secret-token")
ORIGIN = (b"origin", b"http://127.0.0.1:8000")


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answer with what was asked for."""
    if scope["path"] == "/assets/fails":
        raise RuntimeError("a fault")
    if scope["path"] == "/assets/fails-late":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("a fault")
    status = 500 if scope["path"] == "/assets/500" else 200
    headers = [(b"x-frame-options", b"ALLOWALL"), (b"x-own", b"kept")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": repr(scope["headers"]).encode()})


async def fails_on_page(scope: Any, receive: Any, send: Any) -> None:
    raise RuntimeError("a fault")


def ask(
    *headers: Any, target: str = "/", method: str = "GET", app: Any = application
) -> tuple[int, Any, bytes]:
    """Return status, headers and body of the answer."""
    path, _, query = target.partition("?")
    scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode()}
    scope |= {"query_string": query.encode(), "headers": list(headers)}
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    guard = Guard(app, TOKEN, {"127.0.0.1:8000", "localhost:8000"}, 8000)
    asyncio.run(guard(scope, None, send))  # type: ignore[arg-type]
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], dict(sent[0]["headers"]), body


def test_the_address_with_the_token_leaves_a_cookie_and_goes_to_the_page():
    status, headers, _ = ask(HOST, target=f"/?token={TOKEN}")
    assert status == 303 and headers[b"location"] == b"/"
    assert headers[b"set-cookie"] == b"ganglion-8000=secret-token; Path=/; HttpOnly; SameSite=Strict"
    assert headers[b"cache-control"] == b"no-store"
    assert ask(HOST, target=f"/?token={TOKEN}", method="POST")[0] == 403
    assert ask(HOST, COOKIE, ORIGIN, target="/?token=wrong")[0] == 403


def test_the_cookie_or_a_header_opens():
    assert ask(HOST, COOKIE)[0] == 200
    assert ask(HOST, (b"cookie", b"a=b; ganglion-8000=secret-token; c=d"))[0] == 200
    assert ask(HOST, (b"authorization", b"Bearer secret-token"))[0] == 200
    for name in (b"ganglion-8001", b"ganglion", b"Ganglion-8000", b""):
        assert ask(HOST, (b"cookie", name + b"=secret-token"))[0] == 403
    assert ask(HOST, (b"authorization", b"Basic secret-token"))[0] == 403
    assert ask(HOST)[0] == 403


def test_origin_is_that_of_the_host_asked_for():
    assert ask(HOST, COOKIE, ORIGIN)[0] == 200
    assert ask((b"host", b"localhost:8000"), COOKIE, ORIGIN)[0] == 403
    assert ask((b"host", b"LOCALHOST:8000"), COOKIE, (b"origin", b"http://localhost:8000"))[0] == 200
    assert ask(HOST, COOKIE, ORIGIN, ORIGIN)[0] == 403
    assert ask(HOST, COOKIE, method="POST")[0] == 403
    assert ask(HOST, COOKIE, ORIGIN, method="POST")[0] == 405
    upload = "/_nicegui/client/" + 36 * "0" + "/upload/3"
    assert ask(HOST, COOKIE, ORIGIN, target=upload, method="POST")[0] == 200
    assert ask(HOST, HOST, COOKIE)[0] == ask(COOKIE)[0] == 400


def test_a_link_of_a_page_on_the_same_host_name_opens_the_page_and_nothing_else():
    visit = [
        (b"sec-fetch-site", b"same-site"),
        (b"sec-fetch-mode", b"navigate"),
        (b"sec-fetch-dest", b"document"),
    ]
    assert ask(HOST, *visit, target=f"/?token={TOKEN}")[0] == 303
    assert ask(HOST, COOKIE, *visit)[0] == 200
    assert ask(HOST, *visit)[0] == ask(HOST, *visit, target="/?token=wrong")[0] == 403
    assert ask(HOST, COOKIE, *visit, target="/assets/live.js")[0] == 403
    assert ask(HOST, COOKIE, *visit, method="POST")[0] == 403
    for place, value in ((0, b"cross-site"), (1, b"no-cors"), (1, b"cors"), (2, b"iframe"), (2, b"script")):
        other = [*visit[:place], (visit[place][0], value), *visit[place + 1 :]]
        assert ask(HOST, COOKIE, *other)[0] == ask(HOST, *other, target=f"/?token={TOKEN}")[0] == 403
    assert ask(HOST, COOKIE, visit[0])[0] == 403


def test_every_answer_tells_the_browser_what_it_may_do():
    answers = (ask(HOST, COOKIE), ask(HOST), ask(), ask(HOST, target=f"/?token={TOKEN}"))
    for _, headers, _ in answers:
        policy = headers[b"content-security-policy"].decode().split("; ")
        assert {
            "default-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "object-src 'none'",
        } <= set(policy)
        assert "connect-src 'self' ws://127.0.0.1" in headers[b"content-security-policy"].decode()
        assert headers[b"x-frame-options"] == b"DENY" and headers[b"x-content-type-options"] == b"nosniff"
        assert headers[b"referrer-policy"] == b"no-referrer"
        assert (
            headers[b"cross-origin-resource-policy"]
            == headers[b"cross-origin-opener-policy"]
            == b"same-origin"
        )
    assert answers[0][1][b"x-own"] == b"kept"


def test_what_proxies_say_is_not_passed_on():
    _, _, body = ask(HOST, COOKIE, (b"x-forwarded-prefix", b"/evil"), (b"forwarded", b"host=evil"))
    assert b"evil" not in body and b"ganglion" in body


def test_failures_are_bad_requests_but_for_the_page(caplog):
    assert ask(HOST, COOKIE, target="/assets/fails")[0] == 400
    assert ask(HOST, COOKIE, target="/assets/500")[0] == 400
    assert not caplog.records
    status, _, body = ask(HOST, COOKIE, app=fails_on_page)
    assert status == 500 and b"fault" not in body
    assert [record.message for record in caplog.records] == ["the page failed"]
    with pytest.raises(RuntimeError, match="a fault"):
        ask(HOST, COOKIE, target="/assets/fails-late")


def test_plain_paths_only():
    for path in ("/", "/favicon.ico", "/assets/live.js", "/_nicegui/3.18.0/static/a/b-c.min.js"):
        assert refuse_path(path.encode(), b"", "GET") is None
    assert refuse_path(b"/live", b"", "WEBSOCKET") is None
    for path in (
        "",
        "x",
        "/x",
        "/assets",
        "/assets/",
        "/assets/../x",
        "/assets/.x",
        "/assets//x",
        "/assets/%41",
        "/a b",
    ):
        refusal = refuse_path(path.encode(), b"", "GET")
        assert refusal is not None and refusal.status in (400, 404), path
    assert refuse_path(b"/assets/" + 2000 * b"x", b"", "GET").status == 414
    assert refuse_path(b"/", b"\xff", "GET").status == refuse_path(b"/", b"a b", "GET").status == 400


def test_an_address_knows_its_port_its_names_and_a_token_of_its_own():
    first, second = Address.bind(), Address.bind("127.0.0.1", 0, ["Box.example"])
    with first.socket, second.socket:
        assert first.port != second.port and first.token != second.token and len(first.token) >= 32
        assert first.url == f"http://127.0.0.1:{first.port}/?token={first.token}"
        assert f"box.example:{second.port}" in second.authorities
        assert {f"{name}:{first.port}" for name in ("127.0.0.1", "localhost", "[::1]")} == first.authorities
        with pytest.raises(InputError, match=f"port {first.port}"):
            Address.bind(port=first.port)
    with pytest.raises(InputError, match="cannot listen on"):
        Address.bind("192.0.2.1")


def test_all_of_a_machine_has_no_name_of_its_own():
    address = Address.bind("0.0.0.0")
    with address.socket:
        assert address.url.startswith("http://127.0.0.1:")
        assert not any("0.0.0.0" in authority for authority in address.authorities)
