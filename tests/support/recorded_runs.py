"""A file of recorded runs to list, compare, draw, export and delete."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.records import About, Artefact, Label, Store
from workbench.records.process import Process
from workbench.records.run import Session
from workbench.records.values import encode

BEGAN = 1_780_000_000.0
CODE = {"ganglion": "0.1", "python": "3.11"}


def add_run(store: Store, about: About, results: Mapping[str, Any] | None = None, **how: Any) -> int:
    """Add a run that took a minute; `how` may have state, reason, at, code, process and curves."""
    at = how.get("at", BEGAN)
    code = how.get("code", CODE)
    session = Session(at, None, "running", "", "train it", code, {"name": "here", "cores": 2})
    with store.writing():
        number = store.begin(about, session, how.get("process", Process.own()))
        store.write_settings(number, {name: encode(value) for name, value in about.settings.items()})
        store.write_results(number, {name: encode(value) for name, value in (results or {}).items()})
        for name, values in how.get("curves", {}).items():
            for step, value in enumerate(values, 1):
                store.write_statistics(number, 10 * step, {name: value})
        state = how.get("state", "done")
        if state != "running":
            store.finish(number, state, how.get("reason", ""), at + 60)
    return number


def fill(path: Path, folder: Path) -> None:
    """Fill a file: two variants of "tiny" with three seeds each, one that failed and one that runs."""
    with Store.open(path, create=True) as store:
        for seed in range(3):
            for units in (8, 256):
                place = folder / f"tiny-{units}-{seed}"
                settings = {"units": units, "rate": 0.5, "seed": seed, "folder": place}
                loss = [4 / step + units / 256 + 0.1 * seed for step in (1, 2, 4)]
                curves = {"loss": loss, "epoch": [1, 2, 3], "seconds": [1.5, 3.0, 4.5]}
                about = About("tiny", settings, place, seed, "9 entries")
                results = {"loss": loss[-1], "steps": 30}
                number = add_run(store, about, results, curves=curves, at=BEGAN + 100 * seed)
                place.mkdir(parents=True)
                (place / "model").write_bytes(b"12345")
                with store.writing():
                    store.write_artefacts(number, [Artefact(Path("model"), "model", 5, "ab" * 32)])
        bad = About("tiny", {"units": 8, "rate": 9.0, "layers": (2, 3)}, seed=0)
        broken = {"loss": [2.0, math.nan, math.inf]}
        failed = {"state": "failed", "reason": "TrainingDiverged: at step 3", "curves": broken}
        add_run(store, bad, {"loss": math.nan}, **failed, code={**CODE, "ganglion": "0.2"})
        add_run(store, About("other", label=Label("rates", 7)), state="running")
