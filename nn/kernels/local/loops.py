"""Kernels of local_o1: one thread, plain loops over the windows, histories innermost."""

from nn.kernels.core.compilation import kernel
from nn.kernels.local.forward import pixel_offset, place


@kernel
def output_offset(geometry, tile, number):
    """Return where output neuron `number` of a tile lies, in entries from the image's start."""
    channels = geometry.output_channels // geometry.groups
    pixel = number // channels
    return pixel_offset(geometry, tile, pixel) + (number - pixel * channels) * geometry.histories


@kernel
def forward_loops(geometry, weights, biases, inputs, values):
    """Sum every window; `values` receives the sums."""
    n = geometry.histories
    for row in range(geometry.row_spans.shape[0]):
        for column in range(geometry.column_spans.shape[0]):
            for group in range(geometry.groups):
                tile = place(geometry, row, column, group)
                for o in range(tile.outputs):
                    begin = output_offset(geometry, tile, o)
                    total = values[begin : begin + n]
                    total[:] = biases[begin // n]
                    add_window(tile, weights, tile.weights + o * tile.inputs, inputs, total)


@kernel
def add_window(tile, weights, weight, inputs, total):
    """total[n] += sum over the window of weight * input[n]."""
    for line in range(tile.lines):
        for i in range(tile.line):
            begin = tile.source + line * tile.outer_step + i * tile.step
            source = inputs[begin : begin + total.size]
            factor = weights[weight]
            for entry in range(total.size):
                total[entry] += factor * source[entry]
            weight += 1


@kernel
def input_signals_loops(geometry, weights, deltas, input_signals):
    """Add every output's delta, weighted, to the signals of its window."""
    n = geometry.histories
    input_signals[:] = 0
    for row in range(geometry.row_spans.shape[0]):
        for column in range(geometry.column_spans.shape[0]):
            for group in range(geometry.groups):
                tile = place(geometry, row, column, group)
                for o in range(tile.outputs):
                    begin = output_offset(geometry, tile, o)
                    spread(
                        tile,
                        weights,
                        tile.weights + o * tile.inputs,
                        deltas[begin : begin + n],
                        input_signals,
                    )


@kernel
def spread(tile, weights, weight, delta, input_signals):
    """input_signal[n] += weight * delta[n] over the window."""
    for line in range(tile.lines):
        for i in range(tile.line):
            begin = tile.source + line * tile.outer_step + i * tile.step
            target = input_signals[begin : begin + delta.size]
            factor = weights[weight]
            for entry in range(delta.size):
                target[entry] += factor * delta[entry]
            weight += 1


@kernel
def weight_gradients_loops(geometry, deltas, inputs, target, scale):
    """target[weight] += scale * sum over n of delta[n] * input[n]."""
    n = geometry.histories
    for row in range(geometry.row_spans.shape[0]):
        for column in range(geometry.column_spans.shape[0]):
            for group in range(geometry.groups):
                tile = place(geometry, row, column, group)
                for o in range(tile.outputs):
                    begin = output_offset(geometry, tile, o)
                    correlate(
                        tile, target, tile.weights + o * tile.inputs, deltas[begin : begin + n], inputs, scale
                    )


@kernel
def correlate(tile, target, weight, delta, inputs, scale):
    """Add the products of one output's delta with its window to the targets of its weights."""
    for line in range(tile.lines):
        for i in range(tile.line):
            begin = tile.source + line * tile.outer_step + i * tile.step
            source = inputs[begin : begin + delta.size]
            total = delta[0] * source[0]
            for entry in range(1, delta.size):
                total += delta[entry] * source[entry]
            target[weight] += scale * total
            weight += 1
