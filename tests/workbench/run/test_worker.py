"""The process that trains: requests are answered between steps, and the model is saved however it ends."""

import asyncio
import hashlib
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from autoencoder.model_file import load_snapshot
from autoencoder.session import start_session
from nn.training.lock import FolderLock
from tests.support.autoencoder_runs import tiny_settings
from tests.support.live_links import PATIENCE, frame_when, linked, tiny_order, wait_for_end
from tests.support.places import ROOT
from workbench.page.link import Link
from workbench.page.refusals import OperationRefused, StartFailed


def saved_step(directory: Path) -> int:
    """Steps of the model that is saved."""
    step = load_snapshot(directory / "model").metadata["training"]["step"]
    assert isinstance(step, int)
    return step


def checksum(directory: Path) -> str:
    """SHA-256 of what is saved of parameters, optimizer and order of the images."""
    digest = hashlib.sha256()
    for name, array in sorted(load_snapshot(directory / "model").arrays.items()):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def test_a_run_is_started_watched_changed_stopped_and_saved(tmp_path: Path):
    async def scenario() -> None:
        async with linked(tiny_order(tmp_path)) as link:
            assert link.status["state"] == "idle"
            await link.ask("start")
            step = (await frame_when(link, lambda status: status["step"] > 3)).header["step"]
            await frame_when(link, lambda status: status["step"] > step)
            change = {"kind": "setting", "name": "learning-rate", "value": "0.002"}
            changed = (await link.ask("apply", changes=[change])).header["step"]
            assert (await link.ask("status")).header["settings"]["learning-rate"] == "0.002"
            await link.ask("stop")
            stopped = await frame_when(link, lambda status: status["state"] == "idle")
            assert stopped.header["status"]["step"] >= changed
            said = await link.close()
        assert said["step"] == stopped.header["status"]["step"] == saved_step(tmp_path)
        assert said["model"] == str(tmp_path / "model" / "model.safetensors")

    asyncio.run(scenario())


def test_closing_in_the_middle_of_training_saves(tmp_path: Path):
    async def scenario() -> int:
        async with linked(tiny_order(tmp_path)) as link:
            await link.ask("start")
            await frame_when(link, lambda status: status["step"] > 5)
            step = (await link.close())["step"]
            assert isinstance(step, int)
            return step

    assert asyncio.run(scenario()) == saved_step(tmp_path) > 5


def test_a_run_that_was_closed_goes_on_where_it_was(tmp_path: Path):
    async def scenario() -> None:
        async with linked(tiny_order(tmp_path)) as link:
            await link.ask("step")
            await link.ask("step")
        async with linked(tiny_order(tmp_path)) as link:
            assert link.status["step"] == 2

    asyncio.run(scenario())


def test_a_watched_run_has_the_bits_of_one_that_nobody_watches(tmp_path: Path):
    epochs = 300

    async def scenario() -> None:
        async with linked(tiny_order(tmp_path / "watched", epochs=epochs)) as link:
            finished = asyncio.Event()
            link.on_change(lambda: finished.set() if link.status["state"] == "finished" else None)
            await link.ask("start")

            async def ask(op: str, **args: object) -> None:
                while not finished.is_set():
                    await link.ask(op, **args)

            await asyncio.gather(
                ask("frame", kinds=["values", "signals", "biases", "change"]),
                ask("neuron", layer=2, neuron=1),
                ask("connections", layer=1, neuron=3),
                ask("strongest", layer=4, count=20),
                ask("code"),
                ask("decode", code=[0.5, -0.5, 1.0, 0.0]),
                ask("curve"),
                ask("status"),
            )

    asyncio.run(scenario())
    directory = tmp_path / "alone" / "model"
    session = start_session(tiny_settings(epochs=epochs, model_directory=directory))
    session.train()
    assert saved_step(tmp_path / "watched") == session.trainer.step
    assert checksum(tmp_path / "watched") == checksum(tmp_path / "alone")


