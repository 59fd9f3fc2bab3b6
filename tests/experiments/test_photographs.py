"""The comparison with principal components runs end to end, and its components are those of the data."""

import pytest

from experiments import photographs
from tests.support.autoencoder_runs import write_images


@pytest.mark.usefixtures("one_thread")
def test_comparison_of_small_photographs(tmp_path, capsys):
    write_images(tmp_path / "photos", 2, side=96)
    arguments = [str(tmp_path / "photos"), "--epochs", "2", "--crops", "40", "--side", "16"]
    arguments += ["--code-size", "8", "--output", str(tmp_path / "runs")]
    assert photographs.main(arguments) == 0
    printed = capsys.readouterr().out
    assert "80 crops to learn from" in printed
    assert printed.count("mean squared error") == 2
    for name in ("principal_components.png", "local_autoencoder.png"):
        assert (tmp_path / "runs" / name).stat().st_size > 1000


def test_bad_folder_is_an_error_without_a_traceback(tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        photographs.main([str(tmp_path / "nowhere")])
    assert stopped.value.code == 2
    assert "nowhere" in capsys.readouterr().err


@pytest.mark.parametrize(("option", "value"), [("side", "0"), ("minutes", "nan"), ("crops", "-1")])
def test_a_number_that_is_none_is_named(option, value, tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        photographs.main([str(tmp_path), f"--{option}={value}"])
    assert stopped.value.code == 2
    assert f"--{option}={value}: it should be" in capsys.readouterr().err
