"""The commands that use a trained model: `generate`, `interpolate` and `evaluate`."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from experiments.evaluation.files import LEAST, Entries
from experiments.evaluation.output import summary, write
from experiments.evaluation.report import evaluate as measure
from experiments.gan.data import load_data
from experiments.gan.folder import Model, RunFolder
from experiments.gan.form import Form
from experiments.gan.interpolation import slerp
from experiments.gan.parts import Part
from experiments.gan.pictures import Rows, draw_rows, write_gif
from experiments.gan.run import resumed_settings
from experiments.gan.sampling import COLUMNS
from experiments.gan.sampling import generate as new_entries
from experiments.gan.settings import TABLE, Settings
from nn import DataError
from nn.render.canvas import save
from workbench.errors import InputError
from workbench.files import make_directory, replacing
from workbench.settings.options import given_settings, whole_option
from workbench.terminal import reading, use_threads

DRAWN = 100
"""Most generated entries in a picture."""


def generate(arguments: argparse.Namespace) -> int:
    """Write new entries and draw them."""
    count = whole_option(arguments, "count", 1)
    model, folder = _open(arguments)
    form, out = model.form, _out(arguments.out or str(folder.path / "generated"))
    generator = np.random.default_rng(whole_option(arguments, "draw", 0))
    labels = _labels(arguments, form, count)
    made = new_entries(model.gan, form, count, generator, labels=labels, pool=_pool(arguments, model, folder))
    make_directory(out.parent)
    with replacing(out.with_name(f"{out.name}.npz")) as file:
        np.savez(file, **form.to_arrays(made.values, made.labels, made.masks))  # type: ignore[arg-type]
    picture = out.with_name(f"{out.name}.png")
    save(_grid(form, made.select(np.arange(min(count, DRAWN)))), picture)
    print(f"{'entries':10} {out.with_name(f'{out.name}.npz')}\n{'picture':10} {picture}")
    return 0


def interpolate(arguments: argparse.Namespace) -> int:
    """Draw what lies between entries, and a GIF of the way."""
    rows, steps = whole_option(arguments, "rows", 1), whole_option(arguments, "steps", 2)
    model, folder = _open(arguments)
    gan, form = model.gan, model.form
    generator = np.random.default_rng(whole_option(arguments, "draw", 0))
    labels = _labels(arguments, form, rows)
    if labels is None and gan.blueprint.conditions:
        labels = np.arange(rows) % len(form.classes)
    masks = form.draw_masks(labels, rows, generator)
    first, second = (np.moveaxis(gan.draw_noise(rows, generator), -1, 0) for _ in range(2))
    ways = np.stack([slerp(first, second, share) for share in np.linspace(0, 1, steps)], axis=1)
    flat = ways.reshape(rows * steps, *ways.shape[2:])
    everywhere = None if labels is None else np.repeat(labels, steps)
    kept = None if masks is None else np.repeat(masks, steps, axis=0)
    pool, known = _pool(arguments, model, folder), None
    if pool is not None:
        chosen = generator.integers(len(pool), size=rows)
        known = np.repeat(pool.values[chosen], steps, axis=0)
        kept = None if pool.masks is None else np.repeat(pool.masks[chosen], steps, axis=0)
    made = Part(gan.generate_from(flat, labels=everywhere, masks=kept, known=known), everywhere, kept)
    names = [] if labels is None else [form.classes[label] for label in labels]
    shares = [f"{share:.0%}" for share in np.linspace(0, 1, steps)]
    picture = draw_rows(form, made, steps, Rows(names, shares, "From one noise to another"))
    save(picture, folder.path / "interpolation.png")
    write_gif(folder.path / "interpolation.gif", _frames(form, made, names, steps))
    for name in ("interpolation.png", "interpolation.gif"):
        print(f"{'result':10} {folder.path / name}")
    return 0


def evaluate(arguments: argparse.Namespace) -> int:
    """Judge generated entries beside those of the test, and write a report."""
    entries, seeds = whole_option(arguments, "entries", LEAST), whole_option(arguments, "seeds", 1)
    model, folder = _open(arguments)
    given = given_settings(arguments, TABLE)
    settings = resumed_settings(given, folder.load(best=arguments.best))
    with reading("reading entries") as progress:
        data = load_data(settings.model_copy(update={"components": 0.0}), progress)
    form = model.form
    if form.to_configuration() != data.form.to_configuration():
        raise InputError(
            f"{folder.path}: was trained on other entries than {settings.data} holds: say where they are, "
            "by --data"
        )
    generator = np.random.default_rng(settings.seed)
    made = new_entries(model.gan, form, min(entries, len(data.training)), generator, pool=data.test)
    real, test = (
        _entries(data.form, part, name) for part, name in ((data.training, "training"), (data.test, "test"))
    )
    synthetic = _entries(form, made, "generated")
    with tqdm(unit="measure", disable=None) as bar:

        def show(name: str) -> None:
            bar.set_description(name)
            bar.update()

        report = measure(
            real, test, synthetic, generator=generator, limit=entries, seeds=seeds, progress=show
        )
    make_directory(folder.report)
    write(report, folder.report)
    print(f"{summary(report)}\n\n{'report':10} {folder.report / 'report.html'}")
    return 0


def _out(text: str) -> Path:
    """Return where generated entries go to, without the suffix that a user may have given."""
    out = Path(text.removesuffix(".npz"))
    if not out.name or out.is_dir() or text.endswith(("/", ".")):
        raise InputError(f"--out {text}: is a folder: give a name in it, such as {out / 'generated'}")
    return out


def _open(arguments: argparse.Namespace) -> tuple[Model, RunFolder]:
    """Return the model that the options name, and the folder of its run."""
    settings: Settings = TABLE.make(given_settings(arguments, TABLE))
    folder = RunFolder(settings.folder)
    use_threads(settings.threads)
    return Model.of(folder.load(best=arguments.best)), folder


def _pool(arguments: argparse.Namespace, model: Model, folder: RunFolder) -> Part | None:
    """Return the test entries where the generator completes some; None where it needs none."""
    if not model.gan.blueprint.completes:
        return None
    snapshot = folder.load(best=arguments.best)
    return load_data(resumed_settings(given_settings(arguments, TABLE), snapshot)).test


def _labels(arguments: argparse.Namespace, form: Form, count: int) -> np.ndarray | None:
    names = tuple(name.strip() for name in arguments.labels.split(",") if name.strip())
    return form.labels_of(names, count) if names else None


def _grid(form: Form, made: Part) -> Image.Image:
    """Draw entries in rows of ten, those of a class together."""
    if made.labels is not None:
        made = made.select(np.argsort(made.labels, kind="stable"))
    columns = min(COLUMNS, len(made))
    whole = made.select(np.arange(len(made) // columns * columns))
    rows = len(whole) // columns
    names = []
    if whole.labels is not None:
        names = [_span(form, whole.labels[row * columns : (row + 1) * columns]) for row in range(rows)]
    return draw_rows(form, whole, columns, Rows(names, title=f"{len(whole)} generated entries"))


def _span(form: Form, labels: np.ndarray) -> str:
    first, last = form.classes[labels[0]], form.classes[labels[-1]]
    return first if first == last else f"{first} to {last}"


def _frames(form: Form, made: Part, names: list[str], steps: int) -> list[Image.Image]:
    """Return a picture of all rows for every step of the way, there and back."""
    way = [*range(steps), *range(steps - 2, 0, -1)]
    rows = np.arange(len(made) // steps) * steps
    return [draw_rows(form, made.select(rows + step), len(rows), Rows((), names)) for step in way]


def _entries(form: Form, part: Part, name: str) -> Entries:
    if len(part) < LEAST:
        raise DataError(
            f"{len(part)} {name} entries: a report needs at least {LEAST}: give more data, or a larger "
            "--test-share when training"
        )
    labels = None if part.labels is None or len(form.classes) < 2 else np.array(form.classes)[part.labels]
    values = form.unscaled(part.values, part.masks)
    lengths = None if form.are_images else replace(part, values=values).lengths
    return Entries(values, labels, Path(f"{name} entries"), lengths)
