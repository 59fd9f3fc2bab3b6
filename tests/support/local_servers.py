"""Servers of this machine that keep what they get: of the web, and of mail."""

import asyncio
import queue
import ssl
import threading
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword


class WebServer:
    """Takes what is posted, and answers with a status, which may send elsewhere; or not at all.

    Attributes
    ----------
    url
        Of the server.
    got
        Path, headers and body of every request.
    status
        That it answers with.
    silent
        Set to answer nothing until it is closed.
    """

    def __init__(self) -> None:
        self.got: queue.Queue[tuple[str, Any, bytes]] = queue.Queue()
        self.status, self.silent, self._closed = 200, threading.Event(), threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.put((self.path, self.headers, body))
                if outer.silent.is_set():
                    outer._closed.wait()
                self.send_response(outer.status)
                self.send_header("Location", f"{outer.url}/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST  # noqa: N815 - what the library looks for

            def log_message(self, *given: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "WebServer":
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *given: object) -> None:
        self._closed.set()
        self._server.shutdown()
        self._server.server_close()


class MailServer:
    """Takes mail; who gives a name has to give the right password.

    Parameters
    ----------
    users
        Passwords by name.
    starttls, encrypted
        How it encrypts when it is asked to, or from the start.

    Attributes
    ----------
    port
        Of the server, on localhost.
    got
        Envelope and message of every mail.
    """

    def __init__(
        self,
        users: dict[str, str] | None = None,
        starttls: ssl.SSLContext | None = None,
        encrypted: ssl.SSLContext | None = None,
    ) -> None:
        self.got: queue.Queue[tuple[Envelope, EmailMessage]] = queue.Queue()
        self._users = users or {}
        self._loop, self._encrypted = asyncio.new_event_loop(), encrypted
        self._options: dict[str, Any] = {"tls_context": starttls, "require_starttls": starttls is not None}
        self._options |= {"authenticator": self._authenticate, "auth_require_tls": starttls is not None}
        self._options |= {"loop": self._loop, "hostname": "localhost"}

    async def handle_DATA(self, server: SMTP, session: object, envelope: Envelope) -> str:  # noqa: N802 - theirs
        message = message_from_bytes(envelope.content, policy=policy.default)
        self.got.put((envelope, message))
        return "250 taken"

    def _authenticate(
        self, server: SMTP, session: object, envelope: object, how: str, given: Any
    ) -> AuthResult:
        known = {(name.encode(), password.encode()) for name, password in self._users.items()}
        right = isinstance(given, LoginPassword) and tuple(given) in known
        return AuthResult(success=right, handled=False)

    def __enter__(self) -> "MailServer":
        listening = self._loop.create_server(
            lambda: SMTP(self, **self._options), "localhost", 0, ssl=self._encrypted
        )
        self._server = self._loop.run_until_complete(listening)
        self.port = self._server.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        return self

    def __exit__(self, *given: object) -> None:
        self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()
