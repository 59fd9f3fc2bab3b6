"""The connections of layers that see an image through windows: convolutions, their transposes, pooling."""

from __future__ import annotations

import numpy as np

from networks.base.wiring import FIXED, Connections, Rows, Wiring
from nn.tiling import Box
from nn.windows import Axis, Windows


def taps_of_window(axis: Axis, window: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the taps of a window that lie on the image, and the pixels there, int64 (n,) each."""
    taps = np.arange(axis.kernel)
    pixels = window * axis.stride - axis.before + taps * axis.dilation
    inside = (pixels >= 0) & (pixels < axis.length)
    return taps[inside], pixels[inside]


def taps_of_pixel(axis: Axis, pixel: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the taps with which windows see a pixel, and these windows, int64 (n,) each."""
    taps = np.arange(axis.kernel)
    windows, rest = np.divmod(pixel + axis.before - taps * axis.dilation, axis.stride)
    there = (rest == 0) & (windows >= 0) & (windows < axis.windows)
    return taps[there], windows[there]


def example_windows(axis: Axis) -> np.ndarray:
    """Return, for every tap, a window near the middle that sees the image with it; -1 where none does."""
    spans = [axis.tap(tap)[0] for tap in range(axis.kernel)]
    return np.array([(s.start + s.stop - 1) // 2 if s.stop > s.start else -1 for s in spans])


class WindowWiring(Wiring):
    """Windows that share their weights, (window channels, kernel rows, kernel columns, pixel channels).

    Parameters
    ----------
    windows
        Over the image.
    channels
        Of the windows, and of the image's pixels.
    weights, biases
        Where they begin.
    spreading
        Whether windows are the layer before, as of a transposed convolution.
    """

    def __init__(
        self,
        windows: Windows,
        channels: tuple[int, int],
        weights: int,
        biases: int | None,
        *,
        spreading: bool = False,
    ) -> None:
        self._windows, (self._of_window, self._of_pixel) = windows, channels
        self._spreading, self._weights, self._biases = spreading, weights, biases
        rows, columns = windows.rows, windows.columns
        self._taps = rows.kernel, columns.kernel
        in_windows = rows.windows * columns.windows * self._of_window
        pixels = rows.length * columns.length * self._of_pixel
        super().__init__(pixels if spreading else in_windows)

    @property
    def count(self) -> int:
        """Every use of a weight within the image."""
        return self._windows.connections * self._of_window * self._of_pixel

    def biases(self) -> np.ndarray:
        """See `Wiring.biases`."""
        if self._biases is None:
            return super().biases()
        return self._biases + np.arange(self.targets) % self._target_channels

    @property
    def _target_channels(self) -> int:
        return self._of_pixel if self._spreading else self._of_window

    def incoming(self, neuron: int) -> Connections:
        """See `Wiring.incoming`."""
        return self._of_a_pixel(neuron) if self._spreading else self._of_a_window(neuron)

    def outgoing(self, neuron: int) -> Connections:
        """See `Wiring.outgoing`."""
        return self._of_a_window(neuron) if self._spreading else self._of_a_pixel(neuron)

    def _of_a_window(self, neuron: int) -> Connections:
        """Return the connections of a neuron on the side of the windows."""
        position, channel = divmod(neuron, self._of_window)
        row, column = divmod(position, self._windows.columns.windows)
        tap_rows, rows = taps_of_window(self._windows.rows, row)
        tap_columns, columns = taps_of_window(self._windows.columns, column)
        others = np.arange(self._of_pixel)
        pixels = rows[:, None, None] * self._windows.columns.length + columns[:, None]
        neurons = pixels * self._of_pixel + others
        return self._connections(neurons, channel, (tap_rows, tap_columns), others)

    def _of_a_pixel(self, neuron: int) -> Connections:
        """Return the connections of a neuron on the side of the image."""
        position, channel = divmod(neuron, self._of_pixel)
        row, column = divmod(position, self._windows.columns.length)
        tap_rows, rows = taps_of_pixel(self._windows.rows, row)
        tap_columns, columns = taps_of_pixel(self._windows.columns, column)
        others = np.arange(self._of_window)
        windows = rows[:, None, None] * self._windows.columns.windows + columns[:, None]
        neurons = windows * self._of_window + others
        return self._connections(neurons, others, (tap_rows, tap_columns), channel)

    def _connections(
        self,
        neurons: np.ndarray,
        of_window: np.ndarray | int,
        taps: tuple[np.ndarray, np.ndarray],
        of_pixel: np.ndarray | int,
    ) -> Connections:
        rows, columns = taps[0][:, None, None], taps[1][:, None]
        tap = (of_window * self._taps[0] + rows) * self._taps[1] + columns
        places = np.broadcast_to(self._weights + tap * self._of_pixel + of_pixel, neurons.shape)
        return Connections(neurons.ravel().astype(np.int32), places.ravel().astype(np.int64))

    def rows(self) -> Rows:
        """See `Wiring.rows`."""
        channels = self._target_channels
        size = self._of_window * self._taps[0] * self._taps[1] * self._of_pixel
        starts = np.arange(channels) * (size // channels)
        row_of = np.arange(self.targets) % channels
        if not self._spreading:
            return Rows(slice(self._weights, self._weights + size), starts, row_of)
        places = self._weights + np.arange(size).reshape(-1, channels).T.ravel()
        return Rows(places, starts, row_of)

    def ends(self, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `Wiring.ends`."""
        if self._spreading:
            of_pixel, rest = np.divmod(positions, self._of_window * self._taps[0] * self._taps[1])
            rest, tap_columns = np.divmod(rest, self._taps[1])
            of_window, tap_rows = np.divmod(rest, self._taps[0])
        else:
            rest, of_pixel = np.divmod(positions, self._of_pixel)
            rest, tap_columns = np.divmod(rest, self._taps[1])
            of_window, tap_rows = np.divmod(rest, self._taps[0])
        rows, columns = self._windows.rows, self._windows.columns
        window_rows, window_columns = example_windows(rows)[tap_rows], example_windows(columns)[tap_columns]
        windows = (window_rows * columns.windows + window_columns) * self._of_window + of_window
        pixel_rows = window_rows * rows.stride - rows.before + tap_rows * rows.dilation
        pixel_columns = window_columns * columns.stride - columns.before + tap_columns * columns.dilation
        pixels = (pixel_rows * columns.length + pixel_columns) * self._of_pixel + of_pixel
        used = (window_rows >= 0) & (window_columns >= 0)
        sources, targets = (windows, pixels) if self._spreading else (pixels, windows)
        return np.where(used, sources, FIXED), np.where(used, targets, FIXED)

    def window(self, neuron: int) -> Box | None:
        """See `Wiring.window`."""
        position = neuron // self._target_channels
        axes = self._windows.rows, self._windows.columns
        wide = axes[1].length if self._spreading else axes[1].windows
        find = taps_of_pixel if self._spreading else taps_of_window
        spans = [find(axis, at)[1] for axis, at in zip(axes, divmod(position, wide), strict=True)]
        return box_around(*spans)


class PoolingWiring(Wiring):
    """Windows that look at each channel alone, without weights.

    Parameters
    ----------
    windows
        Over the image.
    channels
        Of the image and of the windows.
    averages
        Whether a window is averaged, over `area` or, where that is None, over what of it is on the image.
    """

    def __init__(self, windows: Windows, channels: int, *, averages: bool, area: int | None = None) -> None:
        super().__init__(windows.rows.windows * windows.columns.windows * channels)
        self._windows, self._channels, self._averages, self._area = windows, channels, averages, area

    @property
    def count(self) -> int:
        """Pairs of a window and a pixel in it, in every channel."""
        return self._windows.connections * self._channels

    def incoming(self, neuron: int) -> Connections:
        """See `Wiring.incoming`."""
        position, channel = divmod(neuron, self._channels)
        row, column = divmod(position, self._windows.columns.windows)
        rows, columns = (
            taps_of_window(self._windows.rows, row)[1],
            taps_of_window(self._windows.columns, column)[1],
        )
        pixels = (rows[:, None] * self._windows.columns.length + columns).ravel()
        return Connections.fixed(
            pixels * self._channels + channel, np.full(pixels.size, self._share(row, column))
        )

    def outgoing(self, neuron: int) -> Connections:
        """See `Wiring.outgoing`."""
        position, channel = divmod(neuron, self._channels)
        row, column = divmod(position, self._windows.columns.length)
        rows, columns = (
            taps_of_pixel(self._windows.rows, row)[1],
            taps_of_pixel(self._windows.columns, column)[1],
        )
        windows = (rows[:, None] * self._windows.columns.windows + columns).ravel()
        shares = [self._share(r, c) for r in rows for c in columns]
        return Connections.fixed(windows * self._channels + channel, np.array(shares))

    def _share(self, row: int, column: int) -> float:
        """Return what a pixel counts in a window."""
        if not self._averages:
            return 1.0
        if self._area is not None:
            return 1 / self._area
        return 1 / (
            len(taps_of_window(self._windows.rows, row)[1])
            * len(taps_of_window(self._windows.columns, column)[1])
        )

    def window(self, neuron: int) -> Box | None:
        """See `Wiring.window`."""
        row, column = divmod(neuron // self._channels, self._windows.columns.windows)
        return box_around(
            taps_of_window(self._windows.rows, row)[1], taps_of_window(self._windows.columns, column)[1]
        )


class UpsamplingWiring(Wiring):
    """Pixels that are copies, or means, of those of a smaller image.

    Parameters
    ----------
    rows, columns
        Share of every input row in every output row, (output rows, input rows), and likewise of columns.
    channels
        Of both images.
    """

    def __init__(self, rows: np.ndarray, columns: np.ndarray, channels: int) -> None:
        super().__init__(len(rows) * len(columns) * channels)
        self._rows, self._columns, self._channels = rows, columns, channels

    @property
    def count(self) -> int:
        """Pairs of pixels that have to do with each other, in every channel."""
        pairs = int(np.count_nonzero(self._rows)) * int(np.count_nonzero(self._columns))
        return pairs * self._channels

    def incoming(self, neuron: int) -> Connections:
        """See `Wiring.incoming`."""
        return self._find(neuron, self._rows, self._columns)

    def outgoing(self, neuron: int) -> Connections:
        """See `Wiring.outgoing`."""
        return self._find(neuron, self._rows.T, self._columns.T)

    def _find(self, neuron: int, rows: np.ndarray, columns: np.ndarray) -> Connections:
        position, channel = divmod(neuron, self._channels)
        row, column = divmod(position, len(columns))
        other_rows, other_columns = np.flatnonzero(rows[row]), np.flatnonzero(columns[column])
        pixels = (other_rows[:, None] * columns.shape[1] + other_columns).ravel()
        shares = np.outer(rows[row, other_rows], columns[column, other_columns]).ravel()
        return Connections.fixed(pixels * self._channels + channel, shares)


def box_around(rows: np.ndarray, columns: np.ndarray) -> Box | None:
    """Return the box that reaches from the first to the last of some rows and columns; None without any."""
    if not len(rows) or not len(columns):
        return None
    return Box(int(rows.min()), int(columns.min()), int(rows.max()) + 1, int(columns.max()) + 1)
