"""Curves of the chosen runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui.element import Element

from experiments.serve.curves import Drawing, Drawn, draw_curves
from experiments.serve.panels.fields import Problem, Tick, framed_choice, typed
from experiments.serve.visit import Visit, give
from workbench.page.panels.elements import Choice, button, group, panel, text

MOST_CHARTS = 6

OVER = {"step": "steps", "epoch": "epochs", "minutes": "minutes"}
BANDS = {"confidence": "95 % interval", "range": "range of the runs"}

NOTHING = "Choose runs in the list to see their curves and to compare them."


class CurveChart(Element, component="curve_chart.js", esm={}):
    """Lines with bands around them, drawn by the browser."""


class Curves:
    """The panel."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        view = visit.view
        self._charts: list[tuple[Choice, CurveChart]] = []
        with panel("Curves", "curves"):
            self._hint = text("p", NOTHING, "g-empty")
            self._problem = Problem("curves-problem")
            with group("g-filters") as self._tools:
                framed_choice("Along", "over", OVER, view.over, self._pick("over"))
                framed_choice("Band", "band", BANDS, view.band, self._pick("band"))
                by = ",".join(view.by)
                typed(
                    "A line for every", "by", by, lambda text: visit.change(by=text), "what differs", "g-wide"
                )
                Tick("Logarithmic", "log", view.log, lambda on: visit.change(log=on))
            with group("g-charts") as self._place:
                pass
            with group("g-tools") as self._more:
                button("Another chart", "add-chart", self._add, "add")
        visit.add(self._show)

    async def _show(self) -> None:
        view = self._visit.view
        if view.place != "runs":
            return
        self._hint.set_visibility(not view.chosen)
        for part in (self._tools, self._place, self._more):
            part.set_visibility(bool(view.chosen))
        if not view.chosen:
            self._problem.say("")
            return
        drawing = Drawing(view.statistics, view.over, view.band, view.by)
        drawn = await self._visit.feed.ask(draw_curves, tuple(sorted(view.chosen)), drawing)
        self._problem.say(drawn.problem)
        self._draw(drawn)

    def _draw(self, drawn: Drawn) -> None:
        if len(self._charts) != len(drawn.charts):
            self._build(len(drawn.charts))
        offered = {name: name for name in drawn.names}
        for (choice, chart), (name, lines) in zip(self._charts, drawn.charts.items(), strict=True):
            choice.show({**offered, name: name}, name)
            view = self._visit.view
            give(chart, name=name, lines=lines, over=view.over, logarithmic=view.log)
        self._more.set_visibility(len(self._charts) < min(MOST_CHARTS, len(drawn.names)))

    def _build(self, count: int) -> None:
        self._place.clear()
        self._charts = []
        with self._place:
            for place in range(count):
                with group("g-one-chart"):
                    with group("g-tools"):
                        choice = Choice("Statistic", {}, None, self._replace(place))
                        choice.props["data-test"] = f"statistic-{place}"
                        if count > 1:
                            button(
                                "",
                                f"remove-chart-{place}",
                                self._remove(place),
                                "close",
                                "Remove",
                                "g-square",
                            )
                    chart = CurveChart()
                    chart.props.update({"test": f"curves-{place}", "lines": []})
                self._charts.append((choice, chart))

    def _pick(self, field: str) -> Callable[[str], Awaitable[None]]:
        async def pick(value: str) -> None:
            self._visit.change(**{field: value})

        return pick

    @property
    def _statistics(self) -> list[str]:
        return [str(choice.value) for choice, _ in self._charts]

    def _replace(self, place: int) -> Callable[[str], Awaitable[None]]:
        async def replace(name: str) -> None:
            others = self._statistics
            others[place] = name
            self._visit.change(statistics=tuple(dict.fromkeys(others)))

        return replace

    def _remove(self, place: int) -> Callable[[], Any]:
        def remove() -> None:
            left = self._statistics
            del left[place]
            self._visit.change(statistics=tuple(left))

        return remove

    async def _add(self) -> None:
        there = self._statistics
        drawing = Drawing(tuple(there), "step", "range", ())
        drawn = await self._visit.ask(draw_curves, tuple(sorted(self._visit.view.chosen)), drawing)
        new = next((name for name in (drawn.names if drawn else ()) if name not in there), None)
        if new is not None:
            self._visit.change(statistics=(*there, new))
