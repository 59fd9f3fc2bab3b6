"""Changes of known size that data can have, and whether a measure moves with them."""

from collections.abc import Callable

import numpy as np

SIZES = (0.0, 0.3, 0.6, 1.0)


def clusters(count: int, seed: int) -> np.ndarray:
    """Entries (count, 4) around eight far corners, each as often."""
    generator = np.random.default_rng(seed)
    corners = 4.0 * np.array([[i & 1, i >> 1 & 1, i >> 2 & 1, 0] for i in range(8)])
    return corners[np.arange(count) % 8] + generator.normal(size=(count, 4))


def waves(count: int, seed: int) -> np.ndarray:
    """Series (count, 24, 2): a sine and, a quarter later, another, with a little noise."""
    generator = np.random.default_rng(seed)
    phases = generator.uniform(0, 2 * np.pi, (count, 1))
    angles = np.arange(24) * generator.uniform(0.4, 0.6, (count, 1)) + phases
    both = np.stack([np.sin(angles), np.sin(angles + 0.5)], axis=-1)
    return both + 0.05 * generator.normal(size=both.shape)


def changed(data: np.ndarray, kind: str, size: float, seed: int = 9) -> np.ndarray:
    """Return data with a change of a size from 0, none, to 1."""
    generator = np.random.default_rng(seed)
    changes: dict[str, Callable[[], np.ndarray]] = {
        "shift": lambda: data + size,
        "scale": lambda: data * (1 + size),
        "noise": lambda: data + 1.5 * size * generator.normal(size=data.shape),
        "dropped": lambda: data[np.arange(len(data)) % 8 >= round(6 * size)],
        "time": lambda: _time_shuffled(data, size, generator),
        "smoothed": lambda: _smoothed(data, size),
    }
    return changes[kind]()


def _time_shuffled(data: np.ndarray, size: float, generator: np.random.Generator) -> np.ndarray:
    """Return series of which some, a share of `size`, have their steps in another order."""
    out = data.copy()
    for number in range(round(size * len(data))):
        out[number] = out[number][generator.permutation(data.shape[1])]
    return out


def _smoothed(data: np.ndarray, size: float) -> np.ndarray:
    """Return series drawn towards the mean of neighbouring steps, three on either side."""
    padded = np.pad(data, ((0, 0), (3, 3), (0, 0)), mode="edge")
    means = np.mean([padded[:, i : i + data.shape[1]] for i in range(7)], axis=0)
    return (1 - size) * data + size * means


def assert_rises(measure, kind, data=clusters, count=400, least=1.2):
    """Hold that a measure of (real, synthetic) rises with the size of a change, step by step."""
    real, fresh = data(count, 0), data(count, 1)
    found = [measure(real, changed(fresh, kind, size)) for size in SIZES]
    assert all(np.diff(found) > 0), found
    assert found[-1] > least * max(found[0], 0), found
