"""Windows with a row for every history: of one tile, or of the whole image where windows overlap."""

from typing import NamedTuple

from nn.history import LANES
from nn.kernels.core.compilation import kernel
from nn.kernels.core.half_vectors import HALF_LANES, pack, unpack
from nn.kernels.core.simd import prefetch
from nn.kernels.core.tile import Target
from nn.kernels.local.forward import image_step


class Window(NamedTuple):
    """A tile's inputs or their signals: in the row of a history `lines` times `line`, `step` apart."""

    rows: Target
    lines: int
    line: int
    step: int


@kernel(inline=True)
def image_window(geometry, tile, transposed):
    """Return the window of a tile where it lies in the transposed image."""
    rows = Target(transposed, tile.corner, geometry.transposed_row)
    return Window(rows, tile.lines, tile.line, tile.corner_step)


@kernel(inline=True)
def own_window(geometry, tile, scratch, begin):
    """Return the window of a tile that has its inputs for itself, in the scratch."""
    return Window(Target(scratch, begin, geometry.transposed_row), 1, tile.inputs, 0)


@kernel(inline=True)
def prefetch_beyond(geometry, window, distance):
    """Prefetch the last inputs of each line of the windows `distance` numbers further right."""
    for line in range(window.lines):
        begin = window.rows.offset + line * window.step + window.line + distance - 1
        for n in range(geometry.histories):
            prefetch(window.rows.array, begin + n * window.rows.row)


@kernel
def pack_window(geometry, tile, inputs, scratch, begin):
    """Collect the inputs of a tile whose window overlaps no other."""
    width = geometry.transposed_row
    for line in range(tile.lines):
        for i in range(0, tile.line, LANES):
            source = tile.source + line * tile.outer_step + i * tile.step
            to = begin + line * tile.line + i
            for n in range(0, geometry.histories, HALF_LANES):
                rows = Target(scratch, to + n * width, width)
                pack(Target(inputs, source + n, tile.step), rows, min(LANES, tile.line - i))


@kernel
def unpack_window(geometry, tile, scratch, begin, signals):
    """Write the input signals of such a tile to the image."""
    width = geometry.transposed_row
    for line in range(tile.lines):
        for i in range(0, tile.line, LANES):
            target = tile.source + line * tile.outer_step + i * tile.step
            source = begin + line * tile.line + i
            for n in range(0, geometry.histories, HALF_LANES):
                rows = Target(scratch, source + n * width, width)
                unpack(rows, Target(signals, target + n, tile.step), min(LANES, tile.line - i))


@kernel
def transposed_lines(geometry):
    """Return how many lines of the image to transpose: none where windows do not overlap."""
    return geometry.row_spans[-1, 1] if geometry.overlapping else 0


@kernel
def pack_line(geometry, image, transposed, line):
    """Transpose a line of the image, group after group."""
    g, step = geometry, image_step(geometry)
    size = g.width * g.channels // g.groups
    for group in range(g.groups):
        begin = line * g.width * g.channels * g.histories + group * g.histories
        to = (group * g.row_spans[-1, 1] + line) * g.histories * g.transposed_row
        for i in range(0, size, LANES):
            for n in range(0, g.histories, HALF_LANES):
                rows = Target(transposed, to + n * g.transposed_row + i, g.transposed_row)
                pack(Target(image, begin + i * step + n, step), rows, min(LANES, size - i))


@kernel
def unpack_line(geometry, transposed, image, line):
    """Transpose a line back."""
    g, step = geometry, image_step(geometry)
    size = g.width * g.channels // g.groups
    for group in range(g.groups):
        begin = line * g.width * g.channels * g.histories + group * g.histories
        source = (group * g.row_spans[-1, 1] + line) * g.histories * g.transposed_row
        for i in range(0, size, LANES):
            for n in range(0, g.histories, HALF_LANES):
                rows = Target(transposed, source + n * g.transposed_row + i, g.transposed_row)
                unpack(rows, Target(image, begin + i * step + n, step), min(LANES, size - i))
