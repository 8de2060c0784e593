"""What the server gets from us: one route, quick connections to kernels, a log without secrets."""

from __future__ import annotations

from typing import Any

from jupyter_server.serverapp import ServerApp
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler
from jupyter_server.utils import url_path_join
from tornado.web import RequestHandler
from traitlets import Bool
from traitlets.config import LoggingConfigurable

from refinery_nb.server.handlers import ProjectsHandler
from refinery_nb.server.masked import Masked
from refinery_nb.server.nodelay import send_at_once

ROUTES: list[tuple[str, type[RequestHandler]]] = [("refinery_nb/projects", ProjectsHandler)]
"""All that is served, below the server's base URL."""


class RefineryServer(LoggingConfigurable):
    """The settings of the extension, as ``c.RefineryServer`` in a configuration file."""

    nodelay: Any = Bool(
        True,
        help="Whether small messages of kernels are sent at once (TCP_NODELAY). Jupyter Server "
        "leaves Nagle's algorithm on, which holds an answer back for some 40 ms.",
    ).tag(config=True)

    def start(self, app: ServerApp) -> None:
        """Add the routes to a server, and have kernels answer without delay."""
        base = app.web_app.settings["base_url"]
        routes = [(url_path_join(base, path), handler) for path, handler in ROUTES]
        app.web_app.add_handlers(".*$", routes)  # type: ignore[no-untyped-call]
        app.log.addFilter(Masked())
        if self.nodelay:
            send_at_once(KernelWebsocketHandler)
