"""Both networks of an adversarial pair, each as the inspector looks at a network.

A cell of the samples runs through them: its noise through the generator, what it shows through the
discriminator. The signals are those of each side's own loss; the generator's come through the discriminator.
Where the discriminator compares the entries of a group, the cell runs with those that follow it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from networks import Network
from networks.gan import Gan, GanTrainer
from networks.gan.conditions import Scores
from nn import Batch, Optimizer, to_history
from nn.training.batch import Values
from workbench.inspect.examples import Images, entries_of
from workbench.inspect.probe import make_twin
from workbench.inspect.samples import Samples
from workbench.run.steering import Steering

Cells = Sequence[int]
"""A cell that is looked at, and those that run with it."""


class Pair:
    """A pair that trains, and samples of it.

    Parameters
    ----------
    trainer
        Between two rounds.
    samples
        What is looked at.
    """

    def __init__(self, trainer: GanTrainer, samples: Samples) -> None:
        self.trainer, self.samples = trainer, samples
        self._judge = make_twin(trainer.gan.discriminator)
        self._judge.propagates = True
        self._judge.parameters.share(trainer.gan.discriminator.parameters)
        self._made: np.ndarray | None = None

    @property
    def gan(self) -> Gan:
        """Both networks."""
        return self.trainer.gan

    def make(self) -> np.ndarray:
        """Return the generated entries of now."""
        self._made = self.samples.make(self.gan)
        return self._made

    def group(self, cell: int) -> Cells:
        """Return a cell, and as many of its kind after it as the discriminator compares with each other."""
        count = max(1, self.gan.blueprint.minibatch_statistics)
        return [self.samples.after(cell, number) for number in range(count)]

    def shown(self, cells: Cells) -> np.ndarray:
        """Return what of the entries that cells showed last is shown to the discriminator, (..., N)."""
        samples = self.samples
        made = self.make() if self._made is None else self._made
        of_each = [
            samples.real[cell - samples.generated] if samples.is_real(cell) else made[cell] for cell in cells
        ]
        return self.gan.view.of(self._history(np.stack(of_each)))

    def noise(self, cells: Cells) -> np.ndarray:
        """Return the noise that generated cells are made of, (*noise shape, N)."""
        return self._history(self.samples.noise[list(cells)])

    def conditions(self, cells: Cells) -> np.ndarray:
        """Return what says the classes of cells, (conditions, N)."""
        return self.gan.conditions(self.samples.labels_of(np.array(cells)), len(cells))

    def known(self, cells: Cells) -> np.ndarray | None:
        """Return the entries (*data shape, N) that cells complete; None where nothing is completed."""
        columns = [cell % self.samples.columns for cell in cells]
        return self._history(self.samples.real[columns]) if self.gan.blueprint.completes else None

    def judged(self, shown: np.ndarray, cells: Cells) -> Any:
        """Return what is shown of the entries of cells as the discriminator takes it."""
        return self.gan.view.judged(self.trainer.round.visible(shown), self.conditions(cells))

    def weights(self, cell: int) -> np.ndarray | None:
        """Return which scores of a cell count where every step has one."""
        mask = self.samples.mask_of([cell])
        return None if mask is None or not self.gan.blueprint.sequences else mask.astype(self.gan.dtype)

    def score(self, shown: np.ndarray, cells: Cells) -> Scores:
        """Return what the discriminator says now of the first of some cells, of what is shown of them."""
        judge = self._judge
        judge.synchronise_with(self.gan.discriminator)
        judge.step_mask = self.samples.mask_of(cells)
        return self.scores_of(judge.forward(self.judged(shown, cells)), cells[0])

    def scores_of(self, outputs: np.ndarray, cell: int) -> Scores:
        """Return what outputs of the discriminator (..., N), of a cell first, say of it."""
        first = np.ascontiguousarray(outputs[..., :1])
        return Scores(self.gan.blueprint, first, self.conditions([cell]))

    def signals_of(self, scores: Scores, of_scores: np.ndarray, count: int) -> np.ndarray:
        """Return the signals of so many outputs, of those of the first's scores, with its class head's."""
        of_first = scores.signals(of_scores)
        of_first += scores.classification(self.trainer.settings.auxiliary_weight)[1]
        signals = np.zeros((*of_first.shape[:-1], count), of_first.dtype)
        signals[..., :1] = of_first
        return signals

    def signals_of_made(self, signals: np.ndarray) -> Values:
        """Send signals of the outputs back from the last `score`; return those of the generator's."""
        with self.gan.discriminator.parameters.gradients_kept():
            sent = self._judge.backward(signals)
        of_made: Values = self.trainer.round.of_made(self.gan.view.judged_signals(sent))
        return of_made

    def _history(self, entries: np.ndarray) -> np.ndarray:
        return to_history(entries, self.gan.dtype)[..., : len(entries)]


