"""A walk through one step of training: forward, loss and backward, a layer at a time, without the update.

It goes through the network itself with the very batch that the next step learns from. Nothing that the step
depends on is left changed: the batch is not marked as done, gradients are cleared as soon as they come,
and parameters and optimizer are not touched. So the step gives the same bits afterwards.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from networks.base.holding import Hold
from networks.base.network import Network
from networks.graph import GraphNetwork
from nn.bfloat16_arrays import widened
from nn.graph import Layer
from nn.history import from_history
from nn.training import Trainer
from nn.training.batches import ImageBatches
from nn.training.losses import batch_loss
from nn.training.trainable import forget_batch
from workbench.errors import OperationError
from workbench.inspect.anatomy import Anatomy, Place
from workbench.inspect.probe import gather
from workbench.inspect.view import Images, Viewed
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
    loss
        Of the batch; None before it is reached.
    step
        Steps that were done when the walk began.
    """

    def __init__(self, session: Viewed, anatomy: Anatomy) -> None:
        self._session, self._anatomy = session, anatomy
        self._indices = next_indices(session.trainer)
        masks = session.training.masks
        chosen = None if masks is None else masks[self._indices]
        entries = np.arange(len(self._indices))
        self._batch = ImageBatches(session.training.images[self._indices], chosen).batch(entries)
        names = [layer.name for layer in anatomy.layers]
        self.stages = [*names, "loss", *(f"signals of {name}" for name in reversed(names))]
        self.stage = 0
        self.loss: float | None = None
        self.step = session.trainer.step
        self._last = len(names) - 1
        self._inputs: Any = self._batch.inputs
        self._passed: Any = self._inputs
        self._signals: Any = None
        self._runners: dict[int, Hold | Network] = {}
        session.trainer.network.entries = self._batch.entries

    @property
    def forward_done(self) -> bool:
        """Whether the loss is known."""
        return self.loss is not None

    def go_on(self, action: Action) -> None:
        """Go one stage further.

        Parameters
        ----------
        action
            `forward` or `backward`, where the walk must be on that part of its way, or `next`.

        Raises
        ------
        OperationError
            When there is nothing further that way.
        """
        if action == "forward" and self.forward_done:
            raise OperationError("the walk has been forward through all layers: go backward now")
        if action == "backward" and not self.forward_done:
            raise OperationError("the walk has not come to the loss yet: go forward first")
        if self.stage == len(self.stages) - 1:
            raise OperationError("the walk is at its end: make the step, or begin again")
        self.stage += 1
        with np.errstate(over="ignore", invalid="ignore"):
            if self.stage <= self._last:
                self._forward(self.stage)
            elif self.stage == self._last + 1:
                self._compare()
            else:
                self._backward(2 * self._last + 2 - self.stage)

    def end(self) -> None:
        """Leave the network as it was found."""
        forget_batch(self._session.trainer.network)

    @property
    def reached(self) -> tuple[range, range]:
        """The layers whose values are known, and those whose signals are."""
        last = self._last
        lowest = last + 1 if self.stage <= last + 1 else 2 * last + 2 - self.stage
        return range(min(self.stage, last) + 1), range(lowest, last + 1)

    def values(self, entry: int) -> np.ndarray:
        """Return the values of all neurons for an entry of the batch, NaN where they are not known yet."""
        return gather(self._anatomy, "values", self._inputs, entry, self.reached[0])

    def signals(self, entry: int) -> np.ndarray:
        """Return their error signals, NaN where they are not known yet."""
        return gather(self._anatomy, "signals", self._signals, entry, self.reached[1])

    def images(self, count: int) -> Images:
        """Return the first images of the batch."""
        training, chosen = self._session.training, self._indices[:count]
        return Images(*training.batch(chosen), [training.names[number] for number in chosen])

    def outputs(self, count: int) -> np.ndarray:
        """Return what came out for them, float32 (n, height, width, channels); none before it is known."""
        known = count if self.stage >= self._last else 0
        if not known:
            return np.zeros((0, *self._session.network.input_shape), np.float32)
        return from_history(widened(self._passed), min(known, self._batch.entries))

    def _forward(self, layer: int) -> None:
        """Let a layer compute; a graph computes all of its layers with the first."""
        place = self._anatomy.place(layer)
        if place.layer is not None and place.layer != _layers(place)[1]:
            return
        held = place.half.held.get(place.name)
        runner = Hold(place.network, held) if held else place.network
        self._runners[id(place.network)] = runner
        self._passed = runner.forward(self._passed, True)

    def _compare(self) -> None:
        """Compute the loss, and the signals that it sends back."""
        self.loss, self._signals = batch_loss(self._session.trainer.loss, widened(self._passed), self._batch)

    def _backward(self, layer: int) -> None:
        """Send signals back through a layer; through a graph all at once, with its last layer."""
        if layer == 0:
            return
        place = self._anatomy.place(layer)
        if place.layer is not None and place.layer != _layers(place)[-1]:
            return
        try:
            self._signals = self._runners[id(place.network)].backward(self._signals, None)
        finally:
            self._session.network.parameters.zero_gradients()


def _layers(place: Place) -> list[Layer]:
    """Return the layers of a graph."""
    assert isinstance(place.network, GraphNetwork)
    return place.network.graph.layers


def next_indices(trainer: Trainer) -> np.ndarray:
    """Return which entries the next step learns from, int (n,), without a trace in the order of entries."""
    before = trainer.shuffle.state()
    indices = trainer.shuffle.next(trainer.batch_size).copy()
    if before.epoch_generator is None:  # the order of this epoch was drawn just now
        trainer.shuffle.load_state(before)
    return indices
