"""The file: an HTML document with its scripts, style sheets and numbers, which loads nothing else."""

from __future__ import annotations

import base64
import hashlib
import html
import zlib
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from workbench.replay_page.scripts import ADDRESSES, HERE, PAGE, join_modules, read_module
from workbench.run.messages import pack

STYLES = (
    *(PAGE / f"{name}.css" for name in ("theme", "page", "controls", "panels_run", "panels_network")),
    PAGE / "network_view.css",
    HERE / "replay.css",
)

DOCUMENT = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="Ganglion">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<noscript>This page draws what a network learned, and needs scripts: they are in this file.</noscript>
<script type="text/plain" id="recording">{numbers}</script>
<script>{script}</script>
</body>
</html>
"""


def make_document(
    title: str,
    header: Mapping[str, Any],
    arrays: Mapping[str, np.ndarray],
    entry: str = "/assets/replay/plain.js",
    folders: Mapping[str, Path] | None = None,
    styles: Sequence[Path] = (),
) -> bytes:
    """Return the document of a recording, UTF-8.

    Parameters
    ----------
    title
        Of the document: any text.
    header, arrays
        As `Recording.message` gives them, with what an application adds.
    entry
        The module that builds the page.
    folders
        Of an application's modules, by the beginning of their addresses.
    styles
        Its style sheets.
    """
    numbers = base64.b64encode(zlib.compress(pack({**header, "title": title}, arrays), 9)).decode()
    script = join_modules(entry, partial(read_module, folders={**(folders or {}), **ADDRESSES}))
    style = "".join(path.read_text(encoding="utf-8") for path in (*STYLES, *styles))
    return DOCUMENT.format(
        policy=_policy(script, style), title=html.escape(title), style=style, numbers=numbers, script=script
    ).encode()


def _policy(script: str, style: str) -> str:
    """Return the policy that lets this script and this style sheet run, and nothing be loaded."""
    return (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
