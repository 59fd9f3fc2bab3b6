"""The UCR archive's text files: a series a line, its label first; separated by tabs, commas or blanks.

Format: Dau et al. (2018), "The UCR time series archive": one variable, shorter series filled with NaN.
"""

from __future__ import annotations

from pathlib import Path

from nn.data.errors import DataError
from nn.data.series.recording import Recorded, Recording
from nn.data.series.series_set import default_variables
from nn.data.series.text import (
    NotANumberError,
    parse_numbers,
    read_lines,
    without_blank_end,
    without_missing_end,
)


def read_ucr(path: Path) -> Recording:
    """Read series of one variable; NaN at the end makes one shorter, NaN before it is a missing value.

    Raises
    ------
    DataError
        Naming the line and the field, when the file has something else.
    """
    series: list[Recorded] = []
    separator, count = None, 0
    for line, text in without_blank_end(read_lines(path), path):
        if not series:
            separator = next((each for each in "\t," if each in text), None)
        fields = text.strip("\r\n").split(separator)
        count = count or len(fields)
        if len(fields) != count:
            raise DataError(
                f"{path}: line {line}: {len(fields)} fields, but {count} in the first line: fill shorter "
                "series with NaN; is the line cut off?"
            )
        if count < 2:
            raise DataError(f"{path}: line {line}: one field: a label and values, separated, are needed")
        series.append(_recorded(fields, line, len(series), path))
    return Recording(series, default_variables(1), how_to_label="begin every line with it")


def _recorded(fields: list[str], line: int, number: int, path: Path) -> Recorded:
    try:
        values = parse_numbers(fields[1:])
    except NotANumberError as error:
        raise DataError(
            f"{path}: line {line}, field {error.index + 2}: {error}: only the first field is a label; a "
            "missing value is NaN"
        ) from error
    return Recorded(without_missing_end(values[:, None]), str(number), fields[0].strip(" "), [line])
