"""Kernels of the LSTM's rung o1: plain loops, one thread, one layer in one direction.

Shapes: inputs (T, inputs, N), hidden and cells (T + 1, units, N), gates and deltas (T, 4, units, N) in
the order input, forget, cell, output; peepholes (3, units), zeros where there are none; present (T, N),
true where a step is there. `before` is the slot of the states before a step, `after` the one after it.
"""

from nn.kernels.core.activations import exponential, hyperbolic_tangent
from nn.kernels.core.compilation import kernel
from nn.kernels.dense.layer import bias_gradients, weight_gradients_loops


@kernel
def add_product(weights, values, sums):
    """sums[r, n] += sum over k of weights[r, k] * values[k, n]."""
    for r in range(sums.shape[0]):
        for k in range(values.shape[0]):
            weight = weights[r, k]
            for n in range(values.shape[1]):
                sums[r, n] += weight * values[k, n]


@kernel
def add_transposed_product(weights, deltas, signals):
    """signals[k, n] += sum over r of weights[r, k] * deltas[r, n]."""
    for r in range(deltas.shape[0]):
        for k in range(signals.shape[0]):
            weight = weights[r, k]
            for n in range(deltas.shape[1]):
                signals[k, n] += weight * deltas[r, n]


@kernel
def update_states(gates, peepholes, hidden, cells, before, after, present):
    """Turn the sums of a step's gates (4, units, N) into their values, and write the states after it."""
    one = gates.dtype.type(1)
    for u in range(gates.shape[1]):
        for n in range(gates.shape[2]):
            cell = cells[before, u, n]
            i = one / (one + exponential(-(gates[0, u, n] + peepholes[0, u] * cell)))
            f = one / (one + exponential(-(gates[1, u, n] + peepholes[1, u] * cell)))
            g = hyperbolic_tangent(gates[2, u, n])
            new = f * cell + i * g
            o = one / (one + exponential(-(gates[3, u, n] + peepholes[2, u] * new)))
            gates[0, u, n], gates[1, u, n], gates[2, u, n], gates[3, u, n] = i, f, g, o
            cells[after, u, n] = new if present[n] else cell
            hidden[after, u, n] = o * hyperbolic_tangent(new) if present[n] else hidden[before, u, n]


@kernel
def forward_loops(
    input_weights, recurrent_weights, biases, peepholes, inputs, hidden, cells, gates, present, backward
):
    """Take all steps forward."""
    steps, units = gates.shape[0], gates.shape[2]
    for number in range(steps):
        t = steps - 1 - number if backward else number
        before, after = (t + 1, t) if backward else (t, t + 1)
        sums = gates[t].reshape(4 * units, -1)
        for r in range(4 * units):
            sums[r] = biases[r]
        add_product(input_weights, inputs[t], sums)
        add_product(recurrent_weights, hidden[before], sums)
        update_states(gates[t], peepholes, hidden, cells, before, after, present[t])


@kernel
def deltas_of_step(
    gates, peepholes, old_cells, new_cells, signals, hidden_signals, cell_signals, present, deltas
):
    """Compute the deltas of a step (4, units, N); leave in the state signals what it passes on or keeps."""
    one = gates.dtype.type(1)
    for u in range(gates.shape[1]):
        for n in range(gates.shape[2]):
            if not present[n]:
                deltas[:, u, n] = 0
                continue
            i, f, g, o = gates[0, u, n], gates[1, u, n], gates[2, u, n], gates[3, u, n]
            signal = signals[u, n] + hidden_signals[u, n]
            squashed = hyperbolic_tangent(new_cells[u, n])
            delta_o = signal * squashed * o * (one - o)
            cell_signal = (
                cell_signals[u, n] + signal * o * (one - squashed * squashed) + peepholes[2, u] * delta_o
            )
            deltas[0, u, n] = cell_signal * g * i * (one - i)
            deltas[1, u, n] = cell_signal * old_cells[u, n] * f * (one - f)
            deltas[2, u, n] = cell_signal * i * (one - g * g)
            deltas[3, u, n] = delta_o
            cell_signals[u, n] = (
                cell_signal * f + peepholes[0, u] * deltas[0, u, n] + peepholes[1, u] * deltas[1, u, n]
            )
            hidden_signals[u, n] = 0


@kernel
def backward_loops(
    recurrent_weights,
    peepholes,
    cells,
    gates,
    deltas,
    signals,
    hidden_signals,
    cell_signals,
    present,
    backward,
):
    """Take all steps back; the state signals become those of the initial states."""
    steps, units = gates.shape[0], gates.shape[2]
    for number in range(steps):
        t = number if backward else steps - 1 - number
        before, after = (t + 1, t) if backward else (t, t + 1)
        deltas_of_step(
            gates[t],
            peepholes,
            cells[before],
            cells[after],
            signals[t],
            hidden_signals,
            cell_signals,
            present[t],
            deltas[t],
        )
        add_transposed_product(recurrent_weights, deltas[t].reshape(4 * units, -1), hidden_signals)


@kernel
def input_signals_loops(weights, deltas, input_signals):
    """input_signals[t, k, n] += sum over r of weights[r, k] * deltas[t, r, n]."""
    for t in range(deltas.shape[0]):
        add_transposed_product(weights, deltas[t], input_signals[t])


@kernel
def gradients_loops(deltas, inputs, hidden, input_target, recurrent_target, bias_target, scale):
    """Add scale times the gradients of weights and biases; deltas (T, 4 * units, N), hidden of before."""
    for t in range(deltas.shape[0]):
        weight_gradients_loops(deltas[t], inputs[t], input_target, scale)
        weight_gradients_loops(deltas[t], hidden[t], recurrent_target, scale)
        bias_gradients(deltas[t], bias_target, scale)


@kernel
def peephole_gradients_loops(deltas, cells, target, scale):
    """target[u] += scale * sum over t, n of deltas[t, u, n] * cells[t, u, n]."""
    for u in range(target.size):
        total = target.dtype.type(0)
        for t in range(cells.shape[0]):
            for n in range(cells.shape[2]):
                total += deltas[t, u, n] * cells[t, u, n]
        target[u] += scale * total
