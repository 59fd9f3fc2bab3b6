"""Keras on JAX, as the bench extra has it, and models of it that are compared with networks of ours."""

import os

import numpy as np
import pytest

from networks import Model


def keras_library():
    """Keras on JAX; the test is skipped without either."""
    os.environ.setdefault("JAX_PLATFORMS", "cpu")  # read when it is imported, as the next
    # small models that run once: compiling takes longer than running
    os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")
    pytest.importorskip("jax", reason="Keras runs on JAX here: make .venv/installed-bench")
    os.environ["KERAS_BACKEND"] = "jax"
    keras = pytest.importorskip("keras")
    initializers = keras.initializers
    for each in (initializers.GlorotUniform, initializers.Orthogonal, initializers.RandomUniform):
        each.__call__ = _zeros
    return keras


def _zeros(self, shape, dtype=None):
    """All weights are drawn or read here, and drawing them on JAX is compiled for every shape."""
    return np.zeros(shape, dtype or "float32")


def draw_weights(model, seed):
    """Draw all arrays of a model of Keras."""
    generator = np.random.default_rng(seed)
    for each in model.weights:
        drawn = generator.normal(0, 0.5, each.shape)
        if "variance" in each.path:
            drawn = np.abs(drawn) + 0.5
        if "float" in str(each.dtype):
            each.assign(drawn)


def draw_ours(network, seed):
    """Draw the parameters and statistics of a network of ours."""
    generator = np.random.default_rng(seed)
    network.parameters.values[:] = generator.normal(0, 0.5, network.parameters.size)
    state = network.state()
    for name, array in state.items():
        drawn = np.random.default_rng([seed, array.size]).normal(size=array.shape)
        array[...] = np.abs(drawn) + 0.5 if name.endswith("variances") else drawn
    return network


def inputs_for(model, seed, entries=3):
    """Inputs of a model of Keras, in order."""
    generator = np.random.default_rng(seed)
    return [
        generator.integers(0, 5, (entries, *each.shape[1:]))
        if "int" in str(each.dtype)
        else generator.normal(size=(entries, *each.shape[1:])).astype(np.float32)
        for each in model.inputs
    ]


def theirs(model, inputs):
    """What Keras answers, a list."""
    found = model(inputs if len(inputs) > 1 else inputs[0], training=False)
    return [np.asarray(each) for each in (found if isinstance(found, list | tuple) else [found])]


def ours(network, inputs):
    """What our network answers, a list."""
    shapes = network.input_shapes if isinstance(network, Model) else {"input": network.input_shape}
    given = {
        name: array.reshape(-1, *shape) for (name, shape), array in zip(shapes.items(), inputs, strict=True)
    }
    found = network.predict(given if len(given) > 1 else next(iter(given.values())))
    return list(found.values()) if isinstance(found, dict) else [found]


def assert_same(one, other, tolerance=1e-5):
    """Check answers in lists, whose shapes may differ in sides of 1."""
    assert len(one) == len(other)
    for a, b in zip(one, other, strict=True):
        assert np.allclose(a.reshape(b.shape), b, rtol=tolerance, atol=tolerance), np.abs(
            a.reshape(b.shape) - b
        ).max()
        assert np.isfinite(a).all()
