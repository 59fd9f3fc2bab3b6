"""The sessions of a watched run, one after another: new ones, and ones that continue from snapshots."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from autoencoder.adjustable import LIVE
from autoencoder.model_file import holds_model, load_snapshot
from autoencoder.session import LINEAGE, Session, resume_session, resumed_settings, start_session
from autoencoder.session_images import Images
from autoencoder.settings import TABLE, Settings
from nn import Snapshot
from workbench.errors import SettingsError
from workbench.settings.stored import settings_of
from workbench.settings.table import Given, to_key
from workbench.terminal import use_threads

Progress = Callable[[int, int], None]

PLACES = frozenset(
    (
        "input_directory",
        "model_directory",
        "output_directory",
        "snapshot_interval",
        "threads",
        "rung",
        "storage",
    )
)
"""Settings that do not decide what a run is: its images are known by their fingerprint."""

OF_NOW = ("model_directory", "output_directory", "snapshot_interval", "threads", "rung", "storage")
"""Settings that stay those of the process, whatever is loaded."""

OF_THE_IMAGES = (
    *("input_directory", "seed", "fit", "crops", "held_out", "limit"),
    *("width", "height", "channels"),
)
"""Settings that decide which images are loaded."""


def open_session(
    given: Mapping[str, Given], *, overwrite: bool = False, progress: Progress | None = None
) -> Session:
    """Begin a run, or continue the model in the model directory unless it is to be overwritten.

    Settings given as they were when the run began do not undo later changes: the same command line continues
    the run. The last epoch is kept, however few images there are: returning to the best would undo a person's
    changes.

    Raises
    ------
    SettingsError, DataError, SnapshotError
        As `start_session` and `resume_session`.
    """
    settings = TABLE.make(given)
    if settings.keep == "best":
        raise SettingsError(
            f"{given['keep'].place}=best: a run that a person changes ends as it is: give keep=last, or train"
        )
    if overwrite or not holds_model(settings.model_directory):
        use_threads(settings.threads)
        return start_session(settings.model_copy(update={"keep": "last"}), progress)
    snapshot = load_snapshot(settings.model_directory)
    settings = resumed_settings(_given_anew(given, settings, snapshot), snapshot)
    use_threads(settings.threads)
    return resume_session(settings, snapshot, progress)


def _given_anew(given: Mapping[str, Given], settings: Settings, snapshot: Snapshot) -> dict[str, Given]:
    """Leave out live settings that are what the run began with."""
    lineage = snapshot.metadata.get(LINEAGE)
    began = lineage.get("settings") if isinstance(lineage, dict) else None
    if not isinstance(began, dict):
        return dict(given)
    texts = TABLE.texts(settings)
    same = {name for name in LIVE if began.get(name) == texts[name]}
    return {name: each for name, each in given.items() if name not in same}


def renewed_session(session: Session, given: Mapping[str, str]) -> Session:
    """Return a new session with the settings of another but for some, given as texts by field.

    Settings that depend on the number of images are chosen again.
    """
    left_open = dict.fromkeys(session.decided, "")
    settings = _altered({**TABLE.texts(session.settings), **left_open}, given)
    return start_session(settings, images=_images_of(session, settings))


def rewound_session(session: Session, snapshot: Snapshot, directory: Path) -> Session:
    """Return one that goes on from a snapshot as the process runs now, with its model in a directory."""
    stored = {name: each.value for name, each in settings_of(snapshot).items()}
    texts = TABLE.texts(session.settings)
    now = {name: texts[name] for name in OF_NOW} | {"model_directory": str(directory)}
    settings = _altered(stored, now)
    return resume_session(settings, snapshot, images=_images_of(session, settings))


def _altered(texts: Mapping[str, str], given: Mapping[str, str]) -> Settings:
    return TABLE.make({name: Given(text, to_key(name)) for name, text in {**texts, **given}.items()})


def _images_of(session: Session, settings: Settings) -> Images | None:
    """Return the images of a session where other settings name the same ones."""
    if any(getattr(settings, name) != getattr(session.settings, name) for name in OF_THE_IMAGES):
        return None
    return session.training, session.held_out
