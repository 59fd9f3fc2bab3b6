"""A run that is watched as one HTML file, of the snapshots that it kept."""

from __future__ import annotations

from autoencoder.replay_document import most_bytes, replay_document
from autoencoder.run_frames import kept_snapshots, record_snapshots
from autoencoder.session import Session
from nn.byte_sizes import MEBIBYTE, format_bytes
from workbench.errors import OperationError
from workbench.replay_page.plan import Plan
from workbench.replay_page.recording import Recording

LARGEST = 16 * MEBIBYTE
"""Bytes of a file that a browser is given."""


def make_page(session: Session) -> bytes:
    """Return the file: the snapshots of a run and its present state are the frames.

    The weights of every frame are in it where it stays below LARGEST, otherwise those of the last.

    Raises
    ------
    OperationError
        When the file would be larger.
    SnapshotError
        When a snapshot cannot be read.
    """
    kept = kept_snapshots(session)
    recording = Recording(session, _plan(session, len(kept) + 1))
    record_snapshots(recording, session, kept)
    return replay_document(session, recording, f"{len(kept)} snapshots, and step {session.trainer.step:,}")


def _plan(session: Session, frames: int) -> Plan:
    every, last = Plan(frames, weights="every"), Plan(frames, weights="last")
    if session.settings.moving == "none" and most_bytes(session, every) <= LARGEST:
        return every
    if most_bytes(session, last) <= LARGEST:
        return last
    raise OperationError(
        f"the page may become larger than {format_bytes(LARGEST)}: `autoencoder replay-page` makes such files"
    )
