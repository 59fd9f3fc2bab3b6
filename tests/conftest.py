"""What all tests share: how many examples hypothesis tries, where the real data is, how many threads."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numba
import pytest
from hypothesis import settings

from tests.support.longest_files import LONGEST
from tests.support.real_data import NEEDED, find_data

if TYPE_CHECKING:
    from tests.support.web_browser import Browser

# The same examples every time; the exhaustive run looks for new ones.
settings.register_profile("default", max_examples=25, deadline=None, derandomize=True)
settings.register_profile("exhaustive", max_examples=200, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

# What tests run is recorded only where a test asks for it.
os.environ["GANGLION_RECORDS"] = "off"

# Shells let background processes ignore Ctrl-C, which every test would inherit.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files, so that at the end no process waits for another's long file."""
    places = {file: place for place, file in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.nodeid.partition("::")[0], len(LONGEST)))


@pytest.fixture(autouse=True)
def signals_as_before() -> Iterator[None]:
    """Take back handlers of signals, which a program sets that runs within the tests' own process."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        if signal.getsignal(number) is not handler:
            signal.signal(number, handler)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets; the test is skipped without it."""
    folder = find_data()
    if folder is None:
        pytest.skip(NEEDED)
    return folder


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Run a module's small networks on one thread: on a busy machine every parallel region waits its turn."""
    threads = numba.get_num_threads()
    numba.set_num_threads(1)
    yield
    numba.set_num_threads(threads)


@pytest.fixture(scope="module")
def chromium() -> Iterator["Browser"]:
    """A browser for the tests of a module; they are skipped without one."""
    from tests.support.web_browser import browser

    with browser() as started:
        yield started
