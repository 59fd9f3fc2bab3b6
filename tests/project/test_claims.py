"""Claims of equality in docstrings are tested: every such sentence has a row here, with its test."""

import ast
import re
from functools import cache

import pytest

from tests.support.places import ROOT

CLAIM = re.compile(
    r"PyTorch|torch\.\w|cuDNN|Keras|librosa|r2_score|same bits|bit for bit|changes? a bit|bits do not depend"
)
WORDS_OF_THREADS = "the same bits for any number of threads"
THREADS = {
    "convolution": "convolution",
    "convolutional_lstm": "convolutional_lstm",
    "dense": "dense",
    "embedding": "embedding",
    "gru": "gru",
    "local": "local",
    "lstm": "lstm",
    "normalisation": "normalisation",
    "pooling": "weightless",
    "softmax": "weightless",
    "upsampling": "weightless",
}
"""Families whose top rung has the same bits for any number of threads, and whose tests run that."""

NO_THREADS = "test_threads_do_not_change_a_bit"
RUNGS = "networks/rung_headers::test_a_rung_has_the_bits_of_another"
STEPS = "nn/optimizers::test_equal_to_torch_over_100_steps_with_a_changing_rate"
PARALLEL_STEPS = "nn/optimizers::test_steps_have_the_same_bits_on_any_number_of_threads"
BEST = "nn/training/best_epoch::test_the_best_epoch_comes_back_however_training_ends"
GOING_ON = "nn/training/best_epoch::test_going_on_equals_training_without_a_stop"
SCORES = "networks/r2_score::test_"

