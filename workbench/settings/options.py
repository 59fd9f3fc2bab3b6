"""The command line: its commands, and options made from the table of settings."""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from workbench.errors import InputError
from workbench.records.place import add_records_option
from workbench.settings.configuration_file import read_configuration
from workbench.settings.table import Given, SettingsTable, to_key, to_name, to_text

EXIT_CODES = """\
exit status: 0 done; 1 failed while running; 2 bad input; 130 stopped by Ctrl-C or SIGTERM, with what was
trained so far saved"""


@dataclass(frozen=True)
class Flag:
    """A switch that is not a setting: it belongs to one run, not to a model."""

    name: str
    help: str


@dataclass(frozen=True)
class Option:
    """An option with a value that is not a setting: it belongs to one run, not to a model.

    Attributes
    ----------
    name, placeholder, help
        For the command line and its help.
    default
        The value when it is not given; None for an option that can be given several times, and then has
        a list of all values.
    """

    name: str
    placeholder: str
    help: str
    default: str | None = None


@dataclass(frozen=True)
class Command:
    """A command of the program.

    Attributes
    ----------
    name, summary
        For the list of commands.
    description
        What it does, in a paragraph or two.
    examples
        Command lines, each after a line that says what it is for.
    settings
        Fields that are options.
    flags, options
        Switches, and options with a value, that are no settings.
    file
        Name, help and whether it may be left out, of a file given by its place; None for no file.
    records
        Whether it trains, and so records a run; it takes --records then.
    """

    name: str
    summary: str
    description: str
    examples: str
    settings: Sequence[str] = ()
    flags: Sequence[Flag] = ()
    options: Sequence[Option] = ()
    file: tuple[str, str] | None = None
    records: bool = False

    def keys(self) -> list[str]:
        """Return the names of all options, as users write them, without the dashes."""
        flags, options = ([each.name for each in group] for group in (self.flags, self.options))
        records = ["records"] if self.records else []
        return [*flags, *options, *records, "config", *map(to_key, self.settings)]


class Parser(argparse.ArgumentParser):
    """A parser that suggests the nearest option for an unknown one."""

    table: SettingsTable[Any]
    commands: Sequence[Command]

    def parse(self, arguments: Sequence[str]) -> argparse.Namespace:
        """Parse, or exit with status 2 and a message."""
        parsed, unknown = self.parse_known_args(_joined(arguments))
        if unknown:
            called = f"{self.prog} {parsed.command}"
            self.exit(2, f"{called}: {self._unknown(parsed.command, unknown[0])}; see {called} --help\n")
        return parsed

    def _unknown(self, command: str, word: str) -> str:
        """Say what is wrong with a word that a command does not know."""
        key = word.lstrip("-").partition("=")[0]
        if not word.startswith("-"):
            return f"unknown argument {word}"
        if to_name(key) in self.table.model.model_fields:
            return f"unknown argument {word}: a setting that `{command}` does not take"
        own = next(each.keys() for each in self.commands if each.name == command)
        near = difflib.get_close_matches(key.lower(), own, n=1, cutoff=0.6)
        return f"unknown argument {word}{f'; did you mean --{near[0]}?' if near else ''}"

    def error(self, message: str) -> NoReturn:
        """Exit with status 2, without the long list of options."""
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def _joined(arguments: Sequence[str]) -> list[str]:
    """Write `--range -1-1` as `--range=-1-1`: argparse takes what begins with a dash for an option."""
    joined: list[str] = []
    for word in arguments:
        if re.match(r"-\d", word) and joined and re.fullmatch(r"--[\w-]+", joined[-1]):
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined


def make_parser(
    program: str, description: str, commands: Sequence[Command], table: SettingsTable[Any]
) -> Parser:
    """Return the parser of all commands; `command` in what it returns is the one that was called."""
    parser = Parser(
        prog=program,
        description=description,
        epilog=f"{program} COMMAND --help shows the options of a command, with examples.\n\n{EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.table, parser.commands = table, commands
    parser.set_defaults(command=None)
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in commands:
        _add_command(subparsers, program, command, table)
    return parser


def _add_command(
    subparsers: argparse._SubParsersAction[Parser], program: str, command: Command, table: SettingsTable[Any]
) -> None:
    parser = subparsers.add_parser(
        command.name,
        usage=f"{program} {command.name} [OPTIONS]{f' [{command.file[0]}]' if command.file else ''}",
        help=command.summary,
        description=command.description,
        epilog=f"examples:\n\n{command.examples}\n\n{EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(command=command.name)
    if command.file:
        name, help_text = command.file
        parser.add_argument("file", metavar=name, nargs="?", type=Path, help=help_text)
    parser.add_argument(
        "--config", metavar="FILE", type=Path, help="read settings from KEY=VALUE lines first"
    )
    for flag in command.flags:
        parser.add_argument(f"--{flag.name}", action="store_true", help=flag.help)
    for option in command.options:
        _add_option(parser, option)
    if command.records:
        add_records_option(parser)
    for section, names in table.sections().items():
        shown = [name for name in names if name in command.settings]
        group = parser.add_argument_group(section) if shown else parser
        for name in shown:
            _add_setting(group, table, name)


def _add_option(parser: Parser, option: Option) -> None:
    name, text = f"--{option.name}", option.help.replace("%", "%%")
    if option.default is None:
        parser.add_argument(name, metavar=option.placeholder, action="append", default=[], help=text)
    else:
        text = f"{text} (default {option.default})"
        parser.add_argument(name, metavar=option.placeholder, default=option.default, help=text)


def _add_setting(group: argparse._ActionsContainer, table: SettingsTable[Any], name: str) -> None:
    field = table.model.model_fields[name]
    default = to_text(field.default)
    remarks = [each for each in (table.bounds(name), f"default {default}" if default else "") if each]
    text = f"{field.description} ({'; '.join(remarks)})" if remarks else str(field.description)
    group.add_argument(
        f"--{to_key(name)}",
        dest=name,
        metavar=table.placeholder(name),
        default=argparse.SUPPRESS,
        help=text.replace("%", "%%"),
    )


def given_settings(arguments: argparse.Namespace, table: SettingsTable[Any]) -> dict[str, Given]:
    """Return what the configuration file and then the options say, by field.

    Raises
    ------
    SettingsError
        When the configuration file cannot be used.
    """
    given = read_configuration(arguments.config, table) if arguments.config else {}
    for name in table.model.model_fields:
        if hasattr(arguments, name):
            given[name] = Given(getattr(arguments, name), f"--{to_key(name)}")
    return given


def whole_option(arguments: argparse.Namespace, name: str, least: int) -> int:
    """Return the value of an `Option` that is a whole number of at least `least`.

    Raises
    ------
    InputError
        When it is none.
    """
    text = getattr(arguments, name.replace("-", "_"))
    if not text.isdecimal() or int(text) < least:
        raise InputError(f"--{name} {text}: give a whole number of at least {least}")
    return int(text)
