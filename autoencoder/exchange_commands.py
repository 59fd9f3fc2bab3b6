"""The commands `export` and `import`: models in the formats of other libraries."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from autoencoder.exchanged import description_path, read_exchanged, write_exchanged
from autoencoder.model_commands import open_model
from autoencoder.model_file import holds_model, model_path
from autoencoder.report import describe_model
from autoencoder.session import Session
from autoencoder.session_images import generators, load_data
from autoencoder.settings import TABLE
from autoencoder.small_folders import decide
from nn.snapshot import save
from nn.training.lock import FolderLock
from workbench.errors import InputError
from workbench.files import make_directory
from workbench.settings.options import given_settings
from workbench.settings.table import Given
from workbench.terminal import reading, use_threads


def export_model(arguments: argparse.Namespace) -> int:
    """Write a model in the format of another library."""
    path = _file(arguments)
    opened = open_model(arguments)
    present = [each for each in (path, description_path(path)) if each.exists()]
    if present and not arguments.overwrite:
        raise InputError(f"{present[0]}: is there already; give --overwrite to replace it, or another name")
    write_exchanged(opened.model, path)
    print(f"{'exported':10} {path}")
    print(f"{'described':10} {description_path(path)}")
    return 0


def import_model(arguments: argparse.Namespace) -> int:
    """Make a model of a file of another library."""
    path = _file(arguments)
    given = given_settings(arguments, TABLE)
    asked = TABLE.make(given)
    if holds_model(asked.model_directory) and not arguments.overwrite:
        raise InputError(
            f"{asked.model_directory}: holds a model already; --overwrite puts this in its place, "
            "--model-directory takes another place"
        )
    use_threads(asked.threads)
    drawn = {"start_from": Given("drawn", "--start-from")}
    modules = _modules(arguments.module)
    model = read_exchanged(path, {**drawn, **given}, modules, generator=generators(asked)[1])
    settings = model.settings
    data, _, order = generators(settings)
    with reading() as progress:
        images = load_data(settings, data, progress)
    model.settings = decide(settings, len(images[0])).settings
    session = Session(model.settings, model, images, generator=order)
    make_directory(settings.model_directory)
    with FolderLock(settings.model_directory):
        save(model_path(settings.model_directory), *session.contents())
    print(describe_model(model))
    print(f"{'model':10} {model_path(settings.model_directory)}")
    return 0


def _file(arguments: argparse.Namespace) -> Path:
    if arguments.file is None:
        raise InputError(f"which file? `autoencoder {arguments.command} --help` shows examples")
    path: Path = arguments.file
    return path


def _modules(words: Sequence[str]) -> dict[str, str]:
    modules: dict[str, str] = {}
    for word in words:
        theirs, equals, ours = word.partition("=")
        if not equals or theirs in modules:
            raise InputError(
                f"--module {word}: give each name in the file once, and that of a layer here: A=B"
            )
        modules[theirs] = ours
    return modules
