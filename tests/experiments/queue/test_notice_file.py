"""The file of notices: who may read it, where secrets come from, and what is refused."""

import os
from pathlib import Path

import pytest

from experiments.queue.notice_file import CommandWay, MailWay, WebhookWay, read_notices
from tests.support.places import ROOT
from workbench.errors import SettingsError

MAIL = 'kind = "mail"\nserver = "mail.example.org"\nsender = "me@example.org"\nrecipients = ["you@a.org"]\n'
HOOK = 'kind = "webhook"\nurl = "http://x"\n'


def write(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "notices.toml"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_three_kinds(tmp_path: Path):
    text = '[phone]\nkind = "webhook"\nurl = "https://example.org/s3cret"\non = ["failed"]\n'
    text += f'[bell]\nkind = "command"\nwords = ["bell", "-v"]\nevery_job = true\n[mail]\n{MAIL}'
    ways = read_notices(write(tmp_path, text))
    phone, bell, mail = ways.values()
    assert isinstance(phone, WebhookWay) and phone.on == ("failed",) and not phone.every_job
    assert isinstance(bell, CommandWay) and bell.words == ("bell", "-v") and bell.every_job
    assert isinstance(mail, MailWay) and (mail.security, mail.port) == ("starttls", None)
    assert "s3cret" not in repr(ways)


def test_secrets_of_the_environment_are_taken_out_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOOK", "http://example.org/s3cret")
    monkeypatch.setenv("WORD", "pass")
    text = (
        f'[a]\nkind = "webhook"\nurl_variable = "HOOK"\n[b]\n{MAIL}user = "a"\npassword_variable = "WORD"\n'
    )
    a, b = read_notices(write(tmp_path, text)).values()
    assert isinstance(a, WebhookWay) and a.url and a.url.get_secret_value() == "http://example.org/s3cret"
    assert isinstance(b, MailWay) and b.password and b.password.get_secret_value() == "pass"
    assert "HOOK" not in os.environ and "WORD" not in os.environ


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[a]\nkind = "webhok"', "a.kind: unknown 'webhok'; did you mean webhook?"),
        ("[a]\n", "a.kind: unknown ''; there are command, webhook, mail"),
        ("a = 1", "a: make it a table with a kind, such as \\[a\\]"),
        ('[a]\nkind = "command"\nword = ["x"]', "a.word: unknown key; did you mean words"),
        ('[a]\nkind = "command"\nwords = []', "a.words: it should have a length of at least 1"),
        ('[a]\nkind = "command"\nwords = ["x"]\non = ["end"]', "a.on.0: it should be done, failed or"),
        ('[a]\nkind = "webhook"', "a: give url, or url_variable"),
        ('[a]\nkind = "webhook"\nurl = "file:///s3cret"', "a: url: it should begin with http"),
        ('[a]\nkind = "webhook"\nurl = "http:///s3cret"', "a: url: it should begin with http"),
        ('[a]\nkind = "webhook"\nurl = "http://x:s3cret@y/"', "a: url: leave name and password out"),
        ('[a]\nkind = "webhook"\nurl = "http://x/ s3cret"', "a: url: it should be plain characters"),
        (f'[a]\n{HOOK}token = "s3 cret"', "a: token: it should be plain"),
        ('[a]\nkind = "webhook"\nurl = 5', "a.url: it should be a text"),
        (f'[a]\n{HOOK}url_variable = "Y"', "a: give url or url_variable, not both"),
        ('[a]\nkind = "webhook"\nurl_variable = "NOBODY"', "no environment variable NOBODY"),
        (f'[a]\n{MAIL}user = "me"', "a: a login needs user, and password"),
        (f'[a]\n{MAIL}security = "tls"', "a.security: it should be starttls, ssl or none"),
        (f'[a]\n{MAIL}user = "me"\npassword = "s3cret"\nsecurity = "none"', "send the password in clear"),
        (f'[a]\n{MAIL}port = 70000', "a.port: it should be at most 65535"),
        ("[a", "not TOML"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_and_no_secret(tmp_path: Path, text: str, said: str):
    with pytest.raises(SettingsError, match=said) as caught:
        read_notices(write(tmp_path, text))
    assert str(caught.value).startswith(f"{tmp_path / 'notices.toml'}: ")
    assert "s3" not in str(caught.value).partition("notices.toml")[2]


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602])
def test_a_file_that_others_may_use_is_refused(tmp_path: Path, mode: int):
    path = write(tmp_path, f"[a]\n{MAIL}", mode)
    with pytest.raises(SettingsError, match="others may use this file, which can hold secrets: chmod 600 "):
        read_notices(path)


def test_a_file_that_is_not_there(tmp_path: Path):
    with pytest.raises(SettingsError, match="cannot read the file of notices: No such file"):
        read_notices(tmp_path / "none.toml")


def test_the_example_of_the_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PHONE_URL", "https://example.org/hook")
    monkeypatch.setenv("MAIL_PASSWORD", "pass")
    document = (ROOT / "docs/queue.md").read_text(encoding="utf-8").partition("## Notices")[2]
    text = document.partition("```toml\n")[2].partition("```")[0]
    assert set(read_notices(write(tmp_path, text))) == {"bell", "phone", "office"}
