"""The decoder in the page of a recording: its weights, and the codes of the examples to begin with."""

from __future__ import annotations

from typing import Any

import numpy as np

from autoencoder.live.codes import Codes
from autoencoder.session import Session
from workbench.errors import OperationError
from workbench.inspect.anatomy import Anatomy
from workbench.inspect.probe import Probe
from workbench.replay_page.recording import Recording
from workbench.replay_page.wires import Wires

MOST_CONNECTIONS = 1_000_000
"""Of a decoder that is put into a page; a browser runs it many times a second."""


def decoder_bytes(anatomy: Anatomy) -> int:
    """Return how many bytes the decoder of a network takes in a page; 0 where it is left out."""
    layers = _decoding(anatomy)
    connections = sum(anatomy.connections(number) for number in layers)
    neurons = sum(anatomy.layers[number].shape.size for number in layers)
    return 0 if connections > MOST_CONNECTIONS else 6 * (connections + 2 * neurons)


def decoder_part(session: Session, recording: Recording) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return what a page needs to decode codes: a header and arrays.

    Parameters
    ----------
    session
        Of the model.
    recording
        Of its run.

    Returns
    -------
    header
        `decoder`: the number of the layer `first` that is the code, the `activations` of those after it, and
        the `clamps` in these. Nothing where the decoder is too large, or a code is not finite.
    arrays
        `decoder weights` and `decoder biases` of these layers, float32; `codes` of the examples, float32
        (n, code size); `code low` and `code high`, between which most of them are, and `code order`: which
        number varies most, and so on.
    """
    anatomy = session.steering.anatomy
    if not decoder_bytes(anatomy):
        return {}, {}
    codes = Codes(session, Probe(session.network, session.labels))
    try:
        encoded, ranges = codes.encode(recording.images.values), codes.ranges()
    except OperationError:
        return {}, {}
    assert anatomy.code is not None
    layers, parameters = _decoding(anatomy), session.network.parameters.values
    decoder = {
        "first": anatomy.code,
        "activations": [_activation(anatomy, number) for number in layers],
        "clamps": [[*place, value] for place, value in session.steering.clamps.items() if place[0] in layers],
    }
    places = anatomy.bias_places[anatomy.layers[layers[0]].offset :]
    return {"decoder": decoder}, {
        "decoder weights": _weights(recording.wires, layers, parameters),
        "decoder biases": np.where(places < 0, 0, parameters[places]).astype(np.float32),
        "codes": encoded,
        "code low": ranges.low,
        "code high": ranges.high,
        "code order": ranges.order.astype(np.int32),
    }


def _decoding(anatomy: Anatomy) -> range:
    """Return the numbers of the layers of the decoder."""
    assert anatomy.code is not None
    return range(anatomy.code + 1, len(anatomy.layers))


def _activation(anatomy: Anatomy, layer: int) -> dict[str, Any]:
    activation = anatomy.activation(layer)
    assert activation is not None
    return {"name": activation.name, "slope": activation.slope}


def _weights(wires: Wires, layers: range, parameters: np.ndarray) -> np.ndarray:
    first = sum(wires.layers[number]["count"] for number in range(layers[0]))
    return wires.weights(parameters)[first:]
