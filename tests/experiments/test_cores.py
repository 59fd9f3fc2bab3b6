"""Cores that may be used: affinity, and the limits of containers of both versions."""

import os
from pathlib import Path

import pytest

from experiments.cores import allowed_cores


@pytest.fixture(autouse=True)
def eight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)))


def cores(folder: Path, line: str) -> int:
    membership = folder / "membership"
    membership.write_text(f"{line}\n")
    return allowed_cores(membership, folder)


@pytest.mark.parametrize(
    ("text", "count"),
    [("300000 100000", 3), ("max 100000", 8), ("50000 100000", 1), ("2000000 100000", 8), ("", 8)],
)
def test_a_limit_of_the_second_version(tmp_path: Path, text: str, count: int):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/cpu.max").write_text(f"{text}\n")
    assert cores(tmp_path, "0::/mine") == count


def test_the_least_limit_of_the_groups_above_counts(tmp_path: Path):
    (tmp_path / "jobs/mine").mkdir(parents=True)
    (tmp_path / "jobs/mine/cpu.max").write_text("600000 100000\n")
    (tmp_path / "jobs/cpu.max").write_text("200000 100000\n")
    assert cores(tmp_path, "0::/jobs/mine") == 2


@pytest.mark.parametrize(("quota", "count"), [("-1", 8), ("250000", 2)])
def test_a_limit_of_the_first_version(tmp_path: Path, quota: str, count: int):
    group = tmp_path / "cpu/mine"
    group.mkdir(parents=True)
    (group / "cpu.cfs_quota_us").write_text(quota)
    (group / "cpu.cfs_period_us").write_text("100000")
    assert cores(tmp_path, "3:cpu,cpuacct:/mine") == count


def test_without_limits_the_affinity_counts(tmp_path: Path):
    assert cores(tmp_path, "0::/") == 8
