"""LSTM and its cell: values, states and gradients of every rung against PyTorch's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks.base.stateful import States
from networks.ladder import FAMILIES
from nn.shape import Shape
from tests.support import network_checks as checks
from tests.support import state_checks
from tests.support.lstm_networks import FAMILY, lstm, shapes
from tests.support.rung_checks import every_dtype, every_rung

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.usefixtures("one_thread")

options = st.fixed_dictionaries(
    {
        "units": st.integers(1, 10),
        "layers": st.integers(1, 3),
        "bidirectional": st.booleans(),
        "whole_sequence": st.booleans(),
    }
)
ARRAYS = {"input_weights": "weight_ih", "recurrent_weights": "weight_hh", "biases": "bias_ih"}


def to_torch(array, requires_grad=False):
    """Histories (..., features, N) to batches (..., N, features)."""
    return torch.tensor(np.swapaxes(array, -1, -2).copy(), requires_grad=requires_grad)


def from_torch(tensor):
    return np.swapaxes(tensor.detach().numpy(), -1, -2)


def torch_names(network):
    """Name of every parameter to PyTorch's; its second bias, equal to the first in effect, stays zero."""
    for directed in network.directed_layers:
        for name, theirs in ARRAYS.items():
            yield directed.prefix + name, f"{theirs}_l{directed.layer}" + "_reverse" * directed.backward


def same_module(network):
    module = torch.nn.LSTM(
        network.directed_layers[0].inputs,
        network.units,
        network.layer_count,
        bidirectional=network.bidirectional,
        dtype=getattr(torch, str(network.dtype)),
    )
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.zero_()
        for name, theirs in torch_names(network):
            getattr(module, theirs).copy_(torch.tensor(network.parameters[name]))
    return module


def run(network, module, inputs, states, lengths):
    """Outputs (steps, N, features) and final states, of packed sequences where there are lengths."""
    if lengths is None:
        outputs, ends = module(inputs, states)
    else:
        packed = torch.nn.utils.rnn.pack_padded_sequence(inputs, torch.tensor(lengths), enforce_sorted=False)
        outputs, ends = module(packed, states)
        outputs, _ = torch.nn.utils.rnn.pad_packed_sequence(outputs, total_length=network.steps)
    if not network.whole_sequence:
        last = ends[0][-network.directions :]
        outputs = torch.cat(list(last), dim=-1)[None, :]
    return outputs, States(*ends)


def torch_pass(network, values, signals, initial, final, lengths):
    module = same_module(network)
    inputs = to_torch(values, True)
    starts = States(*(to_torch(array, True) for array in initial))
    outputs, ends = run(network, module, inputs, starts, lengths)
    signals_there = to_torch(signals.reshape(-1, *signals.shape[-2:]))
    pairs = zip([signals_there, *map(to_torch, final)], [outputs, *ends], strict=True)
    sum((signal * value).sum() for signal, value in pairs).backward()
    found = {"outputs": from_torch(outputs).reshape(signals.shape), "input signals": from_torch(inputs.grad)}
    for kind, start, end in zip(States._fields, starts, ends, strict=True):
        found |= {
            f"final {kind}": from_torch(end),
            f"initial signals of {kind}": from_torch(start.grad),
        }
    return found | {name: getattr(module, theirs).grad.numpy() for name, theirs in torch_names(network)}


@every_rung
@every_dtype
@given(
    shape=shapes,
    settings=options,
    lengths=st.lists(st.integers(1, 4), min_size=1, max_size=20),
    packed=st.booleans(),
)
def test_torch_lstm_gives_the_same(rung, dtype, shape, settings, lengths, packed):
    network = lstm(FAMILY.rungs[rung], shape, dtype, **settings)
    lengths = np.minimum(lengths, shape.steps)
    values, signals = checks.numbers(network, len(lengths))
    ends = (
        state_checks.states(network, len(lengths), 3),
        state_checks.states(network, len(lengths), 5),
    )
    if packed:
        network.step_mask = np.arange(shape.steps)[:, None] < lengths
    found = state_checks.pass_through(network, values, signals, *ends)
    expected = torch_pass(network, values, signals, *ends, lengths if packed else None)
    checks.assert_close(found, expected, 2 * FAMILY.tolerance[dtype])


@every_rung
@every_dtype
@given(inputs=st.integers(1, 9), units=st.integers(1, 20), histories=st.integers(1, 20))
def test_torch_cell_gives_the_same(rung, dtype, inputs, units, histories):
    cell = lstm(FAMILIES["lstm_cell"].rungs[rung], Shape(1, 1, inputs), dtype, units=units)
    values, signals = checks.numbers(cell, histories)
    initial, final = state_checks.states(cell, histories, 3), state_checks.states(cell, histories, 5)
    found = state_checks.pass_through(cell, values, signals, initial, final)
    module = torch.nn.LSTMCell(inputs, units, dtype=getattr(torch, dtype))
    with torch.no_grad():
        module.bias_hh.zero_()
        for name, theirs in ARRAYS.items():
            getattr(module, theirs).copy_(torch.tensor(cell.parameters[f"layer_0.forward.{name}"]))
    there = to_torch(values[0, 0], True)
    starts = [to_torch(array[0], True) for array in initial]
    hidden, cells = module(there, starts)
    loss = (hidden * to_torch(signals[0, 0] + final.hidden[0])).sum() + (
        cells * to_torch(final.cells[0])
    ).sum()
    loss.backward()
    expected = {
        "outputs": from_torch(hidden)[None, None],
        "input signals": from_torch(there.grad)[None, None],
    }
    for kind, start, end in zip(States._fields, starts, (hidden, cells), strict=True):
        expected[f"final {kind}"] = from_torch(end)[None]
        expected[f"initial signals of {kind}"] = from_torch(start.grad)[None]
    for name, theirs in ARRAYS.items():
        expected[f"layer_0.forward.{name}"] = getattr(module, theirs).grad.numpy()
    checks.assert_close(found, expected, 2 * FAMILY.tolerance[dtype])
