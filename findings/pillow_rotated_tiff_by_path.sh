#!/usr/bin/env bash
# Pillow 13.0.0: a rotated TIFF that is opened by its path comes out with its rows cut in the wrong places.
#
# An uncompressed TIFF of grey, 16-bit, RGBA or CMYK pixels whose orientation is 5 to 8 (the camera was held on
# its side) is mapped into memory when Pillow is given its path. The map is made with width and height swapped
# already, as the picture will have them once it is turned, so rows of 3 pixels are read as rows of 2; then it
# is turned, and ends with the sides that it was stored with. The same bytes from memory are read right, and so
# is RGB, which is not mapped.
#
# Seen with Pillow 13.0.0 on Python 3.11, Linux: the output below. Fails when that changes.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0

cat >"$folder/finding.py" <<'PYTHON'
import io
import sys

import PIL
from PIL import Image

print("Pillow", PIL.__version__)
for mode, size in {"L": 1, "I;16": 2, "RGBA": 4, "CMYK": 4, "RGB": 3}.items():
    stored = Image.frombytes(mode, (3, 2), bytes(range(6 * size)))  # rows of 3: pixels 0 1 2, 3 4 5
    exif = Image.Exif()
    exif[274] = 6  # to be turned a quarter to the right: rows of 2, pixels 3 0, 4 1, 5 2
    file = io.BytesIO()
    stored.save(file, "TIFF", exif=exif)
    with open(sys.argv[1], "wb") as written:
        written.write(file.getvalue())

    def pixels(source):
        with Image.open(source) as picture:
            data = picture.tobytes()
            return picture.size, [data[n] // size for n in range(0, len(data), size)]

    print(mode, "path", *pixels(sys.argv[1]), "memory", *pixels(io.BytesIO(file.getvalue())))
PYTHON

"$folder/environment/bin/python" "$folder/finding.py" "$folder/picture.tif" | tee "$folder/seen"
diff "$folder/seen" - <<'SEEN'
Pillow 13.0.0
L path (3, 2) [4, 2, 0, 5, 3, 1] memory (2, 3) [3, 0, 4, 1, 5, 2]
I;16 path (3, 2) [4, 2, 0, 5, 3, 1] memory (2, 3) [3, 0, 4, 1, 5, 2]
RGBA path (3, 2) [4, 2, 0, 5, 3, 1] memory (2, 3) [3, 0, 4, 1, 5, 2]
CMYK path (3, 2) [4, 2, 0, 5, 3, 1] memory (2, 3) [3, 0, 4, 1, 5, 2]
RGB path (2, 3) [3, 0, 4, 1, 5, 2] memory (2, 3) [3, 0, 4, 1, 5, 2]
SEEN
