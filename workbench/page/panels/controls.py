"""The settings that can change while training."""

from __future__ import annotations

from nicegui.element import Element
from nicegui.events import GenericEventArguments

from workbench.page.panels.elements import Choice, LiveText, group, panel, text
from workbench.page.panels.viewer import Viewer

NUMBERS = {"batch-size": "Batch size", "leakage": "Leakage", "epochs": "Epochs", "minutes": "Minutes"}
SLOWEST, FASTEST = 1e-6, 1.0
AS_MADE = "as given"


class LogSlider(Element, component="log_slider.js"):
    """A slider over powers of ten; emits `pick`."""

    def __init__(self, low: float, high: float, value: float) -> None:
        super().__init__()
        self.props.update({"low": low, "high": high, "value": value})


class SettingField(Element, component="setting_field.js"):
    """A number among the settings; the browser requests its changes itself."""

    def __init__(self, viewer: Viewer, key: str, label: str) -> None:
        super().__init__()
        self.props.update({"name": key, "label": label, "bounds": viewer.overview["live"][key]["bounds"]})


class Controls:
    """The panel; it shows the values in the run, also after changes by other viewers."""

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        settings = viewer.status["settings"]
        self._shown = dict(settings)
        with panel("Training", "controls"):
            self._slider = self._rate(float(settings["learning-rate"]))
            with group("g-fields"):
                with group("g-framed", "label"):
                    text("span", "Optimizer")
                    choices = viewer.overview["live"]["optimizer"]["choices"]
                    self._optimizer = Choice(
                        "Optimizer",
                        {name: name or AS_MADE for name in choices},
                        settings["optimizer"],
                        self._pick_optimizer,
                    )
                    self._optimizer.props["data-test"] = "optimizer"
                for key, label in NUMBERS.items():
                    if viewer.overview["live"][key]["kind"] == "number":
                        SettingField(viewer, key, label)
        viewer.on_change(self._show)

    def _rate(self, value: float) -> LogSlider:
        with group("g-rate"):
            SettingField(self._viewer, "learning-rate", "Learning rate")
            slider = LogSlider(SLOWEST, FASTEST, value).on("pick", self._pick_rate)
            slider.props.update({"aria-label": "Learning rate", "data-test": "learning-rate-slider"})
            with group("g-muted g-small g-rate-now"):
                text("span", "in use now")
                LiveText("learning_rate", "digits", "learning-rate-now")
        return slider

    async def _pick_rate(self, event: GenericEventArguments) -> None:
        await self._set("learning-rate", f"{float(event.args):.3g}")

    async def _pick_optimizer(self, name: str) -> None:
        await self._set("optimizer", name)

    async def _set(self, key: str, value: str) -> None:
        change = {"kind": "setting", "name": key, "value": value}
        if await self._viewer.ask("apply", changes=[change]) is None:
            self._shown.pop(key, None)
            self._show()

    def _show(self) -> None:
        """Show the choice and the rate that the run has."""
        settings = self._viewer.status["settings"]
        if settings["optimizer"] != self._shown.get("optimizer"):
            self._optimizer.set(settings["optimizer"])
        if settings["learning-rate"] != self._shown.get("learning-rate"):
            self._slider.props["value"] = float(settings["learning-rate"])
        self._shown = dict(settings)
