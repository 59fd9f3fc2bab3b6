"""The page for whoever comes without the token, as after a restart of the server: how to get in."""

from __future__ import annotations

from pathlib import Path

from starlette.types import Scope

from workbench.page.answers import header

LIGHT, DARK = (
    (Path(__file__).parent / "static" / "theme.css").read_text("utf-8").split(":root:has(> body.body--dark)")
)

ENTRANCE = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Ganglion: open the address with its token</title>
<style>
{LIGHT}
@media (prefers-color-scheme: dark) {{ :root {DARK} }}
body {{ margin: 0; padding: 64px 16px; background: var(--ganglion-background); color: var(--ganglion-ink);
  font: 15px/1.6 system-ui, sans-serif; }}
main {{ max-width: 34rem; margin: 0 auto; padding: 24px 32px; border: 1px solid var(--ganglion-border);
  border-radius: 10px; background: var(--ganglion-surface); }}
h1 {{ margin: 0 0 12px; font-size: 22px; }}
p, code {{ overflow-wrap: anywhere; }}
code {{ padding: 1px 5px; border-radius: 4px; background: var(--ganglion-sunken); font-size: 14px; }}
form {{ display: flex; gap: 8px; margin-top: 20px; align-items: end; }}
label {{ flex: 1; min-width: 0; font-size: 13px; color: var(--ganglion-muted); }}
input, button {{ box-sizing: border-box; height: 36px; padding: 0 12px; border-radius: 6px; font: inherit; }}
input {{ display: block; width: 100%; margin-top: 4px; border: 1px solid var(--ganglion-control);
  background: var(--ganglion-surface); color: var(--ganglion-ink); }}
button {{ border: 0; background: var(--ganglion-accent); color: var(--ganglion-on-accent); cursor: pointer; }}
:focus-visible {{ outline: 2px solid var(--ganglion-accent); outline-offset: 2px; }}
</style>
</head>
<body>
<main>
<h1>This page needs its token</h1>
<p>The program that serves it printed an address when it started, such as
<code>http://127.0.0.1:8080/?token=…</code>: open that address. Every browser is asked once, and again when
the program was ended and started anew, with a new token.</p>
<p>If a page was open here before, its server was ended or started again.</p>
<form action="/" method="get">
<label>Token, as in that address<input name="token" type="password" autocomplete="off" required></label>
<button>Open</button>
</form>
</main>
</body>
</html>
""".encode()


def is_shown(scope: Scope) -> bool:
    """Say whether somebody opens the page itself in a browser."""
    accepted = header(scope, b"accept") or b""
    opens = scope["type"] == "http" and scope["raw_path"] == b"/" and scope["method"] == "GET"
    return opens and b"text/html" in accepted
