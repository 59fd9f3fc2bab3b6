"""Watching, steering and showing any training run.

    import workbench

    workbench.watch(trainer, epochs=5)

trains as `trainer.train(epochs=5)` does and opens a page on it; `watch_gan` does so for a `GanTrainer`.
`run` steers and records, `inspect` looks into the network, `page` shows both in a browser. An application
provides its session, operations and panels; nothing here depends on one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.watching import watch
    from workbench.watching_gan import watch_gan

__all__ = ["watch", "watch_gan"]


def __getattr__(name: str) -> Any:
    if name == "watch":
        from workbench.watching import watch  # noqa: PLC0415 - a page that is served needs nothing that computes

        return watch
    if name == "watch_gan":
        from workbench.watching_gan import watch_gan  # noqa: PLC0415 - as this

        return watch_gan
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
