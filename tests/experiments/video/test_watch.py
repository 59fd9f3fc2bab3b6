"""`video train --watch`: what the page of a run shows, that watching changes nothing, and what is refused."""

import re
import signal
import socket
from contextlib import nullcontext
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.serving import watched_program
from experiments.video.folder import RunFolder
from experiments.video.page import watched_training
from experiments.video.reports import Reports
from experiments.video.run import Run
from experiments.video.settings import Settings
from experiments.video.train_command import Training
from nn import Trainer
from tests.support import patience
from tests.support.video_runs import assert_same_bits, options, run, tiny, train
from tests.support.web_browser import Browser, playwright
from workbench.errors import OperationError
from workbench.inspect.inspector import Inspector
from workbench.records import About, Recorder
from workbench.run.messages import pack, unpack
from workbench.run.operations import CLIP_OPERATIONS, LOOKING, Opened, about, dispatch
from workbench.run.run_state import DONE, PAUSED
from workbench.run.training_run import TrainingRun

pytestmark = pytest.mark.usefixtures("one_thread")

PANELS = ("clips", "network", "chart", "time")
"""From top to bottom on a phone."""

LAST = 6
MODELS = (
    {"model": "lstm", "adapter": 3},
    {"model": "convolution", "task": "reconstruction"},
    {"model": "convolutional_lstm", "task": "prediction"},
)


def made_training(settings: Settings) -> Training:
    """Return a training that is recorded nowhere."""
    return Training(Run.start(settings), Recorder(About("video"), None))


def opened(training: Training) -> Opened:
    watched = watched_training(training.run, training.train_for_page, training.step_for_page)
    watching = TrainingRun(watched)
    return Opened(watching, Inspector(watching), "", {**LOOKING, **CLIP_OPERATIONS})


def look(page: Opened) -> None:
    """Ask for all that a page asks for by itself."""
    for op, args in (
        ("overview", {}),
        ("status", {}),
        ("curve", {}),
        ("clips", {}),
        ("choose_moment", {"number": page.run.session.trainer.step % 3}),
        ("frame", {"kinds": ["values", "signals", "biases", "change"]}),
        ("neuron", {"layer": 1, "neuron": 2}),
        ("connections", {"layer": 2, "neuron": 0}),
        ("strongest", {"layer": 1, "count": 3}),
    ):
        header, arrays = dispatch(page, op, args)
        pack({**header, "type": "reply"}, arrays)


@pytest.mark.parametrize("chosen", MODELS, ids=lambda chosen: chosen["model"])
def test_a_run_that_is_watched_and_stopped_has_the_bits_of_any_other(chosen: dict[str, Any], tmp_path: Path):
    train(tmp_path / "alone", **chosen)
    training = made_training(tiny(folder=tmp_path, **chosen))
    page = opened(training)
    pack(about(page), {})

    def between() -> None:
        look(page)
        if training.run.trainer.step == 2:
            page.run.stop()

    page.run.train(between)
    assert (page.run.state, page.run.reason) == ("idle", PAUSED)
    assert RunFolder(tmp_path).load().metadata["training"]["step"] == 2
    assert not RunFolder(tmp_path).frames.exists()
    dispatch(page, "walk", {"action": "next"})
    look(page)
    assert dispatch(page, "step", {})[0] == {"step": 3}
    dispatch(page, "start", {})
    page.run.train(between)
    assert (page.run.state, page.run.reason, training.run.trainer.step) == ("finished", DONE, LAST)
    assert RunFolder(tmp_path).frames.is_file()
    with pytest.raises(OperationError, match="training has ended"):
        page.run.start()
    assert training.finish(page.run.reason) == 0
    assert_same_bits(tmp_path, tmp_path / "alone")


def test_a_run_that_is_left_on_the_page_goes_on_with_the_same_bits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    folder = tmp_path / "left"
    folder.mkdir()
    training = made_training(tiny(folder=folder))
    page = opened(training)
    page.run.train(page.run.stop)
    assert page.run.step() == {"step": 2}
    assert training.finish(page.run.reason) == 130
    assert f"go on with: python -m experiments video continue {folder}" in capsys.readouterr().out
    assert RunFolder(folder).load().metadata["training"]["step"] == 2
    assert RunFolder(folder).frames.is_file()
    assert run("continue", folder) == 0
    train(tmp_path / "alone")
    assert_same_bits(folder, tmp_path / "alone")


