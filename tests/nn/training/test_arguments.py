"""Arguments of a trainer: other types are refused by name, with advice what to give instead."""

from pathlib import Path

import numpy as np
import pytest

from nn.training import Callback, EarlyStopping, LearningRate, Options, ProgressBar, Snapshots
from tests.support.tiny_training import make_images, make_trainer


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"loss": "huber"}, r"loss is 'huber': give one of nn.losses, such as loss_by_name"),
        ({"optimizer": "adam"}, r"optimizer is 'adam': give one of nn.optimizers, such as optimizer_by_name"),
        ({"schedule": "cosine"}, r"schedule is 'cosine': give one of nn.schedules, such as schedule_by_name"),
        ({"generator": 3}, r"generator is 3: give numpy.random.default_rng\(seed\)"),
        ({"generator": None}, r"generator is None: give numpy.random.default_rng\(seed\)"),
        ({"batch_size": 2.5}, "batch size 2.5 must be a whole number"),
        ({"batch_size": True}, "batch size True must be a whole number"),
        ({"batches": make_images()}, r"batches is of type ndarray: give nn.training.ArrayBatches\("),
        ({"batches": (make_images(), None)}, r"batches is of type tuple: give nn.training.ArrayBatches\("),
        ({"held_out": make_images()}, r"held_out is of type ndarray: give nn.training.ArrayBatches\("),
    ],
)
def test_another_kind_of_argument_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        make_trainer(**arguments)


@pytest.mark.parametrize(
    ("callbacks", "message"),
    [
        (ProgressBar(), "callbacks is of type ProgressBar: give a list of them"),
        ([Callback(), EarlyStopping], r"callbacks\[1\] is the class EarlyStopping: give an object"),
    ],
)
def test_what_is_no_list_of_callbacks_is_refused(callbacks, message):
    trainer = make_trainer()
    with pytest.raises(ValueError, match=message):
        trainer.train(epochs=1, callbacks=callbacks)
    assert trainer.step == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"regularizers": 0.1}, "regularizers is 0.1: give a list of them"),
        ({"regularizers": ["l2"]}, r"regularizers\[0\] is 'l2': give one of nn.regularizers"),
        ({"metrics": ["accuracy"]}, r"metrics\[0\] is 'accuracy': give one of nn.metrics"),
        ({"clipping": 1.0}, "clipping is 1.0: give one of nn.clipping"),
    ],
)
def test_another_kind_of_option_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Options(**options)


@pytest.mark.parametrize("limits", [{"epochs": "3"}, {"minutes": -1}, {"epochs": float("nan")}])
def test_a_limit_is_a_number(limits):
    (name,) = limits
    with pytest.raises(ValueError, match=f"{name} .* must be a finite number of at least 0"):
        make_trainer().train(**limits)


def test_settings_of_callbacks_are_numbers():
    with pytest.raises(ValueError, match="interval 'often' must be a finite number of at least 0"):
        Snapshots(Path("model.safetensors"), "often", {})
    with pytest.raises(ValueError, match=r"learning rate '0.1' must be a finite number of at least 0"):
        LearningRate({0: "0.1"})
    with pytest.raises(ValueError, match=r"patience 2.5 must be a whole number of at least 1"):
        EarlyStopping(patience=2.5)


def test_a_path_is_no_snapshot():
    with pytest.raises(ValueError, match=r"snapshot is of type .*Path: give nn.snapshot.load_latest\(path\)"):
        make_trainer().restore(Path("model.safetensors"))


def test_numpy_numbers_are_numbers():
    trainer = make_trainer(batch_size=np.int64(5))
    trainer.train(epochs=np.float64(0.2))
    assert trainer.step == 1
