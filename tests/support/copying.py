"""Every way of copying, and the check that a copy shares no memory with the original."""

import io
import pickle
from copy import copy, deepcopy

import numpy as np


def pickled(thing):
    return pickle.loads(pickle.dumps(thing))


def joblib_dumped(thing):
    """Write an object as joblib does: every array separately, even one that two attributes share."""
    joblib = __import__("joblib")
    file = io.BytesIO()
    joblib.dump(thing, file)
    file.seek(0)
    return joblib.load(file)


def from_memory_that_is_read_only(thing):
    """Pickle an object with its arrays out of band, as workers with shared memory get them."""
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
    """Return all arrays that can be reached from an object."""
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
    """Check that no array of one shares memory with one of the other."""
    places = sorted((*np.lib.array_utils.byte_bounds(a), 0) for a in arrays_in(one) if a.size)
    places += sorted((*np.lib.array_utils.byte_bounds(a), 1) for a in arrays_in(other) if a.size)
    reached = {0: 0, 1: 0}
    for begin, end, whose in sorted(places):
        assert begin >= reached[1 - whose], "an array of the one shares memory with the other"
        reached[whose] = max(reached[whose], end)
