"""How good a generator is while it learns: its MMD to entries that it does not learn from.

Where the networks know classes, it is that of entries and labels together: its kernel is that of the entries
where labels are equal and 0 elsewhere, over the share of equal ones. So classes that are mixed up count.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from experiments.evaluation.entries import as_vectors
from experiments.evaluation.mmd import median_bandwidths, rbf_kernel, unbiased_mmd
from experiments.gan.form import Form
from experiments.gan.parts import Part
from networks.gan import Gan
from networks.gan.record import Count
from nn import DataError, Snapshot, SnapshotError
from nn.training.mean_loss import Real

COMPARED = 500
"""Most entries of each side that a score compares."""


IN_PYTHON = ", or give bandwidths"
"""What a message advises there."""


class ScoreState(BaseModel):
    """What is remembered of scores.

    Attributes
    ----------
    best, best_epoch
        The smallest MMD² so far and when it was; none before the first.
    since_best
        Scores since then.
    patience_ended
        Whether training ended because of them.
    """

    model_config = ConfigDict(extra="forbid")

    best: Real | None = None
    best_epoch: Real | None = None
    since_best: Count = 0
    patience_ended: bool = False


class Scores:
    """Measures MMD² (unbiased, five RBF kernels) between generated and validation entries.

    Parameters
    ----------
    training
        The bandwidths are multiples of the median distance of these.
    validation
        What is compared with, with as many generated entries of the same classes and lengths.
    seed
        The noise of an epoch depends on this and on the epoch alone, so scores do not disturb training.
    form
        Says which entries those of the training and generated ones stand for; by default themselves.

    Raises
    ------
    DataError
        When most training entries are equal.
    """

    def __init__(self, training: Part, validation: Part, seed: int, form: Form | None = None) -> None:
        generator = np.random.default_rng([seed, 2])
        rows = generator.permutation(len(training))[:COMPARED]
        self._seed, self._form = seed, form
        self._real = validation.select(np.sort(generator.permutation(len(validation))[:COMPARED]))
        self._vectors = as_vectors(self._real.values, "validation entries")
        try:
            self._bandwidths = median_bandwidths(self._entries(training.values[rows]))
        except ValueError as error:
            raise DataError(str(error).removesuffix(IN_PYTHON)) from error
        self.kept = ScoreState()

    def measure(self, gan: Gan, epoch: int) -> float:
        """Return the score of a generator after an epoch; lower is better."""
        generator = np.random.default_rng([self._seed, 2, epoch])
        labels = self._real.labels if gan.blueprint.conditions else None
        made = gan.generate(
            len(self._real),
            generator=generator,
            labels=labels,
            masks=self._real.masks,
            known=self._real.values if gan.blueprint.completes else None,
        )
        both = np.concatenate([self._vectors, as_vectors(self._entries(made), "generated entries")])
        kernel = rbf_kernel(both, both, self._bandwidths)
        if labels is not None:
            equal = np.tile(labels[:, None] == labels, (2, 2))
            kernel *= equal / equal.mean()
        return unbiased_mmd(kernel, len(self._real))

    def _entries(self, values: np.ndarray) -> np.ndarray:
        return values if self._form is None else self._form.entries(values)

    def note(self, score: float, epoch: float) -> bool:
        """Remember a score; return whether it is the best so far."""
        kept = self.kept
        better = score < (math.inf if kept.best is None else kept.best)
        self.kept = (
            ScoreState(best=score, best_epoch=epoch)
            if better
            else kept.model_copy(update={"since_best": kept.since_best + 1})
        )
        return better

    def state(self) -> dict[str, Any]:
        """Return what a snapshot keeps."""
        return self.kept.model_dump()

    def load_state(self, snapshot: Snapshot) -> None:
        """Remember what a snapshot kept; patience that had ended the run begins anew.

        Raises
        ------
        SnapshotError
            When it kept nothing of the kind.
        """
        try:
            self.kept = ScoreState.model_validate(snapshot.metadata.get("scores"))
        except ValidationError as error:
            raise SnapshotError(f"{snapshot.path}: scores: {error.errors()[0]['msg']}") from error
        if self.kept.patience_ended:
            self.kept = self.kept.model_copy(update={"since_best": 0, "patience_ended": False})
