"""Files of Keras that are built to harm or mislead a reader, each with a pattern of its refusal."""

import json
import struct
import zipfile
from copy import deepcopy
from io import BytesIO

import h5py
import numpy as np

from networks import LSTM, Dense, Embedding, Sequential
from networks.exchange.keras.writing.save import members
from nn import SequenceShape, Shape


def sample() -> Sequential:
    return Sequential(Shape(4, 4, 1), [Dense.of(3), Dense.of(2)], generator=np.random.default_rng(0))


def recurrent() -> Sequential:
    recipes = [Embedding.of(labels=5, features=2), LSTM.of(units=3, bidirectional=True), Dense.of(2)]
    return Sequential(SequenceShape(4, 1), recipes, generator=np.random.default_rng(0))


def zipped(contents, compression=zipfile.ZIP_STORED, names=None) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name in names or contents:
            archive.writestr(name, contents[name])
    return buffer.getvalue()


def hdf5(write) -> bytes:
    """An HDF5 file with the arrays of the sample, into which something is written."""
    buffer = BytesIO(members(sample(), None)["model.weights.h5"])
    with h5py.File(buffer, "a") as file:
        write(file, file["layers/dense/vars"])
    return buffer.getvalue()


def _replace(group, **options):
    del group["0"]
    group.create_dataset("0", **options)


