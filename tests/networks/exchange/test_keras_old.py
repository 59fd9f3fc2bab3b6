"""Files of Keras 2, made by hand as it wrote them: models in HDF5, descriptions in JSON."""

import json

import numpy as np
import pytest

from networks import Model, Sequential
from networks.exchange import ExchangeError
from networks.exchange import keras as exchange

h5py = pytest.importorskip("h5py")
pytest.importorskip("pyfive")

SEED = np.random.default_rng(0)
KERNEL, BIAS, OTHER = (SEED.normal(size=shape).astype(np.float32) for shape in ((3, 4), (4,), (4, 2)))
INPUTS = SEED.normal(size=(5, 1, 1, 3)).astype(np.float32)


def dense(name, units, **fields):
    described = {"name": name, "trainable": True, "dtype": "float32", "units": units, "activation": "linear"}
    initializer = {"class_name": "GlorotUniform", "config": {"seed": None}}
    return {
        "class_name": "Dense",
        "config": {**described, "kernel_initializer": initializer, "kernel_regularizer": None, **fields},
    }


def chain():
    """Two dense layers, between them a leaky ReLU whose slope was called alpha."""
    leaky = {"name": "leaky", "trainable": True, "dtype": "float32", "alpha": 0.1}
    found = [
        dense("one", 4, batch_input_shape=[None, 3]),
        {"class_name": "LeakyReLU", "config": leaky},
        dense("two", 2, use_bias=False),
    ]
    return described("Sequential", {"name": "chain", "layers": found})


def graph(inside):
    """A model in which a call of a model of two dense layers of one shape lies flat."""
    begin = {"batch_input_shape": [None, 3], "dtype": "float32", "sparse": False, "ragged": False}
    nodes = [
        {"class_name": "InputLayer", "config": {**begin, "name": "in"}, "name": "in", "inbound_nodes": []},
        {**described("Sequential", inside), "name": "inner", "inbound_nodes": [[["in", 0, 0, {}]]]},
        {**dense("last", 2, use_bias=False), "name": "last", "inbound_nodes": [[["inner", 1, 0, {}]]]},
    ]
    nodes[1]["inbound_nodes"].append([["inner", 0, 0, {}]])
    ends = {"input_layers": [["in", 0, 0]], "output_layers": ["last", 0, 0]}
    return described("Model", {"name": "graph", "layers": nodes, **ends})


def described(kind, configuration):
    return {
        "class_name": kind,
        "config": configuration,
        "keras_version": "2.11.0",
        "backend": "tensorflow",
    }


def put(group, arrays, split=False):
    """Write arrays as Keras does: a group for every layer, which lists the paths of its arrays."""
    names = list(dict.fromkeys(path.split("/")[0] for path in arrays))
    group.attrs["layer_names0" if split else "layer_names"] = [name.encode() for name in [*names, "leaky"]]
    group.attrs["keras_version"] = b"2.11.0"
    for name in names:
        paths = [path.removeprefix(f"{name}/") for path in arrays if path.startswith(f"{name}/")]
        inside = group.create_group(name)
        inside.attrs["weight_names"] = [path.encode() for path in paths]
        for path in paths:
            inside[path] = arrays[f"{name}/{path}"]
    group.create_group("leaky").attrs["weight_names"] = np.array([])


def whole(path, description, arrays, split=False):
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = "2.11.0"
        file.attrs["model_config"] = np.bytes_(json.dumps(description))
        put(file.create_group("model_weights"), arrays, split)
        file["optimizer_weights/Adam/iterations:0"] = np.int64(3)
    return path


CHAIN = {"one/one/kernel:0": KERNEL, "one/one/bias:0": BIAS, "two/two/kernel:0": OTHER}


def answers():
    values = INPUTS.reshape(5, 3) @ KERNEL + BIAS
    return (np.where(values > 0, values, 0.1 * values) @ OTHER).reshape(5, 1, 1, 2)


