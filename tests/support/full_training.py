"""A training run with all that has a state, and a server of processes that train and can be killed.

python -m tests.support.full_training reads requests from standard input, one in a line, as JSON. It forks
itself for each, so that a process begins to train after milliseconds: everything is imported and compiled.
"""

import builtins
import json
import logging
import os
import resource
import signal
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np

from networks.dense_o1 import Dense
from networks.lstm_o1 import LSTM
from networks.noise_o1 import Dropout, GaussianNoise
from networks.normalisation_o1 import BatchNormalisation
from networks.sequential import Sequential
from nn.clipping import ClipByGlobalNorm
from nn.losses import CategoricalCrossEntropyWithLogits
from nn.optimizers import Adam
from nn.regularizers import L2
from nn.schedules import Plateau, WarmUp
from nn.shape import SequenceShape
from nn.snapshot import MissingSnapshotError, load_latest
from nn.training import (
    ArrayBatches,
    Best,
    Callback,
    EarlyStopping,
    LossTable,
    Options,
    Prefetched,
    Race,
    Snapshots,
    Statistics,
    Trainer,
)

SEQUENCE, UNITS, CLASSES = SequenceShape(4, 3), 5, 3
BATCH_SIZE, STEPS_PER_EPOCH = 8, 5
NOBODY = 65534


def make_network(seed=1):
    weights, drops, noise = np.random.default_rng(seed).spawn(3)
    layers = [
        GaussianNoise.of(deviation=0.1, generator=noise),
        LSTM.of(units=UNITS, stateful=True, whole_sequence=False),
        BatchNormalisation.of(),
        Dropout.of(rate=0.2, generator=drops),
        Dense.of(CLASSES),
    ]
    return Sequential(SEQUENCE, layers, generator=weights)


def make_batches(count, seed):
    """Return sequences of different lengths; their class is that of the largest feature on average."""
    generator = np.random.default_rng(seed)
    sequences = generator.normal(size=(count, *SEQUENCE)).astype(np.float32)
    lengths = generator.integers(1, SEQUENCE.steps + 1, count)
    there = np.arange(SEQUENCE.steps) < lengths[:, None]
    return ArrayBatches(sequences, sequences.mean(axis=1).argmax(axis=1), step_masks=there)


def make_trainer(seed=1):
    """Return a trainer as every new process makes it; the seed does not matter after a resume."""
    return Trainer(
        make_network(seed),
        CategoricalCrossEntropyWithLogits(),
        Adam(0.01),
        Prefetched(make_batches(BATCH_SIZE * STEPS_PER_EPOCH, seed=2)),
        make_batches(2 * BATCH_SIZE, seed=3),
        batch_size=BATCH_SIZE,
        generator=np.random.default_rng(seed + 1),
        schedule=WarmUp(Plateau(factor=0.9, patience=3), length=4),
        options=Options(regularizers=[L2(1e-4)], clipping=ClipByGlobalNorm(1.0)),
    )


def callbacks(folder, patience=10**6):
    """Return all callbacks that have a state or write; the last snapshot, among them, follows every step."""
    return [
        Race(1, 31, "steps"),
        EarlyStopping("accuracy", patience, restore_best=True),
        Snapshots(folder / "model.safetensors", 0, {}),
        Best(folder / "best.safetensors", "held_out_loss"),
        Statistics(folder / "statistics.csv", 3, "steps"),
        LossTable(folder / "losses.csv"),
    ]


def train(folder, epochs, *more):
    """Resume from the snapshot in a folder if there is one, and print it."""
    trainer = make_trainer()
    try:
        snapshot = load_latest(folder / "model.safetensors")
    except MissingSnapshotError:
        pass
    else:
        trainer = make_trainer(seed=10)
        trainer.restore(snapshot)
    print("training", os.getpid(), trainer.step, flush=True)
    trainer.train(epochs=epochs, callbacks=[*callbacks(folder), *more])