ROWS = [
    *(
        (f"networks/{name}_o2.py", WORDS_OF_THREADS, f"networks/{t}::{NO_THREADS}")
        for name, t in THREADS.items()
    ),
    (
        "workbench/inspect/walk.py",
        "same bits afterwards",
        "workbench/inspect/walk::test_the_step_gives_the_same_bits_after_a_walk",
    ),
    (
        "workbench/inspect/next_step.py",
        "training goes on to the same bits",
        "workbench/inspect/diagnosis::test_training_has_the_same_bits_when_every_step_is_looked_into",
    ),
    (
        "nn/data/processors/log_mel.py",
        "`librosa.feature.melspectrogram` computes it",
        "nn/data/processors/sound::test_frames_are_those_of_librosa",
    ),
    ("networks/activation_o2.py", "as o1, bit for bit", RUNGS),
    (
        "networks/base/dense_stack.py",
        "the same bits as the layers one by one",
        "networks/dense_stack::test_the_bits_are_those_of_the_layers",
    ),
    ("networks/base/r2_score.py", "as scikit-learn's `r2_score`", f"{SCORES}it_is_that_of_scikit_learn"),
    ("networks/embedding_o1.py", "the same bits forwards", "networks/rung_headers::test_an_embedding"),
    ("networks/estimators.py", "`r2_score(y, predict(X), ", f"{SCORES}a_regressor_scores"),
    (
        "networks/estimators.py",
        "`r2_score(X, inverse_transform(transform(X)), ",
        f"{SCORES}a_compressor_scores",
    ),
    ("networks/graph_o2.py", WORDS_OF_THREADS, "networks/graph_o2::test_bits_do_not_depend_on_threads"),
    (
        "networks/sparse_training/moving_connections.py",
        "The number of threads changes no result",
        "networks/sparse_training/moving_connections::test_threads_change_no_bit",
    ),
    ("networks/graph_o2.py", "and parts", "networks/graph_o2::test_bits_do_not_depend_on_parts"),
    (
        "networks/gru.py",
        "as PyTorch and cuDNN compute it",
        "networks/gru_torch::test_torch_gru_gives_the_same",
    ),
    ("networks/merge_o1.py", "the same bits for two inputs", RUNGS),
    ("networks/merge_o2.py", "as o1, bit for bit", RUNGS),
    (
        "networks/base/network.py",
        "continues to the same bits",
        "networks/copies::test_a_copy_of_a_used_network",
    ),
    ("networks/noise_o1.py", "Dropout has the same bits", RUNGS),
    (
        "networks/normalisation.py",
        "as torch.nn.BatchNorm2d",
        "networks/normalisation_batch::test_torch_batch_norm",
    ),
    (
        "networks/normalisation.py",
        "does in PyTorch). With fixed statistics",
        "networks/normalisation_batch::test_freezing_the_parameters_lets_statistics_move",
    ),
    (
        "networks/normalisation.py",
        "in PyTorch after `eval()`",
        "networks/normalisation_batch::test_fixed_statistics_are_those_of_torch_after_eval",
    ),
    ("networks/normalisation.py", "as torch.nn.LayerNorm", "networks/normalisation::test_torch_layer_norm"),
    ("networks/pooling.py", "zeros in an average, as in PyTorch", "networks/pooling::test_same_as_torch"),
    ("networks/pooling_o1.py", "maxima are the same bits", RUNGS),
    ("networks/pooling_o2.py", "maxima are the same bits", RUNGS),
    ("networks/upsampling_o1.py", "nearest forward is the same bits", RUNGS),
    ("networks/upsampling_o2.py", "nearest forward is the same bits", RUNGS),
    ("nn/clipping.py", "as PyTorch's clip_grad_value_", "nn/clipping::test_equal_to_torch"),
    ("nn/clipping.py", WORDS_OF_THREADS, "nn/clipping::test_the_bits_do_not_depend_on_the_number_of_threads"),
    ("nn/data/colour.py", "Luminance is Pillow's", "nn/data/colour::test_luminance_is_that_of_pillow"),
    (
        "nn/kernels/normalisation/batch.py",
        "bits do not depend",
        f"networks/normalisation_batch::{NO_THREADS}",
    ),
    ("nn/kernels/convolution/backward.py", "bits do not depend", f"networks/convolution::{NO_THREADS}"),
    ("nn/kernels/optimizers/adaptive_moments.py", "the bits are the same on both paths", PARALLEL_STEPS),
    ("nn/kernels/optimizers/update_rules.py", "the bits are the same on both paths", PARALLEL_STEPS),
    (
        "nn/kernels/optimizers/penalties.py",
        WORDS_OF_THREADS,
        "nn/regularizers::test_the_penalty_has_the_same_bits_for_any_threads",
    ),
    ("nn/kernels/pooling/vectors.py", "threads never change a bit", f"networks/weightless::{NO_THREADS}"),
    (
        "nn/kernels/core/product.py",
        "never change a bit",
        "nn/kernels/product::test_blocking_does_not_change_a_bit",
    ),
    (
        "nn/kernels/core/thin_product.py",
        "to the same bits",
        "nn/kernels/thin_product::test_the_same_bits_as_the_product",
    ),
    ("nn/kernels/recurrent/layout.py", "threads never changes a bit", f"networks/lstm::{NO_THREADS}"),
    ("nn/kernels/core/scalars.py", "steps are the same bits", "nn/optimizers::test_squares_that_are_raised"),
    ("nn/kernels/softmax.py", "threads never change a bit", f"networks/weightless::{NO_THREADS}"),
    ("nn/kernels/upsampling.py", "threads never change a bit", f"networks/weightless::{NO_THREADS}"),
    ("nn/losses/binary.py", "as in PyTorch", "nn/losses/binary::test_torch_in_double_precision"),
    (
        "nn/losses/categorical.py",
        "as PyTorch's is for labels",
        "nn/losses/categorical::test_torch_gives_the_same_on_labels",
    ),
    ("nn/optimizer.py", "as in PyTorch's AdamW", STEPS),
    ("nn/optimizers/adaptive_moments.py", "keeps u from zero, as in PyTorch", STEPS),
    ("nn/optimizers/adaptive_moments.py", "That is PyTorch's NAdam", STEPS),
    ("nn/optimizers/sgd.py", "outside the velocity, as in PyTorch", STEPS),
    ("nn/optimizers/root_mean_square.py", "outside the root here, as in PyTorch", STEPS),
    (
        "nn/regularizers.py",
        "PyTorch's optimizers but AdamW",
        "nn/regularizers::test_l2_is_the_weight_decay_of_torch",
    ),
    (
        "nn/schedules/plateau.py",
        "as PyTorch's ReduceLROnPlateau",
        "nn/schedules::test_plateau_is_that_of_torch",
    ),
    (
        "nn/training/__init__.py",
        "to the same bits as without the interruption",
        "nn/training/resume::test_the_example",
    ),
    ("nn/training/race.py", "to the same bits", "nn/training/race::test_the_run_has_the_state_of_the_winner"),
    ("nn/training/early_stopping.py", "as Keras' callback does", BEST),
    ("nn/training/early_stopping.py", "whoever goes on gets the same bits", GOING_ON),
    ("nn/training/going_back.py", "it continues from there, to the same bits", GOING_ON),
    (
        "nn/training/trainer.py",
        "tried again, it gives the same bits",
        "nn/training/undone::test_an_error_anywhere",
    ),
    ("nn/training/trainer.py", "continues to the same bits", "nn/training/copies::test_a_copy_of_a_trainer"),
]
"""A file, words of a docstring in it, and a test: folder and file without `test_`, how its name begins."""


EXCHANGE = "networks/exchange/"
"""Speaks of PyTorch all the time, and its tests run both sides of every sentence."""


@cache
def docstrings(path):
    """All docstrings of a file in one line, the tables of figures left out."""
    nodes = ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8")))
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef
    text = "\n".join(ast.get_docstring(node) or "" for node in nodes if isinstance(node, kinds))
    text = re.sub(r"\.\. benchmark: begin.*?benchmark: end", "", text, flags=re.DOTALL)
    return re.sub(r"\s+", " ", text)


@pytest.mark.parametrize("package", ["nn", "networks", "workbench", "autoencoder", "experiments"])
def test_every_claim_of_equality_has_a_row(package):
    without = {}
    paths = [file.relative_to(ROOT).as_posix() for file in sorted((ROOT / package).rglob("*.py"))]
    for path in (path for path in paths if not path.startswith(EXCHANGE)):
        text = docstrings(path)
        for words in (words for where, words, _ in ROWS if where == path):
            text = text.replace(words, "")
        if found := CLAIM.findall(text):
            without[path] = found
    assert not without


@pytest.mark.parametrize(("path", "words", "test"), ROWS)
def test_every_row_has_its_claim_and_its_test(path, words, test):
    assert words in docstrings(path)
    file, _, name = test.partition("::")
    folder, _, stem = file.rpartition("/")
    assert f"\ndef {name}" in (ROOT / "tests" / folder / f"test_{stem}.py").read_text(encoding="utf-8")
