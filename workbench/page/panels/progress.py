"""The error, the times, the data and the size of the network."""

from __future__ import annotations

from typing import Any

from nicegui import ui
from nicegui.element import Element

from workbench.page.panels.elements import Metrics, button, fact, facts, group, live_fact, panel, text
from workbench.page.panels.viewer import Viewer

MEBIBYTE = 2**20
LISTED = 500
MOST_METRICS = 12

MACHINE = {"seed": ("Seed", "run-seed"), "rung": ("Rung", "rung"), "threads": ("Threads", "threads")}

TIMES = (
    ("Epoch", "seconds_per_epoch", "seconds", "seconds-per-epoch"),
    ("Examples", "images_per_second", "perSecond", "images-per-second"),
    ("Trained for", "seconds", "seconds", "seconds"),
    ("Time left", "seconds_left", "duration", "seconds-left"),
)


class LineChart(Element, component="line_chart.js", esm={}):
    """Some lines over the steps, drawn by the browser from the curves that come with frames."""

    def __init__(self, chart: str, title: str, unit: str) -> None:
        super().__init__()
        self.props.update({"chart": chart, "title": title, "unit": unit})


class ErrorChart(Element, component="error_chart.js", esm={}):
    """The error over the steps; the browser draws it from the curves that come with frames."""


def error_panel() -> None:
    """Build the chart of the error."""
    with panel("Error", "error"):
        ErrorChart()
        Metrics(MOST_METRICS)


def chart_panel(viewer: Viewer, key: str, title: str) -> None:
    """Build a chart of lines that the run's curve has under a key."""
    with panel(title, "chart"):
        LineChart(key, title, viewer.unit)


def time_panel(viewer: Viewer) -> None:
    """Build the list of times."""
    with panel("Time", "time"), facts():
        live_fact(viewer.unit.capitalize(), "milliseconds_per_step", "milliseconds", "milliseconds-per-step")
        for name, field, format, test in TIMES:
            live_fact(name, field, format, test)


class Facts:
    """Data set, network and machine: what only changes with the run."""

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self._overview = viewer.overview
        with group("g-both") as self._place:
            self._build()
        viewer.on_change(self._show)

    def _show(self) -> None:
        if self._viewer.overview is self._overview:
            return
        self._overview = self._viewer.overview
        self._place.clear()
        with self._place:
            self._build()

    def _build(self) -> None:
        with panel("Data", "data"):
            _data(self._overview["data"], self._overview["layers"])
        with panel("Network and machine", "size"):
            _network(self._overview["network"], self._overview["machine"])


def _data(data: dict[str, Any], layers: list[dict[str, Any]]) -> None:
    skipped = data["skipped"]
    with facts():
        endless = data["training"] is None
        fact("Training examples", "no end" if endless else _grouped(data["training"]), "training-images")
        fact("Held-out examples", _grouped(data["held_out"]), "held-out-images")
        inputs = [layer for layer in layers if layer["kind"] == "input"]
        for layer in inputs:
            name = "Input" if len(inputs) == 1 else f"Input {layer['name']}"
            fact(name, " × ".join(map(str, layer["shape"])))
        if data["bytes"]:
            fact("Size", _mebibytes(data["bytes"]), "data-size")
    if skipped:
        button(f"{_grouped(len(skipped))} files skipped", "files-skipped", _skipped_dialog(skipped).open)


def _skipped_dialog(skipped: list[list[str]]) -> ui.dialog:
    with ui.dialog().props('aria-label="Files skipped"') as dialog, group("g-dialog"):
        text("h2", "Files skipped", "g-title")
        with group("g-skipped", "ul") as listed:
            listed.props["tabindex"] = "0"
            for path, reason in skipped[:LISTED]:
                with group("", "li"):
                    text("span", path, "g-path")
                    text("span", reason, "g-muted")
        if len(skipped) > LISTED:
            text("p", f"and {_grouped(len(skipped) - LISTED)} more", "g-muted")
        with group("g-buttons g-end"):
            button("Close", "skipped-close", dialog.close)
    return dialog


def _network(network: dict[str, Any], machine: dict[str, Any]) -> None:
    with facts():
        fact("Architecture", network["architecture"], "architecture")
        fact("Neurons", _grouped(network["neurons"]), "neurons")
        fact("Connections", _grouped(network["connections"]), "connections")
        fact("Parameters", _grouped(network["parameters"]), "parameters")
        fact("Memory", _mebibytes(sum(network["memory"].values())), "memory")
        for part, size in network["memory"].items():
            fact(part, _mebibytes(size), classes="g-part")
        for key, (name, test) in MACHINE.items():
            if key in machine:
                fact(name, str(machine[key]), test)


def _grouped(count: int) -> str:
    return f"{count:,}"


def _mebibytes(count: float) -> str:
    size = count / MEBIBYTE
    return f"{size:,.1f} MiB" if size >= 0.1 else f"{size:.3f} MiB"
