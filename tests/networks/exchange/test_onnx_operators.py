"""Operators of ONNX one by one: onnxruntime gives the same, or what differs is refused."""

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


# Products


@given(
    inputs=sides,
    outputs=sides,
    transposed=st.booleans(),
    alpha=st.sampled_from([1.0, 0.5]),
    beta=st.sampled_from([1.0, 2.0]),
    biases=st.sampled_from(["", "n", "1n", "1"]),
    opset=st.sampled_from([9, 11, 22]),
)
def test_products_are_those_of_the_runtime(
    tmp_path_factory, inputs, outputs, transposed, alpha, beta, biases, opset
):
    shapes = {"n": (outputs,), "1n": (1, outputs), "1": (1,)}
    constants = {"w": drawn(outputs, inputs) if transposed else drawn(inputs, outputs)}
    if biases:
        constants["b"] = drawn(*shapes[biases])
    elif opset < 11:
        constants["b"] = drawn(outputs)
    made = image_model(
        "Gemm", constants, opset, ("n", inputs), alpha=alpha, beta=beta, transB=int(transposed)
    )
    check(made, tmp_path_factory.mktemp("onnx"), 3, inputs)


def test_a_product_at_every_step_is_time_distributed(tmp_path):
    nodes = [make("MatMul", ["x", "w"], ["1"]), make("Add", ["b", "1"], ["2"]), make("Tanh", ["2"], ["y"])]
    made = model(nodes, {"x": ["n", 4, 3]}, {"w": drawn(3, 2), "b": drawn(2)})
    network = check(made, tmp_path, 5, 4, 3)
    assert [layer.family for layer in network.layers] == ["time_distributed"]


@pytest.mark.parametrize("sizes", [("n", 3), ("n", 4, 3), ("n", 3, 2, 5)])
def test_constants_are_factors_and_shifts_of_features(tmp_path, sizes):
    shape = (3, 1, 1) if len(sizes) == 4 else (3,)
    constants = {"a": drawn(*shape), "b": drawn(*shape), "c": np.array([0.5], np.float32), "d": drawn(*shape)}
    nodes = [
        make("Sub", ["x", "a"], ["1"]),
        make("Div", ["1", "b"], ["2"]),
        make("Mul", ["c", "2"], ["3"]),
        make("Add", ["3", "d"], ["4"]),
        make("Sub", ["d", "4"], ["y"]),
    ]
    network = check(model(nodes, {"x": list(sizes)}, constants), tmp_path, 4, *sizes[1:])
    (layer,) = network.layers  # all in one
    assert (layer.family, layer.fixed_statistics) == ("batch_normalisation", True)


def test_constants_that_are_no_such_factors_are_refused(tmp_path):
    refused(image_model("Mul", {"a": drawn(4, 3)}, sizes=("n", 4, 3)), tmp_path, "each place on an axis")
    refused(image_model("Div", {"a": np.zeros(3, np.float32)}, sizes=("n", 3)), tmp_path, "holds 0")
    made = model([make("Sub", ["x", "z"], ["y"])], {"x": ["n", 3], "z": ["n", 3]}, {})
    refused(made, tmp_path, "differences of two")


# Normalisations


@pytest.mark.parametrize("opset", [9, 14, 15])
@pytest.mark.parametrize("sizes", [("n", 3, 2, 4), ("n", 3), ("n", 3, 4)])
def test_batch_normalisation_is_that_of_the_runtime(tmp_path, opset, sizes):
    constants = {"s": drawn(3), "b": drawn(3), "m": drawn(3), "v": np.abs(drawn(3)) + 0.1}
    nodes = [make("BatchNormalization", ["x", *constants], ["y"], momentum=0.8, epsilon=0.01)]
    if len(sizes) == 3:  # channels first, which sequences of ours are not: from such, and back
        nodes = [
            make("Transpose", ["x"], ["1"], perm=[0, 2, 1]),
            make("BatchNormalization", ["1", *constants], ["2"], momentum=0.8, epsilon=0.01),
            make("Transpose", ["2"], ["y"], perm=[0, 2, 1]),
        ]
        sizes = ("n", 4, 3)
    network = check(model(nodes, {"x": list(sizes)}, constants, opset=opset), tmp_path, 5, *sizes[1:])
    (layer,) = network.layers
    assert (layer.momentum, layer.epsilon) == (0.2, 0.01)


