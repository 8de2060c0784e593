"""Tables and figures of a notebook as HTML. Every text is escaped here; nothing else makes HTML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

STYLE = """
.rn-table{font:13px/1.5 var(--jp-ui-font-family,system-ui,sans-serif);
color:var(--jp-ui-font-color1,inherit);overflow-x:auto}
.rn-table p{margin:4px 0;max-width:96ch}
.rn-table table{border-collapse:collapse;table-layout:auto;margin:4px 0;font-size:13px}
.rn-table th,.rn-table td{padding:4px 12px;text-align:right;white-space:nowrap;
border-bottom:1px solid var(--jp-border-color2,#8884);background:none;vertical-align:top}
.rn-table th{font-weight:600;color:var(--jp-ui-font-color2,inherit)}
.rn-table table tr .rn-l.rn-l{text-align:left}
.rn-table table tr .rn-w.rn-w{white-space:normal;min-width:16ch;max-width:60ch;
overflow-wrap:anywhere;line-height:1.5}
.rn-table .rn-name{max-width:26em;overflow:hidden;text-overflow:ellipsis}
.rn-table .rn-b{display:inline-block;position:relative;width:64px;height:6px;margin-left:8px;
border-radius:3px;background:var(--jp-border-color2,#8884);vertical-align:middle}
.rn-table .rn-b i{position:absolute;left:0;top:0;bottom:0;border-radius:3px;
background:var(--jp-ui-font-color2,#777)}
.rn-table .rn-b u{position:absolute;top:2px;height:2px;background:var(--jp-brand-color1,#1565c0)}
.rn-table .rn-b s{position:absolute;top:-2px;width:2px;height:10px;
background:var(--jp-brand-color1,#1565c0)}
.rn-table .rn-q{color:var(--jp-ui-font-color2,#777)}
.rn-table code{font-size:12px;background:none;padding:0;white-space:pre-wrap}
""".replace("\n", "")

CLASSES = "rn-table tex2jax_ignore mathjax_ignore"
LOOKS = {"number": "", "name": ' class="rn-l rn-name"', "text": ' class="rn-l rn-w"'}


class Html(str):
    """Text that is HTML already; a plain string becomes it by being escaped."""

    __slots__ = ()


def html(part: object) -> Html:
    """Return a part as HTML: as it is, or its text escaped.

    >>> html("<b>")
    '&lt;b&gt;'
    """
    return part if isinstance(part, Html) else Html(escape(str(part), quote=True))


def joined(*parts: object) -> Html:
    """Return parts one after the other.

    >>> joined("a < b ", bold("c"))
    'a &lt; b <b>c</b>'
    """
    return Html("".join(map(html, parts)))


def bold(part: object) -> Html:
    """Return a part in bold."""
    return Html(f"<b>{html(part)}</b>")


def code(part: object) -> Html:
    """Return a part as code."""
    return Html(f"<code>{html(part)}</code>")


def quiet(part: object) -> Html:
    """Return a part that stands back."""
    return Html(f'<span class="rn-q">{html(part)}</span>')


def paragraph(*parts: object) -> Html:
    """Return parts as a paragraph."""
    return Html(f"<p>{joined(*parts)}</p>")


def shortened(value: object, most: int = 200) -> str:
    """Return a value of a record in words, without the end of a very long one.

    >>> shortened("a" * 9, 4), shortened(None)
    ('aaa…', '')
    """
    said = "" if value is None else str(value)
    return said if len(said) <= most else said[: most - 1] + "…"


def percent(share: float) -> str:
    """Return a share in words; a dash where it is not known.

    >>> percent(0.1234), percent(float("nan"))
    ('12.3 %', '—')
    """
    return "—" if share != share else f"{100 * share:.1f} %"


def bar(share: float) -> Html:
    """Return a bar for a share of 0 to 1."""
    return Html(f'<span class="rn-b"><i style="width:{_width(share)}"></i></span>')


def whisker(value: float, low: float, high: float) -> Html:
    """Return an estimate of 0 to 1 with its interval; nothing where it is not known."""
    if value != value:
        return Html("")
    return Html(
        f'<span class="rn-b" title="{percent(low)} to {percent(high)}">'
        f'<u style="left:{_width(low)};width:{_width(high - low)}"></u>'
        f'<s style="left:calc({_width(value)} - 1px)"></s></span>'
    )


def tinted(part: object, strength: float, *, wrong: bool) -> Html:
    """Return a part on a ground: orange where it is wrong, else grey; ``strength`` is 0 to 1."""
    ground = "217,72,15" if wrong else "128,128,128"
    alpha = 0.08 + 0.5 * min(1.0, max(0.0, strength))
    style = f"background:rgba({ground},{alpha:.2f});padding:2px 6px;border-radius:4px"
    return Html(f'<span style="{style}">{html(part)}</span>')


def table(
    heads: Sequence[tuple[str, str]], rows: Iterable[Sequence[object]], *, empty: str = ""
) -> Html:
    """Return a table.

    Parameters
    ----------
    heads
        Of each column its head and what it holds: ``number``, ``name`` (cut where it is very
        long) or ``text`` (broken into lines).
    empty
        What stands in place of rows.

    >>> "&lt;b&gt;" in table([("name", "name"), ("count", "number")], [("<b>", 3)])
    True
    """
    head = "".join(f"<th{LOOKS[kind]}>{html(name)}</th>" for name, kind in heads)
    body = "".join(
        "<tr>"
        + "".join(_cell(cell, kind) for cell, (_, kind) in zip(row, heads, strict=True))
        + "</tr>"
        for row in rows
    )
    if not body and empty:
        body = f'<tr><td class="rn-l" colspan="{len(heads)}">{html(empty)}</td></tr>'
    return Html(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")


def block(*parts: object) -> str:
    """Return the output of a cell: parts with the look of the tables.

    JupyterLab would typeset what stands between dollar signs, whatever it is. A table that is
    wider than its cell is scrolled by the arrow keys, too.
    """
    return f'<div class="{CLASSES}" tabindex="0"><style>{STYLE}</style>{joined(*parts)}</div>'


def _cell(cell: object, kind: str) -> str:
    # The whole of a name that may be cut.
    whole = f' title="{html(cell)}"' if kind == "name" and not isinstance(cell, Html) else ""
    return f"<td{LOOKS[kind]}{whole}>{html(cell)}</td>"


def _width(share: float) -> str:
    return f"{100 * min(1.0, max(0.0, share)):.1f}%"
