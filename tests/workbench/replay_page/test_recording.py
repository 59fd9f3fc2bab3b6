"""The numbers of a recording are those of the network, and of an inspector that asks it."""

import numpy as np
import pytest

from tests.support.live_models import ARCHITECTURES, inspect, make_session
from tests.support.replay_pages import halves
from workbench.replay_page.plan import Plan
from workbench.replay_page.recording import Recording
from workbench.replay_page.wires import Wires
from workbench.run.changes import parse_changes

architectures = pytest.mark.parametrize("architecture", [*ARCHITECTURES, "unmixed"])


@architectures
def test_wires_are_the_connections_of_every_neuron(architecture: str) -> None:
    anatomy = make_session(architecture).steering.anatomy
    wires = Wires.of(anatomy)
    weights = wires.weights(anatomy.network.parameters.values)
    first = 0
    for number, layer in enumerate(anatomy.layers):
        about = wires.layers[number]
        width = sum(anatomy.layers[each].shape.size for each in anatomy.sources(number))
        starts = wires.arrays.get(f"starts {number}", np.zeros(layer.shape.size + 1, np.int32))
        if about["full"]:
            starts = np.arange(layer.shape.size + 1) * width
        sources = wires.arrays.get(f"sources {number}", np.tile(np.arange(width), layer.shape.size))
        for neuron in range(layer.shape.size):
            known = anatomy.incoming(number, neuron)
            own = slice(starts[neuron], starts[neuron + 1])
            assert np.array_equal(sources[own], known.neurons)
            own = slice(first + own.start, first + own.stop)
            assert np.array_equal(weights[own], known.weights(anatomy.network.parameters.values))
            window = anatomy.window(number, neuron)
            assert (window is None) == (f"windows {number}" not in wires.arrays)
            if window is not None:
                assert tuple(wires.arrays[f"windows {number}"][neuron]) == tuple(window)
        first += about["count"]
    assert first == len(weights)


def test_dense_layers_need_no_lists() -> None:
    wires = Wires.of(make_session("dense").steering.anatomy)
    assert [each["full"] for each in wires.layers] == [False, True, True, True, True]
    assert not wires.arrays


@architectures
def test_frames_are_what_an_inspector_sees(architecture: str) -> None:
    session = make_session(architecture)
    recording = Recording(session, Plan(frames=2, examples=3))
    recording.add(session)
    session.trainer.advance()
    session.steering.apply(parse_changes([{"kind": "clamp", "layer": 1, "neuron": 2, "value": 0.5}]))
    recording.add(session, "changed")
    header, arrays = recording.message(session)
    _, inspector = inspect(session)
    inspector.show("held_out", 0, 2)
    seen, found = inspector.frame(["values", "biases"])
    output = session.steering.anatomy.layers[-1].shape.size
    inputs = session.steering.anatomy.input_neurons
    assert np.allclose(found["values"][inputs:-output], halves(arrays["values"][1, 2]), rtol=1e-3, atol=1e-6)
    low, high = arrays["spans"][1]
    levels = low + (high - low) * arrays["outputs"][1, 2] / 255
    assert np.allclose(found["values"][-output:], levels, atol=(high - low) / 254)
    assert np.array_equal(found["inputs"][:3].ravel(), arrays["inputs"].ravel())
    assert np.allclose(found["biases"], halves(arrays["biases"][1]), rtol=1e-3, atol=1e-6, equal_nan=True)
    frame = header["frames"][1]
    assert frame["errors"] == seen["errors"][:3]
    assert (frame["step"], frame["clamps"], frame["note"]) == (1, [[1, 2, 0.5]], "changed")
    assert header["frames"][0]["clamps"] == []
    assert header["names"] == seen["names"][:3]


def test_numbers_that_16_bits_cannot_hold_are_the_nearest_there_are() -> None:
    session = make_session("dense")
    recording = Recording(session, Plan(frames=1))
    session.network.parameters.values[:] = 1e9
    recording.add(session)
    arrays = recording.message(session)[1]
    assert np.nanmax(halves(arrays["biases"])) == halves(arrays["weights"]).max() == 65504
