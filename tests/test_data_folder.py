import os
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from nn.data.errors import DataError
from nn.data.folder import find_images, open_image, reason
from nn.data.picture import PIXEL_LIMIT


def save(path: Path, level: int = 100) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (4, 4), level).save(path)
    return path


def png_header(width: int, height: int) -> bytes:
    """A PNG that promises many pixels and holds none."""
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    end = struct.pack(">I", 0) + b"IEND" + struct.pack(">I", zlib.crc32(b"IEND"))
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body)) + end


def test_nested_folders_in_the_order_of_their_relative_paths(tmp_path: Path) -> None:
    for name in ("b.png", "a/z.jpg", "a/B.PNG", "a-b/c.bmp", "a/inner/x.gif", "10.png", "9.png"):
        save(tmp_path / name)
    assert find_images(tmp_path).names == [
        "10.png",
        "9.png",
        "a-b/c.bmp",
        "a/B.PNG",
        "a/inner/x.gif",
        "a/z.jpg",
        "b.png",
    ]


def test_hidden_and_other_files_are_ignored(tmp_path: Path) -> None:
    for name in (".hidden.png", ".thumbnails/a.png", "kept.png", "sub/._kept.png"):
        save(tmp_path / name)
    for name in ("notes.txt", "table.csv", "README", "page.md"):
        (tmp_path / name).write_text("text")
    images = find_images(tmp_path)
    assert images.names == ["kept.png"]
    assert not images.skipped


def test_links_are_followed_and_loops_end(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    save(outside / "far.png")
    root = tmp_path / "root"
    save(root / "near.png")
    (root / "linked").symlink_to(outside)
    (root / "loop").symlink_to(root)
    (outside / "back").symlink_to(root / "linked")
    assert find_images(root).names == ["linked/far.png", "near.png"]


def test_broken_links_are_candidates_that_fail_to_open(tmp_path: Path) -> None:
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere.png")
    (tmp_path / "self.png").symlink_to(tmp_path / "self.png")
    images = find_images(tmp_path)
    assert images.names == ["gone.png", "self.png"]
    with pytest.raises(OSError, match="No such file"):
        images.open(0)
    with pytest.raises(OSError, match="symbolic links"):
        images.open(1)


def test_a_folder_that_cannot_be_listed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(tmp_path / "good/a.png")
    (tmp_path / "locked").mkdir()
    scandir = os.scandir

    def guarded(path: str) -> object:
        if Path(path).name in ("locked", "root"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    images = find_images(tmp_path)
    assert images.names == ["good/a.png"]
    assert images.skipped == [("locked", "Permission denied")]
    with pytest.raises(DataError, match="cannot list the folder: Permission denied"):
        find_images(tmp_path / "locked")


def test_first_keeps_the_order(tmp_path: Path) -> None:
    for name in ("c.png", "a.png", "b.png"):
        save(tmp_path / name)
    assert find_images(tmp_path).first(2).names == ["a.png", "b.png"]


@pytest.mark.parametrize(
    "suffix", ["png", "jpg", "gif", "bmp", "tif", "webp", "pgm", "tga", "ico", "pcx", "jp2"]
)
def test_common_formats_open(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"picture.{suffix}"
    Image.new("RGB", (16, 16), (200, 10, 10)).save(path)
    with open_image(path) as picture:
        assert picture.size == (16, 16)
        picture.load()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"These are words, not pixels.", "not an image"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 4 4\n%%EndComments\n", "not an image"),
        (png_header(PIXEL_LIMIT + 1, 1), "more than the limit"),
    ],
)
def test_files_that_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "file.png"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        open_image(path)


def test_a_bomb_is_refused_by_its_header(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(png_header(60_000, 60_000))
    with pytest.raises(Image.DecompressionBombError):
        open_image(path)


def test_as_many_pixels_as_the_limit_open(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    path.write_bytes(png_header(PIXEL_LIMIT // 2, 2))
    with open_image(path) as picture:
        assert picture.width * picture.height == PIXEL_LIMIT


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(DataError, match="not a regular file"):
        open_image(tmp_path / "pipe.png")


def test_reasons_are_short() -> None:
    assert reason(PermissionError(13, "Permission denied", "/long/path")) == "Permission denied"
    assert reason(ValueError("bad value")) == "bad value"
    assert reason(MemoryError()) == "MemoryError"
