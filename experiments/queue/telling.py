"""How somebody is told of a job, once: by a command, a webhook, or mail."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import smtplib
import socket
import ssl
import subprocess
from email.message import EmailMessage
from http.client import HTTPException
from typing import Any, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from experiments.queue.job import Job
from experiments.queue.notice_file import AnyWay, CommandWay, MailWay, WebhookWay
from nn.one_line import one_line

SECONDS = 20.0
"""How long a server may take to answer."""

COMMAND_SECONDS = 60.0
"""How long a command may take."""

VARIABLE = "GANGLION_JOB"
"""Begins the names of environment variables that say what happened."""


class NoticeError(Exception):
    """Nobody could be told: the message says why, and no secret."""


class Facts(NamedTuple):
    """What happened to a job.

    Attributes
    ----------
    job
        Its number.
    program, words
        What it ran.
    state, reason
        How it ended, and why.
    exit_status
        Of its last process; None without one.
    folder
        Where it wrote.
    machine
        Where it ran.
    """

    job: int
    program: str
    words: str
    state: str
    reason: str
    exit_status: int | None
    folder: str
    machine: str

    @property
    def subject(self) -> str:
        """All of it in a line."""
        return one_line(f"job {self.job} {self.state}: {self.program}{self.reason and ': '}{self.reason}")


def facts_of(job: Job, state: str, reason: str, exit_status: int | None) -> Facts:
    """Return what happened to a job that has ended on this machine."""
    words, folder = shlex.join(job.words), str(job.folder)
    return Facts(job.number, job.program, words, state, reason, exit_status, folder, socket.gethostname())


def tell(way: AnyWay, facts: Facts) -> None:
    """Tell of a job.

    Raises
    ------
    NoticeError
        When that fails.
    """
    if isinstance(way, CommandWay):
        _run(way, facts)
    elif isinstance(way, WebhookWay):
        _post(way, facts)
    else:
        _mail(way, facts)


def _run(way: CommandWay, facts: Facts) -> None:
    _, *others = facts._asdict().items()
    said = {f"{VARIABLE}_{name.upper()}": _text(value) for name, value in others}
    said |= {VARIABLE: str(facts.job), f"{VARIABLE}_SUBJECT": facts.subject}
    try:
        process = subprocess.Popen(
            way.words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **said},
            start_new_session=True,
        )
    except OSError as error:
        raise NoticeError(f"cannot run {way.words[0]}: {error.strerror}") from None
    try:
        status = process.wait(COMMAND_SECONDS)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise NoticeError(f"{way.words[0]} had not ended after {COMMAND_SECONDS:g} seconds") from None
    if status:
        raise NoticeError(f"{way.words[0]} ended with status {status}")


def _text(value: object) -> str:
    return "" if value is None else str(value)


class _NoRedirects(HTTPRedirectHandler):
    """Goes nowhere else: what is sent is meant for one server."""

    def redirect_request(self, *given: Any) -> None:
        return None


def _post(way: WebhookWay, facts: Facts) -> None:
    assert way.url is not None
    url = way.url.get_secret_value()
    body = json.dumps({**facts._asdict(), "text": facts.subject}).encode()
    headers = {"Content-Type": "application/json", "User-Agent": "ganglion"}
    if way.token is not None:
        headers["Authorization"] = f"Bearer {way.token.get_secret_value()}"
    server = urlsplit(url).hostname
    try:
        with build_opener(_NoRedirects).open(Request(url, body, headers), timeout=SECONDS):
            pass
    except HTTPError as error:
        error.close()
        elsewhere = ", to go elsewhere, which is not done" if 300 <= error.code < 400 else ""
        raise NoticeError(f"{server} answered with status {error.code}{elsewhere}") from None
    except URLError as error:
        raise NoticeError(f"{server} cannot be reached: {_reason(error.reason)}") from None
    except (OSError, HTTPException) as error:
        raise NoticeError(f"{server} did not answer: {_reason(error)}") from None


def _mail(way: MailWay, facts: Facts) -> None:
    message = EmailMessage()
    message["Subject"], message["From"] = facts.subject, way.sender
    message["To"] = ", ".join(way.recipients)
    lines = [f"{name:12} {one_line(_text(value))}\n" for name, value in facts._asdict().items()]
    message.set_content("".join(lines))
    try:
        with _connected(way) as server:
            if way.user is not None and way.password is not None:
                server.login(way.user, way.password.get_secret_value())
            server.send_message(message)
    except smtplib.SMTPResponseException as error:
        raise NoticeError(f"{way.server} refused it with status {error.smtp_code}") from None
    except (OSError, smtplib.SMTPException) as error:
        raise NoticeError(f"{way.server} did not take it: {_reason(error)}") from None


def _connected(way: MailWay) -> smtplib.SMTP:
    """Return a connection, encrypted as it is to be."""
    context = ssl.create_default_context(cafile=way.certificates)
    if way.security == "ssl":
        return smtplib.SMTP_SSL(way.server, way.port or 465, timeout=SECONDS, context=context)
    server = smtplib.SMTP(way.server, way.port or 587, timeout=SECONDS)
    if way.security == "starttls":
        try:
            server.starttls(context=context)
        except BaseException:
            server.close()
            raise
    return server


def _reason(error: object) -> str:
    """Return why a connection failed, without what was sent."""
    if isinstance(error, TimeoutError):
        return "it took too long"
    return getattr(error, "strerror", None) or type(error).__name__
