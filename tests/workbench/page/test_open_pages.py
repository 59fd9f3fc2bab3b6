"""Addresses of open pages: found by the process, by nobody else, and gone with the page."""

import os
from pathlib import Path

import pytest

from workbench.page.open_pages import address_of, noted
from workbench.records.process import Process

URL = "http://127.0.0.1:1234/?token=secret"


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path / f"ganglion-{os.getuid()}"


def test_an_address_is_known_while_its_page_is_open(place: Path):
    process = Process.own()
    with noted(process, URL):
        assert address_of(process) == URL
        assert [each.stat().st_mode & 0o777 for each in (place, *place.iterdir())] == [0o700, 0o600]
        assert address_of(process._replace(started=1)) is None  # another process of that number
        assert address_of(process._replace(system="elsewhere")) is None
    assert address_of(process) is None and not list(place.iterdir())


def test_a_folder_that_others_can_use_is_not_used(place: Path):
    place.mkdir()
    place.chmod(0o777)
    with noted(Process.own(), URL):
        assert address_of(Process.own()) is None
    assert not list(place.iterdir())


def test_a_folder_that_cannot_be_made_is_done_without(place: Path):
    place.write_text("in the way")
    with noted(Process.own(), URL):
        assert address_of(Process.own()) is None