@pytest.mark.parametrize("split", [False, True])
def test_a_whole_model_of_keras_2(split, tmp_path):
    """The names of layers may be split over several attributes, an empty list is of float64."""
    network = exchange.load(whole(tmp_path / "model.h5", chain(), CHAIN, split))
    assert isinstance(network, Sequential)
    assert np.allclose(network.predict(INPUTS), answers(), atol=1e-6)


def test_a_description_in_json_and_weights(tmp_path):
    (tmp_path / "model.json").write_text(json.dumps(chain()))
    with h5py.File(tmp_path / "weights.h5", "w") as file:
        put(file, CHAIN)
    network = exchange.load(tmp_path / "model.json", weights=tmp_path / "weights.h5")
    assert np.allclose(network.predict(INPUTS), answers(), atol=1e-6)
    with pytest.raises(ExchangeError, match=r"model\.json: .*give the file of the weights as `weights`"):
        exchange.load(tmp_path / "model.json")
    with pytest.raises(ExchangeError, match=r"weights\.h5: has weights alone"):
        exchange.load(tmp_path / "weights.h5")
    whole(tmp_path / "model.h5", chain(), CHAIN)
    with pytest.raises(ExchangeError, match="has weights of its own"):
        exchange.load(tmp_path / "model.h5", weights=tmp_path / "weights.h5")


def test_layers_of_a_model_within_a_model_are_found_by_name(tmp_path):
    """Two kernels of one shape, the second first: by order they would change places."""
    first, second = (SEED.normal(size=(3, 3)).astype(np.float32) for _ in range(2))
    last = SEED.normal(size=(3, 2)).astype(np.float32)
    names = [dense(name, 3, use_bias=False) for name in ("b", "a")]
    names[0]["config"]["batch_input_shape"] = [None, 3]
    arrays = {"inner/a/kernel:0": second, "inner/b/kernel:0": first, "last/last/kernel:0": last}
    description = graph({"name": "inner", "layers": names})
    network = exchange.load(whole(tmp_path / "model.h5", description, arrays))
    assert isinstance(network, Model)
    expected = INPUTS.reshape(5, 3) @ first @ second @ first @ second @ last
    assert np.allclose(network.predict(INPUTS).reshape(5, 2), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("arrays", "problem"),
    [
        (
            {**CHAIN, "one/again/kernel:0": KERNEL},
            r"one \(Dense\): its kernel may be 'one/kernel:0' or 'again/kernel:0'",
        ),
        ({**CHAIN, "one/one/kernel": KERNEL}, "its kernel may be 'one/kernel:0' or 'one/kernel'"),
        ({**CHAIN, "three/three/kernel:0": KERNEL}, "three/kernel:0' of 'three'.*belongs to no layer"),
        ({**CHAIN, "one/one/gamma:0": KERNEL}, "one/gamma:0' of 'one'.*belongs to no layer"),
        ({"two/two/kernel:0": OTHER}, r"one \(Dense\): the file has no kernel"),
        ({**CHAIN, "two/two/kernel:0": OTHER.T.copy()}, "two.*2 x 4 in the file, and 4 x 2"),
        ({**CHAIN, "one/one/bias:0": BIAS * np.nan}, "one.*bias holds NaN"),
    ],
)
def test_what_names_leave_open_is_refused(arrays, problem, tmp_path):
    with pytest.raises(ExchangeError, match=problem):
        exchange.load(whole(tmp_path / "model.h5", chain(), arrays))


@pytest.mark.parametrize("link", ["soft", "external"])
def test_links_in_the_weights_are_not_followed(link, tmp_path):
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["array"] = OTHER
    path = whole(tmp_path / "model.h5", chain(), {each: CHAIN[each] for each in CHAIN if "two" not in each})
    with h5py.File(path, "a") as file:
        inside = file["model_weights"].create_group("two/two")
        soft, external = h5py.SoftLink("/model_weights/one"), h5py.ExternalLink("secret.h5", "array")
        inside["kernel:0"] = soft if link == "soft" else external
    with pytest.raises(
        ExchangeError, match=r"model\.h5: ('/model_weights/two/two/kernel:0' in )?the weights"
    ):
        exchange.load(path)
