#!/usr/bin/env bash
# Pillow 13.0.0: the transparent grey or colour of a PNG is lost where samples have 2, 4 or 16 bits.
#
# A PNG without alpha may name one grey or colour that is transparent (chunk tRNS), in the samples as they are
# stored. Pillow keeps that number as it is and compares it with pixels that it has scaled to 8 bits meanwhile:
# grey 1 of 0 to 3 becomes 85, and 85 is not 1. Of 16-bit colours only the upper halves are left, which are
# compared with the lower halves of the number; 16-bit grey loses it on the way to a mode with alpha. In each
# file below the first of two pixels is transparent; right is an alpha of 0, 255, as with 1 and 8 bits.
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
import zlib

import PIL
from PIL import Image


def png(bits, colour, row, transparent):
    chunks = {
        b"IHDR": struct.pack(">IIBBBBB", 2, 1, bits, colour, 0, 0, 0),
        b"tRNS": transparent,
        b"IDAT": zlib.compress(b"\0" + row),
        b"IEND": b"",
    }
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks.items()
    )


def alpha(contents):
    with Image.open(io.BytesIO(contents)) as picture:
        try:
            return picture.mode, list(picture.convert("RGBA").getchannel("A").tobytes())
        except ValueError as error:
            return picture.mode, str(error)


print("Pillow", PIL.__version__)
for bits, row in {1: b"\x80", 2: b"\x60", 4: b"\x12", 8: b"\x01\x02", 16: b"\x01\x00\x02\x00"}.items():
    first = {16: 0x0100}.get(bits, 1)
    print(bits, "bits, grey", first, *alpha(png(bits, 0, row, struct.pack(">H", first))))
for bits, row in {8: b"\x01\x02\x03\x04\x05\x06", 16: struct.pack(">6H", 258, 516, 774, 5, 6, 7)}.items():
    first = [1, 2, 3] if bits == 8 else [258, 516, 774]
    print(bits, "bits, colour", first, *alpha(png(bits, 2, row, struct.pack(">3H", *first))))
PYTHON

"$folder/environment/bin/python" "$folder/finding.py" | tee "$folder/seen"
diff "$folder/seen" - <<'SEEN'
Pillow 13.0.0
1 bits, grey 1 1 [0, 255]
2 bits, grey 1 L [255, 255]
4 bits, grey 1 L [255, 255]
8 bits, grey 1 L [0, 255]
16 bits, grey 256 I;16 [255, 255]
8 bits, colour [1, 2, 3] RGB [0, 255]
16 bits, colour [258, 516, 774] RGB [255, 255]
SEEN
