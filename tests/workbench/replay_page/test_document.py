"""The document loads nothing, and no text in it is taken for markup."""

import base64
import hashlib
import re

import numpy as np

from tests.support.replay_pages import numbers_in
from workbench.replay_page.document import make_document

HOSTILE = '</title></script><script>alert(1)</script> & "x" <!-- \'y'


def test_texts_are_no_markup() -> None:
    document = make_document(HOSTILE, {"names": [HOSTILE]}, {"numbers": np.arange(3, dtype=np.float32)})
    header, arrays = numbers_in(document)
    assert (header["title"], header["names"]) == (HOSTILE, [HOSTILE])
    assert np.array_equal(arrays["numbers"], np.arange(3))
    assert document.count(b"<script") == document.count(b"</script>") == 2
    assert b"alert(1)" not in document.replace(b"&lt;script&gt;alert(1)&lt;/script&gt;", b"")


def test_the_policy_allows_this_script_and_this_style_sheet_alone() -> None:
    document = make_document("", {}, {}).decode()
    found = re.search(r'Content-Security-Policy" content="([^"]*)"', document)
    assert found is not None
    rules = dict(rule.split(" ", 1) for rule in found[1].split("; "))
    script, style = (re.search(f"<{tag}>(.*?)</{tag}>", document, re.DOTALL) for tag in ("script", "style"))
    assert script is not None and style is not None
    assert rules == {
        "default-src": "'none'",
        "script-src": f"'{hashed(script[1])}'",
        "style-src": f"'{hashed(style[1])}'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    assert not re.search(r"\b(src|href)=|url\(|@import", document.replace(script[1], ""))


def hashed(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
