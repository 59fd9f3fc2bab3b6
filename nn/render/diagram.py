"""A network drawn: its layers as grids of neurons, and the strongest connections between them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PIL import Image

from nn.render import connection_curves
from nn.render.canvas import MARGIN, SMALL_SIZE, TEXT_SIZE, TITLE_SIZE, WIDTH, blank, fit_text, write
from nn.render.colours import MUTED
from nn.render.layers import Raster, arrange
from nn.render.legend import LEGEND_HEIGHT, draw_legend
from nn.render.network import STRONGEST, ConnectionsPicture, LayerPicture, check_network

PER_ROW = 6
TURN = 56
ARC = 44
LEAST_GAP = 56
LEAST_HEIGHT, GREATEST_HEIGHT = 240, 420
LABEL_LINE = 16
FADED = 0.35
SATURATED_PERCENT = 2.0


@dataclass(frozen=True)
class _Diagram:
    """Where everything stands.

    Attributes
    ----------
    layers, title
        As given.
    connections
        Those that are drawn, none of them empty. Where there are any, every second row runs from right to
        left.
    """

    layers: Sequence[LayerPicture]
    title: str
    connections: Sequence[ConnectionsPicture]

    @property
    def rows(self) -> int:
        return math.ceil(len(self.layers) / PER_ROW)

    @property
    def per_row(self) -> int:
        return math.ceil(len(self.layers) / self.rows)

    @property
    def side(self) -> int:
        return MARGIN + (TURN if self.rows > 1 else 0)

    @property
    def pitch(self) -> float:
        return (WIDTH - 2 * self.side) / self.per_row

    @cached_property
    def rasters(self) -> list[Raster]:
        width = int(self.pitch) - LEAST_GAP
        height = min(max(5 * width // 2, LEAST_HEIGHT), GREATEST_HEIGHT)
        return [arrange(layer.shape, width, height) for layer in self.layers]

    @cached_property
    def row_tops(self) -> list[int]:
        """Upper edges of the rows, and of the legend below them."""
        arcs = any(self.passes_above(each) for each in self.connections)
        tops = [MARGIN + (2 * TITLE_SIZE if self.title else 0)]
        for row in range(self.rows):
            tops[-1] += ARC if arcs else 0
            tops.append(tops[-1] + self.row_height(row) + (self.label_lines + 1) * LABEL_LINE + MARGIN)
        return tops

    @property
    def label_lines(self) -> int:
        return 4 if any(each.block > 1 for each in self.rasters) else 3

    def row_height(self, row: int) -> int:
        return max(each.height for each in self.rasters[row * self.per_row : (row + 1) * self.per_row])

    def middle(self, number: int) -> float:
        """Where the middle of a layer is across."""
        row, position = divmod(number, self.per_row)
        slot = self.per_row - 1 - position if self.connections and row % 2 else position
        return self.side + (slot + 0.5) * self.pitch

    def corner(self, number: int) -> tuple[int, int]:
        """Left and upper edge of a layer."""
        raster, row = self.rasters[number], number // self.per_row
        top = self.row_tops[row] + (self.row_height(row) - raster.height) // 2
        return round(self.middle(number) - raster.width / 2), top

    def places(self, number: int, indices: np.ndarray) -> np.ndarray:
        """Pixels (n, 2) of a layer's neurons."""
        return self.rasters[number].places(np.asarray(indices)) + self.corner(number)

    def passes_above(self, picture: ConnectionsPicture) -> bool:
        """Whether connections skip layers of their own row."""
        source, target = picture.source_layer, picture.target_layer
        return abs(source - target) > 1 and source // self.per_row == target // self.per_row

    def route(self, picture: ConnectionsPicture) -> np.ndarray:
        """Curves (n, points, 2) of connections."""
        source, target = picture.source_layer, picture.target_layer
        starts, ends = self.places(source, picture.source_index), self.places(target, picture.target_index)
        row, other_row = source // self.per_row, target // self.per_row
        if source == target:
            return connection_curves.within(starts, ends)
        if self.passes_above(picture):
            return connection_curves.over(starts, ends, self.row_tops[row] - 6, self.row_tops[row] - ARC + 6)
        if abs(source - target) == 1 and row != other_row:
            return connection_curves.around(starts, ends, *self.turn(source, target))
        return connection_curves.across(starts, ends)

    def turn(self, source: int, target: int) -> tuple[float, float]:
        """Between which two places across the connections of two layers at a row's end turn back."""
        half = max(self.pitch, *(self.rasters[each].width + 20 for each in (source, target))) / 2
        rightwards = min(source, target) // self.per_row % 2 == 0
        edge, sign = (WIDTH, 1) if rightwards else (0, -1)
        return self.middle(source) + sign * half, edge - sign * MARGIN / 2


