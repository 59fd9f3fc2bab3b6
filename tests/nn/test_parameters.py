"""Parameters: named views of flat arrays, and joins that keep them so."""

import numpy as np
import pytest

from nn.history import CACHE_LINE
from nn.parameters import Parameters
from tests.support.copying import WAYS, assert_apart, pickled

SHAPES = {"weights": (3, 4), "biases": (3,)}


def filled(shapes=SHAPES, start=0.0, dtype=np.float64):
    parameters = Parameters(shapes, dtype)
    parameters.values[:] = start + np.arange(parameters.size)
    return parameters


def test_names_are_views_of_one_flat_array():
    parameters = filled()
    assert parameters.names == ["weights", "biases"]
    assert parameters.size == 15
    assert parameters["weights"].shape == (3, 4)
    assert parameters["biases"].tolist() == [12, 13, 14]
    parameters["weights"][1, 2] = -1
    assert parameters.values[6] == -1
    assert parameters.values.ctypes.data % CACHE_LINE == 0
    assert "weights" in parameters
    assert "gains" not in parameters


def test_gradients_are_made_when_somebody_asks():
    parameters = filled()
    parameters.zero_gradients()
    assert parameters._gradients is None
    parameters.gradient("biases")[:] = 2
    assert parameters.gradients.tolist() == [0] * 12 + [2] * 3
    parameters.zero_gradients()
    assert not parameters.gradients.any()


def test_joined_parts_become_views_of_the_whole():
    first, second = filled(), filled({"gains": (2,)}, start=100)
    first.gradient("weights")[:] = 7
    whole = Parameters.join({"0": first, "1": second})
    assert whole.names == ["0.weights", "0.biases", "1.gains"]
    assert whole.values.tolist() == [*range(15), 100, 101]
    assert not whole.gradients.any()
    assert np.shares_memory(first["weights"], whole.values)
    second["gains"][:] = -5
    assert whole["1.gains"].tolist() == [-5, -5]
    whole.gradients[:] = 3
    assert (first.gradient("weights") == 3).all()


def test_joins_can_be_joined():
    leaves = [filled({"weights": (2,)}, start) for start in (0, 10, 20)]
    inner = Parameters.join({"0": leaves[0], "1": leaves[1]})
    inner_values = inner.values
    outer = Parameters.join({"encoder": inner, "decoder": leaves[2]})
    assert outer.names == ["encoder.0.weights", "encoder.1.weights", "decoder.weights"]
    assert outer.values.tolist() == [0, 1, 10, 11, 20, 21]
    leaves[1]["weights"][:] = 5
    assert outer.values.tolist() == [*inner.values.tolist(), 20, 21] == [0, 1, 5, 5, 20, 21]
    assert not np.shares_memory(inner_values, outer.values)


@pytest.mark.parametrize("asked_before", [True, False])
def test_zeroing_a_part_reaches_gradients_that_were_added_elsewhere(asked_before):
    leaves = [filled({"weights": (2,)}) for _ in range(3)]
    inner = Parameters.join({"0": leaves[0], "1": leaves[1]})
    outer = Parameters.join({"0": inner, "1": leaves[2]})
    if asked_before:
        assert inner.gradients.size == 4
    for leaf in leaves:
        leaf.gradient("weights")[:] = 1
    inner.zero_gradients()
    assert outer.gradients.tolist() == [0, 0, 0, 0, 1, 1]


@pytest.mark.parametrize("again", ["twice", "elsewhere"])
def test_a_part_can_only_be_joined_once(again):
    part, other = filled(), filled()
    with pytest.raises(ValueError, match="network 1 are part of another network already"):
        if again == "twice":
            Parameters.join({"0": part, "1": part})
        else:
            Parameters.join({"0": part})
            Parameters.join({"0": other, "1": part})
    assert other._parent is None
    assert part.values.tolist() == list(range(15))


