"""VideoNetwork: an encoder that reads frames, a decoder that makes them again, and a predictor of the next.

(Srivastava, Mansimov and Salakhutdinov 2015, "Unsupervised learning of video representations using LSTMs",
section 2; Shi et al. 2015 for the convolutional one.) The encoder hands the states of all its layers on, and
gradients come back the same way:

    states = encoder(x(1) ... x(T))
    reconstruction = decoder(states),  prediction = predictor(states)
    d(states) = what the decoder sends back + what the predictor sends back
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from networks.base.container import Container
from networks.base.network import Network
from networks.base.stateful import States
from networks.base.wiring import NeuronLayer
from networks.video.architecture import Architect
from networks.video.blueprint import SQUEEZED, Blueprint
from networks.video.head import Head
from networks.video.neurons import neurons_of
from networks.video.outputs import LastActivation, fold, unfold
from networks.video.sampling import Sampling
from networks.video.stage import Stage
from nn.activations import Sigmoid, Tanh
from nn.argument_checks import check_generator
from nn.entries import from_history, to_history
from nn.history import padded
from nn.parameters import Parameters
from nn.shape import VideoShape

INPUT, FUTURE = "input", "future"
FORWARDS = "forwards"


class VideoNetwork(Container):
    """Encoder, decoder and predictor.

    Its input are frames (steps_in, height, width, channels, N). Where the blueprint has it read true frames,
    it takes these by name, {"input": ..., "future": ...}, in training; the future, which is there only where
    it predicts, may be left out elsewhere. Its output is that of its head, or of both by name,
    {"reconstruction": ..., "prediction": ...}, in the order of the video; where the loss is the
    cross-entropy, these are what its sigmoid is applied to (`frames` makes frames of them).

    Parameters
    ----------
    blueprint
        What it is built from.
    generator
        Draws the weights, and then which steps see the truth.
    rung_name
        Of the ladder that its networks are on.
    dtype
        float32 or float64.
    sampling
        How often heads read the truth, where they do.

    Attributes
    ----------
    encoder
        A stage.
    heads
        Decoder and predictor by the names of what they give.
    read
        The folded frames of the last forward.
    """

    family = "video"

    def __init__(
        self,
        blueprint: Blueprint,
        *,
        generator: np.random.Generator,
        rung_name: str = "o2",
        dtype: DTypeLike = np.float32,
        sampling: Sampling = Sampling(),  # noqa: B008 - frozen
    ) -> None:
        self.blueprint, self.sampling = blueprint, sampling
        self._generator = check_generator(generator)
        architect = Architect(blueprint, rung_name, generator, dtype)
        self.encoder = Stage(*architect.encoder())
        self.heads = {name: Head(blueprint, name, architect) for name in blueprint.heads}
        self.named: dict[str, Network] = {"encoder": self.encoder}
        self.named |= {name: head.stage for name, head in self.heads.items()}
        self.parameters = Parameters.join({name: each.parameters for name, each in self.named.items()})
        self.input_shape = blueprint.video(blueprint.steps_in)
        self.output_shape = blueprint.video(blueprint.steps_of(blueprint.heads[-1]))
        self._last = LastActivation(blueprint)
        self._forwards = np.zeros(1, np.int64)
        self.read = np.zeros(0)
        self._outputs: dict[str, np.ndarray] = {}
        self._signals: dict[str, np.ndarray] = {}
        self._named_inputs = False

    @property
    def input_shapes(self) -> Mapping[str, VideoShape]:
        """Shapes of the inputs by name; the only one is called ""."""
        blueprint = self.blueprint
        if not self._takes_truth:
            return {"": blueprint.video(blueprint.steps_in)}
        return {
            INPUT: blueprint.video(blueprint.steps_in),
            FUTURE: blueprint.video(blueprint.steps_out),
        }

    @property
    def _takes_truth(self) -> bool:
        """Whether true frames that come after those read are an input in training."""
        return self.blueprint.inputs == "true" and self.blueprint.needs_future

    @property
    def samples(self) -> bool:
        """Whether it draws which steps see the truth."""
        return self.blueprint.inputs == "true" and not self.sampling.always_shows

    @property
    def propagates(self) -> bool:
        """Whether the signals of the frames read are computed."""
        return self.encoder.propagates

    @propagates.setter
    def propagates(self, wanted: bool) -> None:
        self.encoder.propagates = wanted

    def forward(self, values: Any, training: bool = False) -> Any:
        """Return the outputs of all heads; see the class.

        Raises
        ------
        ValueError
            When frames are missing, or of another shape or dtype.
        """
        frames, future = self._checked_inputs(values, training)
        self._named_inputs = isinstance(values, Mapping)
        shown = self._draw(frames.shape[-1], training)
        self.read = read = fold(frames, self.blueprint.patch)
        self.encoder.start_from([None] * self.blueprint.layers)
        self.encoder.forward(read, training)
        states = [self._handed_on(each) for each in self.encoder.final]
        for name, head in self.heads.items():
            head.stage.start_from(states)
            first, truth = self._read_by(name, read, future, training)
            outputs = head.forward(first, truth, None if shown is None else shown[name], training)
            self._outputs[name] = unfold(self._in_order(name, outputs), self.blueprint.patch)
        return self._returned(self._outputs)

    def backward(self, signals: Any, learning_rate: float | None = None) -> Any:
        """Return the signals of the frames read, by name where they came by name; gradients are added.

        Parameters
        ----------
        signals
            dLoss / d output, by name where there are several.
        learning_rate
            When given, plain gradient descent is applied once all gradients are there.
        """
        if learning_rate is not None:
            return self._descend(signals, learning_rate)
        self._signals = dict(signals) if len(self.heads) > 1 else {self.blueprint.heads[0]: signals}
        state_signals: list[States] | None = None
        for name, head in self.heads.items():
            given = fold(self._signals[name], self.blueprint.patch)
            head.stage.end_with([None] * self.blueprint.layers)
            head.backward(np.ascontiguousarray(self._in_order(name, given)))
            state_signals = _added(state_signals, head.stage.initial_signals)
        assert state_signals is not None
        self.encoder.end_with([self._handed_on(each) for each in state_signals])
        top = list(self.encoder.named.values())[-1]
        nothing = np.zeros((*top.output_shape, given.shape[-1]), self.dtype)
        back = self.encoder.backward(nothing)
        return self._input_signals(back, given.shape[-1])

    def _descend(self, signals: Any, learning_rate: float) -> Any:
        """Apply the gradients at once: what is in them already stays."""
        gradients = self.parameters.gradients
        before = gradients.copy()
        gradients.fill(0)
        back = self.backward(signals)
        if self.parameters.collects_gradients:
            self.parameters.values[:] -= self.dtype.type(learning_rate) * gradients
        gradients[:] = before
        return back

    def _input_signals(self, back: np.ndarray, entries: int) -> Any:
        """Return dLoss / d frames read: what encoder and heads send back."""
        if not self.propagates:
            return back
        back = back.reshape(self.blueprint.steps_in, *self.blueprint.folded, entries).copy()
        future = np.zeros((self.blueprint.steps_out, *self.blueprint.folded, entries), self.dtype)
        for name, head in self.heads.items():
            truth = head.truth_signals
            if name == "prediction":
                if head.first_signals is not None:
                    back[-1] += head.first_signals
                future += 0 if truth is None else truth
            elif truth is not None:
                back += self._in_order(name, truth)
        own, others = unfold(back, self.blueprint.patch), unfold(future, self.blueprint.patch)
        return {INPUT: own, FUTURE: others} if self._named_inputs else own

    def _checked_inputs(self, values: Any, training: bool) -> tuple[np.ndarray, np.ndarray | None]:
        given = dict(values) if isinstance(values, Mapping) else {INPUT: values}
        frames, future = given.pop(INPUT, None), given.pop(FUTURE, None)
        blueprint = self.blueprint
        if frames is None or given:
            raise ValueError(f"video: give the inputs {INPUT} and, to read the truth, {FUTURE}")
        if future is None and training and self._takes_truth:
            raise ValueError(f"video: it reads true frames in training: give them as the input {FUTURE}")
        for name, array, steps in (
            (INPUT, frames, blueprint.steps_in),
            (FUTURE, future, blueprint.steps_out),
        ):
            shape = blueprint.video(steps)
            if array is not None and (array.ndim != 5 or array.shape[:-1] != shape or not array.shape[-1]):
                raise ValueError(f"video: the {name} is {array.shape}, expected ({shape}, N)")
            if array is not None and array.dtype != self.dtype:
                raise ValueError(f"video: the {name} is {array.dtype}, expected {self.dtype}")
        if future is not None and future.shape[-1] != frames.shape[-1]:
            raise ValueError(f"video: {frames.shape[-1]} entries to read, {future.shape[-1]} to come")
        return frames, future

    def _read_by(
        self, name: str, read: np.ndarray, future: np.ndarray | None, training: bool
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Return what a head reads first, and the truth where it reads that: frames in its order."""
        decodes = name == "reconstruction"
        first = np.zeros_like(read[0]) if decodes else read[-1]
        if self.blueprint.inputs != "true" or not training:
            return first, None
        if decodes:
            return first, self._in_order(name, read)
        assert future is not None
        return first, fold(future, self.blueprint.patch)

    def _draw(self, entries: int, training: bool) -> dict[str, np.ndarray] | None:
        """Return at which steps each head is shown the truth, bool (T, N); None for all, or none."""
        if not (training and self.samples):
            return None
        probability = self.sampling.probability(int(self._forwards[0]))
        self._forwards += 1
        return {
            name: self._generator.random((head.steps, entries)) < probability
            for name, head in self.heads.items()
        }

    def _handed_on(self, states: States) -> States:
        """Return the states that are handed on, or the signals that come back from them."""
        if self.blueprint.handed_on == "all":
            return states
        return States(states.hidden, np.zeros_like(states.cells))

    def _in_order(self, name: str, frames: np.ndarray) -> np.ndarray:
        """Turn frames (T, ...) of a head from the order of the video into its own, or back."""
        return frames[::-1] if self.turns(name) else frames

    def turns(self, name: str) -> bool:
        """Return whether a head makes the last frame first."""
        return name == "reconstruction" and self.blueprint.backwards

    def _returned(self, by_name: Mapping[str, Any]) -> Any:
        return dict(by_name) if len(self.heads) > 1 else by_name[self.blueprint.heads[0]]

    def frames(self, outputs: Any) -> Any:
        """Return the frames of outputs, any shape, by name where these are."""
        if isinstance(outputs, Mapping):
            return {name: self._last.frames(each) for name, each in outputs.items()}
        return self._last.frames(outputs)

    def reconstruct_and_predict(self, clips: np.ndarray, batch_size: int = 64) -> dict[str, np.ndarray]:
        """Return the frames that the heads make of clips.

        Parameters
        ----------
        clips
            (N, steps_in, height, width, channels), in the range of the blueprint; of longer ones the first
            frames are read.
        batch_size
            How many are run at once.

        Returns
        -------
        dict
            (N, steps, height, width, channels) by the names of the heads.

        Raises
        ------
        ValueError
            When the clips are shorter, or have frames of another shape.
        """
        blueprint, count = self.blueprint, len(clips)
        if clips.ndim != 5 or clips.shape[2:] != blueprint.frame or clips.shape[1] < blueprint.steps_in:
            raise ValueError(
                f"video: clips are {clips.shape}, expected (N, {blueprint.video(blueprint.steps_in)})"
            )
        made = {
            name: np.empty((count, *blueprint.video(blueprint.steps_of(name))), self.dtype)
            for name in self.heads
        }
        with self.inference() as network:
            for start in range(0, count, batch_size):
                part = slice(start, min(start + batch_size, count))
                read = to_history(clips[part, : blueprint.steps_in].astype(self.dtype), self.dtype)
                outputs = network.forward(read)
                for name, each in (outputs if len(self.heads) > 1 else {next(iter(made)): outputs}).items():
                    made[name][part] = from_history(self.frames(each), part.stop - part.start)
        return made

    @property
    def named_outputs(self) -> Mapping[str, Any]:
        """The outputs by name; the only one is called ""."""
        ends = {name: VideoOutput(self, name) for name in self.heads}
        return ends if len(ends) > 1 else {"": next(iter(ends.values()))}

    @property
    def moments(self) -> int:  # type: ignore[override]
        """As many as frames are read, or are made by a head."""
        return max(self.blueprint.steps_in, *(head.steps for head in self.heads.values()))

    def wiring(self) -> Sequence[NeuronLayer]:
        """Return its neurons at one moment; see `networks.video.neurons`."""
        return neurons_of(self)

    def signals_of(self, name: str) -> np.ndarray:
        """Return the signals of an output in the last backward, (T, *frame, N)."""
        return self._signals[name]

    @property
    def values(self) -> Any:
        """The outputs in the last forward."""
        return self._returned(self._outputs)

    @property
    def signals(self) -> Any:
        """The signals of the outputs in the last backward."""
        return self._returned(self._signals)

    def state(self) -> dict[str, np.ndarray]:
        """Return how many forwards in training were made, where the probability of the truth follows it."""
        return {FORWARDS: self._forwards} if self.samples else {}

    def load_state(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from what `state` returned; see `Network.load_state`."""
        given = dict(state)
        forwards = given.pop(FORWARDS, None)
        if given or (forwards is None) == self.samples:
            raise ValueError(f"video: carries {FORWARDS if self.samples else 'no state'}, not {list(state)}")
        if forwards is not None:
            if forwards.shape != (1,) or forwards.dtype != np.int64:
                raise ValueError(
                    f"video: {FORWARDS} is {forwards.dtype} {forwards.shape}, expected int64 (1,)"
                )
            self._forwards = forwards.copy()

    def reset(self) -> None:
        """Nothing goes on from one sequence to the next."""

    @property
    def generators(self) -> dict[str, np.random.Generator]:
        """What it draws from, where it draws."""
        return {"sampling": self._generator} if self.samples else {}

    @property
    def masks_steps(self) -> bool:  # type: ignore[override]
        """False: clips have all their steps."""
        return False

    def history_bytes(self, histories: int) -> int:
        """Return about how much memory a training step takes beside the parameters."""
        frames = sum(head.steps for head in self.heads.values()) * self.blueprint.frame.size
        own = 6 * frames * padded(histories) * self.dtype.itemsize
        encoder = _bytes(self.encoder, self.blueprint.steps_in, histories)
        return own + encoder + sum(_bytes(each.stage, each.steps, histories) for each in self.heads.values())

    @property
    def connections(self) -> int:
        """Uses of weights per history: of a frame's networks once for every step."""
        stages = [(self.encoder, self.blueprint.steps_in)]
        stages += [(head.stage, head.steps) for head in self.heads.values()]
        return sum(
            network.connections * (1 if name.startswith("layer") else steps)
            for stage, steps in stages
            for name, network in stage.named.items()
        )


class VideoOutput:
    """One output of a network of videos, for the training loop.

    Parameters
    ----------
    network, name
        Whose output it is, and of which head.
    """

    def __init__(self, network: VideoNetwork, name: str) -> None:
        self._network, self._name = network, name
        head = network.heads[name]
        self.output_shape = network.blueprint.video(head.steps)

    @property
    def layers(self) -> Sequence[Network]:
        """The networks that follow one another up to here."""
        return self._network.heads[self._name].stage.named["writer"].layers

    def output_range(self, input_range: tuple[float, float] = (-np.inf, np.inf)) -> tuple[float, float]:
        """Return the lowest and highest value that it can reach."""
        blueprint = self._network.blueprint
        if blueprint.last == SQUEEZED:
            low, high = Tanh().range
            scaled = np.array([low, high]) * blueprint.factor
            reached = scaled if blueprint.gives_logits else Sigmoid()(scaled)
            return float(reached[0]), float(reached[1])
        if blueprint.gives_logits:
            return -np.inf, np.inf
        return _LAST_RANGES[blueprint.last]


_LAST_RANGES = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0), "none": (-np.inf, np.inf)}


def _added(some: list[States] | None, others: list[States]) -> list[States]:
    if some is None:
        return [States(each.hidden.copy(), each.cells.copy()) for each in others]
    return [
        States(one.hidden + two.hidden, one.cells + two.cells) for one, two in zip(some, others, strict=True)
    ]


def _bytes(stage: Stage, steps: int, histories: int) -> int:
    return sum(
        network.history_bytes(histories if name.startswith("layer") else steps * histories)
        for name, network in stage.named.items()
    )
