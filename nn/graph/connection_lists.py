"""Connections between two layer images, as arrays of indices.

Every function lists connections sorted by target, the order in which forward passes read them.
Indices count within the two layers; the graph adds where the layers begin.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from nn.argument_checks import check_factor
from nn.tiling import Tiling


class Connections(NamedTuple):
    """Connections between a source and a target layer.

    Attributes
    ----------
    sources, targets
        Indices of the neurons, int32 (connections,), sorted by target.
    numbers
        Which of the weights each connection carries, int32 (connections,).
    """

    sources: np.ndarray
    targets: np.ndarray
    numbers: np.ndarray


def dense_connections(sources: int, targets: int) -> Connections:
    """Connect every source to every target; weights are numbered (target, source)."""
    return Connections(
        np.tile(np.arange(sources, dtype=np.int32), targets),
        np.repeat(np.arange(targets, dtype=np.int32), sources),
        np.arange(sources * targets, dtype=np.int32),
    )


def random_connections(
    sources: int, targets: int, connections_per_neuron: int, *, generator: np.random.Generator
) -> Connections:
    """Connect every target to the same number of distinct sources, all sets of them equally likely.

    Raises
    ------
    ValueError
        When there are not that many sources.
    """
    if not 1 <= connections_per_neuron <= sources:
        raise ValueError(
            f"{connections_per_neuron} connections per neuron: choose 1 to {sources}, the number of sources"
        )
    draw = _draw_many if 2 * connections_per_neuron > sources else _draw_few
    chosen = draw(sources, targets, connections_per_neuron, generator)
    return Connections(
        np.sort(chosen, axis=1).ravel(),
        np.repeat(np.arange(targets, dtype=np.int32), connections_per_neuron),
        np.arange(chosen.size, dtype=np.int32),
    )


def sparse_connections(
    sources: int, targets: int, density: float, *, generator: np.random.Generator
) -> Connections:
    """Connect a share of all pairs, all sets of so many equally likely; at least one.

    Raises
    ------
    ValueError
        When the density is not above 0 and at most 1.
    """
    pairs = sources * targets
    count = max(1, round(check_factor("density", density) * pairs))
    chosen = np.sort(generator.choice(pairs, count, replace=False, shuffle=False))
    return Connections(
        (chosen % sources).astype(np.int32),
        (chosen // sources).astype(np.int32),
        np.arange(count, dtype=np.int32),
    )


def _draw_many(sources: int, targets: int, count: int, generator: np.random.Generator) -> np.ndarray:
    """Shuffle all sources for every target and take the first `count`."""
    rows = np.tile(np.arange(sources, dtype=np.int32), (targets, 1))
    return generator.permuted(rows, axis=1)[:, :count]


def _draw_few(sources: int, targets: int, count: int, generator: np.random.Generator) -> np.ndarray:
    """Draw with replacement, and again where a source occurs twice, which is rare when `count` is small."""
    chosen = generator.integers(sources, size=(targets, count), dtype=np.int32)
    open_rows = np.arange(targets)
    while open_rows.size:
        rows = np.sort(chosen[open_rows], axis=1)
        repeated = np.zeros(rows.shape, bool)
        repeated[:, 1:] = rows[:, 1:] == rows[:, :-1]
        rows[repeated] = generator.integers(sources, size=int(repeated.sum()), dtype=np.int32)
        chosen[open_rows] = rows
        open_rows = open_rows[repeated.any(axis=1)]
    return chosen


class _Axes(NamedTuple):
    """Coordinates of all connections of a tiling, each along an axis of its own.

    The axes are those of the target image, then those of the window: row of tiles, row in the block,
    column of tiles, column in the block, channel; row in the window, column in the window, channel.
    """

    tile_row: np.ndarray
    block_row: np.ndarray
    tile_column: np.ndarray
    block_column: np.ndarray
    channel: np.ndarray
    window_row: np.ndarray
    window_column: np.ndarray
    source_channel: np.ndarray


def _axes(tiling: Tiling, channels: int, mixing: bool) -> _Axes:
    blocks, seen = tiling.output_block, tiling.input_shape.channels if mixing else 1
    sides = (tiling.rows, blocks, tiling.columns, blocks, channels, tiling.window, tiling.window, seen)
    axes = _Axes(*np.ogrid[tuple(slice(side) for side in sides)])
    if mixing:
        return axes
    return axes._replace(source_channel=axes.channel // (channels // tiling.input_shape.channels))


def _select(axes: _Axes, tiling: Tiling, *columns: np.ndarray) -> list[np.ndarray]:
    """Return the entries of every column whose window pixel lies inside the image, flat."""
    shape = tiling.input_shape
    row = axes.tile_row * tiling.input_block - tiling.margin + axes.window_row
    column = axes.tile_column * tiling.input_block - tiling.margin + axes.window_column
    source = (row * shape.width + column) * shape.channels + axes.source_channel
    width = tiling.output_width
    pixel_row = axes.tile_row * tiling.output_block + axes.block_row
    pixel_column = axes.tile_column * tiling.output_block + axes.block_column
    target = (pixel_row * width + pixel_column) * axes.channel.size + axes.channel
    inside = (row >= 0) & (row < shape.height) & (column >= 0) & (column < shape.width)
    full = np.broadcast_shapes(source.shape, target.shape)
    inside = np.broadcast_to(inside, full)
    return [np.broadcast_to(each.astype(np.int32), full)[inside] for each in (source, target, *columns)]


def local_connections(tiling: Tiling, channels: int, mixing: bool) -> Connections:
    """Connect windows to output blocks with own weights everywhere.

    Weights are numbered as in `networks.local.Local`: tile, group of channels that see the same
    inputs, output neuron of the group, input of the clipped window.
    """
    axes = _axes(tiling, channels, mixing)
    groups = 1 if mixing else tiling.input_shape.channels
    tile = (axes.tile_row * tiling.columns + axes.tile_column) * groups
    group = axes.channel // (channels // groups)
    sources, targets, patches = _select(axes, tiling, tile + group)
    numbers = np.empty(len(patches), np.int32)
    numbers[np.argsort(patches, kind="stable")] = np.arange(len(patches), dtype=np.int32)
    return Connections(sources, targets, numbers)


def convolution_connections(tiling: Tiling, channels: int, mixing: bool) -> Connections:
    """Connect windows to output blocks with the same weights in every tile.

    Weights are numbered (window row, window column, input channel, block row, block column, output
    channel); without mixing there is one input channel to each output.
    """
    axes = _axes(tiling, channels, mixing)
    seen = tiling.input_shape.channels if mixing else 1
    pixel = axes.window_row * tiling.window + axes.window_column
    place = pixel * seen + (axes.source_channel if mixing else 0)
    output = (axes.block_row * tiling.output_block + axes.block_column) * channels + axes.channel
    return Connections(*_select(axes, tiling, place * tiling.output_block**2 * channels + output))
