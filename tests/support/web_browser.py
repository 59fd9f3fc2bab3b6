"""Debian's Chromium, driven by Playwright; tests that need it are skipped without it."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from experiments.serving import find_browser
from tests.support import patience

pytest.importorskip("nicegui", reason="needs NiceGUI: pip install 'ganglion[web]'")
playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install playwright")

Browser, Locator, Page = playwright.Browser, playwright.Locator, playwright.Page
expect = playwright.expect
expect.set_options(timeout=patience.MILLISECONDS)


@contextmanager
def browser() -> Iterator[Browser]:
    """Open a browser without a window or stored data."""
    path = find_browser()
    if path is None:
        pytest.skip("needs a browser: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        driver.selectors.set_test_id_attribute("data-test")
        chromium = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield chromium
        finally:
            chromium.close()