def test_momentum_is_the_share_of_what_was_there(tmp_path):
    """As the runtime's own training mode moves statistics, apart from the unbiased variance of ours."""
    constants = {"s": drawn(3), "b": drawn(3), "m": drawn(3), "v": np.abs(drawn(3)) + 0.1}
    made = image_model("BatchNormalization", constants, 15, ("n", 3), momentum=0.7)
    network = onnx.load(written(made, tmp_path))
    values = drawn(8, 3, seed=3)
    network.forward(np.ascontiguousarray(values.T).reshape(1, 1, 3, 8), training=True)
    expected = 0.7 * constants["m"] + 0.3 * values.mean(0)
    (means,) = [array for name, array in network.state().items() if name.endswith("means")]
    np.testing.assert_allclose(means, expected, rtol=1e-5)
    training = image_model("BatchNormalization", constants, 15, ("n", 3), training_mode=1)
    refused(training, tmp_path, "training_mode")


@pytest.mark.parametrize(("axis", "axes"), [(-1, "last"), (1, "all"), (2, "last")])
def test_layer_normalisation_is_that_of_the_runtime(tmp_path, axis, axes):
    sizes = (4, 3)[axis - 1 :] if axis > 0 else (3,)
    constants = {"s": drawn(*sizes), "b": drawn(*sizes)}
    made = image_model("LayerNormalization", constants, 17, ("n", 4, 3), axis=axis, epsilon=0.01)
    network = check(made, tmp_path, 5, 4, 3)
    (layer,) = network.layers
    assert layer.axes == axes


def test_layer_normalisation_of_whole_images_has_its_scale_in_our_order(tmp_path):
    constants = {"s": drawn(2, 5, 6), "b": drawn(2, 5, 6)}
    check(image_model("LayerNormalization", constants, 17, axis=1), tmp_path, 3, 2, 5, 6)


# Functions


@pytest.mark.parametrize(
    ("op", "attributes"),
    [
        *((op, {}) for op in ("Relu", "Tanh", "Sigmoid", "Softplus", "Elu", "LeakyRelu", "HardSigmoid")),
        ("LeakyRelu", {"alpha": 0.3}),
    ],
)
def test_functions_are_those_of_the_runtime(tmp_path, op, attributes):
    check(image_model(op, **attributes), tmp_path, 3, 2, 5, 6)


def choosing_softplus(limit, chosen="sums"):
    """A softplus that gives what it is given beyond a limit."""
    nodes = [
        make("Tanh", ["x"], ["last"]),
        make("Mul", ["last", "thirty"], ["sums"]),
        make("Softplus", ["sums"], ["soft"]),
        make("Greater", ["sums", "limit"], ["beyond"]),
        make("Where", ["beyond", chosen, "soft"], ["y"]),
    ]
    return model(nodes, {"x": ["n", 4]}, {"limit": np.array(limit, np.float32), "thirty": np.float32(30)})


def test_a_softplus_that_gives_what_it_is_given_where_that_is_large_is_one(tmp_path):
    check(choosing_softplus(20), tmp_path, 50, 4)
    refused(choosing_softplus(10), tmp_path, "for a softplus beyond 20 or more")
    refused(choosing_softplus(20, "last"), tmp_path, "for a softplus beyond 20 or more")
    refused(choosing_softplus([20] * 4), tmp_path, "input 1 is .*, not one number")


def test_functions_that_ours_has_not_are_refused(tmp_path):
    refused(image_model("Elu", alpha=0.5), tmp_path, "alpha is 0.5")
    refused(image_model("LeakyRelu", alpha=-0.5), tmp_path, "alpha is -0.5")
    refused(image_model("HardSigmoid", beta=0.4), tmp_path, "alpha and beta are 0.2 and 0.4")
    for op in ("Selu", "HardSwish", "Gelu", "LogSoftmax", "RNN", "Mish"):
        refused(image_model(op), tmp_path, rf"\({op}\): this operator is not mapped")


