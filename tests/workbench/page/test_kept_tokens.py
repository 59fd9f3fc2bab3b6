"""Tokens of servers that were killed: taken by the next one at the same port, and by nobody else."""

import os
from pathlib import Path

import pytest

from workbench.page.address import Address
from workbench.page.kept_tokens import kept


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path / f"ganglion-{os.getuid()}"


@pytest.fixture
def bound():
    address = Address.bind()
    with address.socket:
        yield address


def token_after_a_kill(place: Path, bound: Address, left: str) -> str:
    """Return the token of a server that finds what another has left behind at its port."""
    with kept(bound):
        (file,) = place.iterdir()
    file.write_text(left)
    with kept(bound) as address:
        return address.token


def test_a_server_that_ends_takes_its_token_with_it(place: Path, bound: Address):
    with kept(bound) as address:
        (file,) = place.iterdir()
        assert address.token == bound.token == file.read_text()
        assert [each.stat().st_mode & 0o777 for each in (place, file)] == [0o700, 0o600]
    assert not list(place.iterdir())


def test_the_token_of_a_killed_server_is_that_of_the_next_one(place: Path, bound: Address):
    token = Address(bound.socket).token
    assert token_after_a_kill(place, bound, token) == token
    with Address.bind().socket as elsewhere, kept(Address(elsewhere)) as address:
        assert address.token != token


@pytest.mark.parametrize("left", ["", "short", "x" * 33, "\n" * 32, "é" * 32, "x" * 100_000])
def test_what_is_no_token_is_not_taken(place: Path, bound: Address, left: str):
    assert token_after_a_kill(place, bound, left) == bound.token


def test_a_folder_that_others_can_use_is_not_used(place: Path, bound: Address):
    place.mkdir()
    place.chmod(0o777)
    with kept(bound) as address:
        assert address.token == bound.token
    assert not list(place.iterdir())
