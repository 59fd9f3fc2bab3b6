"""Telling of jobs: commands, webhooks and mail, with local servers on the other side."""

import json
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from experiments.queue import telling
from experiments.queue.notice_file import CommandWay, MailWay, WebhookWay
from experiments.queue.telling import Facts, NoticeError, tell
from tests.support.local_servers import MailServer, WebServer

FACTS = Facts(
    7, "video", "train --units 4", "failed", "exit status 1: loss\nis not finite", 1, "/jobs/7", "host"
)
SUBJECT = r"job 7 failed: video: exit status 1: loss\nis not finite"


@pytest.fixture
def web() -> Iterator[WebServer]:
    with WebServer() as server:
        yield server


def command(*words: str) -> CommandWay:
    return CommandWay(kind="command", words=(sys.executable, "-c", *words))


def webhook(url: str, **parts: Any) -> WebhookWay:
    return WebhookWay(kind="webhook", url=url, **parts)


def mail(server: MailServer, **parts: Any) -> MailWay:
    parts = {"security": "none", "recipients": ["you@example.org", "they@example.org"], **parts}
    return MailWay(kind="mail", server="localhost", port=server.port, sender="me@example.org", **parts)


def test_a_command_has_the_facts_in_its_environment(tmp_path: Path):
    program = "import json, os, sys; json.dump(dict(os.environ), open(sys.argv[1], 'w'))"
    tell(command(program, str(tmp_path / "said; touch x")), FACTS)
    said = json.loads((tmp_path / "said; touch x").read_text())
    expected = {"": "7", "_PROGRAM": "video", "_WORDS": "train --units 4", "_STATE": "failed"}
    expected |= {"_EXIT_STATUS": "1", "_FOLDER": "/jobs/7", "_MACHINE": "host", "_SUBJECT": SUBJECT}
    assert {name: said[f"GANGLION_JOB{name}"] for name in expected} == expected


def test_a_command_that_fails(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(NoticeError, match="ended with status 3"):
        tell(command("raise SystemExit(3)"), FACTS)
    with pytest.raises(NoticeError, match="cannot run /no/such: No such file"):
        tell(CommandWay(kind="command", words=("/no/such",)), FACTS)
    monkeypatch.setattr(telling, "COMMAND_SECONDS", 0.1)
    with pytest.raises(NoticeError, match=r"had not ended after 0\.1 seconds"):
        tell(command("import time; time.sleep(1000)"), FACTS)


def test_a_webhook_gets_the_facts_as_json(web: WebServer):
    tell(webhook(f"{web.url}/hook?key=s3cret", token="t0ken"), FACTS)
    path, headers, body = web.got.get_nowait()
    assert path == "/hook?key=s3cret"
    assert (headers["Authorization"], headers["Content-Type"]) == ("Bearer t0ken", "application/json")
    assert json.loads(body) == {**FACTS._asdict(), "text": SUBJECT}


@pytest.mark.parametrize(
    ("status", "said"),
    [(500, "500$"), (302, "302, to go elsewhere"), (307, "307, to go elsewhere")],
)
def test_a_webhook_that_answers_otherwise(web: WebServer, status: int, said: str):
    web.status = status
    with pytest.raises(NoticeError, match=f"127.0.0.1 answered with status {said}") as caught:
        tell(webhook(f"{web.url}/s3cret", token="s3cret"), FACTS)
    assert "s3cret" not in str(caught.value)
    assert web.got.qsize() == 1  # nobody went elsewhere


def test_a_webhook_that_nobody_hears_or_answers(web: WebServer, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(NoticeError, match=r"127.0.0.1 cannot be reached: Connection refused$"):
        tell(webhook("http://127.0.0.1:9/s3cret"), FACTS)
    monkeypatch.setattr(telling, "SECONDS", 0.1)
    web.silent.set()
    with pytest.raises(NoticeError, match=r"127.0.0.1 did not answer: it took too long$"):
        tell(webhook(f"{web.url}/s3cret"), FACTS)


def test_mail_is_handed_in():
    with MailServer(users={"me": "s3cret"}) as server:
        tell(mail(server, user="me", password="s3cret"), FACTS)
    envelope, message = server.got.get_nowait()
    assert (envelope.mail_from, envelope.rcpt_tos) == (
        "me@example.org",
        ["you@example.org", "they@example.org"],
    )
    assert message["Subject"] == SUBJECT and message["To"] == "you@example.org, they@example.org"
    assert "exit_status  1\r\n" in message.get_content() and "s3cret" not in message.as_string()


def test_mail_that_is_refused():
    refused = pytest.raises(NoticeError, match=r"^localhost refused it with status 535$")
    with MailServer(users={"me": "other"}) as server, refused:
        tell(mail(server, user="me", password="s3cret"), FACTS)
    with pytest.raises(NoticeError, match=r"^localhost did not take it: Connection refused$"):
        tell(mail(server), FACTS)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")
def test_mail_goes_encrypted_to_a_server_whose_certificate_is_right(tmp_path: Path):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    words += ["-days", "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*words, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    secrets = {"user": "me", "password": "s3cret"}
    for security, how in (("starttls", {"starttls": context}), ("ssl", {"encrypted": context})):
        with MailServer(users={"me": "s3cret"}, **how) as server:
            tell(mail(server, security=security, certificates=certificate, **secrets), FACTS)
            assert server.got.get_nowait()[1]["Subject"] == SUBJECT
            with pytest.raises(NoticeError, match=r"localhost did not take it: .*CERTIFICATE_VERIFY_FAILED"):
                tell(mail(server, security=security, **secrets), FACTS)
            assert server.got.empty()
    refused = pytest.raises(NoticeError, match="localhost did not take it: SMTPNotSupportedError")
    with MailServer(users={"me": "s3cret"}) as server, refused:
        tell(mail(server, security="starttls", **secrets), FACTS)
    assert server.got.empty()
