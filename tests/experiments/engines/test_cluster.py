"""Workers on a Ray cluster of this machine with two processors, which is started once."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from experiments.engines import cluster
from experiments.engines.cluster import RayEngine
from experiments.engines.engine import Started
from experiments.queue.job import Job
from experiments.queue.jobs import Jobs
from experiments.queue.spread import work_spread
from experiments.sweep.supervisor import Supervisor
from experiments.sweep.trials import Trials
from tests.support import patience
from tests.support.places import ROOT
from tests.support.quick_queue import NEVER_BUSY, WORKER
from tests.support.quick_sweeps import LAUNCHER, run
from tests.support.running_queue import job, states, submit
from tests.support.running_sweeps import RECORDS, table
from tests.support.sweep_files import sweep_of, write_sweep
from workbench.errors import OperationError
from workbench.records import Store

pytestmark = pytest.mark.skipif(  # not imported here: it reads its environment then
    find_spec("ray") is None, reason="Ray is missing: pip install 'ganglion[cluster]'"
)

thorough = pytest.mark.skipif(
    os.environ.get("HYPOTHESIS_PROFILE") != "exhaustive", reason="takes half a minute: make test-all"
)

PARTS: dict[str, Any] = {
    "seeds": 2,
    "space": {"rate": {"choice": [0.1, 0.3, 2.0]}},
    "search": {"kind": "halving", "candidates": 3, "first": 2, "factor": 2},
    "budget": {"epochs": 4},
    "filters": {"limits": [{"statistic": "ratio", "above": 3}]},
}

STUBBORN = """
import os, signal, sys
from pathlib import Path
signal.signal(signal.SIGTERM, signal.SIG_IGN)
Path("begun.partial").write_text(str(os.getpid()))
os.replace("begun.partial", "begun")
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def engine() -> Iterator[RayEngine]:
    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(cluster, "threads_each", lambda processes: 2)
        for name in ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH", *cluster.ENVIRONMENT):
            changed.delenv(name, raising=False)
        changed.setenv("PYTHONPATH", str(ROOT))
        cluster_of_two = RayEngine("local", 2)
        try:
            cluster_of_two.__enter__()
        except OperationError as error:
            if "timed out during startup" in str(error):  # its helpers have fifteen seconds to start in
                pytest.skip(f"this machine is too busy for Ray: {error}")
            raise
        yield cluster_of_two
        cluster_of_two.__exit__(None, None, None)
        assert not cluster_of_two._folder.exists()


def ended(process: Started) -> int:
    patience.wait_until(lambda: process.poll() is not None)
    status = process.poll()
    assert status is not None
    return status


def run_by(engine: RayEngine, folder: Path, name: str, parts: dict[str, Any]) -> None:
    sweep = sweep_of(folder, name=name, **parts)
    with Store.open(RECORDS, create=True) as store:
        words = [str(sweep.path), "--records", str(RECORDS), "--threads", str(engine.threads)]
        trials = Trials.begin(store, sweep)
        (folder / "runs/sweeps" / name).mkdir(parents=True)
        assert Supervisor(sweep, trials, engine, [*LAUNCHER, "worker", *words], print).run(2)


def test_the_table_is_the_same_to_the_bit_with_one_worker_with_two_and_by_ray(engine, folder: Path):
    for workers in (1, 2):
        path = write_sweep(folder, f"local{workers}", **PARTS)
        assert run("run", str(path), "--workers", str(workers)) == 0
    run_by(engine, folder, "ray", PARTS)
    one, two, by_ray = (table(folder, name, **PARTS) for name in ("local1", "local2", "ray"))
    assert one == two == by_ray
    assert {row[3] for row in one} == {"done", "limited", "pruned"}


def test_an_exit_is_no_crash_and_runs_once(engine, folder: Path, capsys):
    for status in (0, 3):
        code = f"import sys; open('runs', 'a').write('x'); print('said', file=sys.stderr); sys.exit({status})"
        process = engine.start(["-c", code])
        assert ended(process) == status
    assert (folder / "runs").read_text() == "xx"
    assert capsys.readouterr().err == "said\nsaid\n"


