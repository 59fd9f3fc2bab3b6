"""The settings that can change while training."""

from __future__ import annotations

from nicegui import ui
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


class Controls:
    """The panel; every field shows the value in the run, also after changes by other viewers."""

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self._numbers: dict[str, ui.number] = {}
        settings = viewer.status["settings"]
        self._shown = dict(settings)
        self._typed: dict[str, list[str]] = {}
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
                        self._number(key, label)
        self._hint()
        viewer.on_change(self._show)

    def _rate(self, value: float) -> LogSlider:
        with group("g-rate"):
            self._number("learning-rate", "Learning rate")
            slider = LogSlider(SLOWEST, FASTEST, value).on("pick", self._pick_rate)
            slider.props.update({"aria-label": "Learning rate", "data-test": "learning-rate-slider"})
            with group("g-muted g-small g-rate-now"):
                text("span", "in use now")
                LiveText("learning_rate", "digits", "learning-rate-now")
        return slider

    def _number(self, key: str, label: str) -> None:
        field = ui.number(label, value=_number(self._shown[key])).props(
            "dense outlined stack-label hide-bottom-space"
        )
        field.props["data-test"] = key
        field.props["step"] = "any"
        field.props["title"] = self._viewer.overview["live"][key]["bounds"]
        field.on("change", lambda event, key=key: self._type(key, str(event.args or "")))
        self._numbers[key] = field
        self._typed[key] = []

    async def _type(self, key: str, value: str) -> None:
        self._typed[key].append(value)
        await self._set(key, value)

    async def _pick_rate(self, event: GenericEventArguments) -> None:
        await self._set("learning-rate", f"{float(event.args):.3g}")

    async def _pick_optimizer(self, name: str) -> None:
        await self._set("optimizer", name)

    async def _set(self, key: str, value: str) -> None:
        change = {"kind": "setting", "name": key, "value": value}
        if await self._viewer.ask("apply", changes=[change]) is None:
            self._shown.pop(key, None)
            self._typed.get(key, []).clear()
            self._show()

    def _show(self) -> None:
        """Set the fields whose values in the run have changed; a person may be typing in the others."""
        settings = self._viewer.status["settings"]
        for key, field in self._numbers.items():
            if settings[key] != self._shown.get(key) and not self._is_typed(key, settings[key]):
                field.set_value(_number(settings[key]))
        if settings["optimizer"] != self._shown.get("optimizer"):
            self._optimizer.set(settings["optimizer"])
        if settings["learning-rate"] != self._shown.get("learning-rate"):
            self._slider.props["value"] = float(settings["learning-rate"])
        self._shown = dict(settings)
        self._hint()

    def _is_typed(self, key: str, value: str) -> bool:
        """Whether a new value was typed here: the field has had it, and someone may be typing the next."""
        typed = self._typed[key]
        if value not in typed:
            typed.clear()
            return False
        del typed[: typed.index(value) + 1]
        return True

    def _hint(self) -> None:
        """Show in empty fields which value applies."""
        epochs = self._viewer.status["epochs"]
        self._numbers["epochs"].props["placeholder"] = "∞" if epochs is None else str(epochs)
        self._numbers["minutes"].props["placeholder"] = "∞"


def _number(value: str) -> float | None:
    if not value:
        return None
    return int(value) if value.isdecimal() else float(value)
