"""Which callbacks have which hooks: a step calls nobody who does nothing in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from nn.training.callbacks import Callback


class Hooks(NamedTuple):
    """The callbacks that do something at a moment, in their order; see the methods of `Callback`."""

    before_step: tuple[Callback, ...] = ()
    wants_gradients: tuple[Callback, ...] = ()
    on_step: tuple[Callback, ...] = ()
    on_epoch: tuple[Callback, ...] = ()

    @classmethod
    def of(cls, callbacks: Sequence[Callback]) -> Hooks:
        """Return those of some callbacks."""
        return cls(*(tuple(each for each in callbacks if _has(each, name)) for name in cls._fields))


NONE = Hooks()


def _has(callback: Callback, name: str) -> bool:
    """Return whether a callback, or its class, has a method of its own."""
    return getattr(getattr(callback, name), "__func__", None) is not getattr(Callback, name)
