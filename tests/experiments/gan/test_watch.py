"""`gan train --watch`: the page of a run in a real browser, and that watching changes nothing."""

import re
import signal
import socket
from contextlib import nullcontext
from multiprocessing import Pipe
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest

from experiments.gan.folder import RunFolder
from experiments.gan.page import samples_of
from experiments.gan.run import Run
from experiments.gan.train_command import Training
from experiments.gan.watchers import Watchers
from experiments.serving import Served, watched_program
from networks.gan import GanTrainer
from tests.support import patience
from tests.support.gan_runs import assert_same_bits, options, run, tiny
from tests.support.web_browser import Browser, playwright
from workbench.records import About, Recorder
from workbench.run.messages import unpack
from workbench.run.run_state import PAUSED

pytestmark = pytest.mark.usefixtures("one_thread")

PANELS = ("samples", "network", "chart", "time")
"""From top to bottom on a phone."""

OPTIONS = options(epochs=100_000, every=1000, dropout=0.2, snapshot_interval=0.01)


def watching(folder: Path, *words: str) -> Any:
    """Run the program with a page until the block ends."""
    return watched_program(folder.parent, "experiments", "gan", *words, "--watch", "--folder", str(folder))


def is_open(served: Served) -> bool:
    """Return whether something answers at the address of a page."""
    parts = urlsplit(served.address)
    with socket.socket() as client:
        return client.connect_ex((str(parts.hostname), int(parts.port or 0))) == 0


def epochs_of(folder: Path) -> int:
    epoch = RunFolder(folder).load().metadata["gan"]["shuffle"]["epoch"]
    assert isinstance(epoch, int)
    return epoch


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "watched"


def test_a_run_is_seen_stopped_continued_killed_and_resumed(folder: Path, tmp_path: Path, chromium: Browser):
    with watching(folder, "train", *OPTIONS) as served:
        look_at(served, chromium)
        seen = epochs_of(folder)
        patience.wait_until(lambda: epochs_of(folder) > seen + 1)  # training goes on while nobody looks
        served.process.kill()
        served.process.communicate()
        patience.wait_until(lambda: not is_open(served))
    epochs = str(epochs_of(folder) + 1)
    with watching(folder, "continue", "--epochs", epochs) as served:
        patience.wait_until(
            RunFolder(folder).arrays.exists
        )  # the results are not kept until the page is closed
        assert is_open(served)
        served.process.send_signal(signal.SIGINT)
        printed, _ = served.process.communicate(timeout=patience.SECONDS)
        assert served.process.returncode == 0 and not is_open(served)
        assert "stays until Ctrl-C" in printed.decode() and "go on with" not in printed.decode()
    alone = tmp_path / "alone"
    assert run("train", *OPTIONS, "--epochs", epochs, "--folder", alone) == 0
    assert_same_bits(folder, alone)


