"""A simulated run for the network view: networks of every kind whose numbers change with every frame."""

import math
import threading
from typing import Any

import numpy as np

from tests.support import patience
from workbench.run.messages import pack

Shape = tuple[int, int, int]
SHAPES: dict[str, list[tuple[str, Shape]]] = {
    "dense": [("input", (28, 28, 1)), ("dense", (16, 32, 1)), ("dense", (16, 16, 1)), ("dense", (4, 8, 1)),
              ("dense", (16, 16, 1)), ("dense", (16, 32, 1)), ("dense", (28, 28, 1))],
    "local": [("input", (64, 64, 3)), ("local", (32, 32, 6)), ("local", (16, 16, 12)), ("local", (8, 8, 4)),
              ("local", (16, 16, 12)), ("local", (32, 32, 6)), ("local", (64, 64, 3))],
    "graph": [("input", (12, 12, 1)), ("graph", (8, 9, 1)), ("graph", (5, 5, 1)), ("graph", (2, 5, 1)),
              ("graph", (5, 5, 1)), ("graph", (8, 9, 1)), ("graph", (12, 12, 1))],
    "huge": [("input", (64, 64, 3)), ("dense", (100, 250, 1)), ("dense", (100, 250, 1)), ("dense", (8, 8, 1)),
             ("dense", (100, 250, 1)), ("dense", (64, 64, 3))],
}  # fmt: skip


