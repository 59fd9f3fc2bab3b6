"""Initial and final states of a network, which may be carried from one call to the next."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import ClassVar, NamedTuple

import numpy as np

from networks.base.network import Network
from nn.dotted_names import select_prefix

USED = "used_"
"""Prefix of the names of states that result from inference alone."""


class States(NamedTuple):
    """What an LSTM knows between two steps: (layers * directions, units, N) each.

    In the order layer 0 forward, layer 0 backward, layer 1 forward and so on.
    """

    hidden: np.ndarray
    cells: np.ndarray


class HiddenStates(NamedTuple):
    """What a network that keeps nothing but its hidden values knows between two steps; see `States`."""

    hidden: np.ndarray


AnyStates = States | HiddenStates


class Stateful(Network):
    """A network with states before its first step and after its last one.

    A step that is not there (`step_mask`) leaves the states as they are, and its output is zero.

    Attributes
    ----------
    state_kind
        What its states are.
    stateful
        Whether a forward continues from the final states of the one before, until `reset`. No gradient
        flows from one to the other. A forward in training continues from the last one in training, whatever
        inference ran since; a forward outside training continues from the last of either. `predict` treats
        every entry as a separate sequence, and is neither, nor is what runs within `inference`, a `reset`
        there included.
    steps
        Length of its sequences.
    """

    state_kind: ClassVar[type[States] | type[HiddenStates]]
    masks_steps = True
    stateful: bool
    steps: int
    _trained: AnyStates | None = None
    _used: AnyStates | None = None
    _learns: bool = False

    @abstractmethod
    def _state_shape(self, entries: int) -> tuple[int, ...]:
        """Return the shape of every array of the states."""

    def _empty_states(self, entries: int) -> AnyStates:
        shape = self._state_shape(entries)
        return self.state_kind(*(np.zeros(shape, self.dtype) for _ in self.state_kind._fields))

    def _starting_states(self, initial: AnyStates | None, entries: int, training: bool) -> AnyStates | None:
        """Return the states before the first step: those given, or carried; None for zero."""
        if initial is not None:
            self._check_states(initial, "initial states", entries)
            return initial
        carried = self._trained if training or self._used is None else self._used
        if carried is not None and carried.hidden.shape[-1] != entries:
            where = (
                "" if training or not self._learns else ", within looking() so that training goes on after"
            )
            raise ValueError(
                f"{self.family}: it goes on from {carried.hidden.shape[-1]} histories, but {entries} "
                f"are given: call reset() before another batch begins{where}"
            )
        return carried

    def _carry_on(self, training: bool) -> None:
        """Let the next forward go on from here."""
        ends = self.final_states if self.stateful else None
        if training:
            self._trained, self._used, self._learns = ends, None, True
        else:
            self._used = ends

    @property
    @abstractmethod
    def final_states(self) -> AnyStates:
        """A copy of the states after the last step."""

    def _check_states(self, states: AnyStates, what: str, entries: int) -> None:
        expected = self._state_shape(entries)
        if not isinstance(states, self.state_kind):
            raise ValueError(
                f"{self.family}: {what} are no {self.state_kind.__name__}: {type(states).__name__}"
            )
        for name, array in states._asdict().items():
            if array.shape != expected or array.dtype != self.dtype:
                raise ValueError(
                    f"{self.family}: {what}: {name} are {array.dtype} of shape {array.shape}, expected "
                    f"{self.dtype} of shape {expected}"
                )

    def state(self) -> dict[str, np.ndarray]:
        """Return the states that the next forward in training goes on from; nothing after `reset`.

        Of a network that has not been trained since, also the states for the next forward outside training.
        """
        used = None if self._learns else self._used
        return {
            prefix + name: array
            for prefix, carried in (("", self._trained), (USED, used))
            if carried is not None
            for name, array in carried._asdict().items()
        }

    def load_state(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from what `state` returned; see `Network.load_state`."""
        if not self.stateful:
            super().load_state(state)
        trained = {name: array for name, array in state.items() if not name.startswith(USED)}
        self._trained, self._used = self._loaded(trained), self._loaded(select_prefix(state, USED))
        self._learns = False

    def _loaded(self, state: Mapping[str, np.ndarray]) -> AnyStates | None:
        """Return a copy of states by name, None where there are none; raise as `load_state`."""
        names = self.state_kind._fields
        if not state:
            return None
        if set(state) != set(names):
            raise ValueError(
                f"{self.family}: carries {', '.join(names)}; {', '.join(sorted(state))} is given"
            )
        states = self.state_kind(**{name: np.array(array) for name, array in state.items()})
        self._check_states(states, "carried states", states.hidden.shape[-1] if states.hidden.ndim else 0)
        return states

    def reset(self) -> None:
        """Forget the final states of the last sequence."""
        self._trained = self._used = None
        self._learns = False

    def state_restorer(self) -> Callable[[], None]:
        """Return what brings back all it carries now; see `Network.state_restorer`."""
        carried = self._trained, self._used, self._learns
        self._used = None

        def bring_back() -> None:
            self._trained, self._used, self._learns = carried

        return bring_back

    def output_range(self, input_range: tuple[float, float] = (-math.inf, math.inf)) -> tuple[float, float]:
        """Hidden values are a tanh times a sigmoid, or lie between such: -1 to 1."""
        return -1.0, 1.0
