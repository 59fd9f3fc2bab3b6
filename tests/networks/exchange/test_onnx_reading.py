"""Models of ONNX as networks of ours: what onnxruntime computes of the same file."""

import numpy as np
import pytest

from networks.exchange import onnx
from networks.exchange.errors import ExchangeError
from tests.support.onnx_models import check_same, model, written

pytestmark = pytest.mark.usefixtures("one_thread")

theirs = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
make = theirs.helper.make_node


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def chain(opset):
    """A convolution, a pooling and a product, with activations between them."""
    constants = {"k": drawn(4, 2, 3, 3), "b": drawn(4), "w": drawn(5, 4 * 3 * 2), "c": drawn(5)}
    nodes = [
        make("Conv", ["x", "k", "b"], ["1"], "first", pads=[1, 1, 1, 1]),
        make("Relu", ["1"], ["2"]),
        make("MaxPool", ["2"], ["3"], kernel_shape=[2, 2], strides=[2, 2]),
        make("Flatten", ["3"], ["4"]),
        make("Gemm", ["4", "w", "c"], ["5"], "last", transB=1, alpha=0.5, beta=2.0),
        make("Softmax", ["5"], ["y"]),
    ]
    return model(nodes, {"x": ["n", 2, 6, 4]}, constants, opset=opset)


@pytest.mark.parametrize("opset", range(9, 23))
def test_a_chain_is_a_sequential_that_gives_the_same(tmp_path, opset):
    path = written(chain(opset), tmp_path)
    network = onnx.load(path)
    assert [layer.family for layer in network.layers] == ["convolution", "max_pooling", "dense", "softmax"]
    assert list(network.named) == ["first", "max_pooling", "last", "softmax"]
    check_same(path, network, drawn(3, 2, 6, 4, seed=1))


def test_what_is_not_mapped_is_named(tmp_path):
    made = chain(22)
    made.graph.node[1].op_type = "Selu"
    with pytest.raises(
        ExchangeError, match=r"model.onnx: node number 1 \(Selu\): this operator is not mapped"
    ):
        onnx.load(written(made, tmp_path))
    made = chain(22)
    made.graph.node[0].attribute.append(theirs.helper.make_attribute("group", 2))
    with pytest.raises(ExchangeError, match="group is 2"):
        onnx.load(written(made, tmp_path))


def test_a_file_that_is_none_is_refused(tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(b"no model at all")
    with pytest.raises(ExchangeError, match="no ONNX file"):
        onnx.load(path)
    with pytest.raises(ExchangeError, match="not a file"):
        onnx.load(tmp_path)
