"""The contract of every network and every rung."""

from __future__ import annotations

import html
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import DTypeLike

from networks.base.configuration import Fields
from networks.base.entries import begin_alone, checked_step_masks, entries_for
from networks.base.inference import Histories, Inference, training_step
from networks.base.memory_check import require_memory_to_run
from networks.base.recipe import Recipe, recipe_of
from networks.base.storage import FLOAT32, HALF, STORAGES, check_storage, forget_border
from networks.base.wiring import NeuronLayer, Unconnected, Wiring, as_image
from networks.summary import summary
from nn.activations import Activation
from nn.deep_copied import DeepCopied
from nn.entries import from_history, to_history
from nn.history import padded
from nn.parameters import Parameters
from nn.shape import AnyShape


class Network(DeepCopied, ABC):
    """An object with a forward and a backward.

    A copy, by `copy`, `deepcopy`, pickle or joblib, continues to the same bits and shares nothing with the
    original. It has the values and signals of the last forward and backward, so one that is made between the
    two can run the backward as well.

    Attributes
    ----------
    family
        What configurations and the ladder call it.
    input_shape, output_shape
        Shapes of the values at both ends, without the histories.
    activation
        Applied to every sum, where the network has one.
    masks_steps
        Whether it reads `step_mask`.
    dtype
        float32 for training, float64 for gradient checks.
    parameters
        Flat values and gradients with named views.
    propagates
        Whether `backward` computes the input signals. The first network of a model that learns has no use for
        them: set it False there, and what `backward` returns is meaningless.
    labels
        The number of labels, where inputs are labels rather than quantities: whole numbers from 0.
        There is no gradient with respect to them, and `backward` returns zeros.
    entries
        How many of the histories hold entries of the batch in the next forwards in training, None for all.
        These come first, the rest is padding, which measurements over the batch leave out.
    storage
        How values and signals are stored, "float32" or "bfloat16"; see `store_as`.
    stores_halves
        Whether they can be stored as bfloat16.
    moments
        Of how many moments the layers of `wiring` show one; 1 where they have all that there is to see.
    moment
        Which one, from 0.
    """

    family: ClassVar[str]
    stores_halves: ClassVar[bool] = False
    input_shape: AnyShape
    output_shape: AnyShape
    parameters: Parameters
    activation: Activation | None = None
    propagates: bool = True
    masks_steps: bool = False
    labels: int | None = None
    entries: int | None = None
    storage: str = FLOAT32
    moments: int = 1
    moment: int = 0
    _step_mask: np.ndarray | None = None
    histories: Histories = Histories.FREE

    @classmethod
    def of(cls, *arguments: Any, **options: Any) -> Recipe[Self]:
        """Return a recipe, which builds a network of this class when the shape of its input is known.

        `Sequential(Shape(28, 28, 1), [Dense.of(64), Dense.of(10)], generator=generator)` builds each for the
        output shape of the one before, all with the same generator and dtype.

        Parameters
        ----------
        arguments, options
            Those of the constructor without the input shape; generator and dtype only where they differ from
            those of the networks around it.

        Raises
        ------
        ValueError
            When the constructor has no such argument, naming the nearest, or another is required.
        """
        return recipe_of(cls, arguments, options)

    @property
    def dtype(self) -> np.dtype:
        """The dtype of parameters and sums."""
        return self.parameters.dtype

    @property
    def stored_dtype(self) -> np.dtype:
        """The dtype of values and signals: that of the parameters, or bfloat16; see `store_as`."""
        return STORAGES[HALF] if self.storage == HALF else self.dtype

    def store_as(self, storage: str) -> None:
        """Store values and signals as "float32" or "bfloat16" from the next forward on.

        Like the rung, storage is not part of the model: parameters and gradients stay float32. In bfloat16
        it takes float32 or bfloat16, and returns bfloat16.

        Raises
        ------
        ValueError
            When there is no such storage, or bfloat16 is asked for on a rung below the fastest or in
            float64; nothing is changed then.
        """
        check_storage(storage, self.leaves)
        self._store_as(storage)

    def _store_as(self, storage: str) -> None:
        self.storage = storage
        forget_border(self)

    @property
    def arithmetic(self) -> str:
        """What it computes with where values are stored as bfloat16, and why; "" in float32."""
        return "" if self.storage == FLOAT32 else FLOAT32

    @abstractmethod
    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Fill the histories and return the output values.

        Parameters
        ----------
        values
            (*input_shape, N): (height, width, channels, N) of an image, (steps, features, N) of a
            sequence.
        training
            Whether the pass is part of training, in which some layers behave differently.

        Returns
        -------
        ndarray
            (*output_shape, N); it belongs to the network, and the next call overwrites it.
        """

    @abstractmethod
    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Backpropagate the error signals of the forward that came before.

        Parameters
        ----------
        signals
            dLoss / d output value, (*output_shape, N).
        learning_rate
            When given, plain gradient descent is applied to the parameters in the same pass and
            no gradient is kept. Otherwise gradients are added to `parameters.gradients`.

        Returns
        -------
        ndarray
            dLoss / d input value, (*input_shape, N).
        """

    @property
    @abstractmethod
    def values(self) -> Any:
        """The value of every neuron, for every entry, in the last forward."""

    @property
    @abstractmethod
    def signals(self) -> Any:
        """The error signal of every neuron in the last backward."""

    @property
    def returned(self) -> Any:
        """The result of the last forward: the array that the network keeps, where it keeps one."""
        return self.values

    def to_configuration(self) -> dict[str, Any]:
        """Return a JSON-able description from which the ladder builds the same network.

        Its family and input shape, to which each family adds its own fields.
        """
        return {"family": self.family, "input_shape": str(self.input_shape)}

    @classmethod
    def from_configuration(
        cls,
        configuration: Mapping[str, Any],
        structure: Mapping[str, np.ndarray],
        *,
        dtype: DTypeLike = np.float32,
    ) -> Self:
        """Build the network that `to_configuration` described, with parameters of zero; it has no structure.

        Raises
        ------
        ValueError
            Naming the field that is missing, unknown or does not fit.
        """
        with Fields(configuration, structure) as fields:
            kind: Any = cls  # every family has options of its own
            network: Self = kind(cls._input_shape(fields), **cls._options(fields), dtype=dtype)
        network.parameters.values[:] = 0
        return network

    @classmethod
    def _input_shape(cls, fields: Fields) -> Any:
        """Take the first argument of the constructor from a description: the input shape."""
        return fields.shape("input_shape")

    @classmethod
    def _options(cls, fields: Fields) -> dict[str, Any]:
        """Take the other arguments of the constructor, without dtype, from a description."""
        return {}

    def structure(self) -> dict[str, np.ndarray]:
        """Return the arrays that belong to the description, such as the wiring of a graph."""
        return {}

    @property
    @abstractmethod
    def connections(self) -> int:
        """Number of connections between neurons, biases left out."""

    def wiring(self) -> Sequence[NeuronLayer]:
        """Return its neurons layer by layer, in the order of computation, and their connections.

        Numbers and places stay valid as long as the network; values and signals are those of the last forward
        and backward at the time of reading. By default one layer with unknown connections.
        """
        return [self._neuron_layer(Unconnected(self.output_shape.size))]

    def _neuron_layer(self, wiring: Wiring, **options: Any) -> NeuronLayer:
        """Return the outputs as a layer of neurons."""
        shape = as_image(self.output_shape)
        seen = (lambda: self.values), (lambda: self.signals), (lambda: self.activation)
        return NeuronLayer(shape, wiring, *seen, family=self.family, **options)

    def _place_of(self, name: str) -> int:
        """Return where an array begins among the parameters."""
        return self.parameters.slice_of(name).start

    def map_activations(self, change: Callable[[Activation], Activation]) -> None:
        """Replace the activations of its neurons by the results of a function."""
        if self.activation is not None and (changed := change(self.activation)) != self.activation:
            self.activation = changed

    def synchronise_with(self, other: Self) -> None:
        """Take over what may change in a network of the same description beside its parameters.

        That is activations, clamped neurons and what is carried from step to step.
        """
        if other.activation is not None:
            self.map_activations(lambda activation: other.activation or activation)
        if carried := other.state():
            self.load_state(carried)

    @property
    def layers(self) -> Sequence[Network]:
        """The networks that follow one another inside; itself where there is one."""
        return [self]

    @property
    def named_outputs(self) -> Mapping[str, Any]:
        """The outputs by name; itself, called "", if there is one. See `networks.base.model_outputs`."""
        return {"": self}

    @property
    def leaves(self) -> Mapping[str, Network]:
        """The networks inside that hold no others, by name; itself, called "", where there are none."""
        return {"": self}

    @property
    def all_networks(self) -> Sequence[Network]:
        """Itself, and all that it holds."""
        return (self,)

    def state(self) -> dict[str, np.ndarray]:
        """Return what it carries from step to step beside the parameters: the arrays themselves.

        Running statistics, the states of a recurrent network that goes on where it ended. Snapshots
        keep them, optimizers do not see them.
        """
        return {}

    def load_state(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from what `state` returned.

        Raises
        ------
        ValueError
            When a name, shape or dtype does not fit; nothing is changed then.
        """
        if state:
            raise ValueError(f"{self.family}: carries no state, but {', '.join(sorted(state))} is given")

    def reset(self) -> None:
        """Forget the previous sequence, if any."""

    def state_restorer(self) -> Callable[[], None] | None:
        """Return a function that restores its carried states after inference and resets; None without any."""
        if type(self).state is Network.state:
            return None
        carried = {name: array.copy() for name, array in self.state().items()}

        def bring_back() -> None:
            self.reset()
            self.load_state(carried)

        return bring_back

    def inference(self, with_batch: bool = False) -> AbstractContextManager[Self]:
        """Return a context in which inference does not affect training.

        `with network.inference() as it: it.forward(values)`. It is the network itself, or a copy where the
        values of the last forward are needed: a backward is to come, or a step of training shows them to its
        callbacks. Afterwards its carried states, mask and entries are restored; mask and entries apply
        within only `with_batch`.
        """
        return Inference(self, with_batch)

    def in_step(self) -> AbstractContextManager[None]:
        """Return a context that protects values and signals: inference in it runs on a copy."""
        return training_step(self)

    @property
    def generators(self) -> dict[str, np.random.Generator]:
        """The generators it draws from while training, by name. Snapshots save their states."""
        return {}

    @property
    def step_mask(self) -> np.ndarray | None:
        """Which steps of the next forwards are there: bool (steps, N), None for all.

        Sequences shorter than the longest are padded at their end, and masked there; one without any step is
        masked whole. Padding is never used: it may be NaN. A step that is not there leaves the states of a
        recurrent network as they are, and its output is zero.
        """
        return self._step_mask

    @step_mask.setter
    def step_mask(self, mask: np.ndarray | None) -> None:
        if mask is not None and not self.masks_steps:
            raise ValueError(f"{self.family}: has no steps that a mask could leave out")
        self._step_mask = mask

    def checked_step_mask(self, histories: int) -> np.ndarray | None:
        """Return the mask of the steps of so many histories, None where all are there.

        Raises
        ------
        ValueError
            When it is of another shape or dtype.
        """
        mask, shape = self.step_mask, (self.input_shape[0], histories)
        if mask is not None and (mask.dtype != np.bool_ or mask.shape != shape):
            raise ValueError(
                f"{self.family}: step_mask is {mask.dtype} of shape {mask.shape}, expected bool of shape "
                f"{shape}"
            )
        return mask

    def active_entries(self, histories: int) -> int:
        """Return how many of so many histories hold entries of the batch; see `entries`.

        Raises
        ------
        ValueError
            When `entries` is not within 0 to `histories`.
        """
        if self.entries is None:
            return histories
        if not 0 <= self.entries <= histories:
            raise ValueError(f"{self.family}: {self.entries} entries in {histories} histories")
        return self.entries

    def history_bytes(self, histories: int) -> int:
        """Return about how much memory a training step on so many histories takes beside the parameters.

        Four arrays as large as the outputs (values, signals, deltas and those times the slope) and two
        as large as the inputs (their signals, and a transposed copy).
        """
        numbers = 4 * self.output_shape.size + 2 * self.input_shape.size
        return numbers * padded(histories) * self.stored_dtype.itemsize

    def forward_bytes(self, histories: int) -> int:
        """Return how much memory a forward of so many histories takes at least: the values of the outputs."""
        return self.output_shape.size * padded(histories) * self.stored_dtype.itemsize

    def output_range(self, input_range: tuple[float, float] = (-math.inf, math.inf)) -> tuple[float, float]:
        """Return the lowest and highest value the outputs can reach when inputs lie in a range.

        For any parameters: the range of the activation, where there is one.
        """
        return (-math.inf, math.inf) if self.activation is None else self.activation.range

    def summary(self, histories: int = 64) -> str:
        """Return a table of names, families, shapes, parameters and memory, to print and read.

        Parameters
        ----------
        histories
            Entries of a batch, for which the memory of values and signals is computed.
        """
        return summary(self, histories)

    def _repr_html_(self) -> str:
        """Return the summary as notebooks show it."""
        return f"<pre>{html.escape(self.summary())}</pre>"

    def predict(
        self, batch: np.ndarray, batch_size: int = 256, *, step_masks: np.ndarray | None = None
    ) -> np.ndarray:
        """Run images or sequences through the network, a batch at a time.

        It may be called at any time, also during training, and never changes what is learned. Every entry is
        a sequence of its own, also in a stateful network. The outputs are those of `forward` with these
        masks; a mask that is set is ignored.

        Parameters
        ----------
        batch
            (N, *input_shape), or rows (N, K) for a vector, a sequence of one feature or a single step;
            converted to the dtype of the network. Images and videos in bytes become 0 to 1, as in training:
            see `nn.pixel_scaling`.
        batch_size
            How many are run at once.
        step_masks
            Which steps of the entries are there, bool (N, steps); None for all. Padding is never read.

        Returns
        -------
        ndarray
            The outputs (N, *output_shape).

        Raises
        ------
        ValueError
            When the entries have another shape than the input or are not finite, masks do not fit, or the
            batch size is below 1; names the entry and the place in it.
        MemoryError
            When it needs more memory than is available; the message has the figures.
        """
        if batch_size < 1:
            raise ValueError(f"{self.family}: batch size {batch_size} must be at least 1")
        masks = checked_step_masks(step_masks, self.family)
        require_memory_to_run(self, {"": self.input_shape}, {"": self.output_shape}, {"": batch}, batch_size)
        batch = entries_for(self.input_shape, batch, self.family, self.dtype, masks)
        outputs = np.empty((len(batch), *self.output_shape), self.dtype)
        with self.inference() as network:
            for start in range(0, len(batch), batch_size):
                part = slice(start, min(start + batch_size, len(batch)))
                begin_alone(network, masks, part)
                values = network.forward(to_history(batch[part], self.dtype))
                outputs[part] = from_history(values, part.stop - part.start)
        return outputs
