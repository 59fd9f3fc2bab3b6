"""The notebooks run from their first cell to the last, and show what a reader without one sees."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.places import ROOT

nbformat = pytest.importorskip("nbformat", reason="needs nbformat: pip install nbclient")
nbclient = pytest.importorskip("nbclient", reason="needs nbclient: pip install nbclient")
pytest.importorskip("ipykernel", reason="needs ipykernel: pip install ipykernel")

NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))
KERNEL_SECONDS = 300

shown = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)


def outputs(book: Any) -> list[str]:
    """The kinds of all that the cells show, and what they print, a cell a line."""
    return [
        " ".join(
            each.text if each.output_type == "stream" and each.name == "stdout" else kind_of(each)
            for each in cell.outputs
            if kind_of(each) != "bar"
        )
        for cell in book.cells
        if cell.cell_type == "code"
    ]


def kind_of(output: Any) -> str:
    if output.output_type == "stream":
        return "bar" if output.name == "stderr" else "text"
    return ",".join(sorted({"image/png", "text/html"} & set(output.get("data", {})))) or output.output_type


@shown
def test_a_notebook_runs_and_shows_the_same_kinds_of_things(path: Path, tmp_path: Path):
    book = nbformat.read(path, 4)
    before = [re.sub(r"[\d.]+", "#", each) for each in outputs(book)]
    client = nbclient.NotebookClient(
        book, timeout=KERNEL_SECONDS, startup_timeout=KERNEL_SECONDS, kernel_name="python3"
    )
    client.resources = {"metadata": {"path": str(tmp_path)}}
    client.execute()
    assert [re.sub(r"[\d.]+", "#", each) for each in outputs(book)] == before
    errors = "".join(
        each.text
        for cell in book.cells
        for each in cell.get("outputs", [])
        if each.output_type == "stream" and each.name == "stderr"
    )
    assert "\r100%|" in errors and "held-out" in errors


@shown
def test_a_notebook_is_small_and_names_nothing_of_one_machine(path: Path):
    text = path.read_text(encoding="utf-8")
    assert len(text) < 200_000
    assert not re.search("/" + "work/|/" + "root/|/" + "tmp/", text)
    assert '"image/png"' in text
