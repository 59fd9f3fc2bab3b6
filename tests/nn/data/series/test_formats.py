"""What each format may have, besides what the round trips write."""

import numpy as np
import pytest

from nn import Roles, load_series


@pytest.fixture
def write(tmp_path):
    def write(name, text):
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write


def test_one_long_series_without_a_column_of_series(write):
    found = load_series(write("stock.csv", "Open,Close\n1,2\n3,-4.5e1\n+.5,6.\n"))
    assert found.values.tolist() == [[[1, 2], [3, -45], [0.5, 6]]]
    assert found.values.dtype == np.float32
    assert (found.variables, found.names, found.labels, found.times) == (
        ("Open", "Close"),
        ("0",),
        None,
        None,
    )


def test_columns_have_the_roles_that_they_are_given(write):
    path = write("set.csv", "who,day,kind,x,y\nb,1,B,1,2\na,5,a,7,8\nb,2,B,3,4\n")
    found = load_series(path, roles=Roles(series="who", label="kind", time="day", variables=["y", "x"]))
    assert found.names == ("b", "a")  # rows of a series need not follow each other
    assert found.values.tolist() == [[[2, 1], [4, 3]], [[8, 7], [0, 0]]]
    assert found.lengths.tolist() == [2, 1]
    assert found.classes == ("B", "a") and found.labels.tolist() == [0, 1]
    assert found.times[0].tolist() == [1, 2] and np.isnan(found.times[1, 1])
    assert found.variables == ("y", "x")


def test_columns_of_the_names_of_roles_have_them(write):
    path = write("set.csv", "series,label,time,x\na,up,1,2\n")
    assert load_series(path).variables == ("x",)
    as_variable = load_series(path, roles=Roles(variables=["time", "x"]))
    assert as_variable.values.tolist() == [[[1, 2]]] and as_variable.times is None


def test_dates_are_times(write):
    path = write("set.csv", "time,x\n2024-02-28,1\n2024-02-29T12:00:00.5,2\n")
    times = load_series(path).times
    assert times.dtype == "datetime64[us]"
    assert times.tolist() == np.array([["2024-02-28", "2024-02-29T12:00:00.5"]], "datetime64[us]").tolist()
    shifted = write("shifted.csv", "time,x\n2024-02-28T01:00+02:00,1\n2024-02-28T00:30Z,2\n")
    assert str(load_series(shifted).times[0, 0]).startswith("2024-02-27T23:00")


def test_rows_of_whole_series(write):
    path = write("set.csv", "id,x1,y1,x2,y2,label\np,1,2,3,4,up\nq,5,6,,,down\n")
    found = load_series(path, roles=Roles(row="series", series="id"))
    assert found.values.tolist() == [[[1, 2], [3, 4]], [[5, 6], [0, 0]]]
    assert (found.variables, found.names) == (("x", "y"), ("p", "q"))
    only = load_series(path, roles=Roles(row="series", series="id", variables=["y"]))
    assert only.values[..., 0].tolist() == [[2, 4], [6, 0]]
    plain = load_series(write("plain.csv", "0,1,2,label\n1,2,3,a\n"), roles=Roles(row="series"))
    assert plain.variables == ("value",)


@pytest.mark.parametrize("text", ["7,1,2\n8,3,4\n", "7\t1\t2\n8\t3\t4\n\n", "  7  1e0   2\r\n  8 3 4"])
def test_ucr_separators(write, text):
    found = load_series(write("set.txt", text))
    assert found.values[..., 0].tolist() == [[1, 2], [3, 4]]
    assert found.classes == ("7", "8")


def test_missing_at_the_end_is_shorter_and_before_it_missing(write):
    path = write("set.tsv", "1\t5\tNaN\t7\tNaN\n2\t1\t2\t3\t4\n")
    found = load_series(path, missing="keep")
    assert found.lengths.tolist() == [3, 4]
    assert np.isnan(found.values[0, 1, 0]) and found.values[0, 3, 0] == 0
    assert load_series(path, missing="interpolate").values[0, :, 0].tolist() == [5, 6, 7, 0]


def test_ends_are_interpolated_by_the_nearest(write):
    path = write("set.csv", "x,y\n,1\n2,nan\n?,5\n")
    found = load_series(path, missing="interpolate").values[0]
    assert found.tolist() == [[2, 1], [2, 3], [2, 5]]


