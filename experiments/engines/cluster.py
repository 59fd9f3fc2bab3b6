"""Processes on the machines of a Ray cluster: Ray finds places for them, and nothing else.

Ray's own ways are not used: a cancel that is not forced waits for a long computation and throws its result
away, an exit counts as a crash and is tried again. Here nothing is tried again, a process is ended by its own
signals, and an actor by force.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from experiments.engines.host import Host
from experiments.engines.local import threads_each
from nn.one_line import one_line
from nn.short_text import shorten
from workbench.errors import InputError, OperationError

OWN = "local"
"""The address for which a cluster of this machine is started."""

RUNNING = "auto"
"""The address of the cluster that runs on this machine."""

ADDRESS = re.compile(r"(local|auto|[\w.-]+:\d{1,5}|\[[0-9a-fA-F:]+\]:\d{1,5})")

ENVIRONMENT = {
    "RAY_AUTH_MODE": "token",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
"""Of Ray's environment, unless that says something else: whoever calls has a token, and nobody is told."""

OBJECTS = 80 * 2**20
"""Bytes for what processes hand each other: nothing, and Ray asks for no less."""


TRIES = 3
"""How often a cluster is tried to start."""


class RayProcess:
    """A process on some machine; its methods do what `experiments.engines.engine.Started` says.

    Parameters
    ----------
    ray
        The module.
    host
        Makes the actor that runs it.
    words
        After Python's.
    """

    def __init__(self, ray: Any, host: Any, words: Sequence[str]) -> None:
        self._ray, self._host = ray, host.remote()
        self._ready = self._host.ready.remote()
        self._ended = self._host.run.remote(list(words), Path.cwd())
        self._status: int | None = None

    def poll(self) -> int | None:
        """Return the exit status.

        Raises
        ------
        OperationError
            When it cannot be started on that machine.
        """
        return self.wait(0)

    def wait(self, seconds: float) -> int | None:
        """Wait until it has ended.

        Raises
        ------
        OperationError
            As `poll`.
        """
        if self._status is None and self._is_there(self._ended, seconds):
            self._status = self._outcome()
            self._ray.kill(self._host)
        return self._status

    def terminate(self) -> None:
        """Ask it to end."""
        if self._is_there(self._ready, 0):
            self._host.end.remote()
        else:  # no machine has room for it yet
            self.kill()

    def kill(self) -> None:
        """End it at once."""
        self._ray.kill(self._host)

    def _is_there(self, reference: Any, seconds: float) -> bool:
        return bool(self._ray.wait([reference], timeout=seconds)[0])

    def _outcome(self) -> int:
        try:
            status, said = self._ray.get(self._ended)
        except self._ray.exceptions.RayActorError as error:
            if error.actor_init_failed:
                raise OperationError(f"Ray cannot start a worker: {_in_short(error)}") from error
            return -signal.SIGKILL  # the actor's process or its machine is gone, and the worker with it
        except self._ray.exceptions.RayError as error:
            raise OperationError(f"Ray cannot start a worker: {_in_short(error)}") from error
        print(said, end="", file=sys.stderr, flush=True)
        return int(status)


class RayEngine:
    """Starts processes on a cluster, within `with`.

    Parameters
    ----------
    address
        Of the cluster, `HOST:PORT`; "auto" for the one that runs on this machine; "local" starts one, which
        is of this machine alone and ends with the engine.
    processes
        How many share the processors: each gets as many threads as all of them can have.

    Raises
    ------
    InputError
        When the address is none, or Ray is missing.
    """

    def __init__(self, address: str, processes: int) -> None:
        if not ADDRESS.fullmatch(address):
            raise InputError(f"--address {address}: give HOST:PORT, {RUNNING} or {OWN}")
        self.address, self.processes, self.threads = address, processes, 1
        self._folder: Path | None = None

    def start(self, words: Sequence[str]) -> RayProcess:
        """Start Python with some words, in this working folder on some machine."""
        return RayProcess(self._ray, self._host, words)

    def __enter__(self) -> Self:
        try:
            if self.address == OWN:
                self._prepare_own()
            self._ray = _imported()
            self._connect()
        except BaseException:
            self._remove_folder()
            raise
        nodes = [node["Resources"].get("CPU", 0) for node in self._ray.nodes() if node["Alive"]]
        self.threads = processors_each(map(int, nodes), self.processes)
        self._host = self._ray.remote(
            num_cpus=self.threads, max_restarts=0, max_task_retries=0, max_concurrency=2
        )(Host)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ray.shutdown()
        self._remove_folder()

    def _prepare_own(self) -> None:
        """Make a folder for a cluster, with a token that nobody else can read."""
        self._folder = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))  # paths of sockets must be short
        token = self._folder / "token"
        token.touch(0o600)
        token.write_text(_own_token(), encoding="ascii")
        os.environ.pop("RAY_AUTH_TOKEN", None)
        os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(token)}

    def _connect(self) -> None:
        own: dict[str, Any] = {}
        if self._folder is not None:
            own = {
                "num_cpus": max(threads_each(1), self.processes),
                "include_dashboard": False,  # and with it the server of jobs
                "object_store_memory": OBJECTS,
                "_temp_dir": str(self._folder),
            }
        try:
            self._try(own)
        except Exception as error:  # of many kinds, that too among them
            if self.address == OWN:
                raise OperationError(f"Ray cannot be started: {_in_short(error)}") from error
            instead = f"`ray start` starts one, --address {OWN} one of this machine for this alone"
            raise InputError(
                f"--address {self.address}: no Ray cluster that lets us in: {_in_short(error)}; {instead}"
            ) from error

    def _try(self, own: dict[str, Any]) -> None:
        """Start a cluster or join one; Ray gives its helpers seconds to start, too few on a busy machine."""
        for tries_left in reversed(range(TRIES if own else 1)):
            try:
                self._ray.init(self.address, log_to_driver=False, logging_level="ERROR", **own)
                return
            except Exception:
                self._ray.shutdown()
                if not tries_left:
                    raise

    def _remove_folder(self) -> None:
        if self._folder is not None:
            os.environ.pop("RAY_AUTH_TOKEN_PATH", None)
            shutil.rmtree(self._folder, ignore_errors=True)


def processors_each(machines: Iterable[int], processes: int) -> int:
    """Return how many processors each of some processes can have, given how many each machine has.

    A process is on one machine. Where there are more processes than processors it is one each.
    """
    there = list(machines)
    most = max(there, default=1)
    return next((each for each in range(most, 1, -1) if sum(n // each for n in there) >= processes), 1)


@cache
def _own_token() -> str:
    """Return the token of clusters that this process starts: Ray reads it once."""
    return secrets.token_hex(32)


def _imported() -> Any:
    """Return Ray, which reads its environment when it is imported."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    try:
        import ray  # noqa: PLC0415 - an extra, which takes seconds
    except ImportError as error:
        raise InputError("--engine ray: needs Ray: pip install 'ganglion[cluster]'") from error
    return ray


def _in_short(error: Exception) -> str:
    return shorten(one_line(str(error)), 300)
