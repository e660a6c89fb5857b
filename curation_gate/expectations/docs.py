"""The page of expectations.html.

The Data Docs of Great Expectations write row values into the page unescaped and load styles and
scripts from outside hosts, so the page is our own: Jinja2 escapes every string, a Content Security
Policy allows the one style sheet in the page and nothing else, and no script is needed.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

from jinja2 import Environment, StrictUndefined

from curation_gate.expectations.result import Checked
from curation_gate.quarantine.json_bytes import encode

SHOWN = 300
"""Characters of a value that are shown (a choice)."""

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --good: #1a7f37; --bad: #c62828; --warn: #9a6700; }
@media (prefers-color-scheme: dark) { :root { --good: #4ac26b; --bad: #ff7b72; --warn: #d4a72c; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin-bottom: .2rem; }
.verdict { font-weight: 600; }
.holds { color: var(--good); } .broken { color: var(--bad); } .remark { color: var(--warn); }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
th, td { text-align: left; vertical-align: top; padding: .4rem .8rem .4rem 0;
  border-top: 1px solid var(--line); overflow-wrap: anywhere; }
th { font-weight: 600; }
thead th, td:first-child { white-space: nowrap; }
code { font: .8em ui-monospace, monospace; white-space: pre-wrap; }
td td:first-child { white-space: normal; }
details { margin-top: .3rem; } summary { cursor: pointer; }
"""

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; \
style-src '{{ hash }}'; base-uri 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Expectations of the cleaned set</title>
<style>{{ style }}</style>
</head>
<body>
<main>
<h1>Expectations of the cleaned set</h1>
<p>{{ "{:,}".format(rows) }} row{{ "" if rows == 1 else "s" }}, rules \
<code>{{ shown(rules) }}</code>.
<span class="verdict {{ state }}">{{ summary }}</span></p>
<table>
<thead><tr><th scope="col">Result</th><th scope="col">Expectation</th>\
<th scope="col">Found</th></tr></thead>
<tbody>
{% for r in results %}
<tr>
<td class="{{ 'holds' if r.success else 'broken' if r.severity == 'critical' else 'remark' }}">\
{{ "holds" if r.success else "broken" if r.severity == "critical" else r.severity }}</td>
<td>{{ shown(r.title) }}<br><code>{{ shown(r.type) }}</code></td>
<td>{{ shown(r.observed) }}
{% if r.examples %}
<details><summary>first rows that break it</summary>
<table><tbody>
{% for row, value in r.examples %}
<tr><th scope="row">row {{ row }}</th><td><code>{{ shown(value) }}</code></td></tr>
{% endfor %}
</tbody></table></details>
{% endif %}
</td>
</tr>
{% endfor %}
</tbody>
</table>
</main>
</body>
</html>
"""

_TEMPLATE = Environment(
    autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
).from_string(_PAGE)


def render(results: Sequence[Checked], *, rows: int, rules: str) -> str:
    """Return the page for the results of a check over `rows` rows."""
    broken = sum(r.severity == "critical" and not r.success for r in results)
    remarks = sum(r.severity != "critical" and not r.success for r in results)
    if broken:
        state, summary = "broken", f"{broken} of {len(results)} broken"
    elif remarks:
        state, summary = (
            "remark",
            f"{len(results) - remarks} of {len(results)} hold, no critical one is broken",
        )
    else:
        state, summary = "holds", f"all {len(results)} hold"
    # The browser hashes the text between the tags; _STYLE holds nothing that escaping would change.
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode("ascii")
    return _TEMPLATE.render(
        results=results,
        rows=rows,
        rules=rules,
        state=state,
        summary=summary,
        shown=_shown,
        style=_STYLE,
        hash=f"sha256-{digest}",
    )


def _shown(text: str) -> str:
    """Return a text short enough to show, its control and bidi characters as codes."""
    cut = text if len(text) <= SHOWN else text[:SHOWN] + "\N{HORIZONTAL ELLIPSIS}"
    return encode(cut).decode()[1:-1].replace('\\"', '"')
