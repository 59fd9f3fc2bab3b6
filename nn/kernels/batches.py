"""Batches: gather rows of images and lay them out with the history last, in one pass.

Entries are taken a vector at a time, so that every cache line of the result is written once while
each image is read in order.
"""

from numba import njit

from nn.history import LANES


@njit(cache=True, nogil=True, error_model="numpy")
def are_entries(indices, count):
    """Return whether there is at least one index, and all are of 0 to count - 1."""
    good = indices.size > 0
    for index in indices:
        good &= (index >= 0) & (index < count)
    return good


@njit(cache=True, nogil=True, error_model="numpy")
def gather_levels(rows, levels, indices, histories):
    """histories[p, n] = levels[rows[indices[n], p]] for bytes; entries beyond the indices are zero."""
    for start in range(0, indices.size, LANES):
        stop = min(start + LANES, indices.size)
        for p in range(rows.shape[1]):
            for n in range(start, stop):
                histories[p, n] = levels[rows[indices[n], p]]
    histories[:, indices.size :] = 0


@njit(cache=True, nogil=True, error_model="numpy")
def gather_values(rows, indices, histories):
    """histories[p, n] = rows[indices[n], p]; entries beyond the indices are zero."""
    for start in range(0, indices.size, LANES):
        stop = min(start + LANES, indices.size)
        for p in range(rows.shape[1]):
            for n in range(start, stop):
                histories[p, n] = rows[indices[n], p]
    histories[:, indices.size :] = 0