def test_the_last_step_on_the_page_is_the_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    training = made_training(tiny(folder=tmp_path, steps=2))
    page = opened(training)
    page.run.train(page.run.stop)
    assert page.run.step() == {"step": 2}
    assert (page.run.state, page.run.reason) == ("finished", DONE)
    other = made_training(tiny(folder=tmp_path, steps=1))
    page = opened(other)
    page.run.train(page.run.stop)
    assert (page.run.reason, RunFolder(tmp_path).frames.is_file()) == (DONE, True)
    assert training.finish(DONE) == other.finish(DONE) == 0
    printed = capsys.readouterr().out
    assert printed.count("trained ") == 2 and printed.count("stays until Ctrl-C") == 2


def test_charts_have_both_errors_beside_what_needs_no_network(tmp_path: Path):
    training = made_training(tiny(folder=tmp_path))
    page = opened(training)
    charts = [chart["key"] for chart in page.run.overview()["charts"]]
    assert charts == [
        *("reconstruction-nats", "prediction-nats", "reconstruction-mse", "prediction-mse", "loss")
    ]
    assert all(line["steps"] == [] for lines in page.run.curve().values() for line in lines)
    assert page.run.status()["prediction"] is None
    page.run.train(lambda: None)
    curve, rows = page.run.curve(), training.run.reports.rows
    lines = {line["name"]: line for line in curve["prediction-nats"]}
    assert list(lines) == ["training", "validation", "copy of the last frame", "mean frame", "floor"]
    assert lines["validation"]["steps"] == [2, 4, 6]
    assert lines["validation"]["values"] == [row["validation_prediction_nats_per_frame"] for row in rows]
    level = training.run.references["prediction"]["mean frame"]["nats"]
    assert (lines["mean frame"]["steps"], lines["mean frame"]["values"]) == ([2, 6], [level, level])
    assert lines["mean frame"]["level"] and not lines["validation"]["level"]
    assert "floor" not in [line["name"] for line in curve["prediction-mse"]]
    assert curve["loss"][0]["steps"] == [1, 2, 3, 4, 5, 6] and curve["loss"][0]["faint"]
    assert page.run.status()["prediction"] == lines["validation"]["values"][-1]
    data = page.run.overview()["data"]
    assert (data["training"], data["held_out"]) == (None, 5)  # moving digits have no end


def test_a_run_that_diverges_ends_with_the_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    training = made_training(tiny(folder=tmp_path))
    page = opened(training)

    def spoil() -> None:
        training.run.network.parameters.values[:] = np.nan

    page.run.train(spoil)
    assert page.run.state == "diverged" and page.run.error is not None
    assert "The last snapshot is untouched" in capsys.readouterr().err


def test_ctrl_c_ends_the_run_and_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    folder = tmp_path / "watched"
    ours, theirs = Pipe()
    monkeypatch.setattr("workbench.watching.served_page", lambda port: nullcontext(ours))
    reported = Reports.on_epoch

    def interrupting(self: Reports, trainer: Trainer) -> None:
        reported(self, trainer)
        if trainer.step == 4:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Reports, "on_epoch", interrupting)
    assert run("train", *options(), "--folder", folder, "--watch") == 130
    assert f"video continue {folder}" in capsys.readouterr().out
    assert RunFolder(folder).load().metadata["training"]["step"] == 4 and RunFolder(folder).frames.exists()
    types = []
    while theirs.poll():
        types.append(unpack(theirs.recv_bytes())[0])
    assert [header["type"] for header in types] == ["ready", "ended"]
    assert "was interrupted after step 4" in types[-1]["message"]


def test_a_page_that_is_to_close_ends_with_the_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    ours, _theirs = Pipe()
    monkeypatch.setattr("workbench.watching.served_page", lambda port: nullcontext(ours))
    assert run("train", *options(), "--folder", tmp_path / "watched", "--watch", "--close") == 0
    assert "stays" not in capsys.readouterr().out
    assert run("train", *options(), "--folder", tmp_path / "other", "--close") == 2
    assert "--close: closes the page of --watch: add that" in capsys.readouterr().err


