"""The benchmarks: small rows of every kind agree with their peers and are timed, and results are stored."""

import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from benchmarks import __main__ as program
from benchmarks import environment, jax_peer, owned, torch_peer
from benchmarks.figures import Measured, load, save
from benchmarks.machine import Limits, contended
from benchmarks.measure import measure_row
from benchmarks.row import DIRECTIONS, Row, assert_agreement
from benchmarks.rows import rows_by_family
from benchmarks.rows.adam import adam_row
from benchmarks.rows.convolution import Plan
from benchmarks.rows.convolution import autoencoder_row as convolution_autoencoder
from benchmarks.rows.dense import stack_row
from benchmarks.rows.epoch import epoch_row, find_mnist
from benchmarks.rows.graph import random_graph_row
from benchmarks.rows.inference import build_reader, inference_row
from benchmarks.rows.large_local import descent_row
from benchmarks.rows.local import Blocks
from benchmarks.rows.local import autoencoder_row as local_autoencoder
from benchmarks.rows.mixed_precision import product_row
from benchmarks.rows.mixed_precision import recurrent_row as stored_recurrent_row
from benchmarks.rows.mixed_precision import stack_row as stored_stack_row
from benchmarks.rows.recurrent import recurrent_row
from benchmarks.rows.sparse import sparse_row
from benchmarks.timing import Contestant, race
from networks.ladder import FAMILIES
from networks.sequential import Sequential
from nn.kernels.core.dot_products import has_dot_products
from nn.shape import Shape


def small_windows(rung):
    """Build two layers of windows."""
    layers = [FAMILIES["local"].rungs[rung].of(input_block=2, window=4, output_block=1, channels=4)] * 2
    return Sequential(Shape(8, 8, 2), layers, generator=np.random.default_rng(0))


SMALL = {
    "dense": stack_row("autoencoder", (6, 3, 6), 8),
    "two ends": stack_row("network", (2, 5, 1), 8, autoencoder=False),
    "epoch": epoch_row((784, 8, 784), None, "rendered digits", limit=200),
    "adam": adam_row(1000),
    "local": local_autoencoder(Shape(8, 8, 3), (Blocks(2, 1, 4), Blocks(1, 2, 3)), 4),
    "descent": descent_row("tiny", small_windows, 8),
    "bfloat16": descent_row("tiny", small_windows, 16, storage="bfloat16"),
    "graph": random_graph_row(20, 3, 8),
    "sparse": sparse_row(32, 0.75, 8),
    "convolution": convolution_autoencoder(Shape(8, 8, 1), (Plan(3, 2), Plan(1, 2, True)), 4),
    "lstm": recurrent_row("lstm", (3, 4, 5, 8)),
    "gru": recurrent_row("gru", (3, 4, 5, 8)),
    "stored dense": stored_stack_row("tiny", (6, 3, 6), 8),
    "inference": inference_row("tiny", partial(build_reader, steps=3, units=4), 6),
    "stored lstm": stored_recurrent_row("lstm", (3, 4, 5, 8)),
    **({"product": product_row(32, 6, 16)} if has_dot_products() else {}),
}
"""A small row of every kind."""

UNCOMPILED = ("PyTorch compiled",)
"""PyTorch takes many seconds to compile a row."""


@pytest.fixture(autouse=True)
def short_turns(monkeypatch):
    monkeypatch.setattr("benchmarks.timing.TURN_SECONDS", 0.0)
    monkeypatch.setattr("benchmarks.timing.REST_SECONDS", 0.0)


@pytest.mark.parametrize("name", SMALL)
def test_small_rows_agree_with_their_peers_and_are_timed(name):
    row = SMALL[name]
    measured = measure_row(row, 2, UNCOMPILED)
    assert [each.name for each in measured.directions] == list(row.directions)
    for direction in measured.directions:
        found = {each.contestant for each in direction.timings}
        assert set(row.rungs) <= found
        assert all(len(each.seconds) == 2 for each in direction.timings)
        assert all(each.median > 0 for each in direction.timings)
        if torch_peer.torch is not None and name not in ("descent", "bfloat16", "inference", "sparse"):
            assert torch_peer.EAGER in found
    assert not measured.absent
    assert measured.bytes_beside > 0


