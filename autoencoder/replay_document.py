"""The page of a recording of an autoencoder, and how large it can become."""

from __future__ import annotations

from pathlib import Path

import autoencoder.web
from autoencoder.replay_decoder import decoder_bytes, decoder_part
from autoencoder.report import describe_network
from autoencoder.session import Session
from workbench.replay_page.document import make_document
from workbench.replay_page.plan import Plan
from workbench.replay_page.recording import Recording

ASSETS = Path(autoencoder.web.__file__).parent / "static"
"""What the page has beside that of any run."""


def most_bytes(session: Session, plan: Plan) -> int:
    """Return how large the page of a run gets at most."""
    anatomy = session.steering.anatomy
    return plan.most_bytes(anatomy) + decoder_bytes(anatomy)


def replay_document(session: Session, recording: Recording, frames: str, *, growing: bool = False) -> bytes:
    """Return the page of a recording, with the decoder of a session.

    Parameters
    ----------
    session
        Of the last frame.
    recording
        Of its run.
    frames
        Where they are from, in words.
    growing
        Whether each frame is a factor of steps further than the one before.
    """
    header, arrays = recording.message(session)
    decoder, decoder_arrays = decoder_part(session, recording)
    header |= {**decoder, "about": list(_about(session, frames).items()), "logarithmic": growing}
    return make_document(
        _title(session.settings.model_directory),
        header,
        arrays | decoder_arrays,
        "/assets/autoencoder/replay.js",
        {"/assets/autoencoder/": ASSETS},
        [ASSETS / "codes.css"],
    )


def _about(session: Session, frames: str) -> dict[str, str]:
    settings = session.settings
    return {
        "Network": describe_network(session.model),
        "Images": f"{len(session.training):,} to train on, {len(session.held_out):,} held out",
        "Optimizer": f"{settings.optimizer}, learning rate {settings.learning_rate:g}, "
        f"batches of {settings.batch_size}",
        "Seed": str(settings.seed),
        "Frames": frames,
    }


def _title(directory: Path) -> str:
    return f"Replay of {directory.absolute().resolve().name or directory}"
