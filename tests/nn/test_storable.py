"""What a snapshot cannot hold is refused by name, and the earlier snapshot stays."""

from typing import Any

import ml_dtypes
import numpy as np
import pytest

from networks import Dense
from networks.model_file import save_model
from nn.shape import Shape
from nn.snapshot import SnapshotError, load, load_latest, save

WEIGHTS = np.arange(6, dtype=np.float32)
LOOP: dict[str, Any] = {}
LOOP["again"] = LOOP


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ([WEIGHTS], "the arrays are of type list: give a dictionary of arrays by name"),
        ((("a", WEIGHTS),), "the arrays are of type tuple"),
        (WEIGHTS, "the arrays are of type ndarray"),
        (None, "the arrays are None"),
        ("weights", "the arrays are of type str"),
        ({"a": [1, 2]}, "a is of type list: give an array"),
        ({"a": 1.5}, "a is 1.5: give an array"),
        ({"a": None}, "a is None: give an array"),
        ({"a": {"b": WEIGHTS}}, "a is of type dict: give an array"),
        ({1: WEIGHTS}, "the name 1 of an array is not text"),
        ({"a": WEIGHTS, ("b", 2): WEIGHTS}, r"the name \('b', 2\) of an array is not text"),
        ({"__metadata__": WEIGHTS}, "an array cannot be called '__metadata__'"),
        ({"a\udcff": WEIGHTS}, "an array cannot be called 'a"),
        ({"a": np.array([{}], object)}, "a is Python objects: give float16 to float64, integers or bool"),
        ({"a": np.array(["x"])}, "a is <U1: give"),
        ({"a": np.array([b"x"])}, r"a is \|S1: give"),
        ({"a": WEIGHTS.astype(complex)}, "a is complex128: give"),
        ({"a": WEIGHTS.astype(np.longdouble)}, r"a is float\d+: give"),
        ({"a": np.zeros(2, [("x", "f4"), ("y", "f4")])}, "a is records of x, y: give"),
        ({"a": np.zeros(2, "M8[s]")}, r"a is datetime64\[s\]: give"),
        ({"a": WEIGHTS.astype(ml_dtypes.bfloat16)}, "a is bfloat16: give"),
        ({"a": np.ma.masked_array(WEIGHTS, WEIGHTS > 2)}, "a is a masked array: give its numbers"),
        ({"a": np.array([1, np.nan])}, r"a has nan at \(1,\)"),
    ],
)
def test_arrays_that_are_none(tmp_path, arrays, message):
    refused(tmp_path, arrays, {}, message)


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ([1], "the metadata are of type list: give a dictionary"),
        (None, "the metadata are None"),
        ("text", "the metadata are of type str"),
        ({1: 2}, "metadata has the name 1, which is not text"),
        ({"x": {1: 2}}, r"metadata\['x'\] has the name 1, which is not text"),
        ({"x": [0, {None: 2}]}, r"metadata\['x'\]\[1\] has the name None, which is not text"),
        ({"x": float("nan")}, "metadata: Out of range float"),
        ({"x": np.float32(1)}, "metadata: Object of type float32 is not JSON"),
        ({"x": {1}}, "metadata: Object of type set is not JSON"),
        ({"x": WEIGHTS}, "metadata: Object of type ndarray is not JSON"),
        (LOOP, "metadata: Circular reference"),
    ],
)
def test_metadata_that_are_none(tmp_path, metadata, message):
    refused(tmp_path, {"a": WEIGHTS}, metadata, message)


def refused(tmp_path, arrays, metadata, message):
    path = tmp_path / "model.safetensors"
    save(path, {"a": WEIGHTS}, {"number": 1})
    with pytest.raises(SnapshotError, match=rf"{path}: .*{message}"):
        save(path, arrays, metadata)
    assert load(path).metadata == {"number": 1}
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (None, "the path is None: give that of the file"),
        (3, "the path is 3"),
        ([], "the path is of type list"),
        (b"model", "the path is of type bytes"),
        ("", "'' names no file"),
        ("/", "'/' names no file"),
        ("a\0b", "names no file"),
    ],
)
def test_paths_that_are_none(path, message):
    with pytest.raises(SnapshotError, match=message):
        save(path, {"a": WEIGHTS}, {})
    for read in (load, load_latest):
        with pytest.raises(SnapshotError, match=message):
            read(path)


def test_a_path_may_be_a_text(tmp_path):
    save(str(tmp_path / "model.safetensors"), {"a": WEIGHTS, "scalar": np.float64(2)}, {"list": (1, 2)})
    snapshot = load(str(tmp_path / "model.safetensors"))
    assert snapshot.metadata == {"list": [1, 2]}
    assert snapshot.arrays["scalar"] == 2


def test_models_are_not_saved_to_what_is_no_path():
    network = Dense(Shape(1, 1, 2), Shape(1, 1, 2), generator=np.random.default_rng(0))
    with pytest.raises(SnapshotError, match="the path is None"):
        save_model(None, network)
