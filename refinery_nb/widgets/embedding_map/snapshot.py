"""A still picture of a map, for places where no JavaScript runs."""

from __future__ import annotations

from html import escape

import numpy as np

from refinery_nb.core.errors import RefineryError
from refinery_nb.project.vectors.colouring import Categories
from refinery_nb.widgets.embedding_map.session import SIDE, MapSession

MOST = 1_500  # points; a sample where there are more
SIZE = 480
PALE, STRONG = "#9aa4b1", "#3b6fd4"


def snapshot(session: MapSession) -> str:
    """Return the map as an SVG picture with its legend, as HTML without scripts."""
    try:
        found = session.still()
    except RefineryError as error:
        return f'<div class="refinery-nb-snapshot"><p>{escape(str(error))}</p></div>'
    ids, places, colours = found
    chosen = np.arange(len(ids))
    if len(ids) > MOST:
        chosen = np.sort(np.random.default_rng(0).choice(len(ids), MOST, replace=False))
    if isinstance(colours, Categories):
        tints = [colours.colors[code] or PALE for code in colours.codes[chosen].tolist()]
        counts = np.bincount(colours.codes, minlength=len(colours.names))
        legend = "".join(
            f'<span style="margin-right:16px"><span style="color:{color or PALE}">●</span> '
            f"{escape(name)} {count:,}</span>"
            for name, color, count in zip(
                colours.names, colours.colors, counts.tolist(), strict=True
            )
            if count
        )
    else:
        tints = [STRONG] * len(chosen)
        legend = "" if colours is None else escape(colours.title)
    points = "".join(
        f'<circle cx="{x:.0f}" cy="{SIZE - y:.0f}" r="2.5" fill="{tint}" fill-opacity=".8"/>'
        for (x, y), tint in zip((places[chosen] / SIDE * SIZE).tolist(), tints, strict=True)
    )
    part = f"{len(chosen):,} of {len(ids):,}" if len(chosen) < len(ids) else f"{len(ids):,}"
    return (
        '<div class="refinery-nb-snapshot" style="font-size:13px;line-height:1.5">'
        f"<p><b>{escape(session.embedding)}</b>: {part} records</p>"
        f'<svg viewBox="-8 -8 {SIZE + 16} {SIZE + 16}" width="{SIZE}" role="img" '
        f'aria-label="Map of {escape(session.embedding)}">{points}</svg>'
        f"<p>{legend}</p><p>This is a still picture; run the cell in Jupyter to explore it.</p>"
        "</div>"
    )
