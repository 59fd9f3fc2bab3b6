"""Parameters that are frozen, shared between two uses, or copied by the name of a part."""

import numpy as np
import pytest

from nn.parameter_limit import at_most_parameters
from nn.parameters import Parameters


def parts():
    return {
        "encoder": Parameters({"weights": (2, 3), "biases": (2,)}),
        "decoder": Parameters({"weights": (3, 2), "biases": (3,), "nothing": (0,)}),
    }


def test_nothing_is_frozen_at_first():
    whole = Parameters.join(parts())
    assert whole.frozen == []
    assert whole.trainable_slices() == [slice(0, 17)]


@pytest.mark.parametrize(
    ("prefix", "frozen", "slices"),
    [
        ("encoder", ["encoder.weights", "encoder.biases"], [slice(8, 17)]),
        ("encoder.biases", ["encoder.biases"], [slice(0, 6), slice(8, 17)]),
        ("decoder.weights", ["decoder.weights"], [slice(0, 8), slice(14, 17)]),
        ("", ["encoder.weights", "encoder.biases", "decoder.weights", "decoder.biases"], []),
    ],
)
def test_freezing_by_the_name_of_an_array_or_a_part(prefix, frozen, slices):
    whole = Parameters.join(parts())
    whole.freeze(prefix)
    assert whole.frozen == frozen
    assert whole.trainable_slices() == slices
    whole.unfreeze(prefix)
    assert whole.frozen == []


def test_what_is_frozen_in_a_part_is_frozen_in_the_whole_and_the_other_way_round():
    pieces = parts()
    pieces["encoder"].freeze("weights")
    whole = Parameters.join(pieces)
    assert whole.frozen == ["encoder.weights"]
    pieces["decoder"].freeze()
    assert whole.frozen == ["encoder.weights", "decoder.weights", "decoder.biases"]
    whole.unfreeze("encoder")
    assert pieces["encoder"].frozen == []
    outer = Parameters.join({"inner": whole})
    assert outer.frozen == ["inner.decoder.weights", "inner.decoder.biases"]
    assert pieces["decoder"].trainable_slices() == []


def test_a_name_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match=r"no parameters called 'enc'; there are encoder.weights"):
        Parameters.join(parts()).freeze("enc")


def test_a_second_use_has_the_same_values_and_adds_to_the_same_gradients():
    first, second = parts()["encoder"], parts()["encoder"]
    whole = Parameters.join({"first": first})
    second.share(first)
    whole["first.weights"][...] = 3
    assert (second["weights"] == 3).all()
    second.gradient("biases")[...] += 1
    first.gradient("biases")[...] += 1
    assert (whole.gradient("first.biases") == 2).all()
    second.freeze("weights")
    assert whole.frozen == ["first.weights"]
    outer = Parameters.join({"inner": whole})
    outer.values[:] = 5
    assert (second["weights"] == 5).all()


def test_what_is_not_alike_cannot_be_shared():
    pieces = parts()
    with pytest.raises(ValueError, match="names, shapes and dtypes are the same"):
        pieces["encoder"].share(pieces["decoder"])
    Parameters.join(pieces)
    with pytest.raises(ValueError, match="part of another network already"):
        pieces["encoder"].share(parts()["encoder"])


def test_copying_a_part_leaves_the_others():
    source, target = Parameters.join(parts()), Parameters.join(parts())
    source.values[:] = np.arange(17)
    target.copy_from(source, "encoder")
    assert np.array_equal(target.values, [*range(8), *[0] * 9])
    alone = parts()["encoder"]
    alone.copy_from(source, "", "encoder")
    assert np.array_equal(alone.values, range(8))
    target.copy_from(alone, "encoder", "")
    assert np.array_equal(target["encoder.weights"], alone["weights"])


def test_copying_what_differs_names_the_arrays_and_copies_nothing():
    source, target = Parameters.join(parts()), Parameters.join(parts())
    source.values[:] = 1
    with pytest.raises(ValueError, match=r"here encoder.weights \(2, 3\).*; there decoder.weights \(3, 2\)"):
        target.copy_from(source, "encoder", "decoder")
    assert not target.values.any()


def test_copies_change_the_dtype():
    source = Parameters({"weights": (2,)}, np.float64)
    source.values[:] = [0.1, 0.2]
    target = Parameters({"weights": (2,)}, np.float32)
    target.copy_from(source)
    assert np.array_equal(target.values, np.float32([0.1, 0.2]))


def test_a_limit_refuses_more_and_ends_with_its_block():
    with at_most_parameters(10):
        Parameters({"weights": (7,)})
        with pytest.raises(ValueError, match="at least 11 parameters are described, but 10 are there"):
            Parameters({"weights": (4,)})
        Parameters({"weights": (3,)})
    Parameters({"weights": (11,)})
