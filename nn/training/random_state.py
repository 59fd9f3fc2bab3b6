"""States of NumPy's random generators as JSON, and back.

`Generator.spawn` counts children in the seed sequence, which NumPy leaves out of a bit generator's state: one
that was given only this back would spawn the same children once more, and so draw the same noise.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.random.bit_generator import ISpawnableSeedSequence

SEQUENCE = "seed_sequence"
"""What a state calls the seed sequence; it is missing in those that were saved before it was kept."""

FIELDS = ("entropy", "spawn_key", "pool_size", "n_children_spawned")

LARGEST_POOL = 1024
"""Words that a seed sequence mixes its entropy into; 4 unless somebody asks for more."""


def generator_state(generator: np.random.Generator) -> dict[str, Any]:
    """Return the state of a generator of any kind, JSON-able, with that of its seed sequence.

    A seed sequence of another kind than NumPy's own is left out: its state is unknown.
    """
    state: dict[str, Any] = _plain(generator.bit_generator.state)
    sequence = _sequence(generator)
    return state if sequence is None else {**state, SEQUENCE: _plain(sequence.state)}


def set_generator_state(generator: np.random.Generator, state: Mapping[str, Any]) -> None:
    """Set a generator to a state that `generator_state` returned.

    Where no seed sequence is in it, that of the generator stays as it is.

    Raises
    ------
    ValueError
        When it is not a state of this kind of generator; nothing is changed then.
    """
    usable, wanted = _usable(generator, state), _usable_sequence(generator, state)
    generator.bit_generator.state = usable
    sequence = _sequence(generator)
    if wanted is not None and sequence is not None:
        _set_sequence(sequence, wanted)


def check_generator_state(generator: np.random.Generator, state: Mapping[str, Any]) -> None:
    """Raise the ValueError that `set_generator_state` would, and change nothing."""
    _usable(generator, state)
    _usable_sequence(generator, state)


class GeneratorPosition:
    """The state of a generator, to return to; quick to record, as every step of training does.

    Parameters
    ----------
    generator
        Of any kind.
    """

    __slots__ = ("_children", "_generator", "_state")

    def __init__(self, generator: np.random.Generator) -> None:
        sequence = _sequence(generator)
        self._generator, self._state = generator, generator.bit_generator.state
        self._children = None if sequence is None else sequence.n_children_spawned

    def restore(self) -> None:
        """Restore the generator."""
        self._generator.bit_generator.state = self._state
        sequence = _sequence(self._generator)
        if sequence is not None and sequence.n_children_spawned != self._children:
            state: dict[str, Any] = {**sequence.state, FIELDS[-1]: self._children}
            _set_sequence(sequence, np.random.SeedSequence(**state))


def _set_sequence(sequence: Any, wanted: np.random.SeedSequence) -> None:
    """Set a seed sequence to another's state, in place, so that all that share it continue from there."""
    sequence.__setstate__(wanted.__reduce__()[2])


def _sequence(generator: np.random.Generator) -> np.random.SeedSequence | None:
    """Return what a generator spawns from, where it is NumPy's own."""
    sequence: Any = generator.bit_generator.seed_seq
    return sequence if isinstance(sequence, np.random.SeedSequence) else None


def _usable_sequence(generator: np.random.Generator, state: Mapping[str, Any]) -> Any:
    """Return a seed sequence in the state that was saved, None where none was."""
    saved = state.get(SEQUENCE)
    if saved is None:
        return None
    own: Any = generator.bit_generator.seed_seq
    if _sequence(generator) is None and isinstance(own, ISpawnableSeedSequence):
        name = type(own).__name__
        raise ValueError(f"the generator spawns from {name}, the state is of one with NumPy's seed sequence")
    try:
        entropy, key, size, spawned = (saved[name] for name in FIELDS)
        if entropy is None or type(size) is not int or not size <= LARGEST_POOL or type(spawned) is not int:
            raise ValueError(f"a pool of {size!r}, {spawned!r} children, entropy {entropy!r}")
        return np.random.SeedSequence(
            entropy, spawn_key=tuple(key), pool_size=size, n_children_spawned=spawned
        )
    except (TypeError, ValueError, KeyError, OverflowError) as error:
        raise ValueError(f"not a state of a seed sequence: {error!r}") from error


def _usable(generator: np.random.Generator, state: Mapping[str, Any]) -> dict[str, Any]:
    kind = type(generator.bit_generator)
    if state.get("bit_generator") != kind.__name__:
        raise ValueError(f"a generator of kind {state.get('bit_generator')}, expected {kind.__name__}")
    probe = kind()
    try:
        usable = _like(probe.state, state)
        probe.state = usable
    except (TypeError, ValueError, KeyError, OverflowError) as error:
        raise ValueError(f"not a state of {kind.__name__}: {error!r}") from error
    return usable


def _plain(value: Any) -> Any:
    """Turn the arrays in a generator's state into lists."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | range):
        return [_plain(item) for item in value]
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def _like(template: Any, value: Any) -> Any:
    """Give a plain state the keys and arrays of a generator's own."""
    if isinstance(template, dict):
        return {key: _like(item, value[key]) for key, item in template.items()}
    if isinstance(template, np.ndarray):
        return np.array(value, template.dtype).reshape(template.shape)
    if type(value) is not type(template):
        raise TypeError(f"{value!r} is not {type(template).__name__}")
    return value
