"""The command: report, flags, the same again, and bad input named with file, field and what to do."""

import json
import re

import numpy as np
import pytest

from experiments.evaluation.__main__ import main, make_parser
from experiments.evaluation.files import read_entries, same_steps
from tests.experiments.evaluation.known_answers import clusters, waves
from tests.support.series_files import Labelled, write_arff, write_series_rows, write_ts

pytestmark = pytest.mark.usefixtures("one_thread")
GOOD = {"values": clusters(80, 0), "labels": np.arange(80) % 2}


def arguments(folder, **files):
    words = ["--out", str(folder / "report"), "--seeds", "1", "--limit", "60"]
    for number, name in enumerate(("real", "test", "synthetic")):
        path = folder / f"{name}.npz"
        fresh = {"values": clusters(80, number), "labels": np.arange(80) % 2}
        np.savez(path, **files.get(name, fresh))
        words += [f"--{name}", str(path)]
    return words


def figures(folder):
    report = json.loads((folder / "report" / "report.json").read_text())
    return report, {each["name"]: each for each in report["figures"]}


def test_a_report_has_every_figure_with_convention_and_uncertainty(tmp_path, capsys):
    assert main(arguments(tmp_path)) == 0
    report, found = figures(tmp_path)
    assert {"MMD^2", "Fréchet distance", "coverage", "exact copies", "membership AUC"} <= set(found)
    assert {"TRTR, network", "TSTR, network", "TRTS, network", "discriminative score, network"} <= set(found)
    assert "discriminative score, customary and weak" in found
    assert {"Fréchet distance, features", "class shares", "class entropy", "missing classes"} <= set(found)
    assert sum(name.startswith("discriminative score") for name in found) == 4
    assert all(each["convention"] and each["spread"] for each in found.values())
    assert report["data"]["real"]["used"] == 60
    page = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") == 7
    assert all(name in page for name in found)
    assert "http" not in page
    assert "report.html" in capsys.readouterr().out


def test_a_copying_generator_is_flagged_and_the_same_again(tmp_path):
    words = arguments(tmp_path, synthetic=GOOD)
    texts = []
    for _ in range(2):
        assert main(words) == 0
        texts.append((tmp_path / "report" / "report.json").read_text())
    report, found = figures(tmp_path)
    assert found["exact copies"]["value"] == 1
    assert any("80 of 80 synthetic entries are exact copies" in flag for flag in report["flags"])
    assert any(
        "membership AUC" in flag for flag in report["flags"]
    )  # of all entries, though 60 of 80 are used
    assert found["membership AUC"]["value"] > 0.9
    assert texts[0] == texts[1]


def test_series_without_labels(tmp_path):
    files = {name: {"values": waves(40, seed)} for seed, name in enumerate(("real", "test", "synthetic"))}
    assert main(arguments(tmp_path, **files)) == 0
    _, found = figures(tmp_path)
    assert {"autocorrelation", "cross-correlation"} <= set(found)
    assert {"predictive score, next step", "predictive score, published code"} <= set(found)
    assert "discriminative score, recurrent network" in found
    assert "TSTR, network" not in found
    assert found["discriminative score, customary and weak"]["details"]["units"] == 1


def test_labels_are_left_out(tmp_path):
    assert main([*arguments(tmp_path), "--no-labels"]) == 0
    _, found = figures(tmp_path)
    assert "TSTR, network" not in found and "discriminative score, network" in found


def write_series(folder, form, seed):
    """Forty series of four to six steps, of two classes that differ in level."""
    generator = np.random.default_rng(seed)
    labels = ["Up" if number % 2 else "down" for number in range(40)]
    series = [generator.normal(size=(4 + number % 3, 2)) + 3 * (number % 2) for number in range(len(labels))]
    if form == "npz":
        values = np.zeros((40, 6, 2))
        for row, each in enumerate(series):
            values[row, : len(each)] = each
        lengths = np.array([len(each) for each in series])
        path = folder / f"{seed}.npz"
        np.savez(path, values=values, lengths=lengths, labels=np.arange(40) % 2, classes=["down", "Up"])
        return path
    path = folder / f"{seed}.{form}"
    {"csv": write_series_rows, "arff": write_arff}[form](path, Labelled(series, labels))
    return path


def test_series_of_any_form_and_of_unequal_lengths(tmp_path):
    """Classes go together by their names, whatever the form."""
    paths = [write_series(tmp_path, form, seed) for seed, form in enumerate(("csv", "arff", "npz"))]
    words = [word for name, path in zip(("real", "test", "synthetic"), paths, strict=True)
             for word in (f"--{name}", str(path))]  # fmt: skip
    out = ["--out", str(tmp_path / "report"), "--seeds", "1", "--label", "label", "--row", "series"]
    assert main([*words, *out]) == 0
    report, found = figures(tmp_path)
    assert report["data"]["shape of an entry"] == [6, 2]
    assert found["TRTR, network"]["value"] > 0.9 and found["TSTR, network"]["value"] > 0.9
    assert found["lengths"]["value"] == 0
    assert "unequal" in report["data"]["lengths"]