class FakeRun:
    """A network of simulated numbers that change with every frame."""

    def __init__(self, model: str) -> None:
        self.shapes = SHAPES[model]
        self.model = model
        self.code = min(range(1, len(self.shapes)), key=lambda k: math.prod(self.shapes[k][1]))
        self.received: list[dict[str, Any]] = []
        self.arrived = threading.Condition()
        self.frames = 0
        self.moves = True
        self.silent = False
        self.garbled = False
        self.reached = len(self.shapes)
        self.clamps: list[list[float]] = []
        self.locks: list[list[int]] = []
        self.weight_locks: list[list[int]] = []
        self.run = 1

    def neurons(self, layer: int) -> int:
        return math.prod(self.shapes[layer][1])

    def note(self, message: dict[str, Any]) -> None:
        with self.arrived:
            self.received.append(message)
            self.arrived.notify_all()

    def count(self, op: str) -> int:
        return sum(op in (message.get("op"), *message) for message in self.received)

    def wait_for(self, op: str, times: int = 1, seconds: float = patience.SECONDS) -> bool:
        """Wait until an operation, or `ready`, came a number of times."""
        with self.arrived:
            return self.arrived.wait_for(lambda: self.count(op) >= times, seconds)

    def wait_for_kinds(self, kinds: list[str], seconds: float = patience.SECONDS) -> bool:
        """Wait until these are what the page wants."""

        def wanted() -> bool:
            readies = [message["ready"]["kinds"] for message in self.received if "ready" in message]
            return readies[-1:] == [kinds]

        with self.arrived:
            return self.arrived.wait_for(wanted, seconds)

    def weights_into(self, layer: int, target: int) -> tuple[np.ndarray, np.ndarray]:
        """Return sources and weights: a blob with a rim for dense layers, as trained ones have."""
        height, width, channels = self.shapes[layer - 1][1]
        generator = np.random.default_rng(1000 * layer + target)
        count = height * width * channels
        if self.shapes[layer][0] == "graph":
            sources = np.sort(generator.choice(count, min(count, 7), replace=False))
            return sources, generator.normal(size=len(sources))
        if self.shapes[layer][0] == "local":
            sources = self._window_sources(layer, target)
            return sources, generator.normal(size=len(sources))
        rows, columns = np.divmod(np.arange(count) // channels, width)
        row, column, angle = generator.uniform([0, 0, 0], [height, width, np.pi])
        across = (rows - row) * np.cos(angle) + (columns - column) * np.sin(angle)
        distance = (rows - row) ** 2 + (columns - column) ** 2
        weights = np.cos(across / height * 9) * np.exp(-distance / (height * width / 14))
        return np.arange(count), weights + 0.08 * generator.normal(size=count)

    def window(self, layer: int, target: int) -> list[int]:
        height, width, channels = self.shapes[layer][1]
        source_height, source_width, _ = self.shapes[layer - 1][1]
        row, column = divmod(target // channels, width)
        top = min(max(row * source_height // height - 1, 0), source_height - 4)
        left = min(max(column * source_width // width - 1, 0), source_width - 4)
        return [top, left, top + 4, left + 4]

    def _window_sources(self, layer: int, target: int) -> np.ndarray:
        _, width, channels = self.shapes[layer - 1][1]
        top, left, bottom, right = self.window(layer, target)
        rows, columns, each = np.meshgrid(
            np.arange(top, bottom), np.arange(left, right), np.arange(channels), indexing="ij"
        )
        return ((rows * width + columns) * channels + each).ravel()

    def weights_out_of(self, layer: int, source: int) -> tuple[np.ndarray, np.ndarray]:
        count = self.neurons(layer + 1)
        few = np.random.default_rng(source).choice(
            count, min(count, 24 if count < 5000 else 9), replace=False
        )
        pairs = [(target, *self.weights_into(layer + 1, int(target))) for target in np.sort(few)]
        found = [(target, weights[sources == source]) for target, sources, weights in pairs]
        kept = [(target, float(weight[0])) for target, weight in found if len(weight)]
        return np.array([t for t, _ in kept], int), np.array([w for _, w in kept])

    def values(self, layer: int, kind: str) -> np.ndarray:
        """Return one number for every neuron, smooth over the layer and moving with time."""
        height, width, channels = self.shapes[layer][1]
        rows, columns, each = np.meshgrid(
            np.arange(height) / height, np.arange(width) / width, np.arange(channels), indexing="ij"
        )
        time = self.frames / 7
        if layer in (0, len(self.shapes) - 1) and kind == "values":
            ring = np.hypot(rows - 0.46 + 0.03 * math.sin(time), (columns - 0.5) * 1.3) - 0.26
            return np.exp(-((ring * 14) ** 2)) * (1 - 0.25 * each) + 0.05 * (layer > 0) * columns
        if layer == 0:
            return np.full(rows.shape, np.nan)
        generator = np.random.default_rng(layer)
        noise = generator.normal(size=rows.shape)
        wave = np.sin(6 * rows + each + time) * np.cos(5 * columns * (1 + layer % 3) - time / 2)
        scale = {"values": 1.0, "signals": 0.01 / layer, "biases": 0.2, "change": 0.05}[kind]
        result = scale * (0.6 * wave + 0.55 * noise * np.cos(time / 5 + noise))
        return np.abs(result) if kind == "change" else result

    def status(self) -> dict[str, Any]:
        return {"run": self.run, "state": "training" if self.moves else "idle", "step": self.frames,
                "clamps": self.clamps, "locks": self.locks, "weight_locks": self.weight_locks}  # fmt: skip

    def frame(self, kinds: list[str]) -> bytes:
        self.frames += self.moves
        arrays = {kind: self.layer_values(kind) for kind in kinds}
        header = {"type": "frame", "step": self.frames, "run": self.run, "kinds": kinds, "source": "training",
                  "status": self.status()}  # fmt: skip
        return pack(header, arrays)

    def layer_values(self, kind: str) -> np.ndarray:
        parts = [self.values(layer, kind).ravel() for layer in range(len(self.shapes))]
        for part in parts[self.reached :]:
            part[:] = np.nan
        return np.concatenate(parts).astype(np.float32)

    def reply(self, message: dict[str, Any]) -> bytes:
        known = {"type": "reply", "id": message["id"]}
        try:
            header, arrays = self.answer(message["op"], message["args"])
        except ValueError as error:
            return pack({**known, "error": str(error)}, {})
        return pack({**known, **header}, arrays)

    def answer(self, op: str, args: dict[str, Any]) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        if op == "overview":
            return {"layers": [self._layer(layer) for layer in range(len(self.shapes))]}, {}
        if op == "neuron":
            return self._neuron(**args), {}
        if op == "connections":
            return self._connections(**args)
        if op == "strongest":
            return {}, self._strongest(**args)
        raise ValueError(f"no operation {op!r}")

    def _layer(self, layer: int) -> dict[str, Any]:
        kind, shape = self.shapes[layer]
        half, first = ("encoder", 1) if layer <= self.code else ("decoder", self.code + 1)
        return {"name": f"{half} {layer - first}" if layer else "input", "kind": kind, "shape": shape,
                "neurons": math.prod(shape), "code": layer == self.code,
                "output": layer == len(self.shapes) - 1, "window": kind == "local", "clampable": layer > 0,
                "grey": layer in (0, len(self.shapes) - 1), "output_names": [],
                "sources": [layer - 1] if layer else []}  # fmt: skip

    def _neuron(self, layer: int, neuron: int) -> dict[str, Any]:
        _, width, channels = self.shapes[layer][1]
        row, column = divmod(neuron // channels, width)
        number = {kind: float(self.values(layer, kind).ravel()[neuron]) for kind in ("values", "signals")}
        clamp = next((value for *place, value in self.clamps if place == [layer, neuron]), None)
        return {"row": row, "column": column, "channel": neuron % channels, "value": number["values"],
                "signal": number["signals"] if layer else 0.0, "bias": 0.125 if layer else None,
                "clamp": clamp, "locked": [layer, neuron] in self.locks}  # fmt: skip

    def _connections(self, layer: int, neuron: int) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        empty = np.zeros(0, int), np.zeros(0)
        sources, weights = self.weights_into(layer, neuron) if layer else empty
        targets, out = self.weights_out_of(layer, neuron) if layer < len(self.shapes) - 1 else empty
        window = self.window(layer, neuron) if self.shapes[layer][0] == "local" else None
        arrays = {"sources": sources.astype(np.int32), "source_weights": weights.astype(np.float32),
                  "targets": targets.astype(np.int32), "target_weights": out.astype(np.float32),
                  "target_layers": np.full(len(targets), layer + 1, np.int32)}  # fmt: skip
        return {"window": window}, arrays

    def _strongest(self, layer: int, count: int) -> dict[str, np.ndarray]:
        targets = range(min(self.neurons(layer), 300))
        found = [(t, s, w) for t in targets for s, w in zip(*self.weights_into(layer, t), strict=True)]
        kept = np.array(sorted(found, key=lambda each: -abs(each[2]))[:count])
        return {"targets": kept[:, 0].astype(np.int32), "sources": kept[:, 1].astype(np.int32),
                "weights": kept[:, 2].astype(np.float32)}  # fmt: skip
