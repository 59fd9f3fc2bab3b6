"""TimeDistributed: one network for every step of a sequence or a video.

    output[t] = network(input[t])        with the same parameters for every t

Steps are treated as further entries of the batch: the network runs once, over steps times entries histories,
so its products are as large as they can be and a gradient sums over steps as over entries. Only existing
steps of active entries are gathered and run, so a batch normalisation inside never measures padding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike

from networks.base.building import built, common_dtype
from networks.base.checks import check_input, check_signals
from networks.base.configuration import Fields
from networks.base.container import Build, Container, build_all
from networks.base.network import Network
from networks.base.recipe import Recipe
from networks.base.steps import Steps
from networks.base.wiring import NeuronLayer, Stacked, sources_within
from nn.history import padded
from nn.parameters import Parameters
from nn.shape import AnyShape, Shape, VideoShape, as_shape


class TimeDistributed(Container):
    """Applies a network to every step.

    Parameters
    ----------
    input_shape
        SequenceShape(steps, features), of which the network sees steps as Shape(1, 1, features), or
        VideoShape(steps, height, width, channels), of which it sees images.
    network
        The network, or a recipe such as `Dense.of(10)`, which is built for the shape of a step. Its output
        is an image; where that is Shape(1, 1, features) the output of the whole is a sequence, otherwise a
        video.
    generator, dtype
        What a recipe draws from, and float32 or float64: by default as the network, or else float32.

    Raises
    ------
    ValueError
        When the input has no steps, or the network takes another shape than that of a step, or its output is
        not an image, or it is of another dtype; the message names both sides.
    """

    family = "time_distributed"

    def __init__(
        self,
        input_shape: AnyShape,
        network: Network | Recipe[Network],
        *,
        generator: np.random.Generator | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        shape = as_shape(input_shape)
        if isinstance(shape, Shape):
            raise ValueError(f"{self.family}: the image {shape} has no steps: give a sequence or a video")
        step = shape.image if isinstance(shape, VideoShape) else Shape(1, 1, shape.features)
        what = f"{self.family}: network"
        dtype = common_dtype(dtype, [network])
        self.network = built(what, network, step, generator=generator, dtype=dtype)
        given, taken = self.network.output_shape, self.network.input_shape
        if taken != step:
            raise ValueError(
                f"{self.family}: steps are {step}, but network ({self.network.family}) takes {taken}"
            )
        if not isinstance(given, Shape):
            raise ValueError(
                f"{self.family}: network ({self.network.family}) gives {given}, which is not an image"
            )
        self.named = {"network": self.network}
        self.input_shape = shape
        flat = (given.height, given.width) == (1, 1)
        self.output_shape = as_shape((shape.steps, given.channels) if flat else (shape.steps, *given))
        self.parameters = Parameters.join({"network": self.network.parameters})
        self.steps_there = Steps(shape.steps, 0, 0, None)
        self._values = self._signals = np.zeros((*self.output_shape, 0), self.dtype)

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the output values (*output_shape, N) of input values (*input_shape, N).

        Outputs of missing steps and entries are zero; where there are none at all, the network runs on zeros.

        Raises
        ------
        ValueError
            When the values or the mask do not fit.
        """
        check_input(self, values, self.input_shape, "input values")
        histories = values.shape[-1]
        self.prepare_steps(histories, training)
        self.network.entries = self.steps_there.count
        outputs = self.network.forward(self.steps_there.gather(values, self.network.input_shape), training)
        if self._entries is None:
            self.network.entries = None
        self._values = self.steps_there.spread(outputs)
        return self._values.reshape(*self.output_shape, histories)

    def prepare_steps(self, histories: int, training: bool) -> None:
        """Find out which steps of the next batch are there, for `steps_there`."""
        active = self.active_entries(histories) if training else histories
        self.steps_there = Steps(self.input_shape[0], histories, active, self.checked_step_mask(histories))

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals (*input_shape, N) of output signals (*output_shape, N)."""
        check_signals(self, signals)
        self._signals = signals
        gathered = self.steps_there.gather(signals, self.network.output_shape)
        input_signals = self.network.backward(gathered, learning_rate)
        return self.steps_there.spread(input_signals).reshape(*self.input_shape, -1)

    @property
    def propagates(self) -> bool:
        """Whether the network computes its input signals."""
        return self.network.propagates

    @propagates.setter
    def propagates(self, wanted: bool) -> None:
        self.network.propagates = wanted

    @property
    def labels(self) -> int | None:  # type: ignore[override]
        """How many labels an input of the network may be."""
        return self.network.labels

    @property
    def entries(self) -> int | None:
        """How many histories hold entries of the batch; `forward` sets how many steps the network runs on.

        This stays set in the network inside until it is run alone.
        """
        return self._entries

    @entries.setter
    def entries(self, count: int | None) -> None:
        self._entries = count
        if count is None:
            self.network.entries = None

    @property
    def masks_steps(self) -> bool:  # type: ignore[override]
        """True: missing steps are not run, and their output is zero."""
        return True

    @property
    def step_mask(self) -> np.ndarray | None:
        """Which steps of the next forwards are there; see `Network.step_mask`."""
        return self._step_mask

    @step_mask.setter
    def step_mask(self, mask: np.ndarray | None) -> None:
        self._step_mask = mask

    @property
    def values(self) -> np.ndarray:
        """Output values (*output_shape, N) of the last forward."""
        return self._values.reshape(*self.output_shape, -1)

    @property
    def signals(self) -> np.ndarray:
        """Signals of the outputs (*output_shape, N) in the last backward."""
        return self._signals

    @property
    def connections(self) -> int:
        """Those of the network, once for every step."""
        return self.input_shape[0] * self.network.connections

    def history_bytes(self, histories: int) -> int:
        """Return the memory of the network for all steps, and of two copies of inputs and outputs."""
        numbers = 2 * (self.input_shape.size + self.output_shape.size)
        inside = self.network.history_bytes(self.input_shape[0] * histories)
        return inside + numbers * padded(histories) * self.stored_dtype.itemsize

    def forward_bytes(self, histories: int) -> int:
        """Return the memory of the network for all steps, and of one more copy of its outputs."""
        inside = self.network.forward_bytes(self.input_shape[0] * histories)
        return inside + self.output_shape.size * padded(histories) * self.stored_dtype.itemsize

    def output_range(self, input_range: tuple[float, float] = (-np.inf, np.inf)) -> tuple[float, float]:
        """Return the range of the network; see `Network.output_range`."""
        return self.network.output_range(input_range)

    def to_configuration(self) -> dict[str, Any]:
        """Describe the input and the network."""
        described = self.network.to_configuration()
        return {"family": self.family, "input_shape": str(self.input_shape), "network": described}

    @classmethod
    def from_configuration(  # type: ignore[override]  # it is given what builds the networks in it
        cls, configuration: Mapping[str, Any], structure: Mapping[str, np.ndarray], *, build: Build
    ) -> Self:
        """Build the network that `to_configuration` described, with parameters of zero.

        Raises
        ------
        ValueError
            Naming the field that is missing, unknown or does not fit.
        """
        with Fields(configuration) as fields:
            shape, described = fields.shape("input_shape"), fields.description("network")
        return cls(shape, build_all(cls.family, {"network": described}, structure, build)["network"])

    def wiring(self) -> Sequence[NeuronLayer]:
        """Return the layers of the network inside, once for every step; see `Network.wiring`."""
        steps, inside = self.input_shape[0], self.network.wiring()
        layers: list[NeuronLayer] = []
        for layer, sources in zip(inside, sources_within(inside, 0, [-1]), strict=True):
            widths = [self.network.input_shape.size if n < 0 else inside[n].output_count for n in sources]
            height, *sides = layer.shape
            layers.append(
                replace(
                    layer,
                    shape=Shape(steps * height, *sides),
                    wiring=Stacked(layer.wiring, steps, widths),
                    values=partial(self._at_all_steps, layer.values, layer.shape),
                    signals=partial(self._at_all_steps, layer.signals, layer.shape),
                    delayed=None,
                    output_neurons=None if layer.output_neurons is None else self._output_neurons_of(layer),
                    clamp=None,
                )
            )
        return layers

    def _output_neurons_of(self, layer: NeuronLayer) -> np.ndarray:
        """Return the numbers of the output neurons at all steps."""
        assert layer.output_neurons is not None
        return (np.arange(self.input_shape[0])[:, None] * layer.shape.size + layer.output_neurons).ravel()

    def _at_all_steps(self, find: Callable[[], np.ndarray], shape: Shape) -> np.ndarray:
        """Return the values or signals of neurons of the network inside at every step, (steps, *shape, N)."""
        found = find()
        return self.steps_there.spread(found.reshape(*shape, found.shape[-1]))
