"""Documents: every command and program in them runs; training is shortened by the program's own options."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from autoencoder.__main__ import PROGRAM, main
from autoencoder.command_table import COMMANDS
from experiments.__main__ import QUEUE, RECORDS
from experiments.__main__ import main as experiments
from experiments.evaluation.__main__ import main as evaluate
from experiments.gan.__main__ import GAN
from experiments.gan.__main__ import main as gan
from experiments.gan_comparison import main as compare_gans
from experiments.serve.command import make_serve_parser
from experiments.sweep.__main__ import main as sweep
from experiments.sweep.__main__ import make_parser as sweep_parser
from experiments.video.__main__ import VIDEO
from experiments.video.__main__ import main as video
from tests.support.autoencoder_runs import write_images
from tests.support.places import ROOT
from tests.support.quick_queue import NEVER_BUSY

DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PRINTED = re.compile(r"^```python\n(?:.*?)^```\n\n```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHORTER_GAN = {
    "train": [
        "--epochs",
        "1",
        "--limit",
        "260",
        "--filters",
        "2",
        "--units",
        "4",
        "--batch-size",
        "4",
        "--overwrite",
    ],
    "evaluate": ["--entries", "30", "--seeds", "1"],
}
SHORTER_VIDEO = {
    "train": [
        *("--size", "16", "--units", "4", "--limit", "40", "--batch-size", "2", "--steps", "2"),
        *("--report-every", "1", "--validation-clips", "3", "--overwrite"),
    ],
    "evaluate": ["--test-clips", "3"],
}
MANY_RUNS = ("grid", "mistakes")
"""Commands of `experiments video` that make many runs."""

SHORTER = ["--epochs", "1", "--limit", "24", "--crops", "8", "--batch-size", "16", "--overwrite"]


def blocks(document: Path, language: str) -> Iterator[str]:
    for found, text in BLOCK.findall(document.read_text(encoding="utf-8")):
        if found == language:
            yield text


def commands(document: Path) -> list[str]:
    lines = (line for text in blocks(document, "console") for line in text.splitlines())
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]


def examples() -> list[str]:
    """The command lines in the help texts; `config` first, because others read what it writes."""
    texts = [command.examples.replace("\\\n", " ") for command in reversed(COMMANDS)]
    lines = [line.strip() for text in texts for line in text.splitlines()]
    found = [line for line in lines if line.startswith("autoencoder ")]
    order = [
        "config",
        "serve",
        "replay",
        "train",
        "replay-page",
        "encode",
        "decode",
        "reconstruct",
        "render",
        "info",
    ]
    order += ["export", "import"]
    return sorted(found, key=lambda line: order.index(line.split()[1]))


def shortened(words: list[str]) -> list[str]:
    if words[:1] == ["import"]:
        return [*words, "--limit", "24", "--overwrite"]
    if words[:1] != ["train"]:
        return words
    return [*words, "--epochs", "2"] if "--resume" in words else [*words, *SHORTER]


def shorter_job(words: list[str]) -> list[str]:
    """Return the command line of one of the experiments; a training that it submits is shortened.

    A worker starts it however busy this machine is, and here.
    """
    if words[0] == "worker":
        return [*(words[: words.index("--engine")] if "--engine" in words else words), *NEVER_BUSY]
    if words[0] != "submit":
        return words
    of_program = {"autoencoder": SHORTER, "gan": SHORTER_GAN["train"], "video": SHORTER_VIDEO["train"]}
    shorter = of_program[words[words.index("train") - 1]]
    return [*words, *(option for option in shorter if option != "--overwrite")]


def check_command(command: str) -> None:
    """Run a command of this program; check that others exist."""
    program, *words = shlex.split(command)
    if program == "autoencoder" and words[0] in ("serve", "replay"):
        PROGRAM.parser().parse(words)  # one runs until Ctrl-C, the other needs its results
    elif program == "autoencoder":
        assert main(shortened(words)) == 0, command
    elif program == "python" and words[:2] == ["-m", "experiments.evaluation"]:
        assert evaluate([*words[2:], "--limit", "40", "--seeds", "1"]) == 0, command
    elif program == "python" and words[:3] == ["-m", "experiments", "gan_comparison"]:
        assert compare_gans([*words[3:], "--limit", "60"]) == 0, command
    elif program == "python" and words[:2] == ["-m", "experiments"] and "--watch" in words:
        {"gan": GAN, "video": VIDEO}[words[2]].parser().parse(words[3:])  # it runs until Ctrl-C
    elif program == "python" and words[:3] == ["-m", "experiments", "gan"]:
        assert gan([*words[3:], *SHORTER_GAN.get(words[3], [])]) == 0, command
    elif program == "python" and words[:3] == ["-m", "experiments", "video"] and words[3] in MANY_RUNS:
        VIDEO.parser().parse(words[3:])  # their tests have some of these runs
    elif program == "python" and words[:3] == ["-m", "experiments", "video"]:
        assert video([*words[3:], *SHORTER_VIDEO.get(words[3], [])]) == 0, command
    elif program == "python" and words[:2] == ["-m", "experiments"] and words[2] in {**RECORDS, **QUEUE}:
        check_experiments(words[2], words[3:])
    elif program == "python" and words[:3] == ["-m", "experiments", "sweep"]:
        sweep_parser().parse_args(words[3:])
        assert sweep(["plan", str(ROOT / words[4])]) == 0, command  # others train all of it
    elif program == "make":
        subprocess.run(["make", "--dry-run", *words], cwd=ROOT, check=True, capture_output=True)
    else:
        assert command in ("pip install -e .", "pip install -e '.[web]'"), f"no way to check {command!r}"


def check_experiments(command: str, words: list[str]) -> None:
    if command == "serve":
        make_serve_parser().parse_args(words)  # it runs until Ctrl-C
    else:
        assert experiments(shorter_job([command, *words])) == 0, command


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with what the documents mention."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GANGLION_RECORDS")
    write_images(tmp_path / "photos", 2, side=80)
    (tmp_path / "mnist").mkdir()
    for seed, name in enumerate(("train", "t10k"), 1):
        pixels = np.random.default_rng(seed).integers(0, 256, (24, 28, 28), np.uint8)
        header = b"".join(number.to_bytes(4, "big") for number in (2051, *pixels.shape))
        (tmp_path / "mnist" / f"{name}-images-idx3-ubyte").write_bytes(header + pixels.tobytes())
        labels = (np.arange(24) % 10).astype(np.uint8)
        header = b"".join(number.to_bytes(4, "big") for number in (2049, 24))
        (tmp_path / "mnist" / f"{name}-labels-idx1-ubyte").write_bytes(header + labels.tobytes())
    prices = np.random.default_rng(2).normal(size=(800, 2)).cumsum(axis=0)
    np.savetxt(tmp_path / "stock.csv", prices, delimiter=",", header="price,volume", comments="")
    for number, name in enumerate(("train", "test", "synthetic")):
        labels = np.arange(40) % 2
        values = np.random.default_rng(number).normal(size=(40, 4)) + labels[:, None]
        np.savez(tmp_path / f"{name}.npz", values=values, labels=labels)
    films = np.random.default_rng(3).integers(0, 256, (12, 20, 16, 16)).astype(np.uint8)
    np.save(tmp_path / "films.npy", films)
    np.save(tmp_path / "changed.npy", np.zeros((2, 32), np.float32))
    return tmp_path


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
@pytest.mark.usefixtures("folder", "one_thread")
def test_commands_in_documents_run(document: Path):
    for command in commands(document):
        check_command(command)


@pytest.mark.usefixtures("folder", "one_thread")
def test_examples_in_help_texts_run():
    found = examples()
    assert len(found) >= 2 * len(COMMANDS)
    for command in found:
        words = shlex.split(command)
        more = ["--overwrite"] if words[1] in ("decode", "reconstruct") else []
        check_command(
            shlex.join([*words, *more]).replace("t10k-images-idx3-ubyte.gz", "t10k-images-idx3-ubyte")
        )


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_programs_in_documents_print_what_they_say(document: Path, tmp_path: Path):
    """The `python` blocks of a document are one program; the `text` block after one is what that prints."""
    program = "\n".join([f"import sys; sys.path.insert(0, {str(ROOT)!r})", *blocks(document, "python")])
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert done.stdout == "".join(PRINTED.findall(document.read_text(encoding="utf-8")))


TEXTS = ("*.py", "*.md", "*.sh", "*.js", "*.css", "*.json", "*.cfg", "*.toml", "Makefile", "run")
PLACES = (
    "nn",
    "networks",
    "workbench",
    "autoencoder",
    "experiments",
    "benchmarks",
    "tests",
    "docs",
    "findings",
    ".ci",
    ".",
)
OF_ONE_MACHINE = re.compile("|".join((r"\.\./" + "shared", "shared" + "/data", "/" + "work/", "/" + "root/")))


def test_nothing_names_a_folder_of_one_machine():
    patterns = [(ROOT / place, pattern) for place in PLACES for pattern in TEXTS]
    files = {
        file
        for folder, pattern in patterns
        for file in (folder.glob(pattern) if folder == ROOT else folder.rglob(pattern))
        if file.is_file()
    }
    assert len(files) > 500
    found = [file for file in files if OF_ONE_MACHINE.search(file.read_text(encoding="utf-8"))]
    assert not found