def test_labels_are_kept_byte_for_byte(write):
    ts = write(
        "set.ts", "@classLabel true Banana BANANA bana:na été\n@data\n1,2:BANANA\n3,4:bana:na\n5,6:été\n"
    )
    found = load_series(ts)
    assert found.classes == ("Banana", "BANANA", "bana:na", "été")
    assert found.labels.tolist() == [1, 2, 3]
    arff = write("set.arff", "@relation r\n@attribute a real\n@attribute c {'No Class',\"it's\",x}\n@data\n"
                 "1,'No Class'\n2,\"it's\"\n3,'it\\'s'\n4,x\n")  # fmt: skip
    assert load_series(arff).labels.tolist() == [0, 1, 1, 2]
    table = write("set.csv", 'label,series,x\n" a, b ",p,1\n1.0,q,2\n1,r,3\n')
    assert load_series(table).classes == (" a, b ", "1", "1.0")


def test_classes_that_are_numbers_are_in_the_order_of_numbers(write):
    assert load_series(write("set.tsv", "10\t1\n-1\t2\n9\t3\n")).classes == ("-1", "9", "10")


def test_a_test_set_is_numbered_by_the_classes_of_the_training_set(write):
    path = write("set.tsv", "b\t1\n")
    assert load_series(path, classes=["a", "b"]).labels.tolist() == [1]


def test_ts_with_times(write):
    header = (
        "@timeStamps true\n@missing true\n@univariate false\n@dimensions 2\n@classLabel true a b\n@data\n"
    )
    decimal = load_series(
        write("set.ts", header + "(-0.5,-1e-3),(1.25e1,?):(-0.5,2),(12.5,+3):b\n"),
        missing="keep",
        dtype="float64",
    )
    assert decimal.times.tolist() == [[-0.5, 12.5]]
    assert np.array_equal(decimal.values, [[[-1e-3, 2], [np.nan, 3]]], equal_nan=True)
    dates = load_series(
        write("dates.ts", header + "(2017-07-01 00:00:00,1),(2017-07-01 01:30:00,2):(2017-07-01 00:00:00,3),"
              "(2017-07-01 01:30:00,4):a\n")
    )  # fmt: skip
    assert np.diff(dates.times[0]) == np.timedelta64(90, "m")
    unlabelled = load_series(write("plain.ts", "@timestamps true\n@data\n(0,1),(1,2)\n"))
    assert unlabelled.labels is None and unlabelled.variables == ("value",)


def test_ts_without_classlabel_and_with_blank_lines_at_the_end(write):
    text = "%# as the archive\n@targetLabel false\n@problemName x\n@problemName y\n@DATA\n1,2:3,4\n\n\n"
    found = load_series(write("set.ts", text))
    assert found.values.tolist() == [[[1, 3], [2, 4]]]
    assert found.labels is None and found.variables == ("v0", "v1")


def test_arff_with_the_class_first_and_comments(write):
    path = write(
        "set.arff", "% one\n@RELATION x\n@ATTRIBUTE Class {b,a}\n@ATTRIBUTE 'x 1' INTEGER\n@ATTRIBUTE "
                 "x2 Real\n@DATA\n% two\na, 1 , 2.5\n")  # fmt: skip
    found = load_series(path)
    assert found.values[..., 0].tolist() == [[1, 2.5]]
    assert (found.classes, found.labels.tolist()) == (("b", "a"), [1])


def test_a_byte_order_mark_is_no_part_of_a_name(write):
    assert load_series(write("set.csv", b"\xef\xbb\xbfx,y\r\n1,2\r\n")).variables == ("x", "y")


def test_npz_with_all_it_may_have(tmp_path):
    path = tmp_path / "set.npz"
    values = np.arange(6, dtype=np.int16).reshape(2, 3)
    np.savez(path, values=values, lengths=[3, 2], labels=[1, 0], classes=["no", "Yes"], variables=["x"],
             names=["p", "q"])  # fmt: skip
    found = load_series(path)
    assert found.values[..., 0].tolist() == [[0, 1, 2], [3, 4, 0]]
    assert (found.classes, found.labels.tolist()) == (("no", "Yes"), [1, 0])
    assert (found.variables, found.names) == (("x",), ("p", "q"))


def test_npy_ends_with_nan_where_a_series_is_shorter(tmp_path):
    path = tmp_path / "set.npy"
    np.save(path, np.array([[1, np.nan], [2, 3]]))
    assert load_series(str(path)).lengths.tolist() == [1, 2]
