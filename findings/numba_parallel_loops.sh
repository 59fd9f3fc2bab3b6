#!/usr/bin/env bash
# Numba 0.68.1: four things that a parallel function computes otherwise than the same function on one thread,
# without an error or a warning.
#
# 1. A write through a field of a named tuple is lost in a prange loop, also where the field, or the tuple's
#    parts, were given a name within the loop. A name given before the loop, an index (p[0]) or a called
#    function are kept.
# 2. A flag, a maximum or its place that is set under a condition keeps the value of before the loop. (A count,
#    `n += 1`, is kept.)
# 3. np.max and np.min of a whole array skip NaN, which they return on one thread and in NumPy.
# 4. The loop's counter is unsigned: -i is 2**64 - i.
#
# Seen with Numba 0.68.1 and NumPy 2.4.6 on Python 3.11, Linux: the output below. Fails when that changes.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/pip" install --quiet --disable-pip-version-check numba==0.68.1 numpy==2.4.6

cat >"$folder/finding.py" <<'PYTHON'
from collections import namedtuple

import numba
import numpy as np
from numba import njit, prange

Arrays = namedtuple("Arrays", "out source")
print("Numba", numba.__version__)


def by_field(arrays):
    for i in prange(arrays.source.size):
        arrays.out[i] = arrays.source[i]


def by_name_in_loop(arrays):
    for i in prange(arrays.source.size):
        out = arrays.out
        out[i] = arrays.source[i]


def by_parts_in_loop(arrays):
    for i in prange(arrays.source.size):
        out, source = arrays
        out[i] = source[i]


def by_name_before_loop(arrays):
    out = arrays.out
    for i in prange(arrays.source.size):
        out[i] = arrays.source[i]


for function in (by_field, by_name_in_loop, by_parts_in_loop, by_name_before_loop):
    for parallel in (False, True):
        arrays = Arrays(np.zeros(3), np.ones(3))
        njit(parallel=parallel)(function)(arrays)
        print(function.__name__, "parallel" if parallel else "one thread", arrays.out)


def flag_and_place(values):
    found, place = False, -1
    for i in prange(values.size):
        if values[i] > 3:
            found, place = True, i
    return found, place


def largest(values):
    return np.max(values)


def smallest(values):
    return values.min()


def negated(values):
    for i in prange(values.size):
        values[i] = -i
    return values[1]


for function, values in {
    flag_and_place: np.array([1.0, 5.0, 2.0]),
    largest: np.array([1.0, np.nan, 2.0]),
    smallest: np.array([1.0, np.nan, 2.0]),
    negated: np.zeros(2),
}.items():
    results = [njit(parallel=parallel)(function)(values.copy()) for parallel in (False, True)]
    print(function.__name__, "one thread", results[0], "parallel", results[1])
PYTHON
cat >"$folder/expected" <<'TEXT'
Numba 0.68.1
by_field one thread [1. 1. 1.]
by_field parallel [0. 0. 0.]
by_name_in_loop one thread [1. 1. 1.]
by_name_in_loop parallel [0. 0. 0.]
by_parts_in_loop one thread [1. 1. 1.]
by_parts_in_loop parallel [0. 0. 0.]
by_name_before_loop one thread [1. 1. 1.]
by_name_before_loop parallel [1. 1. 1.]
flag_and_place one thread (True, 1) parallel (False, -1)
largest one thread nan parallel 2.0
smallest one thread nan parallel 1.0
negated one thread -1.0 parallel 1.8446744073709552e+19
TEXT
"$folder/environment/bin/python" -W ignore "$folder/finding.py" | tee "$folder/seen"
diff "$folder/expected" "$folder/seen" && echo "as seen before"
