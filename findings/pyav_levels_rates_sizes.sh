#!/usr/bin/env bash
# PyAV 18.1.0: levels, rates and sizes of video files that it writes.
#
# 1. H.264 without loss (qp 0) in "gray" comes back up to 18 levels off here: the levels are stored as 0 to 255, but not
#    marked so, and readers take them for 16 to 235. With the stream and every frame marked as full range they are
#    exact. So is FFV1 as it is.
# 2. A GIF of 60 frames a second has an average rate of 100, the resolution of its times; its times are right on
#    the whole. FFV1 in Matroska says nothing about the number of its frames.
# 3. A height or width that is odd fails in the encoder, with an error that does not say so; in "gray" it does not.
#
# Seen with this version on Python 3.11, Linux: the output below. Fails when that changes.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/environment"
"$folder/environment/bin/pip" install --quiet --disable-pip-version-check av==18.1.0 numpy==2.4.6

cat >"$folder/finding.py" <<'PYTHON'
import av
import numpy as np

FULL = 2


def write(name, codec, layout, height=16, width=16, rate=25, marked=False, **options):
    ramp = (np.arange(width) * 255 // (width - 1)).astype(np.uint8)
    frames = [np.ascontiguousarray(np.broadcast_to(np.roll(ramp, step), (height, width))) for step in range(6)]
    with av.open(name, "w") as container:
        stream = container.add_stream(codec, rate=rate, options=options)
        stream.height, stream.width, stream.pix_fmt = height, width, layout
        if marked:
            stream.codec_context.color_range = FULL
        for frame in frames:
            picture = av.VideoFrame.from_ndarray(frame, format="gray")
            if marked:
                picture.color_range = FULL
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return np.stack(frames).astype(int)


def read(name):
    with av.open(name) as container:
        return np.stack([frame.to_ndarray(format="gray") for frame in container.decode(video=0)]).astype(int)


print("PyAV", av.__version__)
for what, how in {
    "H.264": ("a.mp4", "libx264", "gray"),
    "H.264 marked as full range": ("b.mp4", "libx264", "gray"),
    "FFV1": ("c.mkv", "ffv1", "gray"),
}.items():
    options = {"qp": "0"} if "264" in what else {}
    frames = write(*how, marked="marked" in what, **options)
    print(what, "is off by up to", abs(read(how[0]) - frames).max())

write("d.gif", "gif", "gray", rate=60)
for name in ("d.gif", "c.mkv"):
    with av.open(name) as container:
        stream = container.streams.video[0]
        times = [packet.pts for packet in container.demux(stream) if packet.size]
        print(name, "rate", stream.average_rate, "frames", stream.frames, "times", times)

for layout in ("gray", "yuv420p"):
    try:
        write("e.mp4", "libx264", layout, 15, 17)
        print("15 x 17", layout, read("e.mp4").shape)
    except Exception as error:
        print("15 x 17", layout, type(error).__name__, error)
PYTHON

cd "$folder"
"$folder/environment/bin/python" "$folder/finding.py" 2>/dev/null | tee "$folder/seen"
diff "$folder/seen" - <<'SEEN'
PyAV 18.1.0
H.264 is off by up to 18
H.264 marked as full range is off by up to 0
FFV1 is off by up to 0
d.gif rate 100 frames 6 times [0, 2, 3, 5, 7, 8]
c.mkv rate 25 frames 0 times [0, 40, 80, 120, 160, 200]
15 x 17 gray (6, 15, 17)
15 x 17 yuv420p ExternalError [Errno 542398533] Generic error in an external library: 'avcodec_open2("libx264", {})'
SEEN
