"""Altered and hostile ONNX files: refused, or read as some network, within limits of memory and time.

Because of the limits, the files are read in a process of their own.
"""

import pytest

from tests.support.own_process import EXHAUSTIVE, run_alone

pytest.importorskip("onnx")


def test_altered_files_are_refused_with_an_error_of_the_reader_or_are_some_network():
    """Hostile constructions, 150 flipped bits and 40 truncations; 2,000 and 500 exhaustively."""
    arguments = ["2000", "500", "1"] if EXHAUSTIVE else ["150", "40", "1"]
    run_alone("tests.altered_onnx", *arguments)
