"""Learning: the training loop, what it eats, who it tells, and how it goes on where it ended."""

from nn.training.batches import Batch, BatchSource, ImageBatches
from nn.training.callbacks import Callback, LossTable, Snapshots
from nn.training.divergence import TrainingDiverged
from nn.training.progress import ProgressBar
from nn.training.trainer import Outcome, Trainer

__all__ = [
    "Batch",
    "BatchSource",
    "Callback",
    "ImageBatches",
    "LossTable",
    "Outcome",
    "ProgressBar",
    "Snapshots",
    "Trainer",
    "TrainingDiverged",
]
