"""Convolutions, pooling and larger images of ONNX: onnxruntime gives the same, or what differs is refused."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from networks.exchange import onnx
from networks.exchange.errors import ExchangeError
from tests.support.onnx_models import check, image_model, in_runtime, model, refused, written
from tests.support.onnx_samples import drawn

pytestmark = pytest.mark.usefixtures("one_thread")

theirs = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
make = theirs.helper.make_node


sides = st.integers(1, 3)


# Windows


@st.composite
def windows(draw):
    kernel = [draw(sides), draw(sides)]
    attributes = {
        "kernel_shape": kernel,
        "strides": [draw(sides), draw(sides)],
        "dilations": [draw(st.integers(1, 2)), draw(st.integers(1, 2))],
        "pads": [draw(st.integers(0, 2)), draw(st.integers(0, 2))] * 2,
    }
    if draw(st.booleans()):
        del attributes["pads"]
        attributes["dilations"] = [1, 1]  # the runtime computes no others with it
        attributes["auto_pad"] = draw(st.sampled_from(["SAME_UPPER", "SAME_LOWER", "VALID"]))
    return attributes


@given(attributes=windows(), opset=st.sampled_from([9, 11, 22]), has_biases=st.booleans())
def test_convolutions_are_those_of_the_runtime(tmp_path_factory, attributes, opset, has_biases):
    constants = {"k": drawn(4, 2, *attributes["kernel_shape"]), **({"b": drawn(4)} if has_biases else {})}
    made = image_model("Conv", constants, opset, **attributes)
    folder = tmp_path_factory.mktemp("onnx")
    try:
        network = check(made, folder, 3, 2, 5, 6)
    except ExchangeError as error:
        assert "pads" in str(error)
        assert attributes.get("auto_pad", "").startswith("SAME")
    else:
        assert [layer.family for layer in network.layers] == ["convolution"]


def test_one_more_zero_behind_keeps_the_size_and_before_is_refused(tmp_path):
    constants = {"k": drawn(3, 2, 2, 4)}
    check(image_model("Conv", constants, pads=[0, 1, 1, 2]), tmp_path, 2, 2, 5, 6)
    refused(image_model("Conv", constants, pads=[1, 2, 0, 1]), tmp_path, "pads")
    check(image_model("Conv", constants, auto_pad="SAME_UPPER"), tmp_path, 2, 2, 5, 6)
    refused(image_model("Conv", constants, auto_pad="SAME_LOWER"), tmp_path, "pads")
    refused(image_model("Conv", {"k": drawn(2, 1, 2, 2)}, group=2), tmp_path, "group is 2")


@pytest.mark.parametrize("opset", [9, 11, 18, 22])
def test_zeros_before_a_convolution_are_its_own(tmp_path, opset):
    pads = [0, 0, 2, 1, 0, 0, 2, 1]
    constants = {"k": drawn(3, 2, 3, 2), **({"p": np.array(pads)} if opset > 10 else {})}
    given = {"pads": pads} if opset < 11 else {}
    nodes = [
        make("Pad", ["x", *(["p"] if opset > 10 else [])], ["1"], **given),
        make("Conv", ["1", "k"], ["y"], strides=[2, 1]),
    ]
    network = check(model(nodes, {"x": ["n", 2, 5, 6]}, constants, opset=opset), tmp_path, 3, 2, 5, 6)
    assert network.layers[0].kernel.padding == (2, 1)
    nodes[1] = make("MaxPool", ["1"], ["y"], kernel_shape=[2, 2])
    refused(model(nodes, {"x": ["n", 2, 5, 6]}, constants, opset=opset), tmp_path, "a part of values")
    nodes[0] = make("Pad", nodes[0].input, ["1"], mode="reflect", **given)
    refused(model(nodes, {"x": ["n", 2, 5, 6]}, constants, opset=opset), tmp_path, "mode is reflect")


def test_what_no_window_sees_may_lack(tmp_path):
    constants = {"k": drawn(3, 2, 2, 2), "s": np.array([0, 0]), "e": np.array([4, 5]), "a": np.array([2, 3])}
    nodes = [make("Slice", ["x", "s", "e", "a"], ["1"]), make("Conv", ["1", "k"], ["y"], strides=[2, 3])]
    check(model(nodes, {"x": ["n", 2, 5, 6]}, constants), tmp_path, 3, 2, 5, 6)
    nodes[1] = make("Conv", ["1", "k"], ["y"])
    refused(model(nodes, {"x": ["n", 2, 5, 6]}, constants), tmp_path, "pads")


@st.composite
def transposed(draw):
    stride = [draw(sides), draw(sides)]
    before = [draw(st.integers(0, 1)), draw(st.integers(0, 1))]
    behind = [draw(st.integers(0, each)) for each in before]
    return {
        "kernel_shape": [draw(st.integers(2, 4)), draw(st.integers(2, 4))],
        "strides": stride,
        "dilations": [draw(st.integers(1, 2)), draw(st.integers(1, 2))],
        "pads": [*before, *behind],
        "output_padding": [draw(st.integers(0, each - 1)) for each in stride],
    }


@given(attributes=transposed(), opset=st.sampled_from([9, 11, 22]))
def test_transposed_convolutions_are_those_of_the_runtime(tmp_path_factory, attributes, opset):
    made = image_model("ConvTranspose", {"k": drawn(2, 4, *attributes["kernel_shape"])}, opset, **attributes)
    try:
        check(made, tmp_path_factory.mktemp("onnx"), 3, 2, 5, 6)
    except ExchangeError as error:
        assert "output padding" in str(error)  # more than ours takes, where it comes from the padding


@pytest.mark.parametrize("padding", [[2, 0], [0, 3]])
def test_output_padding_of_at_least_the_stride_is_refused_which_the_runtime_finds_when_it_runs(
    tmp_path, padding
):
    made = image_model("ConvTranspose", {"k": drawn(2, 3, 3, 3)}, strides=[2, 2], output_padding=padding)
    refused(made, tmp_path, "output_padding")
    with pytest.raises(Exception, match="output_padding"):
        in_runtime(written(made, tmp_path), {"x": drawn(1, 2, 5, 6)})


@given(
    kernel=st.tuples(sides, sides),
    stride=st.tuples(sides, sides),
    pads=st.tuples(st.integers(0, 1), st.integers(0, 1)),
    options=st.sampled_from(
        [("MaxPool", {}), ("AveragePool", {}), ("AveragePool", {"count_include_pad": 1})]
    ),
    ceiling=st.booleans(),
    opset=st.sampled_from([10, 12, 19, 22]),
)
def test_pooling_is_that_of_the_runtime(tmp_path_factory, kernel, stride, pads, options, ceiling, opset):
    assume(all(pad <= side // 2 for pad, side in zip(pads, kernel, strict=True)))
    op, attributes = options
    made = image_model(
        op,
        None,
        opset,
        kernel_shape=kernel,
        strides=stride,
        pads=pads * 2,
        ceil_mode=int(ceiling),
        **attributes,
    )
    over = [
        (side + 2 * pad - window) % step
        for side, pad, window, step in zip((5, 6), pads, kernel, stride, strict=True)
    ]
    folder = tmp_path_factory.mktemp("onnx")
    if ceiling and any(over):
        refused(made, folder, "ceil_mode")
    else:
        check(made, folder, 3, 2, 5, 6)


def test_pooling_strides_are_one_by_default_and_what_it_does_not_count_is_not_counted(tmp_path):
    network = check(image_model("AveragePool", kernel_shape=[3, 3], pads=[1] * 4), tmp_path, 2, 2, 5, 6)
    (layer,) = network.layers
    assert (layer.stride, layer.count_padding) == ((1, 1), False)
    refused(image_model("MaxPool", kernel_shape=[2, 2], dilations=[2, 1]), tmp_path, "dilations")
    refused(image_model("MaxPool", kernel_shape=[2, 2], pads=[0, 0, 1, 1]), tmp_path, "pads")
    refused(image_model("MaxPool", kernel_shape=[2, 2], storage_order=1), tmp_path, "storage_order")


@pytest.mark.parametrize("op", ["GlobalAveragePool", "GlobalMaxPool"])
def test_global_pooling_is_that_of_the_runtime(tmp_path, op):
    check(image_model(op), tmp_path, 3, 2, 5, 6)


@pytest.mark.parametrize(
    ("op", "opset"), [("ReduceMean", 11), ("ReduceMean", 18), ("ReduceMax", 13), ("ReduceMax", 20)]
)
@pytest.mark.parametrize("keepdims", [0, 1])
def test_reductions_over_space_and_over_steps_are_those_of_the_runtime(tmp_path, op, opset, keepdims):
    for sizes, axes in ((("n", 2, 5, 6), [2, -1]), (("n", 4, 3), [1])):
        if opset >= 18:
            made = image_model(op, {"a": np.array(axes)}, opset, sizes, keepdims=keepdims)
        else:
            made = image_model(op, None, opset, sizes, axes=axes, keepdims=keepdims)
        check(made, tmp_path, 3, *sizes[1:])
    refused(image_model(op, None, opset), tmp_path, "all axes")


def test_series_are_images_of_one_column(tmp_path):
    """Channels first there, and last in ours, as everywhere."""
    constants = {"k": drawn(3, 2, 4), "t": drawn(3, 2, 3), "w": drawn(2, 5)}
    nodes = [
        make("Conv", ["x", "k"], ["1"], strides=[2], pads=[1, 1], dilations=[1]),
        make("Relu", ["1"], ["2"]),
        make("MaxPool", ["2"], ["3"], kernel_shape=[2]),
        make("ConvTranspose", ["3", "t"], ["4"], strides=[2], output_padding=[1]),
        make("AveragePool", ["4"], ["y"], kernel_shape=[3], pads=[1, 1]),
    ]
    path = written(model(nodes, {"x": ["n", 2, 12]}, constants), tmp_path)
    network, values = onnx.load(path), drawn(4, 2, 12)
    assert network.input_shape == (12, 2)
    (expected,) = in_runtime(path, {"x": values})
    found = network.predict(np.moveaxis(values, 1, 2))
    np.testing.assert_allclose(np.moveaxis(found, 2, 1), expected, rtol=1e-4, atol=1e-5)
    pooled = [make("Conv", ["x", "k"], ["1"]), make("GlobalMaxPool", ["1"], ["y"])]
    path = written(model(pooled, {"x": ["n", 2, 12]}, constants), tmp_path)
    found = onnx.load(path).predict(np.moveaxis(values, 1, 2))
    np.testing.assert_allclose(
        found.reshape(4, 3, 1), in_runtime(path, {"x": values})[0], rtol=1e-5, atol=1e-5
    )


# Larger images

COORDINATES = ["half_pixel", "pytorch_half_pixel", "asymmetric", "align_corners", "tf_half_pixel_for_nn"]
ROUNDINGS = ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]


@pytest.mark.parametrize("opset", [11, 13, 19])
@pytest.mark.parametrize("coordinates", COORDINATES)
def test_resizing_is_that_of_the_runtime_or_refused(tmp_path, opset, coordinates):
    modes = [("linear", "round_prefer_floor"), *(("nearest", rounding) for rounding in ROUNDINGS)]
    for mode, rounding in modes:
        if mode == "linear" and coordinates == "tf_half_pixel_for_nn":
            continue  # which is for nearest alone
        attributes = {"mode": mode, "coordinate_transformation_mode": coordinates, "nearest_mode": rounding}
        constants = {"r": np.zeros(0, np.float32), "s": np.array([1, 1, 2, 3], np.float32)}
        made = image_model("Resize", constants, opset, **attributes)
        centred = coordinates in ("half_pixel", "pytorch_half_pixel")
        fits = (
            (rounding[:5] == "round") if centred else (coordinates != "align_corners" and rounding == "floor")
        )
        if centred if mode == "linear" else fits:
            check(made, tmp_path, 2, 2, 5, 6)
        else:
            refused(made, tmp_path, "does not compute")


def test_linear_upsample_and_resize_of_opset_10_are_asymmetric_and_refused(tmp_path):
    scales = {"s": np.array([1, 1, 2, 2], np.float32)}
    for op, opset in (("Upsample", 9), ("Resize", 10)):
        check(image_model(op, scales, opset, mode="nearest"), tmp_path, 2, 2, 5, 6)
        made = image_model(op, scales, opset, mode="linear")
        refused(made, tmp_path, "asymmetric")
        line = np.broadcast_to(np.arange(6, dtype=np.float32), (1, 2, 5, 6))
        (found,) = in_runtime(written(made, tmp_path), {"x": line})
        assert found[0, 0, 0, :4].tolist() == [0, 0.5, 1, 1.5]  # from centres it would be 0, 0.25, 0.75, 1.25
    refused(image_model("Upsample", {"s": np.array([1, 1, 1.5, 2], np.float32)}, 9), tmp_path, "whole ones")


def test_sizes_in_place_of_factors_are_read(tmp_path):
    empty = np.zeros(0, np.float32)
    constants = {"r": empty, "s": empty, "t": np.array([3, 2, 10, 18])}
    made = image_model("Resize", constants, 13, (3, 2, 5, 6), mode="nearest", nearest_mode="floor",
                       coordinate_transformation_mode="asymmetric")  # fmt: skip
    check(made, tmp_path, 3, 2, 5, 6)
    constants["t"] = np.array([4, 2, 10, 18])
    refused(image_model("Resize", constants, 13, (3, 2, 5, 6)), tmp_path, "number of entries")
