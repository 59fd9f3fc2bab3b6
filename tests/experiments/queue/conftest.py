from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def in_a_working_folder(folder: Path) -> None:
    """Every test of the queue is in a folder of its own."""
