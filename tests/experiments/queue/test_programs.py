"""The programs as jobs: each trains in the job's folder, and its run is recorded and known by its job."""

import json

import pytest

from experiments.__main__ import main as experiments
from tests.support.quick_queue import NEVER_BUSY

pytestmark = pytest.mark.usefixtures("one_thread")

TINY = {
    "autoencoder": [
        "--limit",
        "40",
        "--layers",
        "8",
        "--code-size",
        "4",
        "--batch-size",
        "8",
        "--epochs",
        "1",
    ],
    "gan": [
        *("--limit", "60", "--size", "8", "--architecture", "lstm", "--units", "4", "--batch-size", "8"),
        *("--epochs", "1"),
    ],
    "video": [
        *("--size", "16", "--units", "4", "--limit", "40", "--batch-size", "2", "--report-every", "1"),
        *("--validation-clips", "3", "--animate-every", "", "--steps-in", "2", "--steps-out", "2"),
        *("--steps", "2"),
    ],
}


def listed(capsys) -> list[dict]:
    capsys.readouterr()
    assert experiments(["jobs", "--json"]) == 0
    return sorted(json.loads(capsys.readouterr().out), key=lambda job: job["number"])


def test_they_train_as_jobs(capsys, folder):
    for name, words in TINY.items():
        assert experiments(["submit", name, "train", *words]) == 0
    assert experiments(["worker", *NEVER_BUSY, "--until-empty", "--slots", "3"]) == 0
    jobs = listed(capsys)
    assert [job["state"] for job in jobs] == ["done"] * 3, (folder / "runs/jobs/0001/log.txt").read_text()
    assert {job["run"] for job in jobs} == {1, 2, 3}
    for job in jobs:
        assert experiments(["show", str(job["run"])]) == 0
        printed = capsys.readouterr().out
        assert f"\njob        {job['number']}\n" in printed and job["folder"] in printed
        assert (folder / "runs/jobs" / f"000{job['number']}" / "losses.csv").exists()
