"""The address of the page: the listening socket, its host names, and the token that opens it."""

from __future__ import annotations

import ipaddress
import re
import secrets
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from workbench.errors import InputError

LOCAL_HOSTS = ("127.0.0.1", "localhost", "[::1]")
"""Names of this machine for itself."""

HTTP_PORT = 80
"""The port that browsers leave out of an address."""


LAST_PORT = 65535

HOST_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?|\[[0-9A-Fa-f:.]+\]")


def parse_port(text: str) -> int:
    """Return the port that an option names.

    Raises
    ------
    InputError
        When there is no such port.
    """
    if not text.isascii() or not text.isdecimal() or int(text) > LAST_PORT:
        raise InputError(f"--port={text}: a port is a number from 0 to {LAST_PORT}; 0 is any that is free")
    return int(text)


def check_address(host: str, port: str, allowed: Sequence[str]) -> tuple[str, int, list[str]]:
    """Return where to listen, and the names under which browsers may open the page.

    Parameters
    ----------
    host, port, allowed
        As given on the command line; of `allowed` each may be several names with commas between.

    Raises
    ------
    InputError
        When that is no address, or opens the page to others without saying under which names.
    """
    number = parse_port(port)
    names = [name.lower() for name in parts(allowed)]
    for name in names:
        if not HOST_NAME.fullmatch(name):
            raise InputError(
                f"--allow-host={name}: expected a name or an address as it stands in the browser, such as "
                "box.example or [fd00::1], without http:// and without a port"
            )
    if not _is_own(host) and not names:
        raise InputError(
            f"--host={host}: opens the page to others: everybody who reaches the port and knows the token "
            "can do all that the page can, and the connection is not encrypted. If that is wanted, say under "
            "which names browsers may open it: --allow-host NAME,NAME"
        )
    return host.strip("[]"), number, names


def _is_own(host: str) -> bool:
    """Return whether only this machine reaches an address."""
    try:
        return bool(ipaddress.ip_address(host.strip("[]")).is_loopback)
    except ValueError:
        return host == "localhost"


def parts(given: Sequence[str]) -> list[str]:
    """Return what options that may be given several times name, each with commas between."""
    return [part.strip() for each in given for part in each.split(",") if part.strip()]


@dataclass(frozen=True)
class Address:
    """A listening socket, and the host names and token that requests must have.

    Attributes
    ----------
    socket
        Bound, so that its port is known; closed by whoever serves it.
    hosts
        Names, besides those in LOCAL_HOSTS, under which the page may be opened.
    token
        Opens the page; whoever knows it can do everything that the page can.
    """

    socket: socket.socket
    hosts: tuple[str, ...] = ()
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))

    @classmethod
    def bind(cls, host: str = "127.0.0.1", port: int = 0, hosts: Iterable[str] = ()) -> Address:
        """Take a port of this machine.

        Parameters
        ----------
        host
            IP address to listen on, or a name of one; 127.0.0.1 is reached from this machine alone.
        port
            0 takes a free one.
        hosts
            As in the attributes.

        Raises
        ------
        InputError
            When the port is taken or the host is not one of this machine.
        """
        try:
            return cls(_listen(host, port), (*hosts, *_names(host)))
        except (OSError, OverflowError, UnicodeError) as error:
            raise InputError(f"cannot listen on {host}, port {port}: {error}") from error

    @property
    def port(self) -> int:
        """The port."""
        return int(self.socket.getsockname()[1])

    @property
    def url(self) -> str:
        """What to open in a browser."""
        bound = self.socket.getsockname()[0]
        host = _in_url(bound) if _names(bound) else LOCAL_HOSTS[0]
        return f"http://{host}:{self.port}/?token={self.token}"

    @property
    def authorities(self) -> frozenset[str]:
        """Every host with the port, as a browser names it, in lower case."""
        hosts = [host.lower() for host in (*LOCAL_HOSTS, *self.hosts)]
        bare = hosts if self.port == HTTP_PORT else []
        return frozenset([*(f"{host}:{self.port}" for host in hosts), *bare])


def _listen(host: str, port: int) -> socket.socket:
    family, *_, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        # A port whose last connections are still being closed may be taken again.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(place)
        listening.listen()
    except BaseException:
        listening.close()
        raise
    return listening


def _names(host: str) -> tuple[str, ...]:
    """Return what an address is called in a URL; nothing for one that stands for all of the machine."""
    try:
        return () if ipaddress.ip_address(host).is_unspecified else (_in_url(host),)
    except ValueError:
        return (host,) if host else ()


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
