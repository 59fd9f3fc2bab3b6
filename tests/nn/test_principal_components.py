"""Principal components: those of the data, with every method of computation."""

import os
import subprocess
import sys

import numpy as np
import pytest

from nn import principal_components as module
from nn.principal_components import principal_components


def rows(shape: tuple[int, int], dtype: type = np.float64) -> np.ndarray:
    generator = np.random.default_rng(0)
    return (generator.standard_normal(shape) * np.linspace(3, 0.01, shape[1]) ** 2 + 0.5).astype(dtype)


def exact(entries: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    centred = entries - entries.mean(axis=0, dtype=float)
    _, singular, directions = np.linalg.svd(centred, full_matrices=False)
    return directions[:count].T, singular[:count] ** 2 / len(entries)


@pytest.mark.parametrize("shape", [(300, 60), (60, 300), (50, 50)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_directions_and_variances_are_those_of_the_singular_values(shape, dtype):
    entries = rows(shape, dtype)
    found = principal_components(entries, 5, generator=np.random.default_rng(1))
    directions, variances = exact(entries, 5)
    tolerance = 1e-4 if dtype == np.float32 else 1e-9
    np.testing.assert_allclose(np.abs(directions.T @ found.directions), np.eye(5), atol=tolerance)
    np.testing.assert_allclose(found.variances, variances, rtol=tolerance)
    np.testing.assert_allclose(found.mean, entries.mean(axis=0), atol=1e-6)


def test_they_are_those_of_scikit_learn():
    decomposition = pytest.importorskip("sklearn.decomposition")
    entries = rows((40, 90))
    peer = decomposition.PCA(7, svd_solver="full").fit(entries)
    found = principal_components(entries, 7, generator=np.random.default_rng(1))
    np.testing.assert_allclose(
        found.kept(entries), peer.inverse_transform(peer.transform(entries)), atol=1e-10
    )


def test_many_entries_of_many_numbers_are_iterated(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "EXACT_SIDE", 100)
    monkeypatch.setattr(module, "BLOCK", 64)
    entries = rows((300, 150), np.float32)
    found = principal_components(entries, 5, generator=np.random.default_rng(1))
    np.testing.assert_allclose(found.directions.T @ found.directions, np.eye(5), atol=1e-6)
    np.testing.assert_allclose(found.variances, exact(entries, 5)[1], rtol=1e-5)


@pytest.mark.parametrize("shape", [(4, 30), (30, 4)])
def test_there_are_no_more_than_the_entries_differ_in(shape):
    found = principal_components(rows(shape), 20, generator=np.random.default_rng(1))
    assert found.number == min(shape[0] - 1, shape[1])
    np.testing.assert_allclose(found.kept(rows(shape)), rows(shape), atol=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_entries_that_are_all_the_same_have_none(dtype):
    entries = np.full((6, 9), 0.3, dtype)
    found = principal_components(entries, 3, generator=np.random.default_rng(1))
    assert found.number == 0
    np.testing.assert_allclose(found.kept(entries), entries)


@pytest.mark.parametrize(("shape", "count"), [((0, 4), 2), ((4, 0), 2), ((4, 4), 0)])
def test_nothing_to_find_is_refused(shape, count):
    with pytest.raises(ValueError, match="components of rows"):
        principal_components(np.zeros(shape), count, generator=np.random.default_rng(1))


BITS = """
import hashlib
import numpy as np
from nn.principal_components import principal_components
entries = np.random.default_rng(0).random((700, 900), np.float32)
found = principal_components(entries, 40, generator=np.random.default_rng(1))
print(hashlib.sha256(found.directions.tobytes()).hexdigest())
"""


def test_same_bits_on_any_number_of_threads_of_the_linear_algebra():
    printed = {
        subprocess.run(
            [sys.executable, "-c", BITS],
            env={**os.environ, "OPENBLAS_NUM_THREADS": threads},
            check=True,
            capture_output=True,
        ).stdout
        for threads in ("1", "2")
    }
    assert len(printed) == 1
