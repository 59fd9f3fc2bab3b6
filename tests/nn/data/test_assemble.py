import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from nn.data.assemble import assemble
from nn.data.crops import draw_crops
from nn.data.errors import DataError
from nn.data.fit import WholePicture
from nn.data.folder import find_images
from nn.shape import Shape

SHAPE = Shape(6, 6, 1)


def fill(folder: Path, count: int) -> None:
    """Images of different sizes, each with its own number as its level."""
    for number in range(count):
        Image.new("L", (6 + 40 * (number % 3), 9), number).save(folder / f"{number:03}.png")


def test_order_is_kept_whatever_finishes_first(tmp_path: Path) -> None:
    fill(tmp_path, 60)
    images = assemble(find_images(tmp_path), WholePicture(SHAPE, "crop"))
    assert images.images[:, 0, 0, 0].tolist() == list(range(60))
    assert images.names == [f"{number:03}.png" for number in range(60)]


def test_bad_files_are_named_counted_and_leave_no_gap(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, 6)
    (tmp_path / "000.png").write_bytes(b"")
    (tmp_path / "002.png").write_text("words")
    noise = np.random.default_rng(0).integers(0, 256, (50, 50), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "003.png")
    whole = (tmp_path / "003.png").read_bytes()
    (tmp_path / "003.png").write_bytes(whole[: len(whole) // 2])
    Image.new("1", (8193, 8193)).save(tmp_path / "004.png")
    (tmp_path / "006.tif").write_bytes(b"II*\x00\x08\x00\x00\x00\xff\xff")
    (tmp_path / "007.gif").symlink_to("nowhere")
    with caplog.at_level(logging.WARNING):
        images = assemble(find_images(tmp_path), WholePicture(SHAPE, "crop"))
    assert images.names == ["001.png", "005.png"]
    assert images.images[:, 0, 0, 0].tolist() == [1, 5]
    reasons = dict(images.skipped)
    assert list(reasons) == ["000.png", "002.png", "003.png", "004.png", "006.tif", "007.gif"]
    assert "empty" in reasons["000.png"]
    assert "not an image" in reasons["002.png"]
    assert "truncated" in reasons["003.png"]
    assert "8193 x 8193 pixels" in reasons["004.png"]
    assert reasons["007.gif"] == "No such file or directory"
    for path, why in images.skipped:
        assert f"{path}: skipped: {why}" in caplog.text
    assert "6 of 8 skipped" in caplog.text


def test_a_file_without_permission_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, 2)
    opened = Path.open

    def guarded(path: Path, *options: Any, **more: Any) -> Any:
        if path.name == "000.png":
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *options, **more)

    monkeypatch.setattr(Path, "open", guarded)
    images = assemble(find_images(tmp_path), WholePicture(SHAPE, "crop"))
    assert images.skipped == [("000.png", "Permission denied")]
    assert images.names == ["001.png"]


def test_no_usable_image_names_the_folder_and_the_first_reasons(tmp_path: Path) -> None:
    for number in range(8):
        (tmp_path / f"{number}.png").write_text("words")
    with pytest.raises(DataError) as error:
        assemble(find_images(tmp_path), WholePicture(SHAPE, "crop"))
    message = str(error.value)
    assert str(tmp_path) in message and "among 8" in message
    assert "4.png: not an image" in message and "5.png" not in message


def test_pieces_of_one_picture_stay_together(tmp_path: Path) -> None:
    fill(tmp_path, 3)
    (tmp_path / "001.png").write_bytes(b"")
    cutter = draw_crops(3, SHAPE, 2, 0.0, generator=np.random.default_rng(0))
    images = assemble(find_images(tmp_path), cutter)
    assert images.names == ["000.png#0", "000.png#1", "002.png#0", "002.png#1"]
    assert images.images[:, 0, 0, 0].tolist() == [0, 0, 2, 2]


def test_masks_only_where_something_is_padding(tmp_path: Path) -> None:
    Image.new("L", (6, 6), 9).save(tmp_path / "a.png")
    pad = WholePicture(SHAPE, "pad")
    assert assemble(find_images(tmp_path), pad).masks is None
    Image.new("L", (6, 2), 9).save(tmp_path / "b.png")
    (tmp_path / "c.png").write_bytes(b"")
    masks = assemble(find_images(tmp_path), pad).masks
    assert masks is not None
    assert masks.sum(axis=(1, 2)).tolist() == [36, 12]


def test_progress_counts_every_file(tmp_path: Path) -> None:
    fill(tmp_path, 4)
    (tmp_path / "001.png").write_bytes(b"")
    calls: list[tuple[int, int]] = []
    assemble(
        find_images(tmp_path), WholePicture(SHAPE, "crop"), lambda done, total: calls.append((done, total))
    )
    assert calls == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_an_interrupt_stops_the_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, 200)
    read: list[int] = []
    pictures = find_images(tmp_path)
    opened = type(pictures).open

    def counted(self: object, index: int) -> Image.Image:
        read.append(index)
        return opened(pictures, index)

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(type(pictures), "open", counted)
    with pytest.raises(KeyboardInterrupt):
        assemble(pictures, WholePicture(SHAPE, "crop"), interrupt)
    assert len(read) < 200


def test_memory_is_asked_for_before_anything_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.png").write_bytes(b"")
    monkeypatch.setattr("nn.data.memory.available_memory", lambda: 71)
    with pytest.raises(DataError, match="a set of 1 images of 6x6x1"):
        assemble(find_images(tmp_path), WholePicture(SHAPE, "pad"))
