"""A parser of command lines that names the nearest option to one that it does not know."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Sequence
from typing import Any


class Parser(argparse.ArgumentParser):
    """The parser; those of its commands are of the same class. Options are not abbreviated."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **{"allow_abbrev": False, **options})

    def parse_known_args(  # type: ignore[override]  # its overloads say the same
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse, or exit with status 2 and a message that names the nearest option."""
        parsed, unknown = super().parse_known_args(args, namespace)
        if unknown:
            word = unknown[0].partition("=")[0]
            near = difflib.get_close_matches(word.lower(), list(self._option_string_actions), n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            self.error(f"unknown argument {word}{hint}")
        return parsed, unknown
