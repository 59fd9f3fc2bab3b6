"""What entries are outside of the networks: pixels of images."""

import numpy as np

from experiments.gan.form import Form
from nn import Shape

IMAGE = Shape(16, 16, 1)


def test_pixels_have_the_levels_of_images():
    form = Form(IMAGE, (), -1.0, 1.0, np.ones((1, 17), np.int64))
    levels = np.arange(256, dtype=np.float32).reshape(1, *IMAGE) / 255
    of_files = (levels * 2 - 1).astype(np.float32)
    np.testing.assert_array_equal(form.unscaled(of_files), levels)
    drawn = np.random.default_rng(0).uniform(-1.2, 1.2, (5, *IMAGE)).astype(np.float32)
    pixels = form.unscaled(drawn)
    np.testing.assert_allclose(pixels * 255, np.round(pixels * 255), atol=1e-4)
    np.testing.assert_allclose(pixels, np.clip((drawn + 1) / 2, 0, 1), atol=0.5 / 255 + 1e-6)
