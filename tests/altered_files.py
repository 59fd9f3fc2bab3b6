"""Altered model files with the right checksum: are they refused, or loaded correctly?

python -m tests.altered_files COUNT SEED [NAME ...]

reads COUNT files of every sample with one alteration and as many with several (0: all with one, and a
quarter as many with several). It prints a line for each that is neither refused with an error of the loader
nor loaded as the network that it describes, within the limits of memory and time. The limit on memory is
that of the process: run it in a process of its own.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from safetensors.numpy import save as to_bytes

from autoencoder.model import AutoEncoder
from autoencoder.model_file import build_model, load_snapshot
from autoencoder.report import describe_model
from autoencoder.session import Images, load_data, resume_session, resumed_settings, start_session
from autoencoder.settings import TABLE
from networks import (
    Add,
    BatchNormalisation,
    Concatenate,
    Convolution,
    Dense,
    Flatten,
    MaxPooling,
    Model,
    Sequential,
    SpectralNormalisation,
    TimeDistributed,
)
from networks.base.network import Network
from networks.base.nodes import Call, Input
from networks.ladder import FAMILIES, RUNGS
from networks.model_file import load_model, model_arrays, model_metadata
from nn import snapshot
from nn.shape import SequenceShape, Shape
from nn.snapshot import SnapshotError
from nn.training import LearningRate, Statistics, Trainer, TrainingDiverged
from nn.training.callbacks import Callback
from nn.training.log import to_csv
from tests.support.autoencoder_runs import tiny_settings
from tests.support.tiny_training import full_callbacks, make_full_trainer
from workbench.errors import SettingsError
from workbench.run.changes import parse_changes
from workbench.settings.stored import settings_of
from workbench.settings.table import Given

MEMORY = 200 * 2**20
"""Bytes that loading any of these small files may take."""

SECONDS = 10
"""Seconds of processor time for one file: a hundred times those of the slowest."""

Metadata = dict[str, Any]
Arrays = dict[str, np.ndarray]

Altered = tuple[str, Metadata, Arrays]
"""What was altered, and the contents of the file."""


class Sample(NamedTuple):
    """The contents of a file, and its reader: `read(path, rung_name)` refuses it or checks what it loads."""

    metadata: Metadata
    arrays: Arrays
    read: Callable[[Path, str], None]


class TookTooLongError(BaseException):
    """A file took too much processor time; no `except Exception` catches it."""


# Samples


def network_sample(network: Network) -> Sample:
    """Return the file of a network."""
    arrays = {name: array.copy() for name, array in model_arrays(network).items()}
    return Sample({**model_metadata(network), "note": "kept"}, arrays, read_network)


def read_network(path: Path, rung_name: str) -> None:
    """Load a network, and compare it with what its file says."""
    network = load_model(path, rung_name=rung_name)
    loaded = snapshot.load(path)
    stored = sum(array.size for name, array in loaded.arrays.items() if name.startswith("parameters."))
    assert network.parameters.size == stored, "of another size than the file"
    described = network.to_configuration()
    assert same(described, loaded.metadata["network"]), "is not what the file describes"
    network.summary()


def same(one: Any, other: Any) -> bool:
    """Return whether two descriptions say the same.

    Case, blanks, 1 for 1.0 and omitted defaults make no difference.
    """
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() >= other.keys() and all(same(one[key], other[key]) for key in other)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, str) and isinstance(other, str):
        return one.lower().replace(" ", "") == other.lower().replace(" ", "")
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def example(family: str) -> Network:
    """Return the example of a family on its plain rung."""
    known = FAMILIES[family]
    return known.example(known.rungs["plain"], generator=np.random.default_rng(0))


def stack() -> Network:
    """Return networks one after another, with one within another."""
    make = {"generator": np.random.default_rng(0)}
    shape = Shape(6, 6, 2)
    layers = [Convolution.of(channels=3, kernel=3), MaxPooling.of(window=2), Flatten.of()]
    encoder = Sequential(shape, layers, **make)
    code = Dense(encoder.output_shape, Shape(1, 1, 4), **make)
    return Sequential({"encoder": encoder, "code": code, "normalised": BatchNormalisation(code.output_shape)})


def branches() -> Network:
    """Return a model of two inputs and two outputs, with a tower that both pass through."""
    make = {"generator": np.random.default_rng(0)}
    left, right = Input(Shape(3, 3, 1)), Input(Shape(3, 3, 1))
    tower = Dense(left.shape, Shape(1, 1, 4), **make)
    codes = [Call(tower, image, name="tower") for image in (left, right)]
    both = Call(Concatenate([code.shape for code in codes]), *codes)
    added = Call(Add([code.shape for code in codes]), *codes)
    answer = Call(Dense(both.shape, Shape(1, 1, 2), **make), both, name="answer")
    return Model({"left": left, "right": right}, {"answer": answer, "sum": added})


def steps() -> Network:
    """Return a network at every step of a sequence, whose weights are normalised."""
    dense = Dense(Shape(1, 1, 3), Shape(1, 1, 2), generator=np.random.default_rng(0))
    network = SpectralNormalisation(dense.input_shape, dense, generator=np.random.default_rng(1))
    return TimeDistributed(SequenceShape(4, 3), network=network)


def autoencoder_sample(architecture: str) -> Sample:
    """Return the file of an autoencoder."""
    layers = {"dense": (6,), "local": (2, 2), "graph": (6,)}[architecture]
    settings = tiny_settings(architecture=architecture, layers=layers, code_size=8)
    model = AutoEncoder.create(settings, generator=np.random.default_rng(0))
    arrays = {name: array.copy() for name, array in model.arrays().items()}
    return Sample(model.metadata(), arrays, read_autoencoder)


def read_autoencoder(path: Path, rung_name: str) -> None:
    """Open an autoencoder as the program does, and describe it."""
    loaded = load_snapshot(path.parent)
    chosen = {"rung": Given(rung_name, "rung"), "storage": Given("float32", "storage")}
    try:
        settings = TABLE.make({**settings_of(loaded), **chosen})
    except SettingsError as error:
        raise SnapshotError(f"{path}: {error}") from error
    describe_model(build_model(loaded, settings))


@cache
def session_images() -> Images:
    return load_data(tiny_settings(), np.random.default_rng(0))


def session_sample() -> Sample:
    """Return the snapshot of a session in which a person has changed something."""
    session = start_session(tiny_settings(), images=session_images())
    session.trainer.train(epochs=1.5)
    changes: list[dict[str, Any]] = [
        {"kind": "clamp", "layer": 1, "neuron": 2, "value": 0.5},
        {"kind": "lock", "layer": 1, "neuron": 3, "locked": True},
        {"kind": "setting", "name": "learning-rate", "value": "0.02"},
    ]
    session.steering.apply(parse_changes(changes))
    arrays, metadata = session.contents()
    copied = {name: array.copy() for name, array in arrays.items()}
    return Sample(json.loads(json.dumps(metadata)), copied, read_session)


def read_session(path: Path, rung_name: str) -> None:
    """Let a session continue from a snapshot, up to the first step."""
    loaded = load_snapshot(path.parent)
    try:
        settings = resumed_settings({}, loaded).model_copy(update={"rung": rung_name, "storage": "float32"})
        resume_session(settings, loaded, images=session_images())
    except SettingsError as error:
        raise SnapshotError(f"{path}: {error}") from error


def trained(folder: Path) -> Trainer:
    """Return a trainer of many parts with callbacks that have a state, in the middle of an epoch."""
    trainer = make_full_trainer()
    trainer.train(epochs=1.4, callbacks=callbacks_in(folder))
    return trainer


def callbacks_in(folder: Path) -> list[Callback]:
    return [*full_callbacks(folder), Statistics(interval=2, unit="steps"), LearningRate({3: 0.02})]


def training_sample() -> Sample:
    """Return a snapshot of training."""
    with tempfile.TemporaryDirectory() as folder:
        arrays, metadata = trained(Path(folder)).state()
    copied = {name: array.copy() for name, array in arrays.items()}
    return Sample(json.loads(json.dumps(metadata)), copied, read_training)


def read_training(path: Path, rung_name: str) -> None:
    """Let a trainer and its callbacks continue from a snapshot, up to the first step."""
    trainer = make_full_trainer()
    trainer.restore(snapshot.load(path))
    with tempfile.TemporaryDirectory() as folder:
        try:
            trainer.train(epochs=0, callbacks=callbacks_in(Path(folder)))
        except (ValueError, TrainingDiverged) as error:
            raise SnapshotError(f"{path}: {error}") from error
    to_csv(trainer.rows)


SAMPLES: dict[str, Callable[[], Sample]] = {
    **{family: (lambda family=family: network_sample(example(family))) for family in FAMILIES},
    **{make.__name__: (lambda make=make: network_sample(make())) for make in (stack, branches, steps)},
    **{f"{kind} autoencoder": partial(autoencoder_sample, kind) for kind in ("dense", "local", "graph")},
    "training": training_sample,
    "session": session_sample,
}


# Alterations

Place = tuple[Any, ...]

RAW = {"@too large@": "1e400", "@deep@": "[" * 5000 + "]" * 5000, "@digits@": "9" * 5000}
"""JSON that Python's own module does not write, by placeholders."""

