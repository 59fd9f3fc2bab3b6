"""The command `serve`: what it refuses, what it prints, and how it ends."""

import contextlib
import importlib.util
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from autoencoder.model_file import load_snapshot
from tests.support.autoencoder_runs import run, tiny_options
from tests.support.live_links import PATIENCE, wait_for_end
from tests.support.places import ROOT
from workbench.errors import InputError
from workbench.page.address import check_address

needs_nicegui = pytest.mark.skipif(
    importlib.util.find_spec("nicegui") is None, reason="needs NiceGUI: pip install 'ganglion[web]'"
)


class Server:
    """A server in a separate process group, as in a terminal."""

    def __init__(self, directory: Path, *more: str) -> None:
        places = ("--model-directory", directory / "model", "--output-directory", directory / "output")
        options = [*tiny_options(epochs=1_000_000), *map(str, places), "--port", "0", *more]
        command = [sys.executable, "-m", "autoencoder", "serve", *options]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        self.process = subprocess.Popen(command, cwd=ROOT, text=True, start_new_session=True, **pipes)

    def address(self) -> str:
        """Where the page is, once it can be opened."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("page "):
                return line.split()[1]
        raise AssertionError(self.process.communicate())

    def end(self, number: signal.Signals) -> tuple[int, str, str]:
        """Exit status, and what was printed, after a signal to the whole group."""
        os.killpg(self.process.pid, number)
        return self.wait()

    def wait(self) -> tuple[int, str, str]:
        """Exit status, and what was printed, when it ends by itself."""
        printed, errors = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, printed, errors

    def workers(self) -> list[int]:
        """The process that trains, if it is there."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [int(each) for each in children if b"spawn_main" in Path(f"/proc/{each}/cmdline").read_bytes()]


@contextlib.contextmanager
def serving(directory: Path, *more: str) -> Iterator[Server]:
    server = Server(directory, *more)
    try:
        yield server
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.process.pid, signal.SIGKILL)
        server.process.wait()


def saved_step(directory: Path) -> int:
    step = load_snapshot(directory / "model").metadata["training"]["step"]
    assert isinstance(step, int)
    return step


def wait_for_training(directory: Path) -> None:
    """Wait until there is a table of epochs."""
    table = directory / "output" / "losses.csv"
    given_up = time.monotonic() + PATIENCE
    while not table.exists():
        assert time.monotonic() < given_up, "no epoch was finished"
        time.sleep(0.002)


@needs_nicegui
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_whole_group_saves_and_says_where(tmp_path: Path, number: signal.Signals):
    with serving(tmp_path, "--start") as server:
        server.address()
        wait_for_training(tmp_path)
        status, printed, errors = server.end(number)
    assert (status, errors) == (130, "")
    model = tmp_path / "model"
    assert f"{saved_step(tmp_path):,} steps" in printed
    assert str(model / "model.safetensors") in printed
    assert f"go on with: autoencoder serve --model-directory {model}" in printed


@needs_nicegui
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_nothing_is_trained_ends_it(tmp_path: Path, number: signal.Signals):
    with serving(tmp_path) as server:
        server.address()
        status, printed, errors = server.end(number)
    assert (status, errors) == (130, "")
    assert "stopped    0 epochs, 0 steps" in printed
    assert not (tmp_path / "model" / "model.safetensors").exists()


@needs_nicegui
def test_a_signal_before_the_run_is_open_ends_it(tmp_path: Path):
    with serving(tmp_path) as server:
        given_up = time.monotonic() + PATIENCE
        while not server.workers():
            assert time.monotonic() < given_up, "no process was started"
            time.sleep(0.002)
        status, _, errors = server.end(signal.SIGINT)
    assert (status, errors) == (130, "autoencoder serve: interrupted\n")


