"""Recurrent layers of ONNX: onnxruntime gives the same, or what differs is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks.exchange import onnx
from tests.support.onnx_models import check, image_model, in_runtime, model, refused, written
from tests.support.onnx_samples import drawn

pytestmark = pytest.mark.usefixtures("one_thread")

theirs = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
make = theirs.helper.make_node


sides = st.integers(1, 3)


# Recurrent layers


@st.composite
def recurrent(draw, kind):
    units, features = draw(st.integers(1, 4)), draw(sides)
    directions = draw(st.integers(1, 2))
    rows = units * (4 if kind == "LSTM" else 3)
    constants = {
        "w": drawn(directions, rows, features),
        "r": drawn(directions, rows, units),
        **({"b": drawn(directions, 2 * rows, seed=4)} if draw(st.booleans()) else {}),
    }
    attributes = {"hidden_size": units, "direction": "bidirectional" if directions == 2 else "forward"}
    return features, units, directions, constants, attributes


def recurrent_model(kind, drawn_model, steps, entries, last, opset, peepholes=None):
    features, units, directions, constants, attributes = drawn_model
    names = ["x", "w", "r", "b" if "b" in constants else ""]
    if peepholes is not None:
        constants = {**constants, "p": peepholes}
        names += ["", "", "", "p"]
    if kind == "GRU":
        attributes = {**attributes, "linear_before_reset": 1}
    outputs = ["", "1"] if last else ["1"]
    order = [1, 0, 2] if last else [2, 0, 1, 3]
    shape = [0, directions * units] if last else [0, 0, directions * units]
    nodes = [
        make("Transpose", ["x"], ["0"], perm=[1, 0, 2]),
        make(kind, ["0", *names[1:]], outputs, **attributes),
        make("Transpose", ["1"], ["2"], perm=order),
        make("Reshape", ["2", "shape"], ["y"]),
    ]
    return model(
        nodes, {"x": [entries, steps, features]}, {**constants, "shape": np.array(shape)}, opset=opset
    )


@given(
    parts=recurrent("LSTM"),
    steps=st.integers(1, 4),
    entries=st.sampled_from(["n", 1, 3]),
    last=st.booleans(),
    opset=st.sampled_from([9, 14, 22]),
    peepholes=st.booleans(),
)
def test_an_lstm_is_that_of_the_runtime(tmp_path_factory, parts, steps, entries, last, opset, peepholes):
    _, units, directions, *_ = parts
    seen = drawn(directions, 3 * units, seed=5) if peepholes else None
    made = recurrent_model("LSTM", parts, steps, entries, last, opset, seen)
    network = check(made, tmp_path_factory.mktemp("onnx"), 3 if entries == "n" else entries, steps, parts[0])
    assert network.layers[0].peepholes is peepholes


@given(
    parts=recurrent("GRU"),
    steps=st.integers(1, 4),
    entries=st.sampled_from(["n", 1, 3]),
    last=st.booleans(),
    opset=st.sampled_from([9, 14, 22]),
)
def test_a_gru_is_that_of_the_runtime(tmp_path_factory, parts, steps, entries, last, opset):
    made = recurrent_model("GRU", parts, steps, entries, last, opset)
    check(made, tmp_path_factory.mktemp("onnx"), 3 if entries == "n" else entries, steps, parts[0])


LSTM_WEIGHTS = {"w": drawn(1, 12, 2), "r": drawn(1, 12, 3)}
GRU_WEIGHTS = {"w": drawn(1, 9, 2), "r": drawn(1, 9, 3)}


@pytest.mark.parametrize(
    ("op", "attributes", "pattern"),
    [
        ("GRU", {}, "linear_before_reset is 0"),
        ("GRU", {"linear_before_reset": 0}, "linear_before_reset is 0"),
        ("LSTM", {"clip": 3.0}, "'clip' is not mapped"),
        ("LSTM", {"input_forget": 1}, "input_forget is 1"),
        ("LSTM", {"direction": "reverse"}, "direction is reverse"),
        ("LSTM", {"activations": ["Sigmoid", "Relu", "Tanh"]}, "activations"),
        ("LSTM", {"activation_alpha": [1.0]}, "'activation_alpha' is not mapped"),
        ("LSTM", {"hidden_size": 4}, "hidden_size"),
    ],
)
def test_recurrent_layers_that_ours_has_not_are_refused(tmp_path, op, attributes, pattern):
    constants = LSTM_WEIGHTS if op == "LSTM" else GRU_WEIGHTS
    attributes = {"hidden_size": 3, **attributes}
    refused(image_model(op, constants, 22, (4, "n", 2), **attributes), tmp_path, pattern)


def test_states_that_are_not_zero_lengths_and_cells_are_refused(tmp_path):
    def lstm(inputs, outputs, constants, entries=1):
        return model(
            [make("LSTM", ["x", "w", "r", *inputs], outputs, hidden_size=3)],
            {"x": [4, entries, 2]},
            {**LSTM_WEIGHTS, **constants},
        )

    zeros, ones = np.zeros((1, 1, 3), np.float32), np.ones((1, 1, 3), np.float32)
    refused(lstm(["", "", "h", "h"], ["", "y"], {"h": ones}), tmp_path, "initial state, is not zero")
    refused(lstm(["", "s"], ["", "y"], {"s": np.array([3], np.int32)}), tmp_path, "sequence_lens")
    refused(lstm([], ["", "", "y"], {}), tmp_path, "'y' is not mapped")
    path = written(lstm(["", "s", "h", "h"], ["", "y"], {"h": zeros, "s": np.array([4], np.int32)}), tmp_path)
    found = onnx.load(path).predict(drawn(1, 4, 2))
    np.testing.assert_allclose(found.ravel(), in_runtime(path, {"x": drawn(4, 1, 2)})[0].ravel(), rtol=1e-5)


@pytest.mark.parametrize("layout", [0, 1])
def test_the_layout_with_entries_first_is_read(tmp_path, layout):
    """Which onnxruntime 1.32 does not compute: as the layout with steps first computes it."""
    sizes = [4, "n", 2] if layout == 0 else ["n", 4, 2]
    nodes = [
        make("LSTM", ["x", "w", "r"], ["1"], hidden_size=3, layout=layout),
        make("Squeeze", ["1", "a"], ["y"]),
    ]
    constants = {**LSTM_WEIGHTS, "a": np.array([1 if layout == 0 else 2])}
    network = onnx.load(written(model(nodes, {"x": sizes}, constants), tmp_path))
    values = drawn(4, 3, 2)
    steps_first = [make("LSTM", ["x", "w", "r"], ["y"], hidden_size=3)]
    (expected,) = in_runtime(
        written(model(steps_first, {"x": [4, "n", 2]}, LSTM_WEIGHTS), tmp_path), {"x": values}
    )
    found = network.predict(np.moveaxis(values, 1, 0))
    np.testing.assert_allclose(found, np.moveaxis(expected[:, 0], 1, 0), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_lengths_that_are_given_are_step_masks(tmp_path, kind):
    constants = LSTM_WEIGHTS if kind == "LSTM" else GRU_WEIGHTS
    attributes = {"hidden_size": 3} | ({"linear_before_reset": 1} if kind == "GRU" else {})
    nodes = [
        make(kind, ["x", "w", "r", "", "lengths"], ["1", "2"], **attributes),
        make("Squeeze", ["1", "one"], ["y"]),
    ]
    constants = {**constants, "one": np.array([1])}
    made = model(nodes, {"x": [4, "n", 2]}, constants)
    made.graph.input.append(theirs.helper.make_tensor_value_info("lengths", theirs.TensorProto.INT32, ["n"]))
    path, values, lengths = written(made, tmp_path), drawn(4, 3, 2), np.array([4, 1, 3], np.int32)
    (expected,) = in_runtime(path, {"x": values, "lengths": lengths})
    masks = np.arange(4) < lengths[:, None]
    found = onnx.load(path).predict(np.moveaxis(values, 1, 0), step_masks=masks)
    np.testing.assert_allclose(np.moveaxis(found, 1, 0), expected, rtol=1e-5, atol=1e-6)
