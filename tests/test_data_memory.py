from pathlib import Path

import pytest

from nn.data.errors import DataError
from nn.data.memory import available_memory, require_memory


def test_available_memory_is_plausible() -> None:
    assert 2**20 < available_memory() < 2**50


def test_without_meminfo_the_physical_memory_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    with_meminfo = available_memory()

    def missing(*_arguments: object, **_options: object) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", missing)
    assert available_memory() > with_meminfo / 2


def test_refusal_has_both_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nn.data.memory.available_memory", lambda: 3 * 2**30)
    require_memory(3 * 2**30, "a set")
    with pytest.raises(DataError, match=r"a set needs 4\.50 GiB of memory and 3\.00 GiB is available"):
        require_memory(9 * 2**29, "a set")