@needs_nicegui
def test_the_page_opens_with_its_address_and_a_model_is_gone_on_with(tmp_path: Path):
    with serving(tmp_path) as server:
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        with browser.open(server.address(), timeout=PATIENCE) as answer:
            assert answer.status == 200
            assert b"Ganglion" in answer.read()
        server.end(signal.SIGINT)
    with serving(tmp_path, "--start") as server:
        server.address()
        wait_for_training(tmp_path)
        server.end(signal.SIGINT)
    before = saved_step(tmp_path)
    with serving(tmp_path) as server:
        server.address()
        _, printed, _ = server.end(signal.SIGINT)
    assert f"{before:,} steps" in printed


@needs_nicegui
def test_a_training_process_that_is_killed_ends_the_server(tmp_path: Path):
    with serving(tmp_path, "--start") as server:
        server.address()
        os.kill(*server.workers(), signal.SIGKILL)
        status, _, errors = server.wait()
    assert status == 1
    assert errors.startswith("autoencoder serve: the training process has ended unexpectedly")
    assert len(errors.splitlines()) == 1


@needs_nicegui
def test_a_server_that_is_killed_leaves_no_process_and_a_saved_model(tmp_path: Path):
    with serving(tmp_path, "--start") as server:
        server.address()
        wait_for_training(tmp_path)
        (worker,) = server.workers()
        server.process.kill()
        wait_for_end(worker)
    assert saved_step(tmp_path) > 0


@needs_nicegui
@pytest.mark.parametrize(
    ("options", "status", "text"),
    [
        (("--port", "70000"), 2, "--port=70000: a port is a number from 0 to 65535"),
        (("--port", "-1"), 2, "--port=-1: a port is a number"),
        (("--host", "0.0.0.0"), 2, "--host=0.0.0.0: opens the page to others"),
        (("--host", "203.0.113.9", "--allow-host", "box"), 2, "cannot listen on 203.0.113.9"),
        (("--inputs", "/nowhere"), 2, "--inputs=/nowhere: there is no such file or directory"),
        (("--models", "/,/nowhere"), 2, "--models=/nowhere: there is no such file or directory"),
        (("--width", "0"), 2, "--width=0: it should be a whole number from 1 to "),
        (("--input-directory", "/nowhere", "--port", "0"), 2, "/nowhere"),
    ],
)
def test_what_cannot_be_served_is_refused_in_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], status: int, text: str
):
    assert run("serve", *tiny_options(), "--model-directory", tmp_path / "model", *options) == status
    errors = capsys.readouterr().err
    assert errors.startswith("autoencoder serve: ")
    assert text in errors
    assert len(errors.splitlines()) == 1


def test_without_nicegui_the_page_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert run("serve") == 2
    assert "the page needs NiceGUI: pip install 'ganglion[web]'" in capsys.readouterr().err


def test_other_commands_load_nothing_of_the_page_and_serve_nothing_that_computes():
    program = (
        "import sys, autoencoder.__main__, autoencoder.serve_command, workbench.page.link\n"
        "print([name for name in ('nicegui', 'fastapi', 'uvicorn', 'numba') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "[::1]", "127.8.8.8"])
def test_this_machine_needs_no_other_names(host: str):
    assert check_address(host, "0", []) == (host.strip("[]"), 0, [])


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.0.2.1", "box.example", "localhost.example"])
def test_other_machines_are_let_in_under_names_only(host: str):
    with pytest.raises(InputError, match="--allow-host NAME,NAME"):
        check_address(host, "80", [])
    assert check_address(host, "80", ["Box.example,[FD00::1]", "box"])[2] == [
        "box.example",
        "[fd00::1]",
        "box",
    ]


@pytest.mark.parametrize(
    "name", ["http://box", "box:8765", "box/", "*", "a b", "-box", "box.", "fd00::1", "x" * 300, "é", "b ox"]
)
def test_names_that_no_browser_sends_are_refused(name: str):
    with pytest.raises(InputError, match="--allow-host="):
        check_address("0.0.0.0", "80", ["good", name])
