"""Steering: a person's changes between two steps, and the record from which they can be replayed.

Changed parameters and settings are stored in network and trainer. Kept beside them are the values of clamped
neurons, the locks, and the lineage: the settings at the start of the run and every list of changes after it.
The lineage is part of every snapshot; clamps and locks are restored from it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from nn.frozen_elements import FrozenElements
from workbench.errors import AddressError, SettingsError
from workbench.inspect.anatomy import Anatomy
from workbench.run.changes import (
    BiasChange,
    Change,
    Changed,
    ChangeError,
    ClampChange,
    LockChange,
    SettingChange,
    WeightChange,
    WeightLockChange,
    named,
    parse_changes,
)
from workbench.run.session import Steered

Clamp = Callable[[dict[int, float]], Any]
"""Clamps neurons of a network, instead of those clamped before."""


class Steering:
    """Makes changes in a session, between steps.

    Parameters
    ----------
    session
        Whose network, trainer and settings are changed.

    Attributes
    ----------
    begin
        Texts of the settings at the start of the run.
    changed
        All changes since, in order.
    clamps
        Layer and neuron to the value at which it is clamped.
    locks, weight_locks
        Layer and neuron, and layer, target and source, of what is not trained; in the order of locking.
    """

    def __init__(self, session: Steered) -> None:
        self._session = session
        self.begin = session.texts()
        self.changed: list[Changed] = []
        self.clamps: dict[tuple[int, int], float] = {}
        self.locks: dict[tuple[int, int], None] = {}
        self.weight_locks: dict[tuple[int, int, int], None] = {}
        self._clamp_functions: set[Clamp] = set()
        self._regularizer = FrozenElements()

    @cached_property
    def anatomy(self) -> Anatomy:
        """The places of neurons and connections."""
        return Anatomy(self._session.network, self._session.labels)

    def check(self, changes: Sequence[Change]) -> Any:
        """Check that all changes can be made, and return the settings after them.

        Raises
        ------
        ChangeError
            When one cannot; nothing is changed.
        """
        settings = self._session.settings
        for number, change in enumerate(changes, 1):
            try:
                if isinstance(change, SettingChange):
                    settings = self._session.checked_texts({change.name: change.value}, settings)
                else:
                    self._find(change)
            except (SettingsError, AddressError) as error:
                raise ChangeError(f"{named(number, change.kind)}: {error}") from error
        return settings

    def apply(self, changes: Sequence[Change]) -> None:
        """Make changes, all of them or none, and record them.

        Raises
        ------
        ChangeError
            When one cannot be made; nothing is changed then.
        """
        settings = self.check(changes)
        if settings != self._session.settings:
            self._session.use(settings)
        values = self._session.network.parameters.values
        for change in changes:
            if isinstance(change, BiasChange | WeightChange):
                values[self._find(change)] = change.value
        self.note(changes)

    def inverse(self, changes: Sequence[Change]) -> tuple[Change, ...]:
        """Return the changes that take back these, which can be made and are not made yet.

        Raises
        ------
        ChangeError
            When a parameter is not finite, after training diverged, so that nothing could restore it.
        """
        texts = self._session.texts()
        return tuple(self._inverse(change, texts) for change in reversed(changes))

    def _inverse(self, change: Change, texts: Mapping[str, str]) -> Change:
        before: Any
        if isinstance(change, SettingChange):
            before = {"value": texts[change.name.replace("-", "_")]}
        elif isinstance(change, ClampChange):
            before = {"value": self.clamps.get((change.layer, change.neuron))}
        elif isinstance(change, LockChange):
            before = {"locked": (change.layer, change.neuron) in self.locks}
        elif isinstance(change, WeightLockChange):
            before = {"locked": (change.layer, change.target, change.source) in self.weight_locks}
        else:
            value = float(self._session.network.parameters.values[self._find(change)])
            if not math.isfinite(value):
                raise ChangeError(f"{change.kind}: {value} cannot be restored")
            before = {"value": value}
        return change.model_copy(update=before)

    def note(self, changes: Sequence[Change]) -> None:
        """Record changes that are already in the parameters."""
        self.changed.append(Changed(self._session.trainer.step, tuple(changes)))
        self._clamp_and_lock(changes)

    def state(self) -> dict[str, Any]:
        """Return the lineage as JSON-able values; nothing where nothing was changed."""
        if not self.changed:
            return {}
        return {"settings": self.begin, "changes": [each.to_json() for each in self.changed]}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Restore a lineage with its clamps and locks.

        Raises
        ------
        ValueError
            When it is not what `state` returned for such a model.
        """
        begin, changed = _texts(state["settings"]), [_changed(each) for each in state["changes"]]
        for each in changed:
            for change in each.changes:
                self._find(change)
        self.begin, self.changed = begin, changed
        self._clamp_and_lock([change for each in changed for change in each.changes])

    def go_back(self, state: Mapping[str, Any] | None) -> None:
        """Restore the lineage of an earlier moment of this run, and exactly its clamps and locks.

        Raises
        ------
        ValueError
            As `load_state`.
        """
        clamps, locks, weight_locks = self.clamps.copy(), self.locks.copy(), self.weight_locks.copy()
        for places in (self.clamps, self.locks, self.weight_locks):
            places.clear()
        try:
            self.load_state(state or {"settings": self.begin, "changes": []})
        except (ValueError, TypeError, KeyError):
            self.clamps, self.locks, self.weight_locks = clamps, locks, weight_locks
            raise
        self._clamp()
        self._lock()

    def _find(self, change: Change) -> np.ndarray | int | None:
        """Return where the parameters that a change is about are; AddressError where there are none."""
        if isinstance(change, SettingChange):
            return None
        if isinstance(change, BiasChange):
            return self.anatomy.bias(change.layer, change.neuron)
        if isinstance(change, LockChange):
            return self.anatomy.incoming_parameters(change.layer, change.neuron)
        if isinstance(change, ClampChange):
            if self.anatomy.neuron_layer(change.layer, change.neuron).clamp is None:
                name = self.anatomy.layers[change.layer].name
                raise AddressError(f"layer {change.layer} ({name}): its neurons cannot be clamped")
            return None
        return self.anatomy.weight(change.layer, change.target, change.source)

    def _clamp_and_lock(self, changes: Sequence[Change]) -> None:
        """Clamp, release, lock and unlock."""
        for change in changes:
            if isinstance(change, ClampChange):
                self.clamps.pop((change.layer, change.neuron), None)
                if change.value is not None:
                    self.clamps[change.layer, change.neuron] = change.value
            elif isinstance(change, LockChange):
                _switch(self.locks, (change.layer, change.neuron), change.locked)
            elif isinstance(change, WeightLockChange):
                _switch(self.weight_locks, (change.layer, change.target, change.source), change.locked)
        if any(isinstance(change, ClampChange) for change in changes):
            self._clamp()
        if any(isinstance(change, LockChange | WeightLockChange) for change in changes):
            self._lock()

    def _clamp(self) -> None:
        """Set the clamped neurons of every network; without those that were released."""
        wanted: dict[Clamp, dict[int, float]] = {clamp: {} for clamp in self._clamp_functions}
        for (layer, neuron), value in self.clamps.items():
            inside = self.anatomy.neuron_layer(layer)
            assert inside.clamp is not None
            wanted.setdefault(inside.clamp, {})[inside.first + neuron] = value
        for clamp, neurons in wanted.items():
            clamp(neurons)
        self._clamp_functions = set(wanted)

    def _lock(self) -> None:
        """Make the trainer keep locked parameters; without locks it trains as if there had never been any."""
        rows = [self.anatomy.incoming_parameters(*place) for place in self.locks]
        single = [self.anatomy.weight(*place) for place in self.weight_locks]
        self._regularizer.indices = np.unique(np.concatenate([*rows, np.array(single, np.int64)]))
        trainer = self._session.trainer
        others = [each for each in trainer.options.regularizers if each is not self._regularizer]
        wanted = [*others, self._regularizer] if self._regularizer.indices.size else others
        trainer.options = replace(trainer.options, regularizers=wanted)


def _switch(places: dict[Any, None], place: object, wanted: bool) -> None:
    places.pop(place, None)
    if wanted:
        places[place] = None


def _texts(given: object) -> dict[str, str]:
    if not isinstance(given, dict) or not all(isinstance(text, str) for text in given.values()):
        raise ValueError("settings: not a table of texts")
    return given


def _changed(given: Mapping[str, Any]) -> Changed:
    step = given["step"]
    if isinstance(step, bool) or not isinstance(step, int) or step < 0:
        raise ValueError(f"step {step!r}: not a number of steps")
    return Changed(step, parse_changes(given["changes"]))
