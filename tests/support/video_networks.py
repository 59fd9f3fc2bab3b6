"""Small networks of videos, clips to learn from, and a network of videos as one of arrays for checks."""

import numpy as np
from hypothesis import strategies as st

from networks.video import Blueprint, Sampling, VideoNetwork
from networks.video.blueprint import COMBINATIONS
from networks.video.network import FUTURE, INPUT
from nn import Shape

KINDS = {
    "lstm": {"kind": "lstm", "units": 4},
    "adapters": {"kind": "lstm", "units": 4, "adapter": 3, "layers": 2, "peepholes": True},
    "convolution": {"kind": "convolution", "units": 4, "channels": 2, "halvings": 1},
    "convolutional_lstm": {"kind": "convolutional_lstm", "units": 2, "layers": 2, "peepholes": True},
    "patches": {"kind": "convolutional_lstm", "units": 3, "patch": 2},
}
READS = ("zeros", "own", "true", "sampled")
TASKS = ("both", "reconstruction", "prediction")


@st.composite
def shapes(draw):
    """Frames that can be halved, and numbers of steps."""
    height, width = (2 * draw(st.integers(1, 2)) for _ in range(2))
    frame = Shape(height, width, draw(st.integers(1, 2)))
    return {"frame": frame, "steps_in": draw(st.integers(1, 3)), "steps_out": draw(st.integers(1, 3))}


def settings_of(kind="lstm", reads="own", task="both", combination=COMBINATIONS[2], **others):
    """Return the fields of a small blueprint."""
    value_range, last, loss = combination
    chosen = {
        "frame": Shape(4, 4, 1),
        "steps_in": 3,
        "steps_out": 2,
        "inputs": "true" if reads == "sampled" else reads,
        "task": task,
        "value_range": value_range,
        "last": last,
        "loss": loss,
        "factor": 2.0 if last == "sigmoid" else 1.0,
    }
    return {**chosen, **KINDS[kind], **others}


def network(kind="lstm", reads="own", task="both", rung="o2", dtype=np.float32, seed=1, **others):
    """A small network whose biases and peepholes are not what they start at."""
    blueprint = Blueprint(**settings_of(kind, reads, task, **others))
    sampling = Sampling(start=0.5) if reads == "sampled" else Sampling()
    made = VideoNetwork(
        blueprint, generator=np.random.default_rng(seed), rung_name=rung, dtype=dtype, sampling=sampling
    )
    values = made.parameters.values
    values += np.random.default_rng(seed + 1).normal(0, 0.2, values.shape).astype(dtype)
    return made


def clips_for(made, entries=3, seed=2):
    """Frames that a network reads and those that come after, (steps, *frame, N), in its range."""
    blueprint, steps = made.blueprint, made.blueprint.steps_in + made.blueprint.steps_out
    drawn = np.random.default_rng(seed).uniform(*blueprint.limits, (*blueprint.video(steps), entries))
    return drawn.astype(made.dtype)


class AsOneArray:
    """A network of videos that reads a whole clip and whose outputs lie one after the other.

    Parameters
    ----------
    made
        The network.
    """

    labels = None
    propagates = True

    def __init__(self, made):
        self.made, self.parameters, self.layers = made, made.parameters, [self]
        self.generators, self.state, self.load_state = made.generators, made.state, made.load_state

    def forward(self, values, training=False):
        """Return the outputs of a clip (steps_in + steps_out, *frame, N), (steps, *frame, N)."""
        blueprint = self.made.blueprint
        read, future = values[: blueprint.steps_in], values[blueprint.steps_in :]
        given = {INPUT: read, FUTURE: future} if blueprint.inputs == "true" else read
        outputs = self.made.forward(given, training)
        return np.concatenate(list(outputs.values())) if isinstance(outputs, dict) else outputs

    def targets_of(self, values):
        """Return what is asked for of a clip, as the outputs lie."""
        steps = self.made.blueprint.steps_in
        parts = {"reconstruction": values[:steps], "prediction": values[steps:]}
        return np.concatenate([parts[name] for name in self.made.heads])

    def backward(self, signals):
        """Return the signals of a clip."""
        self.signals = signals
        places = np.cumsum([head.steps for head in self.made.heads.values()])[:-1]
        parts = dict(zip(self.made.heads, np.split(signals, places), strict=True))
        back = self.made.backward(parts if len(parts) > 1 else signals)
        blueprint = self.made.blueprint
        if isinstance(back, dict):
            return np.concatenate([back[INPUT], back[FUTURE]])
        unread = np.zeros((blueprint.steps_out, *back.shape[1:]), back.dtype)
        return np.concatenate([back, unread])
