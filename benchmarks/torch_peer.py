"""PyTorch as a user would write it, in eager mode and compiled. Absent, its columns stay empty."""

from __future__ import annotations

import signal
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any, NamedTuple

import numba
import numpy as np

from benchmarks.row import BACKWARD, BOTH, FORWARD, STEP, Peer, assert_agreement

try:
    import torch
    from torch import _functorch as autograd
    from torch import _inductor as inductor
except ImportError:
    torch = None

EAGER, COMPILED, HALVES = "PyTorch", "PyTorch compiled", "PyTorch bfloat16"
COMPILE_SECONDS = 120
TOLERANCE = 2e-4


class TorchLayer(NamedTuple):
    """A function of arrays in PyTorch's layout.

    Attributes
    ----------
    function
        Takes the leaves as tensors and returns the output.
    leaves
        Inputs first, then parameters. Gradients of all floating-point ones are computed.
    arrange
        Converts outputs and signals from our layout to PyTorch's; None where the numbers cannot be compared,
        because they are drawn.
    """

    function: Callable[..., Any]
    leaves: Sequence[np.ndarray]
    arrange: Callable[[np.ndarray], np.ndarray] | None


class TorchTraining(NamedTuple):
    """A model with the batch that it learns from.

    Attributes
    ----------
    model
        Has the parameters of ours.
    inputs, targets
        In PyTorch's layout.
    optimizer
        Makes the optimizer of parameters.
    """

    model: Any
    inputs: np.ndarray
    targets: np.ndarray
    optimizer: Callable[[Any], Any]


def layer_peers(layer: TorchLayer, outputs: np.ndarray) -> dict[str, Callable[[], Peer]]:
    """Return a layer in eager mode and compiled, to be compared with our outputs."""
    if torch is None:
        return {}
    return {
        EAGER: partial(_layer_peer, layer, outputs),
        COMPILED: partial(_layer_peer, layer, outputs, compile_it=True),
    }


def half_layer_peers(
    layer: TorchLayer, outputs: np.ndarray, tolerance: float
) -> dict[str, Callable[[], Peer]]:
    """Return a layer in float32 and under autocast to bfloat16, to be compared with our outputs."""
    if torch is None:
        return {}

    def halves(*leaves: Any) -> Any:
        with torch.autocast("cpu", torch.bfloat16):
            return layer.function(*leaves).float()

    return {
        EAGER: partial(_layer_peer, layer, outputs, tolerance=tolerance),
        HALVES: partial(_layer_peer, layer._replace(function=halves), outputs, tolerance=tolerance),
    }


def _layer_peer(
    layer: TorchLayer, outputs: np.ndarray, compile_it: bool = False, tolerance: float = TOLERANCE
) -> Peer:
    leaves = [tensor(leaf) if isinstance(leaf, np.ndarray) else leaf for leaf in layer.leaves]
    wanted = [leaf for leaf in leaves if leaf.is_floating_point()]
    for leaf in wanted:
        leaf.requires_grad_()
    with compiling(compile_it, repeats_backward=True):
        function = torch.compile(layer.function) if compile_it else layer.function
        output = function(*leaves)
        signals = torch.ones_like(output)

        def forward() -> Any:
            with torch.no_grad():
                return function(*leaves)

        calls = {
            FORWARD: forward,
            BACKWARD: lambda: torch.autograd.grad(output, wanted, signals, retain_graph=True),
            BOTH: lambda: torch.autograd.grad(function(*leaves), wanted, signals),
        }
        for call in calls.values():
            call()

    def check() -> None:
        if layer.arrange is not None:
            assert_agreement("PyTorch", forward().numpy(), layer.arrange(outputs), tolerance)

    return Peer(calls, check)


