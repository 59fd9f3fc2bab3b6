"""Kernels on any number of threads: chosen, given, in forked processes, from several Python threads."""

import os
import subprocess
import sys
import threading

import numba
import numpy as np
import pytest

from networks.ladder import FAMILIES
from nn.kernels.elementwise import add_parallel
from nn.threads import Threads, threads
from tests.support.places import ROOT

HISTORIES = 8192
"""So many that the small examples run in parallel."""

DEEP = {"graph", "lstm", "gru", "convolutional_lstm"}
"""Examples of many steps or levels, which run in parallel with a quarter of the histories."""


@pytest.fixture(autouse=True)
def restore():
    with threads.restored():
        yield


def add(size: int = 100_000) -> None:
    first, total = np.arange(size, dtype=np.float32), np.zeros(size, np.float32)
    add_parallel(first, first, total)
    np.testing.assert_array_equal(total, 2 * first)


def train(family: str) -> list[np.ndarray]:
    generator = np.random.default_rng(0)
    network = FAMILIES[family].example(FAMILIES[family].rungs["o2"], generator=generator)
    histories = HISTORIES // 4 if family in DEEP else HISTORIES
    values = generator.normal(size=(*network.input_shape, histories)).astype(np.float32)
    if network.labels is not None:
        values = generator.integers(0, network.labels, values.shape).astype(np.float32)
    signals = generator.normal(size=(*network.output_shape, histories)).astype(np.float32)
    results = []
    for _ in range(2):
        results.append(network.forward(values, training=True).copy())
        results.append(network.backward(signals).copy())
    return [*results, network.parameters.gradients.copy()]


