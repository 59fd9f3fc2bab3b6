"""Models in the formats of other libraries, and how their files are prepared, in JSON beside them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from autoencoder.architecture import plan_architecture
from autoencoder.memory import require_training_memory
from autoencoder.model import AutoEncoder, processors_of
from autoencoder.settings import TABLE, Settings
from networks import Network, Sequential
from networks.exchange import ExchangeError, keras, onnx, pytorch
from nn import Activation, AnyShape, DataError, Identity, SequenceShape, Shape, Sigmoid
from nn.activations import activation_from_configuration
from nn.data.processors import Processors
from nn.short_text import join_names
from workbench.errors import InputError
from workbench.files import make_directory, write_text
from workbench.settings.table import Given, to_key

STATE_DICT = ".safetensors"

WRITERS: Mapping[str, Callable[[Network, Path], None]] = {
    STATE_DICT: pytorch.save,
    ".onnx": onnx.save,
    ".keras": keras.save,
}
"""What writes a network, by suffix."""

READERS: Mapping[str, Callable[[Path], Network]] = {".onnx": onnx.load, ".keras": keras.load}
"""What reads a network, by suffix; a state_dict is read into one that is there."""

VIEWS = ("flatten", "reshape")
"""Families that keep the order of numbers, which dense layers read in the same order."""

DESCRIBED = ("width", "height", "channels", "fit", "architecture", "code_size", "layers", "middle", "window",
             "connections", "leakage", "output_activation")  # fmt: skip
"""Settings that go with a model."""

LARGEST_DESCRIPTION = 2**20
"""Bytes."""

FIELDS = {"processors", "settings", "activations"}


class Description(NamedTuple):
    """What stands beside a file.

    Attributes
    ----------
    settings
        Of the model, by field.
    activations
        Of its layers, in order; none where they are those of the settings.
    """

    settings: Mapping[str, Given]
    activations: Sequence[Activation]


def description_path(path: Path) -> Path:
    """Return where the description beside a file is."""
    return path.with_suffix(".json")


def write_exchanged(model: AutoEncoder, path: Path) -> None:
    """Write a model's network in the format of the file's suffix, and its description beside it.

    Raises
    ------
    InputError
        When the suffix is none of those known, the format has no such layers, or nothing can be written.
    """
    if path.suffix not in WRITERS:
        raise InputError(f"{path}: models are written to {join_names(WRITERS)}")
    texts = TABLE.texts(model.settings)
    description = {
        "processors": processors_of(model.settings).to_configuration(),
        "settings": {name: texts[name] for name in DESCRIBED},
        "activations": [each.to_configuration() for each in _activations(model)],
    }
    make_directory(path.parent)
    try:
        WRITERS[path.suffix](model.network, path)
    except ExchangeError as error:
        raise InputError(str(error)) from error
    write_text(description_path(path), json.dumps(description, indent=2) + "\n")


def _activations(model: AutoEncoder) -> list[Activation]:
    found = [layer.activation for layer in model.network.leaves.values()]
    return [each for each in found if each is not None]


def read_description(path: Path) -> Description:
    """Read the description beside a file; an empty one where there is none.

    Raises
    ------
    InputError
        When it is damaged; names the field.
    """
    beside = description_path(path)
    if not beside.is_file():
        return Description({}, [])
    fields = _fields(beside)
    settings, activations = fields.get("settings", {}), fields.get("activations", [])
    if not isinstance(settings, dict) or not all(isinstance(each, str) for each in settings.values()):
        raise InputError(f"{beside}: settings: give texts by name")
    if unknown := sorted(settings.keys() - set(DESCRIBED)):
        raise InputError(f"{beside}: settings: unknown {join_names(unknown)}; known: {join_names(DESCRIBED)}")
    if not isinstance(activations, list):
        raise InputError(f"{beside}: activations: give a list of descriptions")
    given = {name: Given(text, f"{beside}: {to_key(name)}") for name, text in settings.items()}
    try:
        _check_processors(fields, given)
        return Description(given, [activation_from_configuration(each) for each in activations])
    except ValueError as error:
        raise InputError(f"{beside}: {error}") from error


def _fields(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            contents = file.read(LARGEST_DESCRIPTION + 1)
        if len(contents) > LARGEST_DESCRIPTION:
            raise InputError(f"{path}: more than {LARGEST_DESCRIPTION:,} bytes: no description of a model")
        fields = json.loads(contents)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: damaged, or no JSON: {error}") from error
    if not isinstance(fields, dict) or fields.keys() - FIELDS:
        raise InputError(
            f"{path}: a description of a model has {join_names(sorted(FIELDS))} and nothing else"
        )
    return fields


def _check_processors(fields: Mapping[str, Any], given: Mapping[str, Given]) -> None:
    """Refuse processors that are not those of the settings: what trains here would read images otherwise."""
    if "processors" in fields:
        described = Processors.from_configuration(fields["processors"]).to_configuration()
        own = processors_of(TABLE.make(given)).to_configuration()
        if described != own:
            raise DataError(f"processors: {json.dumps(described)} where the settings are {json.dumps(own)}")


def read_exchanged(
    path: Path, given: Mapping[str, Given], modules: Mapping[str, str], *, generator: np.random.Generator
) -> AutoEncoder:
    """Read a model of another library as an autoencoder.

    Parameters
    ----------
    path
        Of a kind of `READERS`, or a state_dict.
    given
        Settings that the description beside the file does not have, or in place of its own.
    modules
        Of a state_dict, names of modules in the file to those of layers here, where they differ.
    generator
        Starts parameters, all of which are read then.

    Raises
    ------
    InputError
        When it cannot be read, or is no autoencoder of layers that are trained here; says why.
    """
    described = read_description(path)
    settings = {**described.settings, **given}
    try:
        if path.suffix == STATE_DICT:
            model = _created(TABLE.make(settings), generator)
            pytorch.load(model.network, path, modules=modules)
            _use_activations(model, described.activations, path)
            return model
        if path.suffix not in READERS:
            raise InputError(f"{path}: models are read from {join_names([STATE_DICT, *READERS])}")
        if modules:
            raise InputError(f"--module: {path} names its layers itself: leave it out")
        return _from_network(READERS[path.suffix](path), settings, path, generator)
    except ExchangeError as error:
        raise InputError(str(error)) from error


def _created(settings: Settings, generator: np.random.Generator) -> AutoEncoder:
    require_training_memory(settings, plan_architecture(settings))
    return AutoEncoder.create(settings, generator=generator)


def _use_activations(model: AutoEncoder, activations: Sequence[Activation], path: Path) -> None:
    layers = list(model.network.leaves.values())
    if activations and len(activations) != len(layers):
        raise InputError(f"{description_path(path)}: {len(activations)} activations for {len(layers)} layers")
    for layer, activation in zip(layers, activations, strict=False):
        _use(layer, activation)


def _use(layer: Network, activation: Activation) -> None:
    layer.map_activations(lambda before: activation)


def _from_network(
    network: Network, given: Mapping[str, Given], path: Path, generator: np.random.Generator
) -> AutoEncoder:
    layers = _dense_layers(network, path)
    settings = _settings_of(network, layers, given, path)
    model = _created(settings, generator)
    for ours, theirs in zip(model.network.leaves.values(), layers, strict=True):
        for name in ("weights", "biases"):
            ours.parameters[name][...] = theirs.network.parameters[name].reshape(ours.parameters[name].shape)
        _use(ours, theirs.activation)
    return model


class DenseLayer(NamedTuple):
    """A dense layer, and its activation, which may be a layer of its own behind it."""

    network: Any
    activation: Activation


def _dense_layers(network: Any, path: Path) -> list[DenseLayer]:
    """Return the layers of an autoencoder."""
    leaves = network.leaves.values()
    for each in network.all_networks:
        if not isinstance(each, Sequential) and all(each is not layer for layer in leaves):
            raise InputError(f"{path}: a {each.family}: an autoencoder has one layer after another")
    layers: list[DenseLayer] = []
    for name, layer in network.leaves.items():
        if layer.family == "dense":
            layers.append(DenseLayer(layer, layer.activation))
        elif layer.family == "activation":
            _merge(layers, layer.activation, f"{path}: {name}")
        elif layer.family not in VIEWS:
            raise InputError(
                f"{path}: {name} is a {layer.family}: of the layers that an autoencoder can have, files of "
                "other libraries have dense ones alone"
            )
    if not layers:
        raise InputError(f"{path}: there are no layers in it")
    sizes = [layers[0].network.input_shape.size, *(each.network.output_shape.size for each in layers)]
    if sizes != sizes[::-1] or len(layers) % 2 or len(layers) < 4:
        raise InputError(
            f"{path}: layers of {join_names(sizes)} numbers: an autoencoder's decoder mirrors its encoder, "
            "each with two layers at least"
        )
    if not isinstance(layers[-1].activation, Identity | Sigmoid):
        raise InputError(
            f"{path}: the last layer has {layers[-1].activation}: an autoencoder's is Sigmoid or Identity, "
            "for pixels from 0 to 1"
        )
    return layers


def _merge(layers: list[DenseLayer], activation: Activation, where: str) -> None:
    """Give the last of some layers an activation that stands behind it."""
    if not layers:
        raise InputError(f"{where} is an activation of the pixels: an autoencoder's are those of its layers")
    last = layers[-1]
    if isinstance(last.activation, Identity):
        layers[-1] = DenseLayer(last.network, activation)
    elif not isinstance(activation, Identity):
        raise InputError(f"{where} is {activation} behind {last.activation}: a layer has one activation")


def _settings_of(
    network: Any, layers: Sequence[DenseLayer], given: Mapping[str, Given], path: Path
) -> Settings:
    """Return settings with what the file says; the sides of images it says where it reads images."""
    sizes = [layer.network.output_shape.size for layer in layers]
    half = len(layers) // 2
    found = {
        "architecture": "dense",
        "layers": ",".join(map(str, sizes[: half - 1])),
        "code_size": str(sizes[half - 1]),
        "output_activation": layers[-1].activation.name,
    }
    asked = TABLE.make(given)
    found |= _sides(_image(network.input_shape, path), _image(network.output_shape, path), asked, path)
    texts = {name: Given(text, f"{path}: {to_key(name)}") for name, text in found.items()}
    settings = TABLE.make({**given, **texts})
    for name, text in found.items():
        is_open = name not in given or not given[name].value.strip()
        if not is_open and getattr(asked, name) != getattr(settings, name):
            raise InputError(f"{given[name].place}={given[name].value}: the file has {to_key(name)}={text}")
    return settings


def _image(shape: AnyShape, path: Path) -> Shape:
    """Return the shape of an image; rows of pixels without an axis of colours are a grey one."""
    if isinstance(shape, SequenceShape):
        return Shape(shape.steps, shape.features, 1)
    if not isinstance(shape, Shape):
        raise InputError(f"{path}: reads or makes {shape}: an autoencoder does both with images")
    return shape


def _sides(reads: Shape, makes: Shape, asked: Settings, path: Path) -> dict[str, str]:
    """Return the sides of the images that a network reads and makes, where it says them."""
    images = [each for each in (reads, makes) if each.height * each.width > 1]
    shape = images[0] if images else asked.shape
    if any(each != shape for each in images) or (len(images) < 2 and shape.channels > 1):
        raise InputError(
            f"{path}: it reads {reads} and makes {makes}: an autoencoder does both with images of one shape; "
            "where numbers are in a row, the order of colours is not known"
        )
    if shape.size != reads.size:
        raise InputError(
            f"{path}: it reads {reads.size} numbers: give the --width and --height of images of as many"
        )
    return {"height": str(shape.height), "width": str(shape.width), "channels": str(shape.channels)}