def test_synthetic_entries_without_labels_have_their_classes_told(tmp_path):
    made = {"values": clusters(80, 2)}
    assert main([*arguments(tmp_path, synthetic=made), "--unlabelled"]) == 0
    _, found = figures(tmp_path)
    assert "class shares" in found and "TSTR, network" not in found


def test_shorter_series_have_as_many_steps_as_the_longest_of_all_files(tmp_path):
    files = []
    for steps in (3, 5):
        path = tmp_path / f"{steps}.ts"
        write_ts(path, Labelled([np.ones((steps, 1))] * 20, []))
        files.append(read_entries(path))
    short, long = same_steps(files)
    assert short.values.shape == long.values.shape == (20, 5, 1)
    assert short.lengths.tolist() == [3] * 20 and long.lengths.tolist() == [5] * 20
    assert [each.lengths for each in same_steps([long, long])] == [None, None]


def test_bad_series_are_named_with_what_to_do(tmp_path, capsys):
    words = arguments(tmp_path)
    path = tmp_path / "synthetic.csv"
    path.write_text("x,city\n1,Rome\n")
    for name, message in (
        ("csv", "line 2, column city: 'Rome' is no number"),
        ("xls", "no .npz, nor a file of"),
    ):
        words[words.index("--synthetic") + 1] = str(tmp_path / f"synthetic.{name}")
        with pytest.raises(SystemExit) as stopped:
            main(words)
        assert stopped.value.code == 2
        assert message in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([*arguments(tmp_path), "--label", "kind"])
    assert "--label, --time, --variables and --row are about columns of .csv" in capsys.readouterr().err


def with_nan():
    values = clusters(80, 0)
    values[7, 2] = np.nan
    return values


LABELS = np.arange(80) % 2
BAD = [
    ({"values": with_nan(), "labels": LABELS}, "values: entry 7 is nan at feature 2: leave the entry out"),
    ({"values": clusters(80, 0)}, "labels are missing, .* --no-labels"),
    ({"values": clusters(80, 0), "labels": np.append(LABELS[:79], 5)}, "labels: class 5 has one entry"),
    (
        {"values": clusters(80, 0), "labels": LABELS[:70]},
        r"labels have shape \(70,\), but there are 80 values",
    ),
    ({"values": clusters(80, 0), "labels": LABELS / 2}, "labels are float64: give whole numbers"),
    ({"values": clusters(80, 0), "labels": LABELS + 1}, "class 2 is not in .*real.npz"),
    ({"values": clusters(80, 0)[:, :3], "labels": LABELS}, "same shape"),
    ({"values": np.empty((0, 4)), "labels": np.empty(0, int)}, r"values have shape \(0, 4\): at least 20"),
    ({"images": clusters(80, 0)}, "no array called values, only images"),
    ({"values": clusters(80, 0).astype(str)}, "values: expected numbers"),
    ({"values": np.array([[None]] * 80)}, "cannot be read"),
]


@pytest.mark.parametrize(("arrays", "message"), BAD)
def test_bad_input_is_named_with_what_to_do(tmp_path, capsys, arrays, message):
    with pytest.raises(SystemExit) as stopped:
        main(arguments(tmp_path, synthetic=arrays))
    assert stopped.value.code == 2
    error = capsys.readouterr().err
    assert "synthetic.npz: " in error
    assert re.search(message, error), error


def test_only_one_class_and_no_file_are_said(tmp_path, capsys):
    one = {"values": clusters(80, 0), "labels": np.zeros(80, int)}
    with pytest.raises(SystemExit):
        main(arguments(tmp_path, real=one, test=one, synthetic=one))
    assert "only one class, 0" in capsys.readouterr().err
    words = arguments(tmp_path)
    (tmp_path / "test.npz").unlink()
    with pytest.raises(SystemExit):
        main(words)
    assert "test.npz: no such file" in capsys.readouterr().err


def test_all_real_entries_equal_is_said(tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(arguments(tmp_path, real={"values": np.ones((80, 4)), "labels": LABELS}))
    assert stopped.value.code == 1
    assert "bandwidth of zero" in capsys.readouterr().err


def test_the_help_teaches_by_example():
    text = make_parser().format_help()
    assert text.count("python -m experiments.evaluation --real") == 4
    assert "numpy.savez" in text
