"""Where tests look for real data: the folder that is named, in the checkout, beside it, and nowhere else."""

import pytest

from tests.support import real_data
from tests.support.real_data import VARIABLE, find_data


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    folder = tmp_path / "projects" / "ganglion"
    folder.mkdir(parents=True)
    monkeypatch.setattr(real_data, "CHECKOUT", folder)
    return folder


def test_without_any_there_is_none(checkout):
    (checkout / "data").mkdir()
    (checkout.parent / "other" / "data").mkdir(parents=True)
    assert find_data() is None


def test_the_nearest_folder_that_has_the_sets_is_taken(checkout, monkeypatch):
    beside = checkout.parent / "sets" / "data"
    (beside / "mnist").mkdir(parents=True)
    assert find_data() == beside
    (checkout / "data" / "mnist").mkdir(parents=True)
    assert find_data() == checkout / "data"
    monkeypatch.setenv(VARIABLE, "/elsewhere")
    assert str(find_data()) == "/elsewhere"
