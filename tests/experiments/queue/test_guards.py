"""Workers that start what fits, end what goes beyond its limits, and tell of it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import patience
from tests.support.quick_queue import GRACE, run
from tests.support.running_queue import PRINTED, begin_worker, job, states, submit, wait_for

LONG = ("--epochs", "100000", "--pause", "0.05")


def test_what_goes_beyond_its_limits_is_ended_and_somebody_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys
):
    told = folder / "told.txt"
    program = f"import os; open({str(told)!r}, 'a').write(os.environ['GANGLION_JOB_SUBJECT'] + chr(10))"
    notices = folder / "notices.toml"
    notices.write_text(f'[me]\nkind = "command"\nwords = {json.dumps([sys.executable, "-c", program])}\n')
    notices.chmod(0o600)
    monkeypatch.setenv(GRACE, "0.1")
    submit(*LONG, terms=("--memory-mib", "1", "--notice", "me"))
    submit(*LONG, terms=("--minutes", "0.001"))
    submit("--pause", "1000", "--epochs", "9", terms=("--silent-minutes", "0.02", "--notice", "me"))
    submit(terms=("--notice", "you"))
    assert run("worker", "--until-empty", "--notices", str(notices)) == 0
    assert states() == {1: "failed", 2: "failed", 3: "failed", 4: "done"}
    large, long, silent = (job(number) for number in (1, 2, 3))
    assert large.reason.startswith("took ") and large.reason.endswith(", above its limit of 1.0 MiB")
    assert long.reason == "ran for more than 0.001 minutes, its limit"
    said = "no progress for 0.02 minutes: no new row in losses.csv, and nothing printed"
    assert (silent.reason, silent.attempts) == (said, 1)
    assert silent.exit_status in (-9, -15)  # asked to end before it could say that it would not, or killed
    first, second = told.read_text().splitlines()
    assert first == f"job 1 failed: quick: {large.reason}" and second == f"job 3 failed: quick: {said}"
    assert f"job 4: nobody is told: {notices} has no you; there are me" in capsys.readouterr().out


def test_what_does_not_fit_waits_with_the_reason_and_others_pass(folder: Path):
    submit(terms=("--memory-mib", "1e9"))
    submit()
    process = begin_worker("--until-empty")
    wait_for(lambda: job(2).state == "done", process)
    assert job(1).state == "waiting"
    assert job(1).waiting_for.startswith("another machine: needs 976562.5 GiB, ")
    assert run("cancel", "1") == 0
    assert process.wait(patience.SECONDS) == 0, PRINTED.read_text()


@pytest.mark.parametrize(
    ("text", "mode", "said"),
    [
        ('[me]\nkind = "comand"', 0o600, "notices.toml: me.kind: unknown 'comand'; did you mean command?"),
        ("", 0o644, "notices.toml: others may use this file, which can hold secrets: chmod 600 "),
    ],
)
def test_a_file_of_notices_that_cannot_be_used(folder: Path, capsys, text: str, mode: int, said: str):
    path = folder / "notices.toml"
    path.write_text(text)
    path.chmod(mode)
    assert run("worker", "--notices", str(path)) == 2
    assert said in capsys.readouterr().err
    assert not (folder / "runs").exists()


def test_without_psutil_there_is_no_worker():
    program = "import sys; sys.modules['psutil'] = None; from tests.support.quick_queue import run; "
    words = [sys.executable, "-c", f"{program}sys.exit(run('worker', '--until-empty'))"]
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    said = "python -m experiments worker: the worker watches jobs by psutil: pip install 'ganglion[queue]'\n"
    assert (ended.returncode, ended.stderr) == (2, said)
