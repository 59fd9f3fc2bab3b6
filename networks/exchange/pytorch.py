"""PyTorch: a `state_dict` as a safetensors file, both ways.

Tensors have the names that `torch.nn` gives them behind the names of our layers, `0.weight` or
`encoder.weight_ih_l0_reverse`, and the layout that they have there (`networks.exchange.counterparts`). A
model of `torch.nn` modules of the same names reads what `save` wrote:

    model.load_state_dict(safetensors.torch.load_file("model.safetensors"))

and `load` reads what `safetensors.torch.save_file(model.state_dict(), path)` wrote. The file's metadata name
the module of every layer, and its activation, which a state_dict does not have.
"""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as encode

from networks.base.network import Network
from networks.exchange.calls_of_layers import calls_of_layers
from networks.exchange.counterparts import COUNTED, NOTHING, Counterpart, counterpart
from networks.exchange.errors import ExchangeError
from networks.exchange.report import Report
from networks.spectral_normalisation import SpectralNormalisation
from nn.files import replacing
from nn.one_line import one_line
from nn.short_text import short_repr

FLOATS = {"F64", "F32", "F16", "BF16"}
"""Kinds of numbers that parameters are read from."""

VARIANCE = "running_var"

MODULES = "modules"
"""Where the description stands in the metadata."""


class Tensor(NamedTuple):
    """What a file says of a tensor: its name, kind of numbers and shape, and the module it is of if known."""

    name: str
    kind: str
    shape: tuple[int, ...]
    module: str

    @property
    def is_readable(self) -> bool:
        """Whether `load` reads it."""
        return self.kind in FLOATS or self.name.endswith(COUNTED)


def contents(path: Path | str) -> list[Tensor]:
    """Return what is in a file, without reading any tensor.

    Raises
    ------
    ExchangeError
        When it is no safetensors file.
    """
    with _opened(path) as file:
        modules = _modules((file.metadata() or {}).get(MODULES, "{}"))
        slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118
        return [
            Tensor(name, each.get_dtype(), tuple(each.get_shape()), modules.get(name.rpartition(".")[0], ""))
            for name, each in slices.items()
        ]


