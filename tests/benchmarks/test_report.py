"""Reporting what was measured: tables between markers, headers of rungs, the README, and the picture."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.environment import ROOT, Environment
from benchmarks.figures import Direction, Measured, MeasuredRow, Timing, figure, save
from benchmarks.machine import Limits
from benchmarks.markers import replace_between, write_between_markers
from benchmarks.report import report
from benchmarks.rows import rows_by_family
from benchmarks.tables import family_tables, header_table, meaning, summary_table, times
from networks.base.family import RUNGS

ENVIRONMENT = Environment("a processor", 2, {"NumPy": "2.4.0"}, "0123abc", "2026-01-02")
LIMITS = (Limits(1, 100e9, {"NumPy": 100e9}, 10e9), Limits(2, 200e9, {"NumPy": 200e9}, 16e9))


def timings(milliseconds):
    """Nine turns of every contestant, quartiles a tenth off."""
    spread = np.linspace(0.84, 1.16, 9)
    return tuple(
        Timing(name, threads, tuple((number * 1e-3 * spread).tolist()))
        for (name, threads), number in milliseconds.items()
    )


def dense_row(**changes):
    forward = {("plain", 1): 8, ("o1", 1): 4, ("o2", 1): 2, ("o2", 2): 1, ("PyTorch", 2): 3, ("JAX", 2): 1.5}
    step = {("plain", 1): 50, ("o1", 1): 40, ("o2", 1): 20, ("o2", 2): 10}
    step |= {("PyTorch", 2): 30, ("PyTorch, channels last", 2): 25}
    options = {
        "title": "512 to 512",
        "histories": 64,
        "rungs": RUNGS,
        "headline": ("forward", "step"),
        "connections": 1000,
        "bytes_beside": 8000,
        "bytes_histories": 3500,
        "absent": {"PyTorch compiled": "RuntimeError"},
        "directions": (
            Direction("forward", 100_000_000, 8_000_000, timings(forward)),
            Direction("step", 0, 80_000_000, timings(step)),
        ),
        "took": 1.5,
    }
    return MeasuredRow(**(options | changes))


def dense(*rows):
    return Measured("dense", ENVIRONMENT, LIMITS, rows or (dense_row(),))


def test_ratios_and_shares_follow_from_the_medians():
    measured = dense()
    row = measured.rows[0]
    top = figure(measured, row, row.directions[0], "o2")
    assert top.timing.median == pytest.approx(1e-3)
    assert top.timing.spread == pytest.approx(0.1e-3)
    assert dict(top.over) == pytest.approx({"plain": 8, "below": 4, "1 thread": 2, "PyTorch": 3, "JAX": 1.5})
    assert (top.gigaflops, top.product_share, top.bandwidth_share) == pytest.approx((100, 0.5, 0.5))
    middle = figure(measured, row, row.directions[0], "o1")
    assert dict(middle.over) == pytest.approx({"plain": 2, "below": 2, "PyTorch": 0.75, "JAX": 0.375})
    assert middle.product_share == pytest.approx(0.25)


def test_pytorch_is_the_faster_of_its_layouts_and_a_step_without_products_has_no_share_of_them():
    measured = dense()
    row = measured.rows[0]
    top = figure(measured, row, row.directions[1], "o2")
    assert top.over["PyTorch"] == pytest.approx(2.5)
    assert top.over["below"] == pytest.approx(4)
    assert "compiled" not in top.over
    assert top.gigaflops is top.product_share is None
    assert top.limit == (pytest.approx(0.5), "memory")


def test_tables_have_every_contestant_and_say_what_is_missing():
    headings, lines = times(dense())
    expected = ["ms", "N", "direction", "plain", "o1", "o2", "o2, 2 threads", "PyTorch"]
    assert headings == [*expected, "PyTorch, channels last", "PyTorch compiled", "JAX"]
    assert lines[0][:3] == ["512 to 512", "64", "forward"]
    own = [f"{number} ± 10%" for number in ("8.00", "4.00", "2.00", "1.00")]
    assert lines[0][3:] == [*own, "3.00 ± 10%", "", "does not run", "1.50 ± 10%"]
    headings, lines = meaning(dense())
    assert len(headings) == len(lines[0])
    assert lines[0][2:] == ["8.00", "4.00", "2.00", "3.00", "", "1.50", "100.0", "50%", "50%", "8.0 + 3.5"]
    assert "measured 2026-01-02 at 0123abc" in family_tables(dense())


def test_the_summary_has_headlines_only():
    lines = summary_table({"dense": dense(dense_row(headline=("step",)))}).splitlines()
    assert lines[2:] == ["| dense: 512 to 512 | step | 10.0 | 2.50 |  |  | 50% memory |"]
    lines = summary_table({"dense": dense()}).splitlines()
    assert lines[2].startswith("| dense: 512 to 512 | forward, step | 1.00, 10.0 | 3.00, 2.50 |  | 1.50 |")


def test_the_header_of_a_rung_has_its_own_figures():
    lines = header_table([dense()], "o1").splitlines()
    assert lines[1].split() == [
        "512",
        "to",
        "512",
        "64",
        "forward",
        "4.00",
        "2.00",
        "2.00",
        "0.75",
        "25%",
        "products",
    ]
    assert header_table([dense(dense_row(rungs=("plain", "o2")))], "o1") == ""


@pytest.fixture
def checkout(tmp_path):
    """Documents, a rung and results of one family, laid out as in the checkout."""
    for folder in ("docs/pictures", "networks", "benchmarks/results"):
        (tmp_path / folder).mkdir(parents=True)
    machine, table = (f"<!-- {name} -->\nold\n<!-- end {name} -->\n" for name in ("machine", "dense"))
    (tmp_path / "docs" / "benchmarks.md").write_text(f"above\n{machine}between\n{table}below\n")
    (tmp_path / "README.md").write_text("above\n<!-- benchmarks -->\n<!-- end benchmarks -->\nbelow\n")
    for rung in ("o1", "o2"):
        text = '"""Dense.\n\n.. benchmark: begin\n.. benchmark: end\nLoses when: never\n"""\n'
        (tmp_path / "networks" / f"dense_{rung}.py").write_text(text)
    save(dense(), tmp_path / "benchmarks" / "results")
    return tmp_path


def test_a_report_writes_every_place_and_a_second_one_changes_nothing(checkout):
    paths = report(["dense", "local"], checkout)
    assert len(paths) == len(set(paths)) == 5
    first = {path: path.read_bytes() for path in paths}
    assert report(["dense", "local"], checkout) == paths
    assert {path: path.read_bytes() for path in paths} == first
    document = (checkout / "docs" / "benchmarks.md").read_text()
    assert "old" not in document
    assert document.startswith("above\n<!-- machine -->\n\n| threads |")
    assert document.endswith("at 0123abc.\n\n<!-- end dense -->\nbelow\n")
    assert (
        "| dense: 512 to 512 | forward, step | 1.00, 10.0 | 3.00, 2.50 |"
        in (checkout / "README.md").read_text()
    )
    header = (checkout / "networks" / "dense_o2.py").read_text()
    compile(header, "dense_o2.py", "exec")
    assert ".. benchmark: end\nLoses when: never" in header
    assert all(len(line) <= 110 for line in header.splitlines())


def test_the_picture_has_a_panel_for_every_headline_that_makes_products(checkout):
    report(["dense"], checkout)
    one = Image.open(checkout / "docs" / "pictures" / "ladder.png").convert("RGB")
    save(dense(*(dense_row(title=str(n)) for n in range(4))), checkout / "benchmarks" / "results")
    report(["dense"], checkout)
    four = Image.open(checkout / "docs" / "pictures" / "ladder.png").convert("RGB")
    assert one.width == four.width
    assert four.height > one.height
    assert len(np.unique(np.asarray(one).reshape(-1, 3), axis=0)) > 20


def test_without_results_nothing_is_written(tmp_path):
    assert report(["dense"], tmp_path) == []


@pytest.mark.parametrize(
    "text", ["", "<!-- end a -->\n<!-- a -->\n", "<!-- a -->\n<!-- a -->\n<!-- end a -->\n"]
)
def test_a_file_without_markers_is_refused(tmp_path, text):
    path = tmp_path / "a.md"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"a\.md has no markers <!-- a -->"):
        write_between_markers(path, "a", "table")
    assert path.read_text() == text


def test_only_the_lines_between_the_markers_change(tmp_path):
    path = tmp_path / "a.py"
    path.write_text("begin of it\nbegin\na\nb\nend\nend of it\n")
    replace_between(path, "begin", "end", "")
    assert path.read_text() == "begin of it\nbegin\nend\nend of it\n"


def test_every_family_has_its_markers():
    document = Path(ROOT, "docs", "benchmarks.md").read_text(encoding="utf-8")
    for family in rows_by_family():
        assert f"<!-- {family} -->\n" in document
    for path in Path(ROOT, "networks").glob("*_o[12].py"):
        text = path.read_text(encoding="utf-8")
        assert text.count(".. benchmark: begin\n") == text.count(".. benchmark: end\n") == 1, path
        assert len(text.splitlines()) < 500
