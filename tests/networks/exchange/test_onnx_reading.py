"""Models of ONNX as networks of ours: what onnxruntime computes of the same file."""

import re
import sys

import numpy as np
import pytest

from networks.exchange import onnx
from networks.exchange.__main__ import main
from networks.exchange.errors import ExchangeError
from networks.exchange.onnx.reading.operators import OPERATORS
from tests.support.onnx_models import check_same, image_model, model, written
from tests.support.places import ROOT

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


def test_the_document_has_a_row_for_every_operator():
    text = (ROOT / "docs" / "exchange.md").read_text(encoding="utf-8")
    table = text[text.index("| operators | here | |") : text.index("What was found by running")]
    rows = [line.split(" | ")[0] for line in table.splitlines()[2:] if line]
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == set(OPERATORS)


def test_the_command_says_what_becomes_of_every_node(tmp_path, capsys):
    path = written(chain(22), tmp_path)
    assert main([str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("opset 22, IR 10")
    assert lines[2].split() == ["first", "Conv", "N", "x", "4", "x", "6", "x", "4", "convolution"]
    assert lines[-2:] == ["6 of 6 nodes are mapped", "can be opened"]
    made = chain(22)
    made.graph.node[1].op_type = "Selu"
    unnamed = path.rename(path.with_suffix(".model"))  # it is told by its beginning
    unnamed.write_bytes(made.SerializeToString())
    assert main([str(unnamed)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "this operator is not mapped" in lines[3]
    assert "reads what is not mapped" in lines[4]
    assert lines[-1] == "cannot be opened: node number 1 (Selu): this operator is not mapped"


def test_the_command_takes_the_sizes_that_a_file_leaves_open(tmp_path, capsys):
    path = written(image_model("Relu", sizes=("n", 2, "h", "w")), tmp_path)
    assert main([str(path)]) == 0
    assert "give input_shape=(?, ?, 2)" in capsys.readouterr().out
    assert main([str(path), "--input-shape", "5x6x2"]) == 0
    assert capsys.readouterr().out.endswith("can be opened\n")
    path.write_bytes(b"nothing of the kind")
    assert main([str(path)]) == 2
    assert "no ONNX file" in capsys.readouterr().err


def test_a_missing_library_is_named_with_its_extra(tmp_path, monkeypatch):
    path = written(chain(22), tmp_path)
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ExchangeError, match=r"ganglion\[exchange\]"):
        onnx.load(path)
