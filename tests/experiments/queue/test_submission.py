"""What is submitted: settings are checked before they wait, and the words of a job say all of them."""

from pathlib import Path

import pytest

from experiments.__main__ import main as experiments
from experiments.queue.submission import words_to_run
from experiments.sweep.programs import PROGRAMS as ALL_PROGRAMS
from experiments.sweep.programs.program import given_of
from tests.support.quick_queue import run
from tests.support.quick_sweeps import PROGRAMS
from tests.support.running_queue import RECORDS, job, states, submit
from tests.support.sweep_files import write_sweep


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["quik", "train"], "there is no program 'quik'; did you mean quick?"),
        (["quick", "train", "--epoch", "3"], "unknown argument --epoch; did you mean --epochs?"),
        (["quick", "train", "--rate", "11"], "--rate=11: it should be a number above 0, at most 10"),
        (["quick", "train", "--width", "2"], "--width=2: is for kind=wide"),
        (
            ["quick", "train", "--folder", "x"],
            "unknown argument --folder: a setting that `train` does not take",
        ),
        (["quick", "train", "--config", "none.conf"], "none.conf"),
        (["quick", "continue"], "invalid choice: 'continue'"),
        (["--priority", "1.5", "quick", "train"], "argument --priority: '1.5' is not a whole number"),
        (["--retries", "-1", "quick", "train"], "'-1' is not a whole number of 0 to 1000"),
        (["--minutes", "nan", "quick", "train"], "argument --minutes: 'nan' is no number above 0"),
        (["--notice", "", "quick", "train"], "argument --notice: is empty: give a name in the worker's file"),
        (["--records", "off", "quick", "train"], "--records off: the queue is in a records file: name one"),
        (["sweep", "run", "none.toml"], "none.toml"),
        (["--memory-mib", "9", "sweep", "run", "sweep.toml"], "--memory-mib: is for one training: a sweep's"),
        (["sweep", "resume", "none.toml"], "invalid choice: 'resume'"),
        ([], "the following arguments are required: PROGRAM"),
    ],
)
def test_bad_input_is_refused_in_a_line_that_says_why(folder: Path, capsys, words: list[str], said: str):
    write_sweep(folder)
    try:
        status = run("submit", *words)
    except SystemExit as error:
        status = error.code
    assert status == 2
    assert said in capsys.readouterr().err
    assert not RECORDS.exists()


def test_settings_of_a_file_are_those_of_the_moment_of_submission(folder: Path, capsys):
    path = folder / "quick.conf"
    path.write_text("epochs = 3\nunits = 7\nfolder = elsewhere\n")
    assert (
        submit("--config", "quick.conf", "--units", "8", terms=("--priority", "-4", "--minutes", "0.5")) == 1
    )
    path.unlink()
    assert capsys.readouterr().out.splitlines() == ["job        1", "folder     runs/jobs/0001"]
    found = job(1)
    assert found.words == ("train", "--epochs", "3", "--units", "8")
    assert (found.priority, found.minutes, found.memory_mib) == (-4, 0.5, None)


def test_a_job_begins_in_its_folder_and_goes_on_where_that_holds_a_run(folder: Path):
    found = job(submit("--epochs", "2"))
    own = str(folder / "runs/jobs/0001")
    assert words_to_run(found, PROGRAMS) == ["train", "--epochs", "2", "--folder", own]
    (found.folder / "state.json").touch()
    assert words_to_run(found, PROGRAMS) == ["continue", "--folder", own]


@pytest.mark.parametrize(
    "words",
    [
        ["autoencoder", "train", "--code-size", "0"],
        ["gan", "train", "--score-every", "0"],
        ["video", "train", "--task", "sleep"],
    ],
)
def test_the_programs_check_their_settings(capsys, words: list[str]):
    assert experiments(["submit", *words]) == 2
    assert words[2] in capsys.readouterr().err
    assert not RECORDS.exists()


def test_a_watched_job_has_a_page_as_long_as_it_runs(folder: Path, capsys):
    assert experiments(["submit", "video", "train", "--steps", "3", "--watch"]) == 0
    found = job(1)
    assert found.words == ("train", "--steps", "3", "--watch", "--close")
    assert given_of(found.words).keys() == {"steps"}
    assert words_to_run(found, ALL_PROGRAMS)[:5] == list(found.words)
    found.folder.mkdir(parents=True, exist_ok=True)
    (found.folder / "model.safetensors").touch()
    assert words_to_run(found, ALL_PROGRAMS) == ["continue", str(found.folder), "--watch", "--close"]
    with pytest.raises(SystemExit):
        experiments(["submit", "autoencoder", "train", "--watch"])
    assert "unknown argument --watch" in capsys.readouterr().err


def test_where_there_can_be_no_page_it_is_said_at_once(capsys, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert experiments(["submit", "gan", "train", "--watch"]) == 2
    assert "the page needs NiceGUI: pip install 'ganglion[web]'" in capsys.readouterr().err


def test_the_programs_are_submitted(capsys):
    for name in ("autoencoder", "gan", "video"):
        assert experiments(["submit", name, "train"]) == 0
    assert states() == dict.fromkeys((1, 2, 3), "waiting")
