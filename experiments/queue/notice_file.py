"""The file that says who is told of jobs, and how: a command, a webhook, or mail.

Each table in it is a way to tell somebody, under the name that jobs ask for. Secrets are in the file, which
nobody else may read, or in environment variables that it names; these are taken out of the environment, so
that no job and no command gets them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator

from experiments.toml_file import Section, checked, nearest, read_toml
from workbench.errors import SettingsError

OTHERS = 0o077
"""Bits of a file's mode by which others than its owner have to do with it."""

Ending = Literal["done", "failed", "cancelled"]
Port = Annotated[int, Field(ge=1, le=65535, strict=True)]
Word = Annotated[str, Field(min_length=1, pattern=r"^[^\x00]*$")]
Line = Annotated[str, Field(min_length=1, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""A text that can stand in a message's header."""


class Way(Section):
    """A way to tell somebody.

    Attributes
    ----------
    on
        After which endings.
    every_job
        Whether of jobs that do not ask for it, too.
    """

    on: tuple[Ending, ...] = ("done", "failed")
    every_job: bool = False


class CommandWay(Way):
    """A command that is run, without a shell; what happened is in its environment.

    Attributes
    ----------
    words
        Program and arguments.
    """

    kind: Literal["command"]
    words: Annotated[tuple[Word, ...], Field(min_length=1)]


class WebhookWay(Way):
    """An address that gets what happened as JSON, by POST.

    Attributes
    ----------
    url, url_variable
        The address, or the environment variable with it: who has such an address can often write there.
    token, token_variable
        Is sent as `Authorization: Bearer ...`.
    """

    kind: Literal["webhook"]
    url: SecretStr | None = None
    url_variable: str | None = None
    token: SecretStr | None = None
    token_variable: str | None = None

    @model_validator(mode="after")
    def _has_an_address(self) -> WebhookWay:
        if self.url is None:
            raise ValueError("give url, or url_variable, the environment variable that has it")
        _check_url(self.url.get_secret_value())
        if self.token is not None:
            _check_token(self.token.get_secret_value())
        return self


class MailWay(Way):
    """Mail by SMTP.

    Attributes
    ----------
    server, port
        Where mail is handed in; the port is 587 by default, 465 for `ssl`.
    security
        STARTTLS, TLS from the start, or none, which is for servers without a login or on the same machine.
    certificates
        File of those that the server's certificate is checked by; the system's by default.
    user, password, password_variable
        Login, if any.
    sender, recipients
        Addresses.
    """

    kind: Literal["mail"]
    server: Line
    port: Port | None = None
    security: Literal["starttls", "ssl", "none"] = "starttls"
    certificates: Path | None = None
    user: str | None = None
    password: SecretStr | None = None
    password_variable: str | None = None
    sender: Line
    recipients: Annotated[tuple[Line, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _login_is_safe(self) -> MailWay:
        if (self.user is None) != (self.password is None):
            raise ValueError("a login needs user, and password or password_variable")
        if self.user is not None and self.security == "none" and not _is_local(self.server):
            raise ValueError("security = 'none' would send the password in clear: take starttls or ssl")
        return self


AnyWay = CommandWay | WebhookWay | MailWay

KINDS: Mapping[str, type[AnyWay]] = {"command": CommandWay, "webhook": WebhookWay, "mail": MailWay}

SECRETS = ("url", "token", "password")
"""Keys that may be given by an environment variable instead, which the key with `_variable` names."""


def read_notices(path: Path) -> dict[str, AnyWay]:
    """Read a file and return its ways by name; take the secrets that it names out of the environment.

    Raises
    ------
    SettingsError
        When it cannot be read or used, or others can read it.
    """
    _check_private(path)
    tables = read_toml(path, "file of notices")
    ways = {name: _way(path, name, table) for name, table in tables.items()}
    for way in ways.values():
        for key in SECRETS:
            os.environ.pop(getattr(way, f"{key}_variable", None) or "", None)
    return ways


def _check_private(path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise SettingsError(f"{path}: cannot read the file of notices: {error.strerror}") from error
    if mode & OTHERS:
        raise SettingsError(f"{path}: others may use this file, which can hold secrets: chmod 600 {path}")


def _way(path: Path, name: str, table: Any) -> AnyWay:
    if not isinstance(table, dict):
        raise SettingsError(f"{path}: {name}: make it a table with a kind, such as [{name}]")
    kind = str(table.get("kind", ""))
    if kind not in KINDS:
        raise SettingsError(f"{path}: {name}.kind: unknown {kind!r}{nearest(kind, list(KINDS))}")
    return checked(path, {**table, **_from_environment(path, name, table)}, KINDS[kind], name)


def _from_environment(path: Path, name: str, table: Mapping[str, Any]) -> dict[str, str]:
    found = {}
    for key in SECRETS:
        variable = table.get(f"{key}_variable")
        if not isinstance(variable, str):
            continue
        if key in table:
            raise SettingsError(f"{path}: {name}: give {key} or {key}_variable, not both")
        if variable not in os.environ:
            raise SettingsError(f"{path}: {name}.{key}_variable: there is no environment variable {variable}")
        found[key] = os.environ[variable]
    return found


def _check_url(url: str) -> None:
    """Refuse an address without saying what it is."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("url: it should begin with http:// or https:// and name a server")
    if not _is_printable(url):
        raise ValueError("url: it should be plain characters without blanks")
    if parts.username is not None or parts.password is not None:
        raise ValueError("url: leave name and password out: token is sent as a header")


def _check_token(token: str) -> None:
    if not _is_printable(token):
        raise ValueError("token: it should be plain characters without blanks")


def _is_printable(text: str) -> bool:
    return all("!" <= character <= "~" for character in text)


def _is_local(server: str) -> bool:
    try:
        return server == "localhost" or ip_address(server).is_loopback
    except ValueError:
        return False
