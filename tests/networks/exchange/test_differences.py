"""The table of differences in docs/exchange.md: of every layer, and of random networks what it says."""

import pytest
from hypothesis import HealthCheck, Phase, given, reject, settings
from hypothesis import strategies as st

from networks.exchange import ExchangeError
from networks.ladder import CONTAINERS, FAMILIES
from tests.exchange_differences import COLUMNS, NONE, read_table, reason
from tests.support.exchange_formats import FORMATS, KERAS_OUT, differences
from tests.support.exchange_rows import ROWS

pytest.importorskip("onnxruntime")
pytest.importorskip("h5py")
pytestmark = [pytest.mark.usefixtures("one_thread"), pytest.mark.filterwarnings("ignore")]

TABLE = {title: dict(zip(COLUMNS, cells, strict=True)) for title, *cells in read_table()}
LARGEST = 1e-4
"""Of one of thousands of networks of several layers; see the table for what is usual."""

every_format = pytest.mark.parametrize("columns", FORMATS, ids=", ".join)
taken = {
    columns: [row for row in ROWS if any(TABLE[row.title][column] != NONE for column in columns)]
    for columns in FORMATS
}


def test_every_family_and_every_row_is_in_the_table():
    assert list(TABLE) == [row.title for row in ROWS]
    assert {family for row in ROWS for family in row.families} == set(FAMILIES) | set(CONTAINERS)


def test_every_figure_is_small_and_every_gap_has_its_reason():
    for title, cells in TABLE.items():
        for column, cell in cells.items():
            if cell == NONE:
                assert reason(title, column)
            else:
                assert cell == "equal" or float(cell) < LARGEST


@every_format
def test_random_networks_of_all_layers_give_the_same(columns, tmp_path_factory):
    examples = settings().max_examples // (2 if KERAS_OUT in columns else 1)

    @settings(max_examples=examples)
    @given(st.sampled_from(taken[columns]).flatmap(lambda row: st.tuples(st.just(row), row.networks)))
    def look(drawn):
        row, network = drawn
        found = {}
        try:
            for column, difference in differences(network, columns, tmp_path_factory.mktemp("exchange")):
                found[column] = difference
        except ExchangeError:
            if not found:
                reject()
        assert all(difference < LARGEST for difference in found.values()), (row.title, found)

    look()


@every_format
def test_what_has_no_figure_is_refused(columns, tmp_path):
    for row in ROWS:
        gaps = {column for column in columns if TABLE[row.title][column] == NONE}
        if gaps:
            check_refused(row, columns, gaps, tmp_path)


def check_refused(row, columns, gaps, folder):
    """Expect that one network of a row ends before a column that has no figure."""

    @settings(max_examples=1, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(row.networks)
    def look(network):
        with pytest.raises(ExchangeError):
            for column, _ in differences(network, columns, folder):
                assert column not in gaps, (row.title, column)

    look()
