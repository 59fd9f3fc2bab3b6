"""Small pairs of adversarial networks and what they learn from."""

import numpy as np

from networks.gan import Blueprint, Gan, GanSettings, GanTrainer
from nn import SequenceShape, Shape

IMAGE, SERIES = Shape(8, 8, 1), SequenceShape(6, 2)
CLASSES = 3


def blueprint(shape=SERIES, **settings):
    """A blueprint of small networks."""
    sizes = {"units": 5, "channels": 3, "noise": 4, "layers": 1}
    return Blueprint(shape, **{**sizes, **settings})


def entries(shape, count=12, dtype=np.float32, seed=0):
    """Real entries (N, *shape) in -1 to 1, and their labels (N,)."""
    generator = np.random.default_rng(seed)
    return generator.uniform(-1, 1, (count, *shape)).astype(dtype), generator.integers(0, CLASSES, count)


def trainer(drawn=None, rung="o2", dtype=np.float32, masks=None, seed=1, given=None, **settings):
    """A trainer of a pair for 12 entries."""
    drawn = drawn or blueprint()
    gan = Gan(drawn, generator=np.random.default_rng(seed), rung_name=rung, dtype=dtype, given=given)
    data, labels = entries(drawn.data_shape, dtype=dtype)
    settings = GanSettings(**{"batch_size": 4, **settings})
    return GanTrainer(gan, data, labels, masks, settings=settings, generator=np.random.default_rng(seed + 1))
