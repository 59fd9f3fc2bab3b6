"""A viewer that reads nothing: training continues, memory does not grow, every request is answered later."""

import contextlib
import multiprocessing
import os
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from tests.support.live_links import PATIENCE, tiny_order, wait_for_end
from workbench.run.mailbox import UNANSWERED_LIMIT, Mailbox
from workbench.run.messages import unpack
from workbench.run.operations import OPERATIONS
from workbench.run.requests import CLOSE
from workbench.run.worker import run_worker

FLOOD = 20 * UNANSWERED_LIMIT
"""Requests of that viewer for the status, of which each takes more than 1 kB."""

GROWTH = 10 * 2**20
"""Bytes by which a worker may grow; the unread answers would take twice that."""


def memory_of(number: int) -> int:
    """Bytes of memory of a process."""
    pages = int(Path(f"/proc/{number}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def wait_for_epochs(directory: Path, count: int) -> None:
    """Wait until the table of the epochs has so many lines more."""
    table = directory / "output" / "losses.csv"
    given_up = threading.Event()
    timer = threading.Timer(PATIENCE, given_up.set)
    timer.start()
    wanted = count + lines_of(table)
    while lines_of(table) < wanted:
        assert not given_up.wait(0.01), "training does not go on"
    timer.cancel()


def lines_of(table: Path) -> int:
    return len(table.read_text().splitlines()) if table.exists() else 0


@contextlib.contextmanager
def worker(directory: Path) -> Iterator[tuple[Connection, int]]:
    """A process that trains, without a link."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=run_worker, args=(theirs, tiny_order(directory)))
    process.start()
    theirs.close()
    try:
        assert process.pid is not None
        yield ours, process.pid
    finally:
        ours.close()
        process.join(PATIENCE)
        process.kill()


def receive(connection: Connection) -> dict[str, object]:
    assert connection.poll(PATIENCE), "no message came"
    return unpack(connection.recv_bytes())[0]


def test_answers_that_nobody_reads_do_not_stop_training_and_do_not_pile_up(tmp_path: Path):
    with worker(tmp_path) as (connection, number):
        assert receive(connection)["type"] == "ready"
        connection.send((1, "start", {}))
        assert receive(connection)["id"] == 1
        wait_for_epochs(tmp_path, 50)
        before = memory_of(number)

        def flood() -> None:
            for id_ in range(2, FLOOD):
                connection.send((id_, "status", {}))

        flooding = threading.Thread(target=flood)
        flooding.start()
        wait_for_epochs(tmp_path, 200)
        assert flooding.is_alive()  # the pipe is full: the flood waits, not the worker
        assert memory_of(number) - before < GROWTH
        answered = [receive(connection)["id"] for _ in range(2, FLOOD)]
        assert answered == list(range(2, FLOOD))
        flooding.join()
        connection.send((FLOOD, CLOSE, {}))
        assert receive(connection)["id"] == FLOOD
        wait_for_end(number)


def test_a_newer_request_for_a_frame_takes_the_place_of_an_older_one(tmp_path: Path):
    with worker(tmp_path) as (connection, _):
        receive(connection)
        for number in (1, 2, 3):
            connection.send((number, "frame", {"kinds": ["values"]}))
        answers: list[dict[str, object]] = []
        while len(answers) < 3:
            answers += [message for message in [receive(connection)] if message["type"] != "curve"]
        refused = [answer["id"] for answer in answers if answer.get("error") == "frame: a newer request came"]
        shown = [answer["id"] for answer in answers if answer["type"] == "frame"]
        assert shown[-1] == 3
        assert sorted(refused + shown) == [1, 2, 3]


def test_commands_are_handed_out_before_what_only_looks():
    ours, theirs = multiprocessing.Pipe()
    mailbox = Mailbox(theirs, OPERATIONS)
    asked = ["neuron", "connections", "start", "status", "apply", "stop", "walk"]
    for number, op in enumerate(asked):
        ours.send((number, op, {}))
    ours.close()
    while mailbox._received.qsize() <= len(asked):  # with the end, which comes by itself
        threading.Event().wait(0.001)
    assert [mailbox.next_command().op for _ in range(4)] == ["start", "apply", "stop", CLOSE]
    assert mailbox.next_command() is None
    assert [mailbox.next(PATIENCE).op for _ in range(4)] == ["neuron", "connections", "status", "walk"]
    assert mailbox.next() is None


def test_what_cannot_be_delivered_is_the_end_of_the_conversation():
    ours, theirs = multiprocessing.Pipe()
    mailbox = Mailbox(theirs, OPERATIONS)
    ours.close()
    mailbox.send(b"answer")
    assert [request and request.op for request in (mailbox.next(PATIENCE), mailbox.next(PATIENCE))] == [
        CLOSE,
        CLOSE,
    ]
    mailbox.close()


@pytest.mark.parametrize("count", [0, 1, 100])
def test_what_was_sent_is_delivered_before_the_end(count: int):
    ours, theirs = multiprocessing.Pipe()
    mailbox = Mailbox(theirs, OPERATIONS)
    for number in range(count):
        mailbox.send(b"%d" % number)
    mailbox.close()
    theirs.close()
    assert [ours.recv_bytes() for _ in range(count)] == [b"%d" % number for number in range(count)]
