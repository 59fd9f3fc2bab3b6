"""Beginning anew, which is asked about first."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from workbench.page.panels.elements import button, group, notify, text
from workbench.page.panels.viewer import Viewer

LARGEST_SEED = 2**32 - 1


def reset_dialog(viewer: Viewer) -> Callable[[], None]:
    """Build the dialog and return a function that opens it."""
    with ui.dialog().props('aria-label="Start again?"') as dialog, group("g-dialog"):
        text("h2", "Start again?", "g-title")
        text(
            "p",
            "Training starts again with new weights. The present state is kept as a snapshot to rewind to.",
        )
        seed = ui.input("Seed").props("dense outlined stack-label inputmode=numeric data-test=seed")
        hint = text("p", "The same seed repeats the run; another one draws other weights.", "g-muted g-small")
        seeded = "seed" in viewer.overview["machine"]
        for part in (seed, hint):
            part.set_visibility(seeded)

        async def confirm() -> None:
            try:
                chosen = read_seed(seed.value)
            except ValueError as error:
                notify(str(error))
                return
            dialog.close()
            await viewer.ask("reset", seed=chosen)

        with group("g-buttons g-end"):
            button("Cancel", "reset-cancel", dialog.close)
            button("Start again", "reset-confirm", confirm, classes="g-primary")

    def show() -> None:
        seed.set_value(str(viewer.overview["machine"].get("seed", "")))
        dialog.open()

    return show


def read_seed(typed: str) -> int | None:
    """Read a seed that was typed; None where the run's own is kept.

    Raises
    ------
    ValueError
        When it is none; the message is for people.
    """
    digits = typed.strip()
    if not digits:
        return None
    if digits.isdecimal() and len(digits) <= len(str(LARGEST_SEED)) and int(digits) <= LARGEST_SEED:
        return int(digits)
    raise ValueError(f"{digits[:40]}: a seed is a whole number from 0 to {LARGEST_SEED}")
