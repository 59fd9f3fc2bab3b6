"""Round: a step of the discriminator and a step of the generator, and what both saw.

Real and generated entries run through the discriminator side by side, as one batch of twice the size; a batch
normalisation in it measures both together, groups of minibatch statistics each have one kind alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from networks.base.network import Network
from networks.base.nodes import copy_with_same_generators
from networks.gan.conditions import Scores
from networks.gan.gan import Gan
from networks.gan.penalty import Penalty, small_norm, unit_norm
from networks.gan.settings import GanSettings
from networks.second_order import InputGradients
from nn.kernels.core.sums import sum_of_squares
from nn.optimizers import Adam
from nn.regularizers import MaxNorm


class GanDiverged(ArithmeticError):  # noqa: N818 - says what happened
    """A loss or a gradient is not finite."""


class Batch(NamedTuple):
    """Real entries (*data shape, N), what says their classes (conditions, N), and steps bool (steps, N)."""

    data: np.ndarray
    conditions: np.ndarray
    mask: np.ndarray | None


class StepFigures(NamedTuple):
    """What a step of one side saw: its loss without and with penalties, and its gradients' length."""

    loss: float
    penalty: float
    classification: float
    gradient_norm: float
    real_score: float
    generated_score: float

    def check(self, side: str) -> None:
        """Refuse figures that are not finite, before the update.

        Raises
        ------
        GanDiverged
            Naming the side.
        """
        if not all(map(math.isfinite, self)):
            raise GanDiverged(
                f"gan: the {side}'s loss or gradient is not finite; the update was not made. Lower the "
                "learning rate, or take a loss or a penalty that keeps the discriminator smooth"
            )


