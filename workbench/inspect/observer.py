"""What viewers see of one session: examples and their results, a baseline, and a walk-through."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np

from nn import DataError
from nn.training.batch import named
from workbench.errors import OperationError
from workbench.inspect.anatomy import Anatomy
from workbench.inspect.answers import answers
from workbench.inspect.baseline import Baseline
from workbench.inspect.checkup import Checkup
from workbench.inspect.clips import Clips, clips_of, comparable, part_of
from workbench.inspect.examples import Images, squared_errors
from workbench.inspect.probe import Probe
from workbench.inspect.view import View, Viewed
from workbench.inspect.walk import Walk
from workbench.run.operations import Action

RECENT_SECONDS = 0.2
"""For how long, while training goes on, single neurons are read from the last pass instead of a new one."""


class Inspected(Protocol):
    """A run that can be inspected: `workbench.run.run.Run`, or anything with these."""

    @property
    def session(self) -> Viewed:
        """The present session; another one after a reset."""

    @property
    def run(self) -> int:
        """The number of that session, which grows with each."""

    @property
    def state(self) -> str:
        """`training` while it trains."""


class Pass(NamedTuple):
    """Examples that were run through the network, with the results.

    Attributes
    ----------
    images
        Those that ran.
    outputs
        Float32 (n, ...); without entries where they are not known yet.
    errors
        Of each output: the mean squared error where the network should give what it takes, else the loss.
    values, signals
        Of all neurons for the entry that is drawn, float32; NaN where they are not known.
    entry
        Which that is.
    answers
        The outputs in words; see `workbench.inspect.answers`.
    """

    images: Images
    outputs: np.ndarray
    errors: list[float | None]
    values: np.ndarray
    signals: np.ndarray
    entry: int
    answers: Sequence[str] = ()


class Observer:
    """Looks at a session between two steps of its training.

    Parameters
    ----------
    session
        What is looked at.
    before
        What was looked at in the session before.
    clock
        Seconds that only grow.

    Attributes
    ----------
    anatomy
        Of the session's network.
    view
        Which images are looked at.
    probe
        Runs them.
    walk
        Through the next step, None while there is none.
    checkup
        Looks for signs of trouble.
    """

    views: ClassVar[type[View]] = View

    def __init__(
        self, session: Viewed, before: View | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.session, self._clock = session, clock
        self.anatomy = Anatomy(session.network, session.labels)
        self.probe = Probe(session.network, session.labels)
        self.view = self.views(session, before)
        self.walk: Walk | None = None
        self.checkup = Checkup(session, self.anatomy)
        self._baseline: Baseline | None = None
        self._last: tuple[float, int, Pass] | None = None

    def look(self, signals: bool) -> Pass:
        """Run the examples of the view; during a walk return what it has reached.

        Parameters
        ----------
        signals
            Whether error signals are wanted: they need a backward pass.
        """
        entry = self.view.entry
        for network in (self.session.network, self.probe.twin):
            network.moment = self.view.moment
        if self.walk is not None:
            self.walk.refresh()
            images = self.walk.images
            entry = min(entry, len(images.names) - 1)
            walked = self.walk.values(entry), self.walk.signals(entry)
            outputs = self._compared(self.walk.outputs, images)
            errors = squared_errors(images, outputs) if images.repeats and len(outputs) else []
            said = answers(images, self.walk.every_output, self.session.trainer.loss) if len(outputs) else []
            return Pass(images, outputs, errors, *walked, entry, said)
        images = self.view.images()
        outputs = self._compared(self.probe.run(images), images)
        errors, words = self._errors(images, outputs), self._answers(images)
        values = self.probe.values(entry)
        if not signals:
            return Pass(images, outputs, errors, values, np.full_like(values, np.nan), entry, words)
        self._send_back(images)
        seen = Pass(images, outputs, errors, values, self.probe.signals(entry), entry, words)
        self._last = self._clock(), self.view.shown, seen
        return seen

    def clips(self) -> Clips:
        """Run the examples of the view, and return what is read, made and asked for, as films."""
        images = self.view.images()
        self.probe.run(images)
        return clips_of(images, self.probe.every_output, self.session.trainer.loss)

    def _compared(self, outputs: np.ndarray, images: Images) -> np.ndarray:
        """Return the first output as what its loss compares with the targets."""
        name = next(iter(named(images.batch.targets)))
        return comparable(outputs, part_of(self.session.trainer.loss, name))

    def _errors(self, images: Images, outputs: np.ndarray) -> list[float | None]:
        if images.repeats:
            return squared_errors(images, outputs)
        return self.probe.losses(images, self.session.trainer.loss)

    def _answers(self, images: Images) -> Sequence[str]:
        return answers(images, self.probe.every_output, self.session.trainer.loss)

    def _send_back(self, images: Images) -> None:
        """Send the error signals of examples that were just run back."""
        self.probe.send_back(images, self.session.trainer.loss)

    def recent_pass(self, training: bool) -> Pass:
        """Return a pass with values and signals; during training it may be a moment old."""
        if training and self._last is not None:
            then, shown, seen = self._last
            if self._clock() - then < RECENT_SECONDS and shown == self.view.shown:
                return seen
        return self.look(True)

    def biases(self) -> np.ndarray:
        """Return the bias of every neuron, float32; NaN where there is none."""
        places = self.anatomy.bias_places
        biases = self.session.network.parameters.values[places]
        return np.where(places < 0, np.float32(np.nan), biases).astype(np.float32)

    def set_baseline(self) -> None:
        """Measure changes from now on from the parameters as they are.

        Raises
        ------
        OperationError
            When there is no memory for a copy of them.
        """
        self._baseline = None
        try:
            self._baseline = Baseline(self.anatomy)
        except DataError as error:
            raise OperationError(str(error)) from error

    def change(self) -> np.ndarray:
        """Return how much every neuron has changed, see `Baseline.change`; without a baseline set one."""
        if self._baseline is None:
            self.set_baseline()
        assert self._baseline is not None
        return self._baseline.change()

    def move(self, action: Action) -> None:
        """Begin a walk, go on with it or end it; `next` begins where there is none.

        Raises
        ------
        OperationError
            When the walk cannot go in that direction, or none has begun.
        """
        if action == "end":
            self.end_walk()
        elif action == "begin" or (action == "next" and self.walk is None):
            self.end_walk()
            self.session.network.moment = self.view.moment
            self.walk = Walk(self.session, self.anatomy)
        elif self.walk is None:
            raise OperationError("no walk has begun: begin one first")
        else:
            self.walk.advance(action)

    def end_walk(self) -> None:
        """End the walk, if there is one."""
        self.walk = None

    def walk_state(self) -> dict[str, Any] | None:
        """Return how far the walk is; None without one."""
        if self.walk is None:
            return None
        loss = self.walk.loss
        return {
            "stage": self.walk.stage,
            "stages": self.walk.stages,
            "loss": loss if loss is not None and np.isfinite(loss) else None,
        }
