"""Looking into a run: frames of all neurons, single neurons and connections, codes, and the walk.

Everything is asked for between two steps of training, and training goes on as if nobody had looked: the
images that are looked at run through a twin of the network. A reply is a header for JSON and arrays.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, get_args

import numpy as np

from autoencoder.live.errors import OperationError
from autoencoder.live.operations import KINDS, Action
from autoencoder.live.sight import Inspected, Sight
from autoencoder.live.view import squared_errors, to_bytes

Reply: TypeAlias = tuple[dict[str, Any], dict[str, np.ndarray]]


class Inspector:
    """Answers questions about a run.

    Parameters
    ----------
    run
        Whose session is looked into; when it has another one, everything begins anew there.
    clock
        Seconds that only grow.
    """

    def __init__(self, run: Inspected, clock: Callable[[], float] = time.monotonic) -> None:
        self._run, self._clock = run, clock
        self._sight = Sight(run.session, clock=clock)

    def _refresh(self) -> Sight:
        """Return what is seen now: of another session where there is one, without a walk that is over."""
        sight = self._sight
        if self._run.session is not sight.session:
            sight.end_walk()
            sight = self._sight = Sight(self._run.session, sight.view, self._clock)
        walk = sight.walk
        if walk is not None and (self._training or sight.session.trainer.step != walk.step):
            sight.end_walk()
        return sight

    @property
    def _training(self) -> bool:
        return self._run.state == "training"

    def show(self, source: str, position: int, entry: int) -> Reply:
        """Look at other images.

        Parameters
        ----------
        source
            `training`, `held_out` or `own`.
        position
            Number of the first image; the nearest there is.
        entry
            Which of those shown, 0 to 7, is the one whose neurons are drawn.

        Raises
        ------
        OperationError
            When there is no such source, or nothing is in it.
        """
        view = self._refresh().view
        view.show(source, position, entry)
        return view.place(), {}

    def own(self, image: np.ndarray) -> Reply:
        """Look at an image that a person drew or uploaded, uint8 (height, width, channels).

        Raises
        ------
        OperationError
            When it is of another kind or shape than the images of the network.
        """
        view = self._refresh().view
        view.take(image)
        return view.place(), {}

    def frame(self, kinds: Sequence[str]) -> Reply:
        """Return one number for every neuron, and the images that are looked at.

        Parameters
        ----------
        kinds
            Which numbers: some of `autoencoder.live.operations.KINDS`.

        Returns
        -------
        header
            Where one looks, the names and errors of the images, and how far a walk is.
        arrays
            For every kind float32 (neurons of all layers,), NaN where there is nothing; `inputs` and
            `outputs` as uint8 (n, height, width, channels).

        Raises
        ------
        OperationError
            When a kind is unknown.
        """
        if unknown := [kind for kind in kinds if kind not in KINDS]:
            raise OperationError(f"kind {unknown[0]!r}: give some of {', '.join(KINDS)}")
        sight = self._refresh()
        seen = sight.look("signals" in kinds)
        numbers = {
            "values": lambda: seen.values,
            "signals": lambda: seen.signals,
            "biases": sight.biases,
            "change": sight.change,
        }
        header = {
            "step": sight.session.trainer.step,
            "run": self._run.run,
            "kinds": list(dict.fromkeys(kinds)),
            **sight.view.place(),
            "entry": seen.entry,
            "names": seen.images.names,
            "shown": len(seen.images.values),
            "errors": squared_errors(seen.images, seen.outputs) if len(seen.outputs) else [],
            "walk": sight.walk_state(),
        }
        arrays = {kind: numbers[kind]() for kind in header["kinds"]}
        pictures = {"inputs": to_bytes(seen.images.values), "outputs": to_bytes(seen.outputs)}
        return header, arrays | pictures

    def mark(self) -> Reply:
        """Measure changes from now on from the parameters as they are.

        Raises
        ------
        OperationError
            When there is no memory for a copy of them.
        """
        sight = self._refresh()
        sight.mark()
        return {"step": sight.session.trainer.step}, {}

    def neuron(self, layer: int, neuron: int) -> Reply:
        """Return what there is to know about a neuron, for the image that is drawn.

        Raises
        ------
        AddressError
            When there is none.
        """
        sight = self._refresh()
        anatomy, steering = sight.anatomy, sight.session.steering
        anatomy.check(layer, neuron)
        part = anatomy.layers[layer]
        row, column, channel = map(int, np.unravel_index(neuron, part.shape))
        seen, place = sight.glance(self._training), part.offset + neuron
        return {
            **{"row": row, "column": column, "channel": channel},
            "value": _number(seen.values[place]),
            "signal": _number(seen.signals[place]),
            "bias": _number(sight.biases()[place]),
            "clamp": steering.clamps.get((layer, neuron)),
            "locked": (layer, neuron) in steering.locks,
            "incoming": len(anatomy.incoming(layer, neuron).neurons),
            "outgoing": len(anatomy.outgoing(layer, neuron).neurons),
        }, {}

    def connections(self, layer: int, neuron: int) -> Reply:
        """Return the connections into a neuron and out of it, with their weights.

        Raises
        ------
        AddressError
            When there is no such neuron.
        """
        sight = self._refresh()
        weights, anatomy = sight.session.model.network.parameters.values, sight.anatomy
        into, out = anatomy.incoming(layer, neuron), anatomy.outgoing(layer, neuron)
        window = anatomy.window(layer, neuron)
        return {"window": None if window is None else list(window)}, {
            "sources": into.neurons,
            "source_weights": weights[into.places].astype(np.float32),
            "targets": out.neurons,
            "target_weights": weights[out.places].astype(np.float32),
        }

    def strongest(self, layer: int, count: int) -> Reply:
        """Return the connections into a layer whose weights are largest, the largest first.

        Raises
        ------
        OperationError
            When there is no such layer, or the count is below 1.
        """
        if count < 1:
            raise OperationError(f"count {count}: give at least 1")
        sources, targets, weights = self._refresh().anatomy.strongest(layer, count)
        return {}, {"sources": sources, "targets": targets, "weights": weights}

    def connection(self, layer: int, target: int, source: int) -> Reply:
        """Return the weight of a connection, and whether it is locked, by itself or with its target.

        Raises
        ------
        AddressError
            When there is no such connection.
        """
        sight = self._refresh()
        weight = sight.session.model.network.parameters.values[sight.anatomy.weight(layer, target, source)]
        steering = sight.session.steering
        locked = (layer, target, source) in steering.weight_locks or (layer, target) in steering.locks
        return {"weight": _number(weight), "locked": locked}, {}

    def walk(self, action: Action) -> Reply:
        """Walk through the next step of training, without making it.

        Parameters
        ----------
        action
            `begin`, `forward` and `backward` for a layer on, `next` for whatever comes, or `end`.

        Raises
        ------
        OperationError
            While the run trains, or when the walk does not go on that way.
        """
        if action not in get_args(Action):
            raise OperationError(f"action {action!r}: give one of {', '.join(get_args(Action))}")
        sight = self._refresh()
        if self._training:
            raise OperationError("the run is training: stop it to walk through a step")
        sight.go(action)
        return {"walk": sight.walk_state()}, {}

    def code(self) -> Reply:
        """Return the code of the image that is looked at, and which values its numbers have for others.

        Raises
        ------
        OperationError
            When codes are not finite.
        """
        sight = self._refresh()
        view, codes = sight.view, sight.codes
        code = codes.encode(view.at([view.position + view.entry]).values)[0]
        ranges = codes.ranges()
        return {
            "code": code.tolist(),
            "low": ranges.low.tolist(),
            "high": ranges.high.tolist(),
            "order": ranges.order.tolist(),
        }, {}

    def decode(self, code: Sequence[float]) -> Reply:
        """Return the image of a code as `image`, uint8 (height, width, channels).

        Raises
        ------
        OperationError
            When it is no code of this network.
        """
        return {}, {"image": self._refresh().codes.decode(code)}

    def between(self, first: int, second: int, share: float) -> Reply:
        """Return the image of a code between those of two images, as `image`.

        Parameters
        ----------
        first, second
            Positions in the source that is looked at; the nearest there are.
        share
            Of the way from the first to the second, 0 to 1.

        Raises
        ------
        OperationError
            When the share is another.
        """
        if not 0 <= share <= 1:
            raise OperationError(f"share {share}: give 0 for the first image to 1 for the second")
        sight = self._refresh()
        return {}, {"image": sight.codes.between(sight.view.at([first, second]).values, share)}


def _number(value: np.floating) -> float | None:
    """Return a number as JSON has it, None where it is not finite."""
    return float(value) if np.isfinite(value) else None
