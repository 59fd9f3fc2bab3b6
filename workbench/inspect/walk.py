"""A walk through one step of training: forward, loss and backward, a layer at a time, without the update.

It runs the batch that the next step learns from through the network itself, and shows the results layer by
layer. Nothing that the step depends on is left changed: the batch is not marked as done, the states and
generators of layers are restored, gradients are cleared, and parameters and optimizer are not touched. So the
step gives the same bits afterwards.
"""

from __future__ import annotations

import numpy as np

from nn import from_history
from nn.training.batch_shapes import reshape_batch
from nn.training.losses import batch_loss
from nn.training.trainable import run
from nn.training.undo import Undo
from workbench.errors import OperationError
from workbench.inspect.anatomy import Anatomy
from workbench.inspect.examples import Images, entries_of, first_of, in_order_of_inputs
from workbench.inspect.next_step import next_indices
from workbench.inspect.probe import gather, joined
from workbench.inspect.view import SHOWN, Viewed
from workbench.run.operations import Action


class Walk:
    """One step of training, as far as it has been shown.

    Parameters
    ----------
    session
        Between two steps.
    anatomy
        Of its network.

    Attributes
    ----------
    stages
        What there is to see, in order: the input, the layers forward, the loss, the layers backward.
    stage
        Which of them was reached last.
    step
        Steps that were done when the walk began.
    every_output
        All that comes out for the first examples, histories (..., N), by name where there are several.
    """

    def __init__(self, session: Viewed, anatomy: Anatomy) -> None:
        self._session, self._anatomy = session, anatomy
        names = [layer.name for layer in anatomy.layers]
        self.stages = [*names, "loss", *(f"signals of {name}" for name in reversed(names))]
        self.stage = 0
        self.step = session.trainer.step
        self._last = len(names) - 1
        self._run()

    @np.errstate(over="ignore", invalid="ignore")
    def _run(self) -> None:
        """Run the batch forward and backward through the network, and keep what is shown of it."""
        trainer, network = self._session.trainer, self._session.network
        self._seen = self._moment
        undo, propagates = Undo(trainer), network.propagates
        try:
            indices = next_indices(trainer)
            batch = reshape_batch(trainer.batches.batch(indices), network)
            batch = in_order_of_inputs(batch, network)
            outputs = run(network, batch, training=True)
            entries = range(min(SHOWN, batch.entries))
            self._images = self._session.examples["training"].images(batch, indices[: len(entries)])
            self._outputs = from_history(first_of(outputs), len(entries))
            self.every_output = entries_of(outputs, len(entries))
            inputs = joined(batch.inputs, network)
            self._values = [gather(self._anatomy, "values", inputs, entry) for entry in entries]
            self._loss, signals = batch_loss(trainer.loss, outputs, batch)
            network.propagates = True
            sent = network.backward(signals)  # type: ignore[arg-type]
            back = joined(sent, network)
            self._signals = [gather(self._anatomy, "signals", back, entry) for entry in entries]
        finally:
            network.propagates = propagates
            undo.restore(trainer)

    def refresh(self) -> None:
        """Run the batch again if something was changed since, or another moment is looked at."""
        if self._moment != self._seen:
            self._run()

    @property
    def _moment(self) -> tuple[int, int]:
        """Grows with every change, and the moment of the network."""
        return len(self._session.steering.changed), self._session.network.moment

    @property
    def loss(self) -> float | None:
        """The loss of the batch; None before it is reached."""
        return self._loss if self.stage > self._last else None

    def advance(self, action: Action) -> None:
        """Go to the next stage.

        Parameters
        ----------
        action
            `forward` or `backward`, which the walk must be doing just then, or `next`.

        Raises
        ------
        OperationError
            When there is no further stage in that direction.
        """
        forward_done = self.stage > self._last
        if action == "forward" and forward_done:
            raise OperationError("the walk has been forward through all layers: go backward now")
        if action == "backward" and not forward_done:
            raise OperationError("the walk has not come to the loss yet: go forward first")
        if self.stage == len(self.stages) - 1:
            raise OperationError("the walk is at its end: make the step, or begin again")
        self.stage += 1

    def values(self, entry: int) -> np.ndarray:
        """Return the values of all neurons for an entry of the batch, NaN where they are not reached yet."""
        return self._reached(self._values[entry], range(min(self.stage, self._last) + 1))

    def signals(self, entry: int) -> np.ndarray:
        """Return their error signals, NaN where they are not reached yet."""
        last = self._last
        lowest = last + 1 if self.stage <= last + 1 else 2 * last + 2 - self.stage
        return self._reached(self._signals[entry], range(lowest, last + 1))

    def _reached(self, numbers: np.ndarray, layers: range) -> np.ndarray:
        """Return numbers of all neurons, NaN but for those of some layers, which lie side by side."""
        shown = np.full_like(numbers, np.nan)
        if layers:
            first, last = self._anatomy.layers[layers[0]], self._anatomy.layers[layers[-1]]
            there = slice(first.offset, last.offset + last.shape.size)
            shown[there] = numbers[there]
        return shown

    @property
    def images(self) -> Images:
        """The first examples of the batch."""
        return self._images

    @property
    def outputs(self) -> np.ndarray:
        """Their outputs, float32 (n, ...); without entries before they are reached."""
        return self._outputs if self.stage >= self._last else self._outputs[:0]
