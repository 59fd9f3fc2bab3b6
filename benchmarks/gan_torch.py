"""Adversarial pairs in PyTorch: the same networks, draws and steps as `networks.gan.round`."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.torch_peer import tensor, torch
from networks import Network
from networks.gan.blueprint import RECURRENT
from networks.gan.gan import Gan
from networks.gan.round import Batch
from networks.gan.settings import GanSettings
from nn import LeakyReLU, ReLU, Tanh


class TorchPair:
    """Both networks of a pair with their optimizers, and a round of adversarial training.

    Real and generated entries run through the discriminator as one batch, as ours do. Noise is drawn by
    NumPy, the same for both sides, so losses can be compared.

    Parameters
    ----------
    gan
        Whose parameters are copied.
    settings
        Of which the loss may be non-saturating or Wasserstein, the penalty none or "gradient".
    batch
        The real entries.
    random
        Draws noise and places between entries.
    """

    def __init__(self, gan: Gan, settings: GanSettings, batch: Batch, random: np.random.Generator) -> None:
        self._gan, self._settings, self._random = gan, settings, random
        recurrent = gan.blueprint.architecture in RECURRENT
        build = _recurrent if recurrent else _convolutional
        self.generator, self.discriminator = build(gan.generator), build(gan.discriminator)
        arrange = _steps if recurrent else _images
        data = batch.data.reshape(*gan.blueprint.judged_data, -1)
        self._real, self._conditions = arrange(data), tensor(batch.conditions.T)
        rate, decays = settings.learning_rate, (settings.momentum, settings.second_momentum)
        self._optimizers = [
            torch.optim.Adam(side.parameters(), lr=rate, betas=decays, fused=True)
            for side in (self.discriminator, self.generator)
        ]

    def round(self) -> tuple[float, float]:
        """Make a step of each side; return their losses, penalties included."""
        return self._step_discriminator(), self._step_generator()

    def _step_discriminator(self) -> float:
        with torch.no_grad():
            generated = self._make()
        both = torch.cat([self._real, generated])
        optimizer = self._optimizers[0]
        optimizer.zero_grad()
        of_real, of_generated = self._judge(both).chunk(2)
        if self._settings.loss.name == "wasserstein":
            loss = (of_generated - of_real).mean()
        else:
            softplus = torch.nn.functional.softplus
            loss = (softplus(-of_real) + softplus(of_generated)).mean()
        if self._settings.penalty == "gradient":
            loss = loss + self._penalty(generated)
        loss.backward()
        optimizer.step()
        return float(loss.detach())

    def _penalty(self, generated: Any) -> Any:
        count = len(self._real)
        share = tensor(self._random.random((count,)).astype(np.float32))
        share = share.reshape(-1, *(1,) * (self._real.ndim - 1))
        between = (share * self._real + (1 - share) * generated).requires_grad_()
        scores = self._judge(between).reshape(count, -1).mean(dim=1)
        (gradients,) = torch.autograd.grad(scores.sum(), between, create_graph=True)
        return self._settings.penalty_weight * ((gradients.flatten(1).norm(dim=1) - 1) ** 2).mean()

    def _step_generator(self) -> float:
        optimizer = self._optimizers[1]
        optimizer.zero_grad()
        for parameter in self.discriminator.parameters():
            parameter.requires_grad_(False)
        scores = self._judge(self._make())
        wasserstein = self._settings.loss.name == "wasserstein"
        loss = -scores.mean() if wasserstein else torch.nn.functional.softplus(-scores).mean()
        loss.backward()
        optimizer.step()
        for parameter in self.discriminator.parameters():
            parameter.requires_grad_(True)
        return float(loss.detach())

    def _make(self) -> Any:
        noise = self._gan.draw_noise(len(self._real), self._random)
        values = tensor(np.moveaxis(noise, -1, 0))
        if self._conditions.shape[1]:
            values = _beside(values, self._conditions)
        return self.generator(values)

    def _judge(self, data: Any) -> Any:
        if not self._gan.blueprint.judged_conditions:
            return self.discriminator(data)
        return self.discriminator(
            _beside(data, self._conditions.repeat(len(data) // len(self._conditions), 1))
        )


def _beside(values: Any, conditions: Any) -> Any:
    """Return steps (N, T, features) with conditions (N, classes) at every one."""
    return torch.cat([values, conditions[:, None].expand(-1, values.shape[1], -1)], dim=2)


def _steps(values: np.ndarray) -> Any:
    """Return (T, features, N) as (N, T, features)."""
    return tensor(values.transpose(2, 0, 1))


def _images(values: np.ndarray) -> Any:
    """Return (H, W, C, N) as (N, C, H, W)."""
    return tensor(values.transpose(3, 2, 0, 1))


def _recurrent(network: Network) -> Any:
    """Return an LSTM with a linear layer on every step, or the last, as ours."""
    recurrent, dense = list(network.leaves.values())[:2]
    return _RecurrentModule(recurrent, dense)


class _RecurrentModule(torch.nn.Module if torch is not None else object):  # type: ignore[misc]
    def __init__(self, recurrent: Any, dense: Any) -> None:
        super().__init__()
        self.recurrent = torch.nn.LSTM(recurrent.directed_layers[0].inputs, recurrent.units, batch_first=True)
        self.linear = torch.nn.Linear(recurrent.units, dense.output_shape.size)
        self.whole_sequence = recurrent.whole_sequence
        self.tanh = isinstance(dense.activation, Tanh)
        prefix = "layer_0.forward."
        with torch.no_grad():
            self.recurrent.weight_ih_l0.copy_(tensor(recurrent.parameters[prefix + "input_weights"]))
            self.recurrent.weight_hh_l0.copy_(tensor(recurrent.parameters[prefix + "recurrent_weights"]))
            self.recurrent.bias_ih_l0.copy_(tensor(recurrent.parameters[prefix + "biases"]))
            self.recurrent.bias_hh_l0.zero_()
            self.linear.weight.copy_(tensor(dense.parameters["weights"]))
            self.linear.bias.copy_(tensor(dense.parameters["biases"]))
        self.recurrent.bias_hh_l0.requires_grad_(False)  # ours has one bias for both products

    def forward(self, values: Any) -> Any:
        """Run on (N, T, features)."""
        hidden, _ = self.recurrent(values)
        outputs = self.linear(hidden if self.whole_sequence else hidden[:, -1])
        return torch.tanh(outputs) if self.tanh else outputs


def _convolutional(network: Network) -> Any:
    """Return the modules of a convolutional network in order; its numbers lie channels first."""
    modules: list[Any] = []
    for layer in network.leaves.values():
        modules += _MODULES.get(layer.family, lambda _: [])(layer)
    return torch.nn.Sequential(*modules)


def _linear(layer: Any) -> list[Any]:
    given, wanted = layer.input_shape, layer.output_shape
    weights = layer.parameters["weights"].reshape(*wanted, *given).transpose(2, 0, 1, 5, 3, 4)
    module = torch.nn.Linear(given.size, wanted.size)
    biases = layer.parameters["biases"].reshape(*wanted).transpose(2, 0, 1)
    _copy(module, weights.reshape(wanted.size, given.size), biases.ravel())
    height, width, channels = wanted
    shape = [torch.nn.Unflatten(1, (channels, height, width))] if height * width > 1 else []
    return [torch.nn.Flatten(), module, *shape, *_function(layer.activation)]


def _convolution(layer: Any) -> list[Any]:
    kind = torch.nn.ConvTranspose2d if layer.family == "transposed_convolution" else torch.nn.Conv2d
    kernel = layer.kernel
    module = kind(
        layer.input_shape.channels,
        layer.output_shape.channels,
        kernel.size,
        stride=kernel.stride,
        padding=kernel.padding,
    )
    _copy(module, layer.parameters["weights"].transpose(0, 3, 1, 2), layer.parameters["biases"])
    return [module, *_function(layer.activation)]


def _copy(module: Any, weights: np.ndarray, biases: np.ndarray) -> None:
    with torch.no_grad():
        module.weight.copy_(tensor(weights))
        module.bias.copy_(tensor(biases))


def _function(activation: Any) -> list[Any]:
    if isinstance(activation, LeakyReLU):
        return [torch.nn.LeakyReLU(activation.leakage)]
    return (
        [torch.nn.ReLU()]
        if isinstance(activation, ReLU)
        else [torch.nn.Tanh()] * isinstance(activation, Tanh)
    )


_MODULES = {
    "activation": lambda layer: _function(layer.activation),
    "batch_normalisation": lambda layer: [torch.nn.BatchNorm2d(layer.output_shape.channels)],
    "convolution": _convolution,
    "dense": _linear,
    "transposed_convolution": _convolution,
}