@pytest.mark.parametrize("opset", [9, 11, 12, 22])
def test_limits_are_squashes_and_relus(tmp_path, opset):
    limits = {"a": np.array(-1, np.float32), "b": np.array(1, np.float32)}
    if opset < 11:
        check(image_model("Clip", None, opset, min=-1.0, max=1.0), tmp_path, 3, 2, 5, 6)
        check(image_model("Clip", None, opset, min=0.0), tmp_path, 3, 2, 5, 6)
    else:
        check(image_model("Clip", limits, opset), tmp_path, 3, 2, 5, 6)
        check(image_model("Clip", {"a": np.array(0, np.float32)}, opset), tmp_path, 3, 2, 5, 6)
        refused(
            image_model("Clip", {"a": np.array(0, np.float32), "b": np.array(6, np.float32)}, opset),
            tmp_path,
            "limits 0 and 6",
        )


@pytest.mark.parametrize("opset", [9, 11, 13, 22])
@pytest.mark.parametrize("axis", [None, 1, -1, 2])
@pytest.mark.parametrize("sizes", [("n", 3), ("n", 4, 3), ("n", 2, 5, 6)])
def test_softmax_is_over_one_axis_since_opset_13_and_over_all_from_one_on_before(
    tmp_path, opset, axis, sizes
):
    rank = len(sizes)
    number = ((1 if opset < 13 else -1) if axis is None else axis) % rank
    made = image_model("Softmax", None, opset, sizes, **({} if axis is None else {"axis": axis}))
    taken = set(range(number, rank)) if opset < 13 else {number}
    last = {2: 1, 3: 2, 4: 1}[rank]  # features, which lie last in ours
    if axis == 2 and rank == 2:
        refused(made, tmp_path, "axis is 2")
    elif taken in ({last}, set(range(1, rank))):
        check(made, tmp_path, 3, *sizes[1:])
    elif taken == {3} or rank == 3:  # as if channels of images came last, or those of series first
        path, values = written(made, tmp_path), drawn(3, *sizes[1:])
        found = onnx.load(path).predict(values if rank == 4 else np.moveaxis(values, 1, 2))
        found = found if rank == 4 else np.moveaxis(found, 2, 1)
        np.testing.assert_allclose(found, in_runtime(path, {"x": values})[0], rtol=1e-5, atol=1e-6)
    else:
        refused(made, tmp_path, "lie|runs fastest")


# Tables, kinds of numbers


def test_labels_are_looked_up(tmp_path):
    for sizes, shape in ((["n", 4], (4, 1)), (["n"], (1, 1, 1))):
        path = written(
            model([make("Gather", ["t", "x"], ["y"])], {"x": sizes}, {"t": drawn(7, 3)}, kind=7), tmp_path
        )
        labels = np.random.default_rng(0).integers(0, 7, (5, *sizes[1:]))
        found = onnx.load(path).predict(labels.reshape(5, *shape).astype(np.float32))
        (expected,) = in_runtime(path, {"x": labels})
        np.testing.assert_array_equal(found.reshape(expected.shape), expected)
    made = model([make("Cast", ["x"], ["1"], to=1), make("Relu", ["1"], ["y"])], {"x": ["n", 4]}, {}, kind=7)
    refused(made, tmp_path, "labels whole")


@pytest.mark.parametrize("kind", ["float32", "float64", "float16", "bfloat16"])
@pytest.mark.parametrize("raw", [True, False])
def test_weights_of_all_kinds_are_read(tmp_path, kind, raw):
    import ml_dtypes

    weights = drawn(3, 4).astype(ml_dtypes.bfloat16 if kind == "bfloat16" else kind)
    made = image_model("MatMul", {"w": drawn(3, 4)}, 22, ("n", 3))
    number = {"float32": 1, "float64": 11, "float16": 10, "bfloat16": 16}[kind]
    tensor = theirs.helper.make_tensor(
        "w", number, weights.shape, weights.tobytes() if raw else weights.ravel(), raw=raw
    )
    made.graph.initializer[0].CopyFrom(tensor)
    network = onnx.load(written(made, tmp_path), dtype=np.float64)
    assert network.dtype == np.float64
    (name,) = [name for name in network.parameters.names if name.endswith("weights")]
    np.testing.assert_array_equal(network.parameters[name], weights.astype(np.float64).T)


