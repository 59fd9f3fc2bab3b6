"""Time series: from files to arrays, divided, cut into windows and scaled; and made-up ones to try."""

from nn.data.series.load import load_series
from nn.data.series.overlap import check_apart
from nn.data.series.pieces import cut_windows
from nn.data.series.roles import Roles
from nn.data.series.scaler import Scaler
from nn.data.series.series_set import SeriesSet
from nn.data.series.splits import split_by_time, split_series
from nn.data.series.timegan import sines, timegan_order

__all__ = [
    "Roles",
    "Scaler",
    "SeriesSet",
    "check_apart",
    "cut_windows",
    "load_series",
    "sines",
    "split_by_time",
    "split_series",
    "timegan_order",
]
