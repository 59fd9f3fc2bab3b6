"""Watching, steering and showing any training run.

    import workbench

    workbench.watch(trainer, epochs=5)

trains as `trainer.train(epochs=5)` does and opens a page on it; `watch_gan` does so for a `GanTrainer`, and
`look(network, data)` opens one on a network that is not trained, or not yet.

    trainer.train(epochs=5, callbacks=[workbench.Recording("digits")])

records it, so that `python -m experiments list` shows it.

`records` keeps what runs were and what they came to, `run` steers, `inspect` looks into the network, `page`
shows both in a browser. An application provides its session, operations and panels; nothing here depends on
one.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.records.training import Recording
    from workbench.watching import look, watch
    from workbench.watching_gan import watch_gan

__all__ = ["Recording", "look", "watch", "watch_gan"]

HOMES = {
    "Recording": "workbench.records.training",
    "look": "workbench.watching",
    "watch": "workbench.watching",
    "watch_gan": "workbench.watching_gan",
}
"""Loaded when they are used: a page that is served needs nothing that computes."""


def __getattr__(name: str) -> Any:
    if name in HOMES:
        return getattr(import_module(HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