STRANGE: list[Any] = [
    *(None, True, False, 0, -1, 1, 7, 10**30, 10**400, 0.5, -0.5, 1e30, -1e308, float("nan"), float("inf")),
    *("", "1", "1x1", "x" * 100_000, [], {}, [1], [[1, 1]], [1, 1, 1], {"name": 1}, *RAW),
]


def number_for(number: int | float) -> Iterator[Any]:
    """Yield numbers to replace one."""
    factors = (2, 10, 1000, 10**6, 2**31, 2**32, 2**48, 2**63, 10**30)
    yield from (number * factor for factor in factors)
    yield from (-number, number + 1, number - 1, float(number), str(number), [number])


def text_for(text: str) -> Iterator[Any]:
    """Yield texts to replace one, shapes with other sides among them."""
    parts = text.split("x")
    if all(part.isdecimal() for part in parts):
        for place, part in enumerate(parts):
            for number in (*number_for(int(part)), 0, "", "-1", "1.5", "9" * 5000, "1e9"):
                yield "x".join([*parts[:place], str(number), *parts[place + 1 :]])
            yield "x".join(parts[:place] + parts[place + 1 :])
        yield from (f"{text}x1", f"{text}x1000000", text.upper(), f" {text} ", text.replace("1", "¹"))
    yield from (text + "y", text * 2)


