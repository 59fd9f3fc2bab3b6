"""Configuration files: KEY=VALUE lines, and errors that name file and line."""

from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from autoencoder.settings import TABLE, Settings
from workbench.errors import SettingsError
from workbench.settings.configuration_file import LARGEST_FILE, read_configuration, write_configuration


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "run.conf"


def error_of(file: Path, text: str) -> str:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as error:
        TABLE.make(read_configuration(file, TABLE))
    return str(error.value)


def test_lines_comments_quotes_and_both_spellings(file: Path):
    file.write_text(
        "# first\n\nwidth = 5   # five\ncode_size=7\nlayers='9, 4'\ninput-directory=\"a # b\"\r\nminutes=\n",
        encoding="utf-8",
    )
    settings = TABLE.make(read_configuration(file, TABLE))
    assert (settings.width, settings.code_size, settings.layers) == (5, 7, (9, 4))
    assert settings.input_directory == Path("a # b")
    assert settings.minutes is None


def test_a_byte_order_mark_is_no_part_of_the_first_key(file: Path):
    file.write_bytes(b"\xef\xbb\xbfwidth=5\n")
    assert TABLE.make(read_configuration(file, TABLE)).width == 5


@pytest.mark.parametrize("first", ["# a comment\n", "\n", "  \n# c\n", ""])
def test_a_byte_order_mark_may_stand_before_anything(file: Path, first: str):
    file.write_text(f"{first}width=5\r\nheight=6\r", encoding="utf-8-sig", newline="")
    settings = TABLE.make(read_configuration(file, TABLE))
    assert (settings.width, settings.height) == (5, 6)
    file.write_text(write_configuration(Settings(width=9), TABLE), encoding="utf-8-sig")
    assert TABLE.make(read_configuration(file, TABLE)).width == 9
    assert f"{file}:2: unknown key 'widht'" in error_of(file, "\ufeff# first\nwidht=5\n")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_text_in_other_encodings_is_named(file: Path, encoding: str):
    file.write_text("width=5\n", encoding=encoding)
    with pytest.raises(SettingsError, match=f"{file}: not text in UTF-8 but in UTF-16, or no text"):
        read_configuration(file, TABLE)


def test_a_path_that_is_no_text_is_not_written():
    with pytest.raises(SettingsError, match=r"input-directory=a\\xff\\n: a configuration file cannot hold"):
        write_configuration(Settings(input_directory=Path("a\udcff\n")), TABLE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# c\n\n\nwidht=5\n", "{file}:4: unknown key 'widht'; did you mean width?"),
        ("width=5\n\n  width=6\n", "{file}:3: width was given in line 1 already"),
        ("code-size=5\ncode_size=6\n", "{file}:2: code-size was given in line 1 already"),
        ("width=5\nheight=0\n", "{file}:2: height=0: it should be a whole number from 1 to "),
        ("width=5\nheight\n", "{file}:2: 'height' is not KEY=VALUE"),
        ("\n= 5\n", "{file}:2: '= 5' is not KEY=VALUE"),
        ("\nlayers='5\n", '{file}:2: "layers=\'5" is not KEY=VALUE'),
        ("\noptimizer=sdg\n", "{file}:2: optimizer=sdg: it should be"),
    ],
)
def test_errors_name_file_and_line(file: Path, text: str, expected: str):
    assert expected.format(file=file) in error_of(file, text)


def test_a_path_may_begin_at_home(file: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", "/somewhere")
    file.write_text("input-directory=~/photos\nmodel-directory=~nobody\n", encoding="utf-8")
    settings = TABLE.make(read_configuration(file, TABLE))
    assert settings.input_directory == Path("/somewhere/photos")
    assert settings.model_directory == Path("~nobody")


def test_a_file_that_cannot_be_a_configuration_is_refused(file: Path):
    with pytest.raises(SettingsError, match="cannot read the configuration file: No such file"):
        read_configuration(file, TABLE)
    file.write_bytes(b"width=\xff\n")
    with pytest.raises(SettingsError, match="not text in UTF-8"):
        read_configuration(file, TABLE)
    file.write_bytes(b"#" * (LARGEST_FILE + 1))
    with pytest.raises(SettingsError, match="larger than"):
        read_configuration(file, TABLE)
    with pytest.raises(SettingsError, match="cannot read"):
        read_configuration(file.parent, TABLE)


def test_a_written_file_has_every_key_and_reads_back(file: Path):
    text = write_configuration(Settings(), TABLE)
    file.write_text(text, encoding="utf-8")
    assert set(read_configuration(file, TABLE)) == set(Settings.model_fields)
    assert TABLE.make(read_configuration(file, TABLE)) == Settings()
    assert max(map(len, text.splitlines())) <= 100


@given(name=st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1).filter(str.strip))
def test_any_path_survives_a_file(tmp_path_factory: pytest.TempPathFactory, name: str):
    file = tmp_path_factory.mktemp("configuration") / "run.conf"
    assume(not name.strip().startswith("~/"))
    settings = Settings(output_directory=Path(name.strip()), model_directory=Path("line\nbreak"))
    file.write_text(write_configuration(settings, TABLE), encoding="utf-8")
    assert TABLE.make(read_configuration(file, TABLE)) == settings
