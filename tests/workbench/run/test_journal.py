"""The journal: lines that are complete or absent, the lineage, and what is refused."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoencoder.live.sessions import PLACES
from tests.support.live_runs import setting
from workbench.run.changes import Changed, parse_changes
from workbench.run.events import (
    BeginEvent,
    ChangeEvent,
    Event,
    RewindEvent,
    SnapshotEvent,
    StopEvent,
    parse_event,
)
from workbench.run.journal import (
    FILE_NAME,
    LONGEST_LINE,
    PREVIOUS_NAME,
    Journal,
    JournalError,
    read_journal,
    read_lineage,
)
from workbench.run.lineage import LineageError, common, same_run, trace

SUM = "ab" * 32
BEGIN = BeginEvent(settings={"width": "8", "threads": "1"}, data="36 images")


def change(step: int, epochs: int = 9) -> ChangeEvent:
    return ChangeEvent(step=step, changes=[setting("epochs", epochs)])


def snapshot(step: int) -> SnapshotEvent:
    return SnapshotEvent(step=step, name=f"step-{step:08}", parameters=SUM)


EVENTS: list[Event] = [BEGIN, change(3), snapshot(5), StopEvent(step=9, parameters=SUM)]


def write(directory: Path, events: Sequence[Event]) -> Path:
    path = directory / FILE_NAME
    path.write_text("".join(f"{event.to_line()}\n" for event in events))
    return path


def test_what_is_written_is_read(tmp_path: Path):
    journal = Journal(tmp_path, PLACES)
    journal.begin(BEGIN)
    for event in EVENTS[1:]:
        journal.add(event)
    assert read_journal(tmp_path / FILE_NAME) == EVENTS
    again = Journal(tmp_path, PLACES)
    assert again.tail(2) == [event.model_dump() for event in EVENTS[-2:]]
    assert again.lineage == journal.lineage == read_lineage(journal.path)
    assert again.lineage is not None
    assert (again.lineage.step, again.lineage.changed) == (9, [change(3).changed])


def test_a_line_that_a_crash_cut_off_is_left_out_and_then_cut(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    path = write(tmp_path, EVENTS)
    path.write_text(path.read_text() + '{"event": "stop", "st')
    assert read_journal(path) == EVENTS
    assert f"{path}:5: left out, it was not written to its end" in caplog.text
    journal = Journal(tmp_path, PLACES)
    journal.add(StopEvent(step=10, parameters=SUM))
    assert read_journal(path) == [*EVENTS, StopEvent(step=10, parameters=SUM)]


def test_a_line_that_does_not_fit_on_the_disk_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    journal = Journal(tmp_path, PLACES)
    journal.begin(BEGIN)
    whole, real = journal.path.read_bytes(), os.pwrite

    def nearly_full(descriptor: int, text: bytes, place: int) -> int:
        if place >= len(whole) + 40:
            raise OSError(28, "No space left on device")
        return real(descriptor, text[:20], place)

    monkeypatch.setattr("workbench.run.journal.os.pwrite", nearly_full)
    with pytest.raises(JournalError, match=rf"{FILE_NAME}: cannot write the journal"):
        journal.add(SnapshotEvent(step=3, name="a", parameters=SUM))
    monkeypatch.undo()
    assert journal.path.read_bytes() == whole
    journal.add(change(3))
    assert read_journal(journal.path) == [BEGIN, change(3)]


def test_a_journal_that_cannot_begin_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = write(tmp_path, EVENTS)
    journal, before = Journal(tmp_path, PLACES), path.read_bytes()

    def full(*arguments: Any, **more: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_text", full)
    with pytest.raises(JournalError, match="cannot begin a journal: No space left"):
        journal.begin(BEGIN)
    assert path.read_bytes() == before
    assert journal.lineage is not None and len(journal.lineage.entries) == 3
    assert [each.name for each in tmp_path.iterdir()] == [FILE_NAME]


def test_a_new_journal_keeps_the_old_one(tmp_path: Path):
    old = write(tmp_path, EVENTS).read_bytes()
    journal = Journal(tmp_path, PLACES)
    journal.begin(BEGIN, [change(4).changed])
    assert (tmp_path / PREVIOUS_NAME).read_bytes() == old
    assert read_journal(journal.path) == [BEGIN, change(4)]


def test_a_journal_that_cannot_be_read_is_moved_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    (tmp_path / FILE_NAME).write_text("nothing\n")
    journal = Journal(tmp_path, PLACES)
    assert (journal.lineage, journal.tail(5)) == (None, [])
    assert f"{FILE_NAME}:1: not JSON" in caplog.text
    assert (tmp_path / PREVIOUS_NAME).read_text() == "nothing\n"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"\xff\xfe", "not JSON"),
        (b"", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[1]", "a list, expected an object"),
        (b'{"event": "burn"}', "event 'burn': it should be one of begin, change, snapshot, rewind, stop"),
        (b'{"event": 3}', "event 3: it should be one of"),
        (b'{"event": "stop", "step": NaN}', "NaN is not a number"),
        (b'{"event": "stop", "step": 1.5}', "stop: step: it should be a whole number"),
        (b'{"event": "stop", "step": -1}', "stop: step: it should be at least 0"),
        (b'{"event": "stop", "step": 1, "parameters": "xyz"}', "stop: parameters: it should match pattern"),
        (b'{"event": "stop", "step": 1, "more": 2}', "stop: parameters is missing"),
        (b'{"event": "begin", "version": 2, "settings": {}, "data": ""}', "begin: version: it should be 1"),
        (
            b'{"event": "begin", "version": 1, "settings": {"a": 1}, "data": ""}',
            "begin: settings.a: it should",
        ),
        (b'{"event": "change", "step": 1, "changes": []}', "change: changes: a list of 0, expected 1 to"),
        (
            b'{"event": "change", "step": 1, "changes": [{"kind": "bias"}]}',
            "change: change 1 (bias): layer is",
        ),
        (b"x" * (LONGEST_LINE + 1), f"longer than {LONGEST_LINE} bytes"),
    ],
)
def test_a_bad_line_is_refused_with_its_place(tmp_path: Path, line: bytes, expected: str):
    path = write(tmp_path, EVENTS)
    path.write_bytes(path.read_bytes() + line + b"\n")
    with pytest.raises(JournalError) as caught:
        read_journal(path)
    assert str(caught.value).startswith(f"{path}:5: ")
    assert expected in str(caught.value)
    assert len(str(caught.value)) < 400


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_bytes_are_an_event_or_refused(line: bytes):
    with pytest.raises(ValueError, match=r"."):
        parse_event(line)


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path):
    with pytest.raises(JournalError, match="cannot read the journal: No such file"):
        read_journal(tmp_path / "nothing")
    with pytest.raises(JournalError, match="cannot read the journal: Is a directory"):
        read_journal(tmp_path)


def test_what_was_rewound_does_not_count():
    rewind = RewindEvent(step=5, name="step-00000005", kept=1)
    stop = StopEvent(step=8, parameters=SUM)
    lineage = trace([*EVENTS, change(9), change(12), rewind, change(5, 7), stop])
    assert lineage.entries == [change(3), snapshot(5), change(5, 7), stop]


def test_going_back_before_a_change_of_the_same_step_drops_it_and_what_followed():
    lineage = trace([BEGIN, snapshot(5), change(5), snapshot(5), RewindEvent(step=5, name="a", kept=0)])
    assert lineage.entries == [snapshot(5)]
    lineage = trace([BEGIN, snapshot(5), change(5), snapshot(5), RewindEvent(step=5, name="a", kept=1)])
    assert lineage.entries == [snapshot(5), change(5), snapshot(5)]


@pytest.mark.parametrize(
    ("events", "number", "expected"),
    [
        ([], 0, "there is no event in it"),
        ([change(1)], 0, "begins with its only begin event"),
        ([BEGIN, BEGIN], 1, "begins with its only begin event"),
        ([BEGIN, change(4), change(3)], 2, "step 3 after step 4"),
        ([BEGIN, change(4), RewindEvent(step=4, name="a", kept=2)], 2, "2 changes are kept and there were 1"),
        (
            [BEGIN, change(4), RewindEvent(step=3, name="a", kept=1)],
            2,
            "a change of step 4 is kept in going back to",
        ),
    ],
)
def test_events_that_cannot_follow_each_other_are_refused(
    tmp_path: Path, events: list[Event], number: int, expected: str
):
    with pytest.raises(LineageError, match=expected) as caught:
        trace(events)
    assert caught.value.number == number
    with pytest.raises(JournalError, match=rf"{FILE_NAME}:{number + 1}: .*{expected}"):
        read_lineage(write(tmp_path, events))


def changed(*steps: int) -> list[Changed]:
    return [change(step, epochs=step + 1).changed for step in steps]


@pytest.mark.parametrize(
    ("known", "wanted", "step"),
    [
        ((3, 6), (3, 6), 9),
        ((3, 6), (3,), 4),
        ((3, 6), (3, 5), 7),
        ((3, 6), (), 0),
        ((3,), (3, 6, 8), 8),
        ((3, 6, 9), (2, 3), 5),
    ],
)
def test_a_journal_takes_up_where_a_snapshot_stands(
    tmp_path: Path, known: tuple[int, ...], wanted: tuple[int, ...], step: int
):
    journal = Journal(tmp_path, PLACES)
    journal.begin(BEGIN, changed(*known))
    elsewhere = BEGIN.model_copy(update={"settings": {"width": "8", "threads": "4"}})
    journal.take_up(elsewhere, changed(*wanted), step, "model")
    lineage = read_lineage(journal.path)
    assert lineage.changed == changed(*wanted)
    assert lineage.step <= step
    assert not (tmp_path / PREVIOUS_NAME).exists()


def test_another_run_begins_another_journal(tmp_path: Path):
    journal = Journal(tmp_path, PLACES)
    journal.begin(BEGIN, changed(3))
    other = BEGIN.model_copy(update={"settings": {"width": "9"}})
    journal.take_up(other, changed(2, 4), 7, "step-00000007")
    assert read_lineage(journal.path).changed == changed(2, 4)
    assert (tmp_path / PREVIOUS_NAME).exists()


def test_a_run_is_the_same_wherever_it_lies():
    texts = {"seed": "3", "input_directory": "a", "model_directory": "b", "threads": "2"}
    begin = BeginEvent(settings=texts, data="x")
    assert same_run(
        begin, BeginEvent(settings={**texts, "input_directory": "c", "threads": "1"}, data="x"), PLACES
    )
    assert not same_run(begin, BeginEvent(settings={**texts, "seed": "4"}, data="x"), PLACES)
    assert not same_run(begin, BeginEvent(settings=texts, data="y"), PLACES)


def test_common_changes_are_counted_from_the_first():
    assert [common(changed(1, 2, 3), changed(*steps)) for steps in [(), (1,), (1, 2, 3, 4), (2, 3)]] == [
        0,
        1,
        3,
        0,
    ]
    assert json.loads(change(3).to_line()) == {"event": "change", **changed_json()}


def changed_json() -> dict[str, Any]:
    return Changed(3, parse_changes([setting("epochs", 9)])).to_json()
