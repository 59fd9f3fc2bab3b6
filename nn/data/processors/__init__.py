"""From raw files to what a network takes, described in JSON beside the model and made again from it."""

from nn.data.processors.images import RandomCrop, RandomFlips, RandomLight, ReadImages
from nn.data.processors.log_mel import LogMel
from nn.data.processors.pipeline import PROCESSORS, READERS, Prepared, Processors
from nn.data.processors.processor import Processor, Reader
from nn.data.processors.scaling import ScalePixels, ScaleVariables
from nn.data.processors.series import CutWindows, ReadSeries
from nn.data.processors.sound import ReadSound
from nn.data.processors.video import ReadClips

__all__ = [
    "PROCESSORS",
    "READERS",
    "CutWindows",
    "LogMel",
    "Prepared",
    "Processor",
    "Processors",
    "RandomCrop",
    "RandomFlips",
    "RandomLight",
    "ReadClips",
    "ReadImages",
    "ReadSeries",
    "ReadSound",
    "Reader",
    "ScalePixels",
    "ScaleVariables",
]
