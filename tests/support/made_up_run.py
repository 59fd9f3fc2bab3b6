"""A simulated run: a small network whose numbers follow from the operations asked of it, without training."""

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from autoencoder.live.operations import OPERATIONS
from tests.support import patience
from workbench.page.link import OperationRefused
from workbench.run.messages import Arrays, Header
from workbench.run.operations import check

SHAPES = [(8, 8, 1), (2, 5, 1), (1, 20, 1), (2, 5, 1), (8, 8, 1)]
NAMES = ["input", "encoder 0", "encoder 1", "decoder 0", "decoder 1"]
IMAGES = {"training": 40, "held_out": 10}
SKIPPED = [["photos/<img src=x onerror=alert(1)>.png", "not an image"], ["photos/empty.png", "0 bytes"]]
CODE_LAYER = 2


class MadeUpRun:
    """Answers every operation; `asked` has all of them in order."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.arrived = threading.Condition()
        self.begin(seed=7)

    def begin(self, seed: int) -> None:
        self.seed, self.lost = seed, False
        self.run = getattr(self, "run", 0) + 1
        self.state, self.steps = "idle", 0
        self.settings = {
            "learning-rate": "0.001", "batch-size": "32", "optimizer": "adam", "leakage": "0.1",
            "epochs": "40", "minutes": "", "fit": "crop",
        }  # fmt: skip
        self.view = {"source": "training", "position": 0, "entry": 0}
        self.snapshots: list[dict[str, Any]] = [
            {"name": "step-00000000", "step": 0, "seconds": 0.0, "loss": None, "bytes": 2**20, "saved": 0.0}
        ]
        self.changes: list[dict[str, Any]] = []
        self.numbers: dict[tuple[Any, ...], Any] = {}
        self.own: np.ndarray | None = None
        self.stage: int | None = None

    def do(self, op: str, args: dict[str, Any]) -> tuple[Header, Arrays]:
        if self.lost:
            raise OperationRefused("the training process has ended")
        checked = check(op, args, OPERATIONS)
        with self.arrived:
            self.asked.append((op, checked))
            self.arrived.notify_all()
        result = getattr(self, f"_{op}")(**checked)
        return result if isinstance(result, tuple) else (result or {}, {})

    def wait_for(
        self, op: str, wanted: Callable[[dict[str, Any]], bool] = lambda args: True
    ) -> dict[str, Any]:
        """Wait until an operation was asked with matching arguments, and return these."""

        def found() -> dict[str, Any] | None:
            return next((args for name, args in reversed(self.asked) if name == op and wanted(args)), None)

        with self.arrived:
            assert self.arrived.wait_for(lambda: found() is not None, patience.SECONDS), (
                f"{op} was not asked: {self.asked[-5:]}"
            )
            args = found()
        assert args is not None
        return args

    def _overview(self) -> Header:
        layers = [
            {"name": name, "kind": "dense" if number else "input", "shape": list(shape),
             "neurons": int(np.prod(shape)), "connections": 64, "activation": "leaky",
             "code": number == CODE_LAYER, "output": number == len(SHAPES) - 1, "window": False,
             "output_names": [], "clampable": number > 0, "grey": number in (0, len(SHAPES) - 1),
             "sources": [number - 1] if number else []}
            for number, (name, shape) in enumerate(zip(NAMES, SHAPES, strict=True))
        ]  # fmt: skip
        return {
            "layers": layers, "image": list(SHAPES[0]), "inputs": ["digits", "photos"], "models": ["first"],
            "input": "digits", "model": "first",
            "data": {"input": "digits", **IMAGES, "bytes": 3_200_000, "skipped": SKIPPED},
            "network": {"architecture": "dense", "neurons": 168, "connections": 1680, "parameters": 1784,
                        "memory": {"parameters": 7136, "optimizer": 14272}},
            "machine": {"seed": self.seed, "rung": "o2", "threads": 2},
            "live": {key: {"kind": "number", "bounds": "above 0", "choices": []} for key in self.settings}
            | {"optimizer": {"kind": "choice", "bounds": "", "choices": ["adam", "sgd"]}},
        }  # fmt: skip

    def _status(self) -> Header:
        loss = 0.2 / (1 + self.steps)
        return {
            "run": self.run, "state": self.state, "message": "", "step": self.steps, "epoch": self.steps // 5,
            "epochs": 40, "seconds": 0.1 * self.steps, "seconds_left": 12.5, "loss": loss,
            "training_loss": loss, "held_out_loss": loss * 1.25,
            "learning_rate": float(self.settings["learning-rate"]),
            "milliseconds_per_step": 1.25, "seconds_per_epoch": 2.5, "images_per_second": 25600.0,
            "settings": self.settings, "snapshots": self.snapshots,
            "clamps": [[*place, value] for place, value in self._kept("clamp") if value is not None],
            "locks": [list(place) for place, locked in self._kept("lock") if locked],
            "weight_locks": [], "changes": len(self.changes),
        }  # fmt: skip

    def _kept(self, kind: str) -> list[tuple[tuple[int, int], Any]]:
        return [(key[1:3], value) for key, value in list(self.numbers.items()) if key[0] == kind]

    def _start(self) -> None:
        self.state = "training"

    def _stop(self) -> None:
        self.state = "idle"

    def _step(self) -> None:
        self.steps += 1

    def _apply(self, changes: list[dict[str, Any]]) -> Header:
        for number, change in enumerate(changes):
            if change["kind"] != "setting":
                place = tuple(change.get(key) for key in ("layer", "neuron", "target", "source"))
                self.numbers[change["kind"], *place] = change.get("value", change.get("locked"))
            elif change["name"] == "batch-size" and not change["value"].isdecimal():
                raise OperationRefused(
                    f"change {number}: batch-size: <b>{change['value']}</b> is not a whole number"
                )
            else:
                self.settings = self.settings | {change["name"]: change["value"]}
        self.changes += changes
        return {"step": self.steps}

    def _snapshot(self) -> Header:
        entry = {
            "name": f"step-{self.steps:08d}",
            "step": self.steps,
            "seconds": 0.0,
            "loss": 0.125,
            "bytes": 2**19,
            "saved": 0.0,
        }
        self.snapshots = [*self.snapshots, entry]
        return entry

    def _delete_snapshot(self, name: str) -> None:
        self.snapshots = [each for each in self.snapshots if each["name"] != name]

    def _rewind(self, name: str) -> None:
        self.steps, self.run = int(name.removeprefix("step-")), self.run + 1

    def _reset(self, seed: int | None) -> None:
        self.begin(self.seed if seed is None else seed)

    def _load_model(self, name: str) -> None:
        self.run += 1

    _choose_input = _load_model

    def _curve(self) -> Header:
        steps = list(range(1, self.steps + 1))
        return {"steps": steps, "losses": [0.2 / step for step in steps],
                "rows": [[step, 0.2 / step, 0.25 / step, 0.1 * step] for step in steps[::5]]}  # fmt: skip

    def _journal(self, count: int) -> Header:
        return {
            "events": [{"event": "change", "step": self.steps, "changes": [each]} for each in self.changes]
        }

    def _show(self, source: str, position: int, entry: int) -> None:
        self.view = {"source": source, "position": position, "entry": entry}

    def _own(self, image: np.ndarray) -> None:
        if image.shape != SHAPES[0]:
            raise OperationRefused(f"the image is {image.shape}, but the network takes {SHAPES[0]}")
        self.own = image
        self._show("own", 0, 0)

    def _frame(self, kinds: list[str]) -> tuple[Header, Arrays]:
        self.steps += self.state == "training"
        inputs = self._images()
        outputs = inputs // 2 + 40
        count = IMAGES.get(self.view["source"], 1)
        stages = [*NAMES, "loss", *(f"signals of {name}" for name in reversed(NAMES))]
        walk = None if self.stage is None else {"stage": self.stage, "stages": stages}
        header = {"step": self.steps, "run": self.run, "kinds": kinds, **self.view, "count": count,
                  "walk": walk, "names": [f"image {number}" for number in range(len(inputs))],
                  "shown": len(inputs), "inputs": [{"name": "input", "range": [0, 1]}], "repeats": True,
                  "answers": [], "sources": ["training", "held_out", "own"],
                  "errors": [0.01 * (number + 1) for number in range(len(inputs))]}  # fmt: skip
        size = sum(int(np.prod(shape)) for shape in SHAPES)
        numbers = {kind: np.linspace(-1, 1, size, dtype=np.float32) for kind in kinds}
        return header, numbers | {"inputs": inputs, "outputs": outputs}

    def _images(self) -> np.ndarray:
        if self.view["source"] == "own":
            assert self.own is not None
            return self.own[None]
        numbers = self.view["position"] + np.arange(
            min(8, IMAGES[self.view["source"]] - self.view["position"])
        )
        return ((np.arange(64) * 3 + 11 * numbers[:, None]) % 256).astype(np.uint8).reshape(-1, 8, 8, 1)

    def _set_baseline(self) -> None:
        pass

    def _neuron(self, layer: int, neuron: int) -> Header:
        def number(kind: str, other: Any) -> Any:
            return self.numbers.get((kind, layer, neuron, None, None), other)

        clamp = number("clamp", None)
        return {"row": 0, "column": neuron, "channel": 0, "value": 0.5 if clamp is None else clamp,
                "signal": 0.001, "bias": number("bias", 0.125) if layer else None, "clamp": clamp,
                "locked": number("lock", False), "incoming": 64, "outgoing": 3}  # fmt: skip

    def _connection(self, layer: int, target: int, source: int) -> Header:
        weight = self.numbers.get(("weight", layer, None, target, source), -0.25)
        return {"weight": weight, "locked": False, "fixed": False}

    def _connections(self, layer: int, neuron: int) -> tuple[Header, Arrays]:
        none, nothing = np.zeros(0, np.int32), np.zeros(0, np.float32)
        return {"window": None}, {
            "sources": none,
            "source_weights": nothing,
            "targets": none,
            "target_layers": none,
            "target_weights": nothing,
        }

    def _strongest(self, layer: int, count: int) -> tuple[Header, Arrays]:
        one = np.zeros(1, np.int32)
        return {}, {"sources": one, "targets": one, "weights": np.ones(1, np.float32)}

    def _diagnose(self) -> tuple[Header, Arrays]:
        layers = [
            {"layer": layer, "name": name, "neurons": 64, "dead": 7 if layer == 1 else 0, "saturated": 0.0,
             "moved": 0.01 if layer else None}
            for layer, name in enumerate(NAMES)
        ][1:]  # fmt: skip
        seen = {"layer": 1, "kind": "dead", "seen": "7 of 64 neurons are dead", "advice": "another start"}
        steps = [0, 10, self.steps + 20]
        quantiles = np.tile(np.linspace(-1, 1, 7, dtype=np.float32), (len(steps), len(layers), 4, 1))
        counts = np.tile(np.arange(24, dtype=np.int32), (len(layers), 4, 1))
        quantities = ["values", "signals", "weights", "updates"]
        about = {"step": self.steps, "steps": steps, "quantities": quantities, "layers": layers}
        return {**about, "findings": [seen]}, {"quantiles": quantiles, "counts": counts}

    def _walk(self, action: str) -> None:
        self.stage = {"begin": 0, "end": None}.get(action, (self.stage or 0) + 1)

    def _code(self) -> Header:
        size = int(np.prod(SHAPES[CODE_LAYER]))
        return {"code": [0.1 * number for number in range(size)], "low": [-1.0] * size, "high": [3.0] * size,
                "order": [*reversed(range(self.steps % size, size)), *range(self.steps % size)]}  # fmt: skip

    def _decode(self, code: list[float]) -> tuple[Header, Arrays]:
        return {}, {"image": np.full(SHAPES[-1], min(255, int(abs(code[19]) * 50)), np.uint8)}

    def _between(self, first: int, second: int, share: float) -> tuple[Header, Arrays]:
        return {}, {"image": np.full(SHAPES[-1], int(255 * share), np.uint8)}
