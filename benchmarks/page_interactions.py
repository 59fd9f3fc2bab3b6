"""How long a person waits: five groups of five interactions with the page, while the network trains.

    python -m benchmarks.page_interactions

Each is timed from the key or click until its effect is seen on the page or, for changes, until the reply
confirms that the model has it. A real browser does it, on the same cores as training.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.markers import write_between_markers
from benchmarks.page_actions import choose, click, click_neurons, draw, part, pixels, press, type_in, upload
from benchmarks.tables import LEFT
from experiments.serving import find_browser, serving
from workbench.tables import markdown_table, text_table

TRAINED = ("--epochs", "1000000", "--schedule", "constant")
PATIENCE = 60_000
SETTLE = 600
"""Milliseconds after which the effect of the action before has been drawn."""

DOCUMENT = Path(__file__).parent.parent / "docs" / "page.md"

LISTEN = """
window.applied = window.changes = 0;
const send = WebSocket.prototype.send, heard = new WeakSet(), waiting = new Set();
function listen({ data }) {
  if (!(data instanceof ArrayBuffer)) return;
  const length = new DataView(data).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
  if (header.type === "reply" && waiting.has(header.id) && !header.error) window.applied += 1;
  if (header.status) window.changes = header.status.changes;
}
WebSocket.prototype.send = function (data) {
  if (new URL(this.url).pathname === "/live") {
    if (!heard.has(this)) this.addEventListener("message", listen);
    heard.add(this);
    const { id, op } = JSON.parse(data);
    if (op === "apply") waiting.add(id);
  }
  return send.call(this, data);
};
"""
"""Counts the changes that were confirmed, and those that the run reports."""


class Interaction(NamedTuple):
    """Something that a person does.

    Attributes
    ----------
    group, name
        For the table.
    act
        Does it.
    looked_at
        JavaScript for a value that changes when it is done.
    before
        Preparation, which is not timed.
    """

    group: str
    name: str
    act: Callable[[Any], object]
    looked_at: str
    before: Callable[[Any], object] = lambda page: None


STATE = f"{part('state')}.dataset.state"
APPLIED = "window.applied"
TOLD = "window.changes"
ITEMS = "document.querySelectorAll('[data-test^=edit-item-]').length"


def switch(state: str, button: str) -> Callable[[Any], object]:
    """Return an action that starts or stops training, if needed."""

    def act(page: Any) -> None:
        if page.evaluate(STATE) != state:
            page.locator(f"[data-test={button}]").click()
            page.wait_for_function(f"{STATE} === '{state}'", timeout=PATIENCE)

    return act


start, stop = switch("training", "start"), switch("idle", "stop")


def still(act: Callable[[Any], object]) -> Callable[[Any], object]:
    """Return an action that stops training first."""

    def both(page: Any) -> None:
        stop(page)
        act(page)

    return both


def end_walk(page: Any) -> None:
    """Leave a walk through a step, if there is one, and stop training."""
    stop(page)
    button = page.locator("[data-test=walk-end]")
    if button.is_enabled():
        button.click()


def nothing(page: Any) -> None:
    """Need no preparation."""


INTERACTIONS = (
    Interaction("settings", "learning rate, typed", type_in("learning-rate", "0.002", "0.001"), TOLD, start),
    Interaction(
        "settings",
        "learning rate, slider",
        press("learning-rate-slider", "ArrowRight", "ArrowLeft"),
        TOLD,
        start,
    ),
    Interaction("settings", "batch size", type_in("batch-size", "64", "128"), TOLD, start),
    Interaction("settings", "leakage", type_in("leakage", "0.2", "0.1"), TOLD, start),
    Interaction("settings", "optimizer", choose("optimizer", "adamw", "adam"), TOLD, start),
    Interaction("editing", "choose a neuron", click_neurons(3), ITEMS, start),
    Interaction("editing", "bias, typed", type_in("edit-bias", "0.1", "0.2"), APPLIED, start),
    Interaction("editing", "bias, slider", press("edit-bias-slider", "ArrowRight"), APPLIED, start),
    Interaction("editing", "clamp a value", click("edit-clamp"), APPLIED, start),
    Interaction("editing", "lock", click("edit-lock"), APPLIED, start),
    Interaction("looking", "next images", click("next-images"), pixels("image-input-0"), start),
    Interaction(
        "looking", "error signals", click("kind-signals"), pixels("network"), still(click("kind-values"))
    ),
    Interaction(
        "looking", "another image", click("image-input-1"), pixels("network"), still(click("image-input-0"))
    ),
    Interaction("looking", "zoom", press("network", "+", "0"), pixels("network"), still(nothing)),
    Interaction("looking", "strongest connections", click("strongest"), pixels("network"), still(nothing)),
    Interaction(
        "probing", "a number of the code", press("code-slider-0", "PageUp", "PageDown"), pixels("code-image")
    ),
    Interaction(
        "probing", "between two images", press("walk-share", "PageUp", "PageDown"), pixels("walk-image")
    ),
    Interaction("probing", "upload an image", upload(), pixels("image-input-0")),
    Interaction("probing", "draw an image", draw, pixels("image-input-0")),
    Interaction(
        "probing",
        "walk through a step",
        click("walk-begin"),
        f"({part('walk-stage')}?.innerText ?? 0)",
        end_walk,
    ),
    Interaction("running", "one step", click("step"), f"{part('step-count')}.innerText", still(nothing)),
    Interaction("running", "snapshot", click("snapshot"), f"{part('snapshots')}.innerText", start),
    Interaction("running", "start", click("start"), STATE, stop),
    Interaction("running", "stop", click("stop"), STATE, start),
)


def time_interaction(page: Any, interaction: Interaction, repeats: int) -> list[float]:
    """Return milliseconds of each time."""
    times = []
    for _ in range(repeats):
        interaction.before(page)
        page.wait_for_timeout(SETTLE)
        seen = page.evaluate(interaction.looked_at)
        began = time.perf_counter()
        interaction.act(page)
        page.wait_for_function(
            f"seen => ({interaction.looked_at}) !== seen", arg=seen, polling="raf", timeout=PATIENCE
        )
        times.append((time.perf_counter() - began) * 1e3)
    return times


def open_page(browser: Any, address: str) -> tuple[Any, float]:
    """Return the page when its network is drawn, and how many milliseconds that took."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.add_init_script(LISTEN)
    page = context.new_page()
    began = time.perf_counter()
    page.goto(address)
    page.wait_for_function(
        "Number(document.querySelector('canvas[data-test=network]')?.dataset.frames) > 0", polling="raf"
    )
    return page, (time.perf_counter() - began) * 1e3