def end():
    """End this process as a power failure does: nothing is flushed, closed or told."""
    os.kill(os.getpid(), signal.SIGKILL)


class HalfWritten:
    """A file of which only half is written when the process ends."""

    def __init__(self, file):
        self._file = file

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()

    def write(self, contents):
        self._file.write(contents[: len(contents) // 2])
        self._file.flush()
        end()


def end_at_call(number):
    """End the process at one of its next calls that change a file: before, after or within it."""
    remaining = [number]

    def counted(call):
        def wrapped(*arguments, **options):
            remaining[0] -= 1
            if remaining[0] > 0:
                return call(*arguments, **options)
            if call is builtins_open and "w" in arguments[1]:
                return HalfWritten(call(*arguments, **options))
            if number % 2:
                call(*arguments, **options)
            return end()

        return wrapped

    builtins_open = builtins.open
    for name in ("open", "replace", "link", "unlink", "fsync"):
        setattr(os, name, counted(getattr(os, name)))
    builtins.open = counted(builtins_open)


class Trouble(Callback):
    """Makes the folder unusable for some steps, and checks that the last good snapshot stays meanwhile."""

    first, last = 7, 12

    def __init__(self, begin, finish):
        self.begin, self.finish = begin, finish
        self.found = []

    @property
    def name(self):
        return "trouble"

    def on_step(self, trainer):
        if trainer.step == self.first:
            self.begin()
        if self.first < trainer.step <= self.last:
            snapshot = load_latest(Path("model.safetensors"))
            self.found.append([trainer.step, snapshot.metadata["training"]["step"]])
        if trainer.step == self.last:
            self.finish()


def train_in_trouble(folder, epochs, begin, finish):
    """Train in a folder that cannot be written to for some steps; record what was logged and found."""
    os.chdir(folder)
    errors = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: errors.append(record.getMessage())
    logging.getLogger("nn").addHandler(handler)
    trouble = Trouble(begin, finish)
    train(Path(), epochs, trouble)
    Path("trouble.json").write_text(json.dumps({"errors": errors, "found": trouble.found}))


def train_on_a_full_disk(folder, epochs):
    """No file may grow beyond a few bytes for some steps."""
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    limit = partial(resource.setrlimit, resource.RLIMIT_FSIZE)
    train_in_trouble(folder, epochs, partial(limit, (99, most)), partial(limit, (most, most)))


def train_in_a_read_only_folder(folder, epochs):
    """The folder is read-only for some steps; not for the superuser, who may always write."""
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
        for path in folder.iterdir():
            os.chown(path, NOBODY, NOBODY)
        os.chdir(folder)
        os.setegid(NOBODY)
        os.seteuid(NOBODY)
    else:
        os.chdir(folder)
    train_in_trouble(Path(), epochs, partial(os.chmod, ".", 0o555), partial(os.chmod, ".", 0o755))


TASKS = {
    "train": train,
    "train on a full disk": train_on_a_full_disk,
    "train in a read-only folder": train_in_a_read_only_folder,
}


def run(request):
    """Do what is requested, in a process of its own; never returns."""
    status = 1
    try:
        if request["end_at_call"]:
            end_at_call(request["end_at_call"])
        TASKS[request["task"]](Path(request["folder"]), request["epochs"])
        status = 0
    except BaseException:
        logging.exception("the task failed")
    finally:
        logging.shutdown()
        sys.stderr.flush()
        os._exit(status)


def serve():
    """Fork for every request, and say how the process ended before the next one."""
    with tempfile.TemporaryDirectory() as folder:
        make_trainer().train(epochs=2, callbacks=callbacks(Path(folder)))
    print("ready", flush=True)
    for line in sys.stdin:
        process = os.fork()
        if process == 0:
            run(json.loads(line))
        _, status = os.waitpid(process, 0)
        print("ended", os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    serve()
