"""Which version of the code something was made with."""

import platform

from workbench.code_version import code_version


def test_the_version_names_program_commit_and_libraries():
    found = code_version()
    assert list(found) == ["ganglion", "python", "numpy", "numba"]
    assert found["python"] == platform.python_version()
    assert found["ganglion"].endswith(")")
