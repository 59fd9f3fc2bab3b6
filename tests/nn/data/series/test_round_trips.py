"""Every format: what was written is what is read, to the bit of a number and the byte of a label."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nn import Roles, SeriesSet, load_series
from tests.support.series_files import (
    COLUMNS,
    Labelled,
    any_text,
    labelled_series,
    write_arff,
    write_series_rows,
    write_step_rows,
    write_ts,
    write_ucr,
)


def check(found: SeriesSet, data: Labelled) -> None:
    assert found.values.dtype == np.float64
    assert found.lengths.tolist() == [len(values) for values in data.series]
    for row, values in enumerate(data.series):
        assert found.values[row, : len(values)].tobytes() == values.tobytes()
        assert not found.values[row, len(values) :].any()
        assert not found.mask[row, len(values) :].any() and found.mask[row, : len(values)].all()
    if not data.labels:
        assert found.labels is None
    else:
        assert [found.classes[label] for label in found.labels] == data.labels


@given(data=labelled_series(texts=any_text))
def test_csv_with_a_row_for_every_step(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("series") / "set.csv"
    write_step_rows(path, data)
    found = load_series(path, dtype=np.float64)
    check(found, data)
    assert found.variables == COLUMNS[1 : data.series[0].shape[1] + 1]
    assert found.names == tuple(f"s{number}" for number in range(len(data.series)))


@given(data=labelled_series(texts=any_text))
def test_csv_with_a_row_for_every_series(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("series") / "set.csv"
    write_series_rows(path, data)
    check(load_series(path, roles=Roles(row="series"), dtype=np.float64), data)


@given(
    data=labelled_series(most_variables=1).filter(lambda data: data.labels), separator=st.sampled_from("\t ,")
)
def test_ucr(tmp_path_factory, data, separator):
    path = tmp_path_factory.mktemp("series") / "set.tsv"
    labels = [label.replace(",", ".") for label in data.labels]
    write_ucr(path, Labelled(data.series, labels), separator)
    check(load_series(path, dtype=np.float64), Labelled(data.series, labels))


@given(data=labelled_series(), timed=st.booleans())
def test_ts(tmp_path_factory, data, timed):
    path = tmp_path_factory.mktemp("series") / "set.ts"
    write_ts(path, data, timed=timed)
    found = load_series(path, dtype=np.float64)
    check(found, data)
    if timed:
        assert found.times is not None
        assert np.array_equal(
            found.times[found.mask], np.concatenate([0.5 * np.arange(n) for n in found.lengths])
        )


@given(data=labelled_series(texts=any_text))
def test_arff(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("series") / "set.arff"
    write_arff(path, data)
    check(load_series(path, dtype=np.float64), data)


@given(data=labelled_series(), missing=st.randoms(use_true_random=False))
def test_ts_and_arff_of_one_set_agree(tmp_path_factory, data, missing):
    """In all but what they are called: missing values and unequal lengths too."""
    for values in data.series:
        for step in range(len(values)):
            for variable in range(values.shape[1]):
                if missing.random() < 0.2 and (step, variable) != (0, 0):
                    values[step, variable] = np.nan
    folder = tmp_path_factory.mktemp("series")
    classes = sorted({*data.labels, "unused"}, reverse=True)
    write_ts(folder / "set.ts", data, classes=classes)
    write_arff(folder / "set.arff", data, classes=classes)
    one, other = (
        load_series(folder / f"set.{kind}", missing="keep", dtype=np.float64) for kind in ("ts", "arff")
    )
    assert one.values.tobytes() == other.values.tobytes()
    assert np.array_equal(one.lengths, other.lengths)
    assert (one.variables, one.names, one.classes) == (other.variables, other.names, other.classes)
    assert np.array_equal(one.labels, other.labels)


@given(data=labelled_series())
def test_npz(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("series") / "set.npz"
    lengths = np.array([len(values) for values in data.series])
    padded = np.zeros((len(lengths), lengths.max(), data.series[0].shape[1]))
    for row, values in enumerate(data.series):
        padded[row, : len(values)] = values
    labels = {"labels": np.array(data.labels, str)} if data.labels else {}
    np.savez(path, values=padded, lengths=lengths, **labels)
    check(load_series(path, dtype=np.float64), data)


@given(data=labelled_series(equal=True))
def test_npy(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("series") / "set.npy"
    np.save(path, np.stack(data.series))
    check(load_series(path, dtype=np.float64), Labelled(data.series, []))