def alternatives(value: Any) -> Iterator[Any]:
    """Yield replacements of a value in a description."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        yield from number_for(value)
    if isinstance(value, str):
        yield from text_for(value)
    if isinstance(value, list):
        yield from (value * 2, value * 1000, value[1:], [*value, None], [value], dict(enumerate(value)))
    if isinstance(value, dict):
        yield from ({key: each for key, each in value.items() if key != gone} for gone in value)
        yield from ({**value, "more": 1}, list(value.values()), list(value))
        if "family" in value:
            yield from (nested(value, depth) for depth in (3, 90, 300, 3000))
    yield from STRANGE


def nested(description: Metadata, depth: int) -> Any:
    """Return a network in nested stacks, as text where Python's recursion is not deep enough."""
    before, after = '{"family": "sequential", "networks": {"0": ' * depth, "}}" * depth
    key = f"@nested {depth}@"
    RAW[key] = before + json.dumps(description) + after
    return key


def places(value: Any, here: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Yield every place of a description with its value."""
    yield here, value
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inside:
        yield from places(each, (*here, key))


def replaced(value: Any, place: Place, other: Any) -> Any:
    """Return a copy of a description with another value at a place."""
    if not place:
        return other
    copied = deepcopy(value)
    inside = copied
    for key in place[:-1]:
        inside = inside[key]
    inside[place[-1]] = other
    return copied


def array_for(array: np.ndarray) -> Iterator[np.ndarray | None]:
    """Yield arrays to replace one; None removes it."""
    yield None
    yield from (array[:0], array[:-1], np.concatenate([array, array]), array[None]) if array.ndim else ()
    yield from (array.reshape(-1), np.zeros((0, 5), array.dtype), np.zeros((), array.dtype))
    yield from (array.astype(kind) for kind in ("?", "u1", "i1", "u8", "i8", "f2", "f4", "f8"))
    if array.size and array.dtype != np.bool_:
        extremes = np.iinfo(array.dtype) if array.dtype.kind in "iu" else np.finfo(array.dtype)
        for number in (-1, -2, 0, 1, extremes.min, extremes.max):
            if extremes.min <= number <= extremes.max:
                changed = array.copy()
                changed.reshape(-1)[-1] = number
                yield changed
        yield array[::-1] if array.ndim else array + array
    if array.dtype.kind == "i":
        for number in (2**31, 2**62):
            changed = array.astype(np.int64)
            changed.reshape(-1)[-1] = number
            yield changed


def alterations(sample: Sample) -> Iterator[Altered]:
    """Yield every file that one alteration makes of a sample, with what was altered."""
    for place, value in places(sample.metadata):
        for other in alternatives(value):
            label = f"{'.'.join(map(str, place))} = {str(other)[:60]}"
            yield label, replaced(sample.metadata, place, other), sample.arrays
    for name, array in sample.arrays.items():
        for changed in array_for(array):
            rest = {key: each for key, each in sample.arrays.items() if key != name}
            shown = "gone" if changed is None else f"{changed.dtype} {changed.shape} {changed.ravel()[-1:]}"
            yield f"{name} is {shown}", sample.metadata, rest if changed is None else {**rest, name: changed}
    for name in ("parameters.more", "structure.more", "state.more", "more"):
        yield f"{name} is more", sample.metadata, {**sample.arrays, name: np.zeros(3, np.float32)}


BY_HAND: dict[str, list[dict[str, Any]]] = {
    "lstm": [{"layers": 5 * 10**8}, {"input_shape": "900000000x3"}, {"units": 10**6, "layers": 10**6}],
    "convolutional_lstm": [{"input_shape": "900000000x4x5x2"}],
    "graph": [{"ticks": 10**9}],
    "average_pooling": [{"window": [2 * 10**6] * 2, "padding": [10**6] * 2}],
    "max_pooling": [{"input_shape": "90000x90000x3", "window": [30000] * 2}],
    "bilinear_upsampling": [{"input_shape": "300000000x5x3"}, {"factor": [10**9, 1]}],
    "local": [{"input_shape": "80000x60000x2"}, {"window": 10**9}],
    "convolution": [{"stride": [10**9] * 2, "padding": [10**9] * 2}],
    "embedding": [{"labels": 10**9}, {"features": 10**9}],
}
"""Fields of networks that took memory or time before they were refused in earlier versions."""


def by_hand(name: str, sample: Sample) -> Iterator[Altered]:
    """Yield the files of a sample with the fields above."""
    for changes in BY_HAND.get(name, []):
        described = {**sample.metadata["network"], **changes}
        yield str(changes), {**sample.metadata, "network": described}, sample.arrays


def combinations(sample: Sample, count: int, generator: np.random.Generator) -> Iterator[Altered]:
    """Yield files with several numbers, texts or booleans altered at a time."""
    leaves = [
        (place, found)
        for place, value in places(sample.metadata)
        if not isinstance(value, dict | list | None) and (found := list(alternatives(value)))
    ]
    for _ in range(count):
        metadata, labels = sample.metadata, []
        for number in generator.choice(
            len(leaves), min(len(leaves), int(generator.integers(2, 5))), replace=False
        ):
            place, found = leaves[number]
            other = found[generator.integers(len(found))]
            metadata = replaced(metadata, place, other)
            labels.append(f"{'.'.join(map(str, place))} = {str(other)[:60]}")
        yield " and ".join(labels), metadata, sample.arrays


def write(path: Path, metadata: Metadata, arrays: Mapping[str, np.ndarray]) -> None:
    """Write a file with the right checksum for its contents."""
    text = json.dumps(metadata)
    for key, raw in RAW.items():
        text = text.replace(json.dumps(key), raw)
    whole = {name: np.ascontiguousarray(array).reshape(array.shape) for name, array in arrays.items()}
    header = {"format": snapshot.FORMAT, "version": str(snapshot.VERSION), "metadata": text}
    path.write_bytes(to_bytes(whole, {**header, "checksum": snapshot._checksum(whole, header)}))


# Reading


def limit_memory() -> None:
    """Limit the memory that this process may allocate in addition."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    taken = pages * resource.getpagesize()
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (taken + MEMORY, most))


