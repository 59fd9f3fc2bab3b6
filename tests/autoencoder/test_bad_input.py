"""Bad input: a message that names file and cause, exit status 2, no traceback and nothing written."""

from pathlib import Path

import numpy as np
import pytest

from autoencoder import train_command
from nn.snapshot import SnapshotError
from nn.training.divergence import TrainingDiverged
from tests.support.autoencoder_runs import run, tiny_options, train_tiny


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("trained")
    train_tiny(directory)
    return directory / "model"


def codes_file(path: Path, content: object) -> Path:
    file = path / "codes.npy"
    if isinstance(content, bytes):
        file.write_bytes(content)
    elif content is not None:
        np.save(file, content, allow_pickle=True)
    return file


def truncated() -> bytes:
    import io

    buffer = io.BytesIO()
    np.save(buffer, np.zeros((3, 4), np.float32))
    return buffer.getvalue()[:-5]


def promising(shape: str) -> bytes:
    """Return a small file whose header says another shape."""
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(48)


NOT_A_NUMBER = np.zeros((3, 4), np.float32)
NOT_A_NUMBER[1, 2] = np.nan


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "no such file"),
        (b"", "not a file of NumPy, it holds nothing"),
        (b"1.0,2.0\n", "not a file of NumPy, it holds something else"),
        (b"%PDF-1.7", "not a file of NumPy, it holds PDF"),
        (b"\x93NUMPY\x01\x00garbage", "cannot be read"),
        (truncated(), "cannot be read"),
        (promising("(1000000000000, 4)"), "cannot be read"),
        (promising("(4611686018427387904, 4)"), "cannot be read"),
        (promising("(-3, -4)"), "cannot be read"),
        (promising("[" * 2000 + "]" * 2000), "cannot be read"),
        (promising("3, 4"), "cannot be read"),
        (np.array([[{}, 1, 2, 3]], object), "Python objects"),
        (np.zeros((3, 5), np.float32), "holds float32 (3, 5)"),
        (np.zeros(4, np.float32), "holds float32 (4,)"),
        (np.zeros((2, 2, 4), np.float32), "holds float32 (2, 2, 4)"),
        (np.zeros((0, 4), np.float32), "holds float32 (0, 4)"),
        (np.zeros((3, 4), np.int64), "holds int64 (3, 4)"),
        (np.zeros((3, 4), np.complex64), "holds complex64 (3, 4)"),
        (np.zeros((3, 4), ">i8"), "holds big-endian int64 (3, 4)"),
        (np.zeros(3, [("x", "f4"), ("y", "f4")]), "holds records of x, y (3,)"),
        (np.zeros((3, 4), "m8[s]"), "holds timedelta64[s] (3, 4)"),
        (np.array([["a"] * 4]), "holds <U1 (1, 4)"),
        (NOT_A_NUMBER, "nan at [1, 2]"),
        (np.full((1, 4), 1e300), "1e+300 at [0, 0]"),
    ],
)
def test_codes_that_are_none_are_refused(model: Path, tmp_path: Path, content: object, expected: str, capsys):
    file = codes_file(tmp_path, content)
    output = tmp_path / "output"
    assert run("decode", file, "--model-directory", model, "--output-directory", output) == 2
    message = capsys.readouterr().err
    assert message.startswith(f"autoencoder decode: {file}: ")
    assert expected in message
    assert "expected a .npy of floating point (N, 4)" in message
    assert "Traceback" not in message
    assert len(message) < 1000
    assert not output.exists()


@pytest.mark.parametrize("dtype", [np.float16, np.float64, ">f4"])
def test_codes_of_any_floating_point_are_taken(model: Path, tmp_path: Path, dtype: object):
    file = codes_file(tmp_path, np.asfortranarray(np.ones((3, 4), dtype)))
    places = ("--model-directory", model, "--output-directory", tmp_path / "output")
    assert run("decode", file, "--array", *places, "--rung", "plain") == 0
    assert np.load(tmp_path / "output" / "decoded.npy").shape == (3, 8, 8, 1)


def test_several_arrays_are_no_codes(model: Path, tmp_path: Path, capsys):
    np.savez(tmp_path / "codes.npz", codes=np.zeros((3, 4), np.float32))
    assert run("decode", tmp_path / "codes.npz", "--model-directory", model) == 2
    assert "several arrays in a zip file" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["reconstruct", "encode", "decode", "render", "info"])
@pytest.mark.parametrize("content", [None, b"", b"\x10" * 100])
def test_a_model_that_is_none_is_refused(tmp_path: Path, command: str, content: bytes | None, capsys):
    if content is not None:
        (tmp_path / "model.safetensors").write_bytes(content)
    assert run(command, "--model-directory", tmp_path) == 2
    message = capsys.readouterr().err
    assert str(tmp_path) in message
    assert "Traceback" not in message


def test_a_model_with_a_flipped_bit_is_refused(model: Path, tmp_path: Path, capsys):
    contents = bytearray((model / "model.safetensors").read_bytes())
    contents[-9] ^= 1
    (tmp_path / "model.safetensors").write_bytes(contents)
    assert run("info", "--model-directory", tmp_path) == 2
    assert "do not match their checksum" in capsys.readouterr().err


def test_a_folder_without_an_image_leaves_nothing_behind(tmp_path: Path, capsys):
    (tmp_path / "input").mkdir()
    (tmp_path / "input" / "broken.png").write_bytes(b"broken")
    places = ("--model-directory", tmp_path / "model", "--output-directory", tmp_path / "output")
    assert run("train", *tiny_options(), "--input-directory", tmp_path / "input", *places) == 2
    assert "no usable image among 1" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["input"]


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path, capsys):
    (tmp_path / "file").write_text("in the way")
    assert run("train", *tiny_options(), "--model-directory", tmp_path / "file" / "model") == 2
    assert f"{tmp_path / 'file' / 'model'}: cannot make this directory" in capsys.readouterr().err


def test_too_large_a_network_is_refused_before_it_is_made(tmp_path: Path, capsys):
    sides = {"width": 4096, "height": 4096, "layers": 65536}
    assert run("train", *tiny_options(**sides), "--model-directory", tmp_path) == 2
    assert "of memory (parameters" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (TrainingDiverged(3, 1, "the loss is inf"), 1),
        (SnapshotError("disk full"), 1),
        (OSError(28, "No space left on device"), 1),
        (MemoryError("too much"), 1),
        (KeyboardInterrupt(), 130),
    ],
)
def test_failures_have_their_own_exit_status(error: BaseException, status: int, monkeypatch, capsys):
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(train_command, "start_session", fail)
    assert run("train", "--model-directory", "nowhere") == status
    assert capsys.readouterr().err.startswith("autoencoder train: ")


def test_divergence_leaves_the_model_as_it_was(tmp_path: Path, capsys):
    places = ("--model-directory", tmp_path / "model", "--output-directory", tmp_path / "output")
    options = tiny_options(learning_rate=1e30, optimizer="sgd", output_activation="identity")
    assert run("train", *options, *places) == 1
    assert "training stopped before the update of step 2" in capsys.readouterr().err
    assert run("info", "--model-directory", tmp_path / "model") == 0


def test_more_threads_than_there_are_is_a_warning(tmp_path: Path, capsys):
    train_tiny(tmp_path, threads=4000)
    assert "threads=4000: this machine has" in capsys.readouterr().err
