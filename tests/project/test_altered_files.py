"""Altered model files: refused, or loaded correctly, within limits of memory and time.

Because of the limits, the files are read in a process of their own.
"""

from tests.support.own_process import EXHAUSTIVE, run_alone


def test_altered_files_are_refused_with_an_error_of_the_loader_or_give_what_they_describe():
    """A dozen files of every family with one alteration, and a dozen with several; 60,000 exhaustively."""
    arguments = ["0", "1"] if EXHAUSTIVE else ["12", "1"]
    run_alone("tests.altered_files", *arguments)
