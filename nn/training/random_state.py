"""States of NumPy's random generators as JSON, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np


def generator_state(generator: np.random.Generator) -> dict[str, Any]:
    """Return the state of a generator of any kind, JSON-able."""
    return _plain(generator.bit_generator.state)


def set_generator_state(generator: np.random.Generator, state: Mapping[str, Any]) -> None:
    """Set a generator to a state that `generator_state` returned.

    Raises
    ------
    ValueError
        When it is not a state of this kind of generator; nothing is changed then.
    """
    generator.bit_generator.state = _usable(generator, state)


def check_generator_state(generator: np.random.Generator, state: Mapping[str, Any]) -> None:
    """Raise the ValueError that `set_generator_state` would, and change nothing."""
    _usable(generator, state)


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
