"""What the headers of rungs say about equal bits and about losing is true."""

import ast
import re

import numpy as np
import pytest

from networks.ladder import FAMILIES
from nn.activations import ACTIVATIONS
from nn.shape import SequenceShape, Shape
from tests.support.places import ROOT

pytestmark = pytest.mark.usefixtures("one_thread")

HEADERS = sorted((ROOT / "networks").glob("*_o[0-9].py"))
MERGING = ("add", "multiply", "concatenate")
LOST = 0.9
"""Ratio to another rung below which a row is lost, beyond noise."""

ODD = [0, 1, 1, -1, np.inf, -np.inf, np.nan, 1e30, -1e30, 1e-40]

SAME_BITS = [
    *(("activation", {"activation": kind()}, "o1", "o2", True) for kind in ACTIVATIONS.values()),
    *((family, {}, "plain", "o1", True) for family in MERGING),
    *((family, {}, "o1", "o2", True) for family in MERGING),
    *(
        ("max_pooling", {"window": 3, "stride": 2, "padding": 1}, "plain", rung, False)
        for rung in ("o1", "o2")
    ),
    *(("max_pooling", {"window": 2}, "plain", rung, True) for rung in ("o1", "o2")),
    *(("nearest_upsampling", {"factor": (2, 3)}, "plain", rung, False) for rung in ("o1", "o2")),
    *(("dropout", {"rate": 0.3}, "plain", rung, True) for rung in ("o1", "o2")),
    ("gaussian_noise", {"deviation": 0.3}, "o1", "o2", True),
]
"""A family, its options, the rung below and the one above, and whether the input signals are the same too."""


def numbers(shape, dtype, seed):
    """Numbers with ties, infinities, NaN and tiny numbers among them."""
    generator = np.random.default_rng(seed)
    drawn = generator.normal(size=shape).astype(dtype)
    places = generator.integers(0, drawn.size, drawn.size // 5 + 1)
    drawn.reshape(-1)[places] = generator.choice(np.array(ODD, dtype), places.size)
    return drawn


def run(family, options, rung, shape, histories, dtype):
    """Return the outputs and all input signals of a rung."""
    if "rate" in options or "deviation" in options:
        options = {**options, "generator": np.random.default_rng(1)}
    merges = family in MERGING
    network = FAMILIES[family].rungs[rung]([shape, shape] if merges else shape, dtype=dtype, **options)
    values = [numbers((*shape, histories), dtype, seed) for seed in (0, 1)]
    outputs = network.forward(values if merges else values[0], training=True).copy()
    signals = network.backward(numbers(outputs.shape, dtype, 2))
    return [outputs, *(each.copy() for each in (signals if merges else [signals]))]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("family", "options", "below", "above", "both_ways"), SAME_BITS)
@pytest.mark.filterwarnings("ignore:invalid value", "ignore:overflow")
def test_a_rung_has_the_bits_of_another(family, options, below, above, both_ways, dtype):
    for shape, histories in ((Shape(6, 8, 3), 1), (Shape(6, 8, 3), 21), (Shape(24, 24, 16), 40)):
        lower, upper = (run(family, options, rung, shape, histories, dtype) for rung in (below, above))
        for first, second in list(zip(lower, upper, strict=True))[: None if both_ways else 1]:
            assert first.dtype == second.dtype == dtype
            assert first.tobytes() == second.tobytes()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rung", ["o1", "o2"])
def test_an_embedding_has_the_bits_of_the_plain_one_forwards(rung, dtype):
    labels = np.random.default_rng(0).integers(0, 7, (4, 1, 21)).astype(dtype)
    options = {"labels": 7, "features": 21, "dtype": dtype}
    plain, faster = (
        FAMILIES["embedding"].rungs[each](SequenceShape(4, 1), generator=np.random.default_rng(1), **options)
        for each in ("plain", rung)
    )
    assert np.array_equal(plain.forward(labels), faster.forward(labels))


def measured(path):
    """Return what a rung's header says about losing, and its gains over the plain rung and the rung below."""
    header = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    words = re.search(r"^Loses when:\s+(.*?)^\w+(?: \w+)?:", header, re.DOTALL | re.MULTILINE)[1]
    heading, *rows = re.search(r"begin\n(.*?)\.\. benchmark: end", header, re.DOTALL)[1].splitlines()
    ends = {over: heading.index(over) + len(over) for over in ("x plain", "x below")}
    return words, {
        over: [float(row[:end].split()[-1]) for row in rows if row[end - 4 : end].strip()]
        for over, end in ends.items()
    }


@pytest.mark.parametrize("path", HEADERS, ids=lambda path: path.stem)
def test_a_rung_that_lost_does_not_say_never(path):
    words, gains = measured(path)
    for over, found in gains.items():
        if min(found, default=1) < LOST:
            assert not words.startswith("never"), f"{over}: {min(found)}"


def test_the_rung_above_the_plain_one_loses_no_row_and_is_twice_as_fast_in_half_of_them():
    gains = [gain for path in HEADERS if path.stem.endswith("_o1") for gain in measured(path)[1]["x plain"]]
    assert len(gains) > 50
    assert min(gains) >= LOST
    assert np.median(gains) >= 2


@pytest.mark.parametrize(
    ("family", "rung"), [(family, rung) for family, each in FAMILIES.items() for rung in each.rungs]
)
def test_a_rung_stands_on_the_plain_one_and_what_rungs_share(family, rung):
    """A rung may be left out without the ones above it noticing."""
    plain, kind = (FAMILIES[family].rungs[name] for name in ("plain", rung))
    allowed = {kind.__module__, plain.__module__, "abc", "builtins"}
    others = {base.__module__ for base in kind.__mro__} - allowed
    assert all(name.startswith(("networks.base.", "nn.")) for name in others), others
