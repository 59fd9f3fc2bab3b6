"""Available memory: what the system says, or the limit of a container, whichever is less."""

from pathlib import Path

import pytest

from nn.data import memory
from nn.data.errors import DataError
from nn.data.memory import available_memory, container_memory, require_memory


@pytest.fixture
def groups(tmp_path: Path) -> Path:
    """A place for control groups."""
    root = tmp_path / "cgroup"
    root.mkdir()
    return root


def write_group(folder: Path, limit: str, usage: int, cache: int, version: int = 2) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    names = (
        ("memory.max", "memory.current")
        if version == 2
        else ("memory.limit_in_bytes", "memory.usage_in_bytes")
    )
    (folder / names[0]).write_text(f"{limit}\n")
    (folder / names[1]).write_text(f"{usage}\n")
    line = "inactive_file" if version == 2 else "total_inactive_file"
    (folder / "memory.stat").write_text(f"anon 5\n{line} {cache}\n")


def member_of(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "membership"
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def test_available_memory_is_plausible() -> None:
    assert 2**20 < available_memory() < 2**50


def test_without_information_the_physical_memory_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "container_memory", list)
    with_information = available_memory()
    monkeypatch.setattr(memory, "MEMORY_INFORMATION", Path("/nowhere"))
    assert available_memory() > with_information / 2


def test_a_limit_of_the_second_version_is_what_it_leaves(tmp_path: Path, groups: Path) -> None:
    """Cache that can be dropped counts as free memory."""
    write_group(groups / "jobs" / "mine", "1000", 700, 200)
    write_group(groups / "jobs", "900", 800, 50)
    write_group(groups, "max", 800, 50)
    membership = member_of(tmp_path, "0::/jobs/mine")
    assert container_memory(membership, groups) == [500, 150]


def test_a_limit_of_the_first_version_is_what_it_leaves(tmp_path: Path, groups: Path) -> None:
    write_group(groups / "memory" / "mine", "1000", 1100, 0, version=1)
    write_group(groups / "memory", "5000", 1000, 10, version=1)
    membership = member_of(tmp_path, "5:cpu,cpuacct:/", "4:hugetlb,memory:/mine", "0::/")
    assert container_memory(membership, groups) == [0, 4010]


def test_a_group_that_is_mounted_as_the_root_is_found(tmp_path: Path, groups: Path) -> None:
    write_group(groups, "1000", 400, 0)
    assert container_memory(member_of(tmp_path, "0::/docker/1234"), groups) == [600]


def test_without_control_groups_there_is_no_limit(tmp_path: Path, groups: Path) -> None:
    assert container_memory(tmp_path / "nowhere", groups) == []
    assert container_memory(member_of(tmp_path, "0::/"), groups) == []


def test_the_container_counts_where_it_leaves_less(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "container_memory", lambda: [2**50, 12345])
    assert available_memory() == 12345


def test_refusal_has_both_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nn.data.memory.available_memory", lambda: 3 * 2**30)
    require_memory(3 * 2**30, "a set")
    with pytest.raises(DataError, match=r"a set needs 4\.5 GiB of memory and 3\.0 GiB is available"):
        require_memory(9 * 2**29, "a set")


def test_all_memory_is_the_least_limit_of_the_containers(tmp_path: Path, groups: Path) -> None:
    write_group(groups / "jobs" / "mine", "max", 700, 200)
    write_group(groups / "jobs", "900", 800, 50)
    assert memory.total_memory(member_of(tmp_path, "0::/jobs/mine"), groups) == 900
    assert memory.total_memory(member_of(tmp_path, "0::/"), groups) >= available_memory()
