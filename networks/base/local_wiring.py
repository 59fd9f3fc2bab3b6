"""The connections of a local layer, which follow from its windows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from networks.base.wiring import Connections, NoConnectionError, Rows, Wiring
from nn.tiling import Box, Tile

if TYPE_CHECKING:
    from networks.local import Local


class LocalWiring(Wiring):
    """Windows of an image, each with weights of its own.

    The weights of a tile lie together: group of channels, then output pixel and channel, then window
    pixel and channel.
    """

    def __init__(self, network: Local, weights: int, biases: int) -> None:
        super().__init__(network.output_shape.size)
        self._weights, self._biases = weights, biases
        self.tiling, self.offsets = network.tiling, network.weight_offsets
        self.input_shape, self.output_shape = network.input_shape, network.output_shape
        self.groups = network.groups
        self.inputs = self.input_shape.channels // self.groups
        self.outputs = self.output_shape.channels // self.groups
        self.rows_per_group = network.outputs_per_tile

    @property
    def count(self) -> int:
        """Number of weights: nothing is shared."""
        return int(self.offsets[-1])

    def biases(self) -> np.ndarray:
        """See `Wiring.biases`."""
        return self._biases + np.arange(self.targets)

    def weight(self, target: int, source: int) -> int:
        """See `Wiring.weight`."""
        tile, group, begin = self._row(target)
        row, column, channel = self._place(source)
        window = tile.window
        seen = window.top <= row < window.bottom and window.left <= column < window.right
        if not seen or channel // self.inputs != group:
            raise NoConnectionError(
                f"there is no connection from neuron {source} to neuron {target}: it sees rows "
                f"{window.top} to {window.bottom - 1}, columns {window.left} to {window.right - 1}, channels "
                f"{group * self.inputs} to {(group + 1) * self.inputs - 1}"
            )
        pixel = (row - window.top) * window.width + column - window.left
        return self._weights + begin + pixel * self.inputs + channel % self.inputs

    def incoming(self, neuron: int) -> Connections:
        """See `Wiring.incoming`."""
        tile, group, begin = self._row(neuron)
        seen = tile.window.indices(self.input_shape)[..., group * self.inputs : (group + 1) * self.inputs]
        return Connections(seen.ravel().astype(np.int32), self._weights + begin + np.arange(seen.size))

    def outgoing(self, neuron: int) -> Connections:
        """See `Wiring.outgoing`."""
        row, column, channel = self._place(neuron)
        group, position = divmod(channel, self.inputs)
        rows, columns = (
            _windows_over(self.tiling.row_spans, row),
            _windows_over(self.tiling.column_spans, column),
        )
        ends = [
            self._from_tile(self.tiling.tile(r, c), row, column, group, position)
            for r in rows
            for c in columns
        ]
        neurons, places = (np.concatenate([each[n] for each in ends]) for n in (0, 1))
        return Connections(neurons, places)

    def _from_tile(self, tile: Tile, row: int, column: int, group: int, position: int) -> Connections:
        """Return the connections of one tile from an input pixel, channel `position` of its group."""
        window = tile.window
        first, size = self._tile_weights(tile, group)
        pixel = (row - window.top) * window.width + column - window.left
        targets = tile.block.indices(self.output_shape)[
            ..., group * self.outputs : (group + 1) * self.outputs
        ]
        places = first + np.arange(self.rows_per_group) * size + pixel * self.inputs + position
        return Connections(targets.ravel().astype(np.int32), self._weights + places)

    def ends(self, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `Wiring.ends`."""
        tile = np.searchsorted(self.offsets, positions, side="right") - 1
        tile_row, tile_column = np.divmod(tile, self.tiling.columns)
        tops, lefts = self.tiling.row_spans[tile_row, 0], self.tiling.column_spans[tile_column, 0]
        widths = self.tiling.column_spans[tile_column, 1] - lefts
        row, seen = np.divmod(positions - self.offsets[tile], self._window_sizes()[tile])
        group, output = np.divmod(row, self.rows_per_group)
        pixel, input_channel = np.divmod(seen, self.inputs)
        input_row, input_column = np.divmod(pixel, widths)
        sources = self.input_shape.width * (tops + input_row) + lefts + input_column
        sources = sources * self.input_shape.channels + group * self.inputs + input_channel
        return sources, self._targets(tile_row, tile_column, group, output)

    def _targets(
        self, tile_row: np.ndarray, tile_column: np.ndarray, group: np.ndarray, output: np.ndarray
    ) -> np.ndarray:
        """Return the neurons that are outputs of tiles, by their numbers within group and tile."""
        side = self.tiling.output_block
        pixel, channel = np.divmod(output, self.outputs)
        row, column = np.divmod(pixel, side)
        pixels = (tile_row * side + row) * self.output_shape.width + tile_column * side + column
        neurons: np.ndarray = pixels * self.output_shape.channels + group * self.outputs + channel
        return neurons

    def rows(self) -> Rows:
        """See `Wiring.rows`."""
        numbers = len(self.tiling), self.groups, self.rows_per_group
        tile, group, output = (each.ravel() for each in np.indices(numbers))
        tile_row, tile_column = np.divmod(tile, self.tiling.columns)
        neurons = self._targets(tile_row, tile_column, group, output)
        sizes = self._window_sizes()[tile]
        row_of = np.empty(self.targets, np.int64)
        row_of[neurons] = np.arange(self.targets)
        places = slice(self._weights, self._weights + self.count)
        return Rows(places, np.cumsum(sizes) - sizes, row_of)

    def window(self, neuron: int) -> Box | None:
        """See `Wiring.window`."""
        return self._row(neuron)[0].window

    def _row(self, neuron: int) -> tuple[Tile, int, int]:
        """Return the tile and the group of an output neuron, and where the weights into it begin."""
        row, column, channel = map(int, np.unravel_index(neuron, self.output_shape))
        side = self.tiling.output_block
        tile = self.tiling.tile(row // side, column // side)
        group, position = divmod(channel, self.outputs)
        output = ((row % side) * side + column % side) * self.outputs + position
        first, size = self._tile_weights(tile, group)
        return tile, group, first + output * size

    def _tile_weights(self, tile: Tile, group: int) -> tuple[int, int]:
        """Return where the weights of a group in a tile begin, and how many each of its neurons has."""
        size = tile.window.pixels * self.inputs
        first = int(self.offsets[tile.row * self.tiling.columns + tile.column])
        return first + group * self.rows_per_group * size, size

    def _window_sizes(self) -> np.ndarray:
        """Return how many inputs a neuron of each tile has."""
        return self.tiling.window_pixels.ravel() * self.inputs

    def _place(self, neuron: int) -> tuple[int, int, int]:
        row, column, channel = map(int, np.unravel_index(neuron, self.input_shape))
        return row, column, channel


def _windows_over(spans: np.ndarray, position: int) -> range:
    """Return which rows (or columns) of tiles see a row (or column) of pixels: windows move on in order."""
    first = int(np.searchsorted(spans[:, 1], position, side="right"))
    return range(first, int(np.searchsorted(spans[:, 0], position, side="right")))
