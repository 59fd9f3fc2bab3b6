"""The cost of viewers: steps a second without them, and with viewers of every kind.

    python -m benchmarks.page_viewers

Windows of time with and without viewers take turns, and the ratios of neighbours are compared. Viewers
without a browser stand for other machines, so they run at the lowest priority; a browser runs at its usual
priority, on the same cores as training.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import NamedTuple

from benchmarks.markers import write_between_markers
from benchmarks.tables import LEFT
from benchmarks.viewers import Asker, Visitor, viewers
from experiments.serving import Served, find_browser, serving
from workbench.tables import markdown_table, text_table

MNIST_LIKE = ("--epochs", "1000000", "--schedule", "constant")
LARGE = (
    *("--width", "128", "--height", "128", "--channels", "3", "--architecture", "local", "--layers", "4,6,8"),
    *("--code-size", "2048", "--limit", "600", "--batch-size", "32", "--epochs", "1000000"),
)
"""About 100,000 neurons."""

DOCUMENT = Path(__file__).parent.parent / "docs" / "page.md"
MANY = 50
LATER = 2.0
"""Seconds before a window, in which earlier activity ends."""


class Window(NamedTuple):
    """Steps a second in a stretch of time, and the share of a core that the server used meanwhile."""

    steps_per_second: float
    server_share: float


def measure(served: Served, asker: Asker, seconds: float) -> Window:
    """Count the steps of a stretch of time."""
    time.sleep(LATER)
    first, began, used = asker.ask("status")["step"], time.monotonic(), cpu_seconds(served.process.pid)
    time.sleep(seconds)
    last, ended = asker.ask("status")["step"], time.monotonic()
    return Window(
        (last - first) / (ended - began), (cpu_seconds(served.process.pid) - used) / (ended - began)
    )


def cpu_seconds(process: int) -> float:
    """Return the seconds of processor time that a process has used, its children left out."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def in_browser(address: str) -> Iterator[None]:
    """Have the page open in a real browser."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - an extra

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(address)
        page.wait_for_function("document.querySelector('canvas[data-test=network]')?.dataset.frames > 0")
        yield
        browser.close()


def crowds(served: Served, visitor: Visitor) -> dict[str, Callable[[], AbstractContextManager[None]]]:
    """Return the kinds of viewers, by name."""
    found: dict[str, Callable[[], AbstractContextManager[None]]] = {
        "1 watching": lambda: viewers(visitor, "watching", 1),
        f"{MANY} watching": lambda: viewers(visitor, "watching", MANY),
        f"{MANY} stalled": lambda: viewers(visitor, "stalled", MANY),
        f"{MANY} reconnecting": lambda: viewers(visitor, "reconnecting", MANY),
    }
    if find_browser() is not None:
        found["1 in a browser"] = lambda: in_browser(served.address)
    return found


def compare(options: Sequence[str], seconds: float, repeats: int, only: Sequence[str]) -> list[list[str]]:
    """Return a row for every kind of crowd."""
    rows = []
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder), "--start", *options) as served:
        visitor = Visitor(served.address)
        asker = Asker(visitor)
        time.sleep(5 * LATER)
        for name, crowd in crowds(served, visitor).items():
            if only and name not in only:
                continue
            pairs = []
            for _ in range(repeats):
                windows = []
                for each in (nullcontext, crowd):
                    with each():
                        windows.append(measure(served, asker, seconds))
                pairs.append(windows)
            ratios = [seen.steps_per_second / alone.steps_per_second for alone, seen in pairs]
            rows.append(
                [
                    name,
                    f"{statistics.median(alone.steps_per_second for alone, _ in pairs):.1f}",
                    f"{statistics.median(ratios) - 1:+.1%}",
                    f"{min(ratios) - 1:+.1%}",
                    f"{max(ratios) - 1:+.1%}",
                    f"{statistics.median(seen.server_share for _, seen in pairs):.1%}",
                    f"{memory(served.process.pid):.0f}",
                ]
            )
            print(" ".join(rows[-1]), flush=True)
    return rows


def memory(process: int) -> float:
    """Return the resident memory of a process in MiB."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


HEADINGS = ("viewers", "steps/s alone", "change", "lowest", "highest", "server's core", "server's MiB")


def main() -> int:
    """Measure and print a table for each network."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page_viewers", description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0, help="of a window (default %(default)s)")
    parser.add_argument("--repeats", type=int, default=5, help="pairs of windows (default %(default)s)")
    parser.add_argument("--only", action="append", default=[], help="a kind of viewers")
    parser.add_argument("--threads", default="2", help="of the trainer (default %(default)s)")
    parser.add_argument("--write", action="store_true", help=f"write the tables into {DOCUMENT.name}")
    options = parser.parse_args()
    tables = []
    for name, network in (("built-in digits", MNIST_LIKE), ("100,000 neurons", LARGE)):
        chosen = (*network, "--threads", options.threads)
        rows = compare(chosen, options.seconds, options.repeats, options.only)
        print(f"\n{name}, {options.threads} threads\n{text_table([HEADINGS, *rows], LEFT)}\n", flush=True)
        tables.append(f"{name.capitalize()}:\n\n{markdown_table(HEADINGS, rows)}")
    if options.write:
        write_between_markers(DOCUMENT, "viewers", "\n\n".join(tables))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
