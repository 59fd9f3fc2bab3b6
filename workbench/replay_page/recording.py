"""A recording: frames of a run, as a header and arrays that `workbench.run.messages` can pack."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.errors import InputError
from workbench.inspect.anatomy import Anatomy
from workbench.inspect.examples import PICTURED, Images, brightness_range, squared_errors
from workbench.inspect.probe import Probe
from workbench.inspect.view import View, Viewed
from workbench.replay_page.plan import Plan
from workbench.replay_page.wires import Wires
from workbench.run.status_report import describe_curve, describe_layers, describe_progress

LARGEST_HALF = float(np.finfo(np.float16).max)


class Recording:
    """Collects the frames of a run of a network that should give what it takes.

    Parameters
    ----------
    session
        Of the run: its examples are looked at in every frame, those that are held out if there are some.
    plan
        What is kept.

    Attributes
    ----------
    images
        The examples.
    wires
        The connections of the network; where they move, those of the last frame.

    Raises
    ------
    InputError
        When the network is none that should give the images that it takes.
    """

    def __init__(self, session: Viewed, plan: Plan) -> None:
        if not session.describe()["repeats"] or session.network.input_shape[-1] not in PICTURED:
            raise InputError("only runs of networks that should give the images they take become a page")
        self.plan = plan
        self._probe = Probe(session.network, session.labels)
        self._source = "held_out" if "held_out" in session.examples else "training"
        self.images = self._examples(session)
        anatomy = self._probe.anatomy
        self._layers = describe_layers(anatomy, repeats=True)
        self.wires = Wires.of(anatomy)
        self._shapes = [layer.shape for layer in anatomy.layers]
        self._span = brightness_range(self.images.values)
        self._output = _places(anatomy, [len(anatomy.layers) - 1])
        self._others = _places(anatomy, range(anatomy.inputs, len(anatomy.layers) - 1))
        self._frames: list[dict[str, Any]] = []
        self._parts: dict[str, list[np.ndarray]] = {"outputs": [], "spans": [], "values": [], "biases": []}
        self._weights: list[np.ndarray] = []

    def _examples(self, session: Viewed) -> Images:
        view = View(session)
        view.show(self._source, 0, 0)
        return view.at(range(min(self.plan.examples, view.count)))

    def add(self, session: Viewed, note: str = "") -> None:
        """Add a frame of a session as it is now.

        Parameters
        ----------
        session
            Of the same network.
        note
            What is special about the frame, in words.

        Raises
        ------
        InputError
            When its layers are others, or its connections and the weights of every frame are to be kept.
        """
        probe = self._follow(session)
        outputs = probe.run(self.images)
        values = np.stack([probe.values(entry) for entry in range(len(self.images.names))])
        pictured = values[:, self._output]
        low, high = brightness_range(pictured)
        self._parts["outputs"].append(_levels(pictured, low, high))
        self._parts["spans"].append(np.array([low, high], np.float32))
        self._parts["values"].append(_halves(values[:, self._others]))
        places, parameters = probe.anatomy.bias_places, session.network.parameters.values
        self._parts["biases"].append(_halves(np.where(places < 0, np.nan, parameters[places])))
        if self.plan.weights != "none":
            self._weights = self._weights if self.plan.weights == "every" else []
            self._weights.append(_halves(self.wires.weights(parameters)))
        self._frames.append({**_state(session), "errors": squared_errors(self.images, outputs), "note": note})

    def _follow(self, session: Viewed) -> Probe:
        """Return a probe of a session's network, and take its connections where they have moved."""
        moves = any(layer.kind == "graph" for layer in self._probe.anatomy.layers)
        if session.network is not self._probe.network or moves:
            self._probe = Probe(session.network, session.labels)
        if [layer.shape for layer in self._probe.anatomy.layers] != self._shapes:
            raise InputError("the frames are of networks with different layers")
        wires = Wires.of(self._probe.anatomy) if moves else self.wires
        if any(not np.array_equal(wires.arrays[name], self.wires.arrays[name]) for name in wires.arrays):
            if self.plan.weights == "every":
                raise InputError("the connections of this run move, so weights of every frame cannot be kept")
            self.wires = wires
        return self._probe

    def message(self, session: Viewed) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Return header and arrays of all frames, with the curve of a session."""
        curve = describe_curve(session.trainer)
        header = {
            "layers": self._layers,
            "wires": self.wires.layers,
            "image": list(self._probe.anatomy.layers[0].shape),
            "source": self._source,
            "names": self.images.names,
            "span": list(self._span),
            "frames": self._frames,
            "rows": curve["rows"],
            "changes": [
                {"step": changed.step, "changes": [each.model_dump() for each in changed.changes]}
                for changed in session.steering.changed
            ],
        }
        pixels = self.images.values.reshape(len(self.images.names), -1)
        arrays = {name: np.stack(parts) for name, parts in self._parts.items()}
        if self._weights:
            arrays["weights"] = np.stack(self._weights)
        return header, {
            "inputs": _levels(pixels, *self._span),
            **arrays,
            **self.wires.arrays,
            "curve steps": np.array(curve["steps"], np.int32),
            "curve losses": np.array(curve["losses"], np.float32),
        }


def _places(anatomy: Anatomy, layers: Sequence[int]) -> slice:
    """Return where the neurons of layers that follow each other are among all."""
    if not layers:
        return slice(0, 0)
    first, last = anatomy.layers[layers[0]], anatomy.layers[layers[-1]]
    return slice(first.offset, last.offset + last.shape.size)


def _state(session: Viewed) -> dict[str, Any]:
    """Return how far training is, and what a person has clamped and locked."""
    trainer, steering = session.trainer, session.steering
    rows = trainer.rows
    return {
        **describe_progress(trainer, rows[-1] if rows else None),
        "clamps": [[*place, value] for place, value in steering.clamps.items()],
        "locks": [list(place) for place in steering.locks],
        "weight_locks": [list(place) for place in steering.weight_locks],
    }


def _levels(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return brightnesses as uint8, `low` as 0 and `high` as 255; what is not finite as black."""
    shares = np.nan_to_num((values - low) / (high - low), nan=0.0, posinf=1.0, neginf=0.0)
    return np.rint(np.clip(shares, 0, 1) * 255).astype(np.uint8)


def _halves(values: np.ndarray) -> np.ndarray:
    """Return numbers in float16, as uint16; those that are too large as the largest there is."""
    clipped = np.where(np.isinf(values), values, np.clip(values, -LARGEST_HALF, LARGEST_HALF))
    return clipped.astype("<f2").view(np.uint16)