def too_long(*_: object) -> None:
    raise TookTooLongError(f"takes more than {SECONDS} s of the processor")


def fault(read: Callable[[Path, str], None], path: Path, rung_name: str) -> str | None:
    """Read a file; return what is wrong with the result, None if nothing is."""
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        read(path, rung_name)
    except SnapshotError as error:
        message = str(error)
        if not message.startswith(str(path)) or len(message) > 2100:
            return f"message {message[:200]!r} of {len(message)} characters"
    except BaseException as error:  # no other error is allowed
        return f"{type(error).__name__}: {str(error)[:200]}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return None


def main(count: int, seed: int, names: list[str]) -> int:
    """Try altered files of some samples, or of all; return how many are faulty."""
    samples = {name: SAMPLES[name]() for name in names or SAMPLES}
    generator = np.random.default_rng(seed)
    signal.signal(signal.SIGPROF, too_long)
    tried = faulty = 0
    slowest = 0.0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        for name, sample in samples.items():  # modules that are loaded at first use do not count
            write(path, sample.metadata, sample.arrays)
            for rung_name in RUNGS:
                wrong = fault(sample.read, path, rung_name)
                assert wrong is None, (name, wrong)
        limit_memory()
        for name, sample in samples.items():
            single = list(alterations(sample))
            chosen = generator.permutation(len(single))[: count or len(single)]
            several = combinations(sample, count or len(single) // 4, generator)
            files = [*by_hand(name, sample), *(single[each] for each in chosen), *several]
            for number, (label, metadata, arrays) in enumerate(files):
                write(path, metadata, arrays)
                rung_name = RUNGS[number % len(RUNGS)]
                start = time.process_time()
                wrong = fault(sample.read, path, rung_name)
                slowest = max(slowest, time.process_time() - start)
                tried += 1
                if wrong is not None:
                    faulty += 1
                    print(f"{name}, {rung_name}: {label}: {wrong}", flush=True)
    print(f"{tried} files, {faulty} faulty, the slowest took {slowest:.2f} s", file=sys.stderr)
    return faulty


if __name__ == "__main__":
    sys.exit(min(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]), 1))
