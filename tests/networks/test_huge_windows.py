"""Windows, strides and dilations far larger than the image: every rung reads only pixels that exist."""

import numpy as np
import pytest

from networks.ladder import FAMILIES, RUNGS, rung
from nn.shape import Shape
from tests.support import network_checks as checks

FAR = 10**9
CASES = [
    ("max_pooling", {"window": FAR, "padding": FAR // 2, "stride": FAR}),
    ("average_pooling", {"window": (FAR, 3), "padding": (FAR // 2, 1), "stride": (FAR, 2)}),
    ("average_pooling", {"window": FAR, "padding": FAR // 2, "stride": FAR, "count_padding": False}),
    ("convolution", {"channels": 3, "kernel": 3, "stride": FAR}),
    ("convolution", {"channels": 3, "kernel": 3, "stride": FAR, "padding": FAR}),
    ("convolution", {"channels": 3, "kernel": (2, 3), "dilation": (FAR, 1), "padding": (FAR // 2, 1)}),
    ("local", {"input_block": 1, "window": FAR, "output_block": 1, "channels": 2}),
]


@pytest.mark.parametrize(("family", "options"), CASES)
def test_rungs_agree(family, options):
    results = []
    for name in RUNGS:
        draws = {"generator": np.random.default_rng(0)} if "channels" in options else {}
        network = rung(family, name)(Shape(4, 5, 2), **options, **draws)
        values, signals = checks.numbers(network, 3)
        results.append(checks.pass_through(network, values, signals))
    for found in results[1:]:
        checks.assert_close(found, results[0], FAMILIES[family].tolerance["float32"])


def test_a_window_that_holds_the_image_is_global():
    shape, options = Shape(4, 5, 2), {"window": FAR, "padding": FAR // 2, "stride": FAR}
    values = np.random.default_rng(1).normal(size=(*shape, 3)).astype(np.float32)
    for kind in ("max", "average"):
        more = {"count_padding": False} if kind == "average" else {}
        windowed = rung(f"{kind}_pooling", "plain")(shape, **options, **more)
        whole = rung(f"global_{kind}_pooling", "plain")(shape)
        np.testing.assert_array_equal(windowed.forward(values), whole.forward(values))