@pytest.mark.skipif(jax_peer.jax is None, reason="needs JAX")
@pytest.mark.parametrize("name", ["dense", "epoch", "convolution", "lstm"])
def test_jax_takes_part(name):
    row = SMALL[name]
    assert jax_peer.NAME in row.enter(row.rungs).peers


def test_every_row_has_a_title_of_its_own_and_known_directions():
    for family, rows in rows_by_family().items():
        titles = [row.title for row in rows]
        assert len(set(titles)) == len(titles)
        assert all(row.family == family for row in rows)
        assert all(len(title) <= 50 for title in titles), "tables in headers of rungs would be too wide"
        assert all(set(row.headline) <= set(row.directions) <= set(DIRECTIONS) for row in rows)


def test_every_ladder_has_rows():
    rungs = Path(environment.ROOT, "networks").glob("*_o2.py")
    assert {path.stem.removesuffix("_o2") for path in rungs} <= set(rows_by_family())


def test_what_computes_something_else_is_not_timed():
    with pytest.raises(AssertionError, match=r"o2 differs by 4\.0e-01, more than 1e-03"):
        assert_agreement("o2", np.array([1.0, 2.0]), np.array([1.0, 1.0]) * 4 / 3, 1e-3)
    with pytest.raises(AssertionError, match="differs by nan"):
        assert_agreement("o2", np.array([np.nan]), np.array([1.0]), 1e-3)


def test_memory_is_counted_once_and_split_by_what_grows():
    class Holder:
        def __init__(self):
            self.parameters = np.zeros(100, np.float32)
            self.views = [self.parameters[:50], {"again": self.parameters.reshape(10, 10)}]
            self.histories = np.zeros(0, np.float32)

        def run(self, histories):
            self.histories = np.zeros((5, histories), np.float32)

    holder = Holder()
    assert owned.owned_bytes(holder) == 400
    assert owned.split_memory(holder.run, 16, holder) == (400, 5 * 16 * 4)
    assert holder.histories.shape == (5, 16)


def test_a_peer_that_cannot_be_made_is_named():
    def enter(names):
        def fail():
            raise RuntimeError("no compiler\nand a long trace")

        return replace(SMALL["adam"].enter(names), peers={"PyTorch compiled": fail})

    row = Row("adam", "Adam", 0, ("plain", "o2"), ("step",), enter)
    assert measure_row(row, 1).absent == {"PyTorch compiled": "RuntimeError: no compiler"}


def test_results_come_back_as_they_were_written(tmp_path):
    limits = Limits(1, 2e11, {"NumPy": 1e11, "register tile": 2e11}, 6e10)
    rows = (measure_row(SMALL["adam"], 3), measure_row(SMALL["dense"], 3, UNCOMPILED))
    measured = Measured("dense", environment.this_environment(), (limits,), rows)
    save(measured, tmp_path)
    assert load("dense", tmp_path) == measured
    assert load("local", tmp_path) is None


def test_damaged_results_are_refused(tmp_path):
    (tmp_path / "dense.json").write_text("{}")
    with pytest.raises(ValueError, match="Field required"):
        load("dense", tmp_path)


def test_unknown_families_are_named(capsys):
    with pytest.raises(SystemExit):
        program.main(["dense", "denes", "report"])
    assert "unknown family denes, report; known: dense, epoch" in capsys.readouterr().err


