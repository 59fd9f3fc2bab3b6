"""Beginning anew, which is asked about first."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from workbench.page.panels.elements import button, group, text
from workbench.page.panels.viewer import Viewer

LARGEST_SEED = 2**32 - 1


def reset_dialog(viewer: Viewer) -> Callable[[], None]:
    """Build the dialog and return a function that opens it."""
    with ui.dialog() as dialog, group("g-dialog"):
        text("h2", "Start again?", "g-title")
        text(
            "p",
            "Training starts again with new weights. The present state is kept as a snapshot to rewind to.",
        )
        seed = ui.number("Seed", min=0, max=LARGEST_SEED, precision=0).props(
            "dense outlined stack-label data-test=seed"
        )
        hint = text("p", "The same seed repeats the run; another one draws other weights.", "g-muted g-small")
        seeded = "seed" in viewer.overview["machine"]
        for part in (seed, hint):
            part.set_visibility(seeded)

        async def confirm() -> None:
            chosen = None if seed.value is None else int(seed.value)
            dialog.close()
            await viewer.ask("reset", seed=chosen)

        with group("g-buttons g-end"):
            button("Cancel", "reset-cancel", dialog.close)
            button("Start again", "reset-confirm", confirm, classes="g-primary")

    def show() -> None:
        seed.set_value(viewer.overview["machine"].get("seed"))
        dialog.open()

    return show