def network_picture(
    layers: Sequence[LayerPicture],
    connections: Sequence[ConnectionsPicture] = (),
    *,
    strongest: int = STRONGEST,
    limit: float | None = None,
    title: str = "",
) -> Image.Image:
    """Draw a network: neurons coloured by value, and the strongest connections between layers.

    Layers follow one another from left to right. More than six continue in a second row: from right to
    left where connections are drawn, so that neighbours stay neighbours, otherwise from the left again.
    Each channel of a layer is a grid of its own; layers that extend along one dimension are folded into a
    nearly square grid. Where neurons do not fit, each square is the mean of several, and the text under the
    layer says so.

    Parameters
    ----------
    layers
        At least one.
    connections
        Between any two layers, or within one. Those that skip layers of a row pass above it.
    strongest
        How many of each `ConnectionsPicture` are drawn, the strongest widest.
    limit
        The value at which the colours of neurons end; by default at most 2 % of any layer are beyond it.
    title
        Written above; nothing by default.

    Returns
    -------
    PIL.Image.Image
        RGB, 900 pixels wide.

    Raises
    ------
    ValueError
        When there is no layer, a connection leads nowhere, `strongest` is negative, or `limit` is not
        positive.
    """
    check_network(layers, connections)
    limit = _limit(layers) if limit is None else limit
    if not 0 < limit < math.inf:
        raise ValueError(f"limit {limit}: the value at which colours end must be positive")
    chosen = [each.strongest(strongest) for each in connections]
    chosen = [each for each in chosen if len(each.weight)]
    diagram = _Diagram(layers, title, chosen)
    bottom = diagram.row_tops[-1]
    picture = blank(WIDTH, bottom + LEGEND_HEIGHT + MARGIN)
    write(picture, (MARGIN, MARGIN), fit_text(title, TITLE_SIZE, WIDTH - 2 * MARGIN), size=TITLE_SIZE)
    inside = _draw_layers(picture, diagram, limit)
    for between in (True, False):
        part = [each for each in chosen if (each.source_layer != each.target_layer) == between]
        _draw_connections(picture, diagram, part, inside & between)
    for number in range(len(layers)):
        _label(picture, diagram, number)
    draw_legend(picture, bottom, layers, limit, strongest if chosen else 0)
    return picture


def _limit(layers: Sequence[LayerPicture]) -> float:
    magnitudes = [np.abs(each.values) for each in layers if not each.image]
    return float(max((np.percentile(each, 100 - SATURATED_PERCENT) for each in magnitudes), default=0)) or 1.0


def _draw_layers(picture: Image.Image, diagram: _Diagram, limit: float) -> np.ndarray:
    """Draw all neurons, and return where they are: bool (height, width) of the picture."""
    inside = np.zeros((picture.height, picture.width), bool)
    for number, (layer, raster) in enumerate(zip(diagram.layers, diagram.rasters, strict=True)):
        pixels, drawn = raster.paint(layer, limit)
        left, top = diagram.corner(number)
        picture.paste(Image.fromarray(pixels), (left, top), Image.fromarray(drawn))
        inside[top : top + raster.height, left : left + raster.width] = True
    return inside


def _draw_connections(
    picture: Image.Image, diagram: _Diagram, connections: Sequence[ConnectionsPicture], faded: np.ndarray
) -> None:
    """Draw connections, the weakest first; lightly where `faded`, so that values stay readable under them."""
    if not connections:
        return
    curves = np.concatenate([diagram.route(each) for each in connections])
    strengths = np.concatenate([connection_curves.rescale(np.abs(each.weight)) for each in connections])
    positive = np.concatenate([each.weight > 0 for each in connections])
    order = np.argsort(strengths, kind="stable")
    drawing = connection_curves.draw_curves(picture.size, curves[order], strengths[order], positive[order])
    opacity = np.asarray(drawing.getchannel("A")) * np.where(faded, FADED, 1.0)
    picture.paste(drawing.convert("RGB"), (0, 0), Image.fromarray(np.rint(opacity).astype(np.uint8)))


def _label(picture: Image.Image, diagram: _Diagram, number: int) -> None:
    layer, raster = diagram.layers[number], diagram.rasters[number]
    row = number // diagram.per_row
    y = diagram.row_tops[row] + diagram.row_height(row) + LABEL_LINE
    lines = [
        " × ".join(map(str, layer.shape)),
        f"{layer.shape.size:,} neuron{'s' if layer.shape.size > 1 else ''}",
    ]
    if raster.block > 1:
        lines.append(f"mean of {min(raster.block, raster.rows)} × {min(raster.block, raster.columns)}")
    width = int(diagram.pitch) - 8
    write(picture, (diagram.middle(number), y), fit_text(layer.name, TEXT_SIZE, width), anchor="mm")
    for line, text in enumerate(lines, start=1):
        place = (diagram.middle(number), y + line * LABEL_LINE)
        write(picture, place, fit_text(text, SMALL_SIZE, width), size=SMALL_SIZE, colour=MUTED, anchor="mm")
