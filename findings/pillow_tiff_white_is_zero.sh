#!/usr/bin/env bash
# Pillow 13.0.0: TIFF of 16 bits in which 0 is white comes out as its negative, and 12 bits come out dark.
#
# Photometric interpretation 0 says that 0 is white. Grey of 1 to 8 bits is turned into light, that of 16 bits is
# left as it is stored, with nothing to tell the two apart but the tag. Grey of 12 bits becomes mode I;16 with
# numbers of 0 to 4095, which everything that takes I;16 for 0 to 65535 shows sixteen times too dark.
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
for bits, rows in {8: b"\x00\x80\xff", 16: struct.pack("<3H", 0, 0x8000, 0xFFFF)}.items():
    for photometric in (1, 0):
        contents = tiff([rows], 1, 3, {258: [bits], 262: [photometric], 277: [1]})
        with Image.open(io.BytesIO(contents)) as picture:
            print(bits, "bits, 0 is", ("white", "black")[photometric], [picture.getpixel((n, 0)) for n in range(3)])
contents = tiff([b"\x00\x0f\xff\x80\x00\x00"], 1, 3, {258: [12], 262: [1], 277: [1]})
with Image.open(io.BytesIO(contents)) as picture:
    print("12 bits, 0 is black", picture.mode, [picture.getpixel((n, 0)) for n in range(3)])
PYTHON

"$folder/environment/bin/python" "$folder/finding.py" | tee "$folder/seen"
diff "$folder/seen" - <<'SEEN'
Pillow 13.0.0
8 bits, 0 is black [0, 128, 255]
8 bits, 0 is white [255, 127, 0]
16 bits, 0 is black [0, 32768, 65535]
16 bits, 0 is white [0, 32768, 65535]
12 bits, 0 is black I;16 [0, 4095, 2048]
SEEN
