"""Saving that fails or is cut short, at any moment, leaves a snapshot that loads."""

import errno
import os
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nn.snapshot import SnapshotError, load, load_latest, previous, save

WEIGHTS = np.arange(6, dtype=np.float32).reshape(2, 3)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


@pytest.mark.parametrize("call", ["fsync", "replace", "open"])
def test_whatever_system_call_fails_the_last_snapshot_stays(path, call, monkeypatch):
    save(path, {"a": WEIGHTS}, {"number": 1})

    def fail(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        if call == "open":
            patched.setattr("builtins.open", fail)
        else:
            patched.setattr(os, call, fail)
        with pytest.raises(SnapshotError, match=rf"{path}.*No space left on device.*untouched"):
            save(path, {"a": WEIGHTS}, {"number": 2})
    assert load_latest(path).metadata == {"number": 1}
    save(path, {"a": WEIGHTS}, {"number": 3})
    assert sorted(path.parent.iterdir()) == sorted([path, previous(path)])


def test_a_disk_that_fills_while_writing_leaves_the_last_snapshot(path):
    save(path, {"a": WEIGHTS}, {"number": 1})
    script = (
        "import sys, numpy as np\n"
        "from pathlib import Path\n"
        "from nn.snapshot import save, SnapshotError\n"
        "try:\n"
        "    save(Path(sys.argv[1]), {'a': np.zeros(100_000)}, {'number': 2})\n"
        "except SnapshotError as error:\n"
        "    sys.exit(f'refused: {error}')\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", script, str(path)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000)),
    )
    assert result.returncode == 1
    assert f"refused: {path}: cannot save the snapshot (File too large)" in result.stderr
    assert load(path).metadata == {"number": 1}
    assert list(path.parent.iterdir()) == [path]


def test_a_missing_or_read_only_folder_is_named(path, monkeypatch):
    missing = path.parent / "nowhere" / "model.safetensors"
    with pytest.raises(SnapshotError, match=rf"{missing}.*No such file or directory"):
        save(missing, {"a": WEIGHTS}, {})
    save(path, {"a": WEIGHTS}, {"number": 1})
    path.parent.chmod(0o555)
    try:
        if os.access(path.parent, os.W_OK):  # the superuser may write anywhere
            monkeypatch.setattr("builtins.open", _deny)
        with pytest.raises(SnapshotError, match=rf"{path}.*Permission denied"):
            save(path, {"a": WEIGHTS}, {"number": 2})
    finally:
        monkeypatch.undo()
        path.parent.chmod(0o755)
    assert load(path).metadata == {"number": 1}


def _deny(*_):
    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def test_without_hard_links_the_one_before_is_still_kept(path, monkeypatch):
    monkeypatch.setattr(os, "link", _deny)
    for number in range(3):
        save(path, {"a": WEIGHTS}, {"number": number})
    assert load(path).metadata == {"number": 2}
    assert load(previous(path)).metadata == {"number": 1}


class Killed(BaseException):
    """Represents the end of the process."""


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("damaged", [True, False])
def test_killed_between_any_two_file_operations_a_good_snapshot_remains(path, links, damaged, monkeypatch):
    """Stops at every call that changes the folder; then the next save must succeed as well."""
    operations = ["open", "link", "replace", "fsync"]
    for stop in range(12):
        for file in path.parent.iterdir():
            file.unlink()
        save(path, {"a": WEIGHTS}, {"number": 0})
        save(path, {"a": WEIGHTS}, {"number": 1})
        if damaged:
            path.write_bytes(b"bit rot")
        with monkeypatch.context() as patched:
            if not links:
                patched.setattr(os, "link", _deny)
            remaining = [stop]
            for name in operations:
                patched.setattr(os, name, _until(remaining, getattr(os, name)))
            patched.setattr(Path, "unlink", _until(remaining, Path.unlink))
            try:
                save(path, {"a": WEIGHTS}, {"number": 2})
                finished = True
            except Killed:
                finished = False
        possible = {2} if finished else {0, 2} if damaged else {1, 2}
        assert load_latest(path).metadata["number"] in possible
        save(path, {"a": WEIGHTS}, {"number": 3})
        assert load(path).metadata == {"number": 3}
        assert not path.with_name("model.unfinished.safetensors").exists()
    assert finished, "more operations than were stopped at"


def _until(remaining, call):
    """Return a call that counts down together with the others, and ends the process in place of the last."""

    def counted(*arguments, **options):
        if remaining[0] == 0:
            raise Killed
        remaining[0] -= 1
        return call(*arguments, **options)

    return counted