class Side(ABC):
    """One of the two networks with the cells as its examples; see `workbench.inspect.view.Viewed`.

    Parameters
    ----------
    pair
        Both.
    """

    name: ClassVar[str]
    labels: ClassVar[Mapping[str, str]] = {}
    settings: Any = None
    loss: Any = None

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.steering = Steering(self)  # type: ignore[arg-type]

    @property
    def network(self) -> Network:
        """What is looked at."""
        return self.pair.gan.networks[self.name]

    @property
    def optimizer(self) -> Optimizer:
        """What it learns by."""
        return self.pair.trainer.optimizers[self.name]

    @property
    def trainer(self) -> Side:
        """What has `step` and `loss`."""
        return self

    @property
    def step(self) -> int:
        """Rounds done."""
        return self.pair.trainer.step

    @property
    def examples(self) -> Mapping[str, Side]:
        """The cells, whatever they are trained on."""
        return {"training": self}

    def texts(self) -> dict[str, str]:
        """Return no settings: none can be changed."""
        return {}

    def __len__(self) -> int:
        return len(self.pair.samples)

    def at(self, cells: np.ndarray) -> Images:
        """Return what a cell, the first of those given, and those that run with it put in."""
        group = self.group(int(cells[0]))
        count, mask = len(group), self.pair.samples.mask_of(group)
        steps = None if mask is None else entries_of(mask, count)
        inputs = entries_of(self._inputs(group), count)
        batch = Batch(inputs, np.zeros((1, count), np.float32), None, count, steps)  # type: ignore[arg-type]
        return Images(batch, [self.pair.samples.name(cell) for cell in group])

    def images(self, batch: Batch, indices: np.ndarray) -> Images:
        """See `Examples.images`: batches of training are not looked at."""
        raise NotImplementedError

    def group(self, cell: int) -> Cells:
        """Return the cells that run when one is chosen, that whose values are shown first."""
        return self.pair.group(cell)

    @abstractmethod
    def _inputs(self, cells: Cells) -> Values:
        """Return what the network takes, (..., N)."""

    @abstractmethod
    def signals(self, outputs: Values, cells: Cells) -> Values:
        """Return the signals of the network's outputs (..., N): of the loss of the first of some cells."""

    def _score_beside(self, cell: int) -> np.ndarray | None:
        """Return the score of what a cell is compared with; None where the loss compares nothing."""
        pair = self.pair
        if not pair.trainer.settings.loss.compares:
            return None
        group = pair.group(pair.samples.partner(cell))
        return pair.score(pair.shown(group), group).scores


class GeneratorSide(Side):
    """The generator; its signals are what the discriminator sends back."""

    name = "generator"

    def group(self, cell: int) -> Cells:
        """See `Side.group`: in place of a real cell, the uppermost of its column."""
        samples = self.pair.samples
        return self.pair.group(samples.partner(cell) if samples.is_real(cell) else cell)

    def _inputs(self, cells: Cells) -> Values:
        pair = self.pair
        return pair.gan.taken(pair.noise(cells), pair.conditions(cells), pair.known(cells))

    def signals(self, outputs: Values, cells: Cells) -> Values:
        """See `Side.signals`."""
        pair, known = self.pair, self.pair.known(cells)
        made = pair.gan.view.made(outputs)
        if known is not None:
            made = np.where(pair.gan.region, pair.gan.view.of(known), made)
        other, scores = self._score_beside(cells[0]), pair.score(made, cells)
        real = np.zeros_like(scores.scores) if other is None else other
        part = pair.trainer.settings.loss.generator(real, scores.scores, pair.weights(cells[0]))
        return pair.signals_of_made(pair.signals_of(scores, part.generated_signals, len(cells)))


class DiscriminatorSide(Side):
    """The discriminator."""

    name = "discriminator"

    def _inputs(self, cells: Cells) -> Values:
        inputs: Values = self.pair.judged(self.pair.shown(cells), cells)
        return inputs

    def signals(self, outputs: Values, cells: Cells) -> Values:
        """See `Side.signals`."""
        pair, cell = self.pair, cells[0]
        is_real = pair.samples.is_real(cell)
        scores, beside = pair.scores_of(np.asarray(outputs), cell), self._score_beside(cell)
        other = np.zeros_like(scores.scores) if beside is None else beside
        both = (scores.scores, other) if is_real else (other, scores.scores)
        part = pair.trainer.settings.loss.discriminator(*both, pair.weights(cell))
        of_scores = part.real_signals if is_real else part.generated_signals
        return pair.signals_of(scores, of_scores, len(cells))
