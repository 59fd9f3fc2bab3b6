import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nn import DataError, Scaler, SeriesSet

FITS = {"min_max": Scaler.min_max, "standard": Scaler.standard}
some_values = arrays(
    np.float64,
    st.tuples(st.integers(2, 4), st.integers(1, 5), st.integers(1, 3)),
    elements=st.floats(-1e6, 1e6, width=32),
)


@given(values=some_values, kind=st.sampled_from(sorted(FITS)), data=st.data())
def test_the_inverse_gives_values_back(values, kind, data):
    lengths = data.draw(arrays(np.int64, len(values), elements=st.integers(1, values.shape[1])))
    series = SeriesSet.of(values, lengths=lengths)
    scaler = FITS[kind](series)
    scaled = scaler.transform(series)
    assert np.isfinite(scaled.values).all() and not scaled.values[~series.mask].any()
    span = np.ptp(series.values[series.mask], axis=0) + np.abs(series.values[series.mask]).max(axis=0)
    assert (np.abs(scaler.inverse(scaled).values - series.values) <= 1e-12 * span).all()


@given(values=some_values)
def test_min_max_brings_training_values_to_both_ends(values):
    series = SeriesSet.of(values)
    scaled = Scaler.min_max(series, -1, 1).transform(series).values.reshape(-1, values.shape[2])
    varies = np.ptp(values.reshape(-1, values.shape[2]), axis=0) > 1e-9
    assert np.allclose(scaled.min(axis=0), -1, atol=1e-9)
    assert np.allclose(scaled.max(axis=0)[varies], 1, atol=1e-9)


def test_standard_is_numpy_over_the_steps_that_are_there():
    values = np.random.default_rng(0).normal(5, 3, (4, 6, 2))
    values[0, 2, 1] = np.nan  # missing
    series = SeriesSet.of(values, lengths=np.array([6, 3, 6, 1]))
    scaled = Scaler.standard(series).transform(series).values[series.mask]
    assert np.allclose(np.nanmean(scaled, axis=0), 0) and np.allclose(np.nanstd(scaled, axis=0), 1)
    assert np.isnan(scaled).sum() == 1


@pytest.mark.parametrize("kind", FITS)
def test_only_training_series_count(kind):
    """What is held out is scaled by what was trained on, and goes beyond its range."""
    training, held_out = (
        SeriesSet.of(np.array([[[low], [high]]])) for low, high in ((0.0, 10.0), (100.0, 200.0))
    )
    scaler = FITS[kind](training)
    scaled = scaler.transform(held_out)
    expected = {"min_max": [10, 20], "standard": [19, 39]}[kind]
    assert scaled.values.ravel().tolist() == expected
    assert scaler.transform(held_out).values.tolist() == scaled.values.tolist()
    assert scaler == FITS[kind](training)


@pytest.mark.parametrize("kind", FITS)
@pytest.mark.parametrize("constant", [0.0, 7.0, 1e30, 0.1])
def test_constant_variables(kind, constant):
    values = np.stack([np.full((3, 4), constant), np.arange(12.0).reshape(3, 4)], axis=-1)
    series = SeriesSet.of(values)
    scaler = FITS[kind](series)
    scaled = scaler.transform(series)
    assert (scaled.values[..., 0] == 0).all()
    assert (scaler.inverse(scaled).values[..., 0] == constant).all()


def test_a_range_too_small_to_divide_by_is_none():
    series = SeriesSet.of(np.array([[[0.0], [5e-324]]]))
    assert np.isfinite(Scaler.min_max(series).transform(series).values).all()
    assert np.isfinite(Scaler.standard(series).transform(series).values).all()


def test_it_is_described_in_json_and_made_again():
    series = SeriesSet.of(np.random.default_rng(0).normal(size=(3, 4, 2)))
    scaler = Scaler.standard(series)
    assert Scaler.from_configuration(json.loads(json.dumps(scaler.to_configuration()))) == scaler


def test_bad_scalers():
    series = SeriesSet.of(np.zeros((2, 3, 2)))
    with pytest.raises(DataError, match=r"low 1\.0 must be below high 0\.0"):
        Scaler.min_max(series, 1.0, 0.0)
    with pytest.raises(DataError, match="series have 1 variables, those it was fitted on 2"):
        Scaler.min_max(series).transform(SeriesSet.of(np.zeros((1, 1, 1))))
    with pytest.raises(DataError, match="nothing is known of variable v1: leave it out"):
        Scaler.standard(SeriesSet.of(np.array([[[1.0, np.nan]]])))
    for wrong in ({}, {"offset": [0.0]}, {"offset": "0", "scale": [1.0]}, {"offset": [0], "scale": [True]}):
        with pytest.raises(DataError, match="offset and scale, lists of numbers, are needed"):
            Scaler.from_configuration(wrong)
    with pytest.raises(DataError, match="1 offsets, but 2 scales"):
        Scaler.from_configuration({"offset": [0.0], "scale": [1.0, 2.0]})
    for scale in (0.0, float("nan"), float("inf")):
        with pytest.raises(DataError, match="must be finite, and scales not 0"):
            Scaler.from_configuration({"offset": [0.0], "scale": [scale]})
