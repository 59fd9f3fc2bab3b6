"""scikit-learn's own checks of estimators pass, and its tools accept ours."""

import pickle
import re
import subprocess
import sys

import numpy as np
import pytest

from tests.support.places import ROOT

pytest.importorskip("sklearn", minversion="1.9", reason="needs scikit-learn")

from joblib.externals.loky import get_reusable_executor
from sklearn import config_context
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.exceptions import DataConversionWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_checks, estimator_html_repr, get_tags
from sklearn.utils.validation import check_is_fitted

from networks.estimators import Classifier, Compressor, Regressor

pytestmark = pytest.mark.usefixtures("one_thread")

KINDS = [Classifier, Regressor, Compressor]
X = np.random.default_rng(0).normal(size=(60, 3))
LABELS = np.where(X[:, 0] > 0, "right", "left")
TARGETS = {Classifier: LABELS, Regressor: X[:, 0], Compressor: None}

DOCUMENT = ROOT / "docs" / "models.md"
ROWS = re.findall(
    r"^\| `(\w+)` \| `(check_\w+)` \| (.*) \|$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE
)
EXPECTED_TO_FAIL = {
    kind: {check: why for name, check, why in ROWS if name == kind.__name__} for kind in KINDS
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("ignore")
def test_its_checks_pass(kind):
    results = estimator_checks.check_estimator(
        kind(), expected_failed_checks=EXPECTED_TO_FAIL[kind], on_skip=None, on_fail=None
    )
    failed = {each["check_name"]: each["exception"] for each in results if each["status"] == "failed"}
    assert not failed
    assert len(results) > 45
    xfailed = {each["check_name"] for each in results if each["status"] == "xfail"}
    assert xfailed == set(EXPECTED_TO_FAIL[kind])


WITHOUT = """
import sys, warnings
import numpy as np
from networks.estimators import Classifier, Compressor, Regressor
X, y = np.eye(8, 3), np.arange(8) % 2
warnings.simplefilter("ignore")
for kind in (Classifier, Regressor, Compressor):
    estimator = kind((2,), epochs=1)
    try:
        estimator.score(X, y)
    except (ValueError, AttributeError) as error:
        assert type(error).__name__ == "NotFittedError"
    estimator.fit(X, y[:, None]).score(X[:1], y[:1])
    assert estimator._repr_html_() is None
    repr(estimator.set_params(epochs=2).get_params())
estimator.set_output(transform="default").fit_transform(X)
print(sorted({"sklearn", "pandas", "polars"} & set(sys.modules)))
"""


def test_it_is_not_needed():
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True, cwd=DOCUMENT.parents[1]
    )
    assert done.stdout == "[]\n"


MORE_CHECKS = [
    "check_dataframe_column_names_consistency",
    "check_transformer_get_feature_names_out",
    "check_transformer_get_feature_names_out_pandas",
    "check_set_output_transform",
    "check_set_output_transform_pandas",
    "check_global_output_transform_pandas",
    "check_set_output_transform_polars",
    "check_global_set_output_transform_polars",
]
"""Of those that scikit-learn runs on its own estimators only."""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("check", MORE_CHECKS)
@pytest.mark.parametrize("kind", KINDS)
def test_more_of_its_checks_pass(kind, check):
    if kind is Compressor or check == MORE_CHECKS[0]:
        getattr(estimator_checks, check)(kind.__name__, kind(epochs=1))


def test_tags_say_what_each_is():
    assert is_classifier(Classifier())
    assert is_regressor(Regressor())
    assert get_tags(Regressor()).target_tags.multi_output
    assert get_tags(Compressor()).transformer_tags.preserves_dtype == ["float32"]
    for kind in KINDS:
        tags = get_tags(kind())
        assert tags.target_tags.required == (kind is not Compressor)
        assert tags.input_tags.three_d_array
        assert not tags.input_tags.sparse
        assert not tags.input_tags.allow_nan


