"""The whole model beside the same one in PyTorch, with the same weights: outputs, loss and gradients."""

import numpy as np
import pytest

from networks.video import head_losses
from tests.support.video_networks import clips_for, network

torch = pytest.importorskip("torch")

from benchmarks.video_torch import TorchVideo  # noqa: E402 - needs PyTorch

COMBINATIONS = (("0-1", "sigmoid", "bce"), ("0-1", "sigmoid", "mse"), ("-1-1", "tanh", "mse"))


def by_name(made, theirs):
    """Yield our gradients beside PyTorch's parameters, by name."""
    gradient, parameter = made.parameters.gradient, theirs.get_parameter
    vectors = made.blueprint.kind == "lstm"
    for stage, ours in made.named.items():
        prefix = stage if stage == "encoder" else f"heads.{stage}"
        for number in range(made.blueprint.layers):
            place = f"{stage}.layer_{number}."
            if vectors:
                place += "layer_0.forward."
                for name, called in (("input_weights", "weight_ih"), ("recurrent_weights", "weight_hh")):
                    yield place, gradient(place + name), parameter(f"{prefix}.lstm.{called}_l{number}")
                yield place, gradient(place + "biases"), parameter(f"{prefix}.lstm.bias_ih_l{number}")
            else:
                both = [gradient(f"{place}{name}_weights") for name in ("input", "recurrent")]
                joined = np.concatenate(both, axis=-1).transpose(0, 3, 1, 2)
                yield place, joined, parameter(f"{prefix}.layers.{number}.weight")
                yield place, gradient(place + "biases"), parameter(f"{prefix}.layers.{number}.bias")
        for part in ours.named.keys() & {"reader", "writer"}:
            for number in range(len(ours.named[part].layers)):
                place = f"{stage}.{part}.{number}."
                called = f"{prefix}.{part}.{number}." if vectors else f"{prefix}.{part}."
                yield place, gradient(place + "weights"), parameter(called + "weight")
                yield place, gradient(place + "biases"), parameter(called + "bias")


@pytest.mark.parametrize("combination", COMBINATIONS, ids="-".join)
@pytest.mark.parametrize("reads", ["own", "zeros"])
@pytest.mark.parametrize("kind", ["lstm", "adapters", "patches"])
@pytest.mark.parametrize("rung", ["plain", "o2"])
def test_outputs_loss_and_gradients_are_those_of_pytorch(rung, kind, reads, combination):
    others = {"peepholes": False, "combination": combination}
    made = network(kind, reads, rung=rung, dtype=np.float64, **others)
    clip = clips_for(made)
    read, future = clip[:3], clip[3:]
    outputs = made.forward(read, True)
    targets = {"reconstruction": read, "prediction": future}
    loss, signals = head_losses(made.blueprint)(outputs, targets)
    made.backward(signals)
    theirs = TorchVideo(made)
    frames = theirs.arranged(read)
    for name, found in theirs(frames).items():
        np.testing.assert_allclose(theirs.arranged(outputs[name]), found.detach(), rtol=1e-9, atol=1e-10)
    their_loss = theirs.loss(frames, {"reconstruction": frames, "prediction": theirs.arranged(future)})
    assert loss == pytest.approx(their_loss.item(), rel=1e-10)
    their_loss.backward()
    pairs = list(by_name(made, theirs))
    assert len(pairs) > 5
    for place, ours, parameter in pairs:
        wanted = np.zeros_like(ours) if parameter.grad is None else parameter.grad.numpy()
        np.testing.assert_allclose(
            ours.reshape(wanted.shape), wanted, rtol=1e-7, atol=1e-10 * np.abs(wanted).max(), err_msg=place
        )
