"""Files are complete or absent."""

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
