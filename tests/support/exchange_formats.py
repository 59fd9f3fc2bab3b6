"""How far answers of other libraries are from ours, for a network that goes there and comes back."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from networks import GraphNetwork, Model, Network
from networks.exchange import ExchangeError, keras, onnx, pytorch
from nn.shape import AnyShape
from tests.networks.exchange.test_onnx_neurons import in_steps as both_in_steps
from tests.networks.exchange.test_onnx_save import values_of
from tests.support import keras_models, torch_models
from tests.support.onnx_sessions import as_ours, exported, feed, shapes_of

ENTRIES, STEPS = 3, 5

Values = Mapping[str, np.ndarray]
"""What a network is given, (*shape, N), by the names of its inputs; of a graph in steps (T, *shape, N)."""

Found = Iterator[tuple[str, list[np.ndarray], list[np.ndarray]]]
"""Names of columns with our outputs and theirs, one after the other: what is refused ends it."""

ONNX_OUT, ONNX_IN, EXPORTED_IN = "ONNX out", "ONNX in", "ONNX of PyTorch in"
PYTORCH_OUT, PYTORCH_IN, KERAS_OUT, KERAS_IN = "PyTorch out", "PyTorch in", "Keras out", "Keras in"


def of_onnx(network: Network, values: Values, folder: Path, anew: bool) -> Found:
    """Run what is written in ONNX Runtime, and read it back."""
    session = exported(network, folder, optional_inputs=False)
    if in_steps(network):
        found, wanted = both_in_steps(network, values["input"], session)
        theirs = [found]
        yield ONNX_OUT, [wanted], theirs
    else:
        tensors = session.run(None, feed(network, dict(values), session))
        shapes = shapes_of(network, "output").values()
        theirs = [as_ours(*each) for each in zip(tensors, shapes, strict=True)]
        yield ONNX_OUT, answers(network, values), theirs
    shape = network.input_shapes if isinstance(network, Model) else network.input_shape
    again = onnx.load(folder / "model.onnx", input_shape=shape)
    yield ONNX_IN, answers(again, values), theirs


def of_exported(network: Network, values: Values, folder: Path, anew: bool) -> Found:
    """Read what PyTorch exports to ONNX."""
    torch = pytest.importorskip("torch")
    model, tensors = model_in_torch(torch, network, anew), tensors_of(torch, network, values)
    path = folder / "exported.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        options = {"input_names": list(values), "dynamic_axes": {name: {0: "n"} for name in values}}
        torch.onnx.export(model, tensors, str(path), dynamo=False, opset_version=17, **options)
    yield EXPORTED_IN, answers(onnx.load(path), values), answers_in_torch(model, tensors, network)


def of_pytorch(network: Network, values: Values, folder: Path, anew: bool) -> Found:
    """Let PyTorch read a state_dict, and read one of its own."""
    torch, library = pytest.importorskip("torch"), pytest.importorskip("safetensors.torch")
    path = folder / "model.safetensors"
    pytorch.save(network, path)
    if not pytorch.state_dict(network):
        raise ExchangeError("no tensors: a state_dict has no layers without parameters")
    tensors, read = tensors_of(torch, network, values), model_in_torch(torch, network, anew=True)
    read.load_state_dict(library.load_file(path))
    yield PYTORCH_OUT, answers(network, values), answers_in_torch(read, tensors, network)
    theirs, empty = model_in_torch(torch, network, anew), deepcopy(network)
    empty.parameters.values[:] = 0
    library.save_file(theirs.state_dict(), path)
    assert pytorch.load(empty, path).is_whole
    yield PYTORCH_IN, answers(empty, values), answers_in_torch(theirs, tensors, network)


def of_keras(network: Network, values: Values, folder: Path, anew: bool) -> Found:
    """Let Keras read a model, and read what Keras itself writes of it."""
    path = folder / "model.keras"
    keras.save(network, path)
    library = keras_models.keras_library()
    model = library.models.load_model(path)
    inputs = [
        np.moveaxis(array, -1, 0).reshape(-1, *each.shape[1:]).astype(each.dtype)
        for array, each in zip(values.values(), model.inputs, strict=True)
    ]
    yield KERAS_OUT, answers(network, values), answers_in_keras(model, inputs)
    if anew:
        keras_models.draw_weights(model, 1)
    model.save(path)
    again = keras.load(path)
    yield KERAS_IN, keras_models.ours(again, inputs), answers_in_keras(model, inputs)


FORMATS: Mapping[tuple[str, ...], Callable[[Network, Values, Path, bool], Found]] = {
    (ONNX_OUT, ONNX_IN): of_onnx,
    (EXPORTED_IN,): of_exported,
    (PYTORCH_OUT, PYTORCH_IN): of_pytorch,
    (KERAS_OUT, KERAS_IN): of_keras,
}
"""What fills which columns. What comes in has numbers drawn anew there, or those that went out."""


def differences(network: Network, columns: tuple[str, ...], folder: Path) -> Iterator[tuple[str, float]]:
    """Yield the largest difference of each column for a few drawn entries.

    Raises
    ------
    ExchangeError
        When a format refuses the network.
    """
    for column, found, wanted in FORMATS[columns](network, drawn_values(network), folder, True):
        yield column, relative(found, wanted)


def drawn_values(network: Network) -> Values:
    """Return values, or labels, of a few entries."""
    if in_steps(network):
        shape = (STEPS, *network.input_shape, ENTRIES)
        return {"input": np.random.default_rng(1).normal(size=shape).astype(network.dtype)}
    drawn: Values = values_of(network, ENTRIES, network.labels)
    return drawn


def in_steps(network: Network) -> bool:
    """Whether it is a graph whose delays are steps of its input."""
    return isinstance(network, GraphNetwork) and network.ticks == 1 and bool(network.graph.delays.any())


def relative(found: Sequence[np.ndarray], wanted: Sequence[np.ndarray]) -> float:
    """Return the largest difference of outputs, in parts of the largest number of each above 1."""
    worst = 0.0
    for one, other in zip(found, wanted, strict=True):
        difference = np.abs(one.reshape(other.shape) - other).max()
        assert np.isfinite(difference)
        worst = max(worst, float(difference / max(1.0, np.abs(other).max())))
    return worst


def answers(network: Network, values: Values) -> list[np.ndarray]:
    """Return the outputs for values (*shape, N), entries first."""
    return keras_models.ours(network, [np.moveaxis(each, -1, 0) for each in values.values()])


def answers_in_keras(model: Any, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return what a model of Keras answers, step by step: compiling takes longer than a few steps."""
    import jax

    with jax.disable_jit():
        return keras_models.theirs(model, list(inputs))