def test_a_long_computation_is_ended_by_signals_and_by_force(engine, folder: Path):
    busy = engine.start(["-c", "open('busy', 'w').close()\nwhile True: pass"])
    patience.wait_until((folder / "busy").exists)
    busy.terminate()
    assert ended(busy) == -signal.SIGTERM
    stubborn = engine.start(["-c", STUBBORN])
    patience.wait_until((folder / "begun").exists)
    stubborn.terminate()
    assert stubborn.wait(0) is None
    stubborn.kill()
    assert ended(stubborn) == -signal.SIGKILL
    process = Path("/proc", (folder / "begun").read_text())
    patience.wait_until(lambda: not process.exists())


def test_each_process_has_processors_of_its_own_or_waits_for_one(engine, folder: Path):
    assert engine.threads == 1
    code = "import os, sys; open(sys.argv[1], 'w').write(os.environ['OMP_NUM_THREADS']); sys.stdin.read()"
    first, second = (engine.start(["-c", code, name]) for name in ("first", "second"))
    for name in ("first", "second"):
        patience.wait_until(lambda name=name: (folder / name).exists() and (folder / name).read_text() == "1")
    third = engine.start(["-c", code, "third"])
    third.terminate()
    assert ended(third) < 0
    for process in (first, second):
        process.terminate()
        assert ended(process) == -signal.SIGTERM
    assert not (folder / "third").exists()


def test_who_cannot_start_python_there_is_told(engine, folder: Path, monkeypatch):
    monkeypatch.setattr(Path, "cwd", lambda: folder / "not on that machine")
    process = engine.start(["-c", ""])
    with pytest.raises(OperationError, match=r"Ray cannot start a worker: .*not on that machine"):
        ended(process)


def test_a_cluster_is_joined_by_its_address_and_token(engine, folder: Path):
    import ray

    address = ray.get_runtime_context().gcs_address
    assert os.environ["RAY_AUTH_MODE"] == "token"
    token = Path(os.environ["RAY_AUTH_TOKEN_PATH"])
    assert token.stat().st_mode & 0o777 == 0o600
    path = write_sweep(folder, seeds=1, space={"rate": {"choice": [0.1]}})
    words = [sys.executable, *LAUNCHER, "run", str(path), "--engine", "ray", "--address", address]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=patience.SECONDS)
    assert (done.returncode, done.stderr) == (0, "")


def test_jobs_of_the_queue_are_run_by_ray_and_cancelled_from_here(engine, folder: Path):
    said: list[str] = []
    for words in (["--epochs", "4"], ["--epochs", "100000", "--pause", "0.02"], ["--epochs", "5"]):
        submit(*words)
    cancelling = Thread(target=cancel_once_begun, args=(job(2),))
    cancelling.start()
    with Store.open(RECORDS) as store:
        words = [*WORKER, "--records", str(RECORDS.absolute()), *NEVER_BUSY]
        assert work_spread(engine, store, words, slots=2, until_empty=True, say=said.append)
    cancelling.join()
    assert states() == {1: "done", 2: "cancelled", 3: "done"}
    assert (job(2).folder / "state.json").exists()
    assert {"job 1  done", "job 2  cancelled", "job 3  done"} <= set(said)


def cancel_once_begun(running: Job) -> None:
    patience.wait_until((running.folder / "state.json").exists)
    with Store.open(RECORDS) as store:
        Jobs(store).ask_to_cancel(running.number)


@thorough
def test_who_has_another_token_is_not_let_in(engine, folder: Path):
    """Ray tries for twenty seconds."""
    import ray

    address = ray.get_runtime_context().gcs_address
    words = [sys.executable, *LAUNCHER, "run", str(write_sweep(folder)), "--engine", "ray"]
    refused = subprocess.run(
        [*words, "--address", address],
        capture_output=True,
        text=True,
        check=False,
        timeout=patience.SECONDS,
        env={**os.environ, "RAY_AUTH_TOKEN": "0" * 64},
    )
    assert refused.returncode == 2
    assert f"--address {address}: no Ray cluster that lets us in" in refused.stderr
