"""GRU: values, states and gradients of every rung against PyTorch's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks.ladder import FAMILIES
from nn.shape import Shape
from tests.support import network_checks as checks
from tests.support import state_checks
from tests.support.gru_networks import FAMILY, gru, options, shapes
from tests.support.rung_checks import every_dtype, every_rung

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.usefixtures("one_thread")

ARRAYS = {"input_weights": "weight_ih", "recurrent_weights": "weight_hh", "biases": "bias_ih"}


def to_torch(array, requires_grad=False):
    """Histories (..., features, N) to batches (..., N, features)."""
    return torch.tensor(np.swapaxes(array, -1, -2).copy(), requires_grad=requires_grad)


def from_torch(tensor):
    return np.swapaxes(tensor.detach().numpy(), -1, -2)


def torch_views(network, module, gradients=False):
    """The arrays of PyTorch's module that correspond to a network's parameters, by name of the parameter.

    PyTorch has a second bias for every gate; only that of the candidate differs from the first in effect.
    """
    for directed in network.directed_layers:
        suffix = f"_l{directed.layer}" + "_reverse" * directed.backward
        names = ARRAYS | {"recurrent_biases": "bias_hh"}
        for name, theirs in names.items():
            tensor = getattr(module, theirs + suffix)
            tensor = tensor.grad if gradients else tensor
            yield directed.prefix + name, tensor[2 * network.units :] if theirs == "bias_hh" else tensor


def same_module(network):
    module = torch.nn.GRU(
        network.directed_layers[0].inputs,
        network.units,
        network.layer_count,
        bidirectional=network.bidirectional,
        dtype=getattr(torch, str(network.dtype)),
    )
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.zero_()
        for name, view in torch_views(network, module):
            view.copy_(torch.tensor(network.parameters[name]))
    return module


def run(network, module, inputs, hidden, lengths):
    """Outputs (steps, N, features) and final states, of packed sequences where there are lengths."""
    if lengths is None:
        outputs, end = module(inputs, hidden)
    else:
        packed = torch.nn.utils.rnn.pack_padded_sequence(inputs, torch.tensor(lengths), enforce_sorted=False)
        outputs, end = module(packed, hidden)
        outputs, _ = torch.nn.utils.rnn.pad_packed_sequence(outputs, total_length=network.steps)
    if not network.whole_sequence:
        outputs = torch.cat(list(end[-network.directions :]), dim=-1)[None, :]
    return outputs, end


def torch_pass(network, values, signals, initial, final, lengths):
    module = same_module(network)
    inputs, start = to_torch(values, True), to_torch(initial.hidden, True)
    outputs, end = run(network, module, inputs, start, lengths)
    signals_there = to_torch(signals.reshape(-1, *signals.shape[-2:]))
    ((signals_there * outputs).sum() + (to_torch(final.hidden) * end).sum()).backward()
    gradients = torch_views(network, module, gradients=True)
    return {
        "outputs": from_torch(outputs).reshape(signals.shape),
        "input signals": from_torch(inputs.grad),
        "final hidden": from_torch(end),
        "initial signals of hidden": from_torch(start.grad),
        **{name: view.numpy() for name, view in gradients},
    }


@every_rung
@every_dtype
@given(
    shape=shapes,
    settings=options,
    lengths=st.lists(st.integers(1, 4), min_size=1, max_size=20),
    packed=st.booleans(),
)
def test_torch_gru_gives_the_same(rung, dtype, shape, settings, lengths, packed):
    network = gru(FAMILY.rungs[rung], shape, dtype, **settings)
    lengths = np.minimum(lengths, shape.steps)
    values, signals = checks.numbers(network, len(lengths))
    initial, final = (state_checks.states(network, len(lengths), seed) for seed in (3, 5))
    if packed:
        network.step_mask = np.arange(shape.steps)[:, None] < lengths
    found = state_checks.pass_through(network, values, signals, initial, final)
    expected = torch_pass(network, values, signals, initial, final, lengths if packed else None)
    state_checks.assert_close(found, expected, 2 * FAMILY.tolerance[dtype])


@every_rung
@every_dtype
@given(inputs=st.integers(1, 9), units=st.integers(1, 20), histories=st.integers(1, 20))
def test_torch_cell_gives_the_same(rung, dtype, inputs, units, histories):
    cell = gru(FAMILIES["gru_cell"].rungs[rung], Shape(1, 1, inputs), dtype, units=units)
    values, signals = checks.numbers(cell, histories)
    initial, final = state_checks.states(cell, histories, 3), state_checks.states(cell, histories, 5)
    found = state_checks.pass_through(cell, values, signals, initial, final)
    module = torch.nn.GRUCell(inputs, units, dtype=getattr(torch, dtype))
    names = [*ARRAYS.items(), ("recurrent_biases", "bias_hh")]
    with torch.no_grad():
        module.bias_hh.zero_()
        for name, theirs in names:
            of_cell(module, theirs, units).copy_(torch.tensor(cell.parameters[f"layer_0.forward.{name}"]))
    there, start = to_torch(values[0, 0], True), to_torch(initial.hidden[0], True)
    hidden = module(there, start)
    (hidden * to_torch(signals[0, 0] + final.hidden[0])).sum().backward()
    expected = {
        "outputs": from_torch(hidden)[None, None],
        "input signals": from_torch(there.grad)[None, None],
        "final hidden": from_torch(hidden)[None],
        "initial signals of hidden": from_torch(start.grad)[None],
    }
    for name, theirs in names:
        gradient = of_cell(module, theirs, units, gradient=True)
        expected[f"layer_0.forward.{name}"] = gradient.numpy()
    state_checks.assert_close(found, expected, 2 * FAMILY.tolerance[dtype])


def of_cell(module, name, units, gradient=False):
    """An array of PyTorch's cell; of the second biases only those of the candidate."""
    array = getattr(module, name).grad if gradient else getattr(module, name)
    return array[2 * units :] if name == "bias_hh" else array