@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="this machine has one core")
@pytest.mark.parametrize("family", FAMILIES)
def test_the_number_may_change_at_every_region(family, monkeypatch):
    threads.use(1)
    expected = train(family)
    threads.adapt()
    random, regions = np.random.default_rng(0), []

    def run(self, compiled, arguments, most):
        regions.append(int(random.integers(1, most + 1)))
        numba.set_num_threads(regions[-1])
        try:
            return compiled(*arguments)
        finally:
            numba.set_num_threads(most)

    monkeypatch.setattr(Threads, "_choose_and_run", run)
    monkeypatch.setattr(Threads, "count", property(lambda self: int(random.integers(1, 3))))
    for found, wanted in zip(train(family), expected, strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_what_numba_has_is_a_limit_and_stays_as_it_is():
    for most in range(1, numba.config.NUMBA_NUM_THREADS + 1):
        numba.set_num_threads(most)
        threads.quiet_until = 0
        for _ in range(50):
            add()
            assert numba.get_num_threads() == most
            assert 1 <= threads.count <= most


def test_a_number_that_is_given_stays():
    threads.use(1)
    assert str(threads) == "1 thread"
    assert threads.count == numba.get_num_threads() == 1
    for _ in range(50):
        add()
    assert threads.count == 1
    threads.adapt()
    assert numba.get_num_threads() == numba.config.NUMBA_NUM_THREADS


@pytest.mark.parametrize("count", [0, -1, 10_000])
def test_there_have_to_be_so_many(count):
    with pytest.raises(ValueError, match="NUMBA_NUM_THREADS"):
        threads.use(count)


def test_a_kernel_that_raises_leaves_everything_as_it_was():
    most = numba.get_num_threads()
    threads.quiet_until = 0
    with pytest.raises(numba.errors.TypingError):
        add_parallel("these", "are no", "arrays")
    assert numba.get_num_threads() == most
    add()


def test_several_python_threads_run_kernels_at_once():
    threads.adapt()
    failures = []

    def work() -> None:
        try:
            for _ in range(100):
                threads.quiet_until = 0
                add()
        except Exception as error:
            failures.append(error)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert failures == []


def test_restored_puts_back_what_was_set():
    threads.use(1)
    with threads.restored():
        threads.adapt()
    assert str(threads) == "1 thread"


PROGRAM = """
import hashlib, os, sys, threading
import numpy as np
from networks.dense_o2 import Dense
from nn.shape import Shape

inputs = np.random.default_rng(1).random((128, 1, 1, 256)).astype(np.float32)

def digest():
    network = Dense(Shape(1, 1, 256), Shape(1, 1, 256), generator=np.random.default_rng(0))
    outputs = network.predict(inputs)
    values = np.ascontiguousarray(np.moveaxis(inputs, 0, -1))
    network.forward(values)
    network.backward(values)
    return hashlib.sha256(outputs.tobytes() + network.parameters.gradients.tobytes()).hexdigest()

found = {digest()}
workers = [threading.Thread(target=lambda: [found.add(digest()) for _ in range(10)]) for _ in range(3)]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
child = os.fork()
if not child:
    os._exit(0 if {digest()} == found else 1)
assert os.waitpid(child, 0)[1] == 0, "the forked process"
print(*found)
"""


def run_program(program: str, **settings: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_layers_and_numbers_of_threads_give_the_same_bits():
    """Forked, and from several Python threads at once: without precautions OpenMP and workqueue abort."""
    ways = [("omp", "2"), ("omp", "1"), ("omp", "7"), ("workqueue", "3")]
    digests = []
    for layer, count in ways:
        result = run_program(PROGRAM, NUMBA_THREADING_LAYER=layer, NUMBA_NUM_THREADS=count)
        if "No threading layer could be loaded" in result.stderr:
            continue
        assert result.returncode == 0, (layer, count, result.stderr)
        digests.append(result.stdout)
    assert len(set(digests)) == 1


WITHOUT_COMPILER = """
import json
import numpy as np
from networks.ladder import FAMILIES
from nn.losses import SquaredError
from nn.optimizers import Adam
from nn.regularizers import L2
from nn.training import ArrayBatches, Options, Trainer

results = {}
for name, family in FAMILIES.items():
    for rung in family.rungs:
        generator = np.random.default_rng(0)
        network = family.example(family.rungs[rung], generator=generator)
        inputs = generator.random((6, *network.input_shape)).astype(np.float32)
        if network.labels is not None:
            inputs = np.floor(inputs * network.labels)
        targets = generator.random((6, *network.output_shape)).astype(np.float32)
        batches = ArrayBatches(inputs, targets)
        options = Options(regularizers=[L2(0.01)])
        arguments = network, SquaredError(), Adam(0.01), batches
        try:
            trainer = Trainer(*arguments, batch_size=4, generator=generator, options=options)
            results[f"{name} {rung}"] = trainer.train(epochs=1).row.training_loss
        except RuntimeError as error:
            results[f"{name} {rung}"] = str(error)
print(json.dumps(results))
"""


def test_without_numbas_compiler_plain_rungs_train_and_others_say_what_is_off():
    import json

    off, on = (
        json.loads(run_program(WITHOUT_COMPILER, NUMBA_DISABLE_JIT=value).stdout) for value in ("1", "0")
    )
    said = {name for name, result in off.items() if isinstance(result, str)}
    assert all("NUMBA_DISABLE_JIT" in off[name] and "plain rung" in off[name] for name in said)
    assert not any(name.endswith("plain") for name in said)
    assert {"dense o1", "dense o2"} <= said
    for name in off.keys() - said:
        assert off[name] == pytest.approx(on[name], rel=1e-4), name


@pytest.mark.parametrize(
    "setting",
    [
        ("NUMBA_DISABLE_JIT", "1"),
        ("NUMBA_NUM_THREADS", "0"),
        ("NUMBA_NUM_THREADS", "-3"),
        ("NUMBA_THREADING_LAYER", "unknown"),
    ],
)
def test_the_program_says_in_a_line_what_numba_cannot_do(setting, tmp_path):
    command = [sys.executable, "-m", "autoencoder", "train", "--limit", "50", "--epochs", "1"]
    environment = {**os.environ, setting[0]: setting[1], "PYTHONPATH": str(ROOT)}
    result = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert setting[0] in result.stderr
    assert "Traceback" not in result.stderr
