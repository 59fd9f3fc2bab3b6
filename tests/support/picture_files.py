"""Picture files made byte by byte, and what they show, computed without the library that reads them."""

import struct
import zlib

import numpy as np

WHITE = 255.0

GREY, COLOUR, PALETTE, GREY_ALPHA, COLOUR_ALPHA = 0, 2, 3, 4, 6
"""Colour types of PNG."""

UPRIGHT = {
    1: lambda stored: stored,
    2: lambda stored: stored[:, ::-1],
    3: lambda stored: stored[::-1, ::-1],
    4: lambda stored: stored[::-1],
    5: lambda stored: stored.swapaxes(0, 1),
    6: lambda stored: np.rot90(stored, -1),
    7: lambda stored: stored[::-1, ::-1].swapaxes(0, 1),
    8: np.rot90,
}
"""The orientations of EXIF 2.32, tag 274, and how stored rows become upright."""


def orientation_exif(orientation):
    """Return an EXIF block that holds an orientation alone."""
    entry = struct.pack("<HHIHH", 274, 3, 1, orientation, 0)
    return b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", 1) + entry + struct.pack("<I", 0)


def packed_rows(samples, bits):
    """Return the bytes of every row of samples (height, width, channels): big end first, rows whole bytes."""
    flat = samples.reshape(len(samples), -1).astype(np.uint64)
    shifts = np.arange(bits - 1, -1, -1, dtype=np.uint64)
    digits = (flat[..., None] >> shifts & np.uint64(1)).astype(np.uint8).reshape(len(samples), -1)
    return [row.tobytes() for row in np.packbits(digits, axis=1)]


PASSES = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
"""Adam7: the first row and column of every pass, and the steps to the next."""


def png(samples, colour_type, bits, *, interlaced=False, orientation=None, exif=None, **tables):
    """Return a PNG of samples (height, width, channels); `transparent` is the body of its tRNS."""
    height, width = samples.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, interlaced)
    passes = PASSES if interlaced else [(0, 0, 1, 1)]
    parts = [samples[top::down, left::right] for top, left, down, right in passes]
    rows = [row for part in parts if part.size for row in packed_rows(part, bits)]
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    transparent, palette = tables.get("transparent"), tables.get("palette")
    exif = orientation_exif(orientation) if orientation else exif
    chunks = [(b"IHDR", header), (b"PLTE", palette), (b"tRNS", transparent), (b"eXIf", exif)]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in [*chunks, (b"IDAT", pixels), (b"IEND", b"")]
        if body is not None
    )


def tiff(samples, bits, photometric, *, order="<", orientation=1, rows_per_strip=None, tile=None, **tags):
    """Return an uncompressed TIFF of samples (height, width, channels); floats where they are floats.

    `extra` is the meaning of an extra sample, `palette` the colours; `planes` stores channel after channel.
    """
    height, width, channels = samples.shape
    if tile:
        corners = [(top, left) for top in range(0, height, tile) for left in range(0, width, tile)]
        parts = [_block(samples, top, left, tile) for top, left in corners]
    else:
        rows_per_strip = rows_per_strip or height
        parts = [samples[top : top + rows_per_strip] for top in range(0, height, rows_per_strip)]
    if "planes" in tags:
        parts = [part[..., [channel]] for channel in range(channels) for part in parts]
    data = [_tiff_bytes(part, bits, order) for part in parts]
    entries = {
        256: (4, [width]),
        257: (4, [height]),
        258: (3, [bits] * channels),
        259: (3, [1]),
        262: (3, [photometric]),
        274: (3, [orientation]),
        277: (3, [channels]),
        339: (3, [{"u": 1, "i": 2, "f": 3}[samples.dtype.kind]] * channels),
    }
    if tile:
        entries |= {322: (4, [tile]), 323: (4, [tile]), 325: (4, [len(each) for each in data])}
    else:
        entries |= {278: (4, [rows_per_strip]), 279: (4, [len(each) for each in data])}
    if "extra" in tags:
        entries[338] = (3, [tags["extra"]])
    if "planes" in tags:
        entries[284] = (3, [2])
    if "palette" in tags:
        entries[320] = (3, tags["palette"])
    offsets = 8 + np.cumsum([0] + [len(each) + len(each) % 2 for each in data])
    entries[324 if tile else 273] = (4, offsets[:-1].tolist())
    body = b"".join(each + b"\0" * (len(each) % 2) for each in data)
    return _with_directory(body, entries, order)


def _block(samples, top, left, side):
    block = np.zeros((side, side, samples.shape[2]), samples.dtype)
    part = samples[top : top + side, left : left + side]
    block[: part.shape[0], : part.shape[1]] = part
    return block


def _tiff_bytes(part, bits, order):
    if bits < 16:
        return b"".join(packed_rows(part, bits))
    return part.astype(f"{order}{part.dtype.kind}{bits // 8}").tobytes()


def _with_directory(body, entries, order):
    start = 8 + len(body)
    after = start + 2 + 12 * len(entries) + 4
    directory, more = struct.pack(f"{order}H", len(entries)), b""
    for tag, (kind, values) in sorted(entries.items()):
        packed = struct.pack(f"{order}{len(values)}{'HI'[kind == 4]}", *values)
        if len(packed) > 4:
            place = struct.pack(f"{order}I", after + len(more))
            more += packed + b"\0" * (len(packed) % 2)
        else:
            place = packed.ljust(4, b"\0")
        directory += struct.pack(f"{order}HHI", tag, kind, len(values)) + place
    header = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(f"{order}I", start)
    return header + body + directory + struct.pack(f"{order}I", 0) + more


def shown(colours, channels, alpha=None):
    """Return colours (height, width, 1 or 3), 0 to 255, in a number of channels: laid over white, or with
    alpha.

    Luminance is that of ITU-R BT.601.
    """
    colours = np.broadcast_to(colours, (*colours.shape[:2], 3)).astype(np.float64)
    alpha = np.full((*colours.shape[:2], 1), WHITE) if alpha is None else alpha
    if channels == 4:
        return np.concatenate([colours, alpha], axis=2)
    over_white = colours * (alpha / WHITE) + WHITE - alpha
    return over_white if channels == 3 else over_white @ np.array([[0.299], [0.587], [0.114]])