def look_at(served: Served, chromium: Browser) -> None:
    """See samples, losses and both networks, stop, make a round and go on."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    page, wrong = context.new_page(), []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.set_default_timeout(patience.MILLISECONDS)
    page.goto(served.address)
    part, expect = page.get_by_test_id, playwright.expect

    drawn = "(() => Number(document.querySelector('[data-test=samples]')?.dataset.step))()"
    page.wait_for_function(f"{drawn} > 0")
    page.wait_for_function(f"{drawn} > {page.evaluate(drawn)}")
    part("stop").click()
    expect(part("state")).to_have_text("Idle")
    assert page.locator(".g-sample canvas").count() == 60
    assert page.locator(".g-sample-heading").all_inner_texts() == list("0123456789")
    for name in ("losses", "scores", "validation"):
        points = f"Number(document.querySelector('[data-test=chart-{name}]').dataset.points)"
        page.wait_for_function(f"{points} > 0")
    expect(part("chart-losses")).to_have_attribute("aria-label", re.compile("generator .*, discriminator"))
    for name in ("snapshot", "reset", "learning-rate", "rewind", "walk-begin", "image-input-0"):
        assert part(name).count() == 0

    layers = page.locator("[data-test=strongest-layer] option")
    expect(layers.last).to_have_text(re.compile("reshape"))
    part("network-discriminator").click()
    expect(layers.last).to_have_text(re.compile("dense"))
    part("sample-57").click()
    expect(part("sample-57")).to_have_attribute("aria-checked", "true")
    part("kind-signals").click()
    place = part("network").evaluate("canvas => canvas.cellAt(1, 3)")
    page.mouse.click(place["x"], place["y"])
    expect(part("network-info")).to_have_text(re.compile(r"convolution 0.*value .* signal "))

    page.set_viewport_size({"width": 390, "height": 844})
    places = {name: page.locator(f".g-panel-{name}").first.bounding_box() for name in PANELS}
    assert sorted(PANELS, key=lambda name: places[name]["y"]) == list(PANELS)  # type: ignore[index]
    assert page.evaluate("document.documentElement.scrollWidth") == 390

    step = int(part("step-count").inner_text().replace(",", ""))
    part("step").click()
    expect(part("step-count")).to_have_text(f"{step + 1:,}")
    part("start").click()
    page.wait_for_function(f"{drawn} > {step + 1}")
    context.close()
    assert not wrong


def test_ctrl_c_ends_the_run_and_the_page(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    ours, theirs = Pipe()
    monkeypatch.setattr("workbench.watching.served_page", lambda port: nullcontext(ours))
    scored = Watchers.on_epoch

    def interrupting(self: Watchers, trainer: GanTrainer) -> None:
        scored(self, trainer)
        if trainer.shuffle.epoch == 2:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Watchers, "on_epoch", interrupting)
    assert run("train", *OPTIONS, "--folder", folder, "--watch") == 130
    assert f"continue --folder {folder}" in capsys.readouterr().out
    assert epochs_of(folder) == 2 and RunFolder(folder).arrays.exists()
    types = []
    while theirs.poll():
        types.append(unpack(theirs.recv_bytes())[0])
    assert [header["type"] for header in types] == ["ready", "ended"]
    assert "was interrupted after round" in types[-1]["message"]


def test_a_page_that_is_to_close_ends_with_the_training(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    ours, _theirs = Pipe()
    monkeypatch.setattr("workbench.watching.served_page", lambda port: nullcontext(ours))
    assert run("train", *OPTIONS, "--folder", folder, "--watch", "--close", "--epochs", "2") == 0
    assert "stays" not in capsys.readouterr().out


def test_a_run_that_is_stopped_in_its_last_round_is_done(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    training = Training(Run.start(tiny(folder=tmp_path)), Recorder(About("gan"), None))

    def stop(trainer: GanTrainer) -> None:
        if trainer.epochs >= 1:
            trainer.stop(PAUSED)

    assert training.train_for_page([stop]) == PAUSED and not training.run.folder.arrays.exists()
    while (reason := training.train_for_page([stop])) == PAUSED:
        assert not training.run.folder.arrays.exists()
    assert reason == "done" and training.run.folder.arrays.exists()
    assert training.finish(reason) == 0
    assert capsys.readouterr().out.count("trained ") == 1


def test_a_page_that_cannot_be_is_refused_before_anything_is_touched(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for text, message in (
            (str(port), f"cannot listen on 127.0.0.1, port {port}"),
            ("65536", "--port=65536: a port is a number from 0 to 65535"),
            ("http", "--port=http: a port is a number"),
        ):
            assert run("train", *OPTIONS, "--folder", folder, "--watch", "--port", text) == 2
            assert message in capsys.readouterr().err
    assert run("train", *OPTIONS, "--folder", folder, "--port", "8080") == 2
    assert "--port=8080: is that of the page: add --watch" in capsys.readouterr().err
    assert not folder.exists()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert run("train", *OPTIONS, "--folder", folder, "--watch") == 2
    assert "the page needs NiceGUI: pip install 'ganglion[web]'" in capsys.readouterr().err
    assert not folder.exists()


@pytest.mark.parametrize("data", ["digits", "sines"])
def test_samples_are_those_of_the_pictures(data: str, tmp_path: Path):
    opened = Run.start(tiny(data=data, folder=tmp_path, **({"window": 8} if data == "sines" else {})))
    samples = samples_of(opened)
    made = samples.make(opened.gan)
    pictures = samples.pictures(made)
    assert pictures.dtype == np.uint8 and len(pictures) == len(samples) == 60
    if data == "digits":
        shares = opened.data.form.shares(opened.shown.real.values)
        np.testing.assert_array_equal(pictures[50:], np.rint(255 * shares))
    else:
        assert pictures.shape[1:] == (96, 96, 3)
    assert samples.name(57) == ("real, 7" if data == "digits" else "real, column 8")
