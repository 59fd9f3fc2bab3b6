"""Results: what is drawn of a model, how files are written."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from autoencoder.drawing import STRONGEST, draw_model
from autoencoder.files import picture_names, prepare_for_pictures, write_pictures
from autoencoder.model import AutoEncoder
from autoencoder.results import COLUMNS, SWEPT, spread, sweep
from tests.support.autoencoder_runs import tiny_settings
from workbench.errors import InputError


def make(**changes: Any) -> AutoEncoder:
    return AutoEncoder.create(tiny_settings(**changes), generator=np.random.default_rng(3))


LOCAL = {"architecture": "local", "layers": "3,2", "code_size": 4, "channels": 3}


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, ["input", "dense 1", "code", "dense 3", "output"]),
        (LOCAL, ["input", "local 1", "local 2", "code", "local 4", "local 5", "output"]),
        ({"architecture": "graph", "connections": 3}, ["input", "graph 1", "code", "graph 3", "output"]),
    ],
)
def test_every_layer_is_drawn_with_its_values(changes: dict[str, Any], names: list[str]):
    model = make(**changes)
    image = np.random.default_rng(1).random(model.shape, np.float32)
    drawing = draw_model(model, image)
    assert [layer.name for layer in drawing.layers] == names
    np.testing.assert_array_equal(drawing.layers[0].values, image)
    code = drawing.layers[names.index("code")]
    np.testing.assert_allclose(np.ravel(code.values), model.encode(image[None])[0], atol=1e-6)
    np.testing.assert_allclose(drawing.layers[-1].values, model.reconstruct(image[None])[0], atol=1e-6)
    ends = [(each.source_layer, each.target_layer) for each in drawing.connections]
    assert ends == [(number, number + 1) for number in range(len(names) - 1)]
    assert all(0 < len(each.weight) <= STRONGEST for each in drawing.connections)


def test_images_are_taken_from_everywhere():
    np.testing.assert_array_equal(spread(3, 5), [0, 1, 2])
    np.testing.assert_array_equal(spread(101, 5), [0, 25, 50, 75, 100])
    np.testing.assert_array_equal(spread(1, 5), [0])


def test_a_sweep_changes_one_number_of_the_code_in_each_row():
    model = make(code_size=SWEPT + 3)
    codes = np.random.default_rng(2).normal(size=(50, SWEPT + 3)) * np.arange(1, SWEPT + 4)
    codes = codes.astype(np.float32)
    images, rows, columns = sweep(model, codes)
    assert images.shape == (SWEPT, COLUMNS, 8, 8, 1)
    assert sorted(rows) == sorted(f"code {number}" for number in range(3, SWEPT + 3))
    assert columns[0] == "1%"
    assert columns[-1] == "99%"
    row = 2
    number = int(rows[row].split()[1])
    code = codes[:1].copy()
    code[0, number] = np.quantile(codes[:, number], 0.5)
    np.testing.assert_allclose(images[row, COLUMNS // 2], model.decode(code)[0], atol=1e-6)


def test_names_keep_the_order_and_are_safe():
    assert picture_names(11)[:2] == ["00.png", "01.png"]
    sources = [
        "b/ä ö.jpeg",
        "../../etc/passwd",
        ".hidden",
        "x" * 300,
        "images-idx3-ubyte.gz[12]",
        "a\nb\udcff",
    ]
    names = picture_names(len(sources), sources)
    assert names[:3] == ["0-ä_ö.png", "1-passwd.png", "2-_hidden.png"]
    assert all(len(name) < 80 and not set(name) & set("/\\\n[]\udcff") for name in names)
    assert sorted(names) == names


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_pictures_hold_the_pixels(tmp_path: Path, channels: int):
    pixels = np.random.default_rng(1).integers(0, 256, (2, 5, 6, channels))
    write_pictures(tmp_path, pixels / np.float32(255), picture_names(2))
    for number, expected in enumerate(pixels):
        found = np.asarray(Image.open(tmp_path / f"{number}.png"))
        np.testing.assert_array_equal(np.atleast_3d(found), expected)


def test_a_directory_of_pictures_is_emptied_of_pictures_only(tmp_path: Path):
    write_pictures(tmp_path, np.zeros((2, 2, 2, 1)), ["0-a.png", "1.png"])
    with pytest.raises(InputError, match="holds 2 files already"):
        prepare_for_pictures(tmp_path, overwrite=False)
    (tmp_path / "photo.png").write_bytes(b"")
    with pytest.raises(InputError, match=r"holds photo.png, which this program did not write"):
        prepare_for_pictures(tmp_path, overwrite=True)
    (tmp_path / "photo.png").unlink()
    prepare_for_pictures(tmp_path, overwrite=True)
    assert not list(tmp_path.iterdir())
