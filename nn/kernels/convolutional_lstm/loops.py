"""Kernels of convolutional_lstm_o1: what the gates of one step do, as plain loops on one thread.

The positions of an image are flat: sums, gates and deltas are (positions, 4 channels, N), states and their
signals (positions, channels, N), peepholes (3, positions, channels), present (N,).
"""

import math

from nn.kernels.core.compilation import kernel


@kernel
def sigmoid(x):
    """1 / (1 + exp(-x))."""
    one = type(x)(1)
    return one / (one + type(x)(math.exp(-x)))


@kernel
def gates_loops(sums, peepholes, present, hidden_before, cells_before, gates, hidden, cells):
    """Compute gates, cells and hidden values of a step from the sums and the states before it."""
    positions, channels, histories = cells.shape
    for p in range(positions):
        for c in range(channels):
            see_input, see_forget, see_output = peepholes[0, p, c], peepholes[1, p, c], peepholes[2, p, c]
            for n in range(histories):
                before = cells_before[p, c, n]
                i = sigmoid(sums[p, c, n] + see_input * before)
                f = sigmoid(sums[p, channels + c, n] + see_forget * before)
                g = math.tanh(sums[p, 2 * channels + c, n])
                cell = f * before + i * g
                o = sigmoid(sums[p, 3 * channels + c, n] + see_output * cell)
                gates[p, c, n], gates[p, channels + c, n] = i, f
                gates[p, 2 * channels + c, n], gates[p, 3 * channels + c, n] = g, o
                cells[p, c, n] = cell if present[n] else before
                hidden[p, c, n] = o * math.tanh(cell) if present[n] else hidden_before[p, c, n]


@kernel
def deltas_loops(gates, peepholes, present, cells_before, cells, hidden_signals, cell_signals, deltas):
    """Compute the deltas of a step; the signals of the cells after it become those of the cells before."""
    positions, channels, histories = cells.shape
    one = cells.dtype.type(1)
    for p in range(positions):
        for c in range(channels):
            see_input, see_forget, see_output = peepholes[0, p, c], peepholes[1, p, c], peepholes[2, p, c]
            for n in range(histories):
                if not present[n]:
                    for gate in range(4):
                        deltas[p, gate * channels + c, n] = 0
                    continue
                i, f = gates[p, c, n], gates[p, channels + c, n]
                g, o = gates[p, 2 * channels + c, n], gates[p, 3 * channels + c, n]
                squashed = math.tanh(cells[p, c, n])
                signal = hidden_signals[p, c, n]
                delta_o = signal * squashed * o * (one - o)
                cell_signal = (
                    cell_signals[p, c, n] + signal * o * (one - squashed * squashed) + see_output * delta_o
                )
                delta_i = cell_signal * g * i * (one - i)
                delta_f = cell_signal * cells_before[p, c, n] * f * (one - f)
                deltas[p, c, n], deltas[p, channels + c, n] = delta_i, delta_f
                deltas[p, 2 * channels + c, n] = cell_signal * i * (one - g * g)
                deltas[p, 3 * channels + c, n] = delta_o
                cell_signals[p, c, n] = cell_signal * f + see_input * delta_i + see_forget * delta_f
