"""Notices: whom a worker tells of which jobs, and that what fails is tried again and breaks nothing."""

from pathlib import Path

import pytest

from experiments.queue import notices as module
from experiments.queue.notice_file import CommandWay
from experiments.queue.notices import Notices
from experiments.queue.telling import Facts, NoticeError

FILE = """
[phone]
kind = "webhook"
url = "https://example.org/s3cret"
on = ["failed"]

[bell]
kind = "command"
words = ["bell"]
on = ["done", "failed", "cancelled"]
every_job = true
"""


class Told:
    """Whom was told what, and what was said of it; the first tries fail with given errors."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, *failures: Exception) -> None:
        path = folder / "notices.toml"
        path.write_text(FILE)
        path.chmod(0o600)
        self.said: list[str] = []
        self.told: list[tuple[str, str]] = []
        self._failures = list(failures)
        monkeypatch.setattr(module, "tell", self._tell)
        self.notices = Notices(path, self.said.append, pauses=(0.0, 0.0))

    def _tell(self, way: object, facts: Facts) -> None:
        if self._failures:
            raise self._failures.pop(0)
        self.told.append(("bell" if isinstance(way, CommandWay) else "phone", facts.state))


def facts(state: str) -> Facts:
    return Facts(7, "gan", "train", state, "", None, "/jobs/0007", "host")


def test_who_asks_and_who_is_told_of_every_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    told = Told(tmp_path, monkeypatch)
    told.notices.tell(facts("failed"), "phone")
    told.notices.tell(facts("done"), "phone")
    told.notices.tell(facts("cancelled"), None)
    told.notices.close()
    assert told.told == [("phone", "failed"), ("bell", "failed"), ("bell", "done"), ("bell", "cancelled")]
    assert told.said == []


def test_what_fails_is_tried_again_and_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    wrong = [NoticeError("no way"), ValueError("s3cret"), NoticeError("no way")]
    told = Told(tmp_path, monkeypatch, *wrong, NoticeError("no way"))
    told.notices.tell(facts("done"), None)
    told.notices.tell(facts("failed"), None)
    told.notices.close()
    assert told.told == [("bell", "failed")]
    again = "; tries again in 0 seconds"
    assert told.said == [
        f"job 7: bell was not told: no way{again}",
        f"job 7: bell was not told: ValueError{again}",
        "job 7: bell was not told: no way",
        f"job 7: bell was not told: no way{again}",
    ]


def test_nobody_of_that_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    told = Told(tmp_path, monkeypatch)
    told.notices.tell(facts("done"), "fone")
    told.notices.close()
    assert told.told == [("bell", "done")]
    path = tmp_path / "notices.toml"
    assert told.said == [f"job 7: nobody is told: {path} has no fone; did you mean phone?"]


def test_without_a_file_nobody_is_told():
    said: list[str] = []
    notices = Notices(None, said.append)
    notices.tell(facts("done"), None)
    notices.tell(facts("done"), "phone")
    notices.close()
    assert said == ["job 7: nobody is told: --notices has no phone"]
