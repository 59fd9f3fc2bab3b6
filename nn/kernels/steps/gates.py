"""Gates of an LSTM at one step, given their sums, and back; see `networks.lstm` for the equations.

Arrays are flat: gates, sums and deltas (4, units, N) in the order input, forget, cell, output; states (units,
N); N is a whole number of vectors. Peepholes, (3, units), are of size 0 where there are none.
"""

from numba import intp, prange

from nn.history import LANES
from nn.kernels.core.compilation import kernel
from nn.kernels.core.simd import broadcast, load, load_scalar, multiply_add, store
from nn.kernels.core.vector_activations import sigmoid, tanh

UNITS = 16
"""Units that a thread takes at a time."""


@kernel(allocates=False, separately=True)
def gates_of_units(gates, biases, peepholes, cells, new_cells, hidden, histories, block):
    """Turn the sums of the gates of some units into values, in place; write cells and hidden values."""
    units = hidden.size // histories
    apart = units * histories
    for unit in range(block * UNITS, min((block + 1) * UNITS, units)):
        bias_i = broadcast(load_scalar(biases, unit))
        bias_f = broadcast(load_scalar(biases, units + unit))
        bias_g = broadcast(load_scalar(biases, 2 * units + unit))
        bias_o = broadcast(load_scalar(biases, 3 * units + unit))
        for place in range(unit * histories, (unit + 1) * histories, LANES):
            cell = load(cells, place)
            i = load(gates, place) + bias_i
            f = load(gates, place + apart) + bias_f
            o = load(gates, place + 3 * apart) + bias_o
            if peepholes.size:
                i = multiply_add(broadcast(load_scalar(peepholes, unit)), cell, i)
                f = multiply_add(broadcast(load_scalar(peepholes, units + unit)), cell, f)
            i, f = sigmoid(i), sigmoid(f)
            g = tanh(load(gates, place + 2 * apart) + bias_g)
            new_cell = multiply_add(f, cell, i * g)
            if peepholes.size:
                o = multiply_add(broadcast(load_scalar(peepholes, 2 * units + unit)), new_cell, o)
            o = sigmoid(o)
            store(gates, place, i)
            store(gates, place + apart, f)
            store(gates, place + 2 * apart, g)
            store(gates, place + 3 * apart, o)
            store(new_cells, place, new_cell)
            store(hidden, place, o * tanh(new_cell))


@kernel(parallel=True)
def gates_forward(gates, biases, peepholes, cells, new_cells, hidden, histories):
    """Turn the sums of all gates into values, in place; write cells and hidden values."""
    for block in prange((hidden.size // histories + UNITS - 1) // UNITS):
        gates_of_units(gates, biases, peepholes, cells, new_cells, hidden, histories, intp(block))


@kernel(allocates=False, separately=True)
def deltas_of_units(gates, peepholes, cells, new_cells, signals, cell_signals, deltas, histories, block):
    """Write the deltas of the gates of some units; the signals of the cells become those before the step."""
    units = signals.size // histories
    apart = units * histories
    one = broadcast(gates.dtype.type(1))
    for unit in range(block * UNITS, min((block + 1) * UNITS, units)):
        for place in range(unit * histories, (unit + 1) * histories, LANES):
            i, f = load(gates, place), load(gates, place + apart)
            g, o = load(gates, place + 2 * apart), load(gates, place + 3 * apart)
            squashed, signal = tanh(load(new_cells, place)), load(signals, place)
            delta_o = signal * squashed * o * (one - o)
            cell_signal = multiply_add(signal * o, one - squashed * squashed, load(cell_signals, place))
            if peepholes.size:
                cell_signal = multiply_add(
                    broadcast(load_scalar(peepholes, 2 * units + unit)), delta_o, cell_signal
                )
            delta_i = cell_signal * g * i * (one - i)
            delta_f = cell_signal * load(cells, place) * f * (one - f)
            passed = cell_signal * f
            if peepholes.size:
                passed = multiply_add(broadcast(load_scalar(peepholes, unit)), delta_i, passed)
                passed = multiply_add(broadcast(load_scalar(peepholes, units + unit)), delta_f, passed)
            store(deltas, place, delta_i)
            store(deltas, place + apart, delta_f)
            store(deltas, place + 2 * apart, cell_signal * i * (one - g * g))
            store(deltas, place + 3 * apart, delta_o)
            store(cell_signals, place, passed)


@kernel(parallel=True)
def gates_backward(gates, peepholes, cells, new_cells, signals, cell_signals, deltas, histories):
    """Write the deltas of all gates; the signals of the cells become those before the step."""
    for block in prange((signals.size // histories + UNITS - 1) // UNITS):
        deltas_of_units(
            gates, peepholes, cells, new_cells, signals, cell_signals, deltas, histories, intp(block)
        )