def _virtual(file, group):
    layout = h5py.VirtualLayout((16, 3), "f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (16, 3))
    del group["0"]
    group.create_virtual_dataset("0", layout)


def _link(link):
    def write(file, group):
        del group["0"]
        group["0"] = link

    return write


def _deep(file, group):
    for _ in range(200):
        group = group.create_group("in")


def _cycle(file, group):
    group["again"] = file["layers"]


WEIGHTS = {
    "external storage": (
        lambda file, group: _replace(group, shape=(16, 3), dtype="f4", external=[("/etc/passwd", 0, 192)]),
        "another file",
    ),
    "virtual": (_virtual, "virtual"),
    "external link": (_link(h5py.ExternalLink("/etc/passwd", "/x")), "link to another file"),
    "soft link": (_link(h5py.SoftLink("/layers/dense_1/vars/0")), "soft link"),
    "hard link to a group above": (_cycle, "another name"),
    "deep groups": (_deep, "groups within groups"),
    "chunk bomb": (
        lambda file, group: _replace(
            group, shape=(2**20, 2**12), dtype="f4", chunks=(2**10, 2**10), compression="gzip"
        ),
        "chunks",
    ),
    "shape that is not stored": (
        lambda file, group: _replace(group, shape=(2**40, 3), dtype="f4"),
        "not there",
    ),
    "text": (lambda file, group: _replace(group, data=np.array([b"x"] * 4)), r"is of"),
    "whole numbers": (lambda file, group: _replace(group, data=np.zeros((16, 3), "i4")), "int32"),
    "another shape": (
        lambda file, group: _replace(group, data=np.zeros((3, 16), "f4")),
        "3 x 16 in the file",
    ),
    "not a number": (lambda file, group: _replace(group, data=np.full((16, 3), np.nan, "f4")), "NaN"),
    "one array more": (lambda file, group: group.create_dataset("2", data=np.zeros(3)), "3 arrays"),
    "arrays of no layer": (
        lambda file, group: file.create_dataset("layers/lambda/vars/0", data=np.zeros(3)),
        "no layer",
    ),
    "another layer's group": (lambda file, group: group.attrs.__setitem__("name", "1"), "says to be"),
    "an attribute of 64 KiB": (
        lambda file, group: group.attrs.__setitem__("name", "x" * 60000),
        "says to be",
    ),
}


def _changed(change) -> bytes:
    contents = members(sample(), None)
    description = json.loads(contents["config.json"])
    found = change(description)
    text = json.dumps(description if found is None else found)
    return zipped({**contents, "config.json": text})


def layer(description, place=2):
    return description["config"]["layers"][place]


def _nested(description):
    inner = deepcopy(description)
    for _ in range(12):
        inner = {
            "class_name": "Sequential",
            "config": {"name": "deep", "layers": [description["config"]["layers"][0], inner]},
        }
    return inner


CONFIGURATIONS = {
    "lambda": (
        lambda d: layer(d).update(
            class_name="Lambda", config={"name": "x", "function": {"class_name": "__lambda__"}}
        ),
        "is code",
    ),
    "code as an activation": (
        lambda d: layer(d)["config"].update(
            activation={"class_name": "__lambda__", "config": {"value": "x"}}
        ),
        "not mapped",
    ),
    "registered class": (lambda d: layer(d).update(registered_name="mine>Dense"), "outside of Keras"),
    "module of the system": (lambda d: layer(d).update(module="os", class_name="system"), "outside of Keras"),
    "module that begins alike": (lambda d: layer(d).update(module="keras_evil"), "outside of Keras"),
    "shape bomb": (lambda d: layer(d)["config"].update(units=10**12), "is expected"),
    "negative units": (lambda d: layer(d)["config"].update(units=-3), "not a whole number"),
    "units of a million digits": (lambda d: layer(d)["config"].update(units=10**4000), "not a whole number"),
    "true units": (lambda d: layer(d)["config"].update(units=True), "not a whole number"),
    "units as text": (lambda d: layer(d)["config"].update(units="3"), "not a whole number"),
    "a mask of a number that is too large": (
        lambda d: layer(d).update(
            class_name="NotEqual", module="keras.src.ops", inbound_nodes=[{"args": [{}, 10**400]}]
        ),
        "other arguments",
    ),
    "further field": (lambda d: layer(d)["config"].update(lora_bias=1), "lora_bias"),
    "further key": (lambda d: layer(d).update(hook="x"), "hook"),
    "an input of 2^60": (lambda d: layer(d, 0)["config"].update(batch_shape=[None, 2**30, 2**30, 1]), ""),
    "an input of text": (lambda d: layer(d, 0)["config"].update(dtype="string"), "dtype"),
    "an open input": (lambda d: layer(d, 0)["config"].update(batch_shape=[None, None, 4, 1]), "input_shape"),
    "two layers of one name": (
        lambda d: layer(d, 3)["config"].update(name=layer(d)["config"]["name"]),
        "two layers",
    ),
    "no layers": (lambda d: d["config"].update(layers=[]), "no list"),
    "a layer that is a number": (lambda d: d["config"]["layers"].append(3), "no object"),
    "models within models": (_nested, "more than 8 deep"),
    "a list": (lambda d: [d], "no object"),
    "a class that is none": (lambda d: d.update(class_name="Dense"), "no Sequential"),
    "quantized": (
        lambda d: layer(d)["config"].update(
            dtype={"class_name": "QuantizedDTypePolicy", "config": {"name": "int8_from_float32"}}
        ),
        "dtype",
    ),
}


def constructions():
    """Return files by what they are, each with a pattern of its refusal."""
    contents = members(sample(), None)
    files = {name: (_changed(change), pattern) for name, (change, pattern) in CONFIGURATIONS.items()}
    files |= {
        name: (zipped({**contents, "model.weights.h5": hdf5(write)}), pattern)
        for name, (write, pattern) in WEIGHTS.items()
    }
    deep, names = b"[" * 10**5 + b"]" * 10**5, list(contents)
    bomb = {**contents, "model.weights.h5": contents["model.weights.h5"] + bytes(2**27)}
    texts = {
        "deep JSON": (deep, "deeper"),
        "a key twice": (b'{"class_name": "Sequential", "class_name": "Model"}', "twice"),
        "infinity": (b'{"class_name": Infinity}', "no number"),
        "no UTF-8": (b"\xff\xfe{}", "damaged"),
        "long JSON": (b" " * 5 * 2**20 + b"{}", "becomes|bytes"),
    }
    files |= {
        name: (zipped({**contents, "config.json": text}), pattern) for name, (text, pattern) in texts.items()
    }
    lies = bytearray(zipped(contents))
    place = lies.rindex(b"PK\x01\x02") + 24
    lies[place : place + 4] = struct.pack("<I", 2**31)
    files |= {
        "zip bomb": (zipped(bomb, zipfile.ZIP_DEFLATED), "becomes"),
        "a member twice": (zipped(contents, names=[*names, "config.json"]), "2 times"),
        "a member that leaves the folder": (zipped({**contents, "../../etc/x": b""}), "etc/x"),
        "assets": (zipped({**contents, "assets/x": b""}), "assets"),
        "no weights": (zipped(contents, names=names[:2]), "0 times"),
        "weights that are none": (zipped({**contents, "model.weights.h5": b"x" * 100}), "no HDF5"),
        "a size that is not": (bytes(lies), "becomes|damaged"),
        "nothing": (b"", "no zip"),
    }
    return files
