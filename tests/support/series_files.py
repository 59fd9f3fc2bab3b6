"""Made-up series, and files of every format that hold them."""

import csv
from pathlib import Path
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

Series = list[np.ndarray]
"""float64 (steps, variables) each; NaN where a value is missing."""

COLUMNS = ("", "x", "y", "z")


class Labelled(NamedTuple):
    """Series, and the class of each; no classes without labels."""

    series: Series
    labels: list[str]


numbers = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([0.0, -0.0, 1e-5, -3e20, 5e-324])
any_text = st.text(
    st.characters(codec="utf-8", exclude_characters="\r\n\0\x1a", exclude_categories=("Zl", "Zp", "Cc")),
    min_size=1,
)
words = st.text(st.characters(categories=("L", "N", "P", "S"), exclude_characters=":#@%"), min_size=1)
"""What has no blanks, nor a character that means something at the start of a line."""


@st.composite
def labelled_series(
    draw: st.DrawFn, *, equal: bool = False, texts: st.SearchStrategy[str] = words, most_variables: int = 3
) -> Labelled:
    """Draw one to four series, of the same variables, and their labels."""
    count, variables = draw(st.integers(1, 4)), draw(st.integers(1, most_variables))
    same = draw(st.integers(1, 5))
    series = []
    for _ in range(count):
        steps = same if equal else draw(st.integers(1, 5))
        flat = draw(st.lists(numbers, min_size=steps * variables, max_size=steps * variables))
        series.append(np.array(flat).reshape(steps, variables))
    labels = draw(st.lists(texts, min_size=count, max_size=count)) if draw(st.booleans()) else []
    return Labelled(series, labels)


def said(value: float, missing: str = "?") -> str:
    """Write a number so that it is read back to the bit."""
    return missing if np.isnan(value) else repr(float(value))


def write_step_rows(path: Path, data: Labelled) -> None:
    """Write a CSV file with a row for every step."""
    variables = data.series[0].shape[1]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["series", *(["label"] if data.labels else []), *COLUMNS[1 : variables + 1]])
        for number, values in enumerate(data.series):
            for step in values:
                label = [data.labels[number]] if data.labels else []
                writer.writerow([f"s{number}", *label, *(said(value, "") for value in step)])


def write_series_rows(path: Path, data: Labelled) -> None:
    """Write a CSV file with a row for every series; shorter ones end in empty fields."""
    variables = data.series[0].shape[1]
    steps = max(map(len, data.series))
    names = [f"{name}{step}" for name in COLUMNS[1 : variables + 1] for step in range(steps)]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*names, *(["label"] if data.labels else [])])
        for number, values in enumerate(data.series):
            fields = np.full((steps, variables), np.nan)
            fields[: len(values)] = values
            label = [data.labels[number]] if data.labels else []
            writer.writerow([*(said(value, "") for value in fields.T.flat), *label])


def write_ucr(path: Path, data: Labelled, separator: str = "\t") -> None:
    """Write the UCR form of series of one variable."""
    steps = max(map(len, data.series))
    lines = []
    for label, values in zip(data.labels, data.series, strict=True):
        column = [*(said(value, "NaN") for value in values[:, 0]), *["NaN"] * (steps - len(values))]
        lines.append(separator.join([label, *column]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_ts(path: Path, data: Labelled, *, classes: list[str] | None = None, timed: bool = False) -> None:
    """Write the `.ts` form; with `timed` a step is at 0.5 times its number."""
    declared = classes if classes is not None else sorted(set(data.labels))
    lines = [
        "# a comment: with a colon",
        "@problemName made-up",
        f"@timeStamps {'true' if timed else 'false'}",
        f"@univariate {'true' if data.series[0].shape[1] == 1 else 'false'}",
        f"@equalLength {'true' if len(set(map(len, data.series))) == 1 else 'false'}",
        f"@classLabel {' '.join(['true', *declared]) if data.labels else 'false'}",
        "@data",
    ]
    for number, values in enumerate(data.series):
        columns = [
            ",".join(
                f"({0.5 * step},{said(value)})" if timed else said(value) for step, value in enumerate(column)
            )
            for column in values.T
        ]
        lines.append(":".join([*columns, *(data.labels[number : number + 1])]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_arff(path: Path, data: Labelled, *, classes: list[str] | None = None) -> None:
    """Write the `.arff` form: one variable as numeric attributes, more as a relational one."""
    steps, variables = max(map(len, data.series)), data.series[0].shape[1]
    declared = classes if classes is not None else sorted(set(data.labels))
    attributes = [f"@attribute t{step} numeric" for step in range(steps)]
    if variables > 1:
        attributes = ["@ATTRIBUTE all relational", *(f"  {each}" for each in attributes), "@end all"]
    lines = ["% a comment", "@relation 'made up'", "", *attributes]
    if data.labels:
        lines.append(f"@attribute class {{{','.join(map(quoted, declared))}}}")
    lines.append("@data")
    for number, values in enumerate(data.series):
        rows = [",".join([*map(said, column), *["?"] * (steps - len(column))]) for column in values.T]
        text = rows[0] if variables == 1 else "'" + r"\n".join(rows) + "'"
        lines.append(",".join([text, *map(quoted, data.labels[number : number + 1])]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def quoted(text: str) -> str:
    """Quote a text as Weka does."""
    return "'" + text.replace("\\", r"\\").replace("'", r"\'") + "'"
