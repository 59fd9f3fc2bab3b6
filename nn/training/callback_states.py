"""The states of callbacks between their snapshots and the callbacks themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from operator import is_
from typing import Any
from uuid import uuid4

import numpy as np

from nn.dotted_names import select_prefix
from nn.parameter_binding import bind, can_bind
from nn.parameters import Parameters
from nn.training.arguments import check_kind
from nn.training.callbacks import Callback
from nn.training.hooks import NONE, Hooks
from nn.training.state import CALLBACKS


class CallbackStates:
    """Holds the states of a snapshot until callbacks with their names are given.

    Attributes
    ----------
    hooks
        Of the callbacks that have begun last.
    """

    def __init__(self) -> None:
        self._run = _new_run()
        self._restored: dict[str, dict[str, Any]] = {}
        self._callbacks: Sequence[Callback] = ()
        self._before: Sequence[Callback] = ()
        self.hooks = NONE

    def begin(self, callbacks: Sequence[Callback], parameters: Parameters) -> None:
        """Restore callbacks from their states; callbacks of another run without a saved state start anew.

        Parameters
        ----------
        callbacks
            Those of the run, or of the part of it that begins.
        parameters
            Of the network that is trained: a copy of a trainer trains another one.

        Raises
        ------
        ValueError
            When they are not a list of callbacks, two with a state have the same name, or one does not accept
            the state saved under its name.
        """
        check_kind("callbacks", callbacks, Sequence, "a list of them")
        for number, callback in enumerate(callbacks):
            check_kind(f"callbacks[{number}]", callback, Callback, "an object, such as ProgressBar()")
        names = Counter(callback.name for callback in callbacks if callback.state())
        if twice := [name for name, count in names.items() if count > 1]:
            raise ValueError(f"two callbacks are called {twice[0]!r} and keep a state: give one another name")
        for callback in callbacks:
            if callback.run_key != self._run or not can_bind(callback, parameters):
                if callback.run_key is not None:
                    callback.forget()
                callback.run_key = self._run
            bind(callback, parameters)
            if callback.name in self._restored:
                try:
                    callback.load_state(self._restored[callback.name])
                except (ValueError, TypeError, KeyError) as error:
                    raise ValueError(f"callback {callback.name}: not a state of it: {error!r}") from error

        self._before = self._callbacks
        self._have(tuple(callbacks))

    def are(self, callbacks: Sequence[Callback]) -> bool:
        """Whether these are the callbacks that have begun last; quick to ask, as every step does."""
        begun = self._callbacks
        return callbacks is begun or (len(callbacks) == len(begun) and all(map(is_, callbacks, begun)))

    def cannot_start(self) -> None:
        """Ask the callbacks of before again."""
        self._have(self._before)

    def started(self) -> None:
        """Training continues with these callbacks, which have taken over their states of a snapshot."""
        for callback in self._callbacks:
            self._restored.pop(callback.name, None)

    def restore(self, metadata: Mapping[str, Mapping[str, Any]], arrays: Mapping[str, np.ndarray]) -> None:
        """Keep what a snapshot brought for the callbacks to come."""
        self._run = _new_run()
        self._have(())
        self._restored = {
            name: {**state, **select_prefix(arrays, f"{CALLBACKS}{name}/")}
            for name, state in metadata.items()
        }

    def metadata(self) -> dict[str, dict[str, Any]]:
        """Return the states without their arrays."""
        return {
            name: {key: value for key, value in state.items() if not isinstance(value, np.ndarray)}
            for name, state in self._states().items()
        }

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays of the states by the names they have in a snapshot."""
        return {
            f"{CALLBACKS}{name}/{key}": value
            for name, state in self._states().items()
            for key, value in state.items()
            if isinstance(value, np.ndarray)
        }

    def _have(self, callbacks: Sequence[Callback]) -> None:
        self._callbacks, self.hooks = callbacks, Hooks.of(callbacks)

    def _states(self) -> dict[str, Mapping[str, Any]]:
        own = {callback.name: state for callback in self._callbacks if (state := callback.state())}
        return {**self._restored, **own}


def _new_run() -> str:
    """Return a name that no other run has; copies of a trainer and its callbacks have the same."""
    return uuid4().hex
