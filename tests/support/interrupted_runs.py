"""Random training runs that a seed describes, and ways to interrupt and resume them."""

from collections import deque
from functools import partial
from pathlib import Path

import numpy as np

from networks.dense import Dense
from networks.lstm import LSTM
from networks.noise import Dropout, GaussianNoise
from networks.normalisation import BatchNormalisation
from networks.sequential import Sequential
from networks.spectral_normalisation import SpectralNormalisation
from nn.activations import Tanh
from nn.clipping import ClipByGlobalNorm, ClipByValue
from nn.losses import CategoricalCrossEntropyWithLogits
from nn.optimizers import OPTIMIZERS, optimizer_by_name
from nn.regularizers import L1, L2, MaxNorm
from nn.schedules import Constant, Cosine, Exponential, Plateau, Step, WarmUp
from nn.shape import SequenceShape
from nn.snapshot import MissingSnapshotError, load_latest
from nn.training import (
    ArrayBatches,
    Best,
    Callback,
    EarlyStopping,
    LearningRate,
    LossTable,
    Options,
    Prefetched,
    Race,
    Snapshots,
    Statistics,
    Trainer,
)

SEQUENCE, CLASSES, ENTRIES, BATCH_SIZE = SequenceShape(3, 2), 3, 22, 5
EPOCHS = 4
STEPS = EPOCHS * -(-ENTRIES // BATCH_SIZE)


class CutOff(Exception):  # noqa: N818 - not an error
    """The end of a process, as far as a test can imitate it."""


class Trouble(Exception):  # noqa: N818 - made up
    """Something that goes wrong in the middle of a step, after which the same trainer goes on."""


class RandomRun:
    """A run whose every part is drawn from a seed; two of one seed are the same run.

    `trainer` and `callbacks` make what a process needs to begin or resume it.
    """

    def __init__(self, seed, folder):
        self.seed, self.folder = seed, Path(folder)
        self.path = self.folder / "model.safetensors"

    def _draws(self):
        return np.random.default_rng([self.seed, 1])

    def trainer(self, seed=3):
        """Return a trainer with initial weights and random numbers of its own."""
        draws = self._draws()
        weights, order = np.random.default_rng(seed).spawn(2)
        regularizers = [L2(1e-3), L1(1e-4), MaxNorm(1.0)]
        options = Options(
            regularizers=[each for each in regularizers if draws.random() < 0.3],
            clipping=draws.choice([None, None, ClipByGlobalNorm(0.1), ClipByValue(0.05)]),
            shuffled=bool(draws.random() < 0.8),
            reset=str(draws.choice(["epoch", "batch", "never"])),
        )
        source = batches(draws)
        held_out = batches(draws, count=BATCH_SIZE + 2) if draws.random() < 0.7 else None
        return Trainer(
            network(draws, weights),
            CategoricalCrossEntropyWithLogits(),
            optimizer_by_name(str(draws.choice(sorted(OPTIMIZERS))), float(10 ** draws.uniform(-3, -1))),
            Prefetched(source) if draws.random() < 0.3 else source,
            held_out,
            batch_size=BATCH_SIZE,
            generator=weights if draws.random() < 0.3 else order,
            schedule=schedule(draws),
            options=options,
        )

    def callbacks(self, *more):
        """Return the run's callbacks in its order, with others anywhere among them."""
        draws = np.random.default_rng([self.seed, 2])
        watched = "held_out_loss" if self.trainer().held_out is not None else "training_loss"
        patience = int(draws.choice([1, 2, 99]))
        races = [
            partial(Race, 1, int(draws.integers(1, 4)), "steps", factors=[0.5, 1.0, 2.0]),
            partial(Race, 2, int(draws.integers(1, 3)), "epochs", factors=[0.5, 1.0, 2.0]),
        ]
        steps = draws.choice(STEPS, 4, replace=False)
        record = {int(step): float(10 ** draws.uniform(-3, -1)) for step in steps}
        restore_best = bool(draws.random() < 0.7)
        chosen = [
            draws.choice(races)(judge="held_out" if watched == "held_out_loss" else "training"),
            EarlyStopping(watched, patience, restore_best=restore_best),
            LearningRate(record),
            Best(self.folder / "best.safetensors", watched),
            Statistics(self.folder / "statistics.csv", int(draws.integers(1, 4)), "steps"),
            LossTable(self.folder / "losses.csv"),
        ]
        chosen = [each for each in chosen if draws.random() < 0.7]
        chosen = [*chosen, Snapshots(self.path, 0, {})]
        order = draws.permutation(len(chosen))
        listed = [chosen[number] for number in order]
        places = np.random.default_rng([self.seed, 3])
        for each in more:
            listed.insert(int(places.integers(len(listed) + 1)), each)
        return listed

    @property
    def follows_the_limit(self):
        """Whether the schedule depends on how many epochs there will be."""
        used = self.trainer().schedule
        return isinstance(getattr(used, "schedule", used), Cosine)

    def saved(self):
        """Return a trainer of a new process that resumes from the last snapshot, if there is one."""
        trainer = self.trainer(seed=4)
        try:
            trainer.restore(load_latest(self.path))
        except MissingSnapshotError:
            return self.trainer()
        return trainer


def network(draws, weights):
    """Return a network in which every layer but the last two may be missing."""
    noise, drops = weights.spawn(2)
    if draws.random() < 0.3:
        drops = noise
    sequence = [
        (0.4, GaussianNoise.of(deviation=0.1, generator=noise)),
        (0.5, LSTM.of(units=3, stateful=True, whole_sequence=False)),
    ]
    flat = [
        (0.4, BatchNormalisation.of()),
        (0.4, Dropout.of(rate=0.2, generator=drops)),
    ]
    layers = [layer for share, layer in sequence if draws.random() < share]
    layers.append(Dense.of(4, activation=Tanh()))
    layers += [layer for share, layer in flat if draws.random() < share]
    last = Dense.of(CLASSES)
    layers.append(SpectralNormalisation.of(last) if draws.random() < 0.4 else last)
    return Sequential(SEQUENCE, layers, generator=weights)


def batches(draws, count=ENTRIES):
    generator = np.random.default_rng(draws.integers(2**32))
    sequences = generator.normal(size=(count, *SEQUENCE)).astype(np.float32)
    return ArrayBatches(sequences, sequences.mean(axis=1).argmax(axis=1) + generator.integers(2, size=count))


def schedule(draws):
    kinds = [
        Constant(),
        Step(0.5, 1.5),
        Exponential(0.9),
        Cosine(warmup=0.2),
        Plateau(factor=0.5, patience=0, threshold=0.01),
    ]
    chosen = kinds[int(draws.integers(len(kinds)))]
    return WarmUp(chosen, length=1.5) if draws.random() < 0.3 else chosen


INTERRUPTIONS = [
    *[("stop", hook) for hook in ("before_step", "on_gradients", "on_epoch", "on_step")],
    *[("cut", hook) for hook in ("before_step", "on_gradients", "on_epoch", "on_step", "before_end")],
    *[("trouble", hook) for hook in ("before_step", "on_gradients")],
    *[(kind, source) for kind in ("stop", "cut", "trouble") for source in ("batches", "held_out")],
]
"""What ends a run: a request to stop, the end of the process, or an error; and where."""


class Interruption(Callback):
    """Interrupts a run once at each of its moments, (step, kind, hook), in their order."""

    def __init__(self, moments):
        self.moments = deque(sorted(moments))
        self.done = 0

    @property
    def name(self):
        return "interruption"

    def wants_gradients(self, trainer):
        return bool(self.moments) and self.moments[0][2] == "on_gradients"

    def _act(self, trainer, hook):
        if not self.moments or trainer.step < self.moments[0][0] or hook != self.moments[0][2]:
            return
        _, kind, _ = self.moments.popleft()
        self.done += 1
        if kind == "stop":
            trainer.stop()
        else:
            raise CutOff if kind == "cut" else Trouble

    def before_step(self, trainer):
        self._act(trainer, "before_step")

    def on_gradients(self, trainer):
        self._act(trainer, "on_gradients")

    def on_epoch(self, trainer):
        self._act(trainer, "on_epoch")

    def on_step(self, trainer):
        self._act(trainer, "on_step")

    def before_end(self, trainer):
        self._act(trainer, "before_end")


class Watched:
    """A source of batches that interrupts when it is asked for one, within a race as well."""

    def __init__(self, source, name, interruption, trainer):
        self.source, self.name, self.interruption, self.trainer = source, name, interruption, trainer

    def __len__(self):
        return len(self.source)

    def batch(self, indices):
        self.interruption._act(self.trainer, self.name)
        return self.source.batch(indices)


def watched(trainer, interruption):
    """Return a trainer whose sources interrupt."""
    batches = trainer.batches
    if isinstance(batches, Prefetched):
        batches.source = Watched(batches.source, "batches", interruption, trainer)
    else:
        trainer.batches = Watched(batches, "batches", interruption, trainer)
    if trainer.held_out is not None:
        trainer.held_out = Watched(trainer.held_out, "held_out", interruption, trainer)
    return trainer


class Measured(Callback):
    """Asks for the gradients of every step, so that plain descent never runs within backprop."""

    def wants_gradients(self, trainer):
        return True


def undisturbed(run):
    """Train to the end, and return the trainer."""
    trainer = run.trainer()
    trainer.train(epochs=EPOCHS, callbacks=run.callbacks(Measured()))
    return trainer


def interrupted(run, count, steps, seed=0):
    """Train to the end with interruptions on the way; return the trainer, and how many there were.

    Parameters
    ----------
    run
        A random run.
    count
        Interruptions, each at a step of its own; some do not happen, as some hooks are never called at the
        end.
    steps
        The number of steps of the uninterrupted run.
    seed
        Of the interruptions.
    """
    draws = np.random.default_rng([run.seed, seed, 5])
    there = [each for each in INTERRUPTIONS if each[1] != "held_out" or run.trainer().held_out is not None]
    kinds = [there[number] for number in draws.integers(len(there), size=count)]
    interruption = Interruption([(int(draws.integers(steps)), *kind) for kind in kinds])
    trainer = watched(run.trainer(), interruption)
    callbacks = run.callbacks(Measured(), interruption)
    pieces = 0
    while True:
        done, anew, limit = interruption.done, False, EPOCHS
        if draws.random() < 0.4 and not run.follows_the_limit:
            limit, pieces = float(draws.uniform(0, EPOCHS)), pieces + 1
        try:
            trainer.train(epochs=limit, callbacks=callbacks)
        except CutOff:
            anew = True
        except Trouble:
            pass
        if interruption.done == done and limit == EPOCHS:
            return trainer, done + pieces
        if anew or draws.random() < 0.5:
            trainer = watched(run.saved(), interruption)
            callbacks = run.callbacks(Measured(), interruption)
