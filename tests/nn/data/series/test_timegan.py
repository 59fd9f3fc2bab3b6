import numpy as np
import pytest

from nn import DataError, SeriesSet, sines, split_by_time, timegan_order


def published(count, steps, variables, generator):
    """What the published code does, loop by loop, from the same draws."""
    frequencies = generator.uniform(0, 0.1, (count, 1, variables))
    phases = generator.uniform(0, 0.1, (count, 1, variables))
    series = np.empty((count, steps, variables))
    for i in range(count):
        for k in range(variables):
            for j in range(steps):
                series[i, j, k] = (np.sin(frequencies[i, 0, k] * j + phases[i, 0, k]) + 1) * 0.5
    return series


def test_sines_of_the_code():
    found = sines(6, 24, 5, definition="code", generator=np.random.default_rng(3))
    assert np.allclose(found.values, published(6, 24, 5, np.random.default_rng(3)), atol=1e-7)
    assert found.values.dtype == np.float32 and found.lengths.tolist() == [24] * 6 and found.labels is None
    assert found.values.min() >= 0.5  # less than half a turn in 24 steps


def test_sines_of_the_paper():
    """They turn up to once a step: half of the values are below the middle, at every step, as cosines lie."""
    found = sines(4000, 24, 2, definition="paper", generator=np.random.default_rng(3)).values
    assert found.min() < 1e-4 and found.max() > 1 - 1e-4
    assert np.allclose((found < 0.5).mean(axis=0), 0.5, atol=0.03)
    assert np.allclose(np.corrcoef(found[:, :, 0].T)[0, 1:], 0, atol=0.06)  # E cos(2 pi f k) is 0


def test_neighbours_of_the_papers_sines_keep_to_the_equation():
    """sin(a + w) + sin(a - w) = 2 sin(a) cos(w), with one w for all steps of a variable."""
    found = 2 * sines(50, 24, 1, definition="paper", generator=np.random.default_rng(1)).values[..., 0] - 1.0
    for row in found.astype(np.float64):
        cosine = np.linalg.lstsq(2 * row[1:-1, None], row[2:] + row[:-2], rcond=None)[0][0]
        assert abs(cosine) <= 1 + 1e-4
        assert np.allclose(row[2:] + row[:-2], 2 * row[1:-1] * cosine, atol=1e-5)


def test_bad_sines(monkeypatch):
    generator = np.random.default_rng(0)
    with pytest.raises(ValueError, match="unknown definition of sines 'papr'; did you mean paper"):
        sines(1, definition="papr", generator=generator)
    with pytest.raises(ValueError, match="sines: steps 0 must be a whole number"):
        sines(1, 0, definition="code", generator=generator)
    monkeypatch.setattr("nn.data.memory.available_memory", lambda: 10)
    with pytest.raises(DataError, match="10 sines of 24 steps needs"):
        sines(10, definition="code", generator=generator)


def test_the_order_of_timegan_is_backwards():
    values = np.arange(10.0).reshape(2, 5, 1)
    series = SeriesSet.of(values, lengths=np.array([5, 3]))
    found = timegan_order(series)
    assert found.values[..., 0].tolist() == [[4, 3, 2, 1, 0], [7, 6, 5, 0, 0]]
    assert found.lengths.tolist() == [5, 3] and "TimeGAN" in found.source
    assert timegan_order(found).values.tolist() == series.values.tolist()


def test_reversed_before_the_split_the_oldest_steps_are_held_out():
    series = SeriesSet.of(np.arange(20.0).reshape(1, 20, 1))
    _, held_out = split_by_time(timegan_order(series), 0.25, window=2)
    assert held_out.values.ravel().tolist() == [4, 3, 2, 1, 0]