def model_in_torch(torch: Any, network: Network, anew: bool) -> Any:
    """Return a network's model in PyTorch, with numbers of its own or ours; what it has not is refused."""
    try:
        model = torch_models.torch_model(torch, network).eval()
    except LookupError as error:
        raise ExchangeError(error.args[0]) from error
    if not anew:
        arrays = pytorch.state_dict(network)
        model.load_state_dict({name: torch.tensor(array) for name, array in arrays.items()})
        return model
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for each in model.parameters():
            each.normal_(0, 0.5, generator=generator)
        for each in model.buffers():
            if each.is_floating_point():
                each.uniform_(0.5, 2, generator=generator)
    return model


def tensors_of(torch: Any, network: Network, values: Values) -> tuple[Any, ...]:
    """Return the inputs of a model in PyTorch, in order."""
    return tuple(torch_models.as_torch(torch, each, network) for each in values.values())


def answers_in_torch(model: Any, tensors: Sequence[Any], network: Network) -> list[np.ndarray]:
    """Return what a model in PyTorch answers, as ours lies, entries first."""
    found = model(*tensors)
    shapes: list[AnyShape] = list(shapes_of(network, "output").values())
    each_found = found if isinstance(found, tuple) else (found,)
    return [
        torch_models.ours(each, shape).detach().numpy()
        for each, shape in zip(each_found, shapes, strict=True)
    ]
