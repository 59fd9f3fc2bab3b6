"""A program that trains nothing, quickly, in the way of the others: a table, snapshots, going on, refusals.

It knows the standard library alone, so that it starts at once. Every number of it follows from its settings
and its seed, through a state that no epoch can be left out of.
"""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HEADINGS = "epoch,loss,ratio,seconds\n"


def replace(path: Path, text: str) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    partial.write_text(text)
    os.replace(partial, path)


def save(folder: Path, state: dict[str, Any]) -> None:
    replace(folder / "state.json", json.dumps(state))


def write_table(folder: Path, state: dict[str, Any]) -> None:
    lines = [f"{epoch},{loss!r},{ratio!r},{time.time()}\n" for epoch, loss, ratio in state["rows"]]
    replace(folder / "losses.csv", HEADINGS + "".join(lines))


def learn(state: dict[str, Any]) -> None:
    settings, epoch = state["settings"], len(state["rows"]) + 1
    rate, units = float(settings.get("rate", "0.1")), int(settings.get("units", "1"))
    state["chaos"] = 3.99 * state["chaos"] * (1 - state["chaos"])
    loss = (rate - 0.3) ** 2 + 0.1 / units + 1 / epoch + 0.01 * state["chaos"]
    state["rows"].append([epoch, loss, rate * epoch])


def begin(settings: dict[str, str]) -> dict[str, Any]:
    chaos = (1 + int(settings.get("seed", "0"))) / 977 + float(settings.get("rate", "0.1")) / 7
    return {"settings": settings, "chaos": chaos, "rows": []}


def alone(folder: Path) -> bool:
    """Return whether no other process trains in a folder; others cannot until this process ends."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        fcntl.flock(os.open(folder / "alone", os.O_RDWR | os.O_CREAT), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def stay(folder: Path) -> None:
    """Start a process, write which, and end neither when asked."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"])  # which ignores it, too
    folder.mkdir(parents=True, exist_ok=True)
    replace(folder / "processes", f"{os.getpid()} {child.pid}")


def main(words: list[str]) -> int:
    """Train, or go on: `train --folder F --epochs N ...`, `continue --folder F [--epochs N]`."""
    command, *rest = words
    given = dict(zip([key.removeprefix("--") for key in rest[::2]], rest[1::2], strict=True))
    folder, stopped = Path(given["folder"]), []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.append(1))
    if given.get("stubborn") == "yes":
        stay(folder)
    if (command == "train" and (folder / "state.json").exists()) or given.get("breaks-at") == "99":
        print("holds a run already", file=sys.stderr)
        return 2
    if not alone(folder):
        (folder / "two at once").touch()
    state = begin(given) if command == "train" else json.loads((folder / "state.json").read_text())
    settings = state["settings"]
    gate = Path(settings.get("gate") or folder)  # there is nothing to wait for where none is named
    while len(state["rows"]) < int(given.get("epochs", settings.get("epochs", "1"))):
        while not (gate.exists() or stopped):
            time.sleep(0.01)
        if stopped:
            save(folder, state)
            return 130
        if len(state["rows"]) + 1 == int(settings.get("breaks-at", "0")):
            print("loss is not finite", file=sys.stderr)
            return 1
        learn(state)
        if len(state["rows"]) % 2 == 1:  # so that what is killed has lost an epoch, or none
            save(folder, state)
        write_table(folder, state)
        time.sleep(float(settings.get("pause", "0")))
    save(folder, state)
    return 0
