"""Jobs that are in no queue."""

from pathlib import Path
from typing import Any

from experiments.queue.job import WAITING, Job


def made_up_job(number: int = 1, *words: str, **parts: Any) -> Job:
    """Return a job that waits; parts are its attributes."""
    others = dict.fromkeys(("exit_status", "started_at", "ended_at", "owner"))
    others |= {"program": "quick", "place": Path(), "folder": Path("jobs", str(number)), "state": WAITING}
    others |= {"reason": "", "waiting_for": "", "cancelling": False, "attempts": 0, "submitted_at": 0.0}
    return Job(**{**others, "number": number, "words": ("train", *words), **parts})
