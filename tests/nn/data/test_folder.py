import logging
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nn.data.assemble import MOST_NAMED
from nn.data.errors import DataError
from nn.data.folder import find_images, open_image, reason
from nn.data.load import load_all
from nn.data.picture import PIXEL_LIMIT, image_suffixes
from nn.data.unread import SUFFIXES
from nn.shape import Shape
from tests.support.odd_names import ODD_NAMES, file_name


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
    with pytest.raises(DataError, match="more than 67,108,864 pixels: not decoded"):
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
    assert reason(ValueError("bad\nvalue")) == r"bad\nvalue"


def test_odd_names_survive_as_lines_and_open(tmp_path: Path) -> None:
    folder = tmp_path / file_name(b"odd\xff\n")
    folder.mkdir()
    for level, name in enumerate(ODD_NAMES):
        with open(folder / file_name(name), "wb") as file:
            Image.new("L", (4, 4), level).save(file, "PNG")
    images = find_images(tmp_path)
    assert sorted(images.names) == sorted(rf"odd\xff\n/{written}" for written in ODD_NAMES.values())
    levels = {name: np.asarray(images.open(n))[0, 0] for n, name in enumerate(images.names)}
    assert levels == {rf"odd\xff\n/{written}": n for n, written in enumerate(ODD_NAMES.values())}


HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 40


def test_pictures_that_are_not_read_are_named_and_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    save(tmp_path / "a.png")
    for name in ("b.HEIC", "deep/c.heif", "d.svg", "e.CR2", "f.pdf", "g.psb", "h\n.jxl"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(HEIC)
    for name in ("table.h5", "film.mp4", "notes.txt", "data.hdf", ".hidden.heic"):
        (tmp_path / name).write_bytes(b"something")
    with caplog.at_level(logging.WARNING):
        images = load_all(tmp_path, Shape(4, 4, 1))
    assert images.names == ["a.png"]
    expected = ["b.HEIC", "d.svg", "deep/c.heif", "e.CR2", "f.pdf", "g.psb", r"h\n.jxl"]
    assert [each.path for each in images.skipped] == expected
    assert images.skipped[0].reason == "HEIC, which is not read here: save it as PNG, JPEG or TIFF"
    assert all(f"{path}: skipped: {why}" in caplog.messages for path, why in images.skipped)
    assert f"{tmp_path}: 7 of 8 skipped" in caplog.messages


def test_many_of_them_are_counted_by_reason(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    save(tmp_path / "a.png")
    for number in range(MOST_NAMED + 30):
        (tmp_path / f"{number:03}.heic").write_bytes(HEIC)
    (tmp_path / "zz.jpg").write_bytes(b"")
    with caplog.at_level(logging.WARNING):
        images = load_all(tmp_path, Shape(4, 4, 1))
    assert len(images.skipped) == MOST_NAMED + 31
    assert sum("skipped: HEIC" in message for message in caplog.messages) == MOST_NAMED
    assert caplog.messages[-2].startswith("and 31 more, 30 of them: HEIC, which is not read here")
    assert caplog.messages[-2].endswith("1 of them: the file is empty")
    assert caplog.messages[-1] == f"{tmp_path}: 51 of 52 skipped"


@pytest.mark.parametrize(
    ("contents", "kind"),
    [
        (HEIC, "HEIC"),
        (b"\0\0\0\x18ftypavis" + b"\0" * 40, "AVIF"),
        (b"\0\0\0\x18ftypmp42" + b"\0" * 40, "a film"),
        (b"\xff\x0a" + b"\0" * 40, "JPEG XL"),
        (b"%PDF-1.7\n", "PDF"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "PostScript"),
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b"<!DOCTYPE html><html><body>404", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS"),
    ],
)
def test_what_is_called_an_image_and_is_none_is_named(tmp_path: Path, contents: bytes, kind: str) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(contents)
    with pytest.raises(DataError, match=f"not an image of a known format: it holds {kind}"):
        open_image(path)


def test_folders_of_systems_are_ignored(tmp_path: Path) -> None:
    for folder in ("__MACOSX", "@eaDir", "$RECYCLE.BIN", "sub/__MACOSX", "sub/.git"):
        save(tmp_path / folder / "a.png")
    save(tmp_path / "kept.png")
    assert find_images(tmp_path).names == ["kept.png"]


def test_a_folder_that_is_called_like_an_image_is_entered(tmp_path: Path) -> None:
    save(tmp_path / "album.png" / "a.jpg")
    save(tmp_path / "album.heic" / "b.PNG")
    (tmp_path / "link.png").symlink_to(tmp_path / "album.png", target_is_directory=True)
    assert find_images(tmp_path).names == ["album.heic/b.PNG", "album.png/a.jpg"]


def test_suffixes_of_formats_that_are_read() -> None:
    assert {".png", ".jpg", ".mpo", ".tiff", ".webp", ".jp2", ".psd"} <= image_suffixes()
    assert not {".h5", ".hdf", ".pdf", ".mpg", ".grib", ".eps", ".wmf"} & image_suffixes()
    assert {".pdf", ".eps", ".heic", ".svg"} <= SUFFIXES.keys()


def test_what_this_pillow_lacks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nn.data.folder.image_suffixes", lambda: frozenset({".png"}))
    for name in ("a.png", "b.avif", "c.webp"):
        save(tmp_path / "a.png")
        (tmp_path / name).touch()
    images = find_images(tmp_path)
    assert images.names == ["a.png"]
    assert [each.reason.split(",")[0] for each in images.skipped] == ["AVIF", "WebP"]