def test_weights_that_are_too_large_for_the_network_are_refused(tmp_path):
    made = image_model("MatMul", {"w": np.full((3, 4), 1e300)}, 22, ("n", 3))
    refused(made, tmp_path, "too large for float32")
    onnx.load(written(made, tmp_path), dtype=np.float64)


# Sizes, inputs and outputs


def test_open_sizes_need_the_shape_of_the_input(tmp_path):
    made = image_model("Relu", None, 22, ("n", 2, "h", "w"))
    refused(made, tmp_path, r"leaves sizes open: give input_shape=\(\?, \?, 2\)")
    refused(made, tmp_path, "does not fit", input_shape=(5, 6, 3))
    check(made, tmp_path, 3, 2, 5, 6, input_shape=(5, 6, 2))
    check(made, tmp_path, 3, 2, 5, 6, input_shape={"x": (5, 6, 2)})
    refused(made, tmp_path, "no input is called 'z'", input_shape={"z": (5, 6, 2)})


def test_channels_last_are_found_where_the_file_moves_them(tmp_path):
    nodes = [
        make("Transpose", ["x"], ["1"], perm=[0, 3, 1, 2]),
        make("Conv", ["1", "k"], ["2"]),
        make("Transpose", ["2"], ["y"], perm=[0, 2, 3, 1]),
    ]
    path = written(model(nodes, {"x": ["n", 5, 6, 2]}, {"k": drawn(3, 2, 2, 2)}), tmp_path)
    network = onnx.load(path)
    values = drawn(4, 5, 6, 2)
    (expected,) = in_runtime(path, {"x": values})
    np.testing.assert_allclose(network.predict(values), expected, rtol=1e-5, atol=1e-5)


def test_several_inputs_and_outputs_go_by_name(tmp_path):
    nodes = [
        make("Gemm", ["a", "w"], ["1"]),
        make("Gemm", ["b", "w"], ["2"]),
        make("Mul", ["1", "2"], ["product"]),
        make("Concat", ["1", "2"], ["both"], axis=-1),
    ]
    made = model(nodes, {"a": ["n", 3], "b": ["n", 3]}, {"w": drawn(3, 2)}, outputs=("product", "both"))
    path = written(made, tmp_path)
    values = {"a": drawn(4, 3), "b": drawn(4, 3, seed=2)}
    network = onnx.load(path)
    found = network.predict({name: each.reshape(4, 1, 1, 3) for name, each in values.items()})
    for name, expected in zip(("product", "both"), in_runtime(path, values), strict=True):
        np.testing.assert_allclose(found[name].reshape(expected.shape), expected, rtol=1e-5, atol=1e-6)
    assert network.shares
    assert network.parameters.size == 8  # both products are of the same weights
    alone = onnx.load(path, outputs=["product"])
    np.testing.assert_array_equal(
        alone.predict({name: each.reshape(4, 1, 1, 3) for name, each in values.items()}), found["product"]
    )
    refused(made, tmp_path, "no node gives 'none'", outputs=["none"])


def test_names_that_would_be_one_stay_different(tmp_path):
    nodes = [make("Relu", ["x"], ["y.1"], "a.b"), make("Tanh", ["x"], ["y:1"], "a:b")]
    made = model(nodes, {"x": ["n", 3]}, {}, outputs=("y.1", "y:1"))
    network = onnx.load(written(made, tmp_path))
    assert sorted(network.named) == ["a_b", "a_b_2"]
    assert sorted(network.output_shapes) == ["y_1", "y_1_2"]
