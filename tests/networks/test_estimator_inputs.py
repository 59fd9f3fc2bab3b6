"""Inputs of estimators: numbers of every kind are accepted, all else is refused by entry and feature."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from networks.estimators import Classifier, Compressor, Regressor

pytestmark = pytest.mark.usefixtures("one_thread")

KINDS = [Classifier, Regressor, Compressor]
X = np.random.default_rng(0).normal(size=(12, 3)).round(2)
LABELS = np.arange(12) % 2


class Table:
    """Numbers whose columns have names, as tables of pandas and others have."""

    def __init__(self, values, columns):
        self.values, self.columns = np.asarray(values), columns

    def __array__(self, dtype=None, copy=None):
        return self.values


class Sparse:
    """What sparse matrices of SciPy and others have in common."""

    nnz = 3


def fitted(kind, entries=X):
    return kind((2,), epochs=1).fit(entries, LABELS)


def uses(estimator):
    """Everything that takes entries."""
    asked = ("predict", "predict_proba", "transform")
    calls = [getattr(estimator, name) for name in asked if hasattr(estimator, name)]
    return [*calls, lambda entries: estimator.score(entries, LABELS), lambda e: estimator.fit(e, LABELS)]


def spoiled(value, dtype=object):
    entries = X.astype(dtype)
    entries[4, 1] = value
    return entries


TAKEN = {
    "lists": X.tolist(),
    "float64": X,
    "float16": X.astype(np.float16),
    "big-endian": X.astype(">f8"),
    "objects": X.astype(object),
    "decimals": np.array([[Decimal(str(each)) for each in row] for row in X.tolist()]),
    "fractions": np.array([[Fraction(str(each)) for each in row] for row in X.tolist()]),
    "mixed": np.column_stack(
        [X[:, 0].astype(object), (X[:, 1] > 0).astype(object), np.arange(12).astype(object)]
    ),
    "unmasked": np.ma.masked_array(X, np.zeros_like(X, bool)),
    "a table": Table(X, ["a", "b", "c"]),
    "Fortran order": np.asfortranarray(X),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", TAKEN)
def test_numbers_of_every_kind_are_taken(kind, form):
    estimator = fitted(kind, TAKEN[form])
    asked = estimator.transform if kind is Compressor else estimator.predict
    numbers = TAKEN[form].values if isinstance(TAKEN[form], Table) else TAKEN[form]
    plain = fitted(kind, np.asarray(numbers, np.float64))
    expected = (plain.transform if kind is Compressor else plain.predict)(np.asarray(numbers, np.float64))
    np.testing.assert_array_equal(asked(TAKEN[form]), expected)


REFUSED = [
    (spoiled(np.nan), "entry 4 is nan at feature 1"),
    (spoiled(np.nan, np.float64), "entry 4 is nan at feature 1"),
    (spoiled(-np.inf, np.float32), "entry 4 is -inf at feature 1"),
    (spoiled(1e39, np.float64), r"entry 4 is 1e\+39, which float32 cannot hold, at feature 1"),
    (spoiled(-(10**400)), "entry 4 is -inf at feature 1"),
    (spoiled(None), r"entry 4, feature 1, is missing \(None\)"),
    (spoiled("red"), "entry 4, feature 1, is text, 'red'"),
    (spoiled("1.5"), "entry 4, feature 1, is text, '1.5'"),
    (spoiled(1j), "Complex data not supported: .* entry 4, feature 1, is 1j"),
    (spoiled(np.complex64(1j)), "Complex data not supported"),
    (X + 0j, "Complex data not supported"),
    (spoiled({"a": 1}), "entry 4, feature 1, is not a number: .* not 'dict'"),
    (spoiled(np.datetime64("2020-01-01")), "entry 4, feature 1, is not a number"),
    (X.astype("U"), "give numbers"),
    (X.astype("M8[s]"), "give numbers"),
    (np.zeros(12, [("a", "f4"), ("b", "f4")]), "give numbers"),
    (np.ma.masked_array(X, X > 0), "masked array, and some of it is masked"),
    (Sparse(), r"X is sparse \(Sparse\): give a dense array, X.toarray\(\)"),
    ([[1, 2], [3]], "rows differ in length"),
    (iter(X), "X is of type .*iterator: give an array"),
    (None, "X is of type NoneType"),
    (X[0], r"Reshape your data: X.reshape\(-1, 1\)"),
    (X[:0], r"0 sample\(s\) \(shape=\(0, 3\)\) while a minimum of 1 is required"),
    (X[:, :0], r"0 feature\(s\) \(shape=\(12, 0\)\) while a minimum of 1 is required"),
    (X.reshape(12, 1, 1, 1, 1, 3), r"give \(N, features\)"),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("entries", "message"), REFUSED)
def test_every_use_refuses_what_is_no_finite_number(kind, entries, message):
    for use in uses(fitted(kind)):
        with pytest.raises((ValueError, TypeError), match=message):
            use(entries)


@pytest.mark.parametrize("kind", KINDS)
def test_entries_of_other_axes_are_named_by_theirs(kind):
    sequences, images = np.zeros((12, 4, 2)), np.zeros((12, 2, 3, 1))
    sequences[3, 2, 1] = images[3, 1, 2, 0] = np.nan
    for use in uses(fitted(kind, np.zeros((12, 4, 2)))):
        with pytest.raises(ValueError, match="X: entry 3 is nan at step 2, feature 1"):
            use(sequences)
    for use in uses(fitted(kind, np.zeros((12, 2, 3, 1)))):
        with pytest.raises(ValueError, match="X: entry 3 is nan at row 1, column 2, channel 0"):
            use(images)


@pytest.mark.parametrize("kind", KINDS)
def test_features_that_have_names_are_called_by_them(kind):
    for use in uses(fitted(kind, Table(X, ["age", "size", "sex"]))):
        with pytest.raises(ValueError, match=r"entry 4 is nan at feature 1 \(size\)"):
            use(Table(spoiled(np.nan), ["age", "size", "sex"]))
        with pytest.raises(ValueError, match=r"entry 4, feature 1 \(size\), is text"):
            use(Table(spoiled("red"), ["age", "size", "sex"]))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (["c", "b", "a"], "must be in the same order"),
        (["a", "b", "d"], "unseen at fit time:\n- d\n.*yet now missing:\n- c\n"),
        (["a", "b"], "yet now missing:\n- c\n"),
        (["a", "b", "c", "d"], "unseen at fit time:\n- d\n"),
    ],
)
def test_columns_of_other_names_are_refused(kind, columns, message):
    estimator = fitted(kind, Table(X, ["a", "b", "c"]))
    assert estimator.feature_names_in_.tolist() == ["a", "b", "c"]
    entries = Table(np.zeros((12, len(columns))), columns)
    for use in uses(estimator)[:-1]:
        with pytest.raises(ValueError, match=f"(?s)names should match those .*{message}"):
            use(entries)
        with pytest.warns(UserWarning, match="X does not have valid feature names"):
            use(X)
    assert not hasattr(estimator.fit(X, LABELS), "feature_names_in_")
    for use in uses(estimator)[:-1]:
        with pytest.warns(UserWarning, match="was fitted without feature names"):
            use(Table(X, ["a", "b", "c"]))


def test_columns_without_text_have_no_names():
    assert not hasattr(fitted(Classifier, Table(X, [0, 1, 2])), "feature_names_in_")
    with pytest.raises(TypeError, match="only supported if all input features have string names"):
        fitted(Classifier, Table(X, ["a", 1, 2]))


@pytest.mark.parametrize("kind", KINDS)
def test_entries_of_other_shapes_are_refused(kind):
    cases = [
        (X, X[:, :2], f"X has 2 features, but {kind.__name__} is expecting 3 features as input"),
        (
            np.zeros((12, 4, 2)),
            np.zeros((12, 5, 2)),
            f"X has entries of 5x2, but {kind.__name__} is expecting 4x2",
        ),
        (np.zeros((12, 2, 2, 1)), np.zeros((12, 4)), "X has 4 features|X has entries of 1x1x4"),
    ]
    for learned, asked, message in cases:
        for use in uses(fitted(kind, learned))[:-1]:
            with pytest.raises(ValueError, match=message):
                use(asked)


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (["b", "a"] * 6, ["a", "b"]),
        (np.array(["b", "a"] * 6, object), ["a", "b"]),
        ([1.0, 2.0] * 6, [1.0, 2.0]),
        ([True, False] * 6, [False, True]),
        (np.array([True, False] * 6, object), [False, True]),
        (np.array([3, 7] * 6, object), [3, 7]),
        (np.array([3, 7] * 6, np.uint8), [3, 7]),
        (np.array([10**18, 10**18 + 1] * 6), [10**18, 10**18 + 1]),
        (np.array(["2020", "2021"] * 6, "M8[D]"), np.array(["2020", "2021"], "M8[D]").tolist()),
    ],
)
def test_labels_of_every_kind_come_back(labels, classes):
    classifier = Classifier((2,), epochs=1).fit(X, labels)
    assert classifier.classes_.tolist() == classes
    assert set(classifier.predict(X).tolist()) <= set(classes)
    assert 0 <= classifier.score(X, labels) <= 1


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (X[:, 0], "Unknown label type: y is continuous"),
        ([0.5, 1.0] * 6, "y is continuous, 0.5 for entry 0"),
        ([0, np.nan] * 6, "y: entry 1 is nan"),
        ([0, np.inf] * 6, "y: entry 1 is inf"),
        (np.array([0, np.nan] * 6, object), r"entry 1 is missing \(nan\)"),
        (np.array(["a", None] * 6, object), r"entry 1 is missing \(None\)"),
        (np.array(["a", 1] * 6, object), "y holds int, str, which do not sort"),
        (np.array(["2020", "NaT"] * 6, "M8[D]"), "entry 1 is missing"),
        (LABELS + 1j, "Complex data not supported"),
        (np.eye(2)[LABELS], r"1d array .* \(12, 2\)"),
        (["a"] * 12, "only one class, 'a' in 12 sample"),
        (None, "Classifier requires y to be passed, but the target y is None"),
        (Sparse(), "y is sparse"),
        (3, "1d array"),
        ("ab", "1d array"),
    ],
)
def test_what_is_no_label_is_refused(labels, message):
    with pytest.raises((ValueError, TypeError), match=message):
        Classifier((2,), epochs=1).fit(X, labels)


def test_labels_in_a_column_are_taken_with_a_warning():
    with pytest.warns(UserWarning, match=r"A column-vector y was passed .* y.ravel\(\)"):
        column = Classifier((2,), epochs=1).fit(X, LABELS[:, None])
    assert np.array_equal(column.predict(X), fitted(Classifier).predict(X))
    with pytest.raises(ValueError, match="labels are <U1, but int64 was learned"):
        column.score(X, ["a"] * 12)


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        (spoiled(np.nan)[:, 1], "y: entry 4 is nan"),
        (spoiled(np.inf, np.float64), "y: entry 4 is inf at feature 1"),
        (spoiled(1e300)[:, 1], r"y: entry 4 is 1e\+300, which float32 cannot hold\. "),
        (spoiled("red")[:, 1], "y: entry 4 is text, 'red'"),
        (["red"] * 12, "give numbers"),
        (X[:, 0] + 0j, "Complex data not supported"),
        (X[:, :0], "not one row for each entry"),
        (None, "Regressor requires y to be passed"),
        (Sparse(), "y is sparse"),
    ],
)
def test_numbers_that_cannot_be_learned_are_refused(targets, message):
    with pytest.raises((ValueError, TypeError), match=message):
        Regressor((2,), epochs=1).fit(X, targets)


@pytest.mark.parametrize(
    "weights", [np.full(12, 3), 3, [3] * 12, np.full(12, 3, object), np.full(12, 1e-300)]
)
@pytest.mark.parametrize("kind", [Classifier, Regressor])
def test_weights_that_are_all_alike_change_nothing(kind, weights):
    weighted = kind((2,), epochs=2).fit(X, LABELS, sample_weight=weights)
    plain = kind((2,), epochs=2).fit(X, LABELS)
    np.testing.assert_allclose(
        weighted.network_.parameters.values, plain.network_.parameters.values, rtol=1e-5
    )


@pytest.mark.parametrize("kind", [Classifier, Regressor])
def test_entries_of_weight_0_are_not_there_and_those_of_weight_2_twice(kind):
    weights = np.r_[np.zeros(4), np.full(4, 2.0), np.ones(4)]
    spoilt = X.copy()
    spoilt[:4] = 1e6
    weighted = kind((2,), epochs=30).fit(spoilt, LABELS, weights)
    repeats = np.repeat(np.arange(12), weights.astype(int))
    repeated = kind((2,), epochs=30).fit(X[repeats], LABELS[repeats])
    np.testing.assert_allclose(  # in one batch, whatever the order
        weighted.network_.parameters.values, repeated.network_.parameters.values, rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.ones(11), r"sample_weight has shape \(11,\), expected \(12,\)"),
        (np.ones((12, 2)), r"expected \(12,\)"),
        (-np.ones(12), "entry 0 weighs -1, less than zero"),
        (np.zeros(12), "every weight is zero"),
        ([np.nan] * 12, "sample_weight: entry 0 is nan"),
        (["a"] * 12, "sample_weight is <U1"),
    ],
)
@pytest.mark.parametrize("kind", [Classifier, Regressor])
def test_weights_that_mean_nothing_are_refused(kind, weights, message):
    estimator = fitted(kind)
    for use in (estimator.fit, estimator.score):
        with pytest.raises(ValueError, match=message):
            use(X, LABELS, sample_weight=weights)


def test_tables_with_nullable_numbers_are_taken():
    pandas = pytest.importorskip("pandas", reason="needs pandas")
    table = pandas.DataFrame({"a": X[:, 0], "b": np.arange(12), "c": LABELS > 0})
    expected = Regressor((2,), epochs=1).fit(table, LABELS).predict(table)
    columns = {"a": "Float64", "b": "Int64", "c": "boolean"}
    forms = [table.convert_dtypes(), table.astype(object), table.astype(columns), pandas.get_dummies(table)]
    for form in forms:
        targets = pandas.Series(LABELS).astype("Int64")
        regressor = Regressor((2,), epochs=1).fit(form, targets)
        assert np.array_equal(regressor.predict(form), expected)
        assert regressor.feature_names_in_.tolist() == ["a", "b", "c"]
        assert Classifier((2,), epochs=1).fit(form, targets).classes_.tolist() == [0, 1]
    missing = table.convert_dtypes()
    missing.loc[7, "b"] = pandas.NA
    with pytest.raises(ValueError, match=r"entry 7, feature 1 \(b\), is missing \(<NA>\)"):
        regressor.predict(missing)
    for name in ("string", "category"):
        labels = pandas.Series(["x", "y"] * 6).astype(name)
        assert Classifier((2,), epochs=1).fit(table, labels).classes_.tolist() == ["x", "y"]
    labels[3] = None
    with pytest.raises(ValueError, match="y: entry 3 is missing"):
        Classifier().fit(table, labels)


def test_tables_of_polars_are_taken():
    polars = pytest.importorskip("polars", reason="needs Polars")
    table = polars.DataFrame({"a": X[:, 0], "b": np.arange(12), "c": LABELS > 0})
    classifier = Classifier((2,), epochs=1).fit(table, polars.Series(["x", "y"] * 6))
    assert classifier.feature_names_in_.tolist() == ["a", "b", "c"]
    assert classifier.predict(table).shape == (12,)
    with pytest.raises(ValueError, match="must be in the same order"):
        classifier.predict(table.select("c", "b", "a"))
    with pytest.raises(ValueError, match=r"entry 0.*feature 1 \(b\)"):
        classifier.predict(table.with_columns(b=polars.lit(None, polars.Int64)))
