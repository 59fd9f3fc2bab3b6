"""Loading images of one shape from folders, IDX files, arrays, or rendered digits."""

from nn.data.digits import digits
from nn.data.errors import DataError
from nn.data.expectation import DataSet, Expectation, ExpectationError
from nn.data.fit import FITS, Fit
from nn.data.image_set import ImageSet, Skipped
from nn.data.load import load_all, load_images

__all__ = [
    "FITS",
    "DataError",
    "DataSet",
    "Expectation",
    "ExpectationError",
    "Fit",
    "ImageSet",
    "Skipped",
    "digits",
    "load_all",
    "load_images",
]