def _modules(text: str) -> dict[str, str]:
    """Return the modules that a description names; whatever else it may be is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {
        name: one_line(each["module"])
        for name, each in found.items()
        if isinstance(each, dict) and isinstance(each.get("module"), str)
    }


def file_format(path: Path | str) -> str:
    """Return the format that a safetensors file says it has, "pt" of PyTorch's; empty where it says none.

    Raises
    ------
    ExchangeError
        When it is no safetensors file.
    """
    with _opened(path) as file:
        return (file.metadata() or {}).get("format", "")


def state_dict(network: Network) -> dict[str, np.ndarray]:
    """Return all parameters and running statistics by the names and in the layout of PyTorch; copies.

    Parameters
    ----------
    network
        Of layers that `torch.nn` has, too.

    Returns
    -------
    dict
        Name to array in the dtype of the network; `num_batches_tracked` are int64 and zero.

    Raises
    ------
    ExchangeError
        When a layer has no counterpart, or its calls have measured different statistics; names it.
    """
    return _tensors(_with_one_state(network), network.dtype)


def _with_one_state(network: Network) -> dict[str, Counterpart]:
    """Return the counterparts of layers whose calls all have the same statistics."""
    found: dict[str, Counterpart] = {}
    for prefix, (first, *others) in counterparts(network).items():
        for other in others:
            pairs = zip(first.parts, other.parts, strict=True)
            if not all(np.array_equal(one.array, two.array) for one, two in pairs):
                raise ExchangeError(
                    f"{prefix.rstrip('.')}: its calls have measured different statistics, "
                    "and PyTorch keeps one"
                )
        found[prefix] = first
    return found


def _tensors(layers: Mapping[str, Counterpart], dtype: np.dtype) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    for prefix, each in layers.items():
        for name, shape in each.shapes.items():
            found[prefix + name] = np.zeros(shape, np.int64 if name == COUNTED else dtype)
        for part in each.parts:
            target = found[prefix + part.names[0]][part.rows]
            target[...] = part.array.reshape(target.shape)
    return found


def counterparts(network: Network) -> dict[str, list[Counterpart]]:
    """Return what stands for every layer that has tensors, for each call of it, by its first name and a dot.

    Raises
    ------
    ExchangeError
        When a layer has none; names it.
    """
    for each in network.all_networks:
        if isinstance(each, SpectralNormalisation):
            raise ExchangeError(
                "a spectral_normalisation computes with other weights than it has: exchange the network in "
                "it, called `network`"
            )
    found: dict[str, list[Counterpart]] = {}
    for name, calls in calls_of_layers(network).items():
        each_found = [counterpart(name, layer) for layer in calls]
        if each_found[0] is not NOTHING:
            found[f"{name}." if name else ""] = each_found
    return found


def save(network: Network, path: Path | str) -> None:
    """Write a network as a state_dict; a file that was there stays until all is written.

    Parameters
    ----------
    network
        As of `state_dict`.
    path
        In an existing folder; by convention it ends in `.safetensors`.

    Raises
    ------
    ExchangeError
        As `state_dict`, or when the file cannot be written.
    """
    layers = _with_one_state(network)
    modules = {
        prefix.rstrip("."): {"module": each.module, "activation": _activation(network, prefix.rstrip("."))}
        for prefix, each in layers.items()
    }
    contents = encode(_tensors(layers, network.dtype), {"format": "pt", MODULES: json.dumps(modules)})
    _check_path(path)
    try:
        with replacing(Path(path)) as file:
            file.write(contents)
    except OSError as error:
        raise ExchangeError(f"{path}: cannot be written: {error.strerror}") from error


def _activation(network: Network, name: str) -> str:
    activation = getattr(network.leaves[name], "activation", None)
    return "" if activation is None else str(activation)


def load(
    network: Network,
    path: Path | str,
    *,
    modules: Mapping[str, str] | None = None,
    module: str = "",
    partial: bool = False,
) -> Report:
    """Read a state_dict into a network.

    Nothing of the network is changed unless everything fits, or what does not may be left out.

    Parameters
    ----------
    network
        As of `state_dict`; what it is made of is not read from the file.
    path
        Of a safetensors file.
    modules
        Names of modules in the file to those of layers in the network, where they differ:
        `{"features.0": "0"}`. Modules that are not among them keep their names.
    module
        Of the file only what is in this module, by the rest of its names; by default everything.
    partial
        Whether tensors that only one of both has, or whose shapes differ, are left as they are, and only
        reported.

    Returns
    -------
    Report
        What was read, and what was not.

    Raises
    ------
    ExchangeError
        When the file is not one, or has numbers that are no parameters, or does not fit.
    """
    if not isinstance(modules, Mapping | None):
        raise ExchangeError(
            f"modules: give {{name in the file: name of the layer}}, not a {type(modules).__name__}"
        )
    layers = counterparts(network)
    wanted = {
        prefix + name: shape for prefix, each in layers.items() for name, shape in each[0].shapes.items()
    }
    with _opened(path) as file:
        within = _within(path, list(file.keys()), module)
        theirs = {ours: within[name] for ours, name in _renamed(path, list(within), modules or {}).items()}
        report = _compare(wanted, theirs, file)
        if not (report.is_whole or partial):
            raise ExchangeError(f"{path}: does not fit the network:\n{report}")
        tensors = {
            name: _tensor(path, file, theirs[name], network.dtype)
            for name in report.matched
            if not name.endswith(COUNTED)
        }
    for prefix, calls in layers.items():
        for call in calls:
            _take(call, prefix, tensors)
    return report


def _take(layer: Counterpart, prefix: str, tensors: Mapping[str, np.ndarray]) -> None:
    """Write tensors into a layer; of a sum whose parts are not all there nothing is."""
    for part in layer.parts:
        names = [prefix + name for name in part.names]
        if all(name in tensors for name in names):
            total = sum(tensors[name][part.rows] for name in names)
            part.array[...] = np.reshape(total, part.array.shape)


def _compare(ours: Mapping[str, tuple[int, ...]], theirs: Mapping[str, str], file: Any) -> Report:
    shapes = {name: tuple(file.get_slice(theirs[name]).get_shape()) for name in ours if name in theirs}
    differing = {name: (ours[name], shape) for name, shape in shapes.items() if shape != ours[name]}
    return Report(
        tuple(name for name in shapes if name not in differing),
        tuple(name for name in ours if name not in theirs and not name.endswith(COUNTED)),
        tuple(name for name in theirs if name not in ours),
        differing,
    )


def _within(path: Path | str, names: list[str], module: str) -> dict[str, str]:
    """Return the names in a module by the rest of them."""
    prefix = f"{module}." if module else ""
    found = {name.removeprefix(prefix): name for name in names if name.startswith(prefix)}
    if not found and module:
        raise ExchangeError(f"{path}: has no module {short_repr(module)}")
    return found


def _renamed(path: Path | str, names: list[str], modules: Mapping[str, str]) -> dict[str, str]:
    """Return the names in the file by those they have in the network."""
    found: dict[str, str] = {}
    for name in names:
        module, _, tensor = name.rpartition(".")
        renamed = ".".join(part for part in (modules.get(module, module), tensor) if part)
        if renamed in found:
            raise ExchangeError(one_line(f"{path}: {found[renamed]} and {name} would both be {renamed}"))
        found[renamed] = name
    idle = [module for module in modules if not any(name.rpartition(".")[0] == module for name in names)]
    if idle:
        raise ExchangeError(f"{path}: has no module {short_repr(idle[0])}, which `modules` names")
    return found


def _tensor(path: Path | str, file: Any, name: str, dtype: np.dtype) -> np.ndarray:
    kind = file.get_slice(name).get_dtype()
    if kind not in FLOATS:
        raise ExchangeError(
            f"{path}: {name} is of {kind}, and parameters of one of {', '.join(sorted(FLOATS))}"
        )
    with np.errstate(over="ignore"):  # said below
        array: np.ndarray = file.get_tensor(name).astype(dtype)
    if not np.isfinite(array).all():
        raise ExchangeError(f"{path}: {name} has NaN, or numbers too large for {dtype}")
    if name.endswith(VARIANCE) and (array < 0).any():
        raise ExchangeError(f"{path}: {name} has variances below zero")
    return array


def _check_path(path: Path | str) -> None:
    if "\0" in str(path):
        raise ExchangeError(f"{short_repr(str(path))}: no file is called so: it has a NUL")


@contextmanager
def _opened(path: Path | str) -> Iterator[Any]:
    """Open a file, whose library compares all sizes with the file's own before anything is read.

    Raises
    ------
    ExchangeError
        When it is no such file.
    """
    _check_path(path)
    try:
        if not stat.S_ISREG(Path(path).stat().st_mode):
            raise ExchangeError(f"{path}: not a file")
        with safe_open(path, framework="numpy") as file:
            yield file
    except OSError as error:
        raise ExchangeError(f"{path}: cannot be read: {error.strerror or error}") from error
    except SafetensorError as error:
        raise ExchangeError(f"{path}: truncated, damaged or no safetensors file: {error}") from error
