#!/usr/bin/env bash
# Pillow 13.0.0 and imageio 2.38.1: what is lost when frames are written as animations and read back.
#
# 1. A grey GIF whose first frame has all 256 levels: Pillow optimises the palette of every frame when it
#    writes, and takes places in those of later frames for levels when it reads, because the first was grey. PyAV
#    reads the same file right.
# 2. Equal frames are written once, in GIF, WebP and PNG, for as long as all of them; of a clip that stands still, one
#    frame is left, and but for GIF nothing says for how long. AVIF keeps them.
# 3. GIF: times are cut, not rounded, to 10 ms: 60 frames a second are shown for 10 ms each, 0.6 of the time.
# 4. imageio reads the first frame alone of an animated WebP or AVIF, and all of a GIF or PNG; index=... reads all.
#
# Seen with these versions on Python 3.11, Linux: the output below. Fails when that changes.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0 imageio==2.38.1 av==18.1.0

cat >"$folder/finding.py" <<'PYTHON'
import av
import imageio
import imageio.v3 as iio
import numpy as np
import PIL
from PIL import Image

LEVELS = np.arange(256, dtype=np.uint8).reshape(16, 16)
ONE, TWO = np.full((16, 16), 40, np.uint8), np.full((16, 16), 90, np.uint8)
ONE[:8], TWO[4:] = 200, 7


def write(name, frames, duration=100, **options):
    first, *others = map(Image.fromarray, frames)
    first.save(name, save_all=True, append_images=others, duration=duration, **options)


def read(name):
    levels, times = [], []
    with Image.open(name) as picture:
        for number in range(getattr(picture, "n_frames", 1)):
            picture.seek(number)
            levels.append(np.asarray(picture.convert("L")).astype(int))
            times.append(picture.info.get("duration"))
    return levels, times


print("Pillow", PIL.__version__, "imageio", imageio.__version__, "PyAV", av.__version__)
frames = [LEVELS, ONE, TWO]
write("grey.gif", frames)
print("grey GIF, levels off by Pillow", [int(abs(a - b).max()) for a, b in zip(read("grey.gif")[0], frames)])
with av.open("grey.gif") as container:
    decoded = [frame.to_ndarray(format="gray").astype(int) for frame in container.decode(video=0)]
print("grey GIF, levels off by PyAV", [int(abs(a - b).max()) for a, b in zip(decoded, frames)])

KINDS = {"gif": {}, "webp": {"lossless": True}, "png": {}, "avif": {"quality": 100}}
for kind, options in KINDS.items():
    write(f"merged.{kind}", [ONE, ONE, ONE, TWO, TWO, LEVELS], **options)
    write(f"still.{kind}", [ONE] * 5, **options)
    print(kind, "6 frames of 100 ms:", read(f"merged.{kind}")[1], "5 equal ones:", read(f"still.{kind}")[1])

write("fast.gif", [ONE, TWO] * 3, 1000 / 60)
print("60 frames a second:", read("fast.gif")[1])
for kind in KINDS:
    name = f"merged.{kind}"
    print("imageio", kind, iio.imread(name).shape, "with index=...", iio.imread(name, index=...).shape)
PYTHON

cd "$folder"
"$folder/environment/bin/python" "$folder/finding.py" | tee "$folder/seen"
diff "$folder/seen" - <<'SEEN'
Pillow 13.0.0 imageio 2.38.1 PyAV 18.1.0
grey GIF, levels off by Pillow [0, 199, 0]
grey GIF, levels off by PyAV [0, 0, 0]
gif 6 frames of 100 ms: [300, 200, 100] 5 equal ones: [500]
webp 6 frames of 100 ms: [300, 200, 100] 5 equal ones: [0]
png 6 frames of 100 ms: [300.0, 200.0, 100.0] 5 equal ones: [None]
avif 6 frames of 100 ms: [100, 100, 100, 100, 100, 100] 5 equal ones: [100, 100, 100, 100, 100]
60 frames a second: [10, 10, 10, 10, 10, 10]
imageio gif (3, 16, 16, 3) with index=... (3, 16, 16, 3)
imageio webp (16, 16, 3) with index=... (3, 16, 16, 3)
imageio png (3, 16, 16) with index=... (3, 16, 16)
imageio avif (16, 16) with index=... (6, 16, 16)
SEEN
