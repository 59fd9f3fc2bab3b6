"""Files that cannot be used: the message says where, what is wrong and what to do."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn import DataError, Roles, load_series

WIDE = Roles(row="series")
TS = "@classLabel true a b\n@data\n"
TIMED = "@timeStamps true\n" + TS
ARFF = "@relation r\n@attribute x numeric\n@attribute y numeric\n@attribute c {a,b}\n@data\n"
RELATION = (
    "@relation r\n@attribute all relational\n@attribute x numeric\n@attribute y numeric\n@end all\n@data\n"
)

BAD = [
    # CSV
    ("a.csv", "", "file is empty: there are no series"),
    ("a.csv", "\n\n", "no lines but blank ones"),
    ("a.csv", "x,y\n", "there are no series in it"),
    ("a.csv", "x,y,x\n1,2,3\n", "line 1: two columns are called x: rename one"),
    ("a.csv", "x,\n1,2\n", "line 1: column 2 has no name: give it one"),
    ("a.csv", "1,2\n3,4\n", "line 1: numbers, where the names of columns belong: add a first line"),
    ("a.csv", "x;y\n1;2\n", "separate columns by commas"),
    ("a.csv", "x,y\n1,2\n3\n", "line 3: 1 fields, but 2 columns in the first line: is the line cut off"),
    ("a.csv", "x,y\n1,2\n1,2,3\n", "line 3: 3 fields, but 2 columns"),
    ("a.csv", "x,y\n1,2\n\n3,4\n", "line 3 is blank, and more follow: remove it"),
    ("a.csv", 'x,y\n1,"2\n', "line 2: no row of a CSV file.*is the file cut off, or a quote not closed"),
    (
        "a.csv",
        "x,city\n1,Rome\n",
        "line 2, column city: 'Rome' is no number: correct it, leave the column out",
    ),
    ("a.csv", "x,y\n1,1_000\n", "line 2, column y: '1_000' is no number"),
    ("a.csv", "x,y\n1,٣\n", "line 2, column y: .* is no number"),
    ("a.csv", "x,y\n1,2\n,4\n", 'line 3, series 0, step 1, variable x: the value is missing.*missing="inter'),
    ("a.csv", "x,y\n1,inf\n", "line 2, series 0, step 0, variable y: inf: give a finite number"),
    ("a.csv", "x,y\n1,-1e999\n", "step 0, variable y: -inf"),
    ("a.csv", "x,y\n1,1e39\n", r"variable y: 1e\+39, which float32 cannot hold"),
    (
        "a.csv",
        "series,label,x\np,a,1\np,b,2\n",
        "line 3, column label: series p has label 'b' here and 'a' before",
    ),
    ("a.csv", "series,label,x\np,,1\n", "line 2, series p: the label is missing: fill the column"),
    ("a.csv", "time,x\n2,1\n2,1\n", r"line 3, series 0, step 1: time 2.0 comes after 2.0: sort the steps"),
    ("a.csv", "time,x\n1,1\nnoon,1\n", "line 2, column time: '1' is no time as those before"),
    (
        "a.csv",
        "time,x\n2024-01-01,1\n2024-01-02T00:00Z,1\n",
        "line 3, column time: .*all with an offset or none",
    ),
    ("a.csv", "label\na\n", "no columns are left for variables"),
    ("a.csv", b"x,y\n1,2\n\xff,4\n", "line 3: byte 0xff is not UTF-8: save the file as text in UTF-8"),
    ("a.csv", "x\n1\n".encode("utf-16"), "line 1: byte 0xff is not UTF-8"),
    ("a.csv", "<!doctype html><html>", "holds a web page, no series"),
    ("a.csv", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "holds a pointer of Git LFS"),
    # UCR
    ("a.tsv", "", "file is empty"),
    ("a.tsv", "\n", "there are no series in it"),
    ("a.tsv", "1\t2\t3\n1\t2\n", "line 2: 2 fields, but 3 in the first line: fill shorter series with NaN"),
    ("a.tsv", "1\t2\n\n1\t2\n", "line 2 is blank"),
    ("a.tsv", "1\n", "line 1: one field"),
    ("a.tsv", "a\tb\t1\n", "line 1, field 2: 'b' is no number: only the first field is a label"),
    ("a.tsv", "a\t1\t\n", "line 1, field 3: '' is no number"),
    ("a.tsv", "a\tNaN\tNaN\n", "line 1, series 0 has no steps: leave it out"),
    ("a.tsv", "a\t1\tNaN\t3\n", "line 1, series 0, step 1, variable value: the value is missing"),
    ("a.tsv", "\t1\n", "line 1, series 0: the label is missing: begin every line with it"),
    # ts
    ("a.ts", "", "file is empty"),
    ("a.ts", "@problemName x\n", "no line @data, after which the series come: is the file cut off"),
    ("a.ts", "@problemName x\n1,2:a\n", "line 2: '1,2:a' comes before @data"),
    ("a.ts", TS, "there are no series in it"),
    ("a.ts", "@classLable true\n@data\n", "line 1: '@classLable' is unknown; known: @problemName"),
    ("a.ts", "@missing false\n@missing true\n@data\n", "line 2: a second @missing: remove one"),
    ("a.ts", "@univariate yes\n@data\n", "line 1: '@univariate yes': give true or false"),
    ("a.ts", "@dimensions 0\n@data\n", "line 1: '@dimensions 0': give a whole number of at least 1"),
    ("a.ts", "@classLabel true a a\n@data\n", "line 1: class 'a' is there twice"),
    ("a.ts", "@targetLabel true\n@data\n", "line 1: targets are numbers, and only classes are read"),
    ("a.ts", TS + "1,2:c\n", "line 3, series 0: class 'c' is none of the known classes, a, b: correct it"),
    (
        "a.ts",
        TS + "1,2\n",
        "line 3: the label is missing: end every line with : and its class; is the line cut",
    ),
    ("a.ts", TS + "1,2:\n", "line 3, series 0: the label is missing"),
    (
        "a.ts",
        TS + "1,2:3,4:a\n1,2:b\n",
        "line 4, series 1: 1 dimensions, but 2 in the header or in the first",
    ),
    ("a.ts", TS + "1,2:3:a\n", "line 3: dimensions have 2, 1 steps: fill the shorter with ?"),
    ("a.ts", TS + "1,,2:a\n", "line 3, dimension 1, step 1: '' is no number"),
    ("a.ts", TS + ":a\n", "line 3, series 0 has no steps"),
    ("a.ts", TS + "?,?:a\n", "line 3, series 0 has no steps"),
    ("a.ts", "@data\n1,2:walk\n", "dimension 2, step 0: 'walk' is no number.*needs @classLabel true"),
    ("a.ts", "@univariate true\n" + TS + "1:2:a\n", "series 0: 2 dimensions, but 1 in the header"),
    ("a.ts", "@seriesLength 3\n" + TS + "1,2:a\n", "series 0: 2 steps, but 3 by @seriesLength"),
    ("a.ts", "@seriesLength 999999999999\n" + TS + "1,2:a\n", "2 steps, but 999999999999 by @seriesLength"),
    ("a.ts", "@equalLength true\n" + TS + "1,2:a\n1:a\n", "series 1: 1 steps, but 2 .* @equalLength true"),
    ("a.ts", "@missing false\n" + TS + "1,?,2:a\n", "series 0: a value is missing, but @missing false"),
    ("a.ts", "@missing true\n" + TS + "1,?,2:a\n", "series 0, step 1, variable value: the value is missing"),
    ("a.ts", TS + "1,2:a\n\n1,2:a\n", "line 4 is blank, and more follow"),
    ("a.ts", TIMED + "(0,1),(1,2\n", "line 4, at '.1,2': no pair .time,value., as @timeStamps true has it"),
    ("a.ts", TIMED + "1,2:a\n", "line 4, at '1,2:a': no pair"),
    ("a.ts", TIMED + "(0,1),(1,2)\n", "line 4: the label is missing"),
    ("a.ts", TIMED + "(0,1),(1,x):a\n", "line 4, step 1: 'x' is no number: pairs are"),
    ("a.ts", TIMED + "(0,1),(0,2):a\n", "line 4, series 0, step 1: time 0.0 comes after 0.0"),
    ("a.ts", TIMED + "(0,1):(1,2):a\n", "line 4: dimensions have different times: bring them to the same"),
    (
        "a.ts",
        "@timeStamps true\n@data\n(0,1):a\n",
        "line 3: 'a' at the end is no pair.*needs @classLabel true",
    ),
    # ARFF
    ("a.arff", "", "file is empty"),
    ("a.arff", "@relation r\n@attribute x numeric\n", "no line @data"),
    ("a.arff", "@relation r\n@data\n", "0 attributes of steps"),
    ("a.arff", "@relation r\n@attribute x string\n@data\n", "line 2: type 'string': only numeric, real"),
    (
        "a.arff",
        "@relation r\n@attribut x numeric\n@data\n",
        "line 2: '@attribut x numeric' is none of @relation",
    ),
    ("a.arff", "@relation r\n@attribute c {a,a}\n@data\n", "line 2: '{a,a}': give different classes"),
    ("a.arff", "@relation r\n@attribute c {a,b\n@data\n", "line 2: '{a,b': give different classes in braces"),
    ("a.arff", "@relation r\n@attribute c {a}\n@attribute d {a}\n@data\n", "line 3: a second attribute with"),
    ("a.arff", RELATION.replace("@end all\n", ""), "line 5: @end all is missing before @data"),
    ("a.arff", RELATION.replace("y numeric", "y relational"), "line 4: a relation within a relation"),
    ("a.arff", RELATION.replace("y numeric", "y {a,b}"), "line 4: type '{a,b}': only numeric, real"),
    ("a.arff", ARFF, "there are no series in it"),
    ("a.arff", ARFF + "1,a\n", "line 6: 2 fields, but 3 attributes: is the line cut off"),
    ("a.arff", ARFF + "1,2,c\n", "line 6, series 0: class 'c' is none of the known classes, a, b"),
    ("a.arff", ARFF + "1,2,A\n", "class 'A' is none of the known classes, a, b"),
    ("a.arff", ARFF + "1,2,?\n", "line 6, series 0: the label is missing: give the class attribute"),
    ("a.arff", ARFF + "1,b,a\n", "line 6, variable 1, step 1: 'b' is no number: a missing value is ?"),
    ("a.arff", ARFF + "1,2,'a\n", "line 6, at .*: a quote is not closed, or something is around it"),
    ("a.arff", ARFF + "{0 1, 2 a}\n", "line 6: the sparse form is not read"),
    ("a.arff", ARFF + "?,?,a\n", "line 6, series 0 has no steps"),
    ("a.arff", RELATION + "'1,2\\n3'\n", "line 7, variable 2: 1 steps, but 2 are declared"),
    ("a.arff", RELATION + "'1,2\\n3,4'\n'1,2'\n", "line 8, series 1 has 1 variables, others 2"),
    # others
    ("a.xls", "x", "suffix '.xls': series are read from .csv, .tsv"),
    ("a.npy", "", "not a file of NumPy, it holds nothing"),
    ("a.npz", "PK", "cannot be read"),
]


@pytest.mark.parametrize(("name", "content", "message"), BAD)
def test_bad_files_say_where_and_what_to_do(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError, match=message) as error:
        load_series(path)
    assert str(error.value).startswith(f"{path}: ") and "\n" not in str(error.value)


WIDE_BAD = [
    ("x0,x1\n1,2\n3\n", "line 3: 1 fields"),
    ("x0,city\n1,Rome\n", "column city is none of a variable and a step, such as x0: give it a role"),
    ("x0,x2\n1,2\n", "variable x has the steps 0, 2: every variable must have all from 0 to 1"),
    ("x0,x1,y0\n1,2,3\n", "variable y has the steps 0: every variable must have all from 0 to 1"),
    ("x0,x_0\n1,2\n", "columns x0 and x_0 are the same step"),
    ("label\na\n", "no columns are left for variables"),
    ("x0,label\n,a\n", "line 2, series 0 has no steps"),
    ("x0,x1,x2\n1,,3\n", "line 2, series 0, step 1, variable x: the value is missing"),
    ("series,x0\np,1\np,2\n", "line 2, series p has two rows: give every series a name of its own"),
]


@pytest.mark.parametrize(("text", "message"), WIDE_BAD)
def test_bad_rows_of_whole_series(tmp_path, text, message):
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        load_series(path, roles=WIDE)


def test_bad_roles(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id,kind,x0\n1,2,3\n")
    for roles, message in [
        (Roles(label="kinds"), "roles: label: there is no 'kinds'; did you mean kind"),
        (Roles(series="q"), "roles: series: there is no 'q'; there are id, kind, x0"),
        (Roles(variables=["x"]), "roles: variables: there is no 'x'; "),
        (Roles(label="id", series="id"), "roles: column id has two roles"),
        (Roles(label="kind", variables=["kind"]), "roles: column kind has two roles"),
        (Roles(row="series", variables=["y"]), "roles: variables: there is no 'y'; there are x"),
    ]:
        with pytest.raises(DataError, match=message):
            load_series(path, roles=roles)
    for arguments, message in [
        ({"row": "steps"}, "row 'steps': give step or series"),
        ({"row": "series", "time": "t"}, "no column of times"),
        ({"variables": "x"}, "variables 'x': give a list of names"),
        ({"variables": ()}, "give a list of names"),
    ]:
        with pytest.raises(DataError, match=message):
            Roles(**arguments)
    other = tmp_path / "a.tsv"
    other.write_text("1\t2\n")
    with pytest.raises(DataError, match=r"roles are those of columns of a .csv file: leave them out"):
        load_series(other, roles=Roles())


def test_bad_arguments(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_text("1\t2\tNaN\t3\n")
    with pytest.raises(DataError, match="dtype int32: give float32 or float64"):
        load_series(path, dtype=np.int32)
    with pytest.raises(DataError, match="missing 'drop': give refuse, keep, interpolate"):
        load_series(path, missing="drop")
    with pytest.raises(DataError, match="class '1' is none of the known classes, 2"):
        load_series(path, classes=["2"], missing="keep")


def test_nothing_to_interpolate_from(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("x,y\n1,\n2,\n")
    with pytest.raises(DataError, match="line 2, series 0, variable y: all values are missing"):
        load_series(path, missing="interpolate")


def test_files_that_are_none(tmp_path):
    for name in ("a.csv", "a.tsv", "a.ts", "a.arff", "a.npy", "a.npz"):
        with pytest.raises(DataError, match=f"{name}: (cannot be read: )?[Nn]o such file"):
            load_series(tmp_path / name)
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(DataError, match="not a regular file"):
        load_series(tmp_path / "folder.csv")


TWO = np.zeros((2, 3))

ARRAYS = [
    ({"other": TWO}, "no array called values, only other: write it by"),
    ({"values": np.zeros(3)}, r"values are float64 \(3,\): numbers are needed"),
    ({"values": np.zeros((2, 0, 1))}, "numbers are needed"),
    ({"values": np.array([["a"]])}, "numbers are needed"),
    ({"values": np.array([[{}]])}, "cannot be read without running what they say"),
    ({"values": TWO, "lengths": np.array([3])}, r"lengths are int64 \(1,\): give whole numbers"),
    ({"values": TWO, "lengths": np.array([3, 0])}, "lengths: series 1 has 0 steps: 1 to 3 are"),
    ({"values": TWO, "lengths": np.array([4, 3])}, "lengths: series 0 has 4 steps"),
    ({"values": TWO, "labels": np.zeros(2)}, "labels are float64"),
    ({"values": TWO, "labels": np.array([0])}, r"labels are int64 \(1,\)"),
    (
        {"values": TWO, "labels": np.array([0, 2]), "classes": np.array(["a", "b"])},
        "labels: series 1 has 2, but there are 2 classes, from 0 to 1",
    ),
    ({"values": TWO, "labels": np.array([0, 1]), "classes": np.array(["a", "a"])}, "two are the same"),
    ({"values": TWO, "names": np.array(["a"])}, "names are <U1 .1,.: give texts, 2 of them"),
    ({"values": np.array([[1, np.nan, 2]])}, "series 0, step 1, variable value: the value is missing"),
    ({"values": np.array([[1, np.inf]])}, "series 0, step 1, variable value: inf"),
    ({"values": np.full((1, 2), np.nan)}, "series 0 has no steps"),
]


@pytest.mark.parametrize(("arrays", "message"), ARRAYS)
def test_bad_arrays(tmp_path, arrays, message):
    path = tmp_path / "a.npz"
    np.savez(path, **arrays)
    with pytest.raises(DataError, match=message) as error:
        load_series(path)
    assert str(error.value).startswith(f"{path}: ")


def test_memory_is_asked_before_a_file_is_read(tmp_path, monkeypatch):
    path = tmp_path / "a.tsv"
    path.write_text("1\t2\t3\n")
    monkeypatch.setattr("nn.data.memory.available_memory", lambda: 47)
    with pytest.raises(DataError, match="needs 48 bytes of memory and 47 bytes is available: read fewer"):
        load_series(path)


def test_memory_is_asked_before_series_are_padded(tmp_path, monkeypatch):
    """One long series makes all of them long: a small file can need much."""
    path = tmp_path / "a.csv"
    rows = [f"long,{step}" for step in range(1000)] + [f"s{number},0" for number in range(1000)]
    path.write_text("series,x\n" + "\n".join(rows) + "\n")
    monkeypatch.setattr("nn.data.memory.available_memory", lambda: 1_000_000)
    with pytest.raises(
        DataError, match=r"1001 series of up to 1000 steps and 1 variables needs 3.8 MiB.*pad less"
    ):
        load_series(path)


def test_a_header_of_numpy_that_claims_too_much(tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, np.zeros((2, 3)))
    path.write_bytes(path.read_bytes().replace(b"(2, 3), }  ", b"(2, 3000),}"))
    with pytest.raises(DataError, match=r"a.npy: cannot be read"):
        load_series(path)


WHOLE = {
    "set.csv": b"series,label,time,x\np,a,1,2\nq,b,2,3\n",
    "set.tsv": b"1\t2\t3\n2\t4\t5\n",
    "set.ts": TIMED.encode() + b"(0,1),(1,2):a\n(0,1),(1,2):b\n",
    "set.arff": RELATION.replace("@end all", "@end all\n@attribute c {a,b}").encode() + b"'1,2\\n3,4',a\n",
}


@pytest.mark.parametrize("name", WHOLE)
@given(place=st.integers(0, 200), byte=st.integers(0, 255), cut=st.booleans())
def test_one_changed_byte_or_a_cut_gives_series_or_a_clear_error(tmp_path_factory, name, place, byte, cut):
    content = bytearray(WHOLE[name])
    place %= len(content)
    if cut:
        del content[place:]
    else:
        content[place] = byte
    path = tmp_path_factory.mktemp("series") / name
    path.write_bytes(bytes(content))
    try:
        found = load_series(path)
    except DataError as error:
        assert str(error).startswith(f"{path}: ") and "\n" not in str(error)
    else:
        assert np.isfinite(found.values).all() and found.lengths.min() >= 1
