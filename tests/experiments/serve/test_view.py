"""What a page shows, as its address has it, and curves no finer than a screen."""

import numpy as np
import pytest

from experiments.records.groups import Band
from experiments.serve.curves import thinned
from experiments.serve.view import MOST_CHOSEN, View, conditions
from workbench.errors import InputError


def given(address: str) -> dict[str, str]:
    from urllib.parse import parse_qsl

    return dict(parse_qsl(address.removeprefix("?")))


def test_an_address_is_read_back():
    view = View(
        where="loss<0.1 'name=a b'", program="gan", chosen=(3, 1), statistics=("a", "b"), log=True, page=2
    )
    assert View.from_address(given(view.address)) == view
    assert View().address == ""


def test_what_makes_no_sense_in_an_address_is_left_out():
    view = View.from_address({"page": "-3", "chosen": "7-5,x", "over": "mood", "program": "gan", "else": "1"})
    assert view == View(program="gan")
    assert len(View.from_address({"chosen": "1-90000"}).chosen) == MOST_CHOSEN


def test_runs_are_listed_as_the_command_lists_them():
    query = View(where="units=8 loss<0.5", sort="loss", page=3).query
    assert [each.name for each in query.where] == ["units", "loss"]
    assert (query.descending, query.limit, query.skip) == (False, 50, 150)
    assert View().query.descending and not View(reverse=True).query.descending


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"where": "units"}, "is no condition"),
        ({"where": "loss<'small"}, "quotation mark"),
        ({"state": "asleep"}, "is no state: there are running"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(fields, message):
    with pytest.raises(InputError, match=message):
        _ = View(**fields).query


def test_conditions_may_be_quoted():
    assert conditions("'name=a b' loss!=nan")[0] == ("name", "=", "a b")


def test_runs_are_chosen_once_and_no_longer():
    view = View(chosen=(5,))
    view.choose((7, 5), chosen=True)
    assert sorted(view.chosen) == [5, 7]
    view.choose((5,), chosen=False)
    assert view.chosen == (7,)


def test_a_thinned_band_keeps_its_ends_and_its_peaks():
    mean = np.sin(np.linspace(0, 60, 100_000))
    mean[54_321], mean[12_345] = 9.0, -9.0
    band = Band(np.arange(100_000.0), mean, mean - 1, mean + 1)
    few = thinned(band, 400)
    assert len(few.places) <= 402
    assert {0, 12_345, 54_321, 99_999} <= set(few.places.astype(int))
    assert (np.diff(few.places) > 0).all()
    assert np.array_equal(
        few.high - few.low, band.high[few.places.astype(int)] - band.low[few.places.astype(int)]
    )
    assert thinned(few, 500) is few