class Round:
    """Steps of both sides of a pair.

    Parameters
    ----------
    gan
        The networks.
    settings
        How they learn.
    generator
        Draws noise, places between entries and noisy labels.
    ignored
        Which numbers of an entry the discriminator does not see, bool (*data shape); None to see all.

    Attributes
    ----------
    discriminator_optimizer, generator_optimizer
        One for each side.
    instance_noise
        Deviation of the noise on what the discriminator sees now.

    Raises
    ------
    ValueError
        When groups of minibatch statistics would have real entries and generated ones.
    """

    def __init__(
        self,
        gan: Gan,
        settings: GanSettings,
        generator: np.random.Generator,
        ignored: np.ndarray | None = None,
    ) -> None:
        gan.blueprint.check_batch(settings.batch_size)
        self._ignored = None if ignored is None else gan.view.where_any(ignored)
        self.gan, self.settings, self.random = gan, settings, generator
        rate, decays = settings.learning_rate, (settings.momentum, settings.second_momentum)
        self.discriminator_optimizer = Adam(rate, *decays)
        self.generator_optimizer = Adam(rate * settings.generator_factor, *decays)
        self.discriminator_optimizer.prepare(gan.discriminator.parameters)
        self.generator_optimizer.prepare(gan.generator.parameters)
        self.instance_noise = settings.instance_noise
        gan.generator.propagates = False
        self._single, self._carries = _twin(gan.discriminator), bool(gan.discriminator.state())
        judge = self._single if settings.penalty == "gradient" else gan.discriminator
        self._gradients = InputGradients(judge) if settings.penalty != "none" else None
        self._limit = MaxNorm(settings.max_norm) if settings.max_norm else None

    def step_discriminator(self, real: Batch) -> StepFigures:
        """Let the discriminator learn from real entries and as many generated ones; the generator stays."""
        gan, generated = self.gan, self._make(real)
        both = self._shown(np.concatenate([gan.view.of(real.data), generated], axis=-1))
        parameters = gan.discriminator.parameters
        parameters.zero_gradients()
        figures = self._learn(both, real)
        if self.settings.penalty == "gradient":
            figures = figures._replace(penalty=self._penalise_between(both, real))
        figures = figures._replace(gradient_norm=_length(parameters.gradients))
        figures.check("discriminator")
        self.discriminator_optimizer.step(parameters)
        self._limit_weights()
        return figures

    def step_generator(self, real: Batch) -> StepFigures:
        """Let the generator learn from what the discriminator says of it; the discriminator stays."""
        gan, count = self.gan, real.data.shape[-1]
        generated = self._make(real)
        compares = self.settings.loss.compares
        data = np.concatenate([gan.view.of(real.data), generated], axis=-1) if compares else generated
        judge = gan.discriminator if compares else self._single
        scores = self._judge(judge, self._shown(data), real)
        of_real = scores.scores[..., :count] if compares else np.zeros_like(scores.scores)
        of_generated = scores.scores[..., -count:]
        part = self.settings.loss.generator(of_real, of_generated, self._weights(real))
        signals = np.zeros_like(scores.scores)
        signals[..., -count:] = part.generated_signals
        class_loss, of_classes = scores.classification(self.settings.auxiliary_weight)
        if compares:
            of_classes[..., :count] = 0
        with gan.discriminator.parameters.gradients_kept():
            sent = judge.backward(scores.signals(signals) + of_classes)
        parameters = gan.generator.parameters
        parameters.zero_gradients()
        gan.generator.backward(self.of_made(gan.view.judged_signals(sent)[..., -count:]))
        norm, means = _length(parameters.gradients), (_mean(of_real), _mean(of_generated))
        figures = StepFigures(part.loss, 0.0, class_loss, norm, *means)
        figures.check("generator")
        self.generator_optimizer.step(parameters)
        return figures

    def _make(self, real: Batch) -> np.ndarray:
        """Return generated entries of the classes and lengths of real ones."""
        noise = self.gan.draw_noise(real.data.shape[-1], self.random)
        known = real.data if self.gan.blueprint.completes else None
        return self.gan.make(noise, real.conditions, training=True, mask=real.mask, known=known)

    def _shown(self, data: np.ndarray) -> np.ndarray:
        """Return what the discriminator sees of data: with noise, and without what it is to ignore."""
        if self.instance_noise:
            noise = self.random.standard_normal(data.shape, np.float32)
            data = data + data.dtype.type(self.instance_noise) * noise.astype(data.dtype, copy=False)
        return self.visible(data)

    def visible(self, data: np.ndarray) -> np.ndarray:
        """Return what is shown of data with zeros where the discriminator is to ignore them."""
        return data if self._ignored is None else np.where(self._ignored, data.dtype.type(0), data)

    def of_made(self, signals: np.ndarray) -> Any:
        """Return signals for the generator: of what it made itself and the discriminator saw."""
        if self._ignored is not None:
            signals = np.where(self._ignored, signals.dtype.type(0), signals)
        if self.gan.given is not None:
            signals = np.where(self.gan.region, signals.dtype.type(0), signals)
        return self.gan.view.made_signals(signals)

    def _judge(
        self, judge: Network, data: np.ndarray, real: Batch, gradients: InputGradients | None = None
    ) -> Scores:
        """Run a discriminator on entries that repeat the classes and lengths of the real ones.

        With input gradients of this discriminator, their passes begin with this forward.
        """
        times = data.shape[-1] // real.data.shape[-1]
        conditions = np.tile(real.conditions, times)
        judge.step_mask = None if real.mask is None else np.tile(real.mask, times)
        with self._carried_by(judge):
            outputs = (gradients or judge).forward(self.gan.view.judged(data, conditions), True)
        return Scores(self.gan.blueprint, outputs, conditions)

    @contextmanager
    def _carried_by(self, judge: Network) -> Iterator[None]:
        """Within, a discriminator carries on from what the one in the pair carries, and that from it."""
        own = self.gan.discriminator
        if judge is own or not self._carries:
            yield
            return
        judge.load_state(own.state())
        yield
        own.load_state(judge.state())

    def _learn(self, both: np.ndarray, real: Batch) -> StepFigures:
        """Add the discriminator's gradients of its loss, and of penalties at the entries themselves."""
        gan, settings, count = self.gan, self.settings, real.data.shape[-1]
        gradients = None if settings.penalty == "gradient" else self._gradients
        scores = self._judge(gan.discriminator, both, real, gradients)
        of_real, of_generated = scores.scores[..., :count], scores.scores[..., count:]
        targets = self._targets(of_real) if settings.smooths_labels else None
        part = settings.loss.discriminator(of_real, of_generated, self._weights(real), targets)
        of_scores = np.concatenate([part.real_signals, part.generated_signals], axis=-1)
        class_loss, of_classes = scores.classification(settings.auxiliary_weight)
        signals = scores.signals(of_scores) + of_classes
        penalty = 0.0
        if gradients is not None:
            penalty = self._penalise_at(gradients, scores, signals, count)
        else:
            with _without_input_signals(gan.discriminator):
                gan.discriminator.backward(signals)
        return StepFigures(part.loss, penalty, class_loss, 0.0, _mean(of_real), _mean(of_generated))

    def _penalise_at(self, passes: InputGradients, scores: Scores, signals: np.ndarray, count: int) -> float:
        """Add the gradients of R1 and R2 together with those of the loss; return the penalty."""
        gradients = self._input_gradients(passes, scores)
        chosen = np.zeros(gradients.shape[-1], gradients.dtype)
        if self.settings.penalty in ("r1", "r1_r2"):
            chosen[:count] = 1
        if self.settings.penalty in ("r2", "r1_r2"):
            chosen[count:] = 1
        penalty = small_norm(gradients * chosen, self.settings.penalty_weight, count)
        self._add_penalty(passes, penalty, signals)
        return penalty.loss

    def _penalise_between(self, both: np.ndarray, real: Batch) -> float:
        """Add the gradients of the penalty between real and generated entries; return the penalty."""
        passes, count = self._gradients, real.data.shape[-1]
        assert passes is not None
        share = self.random.random((count,)).astype(both.dtype)
        between = share * both[..., :count] + (1 - share) * both[..., count:]
        scores = self._judge(self._single, between, real, passes)
        penalty = unit_norm(self._input_gradients(passes, scores), self.settings.penalty_weight)
        self._add_penalty(passes, penalty, scores.signals(np.zeros_like(scores.scores)))
        return penalty.loss

    def _input_gradients(self, passes: InputGradients, scores: Scores) -> np.ndarray:
        """Return the gradients of the sum of all scores with respect to what is shown, conditions left out.

        Where entries of a batch are mixed, by a batch normalisation or minibatch statistics, those of an
        entry have its part in the scores of others.
        """
        return self.gan.view.judged_signals(passes.backward(scores.signals(scores.of_means())))

    def _add_penalty(self, passes: InputGradients, penalty: Penalty, signals: np.ndarray) -> None:
        """Add the gradients of a penalty and of the outputs' signals; those of the inputs have no use."""
        directions = self.gan.view.without_conditions(penalty.gradient_signals)
        with _without_input_signals(passes.network):
            passes.add_penalty(directions, signals)

    def _targets(self, of_real: np.ndarray) -> np.ndarray:
        """Return what real entries are to be scored, smoothed on one side (Salimans et al. 2016)."""
        wanted = np.full(of_real.shape[-1], 1 - self.settings.label_smoothing)
        wanted += self.settings.label_noise * self.random.uniform(-1, 1, wanted.size)
        return np.broadcast_to(wanted.astype(of_real.dtype), of_real.shape)

    def _weights(self, real: Batch) -> np.ndarray | None:
        """Return which scores count where every step has one."""
        if real.mask is None or not self.gan.blueprint.sequences:
            return None
        return real.mask.astype(real.data.dtype)

    def _limit_weights(self) -> None:
        parameters, limit = self.gan.discriminator.parameters, self.settings.weight_limit
        if self._limit is not None:
            self._limit.after_step(parameters)
        if limit:
            np.clip(parameters.values, -limit, limit, out=parameters.values)


@contextmanager
def _without_input_signals(network: Network) -> Iterator[None]:
    """Within, the first layer computes no signals of its inputs."""
    network.propagates = False
    try:
        yield
    finally:
        network.propagates = True


def _twin(network: Network) -> Network:
    """Return a second network on the same parameters, whose arrays fit batches of another size."""
    twin = copy_with_same_generators(network)
    twin.parameters.share(network.parameters)
    return twin


def _length(gradients: np.ndarray) -> float:
    return math.sqrt(sum_of_squares(gradients))


def _mean(scores: np.ndarray) -> float:
    return float(np.add.reduce(scores, axis=None, dtype=np.float64)) / scores.size
