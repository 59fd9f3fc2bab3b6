"""The session that is steered and inspected: a training run with its settings and its data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from networks import Network
from nn import Callback, Trainer

if TYPE_CHECKING:
    from workbench.run.steering import Steering


class Steered(Protocol):
    """What steering changes: settings, and the network of a trainer."""

    settings: Any
    """Compared with `==`; their contents matter to the application alone."""

    @property
    def trainer(self) -> Trainer:
        """What trains."""

    @property
    def network(self) -> Network:
        """What is trained."""

    @property
    def labels(self) -> Mapping[str, str]:
        """Labels of the parts of the network, by their names in it; see `workbench.inspect.anatomy`."""

    def texts(self) -> dict[str, str]:
        """Return all settings as texts, by field."""

    def checked_texts(self, texts: Mapping[str, str], before: Any = None) -> Any:
        """Return the settings, or those `before`, with some changed, given as texts by key; change nothing.

        Raises
        ------
        SettingsError
            When a value cannot be used, or a setting cannot change while a run goes on; names it.
        """

    def use(self, settings: Any) -> None:
        """Apply settings that `checked_texts` returned, between two steps."""


class Session(Steered, Protocol):
    """A run created by an application."""

    @property
    def steering(self) -> Steering:
        """Applies a person's changes."""

    @property
    def fingerprint(self) -> str:
        """A short text that changes with the data."""

    def describe(self) -> dict[str, Any]:
        """Return what never changes, as JSON-able values.

        `data`: `training`, `held_out` (numbers of examples), `bytes` and `skipped` (pairs of a file and a
        reason); `repeats`: whether outputs should be the inputs; `architecture`; `machine`: `seed` and
        `rung`, where they are known; `live`: for the key of every setting that may change its `kind`
        ("number" or "choice", "none" where this network has no such thing), `bounds` and `choices`.
        """

    def contents(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return what a snapshot holds now: arrays and metadata."""

    def train_locked(self, callbacks: Sequence[Callback] = ()) -> Any:
        """Train to the limits, for a caller that holds the lock of the directory."""
