"""The performance guard: what it reports as slower, when it races instead, and that its cases run."""

import json

import pytest

from benchmarks import guard
from benchmarks.guard_cases import DIRECTIONS, all_cases

RECORDED = {"dense forward": 1000, "dense backward": 2000}
HERE = {"machine": "x86_64", "numba": "1", "valgrind": "3"}


def test_a_planted_slow_down_is_found():
    assert guard.slower(RECORDED, RECORDED) == []
    assert guard.slower({"dense forward": 1039, "dense backward": 1500}, RECORDED) == []
    assert guard.slower({"dense forward": 1050, "dense backward": 2000}, RECORDED) == [
        "dense forward: 1,050 instructions, +5.0% over the recorded 1,000"
    ]


def test_a_case_without_a_record_is_not_passed_over():
    assert guard.slower({"new forward": 1}, RECORDED) == [
        "new forward: is not in the record; add it with --record"
    ]


def test_a_lost_lead_is_found():
    assert guard.behind({"a": 5.0, "b": 1.1, "new": 0.1}, {"a": 9.0, "b": 1.2}) == []
    assert guard.behind({"a": 4.0}, {"a": 9.0}) == ["a: 4.0 times as fast as the plain rung, recorded 9.0"]


def test_counts_are_compared_in_the_recorded_environment_only():
    assert guard.why_no_counts({"versions": HERE}, HERE) is None
    assert "numba 1, here 2" in str(guard.why_no_counts({"versions": HERE}, {**HERE, "numba": "2"}))
    without = {name: number for name, number in HERE.items() if name != "valgrind"}
    assert "apt-get install valgrind" in str(guard.why_no_counts({"versions": HERE}, without))


def test_every_case_is_recorded():
    record = json.loads(guard.RECORD.read_text(encoding="utf-8"))
    names = {f"{case.name} {direction}" for case in all_cases() for direction in DIRECTIONS}
    assert set(record["instructions"]) == set(record["ratios"]) == names
    assert {"numba", "llvmlite", "valgrind"} <= set(record["versions"])


@pytest.mark.parametrize("slow", [False, True])
def test_the_exit_status_says_what_was_found(slow, monkeypatch, capsys):
    record = json.loads(guard.RECORD.read_text(encoding="utf-8"))
    factor = 1.1 if slow else 1
    monkeypatch.setattr("sys.argv", ["guard"])
    monkeypatch.setattr(guard, "versions", lambda: record["versions"])
    monkeypatch.setattr(
        guard, "count", lambda: {name: int(factor * n) for name, n in record["instructions"].items()}
    )
    assert guard.main() == slow
    assert ("+10.0% over the recorded" in capsys.readouterr().out) == slow
