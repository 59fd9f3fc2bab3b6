import numpy as np
import pytest

from nn import ArrayBatches, DataError, SeriesSet, cut_windows, load_series

SERIES = SeriesSet.of(
    np.arange(12.0).reshape(3, 4, 1),
    lengths=np.array([4, 2, 1]),
    labels=np.array([0, 1, 1]),
    classes=["a", "b"],
)


def changed(**fields):
    return SeriesSet(**{**vars(SERIES), **fields})


def test_what_lies_beyond_the_end_is_zero_and_masked():
    assert SERIES.values[..., 0].tolist() == [[0, 1, 2, 3], [4, 5, 0, 0], [8, 0, 0, 0]]
    assert SERIES.mask.tolist() == [[True] * 4, [True, True, False, False], [True, False, False, False]]
    assert (SERIES.variables, SERIES.names, len(SERIES)) == (("value",), ("0", "1", "2"), 3)


def test_the_mask_is_the_step_mask_of_training():
    batches = ArrayBatches(SERIES.values, step_masks=SERIES.mask)
    assert len(batches) == 3


def test_some_are_selected_in_their_order():
    found = SERIES.select(np.array([2, 0]))
    assert found.values[:, 0, 0].tolist() == [8, 0]
    assert (found.names, found.lengths.tolist(), found.labels.tolist()) == (("2", "0"), [1, 4], [1, 0])


def test_its_arrays_are_a_file_of_series(tmp_path):
    windows = cut_windows(SERIES.select(np.array([0, 1])), 2)
    for number, series in enumerate((SERIES, windows, changed(labels=None, classes=()))):
        path = tmp_path / f"{number}.npz"
        np.savez(path, **series.to_arrays())
        again = load_series(path, dtype=np.float64)
        assert again.values.tobytes() == series.values.tobytes()
        for name in ("lengths", "starts", "labels"):
            assert np.array_equal(getattr(again, name), getattr(series, name)), name
        assert (again.names, again.variables, again.classes) == (
            series.names,
            series.variables,
            series.classes,
        )


def test_memory_is_asked_before_a_copy(monkeypatch):
    monkeypatch.setattr("nn.data.memory.available_memory", lambda: 63)
    with pytest.raises(DataError, match=r"a selection of 2 series needs 64 bytes.*use fewer series"):
        SERIES.select(np.array([0, 1]))


def test_labels_that_are_needed():
    assert changed(labels=np.array([0, 1, 1])).require_labels(1).tolist() == [0, 1, 1]
    with pytest.raises(
        DataError, match="class 'a' has one entry, and 2 are needed: leave it out, or give more"
    ):
        SERIES.require_labels()
    with pytest.raises(DataError, match="class 'a' has one entry, and 5 are needed"):
        SERIES.require_labels(5)
    with pytest.raises(DataError, match=r"set.csv: labels are missing: name their column by Roles.label="):
        changed(labels=None, source="set.csv").require_labels()
    with pytest.raises(DataError, match="only one class, b: give series of two classes or more"):
        changed(labels=np.array([1, 1, 1])).require_labels()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"values": np.zeros((3, 4))},
            r"values must be float32 or float64 \(N, steps, variables\), not float64 \(3",
        ),
        ({"values": np.zeros((3, 4, 1), int)}, "values must be float32 or float64"),
        ({"variables": ("x", "y")}, "2 names of variables and 3 of series"),
        ({"names": ("x", "y")}, "1 names of variables and 2 of series"),
        ({"lengths": np.array([1, 2])}, r"lengths must be int64 \(3,\), not int64 \(2,\)"),
        ({"lengths": np.array([1, 2, 0])}, "lengths must be 1 to 4, not 0 to 2"),
        ({"lengths": np.array([1, 2, 5])}, "lengths must be 1 to 4, not 1 to 5"),
        ({"starts": np.zeros(3)}, r"starts must be int64 \(3,\), not float64"),
        ({"times": np.zeros((3, 3))}, r"times must be \(3, 4\), not \(3, 3\)"),
        ({"labels": np.array([0, 1, 2])}, "labels must be 0 to 1: there are 2 classes"),
        ({"labels": np.array([0, 1, -1])}, "labels must be 0 to 1"),
    ],
)
def test_what_does_not_go_together_is_refused(fields, message):
    with pytest.raises(DataError, match=message):
        changed(**fields)


def test_arrays_of_other_axes_are_refused():
    with pytest.raises(DataError, match=r"values must be \(N, steps, variables\), not \(3, 4\)"):
        SeriesSet.of(np.zeros((3, 4)))
