"""Which change moves which measure: the document says what was measured, and it is measured again."""

import json

import numpy as np
import pytest

from experiments.evaluation.changes import CHANGES, RARE, Given
from experiments.evaluation.copying import attacked, copies_table
from experiments.evaluation.table import (
    MEASURES,
    QUICK,
    QUICK_DRAWS,
    SIZES,
    TRAINED,
    as_table,
    case_of,
    labelled_waves,
    marked,
    measured,
    numbered_measures,
    verdict,
)
from tests.support.places import ROOT

pytestmark = pytest.mark.usefixtures("one_thread")
CELLS = json.loads((ROOT / "docs" / "evaluation.json").read_text(encoding="utf-8"))
TEXT = (ROOT / "docs" / "evaluation.md").read_text(encoding="utf-8")


def test_the_document_has_the_table_of_what_was_measured():
    assert list(CELLS) == list(CHANGES)
    assert all(list(each) == list(MEASURES) for each in CELLS.values())
    assert as_table(CELLS) in TEXT
    assert numbered_measures() in TEXT
    for each in CELLS.values():
        for cell in each.values():
            assert cell["verdict"] == verdict(np.array(cell["means"]), cell["standard error"])


@pytest.fixture(scope="module")
def again():
    """A part of what needs no training, measured again: as it was, but for rounding."""
    return measured(QUICK, ["shorter series"], QUICK_DRAWS)


LEARNED = {"Fréchet distance, features", "class shares", "class entropy", "missing classes"}
"""Those of a network that was trained, whose last digits may differ from machine to machine."""


@pytest.mark.parametrize("measure", [name for name in QUICK if name not in LEARNED])
def test_what_needs_no_training_is_measured_again(again, measure):
    for change, each in again.items():
        cell = CELLS[change][measure]
        np.testing.assert_allclose(each[measure]["means"], cell["means"], rtol=1e-3, atol=1e-4)
        assert each[measure]["verdict"] == cell["verdict"], change


@pytest.mark.parametrize("measure", sorted(LEARNED))
def test_what_a_network_learned_moves_the_same_way_again(again, measure):
    for change, each in again.items():
        cell = CELLS[change][measure]
        if cell["verdict"] in ("rises", "falls"):
            moved = each[measure]["means"][-1] - each[measure]["means"][0]
            assert np.sign(moved) == (1 if cell["verdict"] == "rises" else -1), change


STRONGEST = {
    **dict.fromkeys(TRAINED, "noise entries"),
    "discriminative, customary and weak": "scale",
    "TRTS": "wrong labels",
    "TSTR": "wrong labels",
}


@pytest.mark.parametrize("measure", TRAINED)
def test_what_is_trained_moves_the_same_way_again(measure):
    change = STRONGEST[measure]
    cell = CELLS[change][measure]
    unchanged, whole = (TRAINED[measure](case_of(change, size, 0)) for size in (SIZES[0], SIZES[-1]))
    assert cell["verdict"] in ("rises", "falls")
    assert np.sign(whole - unchanged) == (1 if cell["verdict"] == "rises" else -1)


SEEN = [
    ("shift", "marginals", "rises"),
    ("shift", "autocorrelation", "blind"),
    ("time-shuffled", "autocorrelation", "rises"),
    ("time-shuffled", "marginals", "blind"),
    ("misaligned variables", "cross-correlation", "rises"),
    ("misaligned variables", "marginals", "blind"),
    ("Gaussian noise", "MMD^2", "rises"),
    ("salt and pepper", "marginals", "rises"),
    ("moving average", "autocorrelation", "rises"),
    ("wavelet details lost", "Fréchet distance", "rises"),
    ("only the trend left", "coverage", "falls"),
    ("collapsed modes", "diversity", "falls"),
    ("collapsed modes", "coverage", "falls"),
    ("dropped modes", "class entropy", "falls"),
    ("dropped modes", "TSTR", "falls"),
    ("dropped rare class", "class entropy", "falls"),
    ("memorised copies", "membership AUC", "rises"),
    ("memorised copies", "exact copies", "rises"),
    ("leaked segments", "membership AUC", "rises"),
    ("wrong labels", "TSTR", "falls"),
    ("wrong labels", "TRTS", "falls"),
    ("noise entries", "discriminative, network", "rises"),
    ("noise entries", "discriminative, forest", "rises"),
    ("noise entries", "discriminative, recurrent", "rises"),
    ("time-shuffled", "predictive, next step", "rises"),
    ("shorter series", "lengths", "rises"),
    ("fewer entries", "MMD^2", "blind"),
]


@pytest.mark.parametrize(("change", "measure", "expected"), SEEN)
def test_each_change_is_seen_by_what_is_made_for_it(change, measure, expected):
    assert CELLS[change][measure]["verdict"] == expected


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_no_size_changes_nothing(change):
    training, fresh = labelled_waves(60, 0), labelled_waves(60, 1)
    found = CHANGES[change](Given(fresh, training.values, 0.0, np.random.default_rng(0)))
    order = np.argsort(found.values[:, 0, 0])
    expected = np.argsort(fresh.values[:, 0, 0])
    np.testing.assert_allclose(found.values[order], fresh.values[expected], atol=1e-12)
    assert (found.labels[order] == fresh.labels[expected]).all()
    assert found.mask is None or found.mask.all()


def test_dropped_modes_and_wrong_labels_are_what_they_say():
    training, fresh = labelled_waves(100, 0), labelled_waves(100, 1)

    def made(change, size):
        return CHANGES[change](Given(fresh, training.values, size, np.random.default_rng(0)))

    assert set(made("dropped modes", 1.0).labels) == {RARE - 1, RARE}
    assert RARE not in made("dropped rare class", 1.0).labels
    wrong = made("wrong labels", 1.0).labels
    assert (np.bincount(wrong) == np.bincount(fresh.labels)).all() and (wrong != fresh.labels).mean() > 0.4
    assert (made("memorised copies", 1.0).values == training.values).all()


def test_verdicts():
    assert verdict(np.array([0.0, 1, 2]), 0.1) == "rises"
    assert verdict(np.array([0.0, -1, -1.1]), 0.1) == "falls"
    assert verdict(np.array([0.0, 3, 1]), 0.1) == "moves"
    assert verdict(np.array([0.0, 0.2, 0.1]), 0.1) == "blind"


def test_a_document_without_marks_is_refused():
    with pytest.raises(ValueError, match="no <!-- here --> and <!-- end of here -->"):
        marked("text", "here", "content")


def test_a_copying_generator_is_flagged_and_an_honest_one_is_not():
    """What the document says of copying generators."""
    found = attacked(labelled_waves)
    copying, few, noisy, half, normal, fresh = (each for each, _ in found.values())
    for each in (copying, noisy):
        assert each.auc > 0.9 and each.copies
    for each in (few, half):
        assert 0.6 < each.auc < 0.9 and each.leaks
    for each in (normal, fresh):
        assert each.auc == pytest.approx(0.5, abs=0.05) and not (each.copies or each.leaks)
    assert copies_table(found) in TEXT