def test_a_page_that_cannot_be_is_refused_before_anything_is_touched(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    folder = tmp_path / "watched"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for text, message in (
            (str(port), f"cannot listen on 127.0.0.1, port {port}"),
            ("65536", "--port=65536: a port is a number from 0 to 65535"),
        ):
            assert run("train", *options(), "--folder", folder, "--watch", "--port", text) == 2
            assert message in capsys.readouterr().err
    assert run("train", *options(), "--folder", folder, "--port", "8080") == 2
    assert "--port=8080: is that of the page: add --watch" in capsys.readouterr().err
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert run("train", *options(), "--folder", folder, "--watch") == 2
    assert "the page needs NiceGUI: pip install 'ganglion[web]'" in capsys.readouterr().err
    assert not folder.exists()


def test_a_run_is_seen_in_two_pages_and_goes_on_without_them(tmp_path: Path, chromium: Browser):
    folder = tmp_path / "watched"
    more = ("--watch", "--folder", str(folder))
    words = ("video", "train", *options(steps=100_000, report_every=5), *more)
    with watched_program(tmp_path, "experiments", *words) as served:
        context = chromium.new_context(viewport={"width": 1440, "height": 900})
        page, other, wrong = context.new_page(), context.new_page(), []
        for each in (page, other):
            each.on("pageerror", lambda error: wrong.append(str(error)))
            each.set_default_timeout(patience.MILLISECONDS)
            each.goto(served.address)
        see(page)
        part, expect = page.get_by_test_id, playwright.expect
        part("play").click()  # while one plays, the other follows it wherever it is paused
        expect(part("play")).to_have_attribute("aria-label", "Play")
        other.get_by_test_id("moment").press("Home")  # pauses there
        for each in (page, other):
            expect(each.get_by_test_id("moment-text")).to_have_text("Frame 1 of 3")
        other.get_by_test_id("moment").press("ArrowRight")
        expect(part("moment-text")).to_have_text("Frame 2 of 3")
        other.close()
        part("start").click()
        step = int(part("step-count").inner_text())
        page.wait_for_function(f"Number(document.querySelector('[data-test=step-count]').innerText) > {step}")
        context.close()
        assert not wrong
        seen = served.process.poll()
        assert seen is None  # training goes on while nobody looks
    assert RunFolder(folder).load().metadata["training"]["step"] > step
    assert served.process.returncode == 130


def see(page: Any) -> None:
    """See clips that play, charts and layers; stop, make a step, choose a neuron, and look on a phone."""
    part, expect = page.get_by_test_id, playwright.expect
    page.wait_for_function("document.querySelector('[data-test=clips]')?.dataset.step > 5")
    text = part("moment-text").inner_text()
    page.wait_for_function(f"document.querySelector('[data-test=moment-text]').innerText != '{text}'")
    part("stop").click()
    expect(part("state")).to_have_text("Idle")
    assert page.locator(".g-panel-clips .g-image").count() == 8
    assert page.locator(".g-panel-clips .g-image canvas").count() == 8 * 4
    captions = page.locator(".g-panel-clips .g-image-captions").first
    assert captions.inner_text().split() == ["Input", "Reconstruction", "Truth", "Prediction", "Error"]
    expect(part("chart-prediction-nats")).to_have_attribute(
        "aria-label", re.compile("validation .*, mean frame")
    )
    for name in ("snapshot", "reset", "learning-rate", "rewind", "image-input-0"):
        assert part(name).count() == 0
    step = int(part("step-count").inner_text())
    part("step").click()
    expect(part("step-count")).to_have_text(str(step + 1))
    corners = [part("network").evaluate("(canvas, at) => canvas.cellAt(0, at)", at) for at in (0, 63)]
    assert (
        min(corners[1][side] - corners[0][side] for side in ("x", "y")) > 30
    )  # three rows of layers have room
    place = part("network").evaluate("canvas => canvas.cellAt(1, 3)")
    page.mouse.click(place["x"], place["y"])
    expect(part("network-info")).to_have_text(re.compile(r"encoder gates.*value .* signal "))
    part("walk-begin").click()
    part("walk-next").click()
    expect(part("walk-stage")).to_have_text("encoder gates")
    part("walk-end").click()
    page.set_viewport_size({"width": 390, "height": 844})
    places = {name: page.locator(f".g-panel-{name}").first.bounding_box() for name in PANELS}
    assert sorted(PANELS, key=lambda name: places[name]["y"]) == list(PANELS)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.set_viewport_size({"width": 1440, "height": 900})
