"""Images from outside: fitted like those of a run, and refused with a reason."""

import asyncio
import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("nicegui")

from autoencoder.web import uploads
from autoencoder.web.uploads import LARGEST_UPLOAD, WAITING, read_upload
from nn.data import DataError, load_all
from nn.shape import Shape


def read(contents: bytes, shape: tuple[int, int, int] = (6, 8, 3), fit: str = "crop") -> np.ndarray:
    return asyncio.run(read_upload(contents, shape, fit))  # type: ignore[arg-type]


def encode(pixels: np.ndarray, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch", "random-crop"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_an_upload_is_fitted_as_the_images_of_a_run(tmp_path, fit, channels):
    for number, pixels in enumerate((noise(20, 30, 3), noise(20, 30), noise(9, 7, 4), noise(3, 40, 3))):
        contents = encode(pixels)
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "image.png").write_bytes(contents)
        expected = load_all(tmp_path / str(number), Shape(6, 8, channels), fit=fit).images[0]
        image = read(contents, (6, 8, channels), fit)
        assert image.dtype == np.uint8 and image.shape == (6, 8, channels)
        assert np.array_equal(image, expected)


def test_the_right_size_stays_as_it_is():
    pixels = noise(6, 8, 3)
    assert np.array_equal(read(encode(pixels)), pixels)
    assert read(encode(pixels, "JPEG", quality=95)).shape == (6, 8, 3)
    assert np.array_equal(read(encode(noise(6, 8), "GIF"), (6, 8, 1))[..., 0], noise(6, 8))


def png(width: int, height: int) -> bytes:
    """Return the beginning of a PNG of some size."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = b"IDAT" + zlib.compress(b"")
    chunks = [struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in (header, data)]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.parametrize(
    ("contents", "reason"),
    [
        (b"", "empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not an image of a known format"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n", "not an image of a known format"),
        (b"\x89PNG\r\n\x1a\n", "."),
        (png(50_000, 50_000), r"more than [\d,]+ pixels: not decoded"),
        (png(8000, 7000), "8000 x 7000 pixels take 854.5 MiB to decode, more than the .* beside the run"),
        (encode(noise(50, 50, 3))[:2000], "truncated|broken|Truncated"),
        (bytes(LARGEST_UPLOAD + 1), "more than the limit"),
        (np.random.default_rng(1).bytes(5000), "not an image of a known format"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_reason(contents, reason):
    with pytest.raises(DataError, match=reason):
        read(contents)


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_damaged_images_of_every_kind_are_read_or_refused():
    generator = np.random.default_rng(9)
    for kind in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "TGA", "ICO", "DDS", "PCX", "SGI"):
        whole = bytearray(encode(noise(16, 16, 3), kind))
        for _ in range(20):
            damaged = bytearray(whole)
            for place in generator.integers(0, len(damaged), 4):
                damaged[place] = generator.integers(256)
            try:
                assert read(bytes(damaged)).shape == (6, 8, 3)
            except DataError as error:
                assert str(error)


def test_one_is_decoded_at_a_time_and_few_wait(monkeypatch):
    running, most = 0, 0
    decode = uploads.decode

    def counted(*arguments: object) -> np.ndarray:
        nonlocal running, most
        running += 1
        most = max(most, running)
        image = decode(*arguments)  # type: ignore[arg-type]
        running -= 1
        return image

    monkeypatch.setattr(uploads, "decode", counted)
    contents = encode(noise(200, 200, 3))

    async def run() -> list[object]:
        tasks = [read_upload(contents, (6, 8, 3), "crop") for _ in range(WAITING + 3)]
        return await asyncio.gather(*tasks, return_exceptions=True)

    results = asyncio.run(run())
    assert most == 1
    assert sum(isinstance(result, np.ndarray) for result in results) == WAITING
    assert all("try again" in str(result) for result in results[WAITING:])
    assert read(contents).shape == (6, 8, 3)


def test_a_photograph_of_48_megapixels_is_read_at_the_size_that_is_needed():
    file = io.BytesIO()
    Image.new("RGB", (8000, 6000), (250, 120, 10)).save(file, "JPEG", quality=50)
    image = read(file.getvalue())
    assert image.shape == (6, 8, 3) and np.abs(image.astype(int) - (250, 120, 10)).max() < 8


@pytest.mark.parametrize(
    ("kind", "options", "fit", "refused"),
    [
        ("JPEG", {}, "crop", False),
        ("JPEG", {"progressive": True}, "crop", True),
        ("JPEG", {}, "random-crop", True),
        ("PNG", {}, "crop", True),
    ],
)
def test_it_is_the_memory_that_decides(monkeypatch, kind, options, fit, refused):
    monkeypatch.setattr(uploads, "available_memory", lambda: 2_000_000)
    contents = encode(np.zeros((600, 500, 3), np.uint8), kind, **options)
    if refused:
        with pytest.raises(DataError, match=r"500 x 600 pixels take .* beside the run"):
            read(contents, fit=fit)
    else:
        assert read(contents, fit=fit).shape == (6, 8, 3)
