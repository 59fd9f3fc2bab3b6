"""Networks of videos in PyTorch, as a user would write them: the same parameters and steps as ours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np

from benchmarks.torch_peer import torch
from networks.video import Blueprint, VideoNetwork
from networks.video.outputs import fold
from networks.video.stage import Stage

Module: Any = torch.nn.Module if torch is not None else object

Pair: TypeAlias = tuple[Any, np.ndarray]
"""A parameter there, and the same numbers here; both can be written to."""

LSTM_NAMES = {"weight_ih": "input_weights", "weight_hh": "recurrent_weights", "bias_ih": "biases"}
"""What parameters of an LSTM are called there and here."""

TIED = "bias_hh"
"""PyTorch has two biases where ours has one: the second is zero and does not learn."""


class TorchVideo(Module):
    """Encoder, decoder and predictor of kind "lstm" or "convolutional_lstm" without peepholes.

    Frames are (T, N, numbers), or (T, N, channels, height, width) of the convolutional LSTM, patches as
    channels. Heads read zeros or their own output.

    Parameters
    ----------
    network
        Ours, whose parameters are copied.
    """

    def __init__(self, network: VideoNetwork) -> None:
        super().__init__()
        self.blueprint = network.blueprint
        build = _VectorStage if self.blueprint.kind == "lstm" else _ImageStage
        self.encoder = build(network.encoder, self.blueprint)
        self.heads = torch.nn.ModuleDict(
            {name: build(head.stage, self.blueprint) for name, head in network.heads.items()}
        )
        for theirs, ours in self._pairs(network):
            with torch.no_grad():
                theirs.copy_(torch.tensor(np.ascontiguousarray(ours)))

    def write_to(self, network: VideoNetwork) -> None:
        """Copy all parameters into a network of ours of the same blueprint."""
        for theirs, ours in self._pairs(network):
            ours[...] = theirs.detach().numpy()

    def _pairs(self, network: VideoNetwork) -> Iterator[Pair]:
        yield from self.encoder.pairs(network.encoder)
        for name, head in network.heads.items():
            yield from self.heads[name].pairs(head.stage)

    def forward(self, frames: Any) -> dict[str, Any]:
        """Return the outputs of all heads, (T, ...) in the order of the video."""
        states = self.encoder.encode(frames)
        outputs = {}
        for name, head in self.heads.items():
            decodes = name == "reconstruction"
            first = torch.zeros_like(frames[0]) if decodes else frames[-1]
            found = self._roll_out(head, self.blueprint.steps_of(name), first, states)
            outputs[name] = found.flip(0) if decodes and self.blueprint.backwards else found
        return outputs

    def _roll_out(self, head: Any, steps: int, first: Any, states: Any) -> Any:
        if self.blueprint.inputs == "zeros":
            return self._output(head.decode(steps, states))
        outputs, read = [], first
        for _ in range(steps):
            sums, states = head.step(read, states)
            outputs.append(self._output(sums))
            read = torch.sigmoid(outputs[-1]) if self.blueprint.gives_logits else outputs[-1]
        return torch.stack(outputs)

    def _output(self, sums: Any) -> Any:
        if self.blueprint.factor != 1:
            sums = sums * self.blueprint.factor
        if self.blueprint.gives_logits or self.blueprint.last == "none":
            return sums
        return torch.sigmoid(sums) if self.blueprint.last == "sigmoid" else torch.tanh(sums)

    def loss(self, frames: Any, targets: dict[str, Any]) -> Any:
        """Return the sum of the losses of all heads, means over pixels, frames and entries."""
        functional = torch.nn.functional
        measure = functional.mse_loss
        if self.blueprint.gives_logits:
            measure = functional.binary_cross_entropy_with_logits
        return sum(measure(output, targets[name]) for name, output in self(frames).items())

    def arranged(self, frames: np.ndarray) -> Any:
        """Return frames (T, height, width, channels, N) as the modules take them."""
        moved = np.moveaxis(fold(frames, self.blueprint.patch), -1, 1)
        if self.blueprint.kind == "lstm":
            moved = moved.reshape(*moved.shape[:2], -1)
        else:
            moved = np.moveaxis(moved, -1, 2)
        return torch.tensor(np.ascontiguousarray(moved), dtype=getattr(torch, str(frames.dtype)))


class _VectorStage(Module):
    """Linear adapters around an LSTM."""

    def __init__(self, stage: Stage, blueprint: Blueprint) -> None:
        super().__init__()
        self.reader = _linear(stage.named["reader"]) if "reader" in stage.named else torch.nn.Sequential()
        self.writer = _linear(stage.named["writer"]) if "writer" in stage.named else torch.nn.Sequential()
        layers = [stage.named[f"layer_{number}"] for number in range(blueprint.layers)]
        self.lstm = torch.nn.LSTM(layers[0].input_shape[-1], blueprint.units, blueprint.layers)
        self.lstm = self.lstm.to(_kind(stage))
        for number in range(blueprint.layers):
            getattr(self.lstm, f"{TIED}_l{number}").data.zero_()
            getattr(self.lstm, f"{TIED}_l{number}").requires_grad_(False)

    def pairs(self, stage: Stage) -> Iterator[Pair]:
        """Yield its parameters with ours."""
        for number in range(self.lstm.num_layers):
            layer = stage.named[f"layer_{number}"]
            for theirs, ours in LSTM_NAMES.items():
                yield getattr(self.lstm, f"{theirs}_l{number}"), layer.parameters[f"layer_0.forward.{ours}"]
        for name, modules in (("reader", self.reader), ("writer", self.writer)):
            for module, layer in zip(modules, stage.named[name].layers if len(modules) else [], strict=True):
                yield module.weight, layer.parameters["weights"].reshape(module.weight.shape)
                yield module.bias, layer.parameters["biases"].reshape(-1)

    def encode(self, frames: Any) -> Any:
        """Return the states after all frames."""
        return self.lstm(self.reader(frames))[1]

    def decode(self, steps: int, states: Any) -> Any:
        """Return the sums of so many frames made from zeros."""
        zeros = torch.zeros(steps, states[0].shape[1], self.lstm.input_size, dtype=states[0].dtype)
        return self.writer(self.lstm(zeros, states)[0])

    def step(self, read: Any, states: Any) -> tuple[Any, Any]:
        """Return the sums of the next frame, and the states."""
        hidden, states = self.lstm(self.reader(read)[None], states)
        return self.writer(hidden[0]), states


class _ImageStage(Module):
    """Convolutional LSTMs, each with one convolution of what comes in beside its hidden values."""

    def __init__(self, stage: Stage, blueprint: Blueprint) -> None:
        super().__init__()
        kernel, self.units = blueprint.kernel, blueprint.units
        self.layers = torch.nn.ModuleList()
        for number in range(blueprint.layers):
            layer = stage.named[f"layer_{number}"]
            channels = layer.input_shape[-1] + self.units
            module = torch.nn.Conv2d(channels, 4 * self.units, kernel, padding=kernel // 2)
            self.layers.append(module.to(_kind(stage)))
        if "writer" in stage.named:
            (writer,) = stage.named["writer"].layers
            self.writer = torch.nn.Conv2d(self.units, writer.output_shape.channels, 1).to(_kind(stage))

    def pairs(self, stage: Stage) -> Iterator[Pair]:
        """Yield its parameters with ours."""
        for number, module in enumerate(self.layers):
            parameters = stage.named[f"layer_{number}"].parameters
            inputs = module.in_channels - self.units
            yield module.weight[:, :inputs], parameters["input_weights"].transpose(0, 3, 1, 2)
            yield module.weight[:, inputs:], parameters["recurrent_weights"].transpose(0, 3, 1, 2)
            yield module.bias, parameters["biases"]
        if "writer" in stage.named:
            (writer,) = stage.named["writer"].layers
            yield self.writer.weight, writer.parameters["weights"].transpose(0, 3, 1, 2)
            yield self.writer.bias, writer.parameters["biases"]

    def encode(self, frames: Any) -> Any:
        """Return the states after all frames."""
        empty = frames.new_zeros(frames.shape[1], self.units, *frames.shape[3:])
        states = [(empty, empty)] * len(self.layers)
        for frame in frames:
            states = self._advance(frame, states)
        return states

    def decode(self, steps: int, states: Any) -> Any:
        """Return the sums of so many frames made from zeros."""
        hidden = states[0][0]
        zeros, sums = hidden.new_zeros(len(hidden), 1, *hidden.shape[2:]), []
        for _ in range(steps):
            states = self._advance(zeros, states)
            sums.append(self.writer(states[-1][0]))
        return torch.stack(sums)

    def step(self, read: Any, states: Any) -> tuple[Any, Any]:
        """Return the sums of the next frame, and the states."""
        states = self._advance(read, states)
        return self.writer(states[-1][0]), states

    def _advance(self, values: Any, states: Any) -> Any:
        after = []
        for layer, (hidden, cells) in zip(self.layers, states, strict=True):
            i, f, g, o = layer(torch.cat([values, hidden], dim=1)).chunk(4, dim=1)
            kept = torch.sigmoid(f) * cells + torch.sigmoid(i) * torch.tanh(g)
            values = torch.sigmoid(o) * torch.tanh(kept)
            after.append((values, kept))
        return after


def _linear(network: Any) -> Any:
    """Return linear layers one after another, as ours."""
    kind = getattr(torch, str(network.dtype))
    shapes = [(layer.input_shape.size, layer.output_shape.size) for layer in network.layers]
    return torch.nn.Sequential(*(torch.nn.Linear(*sizes).to(kind) for sizes in shapes))


def _kind(stage: Stage) -> Any:
    return getattr(torch, str(stage.dtype))
