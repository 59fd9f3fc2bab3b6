"""Exit statuses of the program, and which errors are reported in one line."""

from __future__ import annotations

from workbench.errors import InputError, OperationError, SettingsError

FAILED = 1
BAD_INPUT = 2

STOPPED = 130
"""After Ctrl-C, as shells have it."""


def explain(error: Exception) -> tuple[int, str] | None:
    """Return the exit status and the line for an error; None for one that is a fault of the program.

    Modules are imported here only after an error, so that commands that do not need them start quickly.
    """
    from nn.kernels.core.numba_environment import NumbaEnvironmentError  # noqa: PLC0415

    if isinstance(error, NumbaEnvironmentError):  # what else there is may be impossible to load then
        return FAILED, str(error)

    from nn import DataError, SnapshotError, TrainingDiverged  # noqa: PLC0415
    from nn.training.lock import FolderLockedError  # noqa: PLC0415

    if isinstance(error, SettingsError | InputError | OperationError | DataError):
        return BAD_INPUT, str(error)
    if isinstance(error, SnapshotError | TrainingDiverged | FolderLockedError | OSError):
        return FAILED, str(error)
    if isinstance(error, MemoryError):
        return FAILED, f"out of memory: {error}"
    return None
