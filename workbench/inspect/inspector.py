"""Looking into a run: frames of all neurons, single neurons and connections, and the walk.

Everything is called between two steps of training, and changes nothing for it: examples run through a twin of
the network. A reply is a header for JSON and arrays.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, get_args

import numpy as np

from networks.base.nodes import input_shapes
from workbench.errors import OperationError
from workbench.inspect.anatomy import joined_connections
from workbench.inspect.classes import find_classes
from workbench.inspect.clips import makes_clips
from workbench.inspect.examples import brightness_range, pictures
from workbench.inspect.observer import Inspected, Observer, Pass
from workbench.inspect.view import View
from workbench.run.operations import KINDS, Action

Reply: TypeAlias = tuple[dict[str, Any], dict[str, np.ndarray]]


class Inspector:
    """Answers questions about a run.

    Parameters
    ----------
    run
        Whose present session is inspected.
    clock
        Seconds that only grow.
    """

    def __init__(self, run: Inspected, clock: Callable[[], float] = time.monotonic) -> None:
        self._run, self._clock = run, clock
        self._observer = self._observe(None)

    @property
    def sources(self) -> list[str]:
        """The sources that examples may come from."""
        return list(self._run.session.examples)

    def _observe(self, before: View | None) -> Observer:
        """Return an observer of the present session, with the same examples as before."""
        return Observer(self._run.session, before, self._clock)

    def _refresh(self) -> Observer:
        """Return the observer of the present session, and end a walk whose step has been made."""
        observer = self._observer
        if self._run.session is not observer.session:
            observer.end_walk()
            observer = self._observer = self._observe(observer.view)
        walk = observer.walk
        if walk is not None and (self._training or observer.session.trainer.step != walk.step):
            observer.end_walk()
        return observer

    @property
    def _training(self) -> bool:
        return self._run.state == "training"

    def show(self, source: str, position: int, entry: int) -> Reply:
        """Show other examples.

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

    def choose_moment(self, number: int) -> Reply:
        """Look at another moment of a network whose layers show one of several; the nearest there is."""
        view = self._refresh().view
        view.choose_moment(number)
        return {"moment": view.moment}, {}

    @property
    def place(self) -> tuple[str, int]:
        """Source and number of the first example that is looked at."""
        view = self._observer.view
        return view.source, view.position

    def clips(self) -> Reply:
        """Return the examples that are looked at as films: what is read, made and asked for, frame by frame.

        Returns
        -------
        header
            `names` of what there is, and how many `moments` the network has.
        arrays
            `clip 0`, `clip 1` and so on in that order, uint8 (n, steps, height, width, channels).
        """
        observer = self._refresh()
        session, films = observer.session, observer.clips()
        header = {"step": session.trainer.step, "names": list(films), "moments": session.network.moments}
        return header, {f"clip {number}": film for number, film in enumerate(films.values())}

    def frame(self, kinds: Sequence[str]) -> Reply:
        """Return one number for every neuron, and the examples that are shown.

        Parameters
        ----------
        kinds
            Which numbers: some of `workbench.run.operations.KINDS`.

        Returns
        -------
        header
            The place of the examples, their names and errors, how far a walk is, and for every input of the
            network its name and which values are black and white.
        arrays
            For every kind float32 (neurons of all layers,), NaN where there is nothing. As uint8 (n, height,
            width, channels): `inputs`, further inputs as `inputs 1`, `inputs 2` and so on, and `outputs`;
            not of films, which `clips` returns.

        Raises
        ------
        OperationError
            When a kind is unknown.
        """
        if unknown := [kind for kind in kinds if kind not in KINDS]:
            raise OperationError(f"kind {unknown[0]!r}: give some of {', '.join(KINDS)}")
        observer = self._refresh()
        seen = observer.look("signals" in kinds)
        numbers = {
            "values": lambda: seen.values,
            "signals": lambda: seen.signals,
            "biases": observer.biases,
            "change": observer.change,
        }
        header = {
            "step": observer.session.trainer.step,
            "run": self._run.run,
            "kinds": list(dict.fromkeys(kinds)),
            **observer.view.place(),
            "entry": seen.entry,
            "names": seen.images.names,
            "shown": len(seen.images.names),
            "errors": seen.errors,
            "repeats": seen.images.repeats,
            "answers": list(seen.answers),
            "sources": self.sources,
            "walk": observer.walk_state(),
            "moment": observer.view.moment,
        }
        arrays = {kind: numbers[kind]() for kind in header["kinds"]}
        header["inputs"], shown = _pictures_of(observer, seen)
        return header, arrays | shown

    def set_baseline(self) -> Reply:
        """Measure changes from now on from the parameters as they are.

        Raises
        ------
        OperationError
            When there is no memory for a copy of them.
        """
        observer = self._refresh()
        observer.set_baseline()
        return {"step": observer.session.trainer.step}, {}

    def neuron(self, layer: int, neuron: int) -> Reply:
        """Return everything about a neuron, for the example whose neurons are drawn.

        Raises
        ------
        AddressError
            When there is none.
        """
        observer = self._refresh()
        anatomy, steering = observer.anatomy, observer.session.steering
        anatomy.check(layer, neuron)
        part = anatomy.layers[layer]
        row, column, channel = map(int, np.unravel_index(neuron, part.shape))
        seen, place = observer.recent_pass(self._training), part.offset + neuron
        return {
            **{"row": row, "column": column, "channel": channel},
            "value": _number(seen.values[place]),
            "signal": _number(seen.signals[place]),
            "bias": _number(observer.biases()[place]),
            "clamp": steering.clamps.get((layer, neuron)),
            "locked": (layer, neuron) in steering.locks,
            "incoming": len(anatomy.incoming(layer, neuron).neurons),
            "outgoing": sum(len(each.neurons) for each in anatomy.outgoing(layer, neuron).values()),
        }, {}

    def connections(self, layer: int, neuron: int) -> Reply:
        """Return the connections into a neuron and out of it, with their weights.

        `sources` are numbered through all layers that the neuron's own reads, `target_layers` says which
        layer each of the `targets` is in; `delayed` are those from the layer `delayed_from`, a step before.

        Raises
        ------
        AddressError
            When there is no such neuron.
        """
        observer = self._refresh()
        weights, anatomy = observer.session.network.parameters.values, observer.anatomy
        into, outgoing = anatomy.incoming(layer, neuron), anatomy.outgoing(layer, neuron)
        out = joined_connections(list(outgoing.values()))
        readers = np.repeat(
            np.array(list(outgoing), np.int32), [len(each.neurons) for each in outgoing.values()]
        )
        window, delayed = anatomy.window(layer, neuron), anatomy.delayed(layer, neuron)
        about = {
            "window": None if window is None else list(window),
            "delayed_from": anatomy.delayed_from(layer),
        }
        return about, {
            "sources": into.neurons,
            "source_weights": into.weights(weights),
            "targets": out.neurons,
            "target_layers": readers,
            "target_weights": out.weights(weights),
            "delayed": delayed.neurons,
            "delayed_weights": delayed.weights(weights),
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

        `fixed` is true of a connection that has no weight to learn: `weight` is what it multiplies by.

        Raises
        ------
        AddressError
            When there is no such connection.
        """
        observer = self._refresh()
        factor = observer.anatomy.fixed_factor(layer, target, source)
        if factor is not None:
            return {"weight": factor, "locked": False, "fixed": True}, {}
        weight = observer.session.network.parameters.values[observer.anatomy.weight(layer, target, source)]
        steering = observer.session.steering
        locked = (layer, target, source) in steering.weight_locks or (layer, target) in steering.locks
        return {"weight": _number(weight), "locked": locked, "fixed": False}, {}

    def diagnose(self) -> Reply:
        """Look for signs of trouble in the next step, which is made and undone; see `Checkup.check`.

        Raises
        ------
        OperationError
            When there is no memory for it.
        """
        return self._refresh().checkup.check()

    def find_classes(self) -> Reply:
        """Run many examples through a classifier; see `workbench.inspect.classes.find_classes`."""
        observer = self._refresh()
        return find_classes(observer.session, observer.probe)

    def walk(self, action: Action) -> Reply:
        """Walk through the next step of training, without making it.

        Parameters
        ----------
        action
            `begin`, `forward` or `backward` by a layer, `next` in either direction, or `end`.

        Raises
        ------
        OperationError
            While the run trains, or when the walk cannot go in that direction.
        """
        if action not in get_args(Action):
            raise OperationError(f"action {action!r}: give one of {', '.join(get_args(Action))}")
        observer = self._refresh()
        if self._training:
            raise OperationError("the run is training: stop it to walk through a step")
        observer.move(action)
        return {"walk": observer.walk_state()}, {}


def _pictures_of(observer: Observer, seen: Pass) -> tuple[list[dict[str, Any]], dict[str, np.ndarray]]:
    """Return name and range of every input of a network, and pictures of inputs and outputs."""
    network = observer.session.network
    shapes = input_shapes(network)
    inputs = seen.images.inputs(shapes)
    spans = [brightness_range(values) for values in inputs]
    names = [layer.name for layer in observer.anatomy.layers[: len(shapes)]]
    listed = [{"name": name, "range": list(span)} for name, span in zip(names, spans, strict=True)]
    if makes_clips(network):
        return listed, {}
    shown = {
        f"inputs {number}" if number else "inputs": pictures(*each)
        for number, each in enumerate(zip(inputs, shapes, spans, strict=True))
    }
    outputs = seen.outputs if seen.images.repeats else seen.outputs[:0]
    flat = outputs.reshape(len(outputs), math.prod(outputs.shape[1:]))
    shown["outputs"] = pictures(flat[:, : shapes[0].size], shapes[0], spans[0])
    return listed, shown


def _number(value: np.floating) -> float | None:
    """Return a number that JSON can hold; None where it is not finite."""
    return float(value) if np.isfinite(value) else None