@pytest.mark.parametrize("kind", KINDS)
def test_what_has_not_learned_says_so_in_its_words(kind):
    estimator = kind((2,), epochs=1)
    for name in ("predict", "predict_proba", "transform", "inverse_transform", "score"):
        if hasattr(estimator, name):
            with pytest.raises(NotFittedError, match=f"This {kind.__name__} is not fitted yet") as told:
                getattr(estimator, name)(*(X, X)[: 2 if name == "score" else 1])
            assert isinstance(pickle.loads(pickle.dumps(told.value)), NotFittedError)
    with pytest.raises(NotFittedError):
        check_is_fitted(estimator)
    check_is_fitted(estimator.fit(X, TARGETS[kind]))


def test_a_column_of_labels_warns_in_its_category():
    with pytest.warns(DataConversionWarning):
        Classifier((2,), epochs=1).fit(X, LABELS[:, None])


@pytest.mark.parametrize("kind", KINDS)
def test_clones_have_the_same_arguments_and_have_learned_nothing(kind):
    estimator = kind((3,), seed=2, epochs=1).fit(X, TARGETS[kind])
    twin = clone(estimator)
    assert twin.get_params() == estimator.get_params()
    assert not hasattr(twin, "network_")
    again = pickle.loads(pickle.dumps(estimator))
    assert again.score(X, TARGETS[kind]) == estimator.score(X, TARGETS[kind])


def test_pipelines_and_searches_take_them():
    pipeline = make_pipeline(
        StandardScaler(), Compressor((), code_size=2, epochs=1), Classifier((10,), epochs=1)
    )
    assert pipeline.fit(X, LABELS).predict(X).shape == (60,)
    assert pipeline.score(X, LABELS) == np.mean(pipeline.predict(X) == LABELS)
    grid = {"epochs": [0.1, 30], "class_weight": [None, "balanced", {"left": 2}]}
    search = GridSearchCV(
        Classifier((10,), learning_rate=0.02), grid, cv=2, scoring=["accuracy", "roc_auc"], refit="roc_auc"
    )
    assert search.fit(X, LABELS, sample_weight=np.ones(60)).best_params_["epochs"] == 30
    scores = cross_val_score(Regressor((10,), epochs=30, learning_rate=0.02), X, X[:, :2], cv=2)
    assert scores.min() > 0.8


def test_a_search_runs_in_several_processes():
    search = GridSearchCV(Classifier((4,)), {"epochs": [0.1, 5]}, cv=2, n_jobs=2)
    alone = GridSearchCV(Classifier((4,)), {"epochs": [0.1, 5]}, cv=2)
    for name in ("mean_test_score", "std_test_score"):
        found, expected = (each.fit(X, LABELS).cv_results_[name] for each in (search, alone))
        assert np.array_equal(found, expected)
    get_reusable_executor().shutdown()


def test_codes_come_in_the_table_that_was_asked_for():
    pandas = pytest.importorskip("pandas", reason="needs pandas")
    table = pandas.DataFrame(X, columns=["a", "b", "c"], index=np.arange(60) + 100)
    compressor = Compressor((), epochs=1).set_output(transform="pandas").fit(table)
    codes = clone(compressor).fit(table).transform(table)
    assert codes.columns.tolist() == ["compressor0", "compressor1"]
    assert codes.index.equals(table.index)
    assert isinstance(compressor.fit_transform(table), pandas.DataFrame)
    assert isinstance(compressor.set_output(transform=None).transform(table), pandas.DataFrame)
    assert isinstance(compressor.set_output(transform="default").transform(table), np.ndarray)
    assert np.array_equal(compressor.inverse_transform(codes), compressor.inverse_transform(codes.to_numpy()))
    with config_context(transform_output="pandas"):
        assert isinstance(compressor.transform(table), np.ndarray)
        assert isinstance(clone(Compressor((), epochs=1)).fit_transform(table), pandas.DataFrame)
    with pytest.raises(ValueError, match="unknown output 'panda'; did you mean pandas"):
        compressor.set_output(transform="panda")


@pytest.mark.parametrize("kind", KINDS)
def test_notebooks_draw_them(kind):
    for estimator in (kind((2,)), kind((2,), epochs=1).fit(X, TARGETS[kind])):
        assert kind.__name__ in estimator._repr_html_()
        assert kind.__name__ in estimator_html_repr(make_pipeline(StandardScaler(), estimator))
