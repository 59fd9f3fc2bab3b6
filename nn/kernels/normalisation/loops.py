"""Kernels of the normalisation rung o1: plain loops, the histories innermost. One thread.

Arrays are (groups, width, N): of a batch normalisation positions, channels and histories; of a layer
normalisation groups that are measured on their own, the numbers in each, and histories.
"""

import numpy as np

from nn.kernels.core.compilation import kernel


@kernel
def measure_channels(inputs, active, means, variances):
    """Measure each channel over all positions and the first `active` histories."""
    count = inputs.shape[0] * active
    sums = np.empty(active, np.float64)
    for channel in range(inputs.shape[1]):
        sums[:] = 0
        for position in range(inputs.shape[0]):
            for n in range(active):
                sums[n] += inputs[position, channel, n]
        mean = inputs.dtype.type(sums.sum() / count)
        sums[:] = 0
        for position in range(inputs.shape[0]):
            for n in range(active):
                deviation = inputs[position, channel, n] - mean
                sums[n] += deviation * deviation
        means[channel], variances[channel] = mean, sums.sum() / count


@kernel
def normalise_channels(inputs, means, factors, shifts, values):
    """values = (inputs - mean) * factor + shift of the channel."""
    for position in range(inputs.shape[0]):
        for channel in range(inputs.shape[1]):
            mean, factor, shift = means[channel], factors[channel], shifts[channel]
            for n in range(inputs.shape[2]):
                values[position, channel, n] = (inputs[position, channel, n] - mean) * factor + shift


@kernel
def sum_channels(inputs, signals, means, products, totals):
    """Sum signals * (inputs - mean), and signals, over all positions and histories of each channel."""
    histories = inputs.shape[2]
    sums = np.empty((2, histories), np.float64)
    for channel in range(inputs.shape[1]):
        sums[:] = 0
        mean = means[channel]
        for position in range(inputs.shape[0]):
            for n in range(histories):
                signal = signals[position, channel, n]
                sums[0, n] += signal * (inputs[position, channel, n] - mean)
                sums[1, n] += signal
        products[channel], totals[channel] = sums[0].sum(), sums[1].sum()


@kernel
def propagate_channels(inputs, signals, means, factors, slopes, offsets, active, input_signals):
    """input_signals = signals * factor - (inputs - mean) * slope - offset; zero beyond `active`."""
    for position in range(inputs.shape[0]):
        for channel in range(inputs.shape[1]):
            mean, factor = means[channel], factors[channel]
            slope, offset = slopes[channel], offsets[channel]
            for n in range(active):
                deviation = inputs[position, channel, n] - mean
                input_signals[position, channel, n] = (
                    signals[position, channel, n] * factor - deviation * slope - offset
                )
            for n in range(active, inputs.shape[2]):
                input_signals[position, channel, n] = 0


@kernel
def normalise_entries(inputs, scale, shift, epsilon, means, factors, values):
    """Measure each group of each history, and normalise, scale and shift it."""
    width, histories = inputs.shape[1:]
    sums = np.empty(histories, np.float64)
    for group in range(inputs.shape[0]):
        mean, factor = means[group], factors[group]
        sums[:] = 0
        for i in range(width):
            for n in range(histories):
                sums[n] += inputs[group, i, n]
        mean[:] = sums / width
        sums[:] = 0
        for i in range(width):
            for n in range(histories):
                deviation = inputs[group, i, n] - mean[n]
                sums[n] += deviation * deviation
        for n in range(histories):
            factor[n] = 1 / np.sqrt(sums[n] / width + epsilon)
        for i in range(width):
            for n in range(histories):
                normalised = (inputs[group, i, n] - mean[n]) * factor[n]
                values[group, i, n] = normalised * scale[i] + shift[i]


@kernel
def propagate_entries(inputs, signals, scale, means, factors, input_signals, scale_gradient, shift_gradient):
    """Compute the input signals of normalised entries, and sum the gradients of scale and shift."""
    width, histories = inputs.shape[1:]
    sums, shares = np.empty((2, histories), np.float64), np.empty((2, histories), inputs.dtype)
    for group in range(inputs.shape[0]):
        mean, factor = means[group], factors[group]
        sums[:] = 0
        for i in range(width):
            for n in range(histories):
                delta = signals[group, i, n] * scale[i]
                sums[0, n] += delta
                sums[1, n] += delta * ((inputs[group, i, n] - mean[n]) * factor[n])
        shares[:] = sums / width
        for i in range(width):
            total, product = 0.0, 0.0
            for n in range(histories):
                signal = signals[group, i, n]
                normalised = (inputs[group, i, n] - mean[n]) * factor[n]
                total += signal
                product += signal * normalised
                delta = signal * scale[i] - shares[0, n] - normalised * shares[1, n]
                input_signals[group, i, n] = delta * factor[n]
            scale_gradient[i] += product
            shift_gradient[i] += total
