"""Training: the loop, its sources of batches, its callbacks, and how to resume.

A classifier of points with early stopping and snapshots:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from networks import Dense
    >>> from nn import Adam, ArrayBatches, CategoricalCrossEntropyWithLogits, EarlyStopping
    >>> from nn import Snapshots, Trainer, load_latest

    >>> generator = np.random.default_rng(1)
    >>> points = generator.normal(size=(300, 2)).astype(np.float32)
    >>> labels = (points[:, 0] > points[:, 1]).astype(np.int64)
    >>> data = ArrayBatches(points, labels)
    >>> training, held_out = data.split(0.2, generator=generator, labels=labels)

    >>> def make_trainer():
    ...     weights, order = np.random.default_rng(2).spawn(2)
    ...     network = Dense(2, 2, generator=weights)
    ...     loss, optimizer = CategoricalCrossEntropyWithLogits(), Adam(0.05)
    ...     return Trainer(network, loss, optimizer, training, held_out, batch_size=32, generator=order)

    >>> path = Path(tempfile.mkdtemp()) / "model.safetensors"
    >>> callbacks = [EarlyStopping("accuracy", patience=5), Snapshots(path, 60, {})]
    >>> outcome = make_trainer().train(epochs=2, callbacks=callbacks)
    >>> outcome.row.step
    16

Another process continues from the snapshot, to the same bits as without the interruption:

    >>> resumed = make_trainer()
    >>> resumed.restore(load_latest(path))
    >>> outcome = resumed.train(epochs=20, callbacks=[EarlyStopping("accuracy", patience=5)])
    >>> outcome.row.metrics["accuracy"] > 0.95
    True
"""

from nn.training.batch import Batch, BatchSource
from nn.training.batches import ArrayBatches, ImageBatches
from nn.training.callbacks import Callback, LossTable, Snapshots
from nn.training.divergence import TrainingDiverged
from nn.training.early_stopping import Best, EarlyStopping
from nn.training.evaluation import Evaluation, evaluate
from nn.training.learning_rate import LearningRate
from nn.training.losses import Losses
from nn.training.memory import TrainingMemoryError
from nn.training.options import Options
from nn.training.outcome import Outcome
from nn.training.prefetch import Prefetched
from nn.training.progress import ProgressBar
from nn.training.race import Race
from nn.training.split import split
from nn.training.statistics import Statistics, StatisticsRow
from nn.training.tensorboard import TensorBoard
from nn.training.trainer import Trainer

__all__ = [
    "ArrayBatches",
    "Batch",
    "BatchSource",
    "Best",
    "Callback",
    "EarlyStopping",
    "Evaluation",
    "ImageBatches",
    "LearningRate",
    "LossTable",
    "Losses",
    "Options",
    "Outcome",
    "Prefetched",
    "ProgressBar",
    "Race",
    "Snapshots",
    "Statistics",
    "StatisticsRow",
    "TensorBoard",
    "Trainer",
    "TrainingDiverged",
    "TrainingMemoryError",
    "evaluate",
    "split",
]
