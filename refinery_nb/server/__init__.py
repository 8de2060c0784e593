"""The Jupyter server extension: which projects there are, kernels without delay, a quiet log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    return [{"module": "refinery_nb.server"}]


def _load_jupyter_server_extension(app: ServerApp) -> None:
    from refinery_nb.server.extension import RefineryServer

    RefineryServer(parent=app).start(app)
