"""ONNX Runtime, running what `networks.exchange.onnx` wrote. Absent, its column stays empty."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numba
import numpy as np

from benchmarks.row import FORWARD, Peer, assert_agreement
from networks import Network
from networks.exchange import onnx

try:
    import onnxruntime
except ImportError:
    onnxruntime = None

RUNTIME = "ONNX Runtime"
TOLERANCE = 1e-4


def runtime_peers(network: Network, batch: np.ndarray) -> dict[str, Callable[[], Peer]]:
    """Return the same network in ONNX Runtime, on as many threads as Numba has, to be compared with ours.

    Parameters
    ----------
    network
        That is exported.
    batch
        Entries first, as `predict` takes them.
    """
    return {} if onnxruntime is None else {RUNTIME: partial(_peer, network, batch)}


def _peer(network: Network, batch: np.ndarray) -> Peer:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = numba.config.NUMBA_NUM_THREADS
    # its threads would stay awake while others are timed
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    with TemporaryDirectory() as folder:
        path = Path(folder, "model.onnx")
        onnx.save(network, path, optional_inputs=False)
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    given = {"input": as_tensor(batch)}

    def run() -> np.ndarray:
        (outputs,) = session.run(None, given)
        return np.asarray(outputs)

    return Peer(
        {FORWARD: run}, lambda: assert_agreement(RUNTIME, run(), as_tensor(network.predict(batch)), TOLERANCE)
    )


def as_tensor(batch: np.ndarray) -> np.ndarray:
    """Return images (N, H, W, C) channels first, those of one pixel as features, sequences as they are."""
    if batch.ndim == 4 and batch.shape[1:3] == (1, 1):
        return batch.reshape(len(batch), -1)
    return np.ascontiguousarray(np.moveaxis(batch, -1, 1)) if batch.ndim == 4 else batch
