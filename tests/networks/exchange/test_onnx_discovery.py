"""What other libraries do with the models that are written, found by running them."""

import numpy as np
import pytest

from networks import LSTM, Sequential
from networks.exchange import onnx
from nn import SequenceShape

library = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")
helper, types = library.helper, library.TensorProto


def run(operator, inputs, outputs, *, evaluator=None, opset=22, **attributes):
    """Run one node of an operator, in the runtime or in another evaluator."""
    kinds = {name: helper.np_dtype_to_tensor_dtype(array.dtype) for name, array in inputs.items() if name}
    graph = helper.make_graph(
        [helper.make_node(operator, list(inputs), outputs, **attributes)],
        "one",
        [helper.make_tensor_value_info(name, kinds[name], inputs[name].shape) for name in kinds],
        [helper.make_tensor_value_info(name, next(iter(kinds.values())), None) for name in outputs if name],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
    given = {name: array for name, array in inputs.items() if name}
    if evaluator is not None:
        return evaluator(model).run(None, given)
    options = runtime.SessionOptions()
    options.log_severity_level = 4
    return runtime.InferenceSession(model.SerializeToString(), options).run(None, given)


def lstm_inputs(dtype=np.float32, **more):
    draws = np.random.default_rng(0)
    inputs = {"x": (5, 2, 3), "w": (1, 16, 3), "r": (1, 16, 4), "b": (1, 32)}
    return {name: draws.normal(size=shape).astype(dtype) for name, shape in inputs.items()} | more


def reference():
    return pytest.importorskip("onnx.reference").ReferenceEvaluator


@pytest.mark.parametrize(
    ("lengths", "attributes"),
    [
        (np.array([1, 2], np.int32), {}),
        (None, {"clip": 0.1}),
        (None, {"activations": ["Tanh", "Relu", "Softsign"]}),
    ],
)
def test_the_reference_evaluator_ignores_lengths_clip_and_activations_of_an_lstm(lengths, attributes):
    more = {} if lengths is None else {"lengths": lengths}
    (plain,) = run("LSTM", lstm_inputs(), ["", "y_h"], hidden_size=4, evaluator=reference())
    options = {"hidden_size": 4, **attributes}
    (ignored,) = run("LSTM", lstm_inputs(**more), ["", "y_h"], evaluator=reference(), **options)
    (heeded,) = run("LSTM", lstm_inputs(**more), ["", "y_h"], **options)
    np.testing.assert_array_equal(ignored, plain)
    assert not np.allclose(heeded, plain, atol=1e-3)


@pytest.mark.parametrize(
    ("operator", "shapes", "attributes"),
    [
        ("Conv", [(1, 1, 4, 4), (1, 1, 2, 2)], {}),
        ("AveragePool", [(1, 1, 4, 4)], {"kernel_shape": [2, 2]}),
        ("GlobalAveragePool", [(1, 1, 4, 4)], {}),
        ("LeakyRelu", [(2, 3)], {}),
        ("Elu", [(2, 3)], {}),
        ("HardSigmoid", [(2, 3)], {}),
        ("Softplus", [(2, 3)], {}),
    ],
)
def test_operators_without_float64(operator, shapes, attributes):
    inputs = {f"in_{n}": np.ones(shape) for n, shape in enumerate(shapes)}
    with pytest.raises(Exception, match="NOT_IMPLEMENTED"):
        run(operator, inputs, ["out"], **attributes)
    single = {name: array.astype(np.float32) for name, array in inputs.items()}
    assert np.isfinite(run(operator, single, ["out"], **attributes)[0]).all()


@pytest.mark.parametrize(
    ("operator", "shapes"),
    [("Relu", [(2, 3)]), ("Tanh", [(2, 3)]), ("Softmax", [(2, 3)]), ("Gemm", [(2, 3), (3, 2)])],
)
def test_operators_with_float64(operator, shapes):
    inputs = {f"in_{n}": np.ones(shape) for n, shape in enumerate(shapes)}
    assert run(operator, inputs, ["out"])[0].dtype == np.float64


def test_an_lstm_in_float64_is_taken_and_fails_when_it_runs():
    with pytest.raises(Exception, match="LSTM operator does not support double yet"):
        run("LSTM", lstm_inputs(np.float64), ["", "y_h"], hidden_size=4)


def test_an_entry_of_length_0_ends_at_zero_there_and_at_its_initial_state_here():
    start = np.full((1, 2, 4), 0.5, np.float32)
    lengths = np.array([0, 5], np.int32)
    more = {"lengths": lengths, "initial": start}
    (found,) = run("LSTM", lstm_inputs(**more), ["", "y_h"], hidden_size=4)
    assert not found[0, 0].any() and found[0, 1].any()
    layer = LSTM(SequenceShape(5, 3), units=4, whole_sequence=False, generator=np.random.default_rng(0))
    layer.step_mask = np.arange(5)[:, None] < lengths
    states = layer.state_kind(start.transpose(0, 2, 1), np.zeros((1, 4, 2), np.float32))
    ours = layer.forward(np.ones((5, 3, 2), np.float32), initial=states)
    assert (ours[..., 0] == 0.5).all()


def test_files_are_of_an_older_format_than_the_library_would_write(tmp_path):
    network = Sequential(SequenceShape(4, 2), [LSTM.of(units=3)], generator=np.random.default_rng(0))
    onnx.save(network, tmp_path / "model.onnx")
    written = library.load(tmp_path / "model.onnx")
    assert (written.ir_version, written.opset_import[0].version) == (10, 22)
    newest = helper.make_model(written.graph, opset_imports=[helper.make_opsetid("", 22)])
    assert newest.ir_version > written.ir_version