@pytest.mark.parametrize(
    ("changes", "status", "text"),
    [
        ({"input_directory": "/nowhere"}, 2, "/nowhere"),
        ({"width": "0"}, 2, "width=0: it should be a whole number from 1 to 4096"),
        ({"batch_size": "16", "layers": "65536,65536"}, 2, "the network needs"),
    ],
)
def test_what_cannot_be_opened_is_told_with_its_exit_status(
    tmp_path: Path, changes: dict[str, str], status: int, text: str
):
    async def scenario() -> None:
        link = Link()
        with pytest.raises(StartFailed, match=text) as caught:
            await link.start(tiny_order(tmp_path, **changes))
        assert caught.value.status == status
        assert link.process_number is not None
        await asyncio.to_thread(wait_for_end, link.process_number)

    asyncio.run(scenario())


def test_a_folder_in_which_another_process_trains_is_told(tmp_path: Path):
    async def scenario() -> None:
        with pytest.raises(StartFailed, match="training here") as caught:
            await Link().start(tiny_order(tmp_path))
        assert caught.value.status == 1

    (tmp_path / "model").mkdir()
    with FolderLock(tmp_path / "model"):
        asyncio.run(scenario())


def test_an_interrupt_ends_training_and_not_the_process(tmp_path: Path):
    async def scenario() -> None:
        async with linked(tiny_order(tmp_path)) as link:
            assert link.process_number is not None
            os.kill(link.process_number, signal.SIGINT)  # idle: nothing to end
            await link.ask("start")
            await frame_when(link, lambda status: status["step"] > 5)
            os.kill(link.process_number, signal.SIGINT)
            stopped = await frame_when(link, lambda status: status["state"] == "idle")
            assert stopped.header["step"] == saved_step(tmp_path)
            await link.ask("start")
            await frame_when(link, lambda status: status["step"] > stopped.header["step"])

    asyncio.run(scenario())


def test_a_termination_while_idle_saves_and_ends(tmp_path: Path):
    async def scenario() -> None:
        async with linked(tiny_order(tmp_path)) as link:
            assert link.process_number is not None
            await link.ask("step")
            os.kill(link.process_number, signal.SIGTERM)
            await link.lost.wait()
            assert link.status["message"] == "the training process was ended from outside, and has saved"
            assert (await link.close())["step"] == 1
        assert saved_step(tmp_path) == 1

    asyncio.run(scenario())


def test_a_process_that_is_killed_is_told_of(tmp_path: Path):
    async def scenario() -> None:
        async with linked(tiny_order(tmp_path)) as link:
            assert link.process_number is not None
            told = asyncio.Event()
            link.on_change(lambda: told.set() if link.status["state"] == "lost" else None)
            await link.ask("start")
            await frame_when(link, lambda status: status["step"] > 5)
            os.kill(link.process_number, signal.SIGSTOP)
            waiting = [asyncio.create_task(link.ask("status")), asyncio.create_task(link.frame(["values"]))]
            await asyncio.sleep(0)
            os.kill(link.process_number, signal.SIGKILL)
            for task in waiting:
                with pytest.raises(OperationRefused, match="the training process has ended"):
                    await task
            await told.wait()
            assert link.lost.is_set()
            with pytest.raises(OperationRefused, match="the training process has ended"):
                await link.ask("status")
            assert "error" in await link.close()

    asyncio.run(scenario())


SCRIPT = """\
import asyncio, sys
from pathlib import Path
from tests.support.live_links import frame_when, linked, tiny_order

async def main():
    async with linked(tiny_order(Path(sys.argv[1]))) as link:
        await link.ask("start")
        frame = await frame_when(link, lambda status: status["step"] > 5)
        print(link.process_number, frame.header["step"], flush=True)
        await asyncio.Event().wait()

if __name__ == "__main__":
    asyncio.run(main())
"""


def test_a_process_whose_parent_is_killed_saves_and_ends(tmp_path: Path):
    script = tmp_path / "parent.py"
    script.write_text(textwrap.dedent(SCRIPT))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
    command = [sys.executable, str(script), str(tmp_path)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        worker, step = map(int, parent.stdout.readline().split())
        parent.kill()
        parent.wait(PATIENCE)
    wait_for_end(worker)
    assert saved_step(tmp_path) >= step
    with FolderLock(tmp_path / "model"):
        pass
