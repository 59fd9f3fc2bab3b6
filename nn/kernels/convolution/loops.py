"""Kernels of convolution_o1: one thread, plain loops over windows and taps, histories innermost.

Images and windows are (height, width, channels, N), weights (window channels, kernel rows, kernel columns,
image channels); `rows` and `columns` are the `nn.windows.Axis` of each direction.
"""

from nn.kernels.core.compilation import kernel


@kernel
def seen(axis, window, tap):
    """Return the pixel that a tap of a window sees; a number below 0 where it lies off the image."""
    pixel = window * axis.stride - axis.before + tap * axis.dilation
    return pixel if pixel < axis.length else -1


@kernel
def add_scaled(factor, source, target):
    """target[n] += factor * source[n]."""
    for n in range(target.size):
        target[n] += factor * source[n]


@kernel
def dot(first, second):
    """Return the sum over n of first[n] * second[n]."""
    total = first[0] * second[0]
    for n in range(1, first.size):
        total += first[n] * second[n]
    return total


@kernel
def gather_loops(rows, columns, weights, image, sums):
    """sums[w, o] = sum over taps and channels of weights[o, tap, i] * image[pixel of w and tap, i]."""
    sums[:] = 0
    for y in range(rows.windows):
        for x in range(columns.windows):
            for row in range(rows.kernel):
                for column in range(columns.kernel):
                    top, left = seen(rows, y, row), seen(columns, x, column)
                    if top < 0 or left < 0:
                        continue
                    for o in range(weights.shape[0]):
                        for i in range(weights.shape[3]):
                            add_scaled(weights[o, row, column, i], image[top, left, i], sums[y, x, o])


@kernel
def spread_loops(rows, columns, weights, sources, image):
    """image[pixel of w and tap, i] = sum of weights[o, tap, i] * sources[w, o]."""
    image[:] = 0
    for y in range(rows.windows):
        for x in range(columns.windows):
            for row in range(rows.kernel):
                for column in range(columns.kernel):
                    top, left = seen(rows, y, row), seen(columns, x, column)
                    if top < 0 or left < 0:
                        continue
                    for o in range(weights.shape[0]):
                        for i in range(weights.shape[3]):
                            add_scaled(weights[o, row, column, i], sources[y, x, o], image[top, left, i])


@kernel
def correlate_loops(rows, columns, sources, image, target, scale):
    """target[o, tap, i] += scale * sum of sources[w, o] * image[pixel of w and tap, i]."""
    for y in range(rows.windows):
        for x in range(columns.windows):
            for row in range(rows.kernel):
                for column in range(columns.kernel):
                    top, left = seen(rows, y, row), seen(columns, x, column)
                    if top < 0 or left < 0:
                        continue
                    for o in range(target.shape[0]):
                        for i in range(target.shape[3]):
                            product = dot(sources[y, x, o], image[top, left, i])
                            target[o, row, column, i] += scale * product
