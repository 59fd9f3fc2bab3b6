"""Convolutional LSTM: values, states and gradients of every rung against the same equations in PyTorch."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import network_checks as checks
from tests.support import state_checks
from tests.support.convolutional_lstm_networks import FAMILY, convolutional_lstm, settings, videos
from tests.support.rung_checks import every_dtype, every_rung

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.usefixtures("one_thread")

histories = st.integers(1, 20)


def in_torch(network, values, initial, present):
    """Return outputs, final states and leaves of the same steps in torch, from equation 3 of the paper."""
    leaf = {name: network.parameters[name] for name in network.parameters.names}
    leaf |= {"values": values, **initial._asdict()}
    leaf = {name: torch.tensor(array, requires_grad=True) for name, array in leaf.items()}

    def images(tensor):
        return tensor.permute(3, 2, 0, 1)

    hidden, cells = images(leaf["hidden"]), images(leaf["cells"])
    peepholes = torch.zeros(3, 1, 1, 1, dtype=hidden.dtype)
    if network.peepholes:
        peepholes = leaf["peepholes"].permute(0, 3, 1, 2)
    kernels = [leaf[f"{name}_weights"].permute(0, 3, 1, 2) for name in ("input", "recurrent")]
    outputs = []
    for t in range(network.steps):
        sums = torch.nn.functional.conv2d(
            images(leaf["values"][t]), kernels[0], leaf["biases"], padding="same"
        )
        sums = sums + torch.nn.functional.conv2d(hidden, kernels[1], padding="same")
        i, f, g, o = sums.chunk(4, dim=1)
        i, f = torch.sigmoid(i + peepholes[0] * cells), torch.sigmoid(f + peepholes[1] * cells)
        new_cells = f * cells + i * torch.tanh(g)
        o = torch.sigmoid(o + peepholes[2] * new_cells)
        there = torch.tensor(present[t])[:, None, None, None]
        hidden = torch.where(there, o * torch.tanh(new_cells), hidden)
        cells = torch.where(there, new_cells, cells)
        outputs.append(torch.where(there, hidden, 0.0))
    ends = [each.permute(2, 3, 1, 0) for each in (hidden, cells)]
    whole = torch.stack(outputs).permute(0, 3, 4, 2, 1)
    return (whole if network.whole_sequence else ends[0]), ends, leaf


@every_rung
@every_dtype
@given(shape=videos, settings=settings, histories=histories, masked=st.booleans())
def test_torch_gives_the_same(rung, dtype, shape, settings, histories, masked):
    network = convolutional_lstm(FAMILY.rungs[rung], shape, dtype, **settings)
    values, signals = checks.numbers(network, histories)
    initial, final = (state_checks.states(network, histories, seed) for seed in (3, 5))
    present = np.ones((network.steps, histories), bool)
    if masked:
        network.step_mask = present = state_checks.mask(network, histories)
    found = state_checks.pass_through(network, values, signals, initial, final)
    outputs, ends, leaf = in_torch(network, values, initial, present)
    weights = [torch.tensor(array) for array in (signals, *final)]
    sum((weight * value).sum() for weight, value in zip(weights, (outputs, *ends), strict=True)).backward()
    gradients = {name: tensor.grad.numpy() for name, tensor in leaf.items()}
    renamed = {"values": "input signals", "hidden": "initial signals of hidden"}
    renamed["cells"] = "initial signals of cells"
    expected = {renamed.get(name, name): gradient for name, gradient in gradients.items()}
    expected |= {"outputs": outputs.detach().numpy()}
    expected |= {"final hidden": ends[0].detach().numpy(), "final cells": ends[1].detach().numpy()}
    state_checks.assert_close(found, expected, FAMILY.tolerance[dtype])
