"""Debian's Chromium, driven by Playwright; tests that need it are skipped where it is not."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

pytest.importorskip("nicegui", reason="needs NiceGUI: pip install 'ganglion[web]'")
playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")

Browser, Locator, Page = playwright.Browser, playwright.Locator, playwright.Page
expect = playwright.expect
CHROMIUM = shutil.which("chromium")


@contextmanager
def browser() -> Iterator[Browser]:
    """Open a browser without a window, with nothing remembered."""
    if CHROMIUM is None:
        pytest.skip("there is no program chromium")
    with playwright.sync_playwright() as driver:
        driver.selectors.set_test_id_attribute("data-test")
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield chromium
        finally:
            chromium.close()
