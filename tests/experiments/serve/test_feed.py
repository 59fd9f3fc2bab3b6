"""The records as pages read them: in one thread, once for all, and whatever becomes of the file."""

import asyncio
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from experiments.serve.feed import Feed
from tests.support.patience import SECONDS
from tests.support.recorded_runs import add_run
from workbench.errors import InputError
from workbench.records import About, Store


async def happens(condition) -> None:
    async with asyncio.timeout(SECONDS):
        while not condition():
            await asyncio.sleep(0.01)


def count(store: Store, times: list[str]) -> int:
    times.append(threading.current_thread().name)
    return store.count()


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at the file often."""
    monkeypatch.setattr("experiments.serve.feed.PERIOD", 0.01)


class Unhashed(list):
    __hash__ = object.__hash__


def copy(path: Path, other: Path, version: int) -> Path:
    """Copy a records file, and say that it is of another version."""
    with Store.open(path) as store, closing(sqlite3.connect(other)) as connection:
        store.connection.backup(connection)
        connection.execute(f"PRAGMA user_version = {version}")
    return other


def new_file(path: Path, runs: int) -> None:
    with Store.open(path, create=True) as store:
        for _ in range(runs):
            add_run(store, About("tiny"))


def take_place(other: Path, path: Path) -> None:
    """Put another file in the place of a records file; what SQLite keeps beside it is not the other's."""
    for beside in ("-wal", "-shm"):
        Path(f"{path}{beside}").unlink(missing_ok=True)
    other.replace(path)


def test_a_question_is_answered_once_for_all_in_a_thread_of_its_own(tmp_path: Path):
    path, times = tmp_path / "records.sqlite", Unhashed()
    new_file(path, 3)

    async def ask() -> list[int]:
        feed = Feed(path)
        found = list(await asyncio.gather(*(feed.ask(count, times) for _ in range(5))))
        feed.renew()
        return [*found, await feed.ask(count, times)]

    assert asyncio.run(ask()) == [3] * 6
    assert len(times) == 2 and not {threading.current_thread().name} & set(times)


def test_pages_hear_of_what_is_written_and_of_files_that_are_none(tmp_path: Path):
    path, times = tmp_path / "records.sqlite", Unhashed()

    async def watch() -> None:
        feed, heard = Feed(path), []
        stop = feed.watch(lambda: heard.append(feed.problem))
        await happens(lambda: "there is none yet" in feed.problem)
        with pytest.raises(InputError, match="there is none yet"):
            await feed.ask(count, times)
        new_file(path, 2)
        await happens(lambda: heard[-1] == "")
        assert await feed.ask(count, times) == 2
        seen = len(heard)
        new_file(path, 1)
        await happens(lambda: len(heard) > seen)
        assert await feed.ask(count, times) == 3
        none, newer = tmp_path / "none", copy(path, tmp_path / "newer", version=1000)
        none.write_text("no database, however long it is: " * 40)
        take_place(none, path)
        await happens(lambda: "is no records file" in feed.problem)
        take_place(newer, path)
        await happens(lambda: "newer version" in feed.problem)
        path.unlink()
        new_file(path, 1)
        await happens(lambda: feed.problem == "")
        assert await feed.ask(count, times) == 1
        stop()
        heard.clear()
        feed.renew()
        assert heard == []

    asyncio.run(watch())


def test_a_file_that_is_locked_is_said_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "records.sqlite"
    new_file(path, 1)
    monkeypatch.setattr("experiments.serve.feed.PATIENCE", 0.01)
    keeper = sqlite3.connect(path, isolation_level=None)
    keeper.execute("PRAGMA locking_mode = EXCLUSIVE")
    keeper.execute("BEGIN EXCLUSIVE")

    async def watch() -> None:
        feed = Feed(path)
        stop = feed.watch(lambda: None)
        await happens(lambda: "keeps it locked" in feed.problem)
        keeper.execute("COMMIT")
        keeper.close()
        await happens(lambda: feed.problem == "")
        stop()

    asyncio.run(watch())
