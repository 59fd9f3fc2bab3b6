"""NumPy's masked arrays at every border: refused if something is masked, else treated as plain arrays."""

import numpy as np
import pytest

from networks import GRU, Concatenate, Dense
from networks.base.nodes import Call, Input
from networks.estimators import Classifier
from networks.model import Model
from nn.shape import SequenceShape, Shape
from nn.training import ArrayBatches, ImageBatches
from tests.autoencoder.test_model import images, make

VECTORS = np.random.default_rng(0).random((8, 3), np.float32)
IMAGES = np.zeros((8, 2, 2, 1), np.float32)
THERE = np.ones((8, 4), np.bool_)


def dense():
    return Dense(Shape(1, 1, 3), Shape(1, 1, 2), generator=np.random.default_rng(0))


def both(given):
    wires = {name: Input(Shape(1, 1, 3)) for name in ("one", "other")}
    merged = Call(Concatenate([each.shape for each in wires.values()]), *wires.values())
    return Model(wires, merged).predict({"one": VECTORS, "other": given})


def read(steps):
    network = GRU(SequenceShape(4, 2), units=3, generator=np.random.default_rng(0))
    return network.predict(np.ones((8, 4, 2)), step_masks=steps)


BORDERS = {
    "inputs": (VECTORS, lambda given: ArrayBatches(given, VECTORS).batch(np.arange(8)).inputs),
    "targets": (VECTORS, lambda given: ArrayBatches(VECTORS.copy(), given).batch(np.arange(8)).targets),
    "labels": (np.arange(8), lambda given: ArrayBatches(VECTORS, given).batch(np.arange(8)).targets),
    "masks": (THERE[:, 0], lambda given: ArrayBatches(VECTORS, None, given).batch(np.arange(8)).mask),
    "images": (IMAGES, lambda given: ImageBatches(given).batch(np.arange(8)).inputs),
    "predict": (VECTORS, lambda given: dense().predict(given)),
    "an input of several": (VECTORS, both),
    "step masks": (THERE, read),
    "entries": (VECTORS, lambda given: Classifier(epochs=1).fit(given, [0, 1] * 4).predict(VECTORS)),
    "encode": (images(make(), 3), lambda given: make().encode(given)),
    "decode": (np.zeros((3, make().settings.code_size)), lambda given: make().decode(given)),
}


@pytest.mark.parametrize("border", BORDERS)
def test_what_is_masked_is_never_read(border):
    plain, run = BORDERS[border]
    mask = np.zeros(plain.shape, np.bool_)
    np.testing.assert_array_equal(run(np.ma.array(plain, mask=mask)), run(plain))
    mask.flat[-1] = True
    with pytest.raises(ValueError, match="a masked array, and some of it is masked"):
        run(np.ma.array(plain, mask=mask))