def test_the_list_names_rows_and_time(capsys, tmp_path):
    assert program.main(["dense", "--list", "--results", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "dense, 120 s"
    assert "  tiny network 2-16-16-1: step" in lines


def test_a_family_is_kept_only_when_all_of_it_was_measured(monkeypatch, tmp_path, capsys):
    rows = {"adam": [adam_row(100), adam_row(200)]}
    monkeypatch.setattr(program, "rows_by_family", lambda: rows)
    monkeypatch.setattr(program, "measure_limits", lambda threads, _: Limits(threads, 1e11, {}, 1e10))
    assert program.main(["--repeats", "1", "--rows", "200", "--results", str(tmp_path)]) == 0
    assert not list(tmp_path.iterdir())
    assert program.main(["--repeats", "1", "--results", str(tmp_path)]) == 0
    assert [row.title for row in load("adam", tmp_path).rows] == [row.title for row in rows["adam"]]
    assert "2/2 adam: Adam, 200 parameters" in capsys.readouterr().out


def test_a_row_that_disagrees_fails_the_run_and_keeps_what_was_there(monkeypatch, tmp_path, capsys):
    def enter(names):
        raise AssertionError("o2 differs by 1.0e+00")

    wrong = Row("adam", "wrong", 0, ("plain", "o2"), ("step",), enter)
    monkeypatch.setattr(program, "rows_by_family", lambda: {"adam": [wrong, adam_row(100)]})
    monkeypatch.setattr(program, "measure_limits", lambda threads, _: Limits(threads, 1e11, {}, 1e10))
    assert program.main(["--repeats", "1", "--results", str(tmp_path)]) == 1
    assert "adam: wrong: o2 differs by 1.0e+00" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_machine_in_use_is_refused(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(program, "rows_by_family", lambda: {"adam": [adam_row(100)]})
    monkeypatch.setattr(
        program, "measure_limits", lambda threads, _: Limits(threads, 1e11 / threads, {}, 1e10)
    )
    monkeypatch.setattr(program.numba.config, "NUMBA_NUM_THREADS", 2)
    assert program.main(["--repeats", "1", "--results", str(tmp_path)]) == 1
    assert "nothing was measured or kept" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
    one = Limits(1, 1e11, {}, 1e10)
    assert not contended([one])
    assert not contended([one, Limits(2, 1e11, {}, 0.95e10)])
    assert contended([one, Limits(2, 1e11, {}, 0.8e10)])


def test_a_named_folder_of_data_has_mnist(monkeypatch, tmp_path):
    monkeypatch.setenv("GANGLION_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="has no folder mnist"):
        find_mnist()
    (tmp_path / "mnist").mkdir()
    assert find_mnist() == tmp_path / "mnist"


def test_everybody_or_nobody_has_an_untimed_call(monkeypatch):
    calls = []

    def contestants():
        return [Contestant(name, partial(calls.append, name)) for name in "ab"]

    monkeypatch.setattr("benchmarks.timing.MOST_CALLS", 1)
    race(contestants(), 2)
    assert calls == ["a", "b"] * 3
    calls.clear()
    monkeypatch.setattr("benchmarks.timing.TURN_SECONDS", 60.0)
    race(contestants(), 2)
    assert calls == ["a", "b", *"aabb" * 2]


def test_the_commit_says_whether_files_differ_from_it(tmp_path):
    def git(*arguments):
        identity = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True)

    assert environment.commit(tmp_path) == "no git"
    git("init")
    (tmp_path / "a.py").write_text("")
    git("add", "a.py")
    git("commit", "-m", "a")
    name = environment.commit(tmp_path)
    assert len(name) >= 7
    (tmp_path / "README.md").write_text("a table")
    assert environment.commit(tmp_path) == name
    (tmp_path / "a.py").write_text("changed")
    assert environment.commit(tmp_path) == f"{name} + changes"


def test_the_program_can_be_run_as_a_module():
    command = [sys.executable, "-m", "benchmarks", "adam", "--list"]
    listing = subprocess.run(command, cwd=environment.ROOT, check=True, capture_output=True, text=True)
    assert "Adam, 1,000,000 parameters: step" in listing.stdout
