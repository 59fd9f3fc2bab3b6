"""Every kind of picture file: it is read as it was written, computed without the library that reads."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, features

from autoencoder.web.uploads import decode
from nn.data import load_all
from nn.data.colour import to_channels
from nn.data.errors import DataError
from nn.data.fit import WholePicture
from nn.data.folder import open_image
from nn.data.levels import Levels, to_eight_bits
from nn.shape import Shape
from tests.support.picture_files import (
    COLOUR,
    COLOUR_ALPHA,
    GREY,
    GREY_ALPHA,
    PALETTE,
    UPRIGHT,
    orientation_exif,
    png,
    shown,
    tiff,
)

HEIGHT, WIDTH = 5, 7
SIDEWAYS = (1, 3, 6, 7)
"""Orientations that represent all: upright, upside down, on its side, on its side in a mirror."""

LAYOUTS = [{}, {"rows_per_strip": 2}, {"tile": 16}]


def drawn(channels, top, seed=0):
    generator = np.random.default_rng(seed)
    return generator.integers(0, top + 1, (HEIGHT, WIDTH, channels)).astype(np.uint32)


def levels(samples, top):
    return samples.astype(np.float64) * 255 / top


def check(tmp_path, contents, suffix, colours, alpha=None, orientation=1, tolerance=1.01):
    """Compare a file, read by its path and from memory, with colours and alpha in levels of 0 to 255."""
    path = tmp_path / f"picture{suffix}"
    path.write_bytes(contents)
    for channels in (1, 3, 4):
        expected = UPRIGHT[orientation](shown(colours, channels, alpha))
        shape = Shape(*expected.shape)
        with open_image(path) as picture:
            pixels = WholePicture(shape, "stretch")(picture, 0)[0].pixels
        np.testing.assert_array_equal(pixels, decode(contents, shape, "stretch"))
        if channels == 4:  # where it is transparent, the colour does not matter
            pixels = np.where(expected[..., 3:] > 0, pixels, np.append(expected[..., :3], pixels[..., 3:], 2))
        np.testing.assert_allclose(pixels, expected, atol=tolerance)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_grey_png_with_and_without_a_transparent_level(tmp_path, bits, orientation):
    top = 2**bits - 1
    samples = drawn(1, top)
    transparent = samples[2, 3, 0]
    samples[1, 1] = transparent ^ 1  # next to it, which is another level
    colours = levels(samples, top)
    check(tmp_path, png(samples, GREY, bits, orientation=orientation), ".png", colours, None, orientation)
    for more in (0, 1 << bits if bits < 16 else 0):  # bits beyond those of a sample do not count
        if bits == 1 and more:
            continue
        contents = png(
            samples, GREY, bits, orientation=orientation, transparent=struct.pack(">H", transparent | more)
        )
        alpha = np.where(samples == transparent, 0.0, 255.0)
        check(tmp_path, contents, ".png", colours, alpha, orientation)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("orientation", SIDEWAYS)
def test_colour_png_with_and_without_a_transparent_colour(tmp_path, bits, orientation):
    top = 2**bits - 1
    samples = drawn(3, top)
    samples[1, 1] = samples[3, 3] = samples[2, 2]
    samples[3, 3, 1] ^= 1  # the same in its upper half
    colours = levels(samples, top)
    check(tmp_path, png(samples, COLOUR, bits, orientation=orientation), ".png", colours, None, orientation)
    key = struct.pack(">HHH", *(int(each) | (0 if bits == 16 else 0x300) for each in samples[2, 2]))
    contents = png(samples, COLOUR, bits, orientation=orientation, transparent=key)
    alpha = np.where((samples == samples[2, 2]).all(axis=2, keepdims=True), 0.0, 255.0)
    assert (alpha == 0).sum() == 2
    check(tmp_path, contents, ".png", colours, alpha, orientation)


@pytest.mark.parametrize(("bits", "channels"), [(1, 1), (2, 1), (4, 1), (8, 1), (16, 1), (8, 3), (16, 3)])
def test_interlaced_png_with_a_transparent_colour(tmp_path, bits, channels):
    samples = drawn(channels, 2**bits - 1)
    samples[4, 6] = samples[2, 2]
    key = struct.pack(f">{channels}H", *map(int, samples[2, 2]))
    kind = GREY if channels == 1 else COLOUR
    contents = png(samples, kind, bits, interlaced=True, transparent=key, orientation=8)
    alpha = np.where((samples == samples[2, 2]).all(axis=2, keepdims=True), 0.0, 255.0)
    check(tmp_path, contents, ".png", levels(samples, 2**bits - 1), alpha, 8)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("colour_type", [GREY_ALPHA, COLOUR_ALPHA])
@pytest.mark.parametrize("orientation", SIDEWAYS)
def test_png_with_alpha(tmp_path, colour_type, bits, orientation):
    samples = drawn(2 if colour_type == GREY_ALPHA else 4, 2**bits - 1)
    numbers = levels(samples, 2**bits - 1)
    contents = png(samples, colour_type, bits, orientation=orientation)
    check(tmp_path, contents, ".png", numbers[..., :-1], numbers[..., -1:], orientation, tolerance=2.1)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
@pytest.mark.parametrize("alphas", [None, "one", "all"])
def test_png_with_a_palette(tmp_path, bits, alphas):
    generator = np.random.default_rng(1)
    samples, palette = drawn(1, 2**bits - 1), generator.integers(0, 256, (2**bits, 3), np.uint8)
    opaque = np.full(2**bits, 255, np.uint8)
    opaque[0] = 0
    opaque = generator.integers(0, 256, 2**bits, np.uint8) if alphas == "all" else opaque
    transparent = {None: None, "one": opaque[:1].tobytes(), "all": opaque.tobytes()}[alphas]
    for orientation in SIDEWAYS:
        contents = png(
            samples,
            PALETTE,
            bits,
            palette=palette.tobytes(),
            transparent=transparent,
            orientation=orientation,
        )
        alpha = opaque[samples].astype(float) if alphas else None
        check(tmp_path, contents, ".png", palette[samples[..., 0]], alpha, orientation, tolerance=2.1)


def check_tiff(tmp_path, samples, bits, photometric, colours, alpha=None, tolerance=1.01, **tags):
    """Compare uncompressed TIFF, which Pillow maps when given a path, with its content in every layout."""
    for order in tags.pop("orders", "<>"):
        for number, orientation in enumerate(UPRIGHT):
            for layout in (LAYOUTS[number % 2], {"tile": 16}):
                options = {"order": order, "orientation": orientation, **layout, **tags}
                contents = tiff(samples, bits, photometric, **options)
                check(tmp_path, contents, ".tif", colours, alpha, orientation, tolerance)


ORDERS = {
    False: {1: "<>", 2: "<>", 4: "<>", 8: "<>", 12: "<", 16: "<>", 32: "<"},
    True: {1: "<>", 2: "<>", 4: "<>", 8: "<>", 16: "<"},
}
"""Byte orders in which Pillow reads grey of a number of bits, as light and as ink."""


@pytest.mark.parametrize(("ink", "bits"), [(ink, bits) for ink in ORDERS for bits in ORDERS[ink]])
def test_tiff_of_grey(tmp_path, bits, ink):
    top = 65535 if bits == 32 else 2**bits - 1
    samples = drawn(1, top)
    colours = levels(samples, top)
    colours = 255 - colours if ink else colours
    check_tiff(tmp_path, samples, bits, 1 - ink, colours, orders=ORDERS[ink][bits])


@pytest.mark.parametrize("ink", [False, True])
def test_tiff_of_floating_point(tmp_path, ink):
    samples = np.random.default_rng(0).random((HEIGHT, WIDTH, 1)).astype(np.float32)
    check_tiff(tmp_path, samples, 32, 1 - ink, 255 * (1 - samples if ink else samples))


COLOURS = {"LA": (1, 2), "La": (1, 1), "RGB": (2, None), "RGBA": (2, 2), "RGBa": (2, 1), "RGBX": (2, 0)}
"""Photometric interpretation and meaning of the extra sample, by what there is of a pixel."""


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("mode", [*COLOURS, "CMYK"])
def test_tiff_of_colours(tmp_path, mode, bits):
    if bits == 16 and mode in ("LA", "La"):
        pytest.skip("no format that Pillow knows")
    photometric, extra = COLOURS.get(mode, (5, None))
    top = 2**bits - 1
    samples = drawn(len(mode), top)
    has_alpha, is_multiplied = mode[-1] in "aA", mode[-1] == "a"
    if has_alpha:
        samples[..., -1] = samples[..., -1] // 2 + top // 2
    if is_multiplied:
        samples[..., :-1] = samples[..., :-1] * samples[..., -1:].astype(np.float64) / top
    numbers = levels(samples, top)
    colours, alpha = (numbers[..., :-1], numbers[..., -1:]) if has_alpha else (numbers[..., :3], None)
    if is_multiplied:
        colours = colours * 255 / alpha
    if mode == "CMYK":
        colours = (255 - colours) * (255 - numbers[..., 3:]) / 255
    tags = {} if extra is None else {"extra": extra}
    check_tiff(tmp_path, samples, bits, photometric, colours, alpha, 4.1, **tags)


def test_tiff_of_planes(tmp_path):
    samples = drawn(3, 255)
    check_tiff(tmp_path, samples, 8, 2, levels(samples, 255), planes=True)
    with pytest.raises(DataError, match="16 bits a channel, in planes, which Pillow takes for 8: save it"):
        check_tiff(tmp_path, drawn(3, 65535), 16, 2, levels(samples, 255), planes=True)


@pytest.mark.parametrize("bits", [1, 4, 8])
def test_tiff_of_palettes(tmp_path, bits):
    samples = drawn(1, 2**bits - 1)
    palette = np.random.default_rng(1).integers(0, 256, (2**bits, 3))
    stored = (257 * palette.T).ravel().tolist()
    check_tiff(tmp_path, samples, bits, 3, palette[samples[..., 0]], palette=stored)


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits"])
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_compressed_tiff(tmp_path, compression, orientation, dtype):
    top = {np.uint8: 255, np.uint16: 65535, np.float32: 1}[dtype]
    samples = (np.random.default_rng(0).random((HEIGHT, WIDTH)) * top).astype(dtype)
    file, exif = io.BytesIO(), Image.Exif()
    exif[274] = orientation
    Image.fromarray(samples).save(file, "TIFF", compression=compression, exif=exif)
    check(tmp_path, file.getvalue(), ".tif", levels(samples[..., None], top), None, orientation)


def test_a_whole_folder_of_rotated_files(tmp_path):
    samples = drawn(1, 65535)
    for orientation in range(1, 9):
        (tmp_path / f"{orientation}.tif").write_bytes(tiff(samples, 16, 1, orientation=orientation))
    for sides, several in {(HEIGHT, WIDTH): (1, 2, 3, 4), (WIDTH, HEIGHT): (5, 6, 7, 8)}.items():
        images = load_all(tmp_path, Shape(*sides, 1), fit="stretch").images
        for orientation in several:
            expected = UPRIGHT[orientation](levels(samples, 65535))
            np.testing.assert_allclose(images[orientation - 1], expected, atol=0.51)


@pytest.mark.parametrize("top", [1, 15, 255, 1000, 65535])
@pytest.mark.parametrize("channels", [1, 3])
def test_portable_maps_of_every_depth(tmp_path, top, channels):
    samples = drawn(channels, top)
    header = f"P{5 if channels == 1 else 6}\n{WIDTH} {HEIGHT}\n{top}\n".encode()
    contents = header + samples.astype(np.uint8 if top < 256 else ">u2").tobytes()
    check(tmp_path, contents, ".pgm" if channels == 1 else ".ppm", levels(samples, top))


def test_bitmaps_of_portable_maps(tmp_path):
    samples = drawn(1, 1)
    rows = np.packbits(1 - samples[..., 0].astype(np.uint8), axis=1)  # 1 is ink
    check(tmp_path, f"P4\n{WIDTH} {HEIGHT}\n".encode() + rows.tobytes(), ".pbm", levels(samples, 1))


def test_windows_bitmaps(tmp_path):
    samples = drawn(3, 255)
    rows = [
        row[:, ::-1].astype(np.uint8).tobytes().ljust(-(-3 * WIDTH // 4) * 4, b"\0") for row in samples[::-1]
    ]
    pixels = b"".join(rows)
    header = struct.pack("<IiiHHIIiiII", 40, WIDTH, HEIGHT, 1, 24, 0, len(pixels), 0, 0, 0, 0)
    contents = b"BM" + struct.pack("<IHHI", 54 + len(pixels), 0, 0, 54) + header + pixels
    check(tmp_path, contents, ".bmp", levels(samples, 255))


@pytest.mark.parametrize("format_name", ["WEBP", "JPEG", "AVIF", "PNG"])
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_formats_of_cameras(tmp_path, format_name, orientation, mode):
    if format_name in ("WEBP", "AVIF") and not features.check(format_name.lower()):
        pytest.skip(f"Pillow without {format_name}")
    smooth = np.linspace(0, 200, HEIGHT)[:, None, None] + np.linspace(0, 50, WIDTH)[:, None]
    colours = np.rint(smooth) if mode == "L" else np.rint(smooth * [1, 0.9, 0.8])
    exif = Image.Exif()
    exif[274] = orientation
    options = {
        "WEBP": {"lossless": True},
        "JPEG": {"quality": 100, "subsampling": 0},
        "AVIF": {"quality": 100},
    }
    pixels = np.squeeze(colours.astype(np.uint8))
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format_name, exif=exif, **options.get(format_name, {}))
    tolerance = {"JPEG": 4, "AVIF": 12}.get(format_name, 1.01)
    check(tmp_path, file.getvalue(), f".{format_name.lower()}", colours, None, orientation, tolerance)


@pytest.mark.parametrize("format_name", ["WEBP", "AVIF"])
def test_alpha_of_other_formats(tmp_path, format_name):
    if not features.check(format_name.lower()):
        pytest.skip(f"Pillow without {format_name}")
    alpha = np.full((HEIGHT, WIDTH, 1), 255.0)
    alpha[:2] = 0
    colours = np.full((HEIGHT, WIDTH, 3), 90.0)
    file = io.BytesIO()
    pixels = np.append(colours, alpha, axis=2).astype(np.uint8)
    options = {"lossless": True, "exact": True} if format_name == "WEBP" else {"quality": 100}
    Image.fromarray(pixels).save(file, format_name, **options)
    check(tmp_path, file.getvalue(), ".webp", colours, alpha, tolerance=4)


@pytest.mark.parametrize("grey", [False, True])
@pytest.mark.parametrize("transparent", [None, 3])
@pytest.mark.parametrize("colours", [4, 100, 256])
def test_gif(tmp_path, grey, transparent, colours):
    samples = drawn(1, colours - 1)
    palette = np.random.default_rng(1).integers(0, 256, (colours, 3), np.uint8)
    palette = np.repeat(np.arange(colours, dtype=np.uint8)[:, None], 3, axis=1) if grey else palette
    picture = Image.fromarray(samples[..., 0].astype(np.uint8))
    if not grey:
        picture = Image.frombytes("P", (WIDTH, HEIGHT), samples.astype(np.uint8).tobytes())
        picture.putpalette(palette.tobytes())
    file = io.BytesIO()
    options = {} if transparent is None else {"transparency": transparent}
    picture.save(file, "GIF", optimize=False, **options)
    alpha = None if transparent is None else np.where(samples == transparent, 0.0, 255.0)
    check(tmp_path, file.getvalue(), ".gif", palette[samples[..., 0]], alpha)


def lab_to_rgb(lab):
    """sRGB of CIELAB under D50 (CIE 15:2004; Bradford; IEC 61966-2-1), 0 to 255."""
    lightness, a, b = np.moveaxis(lab, 2, 0)
    f = np.stack(
        [(lightness + 16) / 116 + a / 500, (lightness + 16) / 116, (lightness + 16) / 116 - b / 200], 2
    )
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * [0.9642, 1, 0.8251]
    to_linear = np.array(
        [
            [3.1338561, -1.6168667, -0.4906146],
            [-0.9787684, 1.9161415, 0.0334540],
            [0.0719453, -0.2289914, 1.4052427],
        ]
    )
    linear = np.clip(xyz @ to_linear.T, 0, 1)
    return 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def test_lab(tmp_path):
    generator = np.random.default_rng(0)
    lightness = generator.integers(90, 200, (HEIGHT, WIDTH, 1))
    opponents = generator.integers(-20, 20, (HEIGHT, WIDTH, 2))
    samples = np.append(lightness, opponents % 256, axis=2).astype(np.uint8)
    expected = lab_to_rgb(np.append(lightness * 100 / 255, opponents, axis=2))
    check(tmp_path, tiff(samples, 8, 8), ".tif", expected, tolerance=3)


MODES = {
    "1": lambda grey, colour, alpha: (np.where(grey > 127, 255, 0), None),
    "L": lambda grey, colour, alpha: (grey, None),
    "LA": lambda grey, colour, alpha: (grey, alpha),
    "La": lambda grey, colour, alpha: (grey, alpha),
    "I": lambda grey, colour, alpha: (grey, None),
    "I;16": lambda grey, colour, alpha: (grey, None),
    "I;16B": lambda grey, colour, alpha: (grey, None),
    "F": lambda grey, colour, alpha: (grey, None),
    "P": lambda grey, colour, alpha: (colour, None),
    "PA": lambda grey, colour, alpha: (colour, alpha),
    "RGB": lambda grey, colour, alpha: (colour, None),
    "RGBX": lambda grey, colour, alpha: (colour, None),
    "RGBA": lambda grey, colour, alpha: (colour, alpha),
    "RGBa": lambda grey, colour, alpha: (colour, alpha),
    "CMYK": lambda grey, colour, alpha: (colour, None),
    "YCbCr": lambda grey, colour, alpha: (colour, None),
    "HSV": lambda grey, colour, alpha: (colour, None),
}
"""Every mode of Pillow, and which colours and alpha a picture made in it has."""


def made(mode, grey, colour, alpha):
    """Return a picture of a mode, from numbers."""
    size, share = (grey.shape[1], grey.shape[0]), alpha / 255
    several = {
        "1": (grey > 127).astype(np.uint8) * 255,
        "L": grey,
        "LA": np.append(grey, alpha, 2),
        "La": np.append(np.rint(grey * share), alpha, 2),
        "RGB": colour,
        "RGBX": np.append(colour, alpha, 2),
        "RGBA": np.append(colour, alpha, 2),
        "RGBa": np.append(np.rint(colour * share), alpha, 2),
        "CMYK": np.append(255 - colour, 0 * alpha, 2),
    }
    if mode == "1":
        return Image.fromarray(several["1"][..., 0]).convert("1", dither=Image.Dither.NONE)
    if mode in several:
        return Image.frombytes(mode, size, several[mode].astype(np.uint8).tobytes())
    if mode in ("YCbCr", "HSV"):
        return Image.fromarray(colour.astype(np.uint8)).convert(mode)
    if mode in ("P", "PA"):
        indices = np.arange(grey.size, dtype=np.uint8).reshape(grey.shape)
        data = indices if mode == "P" else np.append(indices, alpha.astype(np.uint8), 2)
        picture = Image.frombytes(mode, size, data.tobytes())
        picture.putpalette(colour.astype(np.uint8).tobytes())
        return picture
    numbers = {"I": ("<i4", 257), "I;16": ("<u2", 257), "I;16B": (">u2", 257), "F": ("<f4", 1 / 255)}
    dtype, factor = numbers[mode]
    return Image.frombytes(mode, size, (grey * factor).astype(dtype).tobytes())


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_every_mode_of_pillow(mode, channels):
    generator = np.random.default_rng(0)
    grey = generator.integers(0, 256, (HEIGHT, WIDTH, 1))
    colour = generator.integers(0, 256, (HEIGHT, WIDTH, 3))
    alpha = generator.integers(128, 256, (HEIGHT, WIDTH, 1))
    picture = made(mode, grey, colour, alpha)
    assert picture.mode == mode
    expected = shown(*(MODES[mode](grey, colour, alpha)[:1]), channels, MODES[mode](grey, colour, alpha)[1])
    found = np.atleast_3d(np.asarray(to_channels(picture, channels)))
    tolerance = {"YCbCr": 3, "HSV": 4, "La": 2, "RGBa": 2}.get(mode, 1.6)
    np.testing.assert_allclose(found, expected, atol=tolerance)


BROKEN_EXIF = {
    "empty": b"",
    "words": b"no tags at all",
    "header only": b"II*\0",
    "far": b"II*\0\xff\xff\xff\x7f",
    "cut": orientation_exif(1)[:-9],
    "twice": b"Exif\0\0Exif\0\0" + orientation_exif(1),
    "text": b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHI", 274, 2, 4) + b"abc\0\0\0\0\0",
    "many": b"II*\0\x08\0\0\0\xff\xff" + struct.pack("<HHIHH", 274, 3, 1, 1, 0),
    "ninth": orientation_exif(9),
}


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("broken", BROKEN_EXIF.values(), ids=list(BROKEN_EXIF))
@pytest.mark.parametrize("format_name", ["JPEG", "PNG", "WEBP"])
def test_broken_exif_says_nothing(tmp_path, format_name, broken):
    colours = np.full((HEIGHT, WIDTH, 3), 100.0)
    colours[0] = 200
    pixels = colours.astype(np.uint8)
    if format_name == "PNG":
        contents = png(pixels, COLOUR, 8, exif=broken)
    else:
        file = io.BytesIO()
        exif = b"Exif\0\0" + broken if format_name == "JPEG" else broken
        Image.fromarray(pixels).save(file, format_name, exif=exif, **{"lossless": True, "quality": 100})
        contents = file.getvalue()
    check(tmp_path, contents, f".{format_name.lower()}", colours, tolerance=5)


def test_exif_with_more_than_an_orientation_turns(tmp_path):
    """Tags whose values cannot be written again are harmless: nothing writes them."""
    samples = drawn(1, 255)
    entries = struct.pack("<HHIHH", 274, 3, 1, 6, 0) + struct.pack("<HHII", 34665, 2, 4, 0x41424344)
    exif = b"II*\0\x08\0\0\0\x02\0" + entries + b"\0\0\0\0"
    check(tmp_path, png(samples, GREY, 8, exif=exif), ".png", levels(samples, 255), None, 6)


def test_text_that_is_called_transparency_is_no_level(tmp_path):
    samples = drawn(1, 65535)
    text = b"transparency\0none"
    whole = png(samples, GREY, 16)
    import zlib

    chunk = struct.pack(">I", len(text)) + b"tEXt" + text + struct.pack(">I", zlib.crc32(b"tEXt" + text))
    check(tmp_path, whole[:33] + chunk + whole[33:], ".png", levels(samples, 65535))


def test_levels_go_either_way():
    pixels = np.array([0, 1000, 4095], np.uint16)
    assert to_eight_bits(pixels, Levels(0, 4095)).tolist() == [0, 62, 255]
    assert to_eight_bits(pixels, Levels(4095, 0)).tolist() == [255, 193, 0]


def test_a_file_is_read_into_memory_up_to_a_limit(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "large.tif"
    path.write_bytes(tiff(drawn(1, 255), 8, 1))
    monkeypatch.setattr("nn.data.folder.FILE_LIMIT", 50)
    with pytest.raises(ValueError, match="bytes, more than the limit of 50 bytes: not read"):
        open_image(path)
