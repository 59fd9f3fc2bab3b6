"""Values come back from the file as they went in; NumPy's as plain ones."""

import math
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.records import About, Store
from workbench.records.process import Process
from workbench.records.run import Session
from workbench.records.values import decode, encode, number, plain, written

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())  # lone surrogates included: file names may hold them
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
)
SESSION = Session(0.0, None, "running", "", "", {}, {})


def same(first: object, second: object) -> bool:
    """Whether two values are equal, of the same type, NaN included."""
    if type(first) is not type(second):
        return False
    if isinstance(first, float):
        return first == second or (math.isnan(first) and math.isnan(second))
    if isinstance(first, list):
        return len(first) == len(second) and all(map(same, first, second))
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(same(first[key], second[key]) for key in first)
    return first == second


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory):
    path = tmp_path_factory.mktemp("values") / "records.sqlite"
    with Store.open(path, create=True) as opened:
        yield opened


def begin(store: Store) -> int:
    return store.begin(About("values"), SESSION, Process.own())


@given(VALUES)
def test_a_value_comes_back_as_it_was(store: Store, value: object):
    with store.writing():
        number = begin(store)
        store.write_settings(number, {"value": encode(value)})
        store.write_results(number, {"value": encode(value)})
    assert same(store.settings([number])[number]["value"], value)
    assert same(store.results([number])[number]["value"], value)


@given(st.lists(st.floats(), max_size=20))
def test_statistics_come_back_as_they_were(store: Store, values: list[float]):
    with store.writing():
        number = begin(store)
        for step, value in enumerate(values):
            store.write_statistics(number, step, {"loss": value})
    found = store.statistics(number)
    if not values:
        assert found == {}
        return
    assert found["loss"].steps == list(range(len(values)))
    assert same(found["loss"].values, values)


def test_statistics_at_steps_without_one_are_missing_and_not_nan(store: Store):
    with store.writing():
        number = begin(store)
        store.write_statistics(number, 1, {"loss": 1.0, "rate": math.nan})
        store.write_statistics(number, 2, {"loss": math.inf})
        store.write_statistics(number, 3, {"loss": -math.inf, "rate": 0.0})
    found = store.statistics(number)
    assert found["loss"] == ([1, 2, 3], [1.0, math.inf, -math.inf])
    assert found["rate"].steps == [1, 3]
    assert math.isnan(found["rate"].values[0])
    assert list(store.statistics(number, ["rate"])) == ["rate"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float32(0.5), 0.5),
        (np.float64(-0.25), -0.25),
        (np.float16(2), 2.0),
        (np.longdouble(0.5), 0.5),
        (ml_dtypes.bfloat16(0.5), 0.5),
        (np.int8(-3), -3),
        (np.uint64(2**64 - 1), 2**64 - 1),
        (np.bool_(True), True),
        (np.str_("text"), "text"),
        (np.array(3), 3),
        (np.array([[1, 2]]), [[1, 2]]),
        (np.array([0.5, np.nan], np.float32), [0.5, math.nan]),
        (Path("a/b"), "a/b"),
        ((1, (2.5, "x")), [1, [2.5, "x"]]),
        ({1: np.int32(2)}, {"1": 2}),
    ],
)
def test_numpy_and_paths_become_plain(value: object, expected: object):
    assert same(plain(value), expected)
    encoded = encode(value)
    assert isinstance(encoded.value, int | float | str | None)
    assert same(decode(*encoded), expected)


def test_averages_of_numpy_numbers_are_right_in_sql(store: Store):
    """As bytes, which SQLite makes of them itself, they would be 0."""
    with store.writing():
        run = begin(store)
        store.write_results(run, {"of_averages": encode(np.float32(0.5))})
        store.write_statistics(run, 1, {"averaged": number(np.float64(0.5))})
    query = "SELECT avg(value) FROM results WHERE name = 'of_averages'"
    assert store.connection.execute(query).fetchone() == (0.5,)
    assert store.statistics(run)["averaged"].values == [0.5]


@pytest.mark.parametrize("value", [object(), b"bytes", 1j, np.complex64(1), {1: {2: object()}}, [b""]])
def test_what_is_no_value_is_refused(value: object):
    with pytest.raises(TypeError, match="a record keeps numbers"):
        encode(value)


@pytest.mark.parametrize("value", ["0.5", None, [1.0], object()])
def test_a_statistic_is_a_number(value: object):
    with pytest.raises(TypeError):
        number(value)


def test_numbers_beyond_the_floats_are_infinite():
    assert number(10**400) == math.inf
    assert number(-(10**400)) == -math.inf
    assert number(True) == 1.0


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="of kind 'pickle'"):
        decode("pickle", "x")


def test_values_in_tables_are_short():
    shown = [written(value) for value in (None, True, 3, 1 / 3, [1, 0.5], {"a": 1}, "text", math.nan)]
    assert shown == ["none", "yes", "3", "0.333333", "1,0.5", '{"a": 1}', "text", "nan"]
