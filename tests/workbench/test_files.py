"""Files are complete or absent."""

import errno
from pathlib import Path

import numpy as np
import pytest

from workbench.files import replacing, write_array


def test_a_file_is_there_whole_or_not_at_all(tmp_path: Path):
    path = tmp_path / "array.npy"
    write_array(path, np.arange(3))
    with pytest.raises(OSError, match="full"), replacing(path) as file:
        file.write(b"half")
        raise OSError("full")
    np.testing.assert_array_equal(np.load(path), np.arange(3))
    assert [each.name for each in tmp_path.iterdir()] == ["array.npy"]


def test_errors_name_the_file_that_was_to_be_written(tmp_path: Path):
    path = tmp_path / "a.png"
    with pytest.raises(OSError, match=r"left on device: '.*a\.png'"), replacing(path):
        raise OSError(errno.ENOSPC, "No space left on device")
    with (
        pytest.raises(FileNotFoundError, match=r"'.*nowhere/a\.png'"),
        replacing(tmp_path / "nowhere" / "a.png"),
    ):
        pass
    with pytest.raises(FileNotFoundError, match="'other'"), replacing(path):
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", "other")
    assert not list(tmp_path.iterdir())
