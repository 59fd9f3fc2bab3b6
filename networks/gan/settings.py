"""Settings of adversarial training, every stabiliser an argument."""

from __future__ import annotations

from dataclasses import dataclass, field

from nn.argument_checks import check_count, check_not_negative, check_positive, check_share
from nn.lookup import look_up
from nn.losses.adversarial import AdversarialLoss, NonSaturating

PENALTIES = ("none", "gradient", "r1", "r2", "r1_r2")


@dataclass(frozen=True)
class GanSettings:
    """How a generator and a discriminator learn.

    Attributes
    ----------
    loss
        Of both sides.
    batch_size
        Real entries in a step.
    learning_rate
        Of the discriminator (Adam).
    generator_factor
        The g-factor: the generator's learning rate is the discriminator's times this.
    balance
        How fast the g-factor follows the losses, 0 to keep it: where the discriminator's loss is the
        smaller one by a moving average, the generator's rate grows, and the other way round, by this share
        of itself a step, between a tenth and ten times what was set.
    momentum, second_momentum
        Adam's first and second decay rate of both sides.
    discriminator_steps, generator_steps
        Steps of each side in a round.
    penalty, penalty_weight
        On the discriminator's input gradients: "none"; "gradient", weight * (|g| - 1)² between real and
        generated entries (Gulrajani et al. 2017); "r1" and "r2", weight / 2 * |g|² at real and generated
        entries (Mescheder et al. 2018), or both.
    label_smoothing, label_noise
        Real entries are to be scored 1 - label_smoothing instead of 1, and what is asked for differs from
        entry to entry by up to label_noise either way.
    instance_noise, noise_epochs
        Deviation of the normal noise that is added to everything the discriminator sees (Arjovsky and
        Bottou 2017), falling to zero over so many epochs; 0 for noise that stays.
    max_norm
        Longest row of the discriminator's weights, after every step; 0 for no limit.
    weight_limit
        The discriminator's weights are clipped to this size after every step (Arjovsky et al. 2017); 0
        for no limit.
    auxiliary_weight
        Of the loss of an auxiliary class head.
    averaging
        Decay rate of the averaged generator's parameters, 0 for none (Karras et al. 2018).
    loss_ratio_limit, ratio_patience
        The run ends where one side's loss has been so many times the other's, by moving averages, for so
        many steps; 0 for no limit.

    Raises
    ------
    ValueError
        When a setting is out of range.
    """

    loss: AdversarialLoss = field(default_factory=NonSaturating)
    batch_size: int = 64
    learning_rate: float = 2e-4
    generator_factor: float = 1.0
    balance: float = 0.0
    momentum: float = 0.5
    second_momentum: float = 0.999
    discriminator_steps: int = 1
    generator_steps: int = 1
    penalty: str = "none"
    penalty_weight: float = 10.0
    label_smoothing: float = 0.0
    label_noise: float = 0.0
    instance_noise: float = 0.0
    noise_epochs: float = 0.0
    max_norm: float = 0.0
    weight_limit: float = 0.0
    auxiliary_weight: float = 1.0
    averaging: float = 0.999
    loss_ratio_limit: float = 0.0
    ratio_patience: int = 500

    def __post_init__(self) -> None:
        for name in ("batch_size", "discriminator_steps", "generator_steps", "ratio_patience"):
            check_count(f"gan: {name}", getattr(self, name))
        for name in ("learning_rate", "generator_factor"):
            check_positive(f"gan: {name}", getattr(self, name))
        for name in ("balance", "label_smoothing", "label_noise", "averaging"):
            check_share(f"gan: {name}", getattr(self, name))
        for name in (
            "penalty_weight",
            "instance_noise",
            "noise_epochs",
            "max_norm",
            "weight_limit",
            "auxiliary_weight",
            "loss_ratio_limit",
        ):
            check_not_negative(f"gan: {name}", getattr(self, name))
        look_up(dict.fromkeys(PENALTIES), self.penalty, "gan: penalty")

    @property
    def smooths_labels(self) -> bool:
        """Whether real entries are asked for anything but 1."""
        return bool(self.label_smoothing or self.label_noise)
