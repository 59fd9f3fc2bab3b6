#!/usr/bin/env bash
# aeon 1.6.0, sktime 1.2.0 and SciPy 1.17.1: what they read from correct files of labelled series.
#
# 1. aeon and sktime lower-case whole lines of a .ts file, so that classes are not those of the file: "Up" and
#    "UP" become one. aeon then writes every "nan" as "NaN": class "Banana" becomes "baNaNa". Both keep the case of
#    the .arff form of the same set, so labels of the two forms differ.
# 2. A .ts file without @classLabel: aeon takes all values as the label and returns series of no steps.
# 3. With times that are decimal numbers, aeon returns the times in place of the values; sktime takes them for dates
#    and refuses them. A blank line at the end is refused by aeon.
# 4. Weka quotes a class that has a blank in it: aeon and sktime keep the quotes, SciPy refuses the line.
#
# Seen with these versions on Python 3.11, Linux: the output below. Fails when that changes.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/pip" install --quiet --disable-pip-version-check aeon==1.6.0 sktime==1.2.0 scipy==1.17.1

cat >"$folder/finding.py" <<'PYTHON'
import os
import warnings

warnings.filterwarnings("ignore")

import aeon
import scipy
import sktime
from aeon.datasets import load_from_arff_file, load_from_ts_file
from scipy.io.arff import loadarff
from sktime.datasets import load_from_arff_to_dataframe, load_from_tsfile

HEADER = "@problemName x\n@timeStamps {}\n@missing false\n@univariate true\n@equalLength true\n"
CLASSES = "@classLabel true Banana UP Up\n@data\n"
FILES = {
    "case.ts": HEADER.format("false") + CLASSES + "1,2:Banana\n3,4:UP\n5,6:Up\n",
    "undeclared.ts": HEADER.format("false") + "@data\n1,2\n3,4\n",
    "blank.ts": HEADER.format("false") + CLASSES + "1,2:UP\n3,4:Up\n\n",
    "times.ts": HEADER.format("true") + CLASSES + "(0.0,1),(0.5,2):UP\n(0.0,3),(0.5,4):Up\n",
    "case.arff": "@relation x\n@attribute a real\n@attribute c {Banana,UP,'Up and on'}\n@data\n"
    "1,Banana\n2,UP\n3,'Up and on'\n",
}


def seen(read, name):
    try:
        series, labels = read(name)
        if hasattr(series, "values"):
            series = [[list(map(float, variable)) for variable in row] for row in series.values]
        return [each if isinstance(each, list) else each.tolist() for each in series], list(map(str, labels))
    except Exception as error:
        return type(error).__name__


print("aeon", aeon.__version__, "sktime", sktime.__version__, "SciPy", scipy.__version__)
for name, text in FILES.items():
    with open(name, "w") as file:
        file.write(text)
    is_ts = name.endswith(".ts")
    print(name)
    print("  aeon", seen(load_from_ts_file if is_ts else load_from_arff_file, name))
    print("  sktime", seen(load_from_tsfile if is_ts else load_from_arff_to_dataframe, name))
    if not is_ts:
        print("  SciPy", seen(lambda name: (loadarff(name)[0]["a"], loadarff(name)[0]["c"]), name))
PYTHON

cd "$folder"
"$folder/environment/bin/python" "$folder/finding.py" | tee "$folder/seen"
diff "$folder/seen" - <<'SEEN'
aeon 1.6.0 sktime 1.2.0 SciPy 1.17.1
case.ts
  aeon ([[[1.0, 2.0]], [[3.0, 4.0]], [[5.0, 6.0]]], ['baNaNa', 'up', 'up'])
  sktime ([[[1.0, 2.0]], [[3.0, 4.0]], [[5.0, 6.0]]], ['banana', 'up', 'up'])
undeclared.ts
  aeon ([[], []], ['1,2', '3,4'])
  sktime OSError
blank.ts
  aeon OSError
  sktime ([[[1.0, 2.0]], [[3.0, 4.0]]], ['up', 'up'])
times.ts
  aeon ([[[0.0, 0.5]], [[0.0, 0.5]]], ['up', 'up'])
  sktime DateParseError
case.arff
  aeon ([[[1.0]], [[2.0]], [[3.0]]], ['Banana', 'UP', "'Up and on'"])
  sktime ([[[1.0]], [[2.0]], [[3.0]]], ['Banana', 'UP', "'Up and on'"])
  SciPy ValueError
SEEN