@pytest.mark.parametrize(
    "parts", [{}, {"0": Parameters(SHAPES, np.float32), "1": Parameters(SHAPES, np.float64)}]
)
def test_joins_need_one_dtype(parts):
    with pytest.raises(ValueError, match="one dtype"):
        Parameters.join(parts)


def test_copy_from_goes_by_name_whatever_the_order():
    target = Parameters({"biases": (3,), "weights": (3, 4)}, np.float32)
    target.copy_from(filled())
    assert target["weights"].ravel().tolist() == list(range(12))
    assert target["biases"].tolist() == [12, 13, 14]


@pytest.mark.parametrize(
    "shapes", [{"weights": (3, 4)}, {"weights": (4, 3), "biases": (3,)}, {"gains": (15,)}]
)
def test_copy_from_others_is_refused_and_copies_nothing(shapes):
    target = filled(start=1)
    with pytest.raises(
        ValueError, match=r"parameters differ: here (weights|biases) \(.*; there (weights|gains|nothing)"
    ):
        target.copy_from(filled(shapes))
    assert target.values.tolist() == list(range(1, 16))


def test_a_copy_shares_nothing():
    parameters = filled()
    copy = parameters.copy()
    copy.values[:] = 0
    assert parameters.values.tolist() == list(range(15))
    assert copy.shapes == parameters.shapes
    assert copy.dtype == parameters.dtype


def test_freezing_an_empty_array_freezes_nothing_that_begins_where_it_lies():
    parameters = filled({"none": (0, 3), "weights": (2, 3)})
    parameters.freeze("none")
    assert parameters.frozen == []
    assert parameters.trainable_slices() == [slice(0, 6)]


@pytest.fixture
def joined():
    """Two networks in one of two, with a second use of the first, a frozen array, and gradients."""
    leaves = [filled(start=start) for start in (0, 20, 40)]
    inner = Parameters.join({"0": leaves[0], "1": leaves[1]})
    whole = Parameters.join({"inner": inner, "last": leaves[2]})
    again = filled()
    again.share(leaves[0])
    whole.gradients[:] = np.arange(whole.size) / 2
    whole.freeze("inner.1.weights")
    return {"whole": whole, "inner": inner, "leaves": leaves, "again": again}


@pytest.mark.parametrize("way", WAYS)
def test_a_copy_of_a_whole_has_its_parts_joined(joined, way):
    other = WAYS["deepcopy" if way == "copy" else way](joined)
    whole = other["whole"]
    assert_apart(other, joined)
    assert whole.values.tolist() == joined["whole"].values.tolist()
    assert whole.gradients.tolist() == joined["whole"].gradients.tolist()
    assert whole.values.ctypes.data % CACHE_LINE == 0
    assert whole.frozen == ["inner.1.weights"] and other["leaves"][1].frozen == ["weights"]
    whole.values[:] = -1
    whole.gradients[:] = -2
    for part in (other["inner"], *other["leaves"], other["again"]):
        assert (part.values == -1).all() and (part.gradients == -2).all()
    other["inner"].unfreeze()
    assert whole.frozen == [] and joined["whole"].frozen == ["inner.1.weights"]
    assert (joined["again"].values == joined["leaves"][0].values).all()


@pytest.mark.parametrize("way", WAYS)
def test_a_copy_of_a_part_is_a_whole(joined, way):
    inner = WAYS[way](joined["inner"])
    assert inner.values.tolist() == joined["inner"].values.tolist()
    assert inner.gradients.tolist() == joined["inner"].gradients.tolist()
    assert inner.frozen == ["1.weights"]
    again = WAYS[way](joined["again"])
    outer = Parameters.join({"inner": inner, "again": again})
    outer.values[:] = 7
    assert inner["1.weights"].tolist() == [[7] * 4] * 3
    assert joined["whole"].values.max() < 60


def test_a_copy_has_gradients_where_the_original_has():
    whole = Parameters.join({"0": filled(), "1": Parameters({}, np.float64)})
    assert pickled(whole)._gradients is None
    whole.gradients[:] = 1
    assert (pickled(whole).gradients == 1).all()
