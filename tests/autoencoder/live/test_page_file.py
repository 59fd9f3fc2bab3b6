"""A run that is watched as one file: its snapshots are the frames, as it is now is the last."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autoencoder.live import page_file
from autoencoder.live.run import LiveRun
from tests.support.live_runs import open_run, train_steps
from tests.support.replay_pages import numbers_in
from workbench.errors import OperationError
from workbench.replay_page.plan import Plan

pytestmark = pytest.mark.usefixtures("one_thread")


def numbers(run: LiveRun) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    header, arrays = run.replay_page()
    assert header == {"name": "replay.html"}
    return numbers_in(arrays["page"].tobytes())


def test_what_was_not_kept_is_the_last_frame(tmp_path: Path) -> None:
    run = open_run(tmp_path)
    run.snapshot()
    train_steps(run, 3)
    before = run.status()
    header, arrays = numbers(run)
    assert [frame["step"] for frame in header["frames"]] == [0, 3]
    assert len(arrays["weights"]) == 2
    assert "decoder" in header
    assert run.status() == before
    run.snapshot()
    header, _ = numbers(run)
    assert [frame["step"] for frame in header["frames"]] == [0, 3]
    run.close()


def test_large_pages_have_the_weights_of_the_last_frame_or_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = open_run(tmp_path)
    for _ in range(4):
        run.snapshot()
        train_steps(run, 1)
    every, last = (page_file.most_bytes(run.session, Plan(5, weights=each)) for each in ("every", "last"))
    monkeypatch.setattr(page_file, "LARGEST", every - 1)
    assert len(numbers(run)[1]["weights"]) == 1
    monkeypatch.setattr(page_file, "LARGEST", last - 1)
    with pytest.raises(OperationError, match="the page may become larger than"):
        run.replay_page()
    run.close()


def test_a_run_without_snapshots_has_one_frame(tmp_path: Path) -> None:
    run = open_run(tmp_path)
    header, _ = numbers(run)
    assert [frame["step"] for frame in header["frames"]] == [0]
    run.close()


def test_a_run_that_trains_is_asked_to_stop_first(tmp_path: Path) -> None:
    run = open_run(tmp_path)
    run.snapshot()
    refused: list[str] = []

    def between() -> None:
        with pytest.raises(OperationError) as caught:
            run.replay_page()
        refused.append(str(caught.value))
        run.stop()

    run.train(between)
    assert refused == ["cannot make a page of the run while training goes on: stop it first"]
    run.close()
