import argparse
from pathlib import Path

import pytest

from experiments.series_options import add_roles, roles_of
from nn import DataError, Roles


def parse(*words):
    parser = argparse.ArgumentParser()
    add_roles(parser)
    return parser.parse_args(words)


def test_options_are_roles():
    files = [Path("a.CSV")]
    assert roles_of(parse(), files) == Roles()
    words = ["--series", "who", "--label", "kind", "--time", "day", "--variables", "x", "y"]
    assert roles_of(parse(*words), files) == Roles("who", "kind", "day", ["x", "y"])
    assert roles_of(parse("--row", "series"), files).row == "series"


def test_options_that_do_not_fit_are_refused():
    assert roles_of(parse(), [Path("a.ts")]) == Roles()
    with pytest.raises(DataError, match=r"about columns of \.csv files: leave them out, none is given"):
        roles_of(parse("--label", "kind"), [Path("a.ts")])
    with pytest.raises(DataError, match="a row that is a whole series has no column of times"):
        roles_of(parse("--time", "t", "--row", "series"), [Path("a.csv")])
