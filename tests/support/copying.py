"""Every way of copying, and what a copy must have in common with the original: nothing but the bits."""

import io
import pickle
from copy import copy, deepcopy

import numpy as np


def pickled(thing):
    return pickle.loads(pickle.dumps(thing))


def joblib_dumped(thing):
    """Write a thing as joblib does, which keeps every array apart, even one that two attributes share."""
    joblib = __import__("joblib")
    file = io.BytesIO()
    joblib.dump(thing, file)
    file.seek(0)
    return joblib.load(file)


def from_memory_that_is_read_only(thing):
    """Pickle a thing with its arrays apart, as workers get them that share memory."""
    buffers = []
    data = pickle.dumps(thing, protocol=5, buffer_callback=buffers.append)
    return pickle.loads(data, buffers=[bytes(buffer) for buffer in buffers])


WAYS = {
    "copy": copy,
    "deepcopy": deepcopy,
    "pickle": pickled,
    "read only": from_memory_that_is_read_only,
}

try:
    import joblib  # noqa: F401
except ModuleNotFoundError:
    pass
else:
    WAYS["joblib"] = joblib_dumped


def arrays_in(thing, seen=None):
    """Return all arrays that can be reached from a thing."""
    seen = {} if seen is None else seen
    if id(thing) in seen or isinstance(thing, type | np.dtype | np.random.Generator):
        return []
    seen[id(thing)] = thing
    if isinstance(thing, np.ndarray):
        return [thing]
    inside = list(getattr(thing, "__dict__", {}).values())
    if isinstance(thing, dict):
        inside += thing.values()
    elif isinstance(thing, list | tuple):
        inside += thing
    return [array for each in inside for array in arrays_in(each, seen)]


def assert_apart(one, other):
    """Hold that no array of the one lies where one of the other does."""
    places = sorted((*np.lib.array_utils.byte_bounds(a), 0) for a in arrays_in(one) if a.size)
    places += sorted((*np.lib.array_utils.byte_bounds(a), 1) for a in arrays_in(other) if a.size)
    reached = {0: 0, 1: 0}
    for begin, end, whose in sorted(places):
        assert begin >= reached[1 - whose], "an array of the one shares memory with the other"
        reached[whose] = max(reached[whose], end)
