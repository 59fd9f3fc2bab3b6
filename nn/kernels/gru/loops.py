"""Kernels of the GRU's rung o1: plain loops, one thread, one layer in one direction.

Shapes: inputs (T, inputs, N), hidden (T + 1, units, N), gates and deltas (T, 4 * units, N) in the order
reset, update, candidate and what the hidden values say of the candidate; present (T, N), true where a
step is there. `before` is the slot of the hidden values before a step, `after` the one after it.
"""

from nn.kernels.core.activations import exponential, hyperbolic_tangent
from nn.kernels.core.compilation import kernel
from nn.kernels.dense.layer import bias_gradients, weight_gradients_loops
from nn.kernels.lstm.loops import add_product, add_transposed_product


@kernel
def update_states(gates, hidden, before, after, present):
    """Turn the sums of a step's gates into their values, and write the hidden values after it."""
    one, units = gates.dtype.type(1), hidden.shape[1]
    for u in range(units):
        for n in range(hidden.shape[2]):
            r = one / (one + exponential(-gates[u, n]))
            z = one / (one + exponential(-gates[units + u, n]))
            candidate = hyperbolic_tangent(gates[2 * units + u, n] + r * gates[3 * units + u, n])
            gates[u, n], gates[units + u, n], gates[2 * units + u, n] = r, z, candidate
            old = hidden[before, u, n]
            hidden[after, u, n] = (one - z) * candidate + z * old if present[n] else old


@kernel
def forward_loops(
    input_weights, recurrent_weights, biases, recurrent_biases, inputs, hidden, gates, present, backward
):
    """Take all steps forward."""
    steps, units = inputs.shape[0], hidden.shape[1]
    for number in range(steps):
        t = steps - 1 - number if backward else number
        before, after = (t + 1, t) if backward else (t, t + 1)
        sums = gates[t]
        for row in range(3 * units):
            sums[row] = biases[row]
        for u in range(units):
            sums[3 * units + u] = recurrent_biases[u]
        add_product(input_weights, inputs[t], sums[: 3 * units])
        add_product(recurrent_weights[: 2 * units], hidden[before], sums[: 2 * units])
        add_product(recurrent_weights[2 * units :], hidden[before], sums[3 * units :])
        update_states(sums, hidden, before, after, present[t])


@kernel
def deltas_of_step(gates, old, signals, hidden_signals, present, deltas):
    """Compute the deltas of a step; leave in the hidden signals what does not go through a sum."""
    one, units = gates.dtype.type(1), old.shape[0]
    for u in range(units):
        for n in range(old.shape[1]):
            if not present[n]:
                for gate in range(4):
                    deltas[gate * units + u, n] = 0
                continue
            r, z = gates[u, n], gates[units + u, n]
            candidate, recurrent = gates[2 * units + u, n], gates[3 * units + u, n]
            signal = signals[u, n] + hidden_signals[u, n]
            delta = signal * (one - z) * (one - candidate * candidate)
            deltas[u, n] = delta * recurrent * r * (one - r)
            deltas[units + u, n] = signal * (old[u, n] - candidate) * z * (one - z)
            deltas[2 * units + u, n] = delta
            deltas[3 * units + u, n] = delta * r
            hidden_signals[u, n] = signal * z


@kernel
def backward_loops(recurrent_weights, hidden, gates, deltas, signals, hidden_signals, present, backward):
    """Take all steps back; the hidden signals become those of the initial states."""
    steps, units = signals.shape[0], hidden.shape[1]
    for number in range(steps):
        t = number if backward else steps - 1 - number
        before = t + 1 if backward else t
        deltas_of_step(gates[t], hidden[before], signals[t], hidden_signals, present[t], deltas[t])
        add_transposed_product(recurrent_weights[: 2 * units], deltas[t, : 2 * units], hidden_signals)
        add_transposed_product(recurrent_weights[2 * units :], deltas[t, 3 * units :], hidden_signals)


@kernel
def input_signals_loops(weights, deltas, input_signals):
    """input_signals[t, k, n] += sum over the rows r of weights[r, k] * deltas[t, r, n]."""
    for t in range(deltas.shape[0]):
        add_transposed_product(weights, deltas[t, : weights.shape[0]], input_signals[t])


@kernel
def gradients_loops(
    deltas, inputs, hidden, input_target, recurrent_target, bias_target, recurrent_bias_target, scale
):
    """Add scale times the gradients of weights and biases; hidden (T, units, N) of before every step."""
    units = hidden.shape[1]
    for t in range(deltas.shape[0]):
        of_inputs, of_recurrent = deltas[t, : 3 * units], deltas[t, 3 * units :]
        weight_gradients_loops(of_inputs, inputs[t], input_target, scale)
        weight_gradients_loops(of_inputs[: 2 * units], hidden[t], recurrent_target[: 2 * units], scale)
        weight_gradients_loops(of_recurrent, hidden[t], recurrent_target[2 * units :], scale)
        bias_gradients(of_inputs, bias_target, scale)
        bias_gradients(of_recurrent, recurrent_bias_target, scale)
