"""Parts of a network, by name, taken from another network or from a file.

from networks.exchange import transfer

report = transfer.take(network, "trained.safetensors", {"encoder": "encoder"})
network.parameters.freeze("encoder")
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from pathlib import Path

import numpy as np

from networks.base.container import Container
from networks.base.network import Network
from networks.base.stateful import Stateful
from networks.exchange import keras, onnx, pytorch
from networks.exchange.errors import ExchangeError
from networks.exchange.report import Report
from networks.model_file import load_model
from nn.short_text import join_names, short_repr
from nn.snapshot import FORMAT, SnapshotError

WHOLE = {"": ""}

READERS: Mapping[str, Callable[[Path], Network]] = {".onnx": onnx.load, ".keras": keras.load}
"""Of files that are networks of another library, by their endings."""


def take(
    target: Network,
    source: Network | Path | str,
    parts: Mapping[str, str] | None = None,
    *,
    partial: bool = False,
) -> Report:
    """Copy the parameters and running statistics of some networks within a network.

    What a stateful network goes on from is not copied. Nothing is changed unless everything fits, or what
    does not may be left out. `target.parameters.freeze` keeps what was taken as it is.

    Parameters
    ----------
    target
        What is changed.
    source
        A network, or a file of one: a model of ours, a `.onnx`, a `.keras`, or a state_dict of PyTorch in
        `.safetensors`, where parts of the source are modules.
    parts
        Names of networks, or of arrays, in the target, and what they are called in the source; by default
        everything.
    partial
        Whether arrays that only one of both has, or whose shapes differ, are left as they are, and only
        reported.

    Returns
    -------
    Report
        What was taken, and what was not: by names in the target, and of what it does not have by those in
        the source.

    Raises
    ------
    ExchangeError
        When a part does not exist or is named twice, when the file cannot be read, or when it does not fit
        and `partial` is not asked for.
    """
    parts = WHOLE if parts is None else dict(parts)
    if not parts:
        raise ExchangeError("there are no parts to take: name some, or leave `parts` out for everything")
    _check_apart(list(parts))
    if isinstance(source, Network):
        return _take_arrays(target, source, parts, partial)
    path = Path(source)
    if path.suffix in READERS:
        return _take_arrays(target, READERS[path.suffix](path), parts, partial, path)
    if pytorch.file_format(path) != FORMAT:
        return _take_state_dict(target, path, parts, partial)
    try:
        return _take_arrays(target, load_model(path), parts, partial, path)
    except SnapshotError as error:
        raise ExchangeError(str(error)) from error


def _check_apart(parts: list[str]) -> None:
    for part in parts:
        for other in parts:
            if part != other and (not part or other.startswith(f"{part}.")):
                raise ExchangeError(f"{other} is within {part or 'the whole'}, which is taken already")


def _take_arrays(
    target: Network, source: Network, parts: Mapping[str, str], partial: bool, path: Path | None = None
) -> Report:
    ours, theirs = _arrays(target), _arrays(source)
    origin, called = ("source", "the source") if path is None else ("file", str(path))
    pairs: dict[str, str] = {}
    missing: list[str] = []
    unexpected: list[str] = []
    for part, other in parts.items():
        own, others = _under(ours, part, "the target"), _under(theirs, other, called)
        pairs |= {own[rest]: name for rest, name in others.items() if rest in own}
        missing += [name for rest, name in own.items() if rest not in others]
        unexpected += [name for rest, name in others.items() if rest not in own]
    shapes = {name: (ours[name].shape, theirs[other].shape) for name, other in pairs.items()}
    differing = {name: both for name, both in shapes.items() if both[0] != both[1]}
    matched = tuple(name for name in pairs if name not in differing)
    report = Report(matched, tuple(missing), tuple(unexpected), differing, origin)
    if not (report.is_whole or partial):
        raise ExchangeError(f"{called}: does not fit the network:\n{report}")
    _write(target, {name: _converted(name, theirs[pairs[name]], target.dtype) for name in matched})
    return report


def _arrays(network: Network) -> dict[str, np.ndarray]:
    """Return the parameters and what else was learned, by name."""
    parameters = {name: network.parameters[name] for name in network.parameters.names}
    return parameters | _statistics(network)


def _statistics(network: Network) -> dict[str, np.ndarray]:
    carried = [f"{name}." for name, leaf in network.leaves.items() if isinstance(leaf, Stateful)]
    if carried == ["."]:
        return {}
    return {name: each for name, each in network.state().items() if not name.startswith(tuple(carried))}


def _under(arrays: Mapping[str, np.ndarray], part: str, whose: str) -> dict[str, str]:
    """Return the names within a part by the rest of them."""
    found = {
        name[len(part) :].removeprefix("."): name
        for name in arrays
        if not part or name == part or name.startswith(f"{part}.")
    }
    if not found and part:
        raise ExchangeError(f"{whose} has no part {short_repr(part)}; it has {join_names(arrays)}")
    return found


def _converted(name: str, array: np.ndarray, dtype: np.dtype) -> np.ndarray:
    with np.errstate(over="ignore"):  # said below
        converted = array.astype(dtype)
    if not np.isfinite(converted).all():
        raise ExchangeError(f"{name} has NaN, or numbers too large for {dtype}")
    return converted


def _write(network: Network, arrays: Mapping[str, np.ndarray]) -> None:
    state = network.state()
    taken = {name: array for name, array in arrays.items() if name in state}
    if taken:
        network.load_state({**{name: each.copy() for name, each in state.items()}, **taken})
    for name in arrays.keys() - taken.keys():
        network.parameters[name][...] = arrays[name]


def _take_state_dict(target: Network, path: Path, parts: Mapping[str, str], partial: bool) -> Report:
    """Read a state_dict into copies of the parts, and take these when all have been read."""
    read: dict[str, tuple[Network, Report]] = {}
    for part, module in parts.items():
        copied = deepcopy(_within(target, part))
        read[part] = copied, pytorch.load(copied, path, module=module, partial=partial)
    for part, (copied, _) in read.items():
        _take_arrays(target, copied, {part: ""}, False)
    return _joined({part: report for part, (_, report) in read.items()}, parts)


def _within(network: Network, part: str) -> Network:
    """Return a network by its dotted name."""
    found = network
    for name in part.split(".") if part else ():
        inside = found.named if isinstance(found, Container) else {}
        if name not in inside:
            raise ExchangeError(
                f"the target has no network {short_repr(part)}: {short_repr(name)} is none of "
                f"{join_names(inside)}"
            )
        found = inside[name]
    return found


def _joined(reports: Mapping[str, Report], parts: Mapping[str, str]) -> Report:
    def named(name: str, prefix: str) -> str:
        return f"{prefix}.{name}" if prefix else name

    return Report(
        tuple(named(name, part) for part, each in reports.items() for name in each.matched),
        tuple(named(name, part) for part, each in reports.items() for name in each.missing),
        tuple(named(name, parts[part]) for part, each in reports.items() for name in each.unexpected),
        {named(name, part): both for part, each in reports.items() for name, both in each.differing.items()},
    )