def measure(browser: Any, address: str, repeats: int) -> list[list[str]]:
    """Return a row for every interaction."""
    loads = []
    for _ in range(repeats):
        page, milliseconds = open_page(browser, address)
        loads.append(milliseconds)
        page.context.close()
    rows = [row_of("running", "open the page", loads)]
    page, _ = open_page(browser, address)
    for interaction in INTERACTIONS:
        times = time_interaction(page, interaction, repeats)
        rows.append(row_of(interaction.group, interaction.name, times))
        print(" ".join(rows[-1]), flush=True)
    return sorted(rows, key=lambda row: GROUPS.index(row[0]))


def row_of(group: str, name: str, times: Sequence[float]) -> list[str]:
    """Return the cells of a row."""
    return [group, name, f"{statistics.median(times):.0f}", f"{min(times):.0f}", f"{max(times):.0f}"]


GROUPS = ("settings", "editing", "looking", "probing", "running")
HEADINGS = ("group", "interaction", "median ms", "lowest", "highest")


def main() -> int:
    """Time everything and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page_interactions", description=__doc__)
    parser.add_argument("--repeats", type=int, default=5, help="of each (default %(default)s)")
    parser.add_argument("--write", action="store_true", help=f"write the table into {DOCUMENT.name}")
    options = parser.parse_args()
    path = find_browser()
    if path is None:
        parser.error("there is no Chromium on this machine")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - an extra

    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder), "--start", *TRAINED) as served,
        sync_playwright() as driver,
    ):
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        rows = measure(browser, served.address, options.repeats)
        browser.close()
    print(f"\n{text_table([HEADINGS, *rows], LEFT)}")
    if options.write:
        write_between_markers(DOCUMENT, "interactions", markdown_table(HEADINGS, rows))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