def training_peers(
    make: Callable[[], TorchTraining], losses: Sequence[float], *, images: bool = False
) -> dict[str, Callable[[], Peer]]:
    """Return a training step in eager mode and compiled, to be compared with our first losses.

    Parameters
    ----------
    make
        Builds the model.
    losses
        Of our first steps.
    images
        Whether there are convolutions: they are tried with channels last too.
    """
    if torch is None:
        return {}
    peers = {
        EAGER: partial(_training_peer, make, losses),
        COMPILED: partial(_training_peer, make, losses, compile_it=True),
    }
    if images:
        last = partial(_training_peer, make, losses, channels_last=True)
        peers = {EAGER: peers[EAGER], f"{EAGER}, channels last": last, COMPILED: peers[COMPILED]}
    return peers


def half_training_peers(
    make: Callable[[], TorchTraining], losses: Sequence[float], tolerance: float
) -> dict[str, Callable[[], Peer]]:
    """Return a training step in float32 and one whose products and values are in bfloat16, by autocast.

    Parameters
    ----------
    make, losses
        As of `training_peers`.
    tolerance
        Between our losses in float32 and those in bfloat16.
    """
    if torch is None:
        return {}
    return {
        EAGER: partial(_training_peer, make, losses),
        HALVES: partial(_training_peer, make, losses, halves=tolerance),
    }


def _training_peer(
    make: Callable[[], TorchTraining],
    losses: Sequence[float],
    *,
    channels_last: bool = False,
    compile_it: bool = False,
    halves: float | None = None,
) -> Peer:
    training = make()
    layout = {"memory_format": torch.channels_last} if channels_last else {}
    model = training.model.to(**layout)
    inputs = tensor(training.inputs).to(**layout)
    same = training.inputs is training.targets
    targets = inputs if same else tensor(training.targets).to(**layout)
    optimizer = training.optimizer(model.parameters())
    loss_of = torch.nn.MSELoss()

    def loss() -> Any:
        with torch.autocast("cpu", torch.bfloat16, enabled=halves is not None):
            outputs = model(inputs)
        return loss_of(outputs.float(), targets)

    called = torch.compile(loss) if compile_it else loss

    def step() -> Any:
        optimizer.zero_grad()
        value = called()
        value.backward()
        optimizer.step()
        return value

    with compiling(compile_it):
        found = [step().item() for _ in losses]
    tolerance = TOLERANCE if halves is None else halves
    return Peer(
        {STEP: step}, lambda: assert_agreement("PyTorch", np.array(found), np.array(losses), tolerance)
    )


def tensor(array: np.ndarray) -> Any:
    """Return a tensor of an array."""
    return torch.from_numpy(np.ascontiguousarray(array))


def fused_adam(learning_rate: float) -> Callable[[Any], Any]:
    """Return a function that makes PyTorch's fastest Adam."""
    return partial(torch.optim.Adam, lr=learning_rate, fused=True) if torch is not None else lambda _: None


@contextmanager
def compiling(wanted: bool, *, repeats_backward: bool = False) -> Iterator[None]:
    """Let PyTorch compile within a bounded time, on this process alone.

    Parameters
    ----------
    wanted
        Whether anything is compiled.
    repeats_backward
        Whether a backward pass is repeated on the same forward, and so has to keep what it needs.

    Raises
    ------
    TimeoutError
        When it takes longer than `COMPILE_SECONDS`.
    """
    if not wanted:
        yield
        return
    inductor.config.compile_threads = 1  # no workers that stay awake while others are timed
    torch.compiler.reset()
    before = signal.signal(signal.SIGALRM, _too_late)
    signal.alarm(COMPILE_SECONDS)
    try:
        keeps = autograd.config.patch(donated_buffer=False) if repeats_backward else nullcontext()
        with keeps, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _too_late(*_: Any) -> None:
    raise TimeoutError(f"takes more than {COMPILE_SECONDS} s")


def use_threads() -> None:
    """Let PyTorch use as many threads as Numba may."""
    if torch is not None:
        torch.set_num_threads(numba.config.NUMBA_NUM_THREADS)


def versions() -> Mapping[str, str]:
    """Return PyTorch's version, where there is one."""
    return {} if torch is None else {"PyTorch": torch.__version__}
