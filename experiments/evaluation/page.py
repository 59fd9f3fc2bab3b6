"""The report as one HTML file that opens from disk: figures in tables, plots embedded."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Picture
from matplotlib.ticker import FuncFormatter

from experiments.charts import STYLE
from experiments.evaluation.figure import Figure, Report
from nn.render.colours import BACKGROUND, BORDER, GRID, HELD_OUT, INK, MUTED, TRAIN

DOTS_PER_INCH = 160
LOOK = f"""
:root {{ color-scheme: light; }}
body {{ font: 15px/1.5 system-ui, sans-serif; color: {INK}; background: {BACKGROUND}; margin: 2rem auto;
  max-width: 64rem; padding: 0 1rem; }}
h1 {{ font-size: 1.5rem; }} h2 {{ font-size: 1.15rem; margin-top: 2rem; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ text-align: left; vertical-align: top; padding: .4rem .8rem .4rem 0;
  border-bottom: 1px solid {GRID}; }}
th {{ color: {MUTED}; font-weight: 500; border-color: {BORDER}; }}
td.number {{ white-space: nowrap; font-variant-numeric: tabular-nums; }}
td small, p.muted {{ color: {MUTED}; }} td small {{ display: block; }}
.flag {{ border-left: 4px solid {HELD_OUT}; padding: .5rem 1rem; margin: 1rem 0; background: #fdf3ec; }}
img {{ max-width: 100%; display: block; }}
"""

SHARES = {"real": "real", "asked": "asked for", "found": "found in the synthetic entries"}
MOST_NAMES = 20
"""Classes whose names are written under a plot."""

Draw = Callable[[Axes], None]


def render_page(report: Report) -> str:
    """Return the whole page."""
    data = report.data
    rows = "".join(
        f"<tr><td>{name}</td><td>{escape(data[name]['file'])}</td>"
        f"<td class=number>{data[name]['entries']:,}</td><td class=number>{data[name]['used']:,}</td></tr>"
        for name in ("real", "test", "synthetic")
    )
    shape = " x ".join(map(str, data["shape of an entry"]))
    groups = list(dict.fromkeys(each.group for each in report.figures))
    flags = "".join(f"<p class=flag>{escape(each)}</p>" for each in report.flags)
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>Evaluation of synthetic data</title><style>{LOOK}</style>"
        f"<h1>Evaluation of synthetic data</h1>{flags}"
        f"<p class=muted>Entries of shape {shape}. What follows &plusmn; is said in words below every "
        "figure; the floor is the same figure of held-out real entries in place of the synthetic ones, "
        "which is what a perfect generator has.</p>"
        f"{_lengths(data)}<table><tr><th>data<th>file<th>entries<th>used</tr>{rows}</table>"
        + "".join(_section(group, report) for group in groups)
        + "</html>\n"
    )


def _lengths(data: dict[str, Any]) -> str:
    if "lengths" not in data:
        return ""
    return (
        "<p class=muted>Lengths are unequal: marginals and correlations are of the steps there are, and "
        "predictions of the next step that is there; all else sees a variable more, which says whether a "
        "step is there, and the mean of each variable beyond the end.</p>"
    )


def _section(group: str, report: Report) -> str:
    figures = [each for each in report.figures if each.group == group]
    rows = "".join(map(_row, figures))
    pictures = "".join(_picture(draw, text) for draw, text in _drawings(group, figures, report.curves))
    return (
        f"<h2>{group}</h2><table><tr><th>measure<th>value<th>floor<th>convention</tr>{rows}</table>{pictures}"
    )


def _row(figure: Figure) -> str:
    uncertainty = "" if figure.uncertainty is None else f" &plusmn; {figure.uncertainty:.2g}"
    floor = "" if figure.floor is None else f"{figure.floor:.4g}"
    details = "; ".join(f"{name} {_text(value)}" for name, value in figure.details.items())
    spread = escape(figure.spread) if figure.uncertainty is None else f"&plusmn; {escape(figure.spread)}"
    words = f"{escape(figure.convention)}<small>{spread}. {escape(details)}</small>"
    return (
        f"<tr><td>{escape(figure.name)}</td><td class=number>{figure.value:.4g}{uncertainty}</td>"
        f"<td class=number>{floor}</td><td>{words}</td></tr>"
    )


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value))
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _drawings(group: str, figures: Sequence[Figure], curves: dict[str, Any]) -> list[tuple[Draw, str]]:
    if group == "Distances":
        draw: Draw = lambda axes: _chance(axes, curves["mmd chance"], figures[0].value)  # noqa: E731
        return [(draw, "MMD^2 of random halves, and of real against synthetic (line)")]
    if group == "Privacy":
        return [
            (lambda axes: _roc(axes, *curves["roc"]), "Membership inference: ROC, logarithmic"),
            (lambda axes: _nearest(axes, curves), "Distance to the nearest training entry"),
        ]
    if group == "Classes":
        return [(lambda axes: _shares(axes, curves["classes"]), "Shares of classes")]
    return [
        (lambda axes: _bars(axes, figures), f"{group}: dots are values with their spread, ticks are floors")
    ]


def _picture(draw: Draw, title: str) -> str:
    with matplotlib.rc_context({**STYLE, "font.size": 9}):
        picture = Picture((7, 2.8), DOTS_PER_INCH, facecolor=BACKGROUND, layout="constrained")
        FigureCanvasAgg(picture)
        axes = picture.add_subplot()
        picture.suptitle(title, x=0.01, ha="left", color=INK, fontsize=10)
        axes.tick_params(labelcolor=MUTED, color=BORDER)
        draw(axes)
        stream = io.BytesIO()
        picture.savefig(stream, format="png")
    text = base64.b64encode(stream.getvalue()).decode()
    return f'<img alt="{escape(title)}" src="data:image/png;base64,{text}">'


def _chance(axes: Axes, chance: Sequence[float], value: float) -> None:
    axes.hist(chance, bins=40, color=BORDER)
    axes.axvline(value, color=HELD_OUT, linewidth=2)
    axes.set_xlabel("MMD^2", color=MUTED)
    axes.set_ylabel("permutations", color=MUTED)


def _roc(axes: Axes, false: Sequence[float], true: Sequence[float]) -> None:
    least = 1e-3
    axes.plot([least, 1], [least, 1], color=BORDER, linestyle="--", linewidth=1.2)
    axes.plot(np.maximum(false, least), np.maximum(true, least), color=HELD_OUT, linewidth=1.8)
    axes.axvline(0.01, color=BORDER, linewidth=1)
    axes.set(xscale="log", yscale="log", xlim=(least, 1), ylim=(least, 1.1))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda rate, _: f"{rate:.3g}"))
    axes.set_xlabel("false positives (line at 1 %; dashed: guessing)", color=MUTED)
    axes.set_ylabel("true positives", color=MUTED)


def _nearest(axes: Axes, curves: dict[str, Any]) -> None:
    sides = [("held-out real", TRAIN, "nearest held out"), ("synthetic", HELD_OUT, "nearest synthetic")]
    edges = np.linspace(0, max(max(curves[key]) for _, _, key in sides) or 1, 50).tolist()
    for name, colour, key in sides:
        axes.hist(
            curves[key], bins=edges, density=True, histtype="step", color=colour, label=name, linewidth=1.6
        )
    axes.legend(frameon=False, labelcolor=INK)
    axes.set_xlabel("Euclidean distance", color=MUTED)
    axes.set_ylabel("density", color=MUTED)


def _shares(axes: Axes, found: dict[str, Any]) -> None:
    places = np.arange(len(found["names"]))
    sides = [("real", BORDER), ("asked", TRAIN), ("found", HELD_OUT)]
    for number, (key, colour) in enumerate(sides):
        axes.bar(places + 0.28 * (number - 1), found[key], 0.26, color=colour, label=SHARES[key])
    names = found["names"] if len(places) <= MOST_NAMES else [""] * len(places)
    axes.set_xticks(places, names)
    axes.set_ylabel("share", color=MUTED)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=3, frameon=False, labelcolor=INK)


def _bars(axes: Axes, figures: Sequence[Figure]) -> None:
    for place, each in enumerate(reversed(figures)):
        axes.errorbar(
            each.value,
            place,
            xerr=each.uncertainty or 0,
            fmt="o",
            color=HELD_OUT,
            linewidth=1.6,
            markersize=5,
        )
        if each.floor is not None:
            axes.plot([each.floor, each.floor], [place - 0.3, place + 0.3], color=TRAIN, linewidth=1.6)
    axes.set_yticks(range(len(figures)), [each.name for each in reversed(figures)])
    axes.tick_params(axis="y", labelcolor=INK, length=0)
    axes.grid(axis="x", color=GRID)
    axes.set_xlim(left=min(0, *(each.value - (each.uncertainty or 0) for each in figures)))
