"""From a file to what a network takes: a reader and the steps after it, in JSON beside the model.

Training and inference take the same way; a generator draws the augmentations, and only training gives one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nn.argument_checks import check_count
from nn.configurable import from_configuration
from nn.data.errors import DataError
from nn.data.memory import require_memory
from nn.data.processors.images import RandomCrop, RandomFlips, RandomLight, ReadImages
from nn.data.processors.log_mel import LogMel
from nn.data.processors.processor import Processor, Read, Reader
from nn.data.processors.scaling import ScalePixels, ScaleVariables
from nn.data.processors.series import CutWindows, ReadSeries
from nn.data.processors.sound import ReadSound
from nn.data.processors.video import ReadClips
from nn.short_text import join_names, short_repr

READERS: Mapping[str, type[Reader]] = {
    each.name: each for each in (ReadImages, ReadSeries, ReadSound, ReadClips)
}
"""Every reader by name."""

PROCESSORS: Mapping[str, type[Processor]] = {
    each.name: each
    for each in (RandomFlips, RandomCrop, RandomLight, ScalePixels, ScaleVariables, CutWindows, LogMel)
}
"""Every step after it by name."""

MOST_STEPS = 100

FEWER = "give fewer files at a time"


class Prepared(NamedTuple):
    """What a network takes.

    Attributes
    ----------
    values
        (N, ...): for `network.predict`, or `ArrayBatches`.
    step_masks
        Which steps there are, bool (N, steps); None where all entries have as many as there are.
    names
        N names: a file, or the file and what it is in it.
    """

    values: np.ndarray
    step_masks: np.ndarray | None
    names: Sequence[str]


class Processors:
    """A reader and the steps after it.

    Parameters
    ----------
    reader
        What reads files.
    steps
        What is done to every entry, in order.
    pad_to
        How many steps series and clips are padded to, with zeros; None for those of the longest.

    Raises
    ------
    DataError
        When a step cannot take what the one before it gives.
    """

    def __init__(self, reader: Reader, *steps: Processor, pad_to: int | None = None) -> None:
        if not isinstance(reader, Reader):
            raise DataError(
                f"processors: {short_repr(reader)} reads nothing: give one of {join_names(READERS)}"
            )
        if pad_to is not None:
            check_count("processors: pad_to", pad_to)
        self.reader, self.steps, self.pad_to = reader, steps, pad_to
        kind, before, drawn = reader.gives, reader.name, None
        for number, step in enumerate(steps):
            where = f"processors: step {number}"
            if not isinstance(step, Processor):
                raise DataError(f"{where} is {short_repr(step)}: give one of {join_names(PROCESSORS)}")
            if kind not in step.takes:
                raise DataError(
                    f"{where}, {step.name}, takes {' or '.join(step.takes)}, and {before} gives {kind}"
                )
            if step.is_several and drawn is not None:
                raise DataError(f"{where}, {step.name}, makes several entries of one: put it before {drawn}")
            kind, before = step.gives(kind), step.name
            drawn = step.name if step.is_drawn else drawn

    @property
    def fixed_steps(self) -> tuple[Processor, ...]:
        """The steps before the first augmentation: they give the same every time."""
        drawn = [number for number, step in enumerate(self.steps) if step.is_drawn]
        return self.steps[: drawn[0]] if drawn else self.steps

    @property
    def drawn_steps(self) -> tuple[Processor, ...]:
        """The first augmentation, and all steps after it."""
        return self.steps[len(self.fixed_steps) :]

    def __call__(self, *paths: Path | str) -> np.ndarray:
        """Return what a network takes of some files, (N, ...), for inference.

        Raises
        ------
        DataError
            When a file cannot be used, naming it and what is wrong; when entries are of different lengths,
            which `prepare` returns with their masks.
        """
        prepared = self.prepare(*paths)
        if prepared.step_masks is not None:
            raise DataError(
                f"{join_names(map(str, paths))}: entries of different lengths: use `prepare`, and give its "
                "step_masks to predict"
            )
        return prepared.values

    def prepare(self, *paths: Path | str) -> Prepared:
        """Return what a network takes of some files, for inference; see `__call__` for errors."""
        names, entries = self.read(*paths)
        done = self.process(entries, names=names)
        return self.joined(done.entries, done.names)

    def read(self, *paths: Path | str) -> Read:
        """Return the entries of some files as the reader gives them, before any step."""
        if not paths:
            raise DataError("processors: there are no files to read")
        found = [self.reader.read(Path(path)) for path in paths]
        return Read(
            [name for each in found for name in each.names], [e for each in found for e in each.entries]
        )

    def process(
        self,
        entries: Sequence[np.ndarray],
        steps: Sequence[Processor] | None = None,
        *,
        names: Sequence[str] | None = None,
        generator: np.random.Generator | None = None,
    ) -> Read:
        """Return what steps make of entries.

        Parameters
        ----------
        entries
            As the reader gives them, such as `ImageSet.images`.
        steps
            Some of these; all by default.
        names
            What messages call the entries.
        generator
            Draws augmentations, for training; without one there are none.

        Raises
        ------
        DataError
            Naming the entry and the step, when it cannot be used.
        """
        named = list(map(str, range(len(entries)))) if names is None else list(names)
        done = Read(named, list(entries))
        for step in self.steps if steps is None else steps:
            after = Read([], [])
            for name, entry in zip(*done, strict=True):
                for each, made in _processed(step, name, entry, generator):
                    after.names.append(each)
                    after.entries.append(made)
            done = after
        return done

    def joined(
        self, entries: Sequence[np.ndarray], names: Sequence[str], steps: int | None = None
    ) -> Prepared:
        """Return entries as one array, with masks where series or clips had to be padded.

        Parameters
        ----------
        entries
            What all steps made.
        names
            Their names.
        steps
            How many to pad to where `pad_to` is None; those of the longest by default.

        Raises
        ------
        DataError
            When they cannot be: of different shapes, longer than `pad_to`, or too large for the memory.
        """
        if not entries:
            raise DataError("processors: nothing was made of the files")
        first = entries[0]
        has_steps = first.ndim != 3
        for name, each in zip(names, entries, strict=True):
            if each.dtype != first.dtype or each.shape[has_steps:] != first.shape[has_steps:]:
                raise DataError(
                    f"{name}: {each.dtype} {each.shape}, {names[0]} {first.dtype} {first.shape}: files of "
                    "one kind are prepared together"
                )
        if not has_steps:
            require_memory(len(entries) * first.nbytes, f"{len(entries)} entries", FEWER)
            return Prepared(np.stack(entries), None, names)
        return self._padded(entries, names, steps)

    def _padded(self, entries: Sequence[np.ndarray], names: Sequence[str], steps: int | None) -> Prepared:
        lengths = np.array([len(each) for each in entries])
        width = self.pad_to or steps or int(lengths.max())
        if lengths.max() > width:
            longest = int(lengths.argmax())
            raise DataError(f"{names[longest]}: {lengths[longest]} steps are more than {width}, `pad_to`")
        size = width * entries[0][0].nbytes
        require_memory(len(entries) * size, f"{len(entries)} entries of {width} steps", FEWER)
        values = np.zeros((len(entries), width, *entries[0].shape[1:]), entries[0].dtype)
        for row, each in zip(values, entries, strict=True):
            row[: len(each)] = each
        masks = np.arange(width) < lengths[:, None]
        return Prepared(values, None if masks.all() else masks, names)

    def to_configuration(self) -> dict[str, Any]:
        """Describe them in JSON's terms; `from_configuration` makes them again."""
        return {
            "reader": self.reader.to_configuration(),
            "steps": [step.to_configuration() for step in self.steps],
            "pad_to": self.pad_to,
        }

    @classmethod
    def from_configuration(cls, configuration: Mapping[str, Any]) -> Processors:
        """Make them as they were described. Nothing is imported: names are looked up among those known.

        Raises
        ------
        DataError
            When the description is none; names the step and the field.
        """
        if not isinstance(configuration, Mapping):
            raise DataError(f"processors: {short_repr(configuration)}: give a reader and steps")
        if unknown := sorted(map(str, configuration.keys() - {"reader", "steps", "pad_to"})):
            raise DataError(f"processors: unknown field {join_names(unknown)}; known: reader, steps, pad_to")
        steps = configuration.get("steps", [])
        if not isinstance(steps, list) or len(steps) > MOST_STEPS:
            raise DataError(f"processors: steps: give a list of at most {MOST_STEPS}")
        try:
            reader = from_configuration(READERS, configuration.get("reader", {}), "reader")
            made = [from_configuration(PROCESSORS, each, "step") for each in steps]
            return cls(reader, *made, pad_to=configuration.get("pad_to"))
        except DataError:
            raise
        except (ValueError, TypeError) as error:
            raise DataError(f"processors: {error}") from error


def _processed(
    step: Processor, name: str, entry: np.ndarray, generator: np.random.Generator | None
) -> Iterator[tuple[str, np.ndarray]]:
    try:
        made = step.process(entry, generator)
    except DataError as error:
        raise DataError(f"{name}: {step.name}: {error}") from error
    for number, each in enumerate(made):
        yield (f"{name}#{number}" if step.is_several else name), each
