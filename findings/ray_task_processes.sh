#!/usr/bin/env bash
# Ray 2.60.0 with Numba 0.68.1: what becomes of tasks that exit or are cancelled, and how many threads they have.
#
# 1. A task that calls `sys.exit(0)` counts as one whose worker crashed: it runs four times, then `get` raises.
# 2. `cancel` of a task that is in one long computation of compiled code waits until that has ended, and its result
#    is thrown away. With `force=True` the task is ended at once.
# 3. A task that reserves one processor has OMP_NUM_THREADS=1, and Numba takes all cores nevertheless. A number of
#    threads that one task sets stays in its worker, and the next task there has it.
#
# Seen with these versions on Python 3.11, Linux, with more than one core: the output below. Fails when that changes.
# On a machine so busy that Ray's helpers need more than fifteen seconds to start, Ray does not start.
set -euo pipefail

folder=$(mktemp -d /tmp/XXXXXX) # Ray's sockets need a short path
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/pip" install --quiet --disable-pip-version-check ray==2.60.0 numba==0.68.1

cat >"$folder/finding.py" <<'PYTHON'
import os
import sys
import time
from pathlib import Path

folder = Path(sys.argv[1])
os.environ |= {"HOME": str(folder), "RAY_AUTH_MODE": "token", "RAY_USAGE_STATS_ENABLED": "0"}

import numba
import numpy as np
import ray

ray.init(
    address="local",
    num_cpus=1,
    include_dashboard=False,
    log_to_driver=False,
    logging_level="ERROR",
    _temp_dir=str(folder / "ray"),
)


def note(name):
    with (folder / name).open("a") as file:
        file.write("x")


@ray.remote
def leave():
    note("left")
    sys.exit(0)


@numba.njit
def compute(count, results):
    total = 0
    for number in range(count):
        total += number * number % 7
    results[0] = 1 + total


@ray.remote
def long(name, count):
    results = np.memmap(folder / f"{name} results", np.int64, "w+", shape=1)
    compute(0, results)
    results[0] = 0
    note(f"{name} begun")
    compute(count, results)
    return 1


@ray.remote(num_cpus=1)
def threads(wanted=None):
    if wanted is not None:
        numba.set_num_threads(wanted)
    return os.environ["OMP_NUM_THREADS"], numba.get_num_threads(), os.getpid()


def outcome(task):
    try:
        return ray.get(task)
    except ray.exceptions.RayError as error:
        return type(error).__name__


def cancelled(name, count, force):
    task = long.remote(name, count)
    while not (folder / f"{name} begun").exists():
        time.sleep(0.01)
    ray.cancel(task, force=force)
    came = outcome(task)
    computed = np.fromfile(folder / f"{name} results", np.int64)[0] > 0
    return came, "computed to the end" if computed else "ended midway"


def say(*words):
    with (folder / "seen").open("a") as file:
        print(*words, file=file)


say("ray", ray.__version__, "numba", numba.__version__)
say("1 sys.exit(0):", outcome(leave.remote()), "after", len((folder / "left").read_text()), "runs")
say("2 cancel:", *cancelled("asked", 2 * 10**9, False))
say("2 cancel by force:", *cancelled("forced", 10**12, True))
variable, at_first, worker = ray.get(threads.remote())
say("3 OMP_NUM_THREADS:", variable)
say("3 Numba's threads are all cores:", at_first == len(os.sched_getaffinity(0)) > 1)
(_, _, setter), (_, then, another) = ray.get(threads.remote(1)), ray.get(threads.remote())
say("3 threads of the next task in that worker:", then if setter == another else "another worker")
ray.shutdown()
PYTHON

cd "$folder"
"$folder/environment/bin/python" "$folder/finding.py" "$folder" >"$folder/said" 2>&1 || { cat "$folder/said"; exit 1; }
cat "$folder/seen"
diff "$folder/seen" - <<'SEEN'
ray 2.60.0 numba 0.68.1
1 sys.exit(0): WorkerCrashedError after 4 runs
2 cancel: RayTaskError(TaskCancelledError) computed to the end
2 cancel by force: TaskCancelledError ended midway
3 OMP_NUM_THREADS: 1
3 Numba's threads are all cores: True
3 threads of the next task in that worker: 1
SEEN
