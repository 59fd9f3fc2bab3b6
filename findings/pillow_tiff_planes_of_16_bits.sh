#!/usr/bin/env bash
# Pillow 13.0.0: TIFF of 16 bits a channel, stored channel after channel, is read as if it had 8 bits.
#
# With planar configuration 2 all of red comes first, then all of green. Each plane is decoded as 8-bit samples,
# so both bytes of a number become pixels of their own, and half of every plane is left out. No error is raised.
# The same numbers with the channels of a pixel together are right: their upper bytes.
#
# Seen with Pillow 13.0.0 on Python 3.11, Linux: the output below. Fails when that changes.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0

cat >"$folder/finding.py" <<'PYTHON'
import io
import struct

import PIL
from PIL import Image


def tiff(rows, height, width, tags):
    """Uncompressed, little-endian, one strip or one plane a part."""
    offsets = [8 + sum(map(len, rows[:n])) for n in range(len(rows))]
    entries = {256: [width], 257: [height], 259: [1], 278: [height], 273: offsets, 279: list(map(len, rows))}
    entries |= tags
    body = b"".join(rows)
    after = 8 + len(body) + 2 + 12 * len(entries) + 4
    directory, more = struct.pack("<H", len(entries)), b""
    for tag, values in sorted(entries.items()):
        packed = struct.pack(f"<{len(values)}H", *values)
        if len(packed) > 4:
            place = struct.pack("<I", after + len(more))
            more += packed
        else:
            place = packed.ljust(4, b"\0")
        directory += struct.pack("<HHI", tag, 3, len(values)) + place
    return b"II*\0" + struct.pack("<I", 8 + len(body)) + body + directory + b"\0\0\0\0" + more


print("Pillow", PIL.__version__)
numbers = [[0x0100, 0x0200, 0x0300], [0x4100, 0x4200, 0x4300], [0x8100, 0x8200, 0x8300]]
planes = [struct.pack("<3H", *channel) for channel in numbers]
together = [struct.pack("<9H", *(channel[n] for n in range(3) for channel in numbers))]
tags = {258: [16, 16, 16], 262: [2], 277: [3]}
for what, contents in {
    "together": tiff(together, 1, 3, {**tags, 284: [1]}),
    "in planes": tiff(planes, 1, 3, {**tags, 284: [2]}),
}.items():
    with Image.open(io.BytesIO(contents)) as picture:
        print(what, picture.mode, [picture.getpixel((n, 0)) for n in range(3)])
PYTHON

"$folder/environment/bin/python" "$folder/finding.py" | tee "$folder/seen"
diff "$folder/seen" - <<'SEEN'
Pillow 13.0.0
together RGB [(1, 65, 129), (2, 66, 130), (3, 67, 131)]
in planes RGB [(0, 0, 0), (1, 65, 129), (0, 0, 0)]
SEEN
