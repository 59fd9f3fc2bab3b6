"""The settings of a session that may be changed between two steps: the live settings."""

from __future__ import annotations

from collections.abc import Mapping

from autoencoder.model import AutoEncoder
from autoencoder.settings import TABLE, Settings
from nn import LeakyReLU, Trainer, TrainingMemoryError, optimizer_by_name
from nn.training.limits import Limits
from nn.training.memory import require_memory_to_change
from workbench.errors import SettingsError
from workbench.run.changes import LIVE_SETTINGS
from workbench.settings.table import Given, to_key, to_name

LIVE = tuple(map(to_name, LIVE_SETTINGS))
"""Settings that may change while a run goes on."""


class Adjustable:
    """A session whose live settings can be changed; see `autoencoder.session.Session` for the attributes."""

    settings: Settings
    model: AutoEncoder
    trainer: Trainer

    def checked(self, given: Mapping[str, Given], before: Settings | None = None) -> Settings:
        """Return the settings, or those `before`, with live ones changed, and change nothing.

        Raises
        ------
        SettingsError
            When a value cannot be used, a setting is none that may change while a run goes on, or there
            is no memory for what it asks; names its place.
        """
        before = before or self.settings
        for name, each in given.items():
            if name not in LIVE:
                raise SettingsError(f"{each.place}: cannot change while a run goes on")
        texts = {name: Given(text, to_key(name)) for name, text in TABLE.texts(before).items()}
        settings = TABLE.make({**texts, **given})
        self._require_memory(settings)
        return settings

    def checked_texts(self, texts: Mapping[str, str], before: Settings | None = None) -> Settings:
        """Return settings as `checked` does, for texts by key."""
        return self.checked({to_name(key): Given(text, key) for key, text in texts.items()}, before)

    def texts(self) -> dict[str, str]:
        """Return all settings as a configuration file has them, by field."""
        return TABLE.texts(self.settings)

    def change(self, given: Mapping[str, Given]) -> None:
        """Change live settings between two steps; raises as `checked`, nothing changed then."""
        self.use(self.checked(given))

    def use(self, settings: Settings) -> None:
        """Apply settings that `checked` returned, between two steps."""
        before, trainer = self.settings, self.trainer
        if settings.batch_size != before.batch_size:
            trainer.use_batch_size(settings.batch_size)
        if settings.optimizer != before.optimizer:
            trainer.use_optimizer(optimizer_by_name(settings.optimizer, settings.learning_rate))
        trainer.optimizer.learning_rate = settings.learning_rate
        if settings.leakage != before.leakage:
            use_leakage(self.model, settings.leakage)
        trainer.limits = Limits(settings.epoch_limit, settings.minutes)
        self.settings = self.model.settings = settings

    def _require_memory(self, settings: Settings) -> None:
        before, trainer = self.settings, self.trainer
        if (settings.batch_size, settings.optimizer) == (before.batch_size, before.optimizer):
            return
        optimizer, entries = trainer.optimizer, len(trainer.batches)
        if settings.optimizer != before.optimizer:
            optimizer = optimizer_by_name(settings.optimizer, settings.learning_rate)
        now = trainer.optimizer, min(before.batch_size, entries)
        try:
            require_memory_to_change(trainer.network, now, (optimizer, min(settings.batch_size, entries)))
        except TrainingMemoryError as error:
            raise SettingsError(str(error)) from error


def use_leakage(model: AutoEncoder, leakage: float) -> None:
    """Give every leaky ReLU of a model another slope below zero."""
    after = LeakyReLU(leakage)
    model.network.map_activations(lambda before: after if isinstance(before, LeakyReLU) else before)
